"""What a replay of one world adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.kernel.limits import BUDGET
from loyalty.domain.trials.sums import (
    BudgetMinute,
    Cell,
    Dimension,
    Measure,
    WorldName,
    minute_of,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from loyalty.domain.campaigns.limits import LimitUse
    from loyalty.domain.facts import CountedUse
    from loyalty.domain.ledger.holding import Holding
    from loyalty.domain.trials.rules import Rules

_BY_LEVEL: Final = frozenset({"orders", "issued", "taken_back"})


@dataclass(slots=True)
class Tally:
    """The sums of one person in one world. Before the period begins, only budgets are counted."""

    world: WorldName
    rules: Rules
    cells: Counter[Cell] = field(default_factory=Counter)
    taken: Counter[BudgetMinute] = field(default_factory=Counter)
    is_begun: bool = False
    _counted_at: datetime | None = None
    _month: str = ""

    def count(
        self, measure: Measure, amount: int, moment: datetime, *, level: str | None = None
    ) -> None:
        """Count something for everybody, and by level where that makes sense."""
        self.add(measure, amount, "all", "", moment)
        if measure in _BY_LEVEL:
            self.add(measure, amount, "level", level or "", moment)

    def add(
        self, measure: Measure, amount: int, dimension: Dimension, value: str, moment: datetime
    ) -> None:
        if amount and self.is_begun:
            if self._counted_at != moment:
                # An order counts several times at the same moment.
                day = self.rules.in_force(moment).document.today(moment)
                self._counted_at, self._month = moment, day.isoformat()[:7]
            self.cells[Cell(self.world, measure, dimension, value, self._month)] += amount

    def count_move(self, kind: str, change: int, moment: datetime) -> None:
        """Count what an entry of a kind moved that was not decided again."""
        match kind:
            case "redemption":
                self.count("spent", -change, moment)
            case "return":
                self.count("returned", change, moment)
            case "contribution":
                self.count("spent", max(0, -change), moment)
                self.count("returned", max(0, change), moment)
            case "clawback" | "edit":
                self.count("issued", max(0, change), moment)
                self.count("taken_back", max(0, -change), moment)
            case _:
                self.count("other", change, moment)

    def count_what_is_left(self, holding: Holding, moment: datetime) -> None:
        """Count what an account holds at the end, by when it expires."""
        for lot, points in holding.lots.items():
            self.add("available", points, "expires_in", _month(lot), moment)
        for dates, points in holding.pending.items():
            self.add("pending", points, "expires_in", _month(dates.expires_on), moment)
        self.add("debt", -holding.debt, "expires_in", "", moment)

    def take_of_budgets(self, uses: Iterable[LimitUse | CountedUse], moment: datetime) -> None:
        """Count what an entry took of budgets, or gave back."""
        for use in uses:
            if use.limit.startswith(BUDGET):
                self.taken[BudgetMinute(use.limit, minute_of(moment))] += use.amount


def _month(last_day: date) -> str:
    return "" if last_day == NEVER else last_day.isoformat()[:7]
