"""Lists of what staff did: in a program, to a member, and in the whole deployment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.staff.actions import ActionName, ActionTarget, StaffAction
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import TableSettings, open_actions
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Query
from loyalty.edge.http.periods import ReportDay, require_period
from loyalty.edge.models.actions import TARGET, StaffActionPage, action_answers, action_target
from loyalty.edge.settings import settings
from loyalty.table.positions import is_listed
from loyalty.table.staff import TableStaff

DAYS: Final = 30

FirstDay = Annotated[
    ReportDay | None,
    Query(alias="from", description="The first day; if left out, 30 days before the last."),
]
LastDay = Annotated[
    ReportDay | None, Query(alias="to", description="The last day; if left out, today.")
]
ByPerson = Annotated[
    str | None, Query(max_length=256, description="The subject (`sub`) of a person's token.")
]
OfName = Annotated[ActionName | None, Query(description="What was done.")]
AboutTarget = Annotated[
    str | None,
    Query(
        pattern=TARGET,
        description="What it is about: a kind and an id, such as `member:mem_123`.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFilter:
    """Which actions are listed: of some days, and by whom, what, and about what if that is said.

    `of_members` are the ids that one member has had; they take the place of a target.
    """

    first: date | None
    last: date | None
    by: str | None = None
    name: ActionName | None = None
    target: str | None = None
    of_members: Sequence[str] = ()

    def matches(self, action: StaffAction) -> bool:
        return self.by in (None, action.by) and self.name in (None, action.name)

    @property
    def targets(self) -> Sequence[ActionTarget]:
        if self.of_members:
            return [ActionTarget("member", each) for each in self.of_members]
        return [action_target(self.target)] if self.target is not None else []


def list_actions(
    program_id: str,
    chosen: ActionFilter,
    *,
    zone: ZoneInfo,
    now: datetime,
    limit: int,
    cursor: str | None,
) -> StaffActionPage:
    """A page of actions, newest first, with the names of those who acted.

    Raises:
        ValidationFailed: the days are no period.
        InvalidCursor: the cursor does not belong to this list.
    """
    end = chosen.last or now.astimezone(zone).date()
    begin = chosen.first or end - timedelta(days=DAYS)
    require_period(begin, end, pointer="/query/to")
    about = " ".join(chosen.of_members) or chosen.target
    of = f"actions {program_id} {begin} {end} {chosen.by} {chosen.name} {about}"
    page = open_actions(program_id).listed(
        since=midnight(begin, zone),
        until=midnight(end + timedelta(days=1), zone),
        targets=chosen.targets,
        matches=chosen.matches,
        limit=limit,
        start=page_start(cursor, of=of, like=is_listed),
    )
    staff = TableStaff(engine(settings(TableSettings).table), program_id=program_id)
    return StaffActionPage(
        items=action_answers(page.items, people=staff.of([action.by for action in page.items])),
        next_cursor=next_cursor(page.next, of=of),
    )
