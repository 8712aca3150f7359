"""The lake: facts as objects in a bucket, written from the stream, fetched for the reports.

`facts/<kind>/program=<p>/day=<UTC day>/<name>.jsonl.gz` holds rows of one kind, one JSON object a
line. Hive's way of naming folders lets other engines prune by program and day.
"""

import gzip
import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from loyalty.domain.errors import TooLarge, TryAgain
from loyalty.domain.facts import EntryFact, Fact, Movement, RulePoints

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SUFFIX: Final = ".jsonl.gz"
# Of the 512 MB that a function has on disk; the rest is for queries that outgrow its memory.
MIRROR_BYTES_MAX: Final = 350 * 1024 * 1024
# A hundred listings of a thousand: some five seconds, and far beyond what folding leaves.
OBJECTS_MAX: Final = 100_000
# botocore keeps ten connections.
FETCHERS: Final = 10
ATTEMPTS_MAX: Final = 3
# A batch of the stream may lie in the dead letters for two weeks before it is read again.
LATE_MAX: Final = timedelta(days=15)
# An object is dated when its upload begins, and listed when it has ended.
OVERLAP: Final = timedelta(minutes=10)


def prefix(kind: str, program_id: str) -> str:
    return f"facts/{kind}/program={program_id}/"


class Lake:
    """Where facts are written."""

    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, facts: Iterable[Fact], *, name: str) -> None:
        """Write facts, an object for each kind, program and day, all called `name`.

        The same facts under the same name make the same objects, byte for byte.
        """
        apart: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            folder = f"{prefix(fact.kind, fact.program_id)}day={fact.day.isoformat()}/"
            apart[folder].append(fact)
        for folder, together in apart.items():
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"{folder}{name}{SUFFIX}",
                Body=_packed(together),
                ContentType="application/x-ndjson",
                ContentEncoding="gzip",
            )


@dataclass(frozen=True, slots=True)
class Changed:
    """The members with new entries, and when the newest of what tells so was written."""

    members: frozenset[str]
    until: datetime | None


class Changes:
    """Who has new entries, read off the objects that were written since.

    By the bucket's own clock, and not by the day that facts lie under: a batch of the stream that
    was held up for days is new all the same.
    """

    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def since(self, program_id: str, moment: datetime | None) -> Changed:
        """The members of all entries that were written since a moment; None: ever."""
        written = list(self._written(program_id, moment))
        with ThreadPoolExecutor(FETCHERS) as pool:
            members = pool.map(self._members, (key for key, _ in written))
            return Changed(
                members=frozenset(chain.from_iterable(members)),
                until=max((at for _, at in written), default=None),
            )

    def _written(self, program_id: str, since: datetime | None) -> Iterator[tuple[str, datetime]]:
        entries = prefix(EntryFact.kind, program_id)
        first = (since - LATE_MAX).date().isoformat() if since else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=entries, StartAfter=f"{entries}day={first}"
        )
        for page in pages:
            for each in page.get("Contents", ()):
                if since is None or each["LastModified"] >= since - OVERLAP:
                    yield each["Key"], each["LastModified"]

    def _members(self, key: str) -> set[str]:
        if not key.endswith(SUFFIX):
            raise ValueError(f"nothing here reads {key}")
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            # Folded into another object since it was listed, which the next look will find.
            return set()
        rows = gzip.decompress(body).splitlines()
        return {json.loads(row)["member_id"] for row in rows}


@dataclass(frozen=True, slots=True)
class _Object:
    kind: str
    key: str
    etag: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """Names the content: another one under the same key is another file."""
        return hashlib.sha256(f"{self.key}\n{self.etag}".encode()).hexdigest()[:40] + SUFFIX


class Mirror:
    """A copy of programs' facts on the function's own disk, kept while it is warm."""

    def __init__(
        self,
        client: "S3Client",
        *,
        bucket: str,
        root: Path,
        bytes_max: int = MIRROR_BYTES_MAX,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._root = root
        self._bytes_max = bytes_max

    def fetch(self, program_id: str, kinds: Collection[str]) -> Path:
        """Bring a program's facts up to date; gives a folder with one of files for each kind.

        Raises:
            TooLarge: they do not fit on the disk.
            TryAgain: the lake was being tidied all the time.
        """
        for _ in range(ATTEMPTS_MAX):
            listed = self._listed(program_id, kinds)
            folder = self._room(program_id, listed)
            if self._matched(folder, kinds, listed):
                return folder
        raise TryAgain("The facts are being moved; try again soon.")

    def _listed(self, program_id: str, kinds: Collection[str]) -> list[_Object]:
        with ThreadPoolExecutor(FETCHERS) as pool:
            listings = pool.map(partial(self._listing, program_id), sorted(kinds))
            return list(chain.from_iterable(listings))

    def _listing(self, program_id: str, kind: str) -> Sequence[_Object]:
        objects: list[_Object] = []
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix(kind, program_id)
        )
        for page in pages:
            objects += (
                _Object(kind, each["Key"], each["ETag"], each["Size"])
                for each in page.get("Contents", ())
            )
            if len(objects) > OBJECTS_MAX:
                raise TooLarge("The program's facts lie in too many objects for one report.")
        return objects

    def _room(self, program_id: str, listed: Sequence[_Object]) -> Path:
        """The program's folder; those of others make way where both do not fit."""
        folder = self._root / program_id
        needed_bytes = sum(each.size_bytes for each in listed)
        if needed_bytes > self._bytes_max:
            raise TooLarge("The program's facts outgrow what one report can read.")
        others = [each for each in self._folders() if each != folder]
        if needed_bytes + sum(map(_size_bytes, others)) > self._bytes_max:
            for other in others:
                shutil.rmtree(other)
        return folder

    def _folders(self) -> Iterator[Path]:
        return self._root.iterdir() if self._root.is_dir() else iter(())

    def _matched(self, folder: Path, kinds: Collection[str], listed: Sequence[_Object]) -> bool:
        """Make the folder hold exactly what was listed; False where some of it is gone by now."""
        wanted = {folder / each.kind / each.file_name: each for each in listed}
        for kind in kinds:
            (folder / kind).mkdir(parents=True, exist_ok=True)
        present = {path for kind in kinds for path in (folder / kind).iterdir()}
        for path in present - wanted.keys():
            path.unlink()
        missing = [(path, wanted[path]) for path in wanted.keys() - present]
        with ThreadPoolExecutor(FETCHERS) as pool:
            return all(pool.map(self._download, missing))

    def _download(self, missing: tuple[Path, _Object]) -> bool:
        path, listed = missing
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=listed.key, IfMatch=listed.etag
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "PreconditionFailed"):
                return False
            raise
        # A file has its name only once it is whole.
        partial_path = path.with_suffix(".part")
        with partial_path.open("wb") as file:
            shutil.copyfileobj(answer["Body"], file)
        partial_path.rename(path)
        return True


def _packed(facts: Iterable[Fact]) -> bytes:
    rows = (json.dumps(_row(fact), separators=(",", ":")) for fact in facts)
    # No time in the header: the same facts are the same bytes.
    return gzip.compress("".join(f"{row}\n" for row in rows).encode(), mtime=0)


def _row(told: Fact | Movement | RulePoints) -> dict[str, object]:
    values = {field.name: getattr(told, field.name) for field in fields(told)}
    return {name: _written(value) for name, value in values.items() if value is not None}


def _written(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case Movement() | RulePoints():
            return _row(value)
        case tuple():
            return [_written(each) for each in value]
        case _:
            return value


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
