"""Exports of reports as analysts ask for them, and what they are answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field, StrictInt, StrictStr

from loyalty.domain.facts import ALL
from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.program.document import Program
from loyalty.domain.report_exports import (
    ExportedFile,
    FileFormat,
    ReportExport,
    ReportExportState,
    ReportExportTrouble,
    RequestedFile,
)
from loyalty.edge.http.periods import ReportDay, require_period
from loyalty.edge.http.schemas import AnswerPart, RequestPart
from loyalty.lake import columns, reports
from loyalty.lake.mirror import Mirror
from loyalty.lake.report_files import LINK_SECONDS, FileShelf, Scope, reads, write
from loyalty.lake.reports import Period, ReportStep
from loyalty.usecases.report_exports import Progress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

KINDS: Final = tuple(sorted(fact.kind for fact in ALL))
# Of the quarter of an hour that the function has; the rest is for facts to come and files to go.
COMPUTE_SECONDS_MAX: Final = 600.0
# Of its 10 GB on disk, beside the facts and the file.
FACTS_BYTES_MAX: Final = 4 * 1024**3
SPILL_LIMIT: Final = "3GiB"
# A write for each object would cost more time than the object.
TELL_EVERY_S: Final = 2.0


class ReportExportRequest(RequestPart):
    """A file of a report, or of all facts of a kind, for a period; both days are included."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"report": "summary", "from": "2026-01-01", "to": "2026-12-31", "format": "csv"},
                {"facts": "orders", "from": "2026-01-01", "to": "2026-12-31", "format": "parquet"},
            ]
        }
    )

    report: Annotated[
        StrictStr | None,
        Field(description="A report's name.", json_schema_extra={"enum": [*reports.names(), None]}),
    ] = None
    facts: Annotated[
        StrictStr | None,
        Field(
            description="A kind of facts, instead of a report.",
            json_schema_extra={"enum": [*KINDS, None]},
        ),
    ] = None
    first: Annotated[ReportDay, Field(alias="from", description="A day in the program's zone.")]
    last: Annotated[ReportDay, Field(alias="to", description="The last day, included.")]
    by: Annotated[
        ReportStep | None, Field(description="The steps of a report; `month` if unsaid.")
    ] = None
    within_days: Annotated[
        StrictInt | None, Field(ge=1, le=365, description="As the report `messages` has it.")
    ] = None
    format: FileFormat

    def wanted(self) -> RequestedFile:
        """Raises `ValidationFailed` where it is neither or both, or makes no sense."""
        if (self.report is None) == (self.facts is None):
            raise _fault("/report", "one_of", "Say either `report` or `facts`")
        if self.report is not None and self.report not in reports.names():
            detail = f"There is no report “{self.report}”; there are {', '.join(reports.names())}"
            raise _fault("/report", "unknown_report", detail)
        if self.facts is not None and self.facts not in KINDS:
            raise _fault("/facts", "unknown_facts", f"This is one of {', '.join(KINDS)}")
        if self.facts is not None and self.by is not None:
            raise _fault("/by", "not_of_facts", "Only reports have steps")
        if self.facts is not None and self.within_days is not None:
            raise _fault("/within_days", "not_of_facts", "Only reports look ahead")
        require_period(self.first, self.last, pointer="/to")
        return RequestedFile(
            report=self.report,
            facts=self.facts,
            first=self.first,
            last=self.last,
            by=self.by,
            within_days=self.within_days,
            file_format=self.format,
        )


class ReportExportProgress(AnswerPart):
    """How far it is; null: not known yet."""

    objects_read: Annotated[int | None, Field(description="Objects of the lake that are here.")]
    objects_total: int | None
    rows_written: Annotated[int | None, Field(description="Known once the file is there.")]


class ReportExportReason(AnswerPart):
    """Why it failed."""

    code: ReportExportTrouble
    detail: str


class ReportExportDownload(AnswerPart):
    """A link that needs no token. Each answer has a new one."""

    url: str
    expires_at: Annotated[datetime, Field(description="At the latest; then ask again.")]


class ReportExportAnswer(AnswerPart):
    """An export as it stands."""

    id: str
    state: ReportExportState
    report: str | None
    facts: str | None
    first_day: date
    last_day: date
    by: ReportStep | None
    within_days: int | None
    format: FileFormat
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: ReportExportProgress
    reason: ReportExportReason | None
    as_of: Annotated[datetime | None, Field(description="What the lake held then is in the file.")]
    size_bytes: int | None
    sha256: str | None
    lapses_at: Annotated[datetime | None, Field(description="When the file goes.")]
    download: Annotated[
        ReportExportDownload | None,
        Field(description="Of one that is done, until it lapses; lists have none."),
    ]


