"""The budgets of campaigns in the table: each of their shards is an item."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from loyalty.domain.kernel.shards import SHARDS
from loyalty.table import keys
from loyalty.table.operations import (
    Absent,
    AnyOf,
    Assign,
    Increase,
    Missing,
    Put,
    Refused,
    Update,
    at_most,
)
from loyalty.table.records.budgets import budget_spent_to_item
from loyalty.table.records.parts import VERSION

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import BudgetSpent, BudgetTaken, ShardsUsed
    from loyalty.domain.campaigns.limits import CampaignPeriod
    from loyalty.table.engine import Engine
    from loyalty.table.operations import Condition


def read(engine: Engine, program_id: str, budgets: Collection[CampaignPeriod]) -> ShardsUsed:
    """What each shard of these budgets used, by the budget's name; read strongly."""
    shards = {
        keys.budget(program_id, *budget, str(shard)): (budget, shard)
        for budget in sorted(budgets)
        for shard in range(SHARDS)
    }
    used: dict[CampaignPeriod, list[int]] = {budget: [0] * SHARDS for budget in budgets}
    for key, item in engine.get_many(shards, strong=True).items():
        budget, shard = shards[key]
        used[budget][shard] = cast("int", item["used"])
    return {budget.name: tuple(of_shards) for budget, of_shards in used.items()}


def take(program_id: str, taken: BudgetTaken) -> Update:
    """Take points from a shard, or give them back."""
    budget = taken.budget
    left = taken.share - taken.points
    enough = at_most(("used",), left)
    # A shard that nobody used yet has its whole share, and no more.
    room: tuple[Condition, ...] = (
        (AnyOf((Missing(enough.path), enough)),) if left >= 0 else (enough,)
    )
    return Update(
        keys.budget(program_id, *budget.of, str(taken.shard)),
        actions=(
            Increase(("used",), taken.points),
            # Readers of the stream see how far the shard has come.
            Assign(("budget",), budget.points),
            Assign(("kind",), "budget"),
            Assign(("v",), VERSION),
        ),
        conditions=room if taken.points > 0 else (),
        creates=True,
    )


class TableBudgets:
    """Implements `SpentBudgets`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def used(self, program_id: str, budget: CampaignPeriod) -> tuple[int, ...]:
        return read(self._engine, program_id, [budget])[budget.name]

    def note(self, program_id: str, spent: BudgetSpent) -> None:
        key = keys.budget_spent(program_id, *spent.budget.of, f"{spent.percent:03}")
        with suppress(Refused):
            self._engine.write([Put(key, budget_spent_to_item(spent), (Absent(),))])
