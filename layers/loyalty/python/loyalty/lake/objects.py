"""The lake: facts as objects in a bucket.

    facts/<kind>/program=<p>/day=<UTC day>/<name>.jsonl.gz    as they come from the stream
    facts/<kind>/program=<p>/batch=<month>/<name>.jsonl.gz    a batch of facts of a closed month
    facts/<kind>/program=<p>/month=<month>/<cover>.parquet    folded facts of an hour, day or month

A `cover` names the time whose facts an object holds: `2026-11-21-14` (facts of that day that were
folded in that hour), `2026-11-21` or `2026-11`. Facts only ever move to objects that are listed
after the ones they leave (`day` before `month`, `-` before `.`). So a listing taken during a move
may show a fact twice but never misses one; readers drop duplicates. Hive-style folder names let
other engines prune by program and month.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from botocore.exceptions import ClientError

from loyalty.domain.facts import EntryFact, Fact, FactPart
from loyalty.domain.kernel.errors import TooLarge

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SUFFIX: Final = ".jsonl.gz"
FOLDED: Final = ".parquet"
# On every object that will be folded. Its old versions are soon deleted for good: a listing has to
# pass every one of them, and each half minute makes several.
FRESH_TAG: Final = ("fresh", "yes")
# These columns distinguish copies of a fact.
IDENTITY: Final = frozenset({"fact_id", "revision", "recorded_at", "v"})
# These columns distinguish revisions of a fact.
REVISION: Final = frozenset({"fact_number", "revision"})
# These objects name the members whose entries were folded; `Changes` reads them.
TOUCHED: Final = "touched"
# A hundred listings of a thousand take about five seconds; folding leaves far fewer objects.
OBJECTS_MAX: Final = 100_000
# botocore keeps ten connections.
FETCHERS: Final = 10
GONE: Final = frozenset({"404", "NoSuchKey", "PreconditionFailed", "ConditionalRequestConflict"})
# A batch of the stream may stay in the dead letters for two weeks before it is read again.
LATE_MAX: Final = timedelta(days=15)
# S3 dates an object at the start of its upload and lists it after the end.
OVERLAP: Final = timedelta(minutes=10)

# The first byte, and the byte after the last.
type Span = tuple[int, int]


def prefix(kind: str, program_id: str) -> str:
    return f"facts/{kind}/program={program_id}/"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of the lake, as it was listed."""

    kind: str
    key: str
    etag: str
    size_bytes: int

    @property
    def is_folded(self) -> bool:
        return self.key.endswith(FOLDED)

    @property
    def cover(self) -> str:
        *_, folder, name = self.key.split("/")
        return name.removesuffix(FOLDED) if self.is_folded else folder.partition("=")[2]

    @property
    def file_name(self) -> str:
        """Identifies the content: new content under the same key gets a new file name."""
        digest = hashlib.sha256(f"{self.key}\n{self.etag}".encode()).hexdigest()[:32]
        return f"{self.cover}~{digest}{FOLDED if self.is_folded else SUFFIX}"


def folded_key(kind: str, program_id: str, cover: str) -> str:
    return f"{prefix(kind, program_id)}month={cover[:7]}/{cover}{FOLDED}"


def shared_days(covers: Sequence[str]) -> set[str]:
    """The covers that share a day with another one; an hour counts as its day."""
    by_day = Counter(cover[:10] for cover in covers)
    by_month = Counter(cover[:7] for cover in covers)
    whole_months = {cover for cover in covers if len(cover) == len("2026-11")}
    return {
        cover
        for cover in covers
        if by_day[cover[:10]] > 1
        or (by_month[cover] > 1 if cover in whole_months else cover[:7] in whole_months)
    }