class ReportExportPage(AnswerPart):
    items: list[ReportExportAnswer]
    next_cursor: str | None


def export_answer(
    export: ReportExport, *, download: ReportExportDownload | None = None
) -> ReportExportAnswer:
    wanted, file = export.wanted, export.file
    return ReportExportAnswer(
        id=export.export_id,
        state=export.state,
        report=wanted.report,
        facts=wanted.facts,
        first_day=wanted.first,
        last_day=wanted.last,
        by=wanted.by,
        within_days=wanted.within_days,
        format=wanted.file_format,
        requested_at=export.requested_at,
        started_at=export.started_at,
        finished_at=export.finished_at,
        progress=ReportExportProgress(
            objects_read=export.objects_read,
            objects_total=export.objects_total,
            rows_written=file.rows if file else None,
        ),
        reason=_reason(export),
        as_of=file.as_of if file else None,
        size_bytes=file.size_bytes if file else None,
        sha256=file.sha256 if file else None,
        lapses_at=export.lapses_at,
        download=download,
    )


def download(
    export: ReportExport, *, shelf: FileShelf, now: datetime
) -> ReportExportDownload | None:
    """A link to the file, where there is one and it has not lapsed."""
    if export.file is None or export.lapses_at is None or now >= export.lapses_at:
        return None
    return ReportExportDownload(
        url=shelf.link(export.file.key, name=export.wanted.name),
        expires_at=now + timedelta(seconds=LINK_SECONDS),
    )


def _reason(export: ReportExport) -> ReportExportReason | None:
    if export.trouble is None:
        return None
    return ReportExportReason(code=export.trouble, detail=export.detail or "")


def _fault(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWorkshop:
    """Implements `Workshop` for one program: facts from the lake, the engine, a file on a shelf."""

    program_id: str
    document: Callable[[datetime], Program]
    mirror: Mirror
    shelf: FileShelf
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]

    def __call__(self, export: ReportExport, *, tell: Progress) -> ExportedFile:
        wanted, as_of = export.wanted, self.clock()
        document = self.document(as_of)
        folder = self.mirror.fetch(
            self.program_id,
            reads(wanted),
            columns=columns.read_by(wanted.report) if wanted.report else None,
            tell=paced(tell, monotonic=self.monotonic),
        )
        scope = Scope(
            folder=folder, document=document, period=_period(wanted, document, as_of=as_of)
        )
        key = f"{self.program_id}/{export.export_id}/{export.attempts}.{wanted.file_format}"
        with TemporaryDirectory(dir=folder, prefix="export-") as scratch:
            path = Path(scratch) / wanted.name
            rows = write(
                wanted, path, scope=scope, seconds_max=COMPUTE_SECONDS_MAX, spill_limit=SPILL_LIMIT
            )
            size_bytes, sha256 = self.shelf.put(key, path, file_format=wanted.file_format)
        return ExportedFile(key=key, as_of=as_of, rows=rows, size_bytes=size_bytes, sha256=sha256)


def _period(requested_file: RequestedFile, document: Program, *, as_of: datetime) -> Period:
    return Period(
        first=requested_file.first,
        last=requested_file.last,
        zone=document.zone,
        as_of=as_of,
        by=requested_file.by or "month",
        within_days=requested_file.within_days or reports.WITHIN_DAYS,
    )


def paced(tell: Progress, *, monotonic: Callable[[], float]) -> Progress:
    """Tells at first, at last, and every two seconds meanwhile."""
    told_at: float | None = None

    def tell_now_and_then(objects_read: int, objects_total: int) -> None:
        nonlocal told_at
        now = monotonic()
        is_time = told_at is None or now - told_at >= TELL_EVERY_S
        if is_time or objects_read == objects_total:
            told_at = now
            tell(objects_read, objects_total)

    return tell_now_and_then


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """A message of the queue: this export is to be made."""

    program_id: str
    export_id: str


class FileOrderQueue:
    """Implements `ExportQueue` over a standard queue, where a program waits for no other."""

    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, program_id: str, export_id: str) -> None:
        told = {"v": 1, "program_id": program_id, "export_id": export_id}
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(told, separators=(",", ":")),
            MessageGroupId=program_id,
        )

    def put_back(self, receipt: str, *, delay: timedelta) -> None:
        """Hand a message out again after a while, rather than when its visibility ends."""
        self._client.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=receipt,
            VisibilityTimeout=int(delay.total_seconds()),
        )


def read_file_order(message: str) -> FileOrder:
    told = json.loads(message)
    return FileOrder(program_id=told["program_id"], export_id=told["export_id"])
