"""The limits of campaigns: how much is left, and what an order takes of them and gives back.

A limit gets back what a refund really took back from the member, and never what was forgiven. So
buying, spending, returning and buying again does not open it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loyalty.domain.kernel.calendar import NEVER, last_day_of, period_on
from loyalty.domain.kernel.limits import BUDGET
from loyalty.domain.orders.order import BACKDATED_DAYS_MAX

if TYPE_CHECKING:
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import PointValue, Program
    from loyalty.domain.program.kinds import BudgetPeriod, MemberPeriod


# The name of the only period of a limit for the whole campaign.
WHOLE_CAMPAIGN: Final = "all"
# How the name of a limit in orders ends. Alone it is the number of a member's orders.
ORDERS: Final = "#orders"


class LimitUse(NamedTuple):
    """A signed change to what is used of a limit: points, or orders of a member's limit."""

    limit: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCap:
    """The limits of a campaign for one member in the period of a day, by the names they count by.

    `points_max` and `orders_max` are None where there is no such limit.
    """

    campaign_id: str
    period: str
    points_name: str
    orders_name: str
    points_max: int | None
    orders_max: int | None

    @property
    def maxima(self) -> tuple[tuple[str, int], ...]:
        """Each limit by its name."""
        both = ((self.points_name, self.points_max), (self.orders_name, self.orders_max))
        return tuple((name, most) for name, most in both if most is not None)

    def room(self, used: Mapping[str, int], *, had: int) -> int | None:
        """The points that it leaves an order which has `had` points already; None: no end."""
        orders_max = self.orders_max
        if not had and orders_max is not None and used.get(self.orders_name, 0) >= orders_max:
            return 0
        if self.points_max is None:
            return None
        return max(0, self.points_max - used.get(self.points_name, 0))


class CampaignPeriod(NamedTuple):
    """A campaign, and a period of its budget."""

    campaign_id: str
    period: str

    @property
    def name(self) -> str:
        """How the budget is named among the limits of an entry."""
        return f"{BUDGET}{self.campaign_id}#{self.period}"


class CampaignBudget(NamedTuple):
    """The budget of a campaign in the period of a day, in points."""

    campaign_id: str
    period: str
    points: int

    @property
    def of(self) -> CampaignPeriod:
        return CampaignPeriod(self.campaign_id, self.period)

    @property
    def name(self) -> str:
        return self.of.name


def period_of(per: MemberPeriod | BudgetPeriod, day: date) -> str:
    """The name of the period of a day, as stored: that of the calendar, or `WHOLE_CAMPAIGN`."""
    match per:
        case "order" | "campaign":
            return WHOLE_CAMPAIGN
        case of_calendar:
            return period_on(of_calendar, day)


def period_ends_on(period: str) -> date:
    """The last day of a period by its name; NEVER for the whole campaign."""
    return NEVER if period == WHOLE_CAMPAIGN else last_day_of(period)


def is_forgotten(period: str, *, today: date) -> bool:
    """Whether an account no longer counts what was used in a period: no order can come so late."""
    return (today - period_ends_on(period)).days > BACKDATED_DAYS_MAX


def member_cap(campaign: Campaign, day: date) -> MemberCap | None:
    """The limit of a campaign for each member; None if it has none that lasts beyond an order."""
    limit = campaign.limits.per_member
    if limit is None or limit.per == "order":
        return None
    period = period_of(limit.per, day)
    name = f"{campaign.id}#{period}"
    return MemberCap(
        campaign_id=campaign.id,
        period=period,
        points_name=name,
        orders_name=name + ORDERS,
        points_max=limit.points,
        orders_max=limit.orders,
    )


def budget_of(campaign: Campaign, value: PointValue | None, day: date) -> CampaignBudget | None:
    """The budget of a campaign on a day; money is worth points by the program's own value."""
    budget = campaign.limits.budget
    if budget is None:
        return None
    points = budget.points
    if points is None:
        points = (budget.amount_minor or 0) * value.per_points // value.amount_minor if value else 0
    return CampaignBudget(campaign.id, period_of(budget.per, day), points)


