"""Reporting: what the program brings in; who is in a segment; whose an entry is."""

import csv
import io
import re
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from loyalty.domain.campaigns.visible_effects import least_effect
from loyalty.domain.kernel.errors import (
    Forbidden,
    InvalidCursor,
    NotFound,
    TooLarge,
    TryAgain,
    WrongState,
)
from loyalty.domain.program.document import Program
from loyalty.domain.program.segments import Segment
from loyalty.domain.report_exports import EACH
from loyalty.edge import clock, desk, report_pages
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine as table_engine
from loyalty.edge.console import HtmlPage
from loyalty.edge.http.app import PathId, ProgramId, create_app, html_page, reply
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Path, Query, Response
from loyalty.edge.http.periods import ReportDay, require_period
from loyalty.edge.http.schemas import Cursor, PageLimit, rfc3339
from loyalty.edge.models.found_entries import EntryFound, entry_found
from loyalty.edge.models.holdout_trials import (
    HoldoutTrialAnswer,
    HoldoutTrialRequest,
    holdout_trial_answer,
)
from loyalty.edge.models.reports import ReportAnswer, report_answer, report_segments
from loyalty.edge.models.segments import (
    SegmentCount,
    SegmentCountRequest,
    SegmentList,
    SegmentMemberPage,
    is_member_id,
    segment_list,
    segment_member_answer,
)
from loyalty.edge.report_segments import chosen_segments, members_of, require_narrowable
from loyalty.edge.settings import settings
from loyalty.lake import (
    columns,
    entry_lookup,
    narrowing,
    purchase_spread,
    reports,
)
from loyalty.lake.connections import ReportEngine
from loyalty.lake.mirror import Mirror
from loyalty.lake.narrowing import SegmentMembers
from loyalty.lake.objects import Lake
from loyalty.lake.reports import Report, ReportPeriod, ReportStep, Table
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.lake.spreadsheets import as_text
from loyalty.table.segment_runs import TableSegmentRuns


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingSettings:
    table: str
    lake_bucket: str


api = create_app("reporting", limits_callers=False)
handler = api

SEGMENT_PLACE: Final = "/query/segment"
# A client that states no preference gets the first of these.
FORMS: Final = ("application/json", "text/csv", "text/html")


@api.get(
    "/reports/<name>",
    allow={"analyst", "manager"},
    media=("text/csv", "text/html"),
    refuses=(NotFound, TooLarge, TryAgain, WrongState),
)
def read_report(
    program_id: ProgramId,
    name: Annotated[str, Path(description=f"One of {', '.join(reports.names())}.")],
    *,
    first: Annotated[ReportDay, Query(alias="from", description="A day in the program's zone.")],
    last: Annotated[ReportDay, Query(alias="to", description="The last day, included.")],
    by: Annotated[
        ReportStep, Query(description="The steps of `trend` and `members`; weeks begin on Mondays.")
    ] = "month",
    within_days: Annotated[
        int,
        Query(
            ge=1,
            le=365,
            description="For how many days what follows counts, in `repeat`, `messages` and "
            "`promoters`.",
        ),
    ] = reports.WITHIN_DAYS,
    segment: Annotated[
        str | None,
        Query(
            max_length=64,
            description="A segment: the report is about those who are members of it now, whatever "
            "they did when. `*`: about each segment, one beside the other.",
        ),
    ] = None,
) -> Response[ReportAnswer | str]:
    """Read a report on a period.

    Answers JSON; send `Accept: text/csv` for CSV, or `Accept: text/html` for a page to keep and
    print.
    """
    report = reports.report(name)
    if report.is_for_managers and "manager" not in api.principal.roles:
        raise Forbidden("Only managers can read what their colleagues did")
    require_period(first, last, pointer="/query/to")
    as_of = clock.now()
    programs = desk.shelf(settings(ReportingSettings).table)
    document = programs.in_force(program_id, now=as_of).document
    period = ReportPeriod(
        first=first,
        last=last,
        zone=document.zone,
        as_of=as_of,
        by=by,
        within_days=within_days,
    )
    segments: tuple[Segment, ...] = ()
    run = None
    if segment is not None:
        require_narrowable(report=name, facts=None, pointer=SEGMENT_PLACE)
        run = segment_runs(program_id).last()
        segments = chosen_segments(segment, document=document, run=run, pointer=SEGMENT_PLACE)
    try:
        table = tabled(
            report,
            period,
            program_id=program_id,
            document=document,
            segments=segments,
            is_beside=segment == EACH,
        )
    except TooLarge as refusal:
        raise TooLarge(
            f"{refusal.detail} As a file it has more room: "
            f"POST /v1/programs/{program_id}/reports/exports."
        ) from refusal
    form = _preferred(api.event.headers.get("accept", ""))
    if form == "text/csv":
        return _csv(table, name=f"{name}_{first}_{last}", as_of=as_of)
    answer = report_answer(
        report, table, period, document=document, segments=report_segments(segments, run)
    )
    if form == "text/html":
        return _html(report_pages.page(answer.model_dump(mode="json")))
    return reply(answer)


