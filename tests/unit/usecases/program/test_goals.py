"""Goals are evaluated once for each day, whatever happens to the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.goals.standing import GoalStanding
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.program.document import Program
from loyalty.domain.program.goal_reach import Figure, FigureHistory
from loyalty.table.goals import TableGoals
from loyalty.usecases.program.goals import evaluate_goals
from tests.support.documents import program

NOON: Final = datetime(2026, 7, 20, 12, tzinfo=UTC)
GOALS: Final = [
    {
        "id": name,
        "name": name,
        "column": column,
        "target": 1000,
        "starts_on": "2026-07-01",
        "by": "2026-12-31",
    }
    for name, column in (("orders", "orders"), ("members", "members"))
]


@dataclass
class Drawn:
    """Figures as a test sets them: a level by day, a flow as so many a day."""

    per_day: int = 1
    periods: list[tuple[str, date, date]] = field(default_factory=list)

    def figure(self, report: str, column: str, *, first: date, last: date) -> Figure:
        self.periods.append((column, first, last))
        if last.year < 2026:
            return 0
        return 500 if column == "members" else self.per_day * ((last - first).days + 1)

    def history(self, *, last: date) -> FigureHistory:
        return FigureHistory(day=last, months={("summary", "redemption_rate"): [0.25, 0, None, 7]})


class Failing(TableGoals):
    """A table that stops answering after some writes."""

    left = 0

    def put(self, standing: GoalStanding, *, replacing: GoalStanding | None) -> None:
        if not self.left:
            raise TryAgain
        self.left -= 1
        super().put(standing, replacing=replacing)


@pytest.fixture
def book() -> TableGoals:
    return TableGoals(MemoryEngine(), program_id="bean")


def evaluate(
    book: TableGoals, figures: Drawn | None = None, *, now: datetime = NOON, goals: Any = GOALS
) -> Mapping[str, GoalStanding]:
    document: Program = program(goals=goals)
    evaluate_goals(document, book=book, figures=figures or Drawn(), now=now)
    return book.standings()


def test_each_goal_stands_where_the_last_day_that_is_over_left_it(book: TableGoals) -> None:
    stood = evaluate(book)

    assert stood["orders"].day == date(2026, 7, 19)
    assert (stood["orders"].value, stood["members"].value) == (19, 500)
    assert {each.state for each in stood.values()} == {"at_risk"}


def test_a_level_is_compared_with_the_day_before_its_first(book: TableGoals) -> None:
    figures = Drawn()

    evaluate(book, figures)

    assert ("members", date(2026, 6, 30), date(2026, 6, 30)) in figures.periods
    assert ("orders", date(2026, 6, 30), date(2026, 6, 30)) not in figures.periods


def test_a_year_without_members_is_not_asked_for_its_course(book: TableGoals) -> None:
    figures = Drawn()

    evaluate(book, figures)

    assert {last for column, _, last in figures.periods if column == "orders"} == {
        date(2026, 7, 19)
    }


def test_a_second_run_of_the_night_changes_nothing(book: TableGoals) -> None:
    first = evaluate(book)

    again = evaluate(book, Drawn(per_day=100), now=NOON + timedelta(hours=1))

    assert again == first


def test_a_run_that_was_killed_is_continued() -> None:
    engine = MemoryEngine()
    failing = Failing(engine, program_id="bean")
    failing.left = 1
    with pytest.raises(TryAgain):
        evaluate(failing)

    stood = evaluate(TableGoals(engine, program_id="bean"), now=NOON + timedelta(minutes=5))

    assert {name: each.changes for name, each in stood.items()} == {"orders": 1, "members": 1}
    assert stood["orders"].evaluated_at == NOON
    assert stood["members"].evaluated_at == NOON + timedelta(minutes=5)


def test_of_two_runs_at_once_one_counts(book: TableGoals) -> None:
    before = evaluate(book)["orders"]
    faster = evaluate(book, Drawn(per_day=100), now=NOON + timedelta(days=1))["orders"]

    # The slower run had read what stood before.
    book.put(replace(faster, state="missed"), replacing=before)

    assert book.standings()["orders"] == faster


def test_a_goal_that_has_not_begun_stands_nowhere(book: TableGoals) -> None:
    later = [GOALS[0] | {"starts_on": "2026-07-20"}]

    assert evaluate(book, goals=later) == {}


def test_a_goal_that_is_over_is_evaluated_once_more_and_no_more(book: TableGoals) -> None:
    over = [GOALS[0] | {"by": "2026-07-10"}]

    stood = evaluate(book, goals=over)
    later = evaluate(book, Drawn(per_day=500), goals=over, now=NOON + timedelta(days=9))

    assert (stood["orders"].day, stood["orders"].state) == (date(2026, 7, 10), "missed")
    assert later == stood


def test_goals_that_the_document_no_longer_has_are_dropped(book: TableGoals) -> None:
    evaluate(book)

    assert evaluate(book, goals=GOALS[:1]).keys() == {"orders"}


def test_past_figures_are_kept_for_the_check_of_new_goals(book: TableGoals) -> None:
    assert book.history() is None

    evaluate(book, goals=[])

    assert book.history() == Drawn().history(last=date(2026, 7, 19))
