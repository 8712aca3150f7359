"""Budgets of campaigns, each spread over shards so that orders seldom meet on one item.

A shard may use its share of the budget of the version in force, so a budget is raised by publishing
a higher one. An order takes from its own shard without a read. Only if that has too little left,
all shards are read, and the order takes what it gets from those that have some. What it gives back
goes to its own shard, which may fall below zero: that is room, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.campaigns.limits import CampaignBudget, LimitUse, budget_of
from loyalty.domain.kernel.limits import BUDGET
from loyalty.domain.kernel.shards import SHARDS, own_shard, share_of

if TYPE_CHECKING:
    from datetime import date

    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.program.campaigns import BudgetPeriod, Campaign
    from loyalty.domain.program.document import Program

# What each shard of a budget used, by the budget's name.
type ShardsUsed = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class BudgetTaken:
    """Points that an order takes from a shard (negative: gives back), out of the shard's share."""

    campaign_id: str
    period: str
    shard: int
    points: int
    share: int


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
    left = left_of({budget.name: budget}, {budget.name: shards})[budget.name]
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


def left_of(budgets: Mapping[str, CampaignBudget], used: ShardsUsed) -> dict[str, int]:
    """What budgets have left, of those whose shards were read."""
    return {
        name: sum(_room(budget, shard, shards[shard]) for shard in range(SHARDS))
        for name, budget in budgets.items()
        if (shards := used.get(name)) is not None
    }


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
        yield _taken(budget, own, points)
        return
    for shard in ((own + step) % SHARDS for step in range(SHARDS)):
        part = min(points, _room(budget, shard, used[shard]))
        if part:
            points -= part
            yield _taken(budget, shard, part)


def _taken(budget: CampaignBudget, shard: int, points: int) -> BudgetTaken:
    part = share_of(budget.points, shard)
    return BudgetTaken(budget.campaign_id, budget.period, shard, points, part)


def _room(budget: CampaignBudget, shard: int, used: int) -> int:
    return max(0, share_of(budget.points, shard) - used)
