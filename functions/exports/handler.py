"""Exports: reports and facts as files, requested now and fetched once they are made."""

import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from loyalty.domain.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    InvalidCursor,
    LimitReached,
    NotFound,
    TryAgain,
    WrongState,
)
from loyalty.domain.report_exports import RequestedFile
from loyalty.domain.staff.actions import ActionOutcome
from loyalty.edge import clock, deadline, desk
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues import backoff
from loyalty.edge.aws.queues.batches import handle_messages, log_failure
from loyalty.edge.aws.queues.record import QueueRecord
from loyalty.edge.aws.table import engine
from loyalty.edge.http.app import IdempotencyKey, PathId, ProgramId, create_app, reply
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Response
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.models.report_exports import (
    FACTS_BYTES_MAX,
    FileOrderQueue,
    FileWorkshop,
    ReportExportAnswer,
    ReportExportPage,
    ReportExportRequest,
    download,
    export_answer,
    read_file_order,
)
from loyalty.edge.report_segments import chosen_segments
from loyalty.edge.settings import settings
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.report_files import FileShelf, is_for_managers
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.table.positions import is_listed
from loyalty.table.report_exports import TableReportExports
from loyalty.table.segment_runs import TableSegmentRuns
from loyalty.usecases.report_exports import GaveUp, make_file, request_file, requested


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportsSettings:
    table: str
    lake_bucket: str
    exports_bucket: str
    exports_queue_url: str


api = create_app("exports", actions=desk.open_actions)


@deadline.keeping_time
def handler(event: dict[str, Any], context: object) -> Any:
    """Answer analysts' requests from the API, and make the files that the queue names."""
    if "Records" not in event:
        return api(event, context)
    on_failure = log_failure("not exported", quietly=(TryAgain,))
    return handle_messages(event, take, on_failure=on_failure, wait=wait)


def wait(error: Exception, attempt: int) -> timedelta:
    """Wait as every queue does; an export that failed goes to the dead letters at once."""
    return timedelta() if isinstance(error, GaveUp) else backoff.wait(error, attempt)


@api.post(
    "/reports/exports",
    allow={"analyst", "manager"},
    status=202,
    refuses=(IdempotencyConflict, LimitReached, TryAgain, WrongState),
    acts="report.export",
)
def request_report_export(
    program_id: ProgramId,
    idempotency_key: IdempotencyKey,
    request: Annotated[ReportExportRequest, Body()],
) -> Response[ReportExportAnswer]:
    """Request a file of a report, or of all facts of one kind.

    The file is made in the background. Read the export until its `state` is `done`.
    """
    now = clock.now()
    file = request.file()
    require_may_read(file)
    document = desk.shelf(settings(ExportsSettings).table).in_force(program_id, now=now).document
    if file.segment is not None:
        run = segment_runs(program_id).last()
        chosen_segments(file.segment, document=document, run=run, pointer="/segment")
    export = request_file(
        file,
        export_id=desk.request_id(
            program_id=program_id,
            caller=api.principal.subject,
            idempotency_key=idempotency_key,
        ),
        program_id=program_id,
        exports=exports(program_id),
        queue=orders(),
        now=now,
    )
    api.report_outcome(ActionOutcome(target_id=export.export_id))
    where = f"/v1/programs/{program_id}/reports/exports/{export.export_id}"
    return reply(export_answer(export), status=202, headers={"location": where})


@api.get("/reports/exports/<export_id>", allow={"analyst", "manager"}, refuses=(NotFound,))
def read_report_export(program_id: ProgramId, export_id: PathId) -> ReportExportAnswer:
    """Read an export, and get a link to its file once it is done.

    Each answer has a new link.
    """
    now = clock.now()
    export = requested(export_id, exports=exports(program_id), now=now)
    require_may_read(export.request)
    return export_answer(export, download=download(export, shelf=shelf(), now=now))


@api.get("/reports/exports", allow={"analyst", "manager"}, refuses=(InvalidCursor,))
def list_report_exports(
    program_id: ProgramId, limit: PageLimit = 50, cursor: Cursor = None
) -> ReportExportPage:
    """List the exports of the last 30 days, newest first.

    They have no links; read one export for its link.
    """
    of, now = f"report exports {program_id}", clock.now()
    start = page_start(cursor, of=of, like=is_listed)
    page = exports(program_id).listed(limit=limit, start=start)
    return ReportExportPage(
        items=[export_answer(each.as_of(now)) for each in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


def require_may_read(file: RequestedFile) -> None:
    """Require a manager for files that are about colleagues.

    Raises:
        Forbidden: the caller is an analyst.
    """
    if is_for_managers(file) and "manager" not in api.principal.roles:
        raise Forbidden("Only managers can read what their colleagues did")


def take(record: QueueRecord) -> None:
    ordered = read_file_order(record.content)
    export = make_file(
        ordered.export_id,
        exports=exports(ordered.program_id),
        make=workshop(ordered.program_id),
        clock=clock.now,
    )
    if export is None:
        return
    count("ReportExports", state=export.state)
    logger.info(
        "exported",
        program_id=ordered.program_id,
        export_id=export.export_id,
        state=export.state,
        trouble=export.trouble,
        attempts=export.attempts,
        rows=export.file.rows if export.file else None,
        size_bytes=export.file.size_bytes if export.file else None,
    )


def exports(program_id: str) -> TableReportExports:
    return TableReportExports(engine(settings(ExportsSettings).table), program_id=program_id)


def segment_runs(program_id: str) -> TableSegmentRuns:
    return TableSegmentRuns(engine(settings(ExportsSettings).table), program_id=program_id)


def workshop(program_id: str) -> FileWorkshop:
    programs = desk.shelf(settings(ExportsSettings).table)
    return FileWorkshop(
        program_id=program_id,
        document=lambda now: programs.in_force(program_id, now=now).document,
        mirror=mirror(),
        snapshots=SegmentSnapshots(
            Lake(clients.s3(), bucket=settings(ExportsSettings).lake_bucket),
            program_id=program_id,
            mirror=mirror(),
        ),
        segment_runs=segment_runs(program_id),
        shelf=shelf(),
        clock=clock.now,
        monotonic=time.monotonic,
    )


@cache
def mirror() -> Mirror:
    """This container's copy of the lake, in a folder that is deleted with the container."""
    return Mirror(
        clients.s3(),
        bucket=settings(ExportsSettings).lake_bucket,
        root=Path(tempfile.mkdtemp(prefix="lake-")),
        bytes_max=FACTS_BYTES_MAX,
    )


@cache
def shelf() -> FileShelf:
    return FileShelf(clients.s3(), bucket=settings(ExportsSettings).exports_bucket)


@cache
def orders() -> FileOrderQueue:
    return FileOrderQueue(clients.sqs(), url=settings(ExportsSettings).exports_queue_url)
