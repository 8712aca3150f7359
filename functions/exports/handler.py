"""Exports: reports and facts as files, requested now and fetched once they are made; trials.

Trials need what exports do: the engine, a large disk, a quarter of an hour, and a queue. Another
queue would cost more than all trials. Parts of trials and exports wait for none of each other,
because their messages are of different groups.
"""

import json
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from loyalty.domain.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    InvalidCursor,
    LimitReached,
    NotFound,
    TooLarge,
    TryAgain,
    WrongState,
)
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.program.kinds import DOCUMENT_BYTES_MAX
from loyalty.domain.report_exports import RequestedFile
from loyalty.domain.staff.actions import ActionOutcome
from loyalty.domain.trials.rules import Versions, untried
from loyalty.domain.trials.trial import Trial
from loyalty.domain.trials.whole import WholeTrial
from loyalty.edge import clock, deadline, desk
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues import backoff
from loyalty.edge.aws.queues.batches import handle_messages, log_failure
from loyalty.edge.aws.queues.record import QueueRecord
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.http.app import IdempotencyKey, PathId, ProgramId, create_app, reply
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Response
from loyalty.edge.http.periods import require_period
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
from loyalty.edge.models.trials import TrialAnswer, TrialRequest, trial_answer, trial_document
from loyalty.edge.models.whole_trials import (
    TrialWorkshop,
    WholeTrialAnswer,
    WholeTrialPage,
    listed_answer,
    stored_answer,
    stored_document,
    whole_trial_answer,
)
from loyalty.edge.report_segments import chosen_segments
from loyalty.edge.settings import settings
from loyalty.lake import reports, trial_people
from loyalty.lake.connections import ReportEngine
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.report_files import FileShelf, is_for_managers
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.lake.trial_files import TrialShelf
from loyalty.table.positions import is_listed
from loyalty.table.programs import TablePrograms
from loyalty.table.report_exports import TableReportExports
from loyalty.table.segment_runs import TableSegmentRuns
from loyalty.table.whole_trials import TableWholeTrials
from loyalty.usecases.report_exports import GaveUp, make_file, request_file, requested
from loyalty.usecases.trials import proposed_after, trial_id_of, try_sample, versions_of
from loyalty.usecases.whole_trials import (
    PREPARE,
    PartOfTrial,
    TrialRun,
    prepare,
    request_trial,
    requested_trial,
    try_part,
)
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportsSettings:
    table: str
    lake_bucket: str
    exports_bucket: str
    exports_queue_url: str


api = create_app("exports", actions=desk.open_actions)

# The gateway waits for 30 s, and the facts of a sample are fetched in this time, too.
SAMPLE_SECONDS_MAX: Final = 15.0
# Where budgets may end, those who were tried are tried up to twice more.
SAMPLE_SECONDS_MAX_WITH_BUDGETS: Final = 5.0


@deadline.keeping_time
def handler(event: dict[str, Any], context: object) -> Any:
    """Answer analysts' requests from the API, and make the files that the queue names."""
    if "Records" not in event:
        return api(event, context)
    # A batch is one message, and its version is looked at where it can be put back.
    if any("lane" in json.loads(each["body"]) for each in event["Records"]):
        return work(event, take=take, pages=pages())
    on_failure = log_failure("not exported", quietly=(TryAgain,))
    return handle_messages(event, make, on_failure=on_failure, wait=wait)


def take(page: WorkPage, item: str) -> None:
    """Do a step of a trial."""
    run = run_of(page.program_id)
    if page.lane == PREPARE:
        prepare(item, run)
    else:
        try_part(PartOfTrial.read(item), run)


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


@api.post(
    "/trials",
    allow={"manager"},
    also=(202,),
    bodies={202: WholeTrialAnswer},
    body_bytes_max=DOCUMENT_BYTES_MAX + 1_000,
    refuses=(LimitReached, TooLarge, TryAgain, WrongState),
)
def try_document(
    program_id: ProgramId, request: Annotated[TrialRequest, Body()]
) -> Response[TrialAnswer | WholeTrialAnswer]:
    """Try a proposed document on the orders that were really made.

    With `members_max`, a sample of the members is tried at once. Without it, all members are tried
    in the background: the status is 202, and the trial is read until its `state` is `done`. The
    same trial of the same day is one.
    """
    require_period(request.first, request.last, pointer="/to")
    table, now = settings(ExportsSettings).table, clock.now()
    in_force = desk.shelf(table).in_force(program_id, now=now)
    proposed = proposed_after(in_force, trial_document(request), first=request.first)
    if request.members_max is not None:
        trial = Trial(
            proposed=proposed,
            versions=versions(program_id),
            first=request.first,
            last=request.last,
        )
        return reply(sample(program_id, trial, in_force, members_max=request.members_max))
    document = proposed.document.model_dump_json()
    trial_id = trial_id_of(
        program_id,
        document,
        first=request.first,
        last=request.last,
        version=in_force.version,
        today=in_force.document.today(now),
    )
    trial_shelf(program_id).put_document(trial_id, document)
    whole = request_trial(
        WholeTrial(
            trial_id=trial_id,
            first=request.first,
            last=request.last,
            version=in_force.version,
            requested_at=now,
        ),
        program_id=program_id,
        trials=trials(program_id),
        pages=pages(),
    )
    return reply(
        read(program_id, whole.as_of(now)),
        status=202,
        headers={"location": f"/v1/programs/{program_id}/trials/{trial_id}"},
    )