def tabled(
    report: Report,
    period: ReportPeriod,
    *,
    program_id: str,
    document: Program,
    segments: tuple[Segment, ...],
    is_beside: bool,
) -> Table:
    """The rows of a report: of all members, of those of a segment, or of each of several."""
    needed = columns.read_by(report.name, is_narrowed=bool(segments))
    facts = mirror().fetch(program_id, tuple(needed), columns=needed, zone=document.zone)
    members = members_of(segments, snapshots(program_id)) if segments else ()
    if is_beside:
        return reports.run_beside(
            report,
            period,
            facts=facts,
            document=document,
            segments=members,
            connect=engine().over,
        )
    return reports.run(
        report,
        period,
        facts=facts,
        document=document,
        among=members[0] if members else None,
        connect=engine().over,
    )


@api.get(
    "/entries/<entry_id>",
    allow={"analyst", "cashier", "manager"},
    refuses=(NotFound, TooLarge),
)
def find_entry(program_id: ProgramId, entry_id: PathId) -> EntryFound:
    """Find whose an entry is, by its id.

    An entry is found within two minutes after it was recorded. All of it is in the history of the
    member.
    """
    now = clock.now()
    programs = desk.shelf(settings(ReportingSettings).table)
    document = programs.in_force(program_id, now=now).document
    found = entry_lookup.find_entry(
        entry_id,
        facts=mirror().fetch(program_id, entry_lookup.COLUMNS, columns=entry_lookup.COLUMNS),
        document=document,
        now=now,
        connect=engine().over,
    )
    if found is None:
        raise NotFound("There is no such entry, or it was recorded less than two minutes ago")
    return entry_found(found)


@api.get("/segments", allow={"analyst", "manager"})
def list_segments(program_id: ProgramId) -> SegmentList:
    """List the segments of the program, and how many members each has.

    They are counted every hour, and within minutes after a definition was published.
    """
    return segment_list(document_of(program_id), segment_runs(program_id).last())


@api.get(
    "/segments/<segment_id>/members",
    allow={"analyst", "manager"},
    refuses=(InvalidCursor, WrongState),
)
def list_segment_members(
    program_id: ProgramId, segment_id: PathId, limit: PageLimit = 50, cursor: Cursor = None
) -> SegmentMemberPage:
    """List the members of a segment, as they were found last.

    Nobody writes down who is in a segment that asks about profiles.
    """
    segment = next((s for s in document_of(program_id).segments if s.id == segment_id), None)
    if segment is None:
        raise NotFound("There is no such segment")
    if not segment.is_computed:
        raise WrongState("It asks about profiles, and nobody writes down who fits")
    of = f"segment {program_id} {segment_id}"
    start = page_start(cursor, of=of, like=is_member_id)
    snapshot = snapshots(program_id).latest()
    found = snapshot.members(segment, limit=limit + 1, after=start) if snapshot else ()
    page = found[:limit]
    return SegmentMemberPage(
        items=[segment_member_answer(each) for each in page],
        next_cursor=next_cursor(page[-1].member_id if len(found) > limit else None, of=of),
        as_of=snapshot.as_of if snapshot else None,
    )


