"""Budgets that were found short: remembered for a moment, so that orders read them first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from loyalty.domain.campaigns.limits import CampaignPeriod

REMEMBERED_FOR: Final = timedelta(seconds=30)


class ShortBudgets:
    """Budgets of any program that orders found short in the last half minute.

    An order takes from a budget without a read. If too little is left, its transaction is refused,
    and costs as much as if it were not. While a budget is short, most orders would be.
    """

    def __init__(self) -> None:
        self._until: dict[tuple[str, CampaignPeriod], datetime] = {}

    def note(self, program_id: str, budgets: Iterable[CampaignPeriod], *, now: datetime) -> None:
        """Remember that budgets were short."""
        self._until = {budget: until for budget, until in self._until.items() if now < until}
        self._until |= {(program_id, budget): now + REMEMBERED_FOR for budget in budgets}

    def among(
        self, program_id: str, budgets: Iterable[CampaignPeriod], *, now: datetime
    ) -> Collection[CampaignPeriod]:
        """Those of some budgets that are remembered."""
        return [each for each in budgets if now < self._until.get((program_id, each), now)]
