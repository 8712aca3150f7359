"""How far a goal is from what has happened before: its change against past changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from loyalty.domain.program.goals import Goal

DAYS_OF_MONTH: Final = 365 / 12
# Of fewer changes nobody can say how much they differ.
WINDOWS_MIN: Final = 4

type Figure = int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureHistory:
    """The figures of past whole months, oldest first, by report and column.

    They are those of the months that were over on a day. Of a rate they are fractions of one.
    """

    day: date
    months: Mapping[tuple[str, str], Sequence[Figure]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The change that a goal needs, beside the past changes over as many months.

    Changes are in the direction of the goal. `usual` is their mean, `best` the largest, and
    `deviations` how many standard deviations `needed` is above the usual one.
    """

    months: int
    windows: int
    needed: int
    usual: int
    best: int
    deviations: float


def reach_of(goal: Goal, history: FigureHistory) -> Reach | None:
    """How far a goal is; None if too little has happened to say."""
    figures = _since_known(history.months.get((goal.report, goal.column), ()))
    months = max(1, round(goal.days / DAYS_OF_MONTH))
    scale = 100 if goal.kind == "rate" else 1
    if goal.kind == "flow":
        ends = range(months, len(figures) + 1)
        values: list[float] = [sum(figures[end - months : end]) for end in ends]
    else:
        values = [figure * scale for figure in figures]
    sign = 1 if goal.direction == "at_least" else -1
    changes = [
        sign * (after - before) for before, after in zip(values, values[months:], strict=False)
    ]
    if len(changes) < WINDOWS_MIN:
        return None
    # The module `statistics` would take longer to import than all else here.
    usual = sum(changes) / len(changes)
    spread = sqrt(sum((change - usual) ** 2 for change in changes) / len(changes))
    if not spread:
        return None
    needed = sign * (goal.target - values[-1])
    return Reach(
        months=months,
        windows=len(changes),
        needed=round(needed),
        usual=round(usual),
        best=round(max(changes)),
        deviations=(needed - usual) / spread,
    )


def _since_known(figures: Sequence[Figure]) -> list[int | float]:
    """The figures after the last one that is not known."""
    recent: list[int | float] = []
    for figure in figures:
        recent = [] if figure is None else [*recent, figure]
    return recent