@api.post("/segments/count", allow={"analyst", "manager"}, refuses=(TooLarge,))
def count_segment_members(
    program_id: ProgramId, request: Annotated[SegmentCountRequest, Body()]
) -> SegmentCount:
    """Count the members that a definition fits now.

    It need not be published. Levels, surveys and lists are those of the program in force.
    """
    document = document_of(program_id)
    segment = request.segment(document)
    members = snapshots(program_id).counted(document, segment, now=clock.now())
    return SegmentCount(members=members)


@api.post(
    "/trials/holdout",
    allow={"analyst", "manager"},
    refuses=(TooLarge, TryAgain, WrongState),
)
def try_holdout(
    program_id: ProgramId, request: Annotated[HoldoutTrialRequest, Body()]
) -> HoldoutTrialAnswer:
    """Say how small an effect of a campaign its holdout could show.

    It follows from how much purchases differ from member to member: in the same days a year before,
    or if hardly anybody was a member then, in the latest days.
    """
    document, now = document_of(program_id), clock.now()
    periods = request.periods(today=document.today(now))
    among: tuple[SegmentMembers, ...] = ()
    if request.segment is not None:
        run, place = segment_runs(program_id).last(), "/segment"
        chosen = chosen_segments(request.segment, document=document, run=run, pointer=place)
        among = members_of(chosen, snapshots(program_id))
    spread = purchase_spread.KINDS
    needed = columns.of_query(
        purchase_spread.SQL,
        spread,
        purchase_spread.parameters(*periods[0], zone=document.zone),
        is_narrowed=bool(among),
    )
    with (
        reports.querying(
            mirror().fetch(program_id, tuple(needed), columns=needed),
            kinds=tuple(needed),
            document=document,
            zone=document.zone,
            until=document.today(now),
            connect=engine().over,
        ) as connected,
        narrowing.narrowed(connected, spread, *among) if among else nullcontext(),
    ):
        compared = purchase_spread.compared(connected, periods, zone=document.zone)
    everywhere = document.universal_holdout
    effect = least_effect(
        compared.purchases,
        members=compared.members_now,
        held_out_percent=request.percent,
        elsewhere_percent=everywhere.percent if everywhere else 0,
    )
    return holdout_trial_answer(
        effect, compared.purchases, days=compared.days, currency=document.currency
    )


def document_of(program_id: str) -> Program:
    programs = desk.shelf(settings(ReportingSettings).table)
    return programs.in_force(program_id, now=clock.now()).document


def segment_runs(program_id: str) -> TableSegmentRuns:
    return TableSegmentRuns(table_engine(settings(ReportingSettings).table), program_id=program_id)


def snapshots(program_id: str) -> SegmentSnapshots:
    lake = Lake(clients.s3(), bucket=settings(ReportingSettings).lake_bucket)
    return SegmentSnapshots(lake, program_id=program_id, mirror=mirror())


def _html(page: HtmlPage) -> Response[Any]:
    return html_page(page.html, policy=page.policy, compress=True)


@cache
def mirror() -> Mirror:
    """This container's copy of the lake, in a folder that is deleted with the container."""
    return Mirror(
        clients.s3(),
        bucket=settings(ReportingSettings).lake_bucket,
        root=FilePath(tempfile.mkdtemp(prefix="lake-")),
    )


@cache
def engine() -> ReportEngine:
    return ReportEngine()


def _preferred(accept: str) -> str:
    """The form that a client prefers."""
    weights = {
        media.strip().lower(): float(weight or 1)
        for media, weight in re.findall(
            r"([^,;]+)(?:;\s*q=([01](?:\.\d{0,3})?))?[^,]*", accept, re.IGNORECASE
        )
    }
    return max(FORMS, key=lambda form: weights.get(form, 0))


def _csv(table: Table, *, name: str, as_of: datetime) -> Response[Any]:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(column.name for column in table.columns)
    rows.writerows(map(as_text, row) for row in table.rows)
    return Response(
        status_code=200,
        content_type="text/csv; charset=utf-8",
        body=written.getvalue(),
        headers={
            "content-disposition": f'attachment; filename="{name}.csv"',
            "loyalty-as-of": rfc3339(as_of),
        },
    )
