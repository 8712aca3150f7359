"""Reports and facts as files, which the engine of the reports writes row by row.

CSV has the same values as the reports' JSON, in the same notation: instants in UTC, decimals as
numbers, nested values of a fact as JSON. Parquet keeps each column's type.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.facts import ActionFact
from loyalty.domain.kernel.errors import TooLarge
from loyalty.domain.report_exports import EACH
from loyalty.lake import narrowing, reports, sql_views
from loyalty.lake.spreadsheets import as_text_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from mypy_boto3_s3 import S3Client

    from loyalty.domain.program.document import Program
    from loyalty.domain.report_exports import FileFormat, RequestedFile
    from loyalty.lake.narrowing import SegmentMembers
    from loyalty.lake.reports import ReportPeriod

# The moment that puts a fact into a period. It never changes, whatever happens to the fact; only
# the state of an order counts where it last changed.
DATED_BY: Final = {
    "actions": "began_at",
    "activities": "first_recorded_at",
    "awards": "given_at",
    "counted_orders": "occurred_at",
    "referrals": "claimed_at",
    "entries": "counted_at",
    "members": "enrolled_at",
    "messages": "written_at",
    "offers": "offered_at",
    "reviews": "opened_at",
    "order_states": "changed_at",
    "orders": "occurred_at",
    "surveys": "answered_at",
    "vouchers": "issued_at",
}
# A file of 600 GB would have 10,000 parts, the most that S3 allows.
PART_BYTES: Final = 64 * 1024**2
# The rows of several segments, while a file is made of them.
_GATHERED: Final = "main.gathered"
LINK_SECONDS: Final = 15 * 60
# The folder of the bucket in which files lie.
FILES: Final = "files"
MEDIA: Final[Mapping[FileFormat, str]] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The source of a file: the facts on disk, the program, a period, and whom it is about.

    No segments: all members.
    """

    folder: Path
    document: Program
    period: ReportPeriod
    segments: tuple[SegmentMembers, ...] = ()


def reads(requested: RequestedFile) -> tuple[str, ...]:
    """The kinds of facts that a file is made from.

    Raises:
        NotFound: there is no such report.
    """
    kinds = _named(requested)
    return narrowing.kinds_for(kinds) if requested.segment else kinds


def _named(requested: RequestedFile) -> tuple[str, ...]:
    """The kinds of facts that the query of a file names."""
    return reports.report(requested.report).reads if requested.report else (str(requested.facts),)


def is_for_managers(requested: RequestedFile) -> bool:
    """Whether analysts cannot have a file, because it is about colleagues.

    Raises:
        NotFound: there is no such report.
    """
    if requested.report:
        return reports.report(requested.report).is_for_managers
    return requested.facts == ActionFact.kind


def write(
    requested: RequestedFile, path: Path, *, scope: Scope, seconds_max: float, spill_limit: str
) -> int:
    """Write a file within the scope's folder; returns the number of its rows.

    Raises:
        TooLarge: it took too long, or needed more memory or disk than the function has.
    """
    import duckdb  # noqa: PLC0415  # loading it takes longer than a request may

    kinds, period = reads(requested), scope.period
    sql = (
        reports.report(requested.report).sql
        if requested.report
        else _facts_sql(str(requested.facts))
    )
    try:
        with sql_views.connection(
            scope.folder,
            kinds=kinds,
            document=scope.document,
            zone=period.zone,
            until=max(period.last, period.today),
            spill_limit=spill_limit,
        ) as connected:
            timer = threading.Timer(seconds_max, connected.interrupt)
            timer.start()
            try:
                bound = reports.bound(sql, period)
                if requested.segment == EACH:
                    _gather(connected, sql, bound, kinds=_named(requested), scope=scope)
                    return _copy(connected, f"FROM {_GATHERED}", {}, path, requested.file_format)
                among = _among(connected, _named(requested), scope.segments)
                with among:
                    return _copy(connected, sql, bound, path, requested.file_format)
            finally:
                timer.cancel()
    except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
        raise TooLarge(
            "It takes too much time or memory, even as a file; ask for fewer days."
        ) from error


def _among(
    connected: DuckDBPyConnection, kinds: tuple[str, ...], segments: tuple[SegmentMembers, ...]
) -> AbstractContextManager[None]:
    """The engine over the members of the only segment; over all where there is none."""
    return narrowing.narrowed(connected, kinds, *segments) if segments else nullcontext()


