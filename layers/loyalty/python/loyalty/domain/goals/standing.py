"""Where a goal stands: its value, where it should be by now, where it will end, and its state.

A goal is judged by the figure on the last day that is over. Where the program has the same days a
year ago, the rest of the goal's time is expected to go as it went then; otherwise evenly.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from loyalty.domain.program.goal_reach import Figure
    from loyalty.domain.program.goals import Goal

GoalState = Literal["on_track", "at_risk", "missed", "reached"]
ForecastBasis = Literal["last_year", "even"]

# In the first days a figure says little of how it will end.
FIRST_DAYS: Final = 7
# A goal whose forecast is barely short does not change its state from day to day.
SLACK: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The figures of a goal in its own unit, and in percent if it is a rate.

    `value` is its figure from the first day to `day`, `at_start` that of the day before the first.
    `year_ago_so_far` and `year_ago` are the figures of the same days a year ago, to the same day
    and to the last one. None: not known.
    """

    day: date
    value: Figure
    at_start: Figure
    year_ago_so_far: Figure
    year_ago: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalStanding:
    """Where a goal stands after `day`.

    `expected` is where it would be by now on its way to the target, `forecast` where it will end,
    and `per_day` what has to come on each day that is left to reach the target, or may come without
    passing it; None for a rate, and when no day is left. `changes` counts how often its state
    changed. `of` is a digest of the goal, so a changed goal starts over.
    """

    goal_id: str
    of: str
    day: date
    value: int
    target: int
    by: date
    expected: int
    forecast: int
    per_day: int | None
    basis: ForecastBasis
    state: GoalState
    changes: int = 0
    evaluated_at: datetime


def digest_of(goal: Goal) -> str:
    """A digest of what a goal asks for; its name may change."""
    content = goal.model_dump_json(exclude={"name"})
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def last_measured_day(goal: Goal, today: date) -> date | None:
    """The last day of a goal that is over; None: it has not begun."""
    day = min(goal.by, today - timedelta(days=1))
    return day if day >= goal.starts_on else None


def standing(
    goal: Goal, measured: Measured, *, before: GoalStanding | None, now: datetime
) -> GoalStanding | None:
    """Where a goal stands; None if its figure is not known.

    `before` is where it stood at the last evaluation.
    """
    if measured.value is None:
        return None
    value, at_start = measured.value, measured.at_start or 0
    elapsed = (measured.day - goal.starts_on).days + 1
    first = 0 if goal.kind == "flow" else at_start
    shape = _shape(measured)
    if shape is not None:
        forecast = value / shape
        expected = goal.target * shape
    elif goal.kind == "rate":
        forecast, expected = value, goal.target
    else:
        forecast = first + (value - first) * goal.days / elapsed
        expected = first + (goal.target - first) * elapsed / goal.days
    last = before if before and before.of == digest_of(goal) else None
    state = _state(goal, value=value, forecast=forecast, elapsed=elapsed, last=last)
    changed = state != (last.state if last else "on_track")
    return GoalStanding(
        goal_id=goal.id,
        of=digest_of(goal),
        day=measured.day,
        value=round(value),
        target=goal.target,
        by=goal.by,
        expected=round(expected),
        forecast=round(forecast),
        per_day=_per_day(goal, value, days=goal.days - elapsed),
        basis="even" if shape is None else "last_year",
        state=state,
        changes=(last.changes if last else 0) + changed,
        evaluated_at=now,
    )


def _per_day(goal: Goal, value: float, *, days: int) -> int | None:
    if goal.kind == "rate" or not days:
        return None
    missing = goal.target - round(value)
    # Rounded up: so many each day suffice. Rounded down: so many each day are not too many.
    return max(0, -(-missing // days)) if goal.direction == "at_least" else missing // days


def _shape(measured: Measured) -> float | None:
    """The part of its last figure that a goal had by this day a year ago; None: not known."""
    so_far, whole = measured.year_ago_so_far, measured.year_ago
    if not so_far or not whole or so_far < 0 or whole < 0:
        return None
    return so_far / whole


def _state(
    goal: Goal, *, value: float, forecast: float, elapsed: int, last: GoalStanding | None
) -> GoalState:
    is_over = elapsed >= goal.days
    sign = 1 if goal.direction == "at_least" else -1
    if is_over:
        return "reached" if sign * (value - goal.target) >= 0 else "missed"
    if goal.direction == "at_least" and goal.kind != "rate" and value >= goal.target:
        return "reached"
    if goal.direction == "at_most" and goal.kind == "flow" and value > goal.target:
        return "missed"
    short = sign * (goal.target - forecast)
    if last and last.state == "at_risk":
        return "at_risk" if short > 0 else "on_track"
    is_early = elapsed < min(FIRST_DAYS, goal.days)
    return "at_risk" if short > SLACK * goal.target and not is_early else "on_track"
