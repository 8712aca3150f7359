"""Budgets that are nearly or wholly spent are noted, once each; the note becomes an event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.campaigns.budgets import BudgetShard, spent

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import BudgetSpent
    from loyalty.domain.campaigns.limits import CampaignPeriod
    from loyalty.domain.changes import TableChange


class SpentBudgets(Protocol):
    """The budgets of all programs. Raises `TryAgain` when the table does not answer."""

    def used(self, program_id: str, budget: CampaignPeriod) -> tuple[int, ...]:
        """What each shard of a budget used, read strongly."""
        ...

    def note(self, program_id: str, spent: BudgetSpent) -> None:
        """Note that a budget was spent to a percentage; what was noted before stays."""
        ...


def note_spent(changes: Iterable[TableChange], *, budgets: SpentBudgets) -> None:
    """Look at the whole of each budget of which a shard used up another part of its share.

    The shard that is the last to be used up is one of them, and the others are read after it: so
    no budget is spent unnoticed. It may be repeated.

    Raises:
        TryAgain: the table did not answer.
    """
    latest: dict[tuple[str, CampaignPeriod], tuple[BudgetShard, datetime]] = {}
    for change in changes:
        match change.after, change.before:
            case BudgetShard() as after, (BudgetShard() | None) as before:
                if after.passes_mark(before):
                    latest[change.program_id, after.budget.of] = (after, change.made_at)
    for (program_id, period), (shard, made_at) in latest.items():
        used = budgets.used(program_id, period)
        for each in spent(shard.budget, used, seen_at=made_at):
            budgets.note(program_id, each)
