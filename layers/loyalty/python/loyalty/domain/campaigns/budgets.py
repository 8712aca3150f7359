"""Budgets of campaigns, each spread over shards so that orders seldom meet on one item.

A shard may use its share of the budget of the version in force, so a budget is raised by publishing
a higher one. An order takes from its own shard without a read. Only if that has too little left,
all shards are read, and the order takes what it gets from those that have some. What it gives back
goes to its own shard, which may fall below zero: that is room, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from loyalty.domain.campaigns.limits import CampaignBudget, LimitUse, budget_of
from loyalty.domain.kernel.limits import BUDGET
from loyalty.domain.kernel.shards import SHARDS, own_shard, share_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.kinds import BudgetPeriod

# What each shard of a budget used, by the budget's name.
type ShardsUsed = Mapping[str, tuple[int, ...]]

type SpentPercent = Literal[80, 100]
SPENT_PERCENTS: Final[tuple[SpentPercent, ...]] = get_args(SpentPercent.__value__)

# A budget is looked at each time that a shard used up a fiftieth of its share: what is noted at
# 80 % is noted before 82 %, and at 100 % at once.
MARKS: Final = 50


@dataclass(frozen=True, slots=True)
class BudgetTaken:
    """Points that an order takes from a shard of a budget (negative: gives back)."""

    budget: CampaignBudget
    shard: int
    points: int

    @property
    def share(self) -> int:
        """What the shard has of the budget."""
        return share_of(self.budget.points, self.shard)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetShard:
    """A shard of a budget as it is stored: what was used of it, and the budget that it is of."""

    budget: CampaignBudget
    shard: int
    used: int

    def passes_mark(self, before: BudgetShard | None) -> bool:
        """Whether the shard used up another part of its share, so that all are to be looked at.

        Before any shard does, all together use at most as much as one part of the whole budget.
        """
        used_before = before.used if before else 0
        if self.used <= used_before:
            return False
        share = share_of(self.budget.points, self.shard)
        return not share or self.used * MARKS // share > used_before * MARKS // share


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpent:
    """That a budget was spent to a percentage, noted once."""

    budget: CampaignBudget
    percent: SpentPercent
    left: int
    spent_at: datetime


class BudgetWorth(NamedTuple):
    """A budget in money, and what the points used and left are worth, in minor units.

    Points count by the program's value of a point, rounded down.
    """

    amount_minor: int
    used_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStatus:
    """What was used of a budget in a period, and what orders can still get, in points.

    `money` is None for a budget in points.
    """

    per: BudgetPeriod
    points: int
    used: int
    left: int
    money: BudgetWorth | None = None


def budget_status(
    campaign: Campaign, program: Program, day: date, used: ShardsUsed
) -> BudgetStatus | None:
    """The budget of a campaign in the period of a day; None if it has none."""
    limit, value = campaign.limits.budget, program.point_value
    budget = budget_of(campaign, value, day)
    if limit is None or budget is None:
        return None
    shards = used[budget.name]
    points_used = max(0, sum(shards))
    left = left_in(budget, shards)
    money = None
    if limit.amount_minor is not None and value is not None:
        used_minor, left_minor = (
            points * value.amount_minor // value.per_points for points in (points_used, left)
        )
        money = BudgetWorth(limit.amount_minor, used_minor, left_minor)
    return BudgetStatus(
        per=limit.per, points=budget.points, used=points_used, left=left, money=money
    )


def budgets_on(program: Program, day: date) -> dict[str, CampaignBudget]:
    """The budgets that orders of a day take from, by their names."""
    found = (budget_of(each, program.point_value, day) for each in program.campaigns)
    return {budget.name: budget for budget in found if budget}


def left_in(budget: CampaignBudget, shards: tuple[int, ...]) -> int:
    """What a budget has left, by what its shards used: what orders can still get.

    After a budget was lowered, some shards may have used more than their share. Then others do not
    give what is left of theirs, as far as they are read.
    """
    of_shards = sum(_room(budget, shard, used) for shard, used in enumerate(shards))
    return min(of_shards, max(0, budget.points - sum(shards)))


def left_of(budgets: Mapping[str, CampaignBudget], used: ShardsUsed) -> dict[str, int]:
    """What budgets have left, of those whose shards were read."""
    return {
        name: left_in(budget, shards)
        for name, budget in budgets.items()
        if (shards := used.get(name)) is not None
    }


def shards_leaving(budget: CampaignBudget, points: int) -> tuple[int, ...]:
    """What its shards used, if a budget has so many points left."""
    first, *others = (share_of(budget.points, shard) for shard in range(SHARDS))
    return (first - points, *others)


def spent(
    budget: CampaignBudget, shards: tuple[int, ...], *, seen_at: datetime
) -> list[BudgetSpent]:
    """The percentages to which a budget is spent, by what its shards used."""
    left = left_in(budget, shards)
    return [
        BudgetSpent(budget=budget, percent=percent, left=left, spent_at=seen_at)
        for percent in SPENT_PERCENTS
        if left * 100 <= (100 - percent) * budget.points
    ]


def takes(
    order: OrderRef,
    budgets: Mapping[str, CampaignBudget],
    uses: Iterable[LimitUse],
    used: ShardsUsed,
) -> tuple[BudgetTaken, ...]:
    """What the uses of an order take from each shard, and give back."""
    return tuple(
        taken
        for limit, points in uses
        if limit.startswith(BUDGET) and limit in budgets and points
        for taken in _takes(order, budgets[limit], points, used.get(limit))
    )


def _takes(
    order: OrderRef, budget: CampaignBudget, points: int, used: tuple[int, ...] | None
) -> Iterator[BudgetTaken]:
    own = own_shard(f"{order.source}#{order.order_id}")
    if points < 0 or used is None:
        yield BudgetTaken(budget, own, points)
        return
    for shard in ((own + step) % SHARDS for step in range(SHARDS)):
        part = min(points, _room(budget, shard, used[shard]))
        if part:
            points -= part
            yield BudgetTaken(budget, shard, part)


def _room(budget: CampaignBudget, shard: int, used: int) -> int:
    return max(0, share_of(budget.points, shard) - used)
