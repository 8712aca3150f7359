"""Budgets over shards: taken to the last point, never more, and noted when they are spent."""

from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.budgets import BudgetShard, left_in, spent, takes
from loyalty.domain.campaigns.limits import CampaignBudget, CampaignPeriod, LimitUse
from loyalty.domain.campaigns.short_budgets import REMEMBERED_FOR, ShortBudgets
from loyalty.domain.kernel.shards import SHARDS, share_of
from loyalty.domain.orders.order import OrderRef

NOON: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WIN_BACK: Final = CampaignPeriod("win-back", "all")


def budget_of(points: int) -> CampaignBudget:
    return CampaignBudget("win-back", "all", points)


def moved(
    budget: CampaignBudget, used: list[int], order_id: str, points: int
) -> list[tuple[BudgetShard, BudgetShard | None]]:
    """What an order takes or gives back, shard by shard, as the stream shows it."""
    points = min(points, left_in(budget, tuple(used)))
    changes = []
    for taken in takes(
        OrderRef("pos", order_id),
        {budget.name: budget},
        [LimitUse(budget.name, points)],
        {budget.name: tuple(used)},
    ):
        before = BudgetShard(budget=budget, shard=taken.shard, used=used[taken.shard])
        used[taken.shard] += taken.points
        after = BudgetShard(budget=budget, shard=taken.shard, used=used[taken.shard])
        assert taken.points < 0 or after.used <= taken.share
        changes.append((after, before if before.used else None))
    return changes


@given(
    st.integers(1, 5000),
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(-100, 900)), max_size=60),
)
def test_a_budget_is_noted_before_82_percent_and_with_its_last_point_and_never_too_early(
    points: int, orders: list[tuple[int, int]]
) -> None:
    budget, used = budget_of(points), [0] * SHARDS
    noted: set[int] = set()
    for name, amount in orders:
        changes = moved(budget, used, f"{name}", amount)
        left = left_in(budget, tuple(used))
        if any(after.passes_mark(before) for after, before in changes):
            now = {each.percent for each in spent(budget, tuple(used), seen_at=NOON)}
            assert 80 not in now or left * 100 <= 20 * points
            assert (100 in now) == (left == 0)
            noted |= now
        rises = amount > 0 and changes
        assert 80 in noted or not rises or left * 100 > 18 * points - 100 * SHARDS
        assert 100 in noted or not rises or left > 0


def test_only_a_shard_that_rises_past_a_mark_is_looked_at() -> None:
    budget = budget_of(16_000)

    def passes(used: int, before: int | None, *, shard: int = 0) -> bool:
        return BudgetShard(budget=budget, shard=shard, used=used).passes_mark(
            None if before is None else BudgetShard(budget=budget, shard=shard, used=before)
        )

    assert share_of(budget.points, 0) == 1000
    assert [passes(19, None), passes(20, None), passes(39, 20), passes(40, 39)] == [
        False,
        True,
        False,
        True,
    ]
    assert not passes(20, 40)
    assert not passes(20, 20)


def test_a_shard_without_a_share_that_was_used_before_the_budget_fell_is_looked_at() -> None:
    lowered = budget_of(1)

    assert BudgetShard(budget=lowered, shard=15, used=8).passes_mark(None)


def test_a_short_budget_is_remembered_for_half_a_minute() -> None:
    short = ShortBudgets()
    short.note("bean", [WIN_BACK], now=NOON)
    last = NOON + REMEMBERED_FOR - timedelta(seconds=1)

    assert list(short.among("bean", [WIN_BACK], now=last)) == [WIN_BACK]
    assert list(short.among("leaf", [WIN_BACK], now=last)) == []
    assert list(short.among("bean", [CampaignPeriod("other", "all")], now=last)) == []
    assert list(short.among("bean", [WIN_BACK], now=NOON + REMEMBERED_FOR)) == []