class Lake:
    """Where facts are written, listed and fetched."""

    def __init__(self, client: S3Client, *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, facts: Iterable[Fact], *, name: str, closed_before: date = date.min) -> None:
        """Write facts, one object for each kind, program and day, all called `name`.

        The same facts under the same name make the same objects, byte for byte. Facts of months
        that ended before `closed_before` go into one object for each month.
        """
        apart: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            month, day = fact.day.isoformat()[:7], fact.day.isoformat()
            is_closed = month < closed_before.isoformat()[:7]
            folder = f"batch={month}" if is_closed else f"day={day}"
            apart[f"{prefix(fact.kind, fact.program_id)}{folder}/"].append(fact)
        for folder, together in apart.items():
            key = f"{folder}{name}{SUFFIX}"
            self._put_rows(key, map(_row, together), Tagging="=".join(FRESH_TAG))

    def touch(self, members: Iterable[str], *, program_id: str, day: date, name: str) -> None:
        """Record that entries of these members were folded on a day."""
        key = f"{prefix(TOUCHED, program_id)}day={day.isoformat()}/{name}{SUFFIX}"
        self._put_rows(key, ({"member_id": member_id} for member_id in members))

    def listed(self, program_id: str, kind: str) -> list[Stored]:
        """All objects of a kind, in the order in which facts move through them.

        Raises:
            TooLarge: there are too many to list within a request.
        """
        objects: list[Stored] = []
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix(kind, program_id)
        )
        for page in pages:
            objects += (
                Stored(kind, each["Key"], each["ETag"], each["Size"])
                for each in page.get("Contents", ())
            )
            if len(objects) > OBJECTS_MAX:
                raise TooLarge("The program's facts lie in too many objects for one report.")
        return objects

    def fetch(self, stored: Stored, *, to: Path) -> bool:
        """Download an object to a file; False if the object is gone or has changed."""
        # The file gets its name only once it is whole.
        partial_path = to.with_suffix(".part")
        with partial_path.open("wb") as file:
            if not self.copy(stored, file):
                return False
        partial_path.rename(to)
        return True

    def copy(self, stored: Stored, file: BinaryIO, *, span: Span | None = None) -> bool:
        """Write an object, or a span of it, at the same offset of a file; False as in `fetch`."""
        first, stop = span or (0, stored.size_bytes)
        try:
            answer = self._client.get_object(
                Bucket=self._bucket,
                Key=stored.key,
                IfMatch=stored.etag,
                Range=f"bytes={first}-{stop - 1}",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return False
            raise
        shutil.copyfileobj(answer["Body"], file)
        return True

    def replace(
        self, key: str, path: Path, *, seen: Stored | None, will_be_replaced: bool = False
    ) -> bool:
        """Write a file under a key if the key still holds the object `seen` (None: no object).

        Old versions of an object that `will_be_replaced` are soon deleted for good.
        """
        condition: dict[str, str] = {"IfMatch": seen.etag} if seen else {"IfNoneMatch": "*"}
        if will_be_replaced:
            condition["Tagging"] = "=".join(FRESH_TAG)
        try:
            with path.open("rb") as body:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **condition)  # type: ignore[arg-type]  # the one or the other
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return False
            raise
        return True

    def remove(self, stored: Stored) -> None:
        """Remove an object unless it has changed."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=stored.key, IfMatch=stored.etag)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise

    def _put_rows(self, key: str, rows: Iterable[Mapping[str, object]], **tagging: str) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=_packed(rows),
            ContentType="application/x-ndjson",
            ContentEncoding="gzip",
            **tagging,  # type: ignore[arg-type]  # one text
        )


@dataclass(frozen=True, slots=True)
class Changed:
    """The members with new entries, and when the newest object that names them was written."""

    members: frozenset[str]
    until: datetime | None


class Changes:
    """Finds members with new entries in the objects written since a moment.

    It uses the bucket's own clock, not the day in a key: a batch of the stream that was held up for
    days is still new.
    """

    def __init__(self, client: S3Client, *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def since(self, program_id: str, moment: datetime | None) -> Changed:
        """The members of all entries that were written since a moment; None means ever."""
        written = list(self._written(program_id, moment))
        with ThreadPoolExecutor(FETCHERS) as pool:
            members = pool.map(self._members, (key for key, _ in written))
            return Changed(
                members=frozenset(chain.from_iterable(members)),
                until=max((changed_at for _, changed_at in written), default=None),
            )

    def _written(self, program_id: str, since: datetime | None) -> Iterator[tuple[str, datetime]]:
        first = (since - LATE_MAX).date().isoformat() if since else ""
        # The second listing names entries that are folded between the two listings.
        for kind in (EntryFact.kind, TOUCHED):
            of_kind = prefix(kind, program_id)
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=of_kind, StartAfter=f"{of_kind}day={first}"
            )
            for page in pages:
                for each in page.get("Contents", ()):
                    is_new = since is None or each["LastModified"] >= since - OVERLAP
                    if is_new and not each["Key"].endswith(FOLDED):
                        yield each["Key"], each["LastModified"]

    def _members(self, key: str) -> set[str]:
        if not key.endswith(SUFFIX):
            raise ValueError(f"nothing here reads {key}")
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            # It was folded after it was listed; the next run finds its members through the fold.
            return set()
        rows = gzip.decompress(body).splitlines()
        return {json.loads(row)["member_id"] for row in rows}


def _packed(rows: Iterable[Mapping[str, object]]) -> bytes:
    lines = (json.dumps(row, separators=(",", ":")) for row in rows)
    # The header holds no time, so that the same facts make the same bytes.
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def _row(record: Fact | FactPart) -> dict[str, object]:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: _written(value) for name, value in values.items() if value is not None}


def _written(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case FactPart():
            return _row(value)
        case tuple():
            return [_written(each) for each in value]
        case _:
            return value