class LimitRoom(NamedTuple):
    """The points that a campaign may still give an order, and the limit that leaves no more."""

    limit: Literal["cap", "budget"]
    points: int


def rooms(
    program: Program,
    day: date,
    *,
    today: date,
    used: Mapping[str, int],
    left: Mapping[str, int] = MappingProxyType({}),
    had: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, LimitRoom]:
    """The points that each campaign with a limit may still give an order of a day.

    `used` is what the member used of each limit. Of a period that is no longer counted nothing is
    left; only an order that was claimed late can be of such a period. `left` is what each budget
    has left, as far as it was read; a budget that was not read is taken to be whole. `had` are the
    points that the order has already.
    """
    found: dict[str, LimitRoom] = {}
    for campaign in program.campaigns:
        room: list[LimitRoom] = []
        cap = member_cap(campaign, day)
        if cap and is_forgotten(cap.period, today=today):
            room.append(LimitRoom("cap", 0))
        elif cap and (of_member := cap.room(used, had=had.get(campaign.id, 0))) is not None:
            room.append(LimitRoom("cap", of_member))
        if budget := budget_of(campaign, program.point_value, day):
            room.append(LimitRoom("budget", max(0, left.get(budget.name, budget.points))))
        if room:
            found[campaign.id] = min(room, key=lambda each: each.points)
    return found


def is_limited(campaign: Campaign) -> bool:
    """Whether what it gives is counted, for a member or for all."""
    member = campaign.limits.per_member
    return campaign.limits.budget is not None or (member is not None and member.per != "order")


def outstanding(
    program: Program,
    *,
    before: Mapping[str, int],
    after: Mapping[str, int],
    counted: Mapping[str, int],
    taken_back: tuple[int, int] = (1, 1),
) -> dict[str, int]:
    """What campaigns have given a member after an order gives other points than before.

    It is what counts in their limits, and what they cost. `counted` is what counted before, by
    campaign: at least what the order then gave. `taken_back` is the share of all decreases that was
    really taken back from the member, as a numerator and a denominator. A campaign that rises
    counts only what is beyond what counts already: points that were forgiven count from then on.
    """
    taken, of = taken_back
    result: dict[str, int] = {}
    for campaign in program.campaigns:
        now, then = after.get(campaign.id, 0), before.get(campaign.id, 0)
        counts = counted.get(campaign.id, 0)
        if now > then:
            counts = max(counts, now)
        elif now < then:
            counts -= (then - now) * taken // of
        if counts:
            result[campaign.id] = counts
    return result


def uses(
    program: Program, day: date, *, today: date, before: Mapping[str, int], after: Mapping[str, int]
) -> tuple[LimitUse, ...]:
    """The changes to every limit when an order of a day counts other points than before.

    Limits of a member in a period that is no longer counted are left out.
    """
    return tuple(_uses(program, day, today, before, after))


def together(*several: Iterable[LimitUse]) -> tuple[LimitUse, ...]:
    """Uses of limits added up, each limit once."""
    sums: Counter[str] = Counter()
    for one in several:
        for limit, amount in one:
            sums[limit] += amount
    return tuple(LimitUse(limit, amount) for limit, amount in sums.items() if amount)


def _uses(
    program: Program, day: date, today: date, before: Mapping[str, int], after: Mapping[str, int]
) -> Iterator[LimitUse]:
    for campaign in program.campaigns:
        then, now = before.get(campaign.id, 0), after.get(campaign.id, 0)
        if then == now:
            continue
        cap = member_cap(campaign, day)
        if cap and not is_forgotten(cap.period, today=today):
            if cap.points_max is not None:
                yield LimitUse(cap.points_name, now - then)
            if cap.orders_max is not None and bool(then) != bool(now):
                yield LimitUse(cap.orders_name, 1 if now else -1)
        if budget := budget_of(campaign, program.point_value, day):
            yield LimitUse(budget.name, now - then)
