"""Whether a goal is SMART: specific, measurable, achievable, relevant and time-bound.

What makes a goal impossible to measure is a fault. What makes it unwise is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.goal_reach import reach_of
from loyalty.domain.program.goals import GOAL_DAYS_MAX, Goal
from loyalty.domain.program.measures import KEY_FIGURES, MEASURES, WORTH_OF_POINTS

if TYPE_CHECKING:
    from datetime import date

    from loyalty.domain.program.document import Program
    from loyalty.domain.program.goal_reach import FigureHistory

# So many standard deviations above the mean, a change is rare in any history.
FAR: Final = 2.0


def checks(document: Program, goals: Sequence[Goal]) -> Iterator[Iterator[Fault]]:
    """The checks of each goal, each with its place in the document."""
    for index, goal in enumerate(goals):
        place = f"/goals/{index}"
        yield _specific(goal, place)
        yield _measurable(goal, document, place)
        yield _time_bound(goal, place)


def warnings(
    document: Program, *, replaces: Program | None, history: FigureHistory | None, today: date
) -> Iterator[Fault]:
    """What is unwise about goals that are new or changed.

    `history` has the past figures of the program; None: there are none yet.
    """
    published = replaces.goals if replaces else ()
    for index, goal in enumerate(document.goals):
        if goal in published:
            continue
        place = f"/goals/{index}"
        yield from _relevant(goal, place)
        yield from _still_ahead(goal, place, today=today)
        if history:
            yield from _achievable(goal, place, history=history)


def _specific(goal: Goal, place: str) -> Iterator[Fault]:
    columns = MEASURES[goal.report]
    if goal.column not in columns:
        detail = (
            f"“{goal.report}” has no column “{goal.column}” with one value for a period; use one "
            f"of {', '.join(columns)}"
        )
        yield Fault(f"{place}/column", "unknown_column", detail)


def _measurable(goal: Goal, document: Program, place: str) -> Iterator[Fault]:
    if (goal.report, goal.column) in WORTH_OF_POINTS and document.point_value is None:
        detail = f"“{goal.column}” has no value as long as the program has no point_value"
        yield Fault(f"{place}/column", "not_measurable", detail)
    if MEASURES[goal.report].get(goal.column) == "rate" and goal.target > 100:
        yield Fault(f"{place}/target", "out_of_range", "A rate is at most 100 percent")


def _time_bound(goal: Goal, place: str) -> Iterator[Fault]:
    if goal.by < goal.starts_on:
        yield Fault(f"{place}/by", "contradiction", "A goal ends on or after its first day")
    elif goal.days > GOAL_DAYS_MAX:
        detail = f"A goal lasts {GOAL_DAYS_MAX} days at most; set one for each year"
        yield Fault(f"{place}/by", "too_long", detail)


def _relevant(goal: Goal, place: str) -> Iterator[Fault]:
    if (goal.report, goal.column) not in KEY_FIGURES:
        named = ", ".join(column for _, column in sorted(KEY_FIGURES))
        detail = f"“{goal.column}” is no key figure of a program; these are: {named}."
        yield Fault(f"{place}/column", "not_a_key_figure", detail)


def _still_ahead(goal: Goal, place: str, *, today: date) -> Iterator[Fault]:
    if goal.by < today:
        yield Fault(f"{place}/by", "already_over", "Its last day has passed: nobody can work on it")


def _achievable(goal: Goal, place: str, *, history: FigureHistory) -> Iterator[Fault]:
    reach = reach_of(goal, history)
    if reach is not None and reach.deviations > FAR and reach.needed > reach.best:
        months = "a month" if reach.months == 1 else f"{reach.months} months"
        detail = (
            f"This needs a change of {reach.needed:,} in {months}. The usual one was "
            f"{reach.usual:,}, the best of {reach.windows} was {reach.best:,}, and this is "
            f"{reach.deviations:.1f} standard deviations above the usual one."
        )
        yield Fault(f"{place}/target", "hardly_achievable", detail)