@api.get("/trials/<trial_id>", allow={"manager"}, refuses=(NotFound,))
def read_trial(program_id: ProgramId, trial_id: PathId) -> WholeTrialAnswer:
    """Read a trial of all members: how far it is, and what came out.

    Members who left since are not named in what came out.
    """
    now = clock.now()
    return read(program_id, requested_trial(trial_id, trials=trials(program_id), now=now))


@api.get("/trials", allow={"manager"}, refuses=(InvalidCursor,))
def list_trials(
    program_id: ProgramId, limit: PageLimit = 50, cursor: Cursor = None
) -> WholeTrialPage:
    """List the trials of all members of the last 30 days, newest first.

    They are without what came out; read one for that.
    """
    of, now = f"trials {program_id}", clock.now()
    page = trials(program_id).listed(limit=limit, start=page_start(cursor, of=of, like=is_listed))
    return WholeTrialPage(
        items=[listed_answer(each.as_of(now)) for each in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


def sample(
    program_id: str, trial: Trial, in_force: PublishedProgram, *, members_max: int
) -> TrialAnswer:
    """Try a document on as many members as there is time for."""
    began = time.monotonic()
    has_budgets = any(each.limits.budget for each in trial.proposed.document.campaigns)
    seconds_max = SAMPLE_SECONDS_MAX_WITH_BUDGETS if has_budgets else SAMPLE_SECONDS_MAX
    columns = trial_people.COLUMNS
    with (
        reports.querying(
            mirror().fetch(program_id, columns, columns=columns),
            kinds=columns,
            document=in_force.document,
            zone=in_force.document.zone,
            until=max(trial.last, in_force.document.today(clock.now())),
            connect=report_engine().over,
        ) as connected,
        trial_people.sample(connected, people_max=members_max) as found,
    ):
        tried = try_sample(
            found.people,
            trial,
            people_all=found.people_all,
            has_time=lambda: time.monotonic() - began < seconds_max,
        )
    return trial_answer(
        tried,
        people_all=found.people_all,
        untried=untried(trial.proposed.document, in_force.document),
        in_force=in_force.document,
    )


def read(program_id: str, trial: WholeTrial) -> WholeTrialAnswer:
    files, is_done = trial_shelf(program_id), trial.state == "done"
    return whole_trial_answer(
        trial,
        answer=stored_answer(files, trial.trial_id, are_members=members_among(program_id))
        if is_done
        else None,
        document=stored_document(files, trial.trial_id),
    )


def members_among(program_id: str) -> Callable[[Collection[str]], Collection[str]]:
    books = desk.open_desk(program_id, table=settings(ExportsSettings).table).books

    def are_members(ids: Collection[str]) -> Collection[str]:
        accounts = {each: books.account(each) for each in ids}
        return {
            each for each, account in accounts.items() if account and account.status == "active"
        }

    return are_members


def require_may_read(file: RequestedFile) -> None:
    """Require a manager for files that are about colleagues.

    Raises:
        Forbidden: the caller is an analyst.
    """
    if is_for_managers(file) and "manager" not in api.principal.roles:
        raise Forbidden("Only managers can read what their colleagues did")


def make(record: QueueRecord) -> None:
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


def run_of(program_id: str) -> TrialRun:
    workshop = TrialWorkshop(
        program_id=program_id,
        programs=desk.shelf(settings(ExportsSettings).table),
        versions=lambda: versions(program_id),
        mirror=mirror(),
        shelf=trial_shelf(program_id),
        clock=clock.now,
    )
    return TrialRun(
        program_id=program_id,
        trials=trials(program_id),
        files=workshop,
        trial=workshop.trial,
        pages=pages(),
        clock=clock.now,
    )


def versions(program_id: str) -> Versions:
    programs = TablePrograms(engine(settings(ExportsSettings).table))
    return versions_of(program_id, programs=programs)


def trials(program_id: str) -> TableWholeTrials:
    return TableWholeTrials(engine(settings(ExportsSettings).table), program_id=program_id)


def trial_shelf(program_id: str) -> TrialShelf:
    bucket = settings(ExportsSettings).exports_bucket
    return TrialShelf(clients.s3(), bucket=bucket, program_id=program_id, scratch=scratch())


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(ExportsSettings).exports_queue_url, pause=pause)


@cache
def scratch() -> Path:
    """A folder of this container for the parts that it tries."""
    return Path(tempfile.mkdtemp(prefix="trials-"))


@cache
def report_engine() -> ReportEngine:
    return ReportEngine()
