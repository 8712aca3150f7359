"""Goals: after each day, where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.goals.standing import Measured, digest_of, last_measured_day, standing
from loyalty.domain.kernel.calendar import add_months

if TYPE_CHECKING:
    from loyalty.domain.goals.standing import GoalStanding
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.goal_reach import Figure, FigureHistory
    from loyalty.domain.program.goals import Goal


class GoalBook(Protocol):
    """Where the goals of a program stand. Raises `TryAgain` when the table does not answer."""

    def standings(self) -> Mapping[str, GoalStanding]:
        """Where each goal stood at its last evaluation, by its id, read strongly."""
        ...

    def put(self, standing: GoalStanding, *, replacing: GoalStanding | None) -> None:
        """Store where a goal stands, unless another evaluation has replaced what was seen."""
        ...

    def drop(self, goal_id: str) -> None: ...

    def history(self) -> FigureHistory | None:
        """The past figures that were kept last."""
        ...

    def keep_history(self, history: FigureHistory) -> None: ...


class Figures(Protocol):
    """The figures of a program's reports."""

    def figure(self, report: str, column: str, *, first: date, last: date) -> Figure:
        """The value of a column for a period: its only value, or its sum. None: not known."""
        ...

    def history(self, *, last: date) -> FigureHistory:
        """The figures of the whole months that ended by a day."""
        ...


def evaluate_goals(document: Program, *, book: GoalBook, figures: Figures, now: datetime) -> None:
    """Note where each goal of a document stands, and the figures by which new goals are checked.

    A goal is evaluated once for each day. So a run that is killed and repeated, or that runs twice
    at once, notes a change of its state once. Goals that the document no longer has are dropped.

    Raises:
        TryAgain: the table did not answer; a repeated call resumes where it stopped.
    """
    today = document.today(now)
    stood = book.standings()
    for goal in document.goals:
        before = stood.get(goal.id)
        day = last_measured_day(goal, today)
        if day is None or (before and before.of == digest_of(goal) and before.day >= day):
            continue
        current = standing(goal, _measured(goal, day, figures), before=before, now=now)
        if current:
            book.put(current, replacing=before)
    for goal_id in stood.keys() - {goal.id for goal in document.goals}:
        book.drop(goal_id)
    yesterday, history = today - timedelta(days=1), book.history()
    if history is None or history.day < yesterday:
        book.keep_history(figures.history(last=yesterday))


def _measured(goal: Goal, day: date, figures: Figures) -> Measured:
    def figure(first: date, last: date) -> Figure:
        found = figures.figure(goal.report, goal.column, first=first, last=last)
        return found * 100 if found is not None and goal.kind == "rate" else found

    def year_ago(day: date) -> date:
        return add_months(day, -12)

    before_first = goal.starts_on - timedelta(days=1)
    first_year_ago = year_ago(goal.starts_on)
    day_before = first_year_ago - timedelta(days=1)
    # Of a program that began in between, the days a year ago say nothing of a year's course.
    is_known = figures.figure("summary", "members", first=day_before, last=day_before)
    return Measured(
        day=day,
        value=figure(goal.starts_on, day),
        at_start=figure(before_first, before_first) if goal.kind == "level" else None,
        year_ago_so_far=figure(first_year_ago, year_ago(day)) if is_known else None,
        year_ago=figure(first_year_ago, year_ago(goal.by)) if is_known else None,
    )
