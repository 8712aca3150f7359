"""Exports of reports, as analysts request and read them, and how a file is made."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.facts import ALL
from loyalty.domain.kernel.errors import Fault, TryAgain, ValidationFailed
from loyalty.domain.report_exports import (
    ExportedFile,
    FileFormat,
    ReportExport,
    ReportExportState,
    ReportExportTrouble,
    RequestedFile,
)
from loyalty.edge.faults import is_passing
from loyalty.edge.http.periods import ReportDay, require_period
from loyalty.edge.http.schemas import AnswerPart, NextCursor, RequestPart
from loyalty.edge.report_segments import chosen_segments, members_of, require_narrowable
from loyalty.lake import columns, reports
from loyalty.lake.mirror import Mirror
from loyalty.lake.narrowing import SegmentMembers
from loyalty.lake.report_files import FILES, LINK_SECONDS, FileShelf, Scope, reads, write
from loyalty.lake.reports import ReportPeriod, ReportStep
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.sdk.services import AwsService
from loyalty.usecases.report_exports import Progress
from loyalty.usecases.segments import SegmentRuns

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

KINDS: Final = tuple(sorted(fact.kind for fact in ALL))
# Of the quarter of an hour that the function has; the rest is for facts to come and files to go.
COMPUTE_SECONDS_MAX: Final = 600.0
# Of its 10 GB on disk, beside the facts and the file.
FACTS_BYTES_MAX: Final = 4 * 1024**3
SPILL_LIMIT: Final = "3GiB"
# A write for each object would cost more time than the object.
REPORT_EVERY_S: Final = 2.0


class ReportExportRequest(RequestPart):
    """A file of one report, or of all facts of one kind, for a period."""

    report: Annotated[
        StrictStr | None,
        Field(
            description="The report's name, if the file is of a report.",
            json_schema_extra={"enum": [*reports.names(), None]},
        ),
    ] = None
    facts: Annotated[
        StrictStr | None,
        Field(
            description="A kind of facts, if the file is not of a report.",
            json_schema_extra={"enum": [*KINDS, None]},
        ),
    ] = None
    first: Annotated[
        ReportDay, Field(alias="from", description="The first day, in the program's time zone.")
    ]
    last: Annotated[ReportDay, Field(alias="to", description="The last day, included.")]
    by: Annotated[
        ReportStep | None, Field(description="The steps of the report; if left out, `month`.")
    ] = None
    within_days: Annotated[
        StrictInt | None,
        Field(
            ge=1,
            le=365,
            description="In `repeat`, `messages` and `promoters`: for how many days what follows "
            "counts.",
        ),
    ] = None
    segment: Annotated[
        StrictStr | None,
        Field(
            max_length=64,
            description="A segment, if the file is about those who are members of it now; `*`: "
            "about each segment, which the first column names.",
        ),
    ] = None
    format: Annotated[FileFormat, Field(description="The file's format.")]

    def file(self) -> RequestedFile:
        """The file that is requested.

        Raises:
            ValidationFailed: it names no report and no facts, or both, or has a field that does
                not go with them, or a period that makes no sense.
        """
        if (self.report is None) == (self.facts is None):
            raise _fault("/report", "one_of", "Give either `report` or `facts`")
        if self.report is not None and self.report not in reports.names():
            detail = f"There is no report “{self.report}”; use one of {', '.join(reports.names())}"
            raise _fault("/report", "unknown_report", detail)
        if self.facts is not None and self.facts not in KINDS:
            raise _fault("/facts", "unknown_facts", f"Use one of {', '.join(KINDS)}")
        if self.facts is not None and self.by is not None:
            raise _fault("/by", "not_of_facts", "Leave out `by`: only reports have steps")
        if self.facts is not None and self.within_days is not None:
            raise _fault(
                "/within_days", "not_of_facts", "Leave out `within_days`: only reports use it"
            )
        if self.segment is not None:
            require_narrowable(report=self.report, facts=self.facts, pointer="/segment")
        require_period(self.first, self.last, pointer="/to")
        return RequestedFile(
            report=self.report,
            facts=self.facts,
            first=self.first,
            last=self.last,
            by=self.by,
            within_days=self.within_days,
            segment=self.segment,
            file_format=self.format,
        )


class ReportExportProgress(AnswerPart):
    """How far the export has come; null: not known yet."""

    objects_read: Annotated[
        int | None, Field(description="How many objects of the lake have been read.")
    ]
    objects_total: Annotated[int | None, Field(description="How many objects there are to read.")]
    rows_written: Annotated[
        int | None, Field(description="How many rows the file has; known once it is done.")
    ]


class ReportExportReason(AnswerPart):
    """Why an export failed."""

    code: Annotated[ReportExportTrouble, Field(description="A stable code.")]
    detail: Annotated[str, Field(description="The reason in words.")]


class ReportExportDownload(AnswerPart):
    """A link to the file that needs no token. Each answer has a new one."""

    url: Annotated[str, Field(description="The address of the file.")]
    expires_at: Annotated[
        datetime,
        Field(
            description="The link works until then at most, in UTC; read the export for a new one."
        ),
    ]


class ReportExportAnswer(AnswerPart):
    """An export of a report or of facts as a file."""

    id: Annotated[str, Field(description="The export's id.")]
    state: Annotated[ReportExportState, Field(description="Whether the file is made yet.")]
    report: Annotated[str | None, Field(description="The report's name, if it is of a report.")]
    facts: Annotated[str | None, Field(description="The kind of facts, if it is of facts.")]
    first_day: Annotated[date, Field(description="The first day, in the program's time zone.")]
    last_day: Annotated[date, Field(description="The last day, included.")]
    by: Annotated[ReportStep | None, Field(description="The steps of the report, as requested.")]
    within_days: Annotated[int | None, Field(description="The days to count, as requested.")]
    segment: Annotated[
        str | None,
        Field(description="The segment that it is about, as requested; null: all members."),
    ]
    format: Annotated[FileFormat, Field(description="The file's format.")]
    requested_at: Annotated[datetime, Field(description="When it was requested, in UTC.")]
    started_at: Annotated[datetime | None, Field(description="When work on it began, in UTC.")]
    finished_at: Annotated[
        datetime | None, Field(description="When it was done or failed, in UTC.")
    ]
    progress: Annotated[ReportExportProgress, Field(description="How far it has come.")]
    reason: Annotated[ReportExportReason | None, Field(description="Why it failed, if it did.")]
    as_of: Annotated[
        datetime | None,
        Field(description="The file has what the lake held at this moment, in UTC."),
    ]
    size_bytes: Annotated[int | None, Field(description="The file's size in bytes.")]
    sha256: Annotated[str | None, Field(description="The file's SHA-256 digest, in hexadecimal.")]
    lapses_at: Annotated[datetime | None, Field(description="When the file is deleted, in UTC.")]
    download: Annotated[
        ReportExportDownload | None,
        Field(
            description="Where to get the file, if one export is read that is done and has not "
            "lapsed; null in lists."
        ),
    ]


class ReportExportPage(AnswerPart):
    """A page of exports, newest first."""

    items: Annotated[list[ReportExportAnswer], Field(description="The exports of this page.")]
    next_cursor: NextCursor


def export_answer(
    export: ReportExport, *, download: ReportExportDownload | None = None
) -> ReportExportAnswer:
    request, file = export.request, export.file
    return ReportExportAnswer(
        id=export.export_id,
        state=export.state,
        report=request.report,
        facts=request.facts,
        first_day=request.first,
        last_day=request.last,
        by=request.by,
        within_days=request.within_days,
        segment=request.segment,
        format=request.file_format,
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
    """A link to the file; None if it is not made yet or has lapsed."""
    if export.file is None or export.lapses_at is None or now >= export.lapses_at:
        return None
    return ReportExportDownload(
        url=shelf.link(export.file.key, name=export.request.name),
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
    document: "Callable[[datetime], Program]"
    mirror: Mirror
    snapshots: SegmentSnapshots
    segment_runs: SegmentRuns
    shelf: FileShelf
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]

    def __call__(self, export: ReportExport, *, report_progress: Progress) -> ExportedFile:
        """Make the file of an export.

        Raises:
            TryAgain: a service does not answer.
        """
        try:
            return self._make(export, report_progress=report_progress)
        except Exception as error:
            if is_passing(error):
                raise TryAgain("A service does not answer") from error
            raise

    def _make(self, export: ReportExport, *, report_progress: Progress) -> ExportedFile:
        request, as_of = export.request, self.clock()
        document = self.document(as_of)
        needed = (
            columns.read_by(request.report, is_narrowed=request.segment is not None)
            if request.report
            else None
        )
        folder = self.mirror.fetch(
            self.program_id,
            reads(request),
            columns=needed,
            zone=document.zone,
            report_progress=paced(report_progress, monotonic=self.monotonic),
        )
        scope = Scope(
            folder=folder,
            document=document,
            period=_period(request, document, as_of=as_of),
            segments=self._segments(request, document),
        )
        key = (
            f"{FILES}/{self.program_id}/{export.export_id}/{export.attempts}.{request.file_format}"
        )
        with TemporaryDirectory(dir=folder, prefix="export-") as scratch:
            path = Path(scratch) / request.name
            rows = write(
                request, path, scope=scope, seconds_max=COMPUTE_SECONDS_MAX, spill_limit=SPILL_LIMIT
            )
            size_bytes, sha256 = self.shelf.put(key, path, file_format=request.file_format)
        return ExportedFile(key=key, as_of=as_of, rows=rows, size_bytes=size_bytes, sha256=sha256)

    def _segments(self, request: RequestedFile, document: "Program") -> tuple[SegmentMembers, ...]:
        if request.segment is None:
            return ()
        chosen = chosen_segments(
            request.segment, document=document, run=self.segment_runs.last(), pointer="/segment"
        )
        return members_of(chosen, self.snapshots)


def _period(requested_file: RequestedFile, document: "Program", *, as_of: datetime) -> ReportPeriod:
    return ReportPeriod(
        first=requested_file.first,
        last=requested_file.last,
        zone=document.zone,
        as_of=as_of,
        by=requested_file.by or "month",
        within_days=requested_file.within_days or reports.WITHIN_DAYS,
    )


def paced(report_progress: Progress, *, monotonic: Callable[[], float]) -> Progress:
    """Report progress at the start, at the end, and every two seconds in between."""
    reported_at: float | None = None

    def report_now_and_then(objects_read: int, objects_total: int) -> None:
        nonlocal reported_at
        now = monotonic()
        is_time = reported_at is None or now - reported_at >= REPORT_EVERY_S
        if is_time or objects_read == objects_total:
            reported_at = now
            report_progress(objects_read, objects_total)

    return report_now_and_then


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """A message of the queue: this export is to be made."""

    program_id: str
    export_id: str


class FileOrderQueue:
    """Implements `ExportQueue` over a standard queue, where a program waits for no other."""

    def __init__(self, sqs: AwsService, *, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, program_id: str, export_id: str) -> None:
        message = {"v": 1, "program_id": program_id, "export_id": export_id}
        self._sqs.call(
            "SendMessage",
            {
                "QueueUrl": self._url,
                "MessageBody": json.dumps(message, separators=(",", ":")),
                "MessageGroupId": program_id,
            },
        )


def read_file_order(message: Mapping[str, Any]) -> FileOrder:
    return FileOrder(program_id=message["program_id"], export_id=message["export_id"])