def _gather(
    connected: DuckDBPyConnection,
    sql: str,
    bound: dict[str, Any],
    *,
    kinds: tuple[str, ...],
    scope: Scope,
) -> None:
    """Put the rows of each segment into one table, with the segment in the first column."""
    made = f"CREATE TABLE {_GATHERED} AS"
    for segment in scope.segments:
        with narrowing.narrowed(connected, kinds, segment):
            connected.execute(
                f"{made} SELECT $of_segment AS {reports.OF_SEGMENT.name}, * "  # noqa: S608  # names of our own
                f"FROM ({sql.rstrip().rstrip(';')}\n)",
                bound | {"of_segment": segment.segment_id},
            )
        made = f"INSERT INTO {_GATHERED}"


def _facts_sql(kind: str) -> str:
    """All facts of a kind whose moment lies in the period, each once.

    They are not sorted: sorting ten million takes more memory and disk than the function has.
    """
    moment = DATED_BY[kind]
    names = ", ".join(f'"{name}"' for name in sql_views.columns(sql_views.KINDS[kind]))
    return (
        f"SELECT {names} FROM {kind} "  # noqa: S608  # names of our own
        f"WHERE {moment} >= $from_at AND {moment} < $until_at"
    )


def _copy(
    connected: DuckDBPyConnection,
    sql: str,
    parameters: dict[str, Any],
    path: Path,
    file_format: FileFormat,
) -> int:
    described = connected.execute(f"DESCRIBE {sql}", parameters).fetchall()
    columns = ", ".join(_column(name, kind, file_format) for name, kind, *_ in described)
    options = "FORMAT csv, HEADER" if file_format == "csv" else "FORMAT parquet, COMPRESSION zstd"
    written = connected.execute(
        f"COPY (SELECT {columns} FROM ({sql.rstrip().rstrip(';')}\n)) TO '{path}' ({options})",  # noqa: S608  # names of our own
        parameters,
    ).fetchone()
    return int(written[0]) if written else 0


def _column(name: str, sql_type: str, file_format: FileFormat) -> str:
    quoted = f'"{name}"'
    if file_format == "parquet":
        # The value is an instant, not a local time.
        written = f"{quoted}::TIMESTAMPTZ" if sql_type == "TIMESTAMP" else quoted
    elif sql_type == "VARCHAR":
        written = as_text_sql(quoted)
    elif sql_type == "TIMESTAMP":
        written = f"strftime({quoted}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    elif sql_type.startswith("DECIMAL"):
        written = f"{quoted}::DOUBLE"
    elif sql_type.endswith("[]"):
        written = f"to_json({quoted})::VARCHAR"
    else:
        written = quoted
    return f"{written} AS {quoted}"


class FileShelf:
    """The bucket that keeps files until they expire."""

    def __init__(self, client: S3Client, *, bucket: str, part_bytes: int = PART_BYTES) -> None:
        self._client = client
        self._bucket = bucket
        self._part_bytes = part_bytes

    def put(self, key: str, path: Path, *, file_format: FileFormat) -> tuple[int, str]:
        """Upload a file part by part; returns its size and its SHA-256.

        The file is stored whole or not at all. The parts of an interrupted upload expire in a day.
        """
        begun = self._client.create_multipart_upload(
            Bucket=self._bucket, Key=key, ContentType=MEDIA[file_format]
        )
        digest, size_bytes = hashlib.sha256(), 0
        parts: list[dict[str, Any]] = []
        with path.open("rb") as file:
            # An empty file is uploaded as one empty part.
            while (part := file.read(self._part_bytes)) or not parts:
                sent = self._client.upload_part(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=begun["UploadId"],
                    PartNumber=len(parts) + 1,
                    Body=part,
                )
                parts.append({"PartNumber": len(parts) + 1, "ETag": sent["ETag"]})
                digest.update(part)
                size_bytes += len(part)
        self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            UploadId=begun["UploadId"],
            MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]  # as they were answered
        )
        return size_bytes, digest.hexdigest()

    def link(self, key: str, *, name: str) -> str:
        """A URL that lets anyone who has it download a file for 15 minutes.

        It stops working earlier if the credentials of the function that made it expire first.
        """
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{name}"',
            },
            ExpiresIn=LINK_SECONDS,
        )
