"""Goals are SMART: what cannot be measured is a fault, what is unwise a warning."""

from datetime import date
from typing import Any, Final, get_args

import pytest
from pydantic import ValidationError

from loyalty.domain.program.goal_reach import FigureHistory
from loyalty.domain.program.measures import (
    KEY_FIGURES,
    MEASURES,
    WORTH_OF_POINTS,
    MeasuredColumn,
    MeasuredReport,
)
from loyalty.domain.program.publication import faults
from loyalty.domain.program.warnings import warnings
from loyalty.lake import reports
from tests.support.documents import program

TODAY: Final = date(2026, 7, 1)
GOAL: Final = {
    "id": "more-members",
    "name": "2,500 members",
    "column": "members",
    "target": 2500,
    "starts_on": "2026-07-01",
    "by": "2026-12-31",
}
VALUE: Final = {"amount_minor": 1, "per_points": 1}


def test_the_figures_are_those_of_the_reports_that_have_one_value_for_a_period() -> None:
    found = {
        report.name: set(report.units if report.chart.kind == "figures" else report.totals)
        for report in map(reports.report, reports.names())
    }

    assert {name: set(each) for name, each in MEASURES.items()} == {
        name: each for name, each in found.items() if each
    }


def test_a_document_can_name_every_figure() -> None:
    assert set(get_args(MeasuredReport)) == set(MEASURES)
    assert set(get_args(MeasuredColumn)) == set().union(*MEASURES.values())


@pytest.mark.parametrize("parts", [{"report": "retention"}, {"column": "profit"}])
def test_a_report_or_column_that_there_is_not_is_no_goal(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        program(goals=[GOAL | parts])


def test_a_rate_is_a_figure_in_percent() -> None:
    for name, columns in MEASURES.items():
        for column, kind in columns.items():
            assert (reports.report(name).units[column] == "ratio") == (kind == "rate")


def test_key_figures_and_worths_are_figures() -> None:
    figures = {(name, column) for name, columns in MEASURES.items() for column in columns}

    assert figures >= KEY_FIGURES | WORTH_OF_POINTS


def test_a_worth_is_what_the_report_says_is_null_without_a_point_value() -> None:
    for name, columns in MEASURES.items():
        for column in columns:
            described = reports.report(name).descriptions[column]
            is_worth = described.startswith("worth of")
            assert is_worth == ((name, column) in WORTH_OF_POINTS), (name, column)


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ({"report": "rewards"}, "/goals/0/column", "unknown_column"),
        ({"column": "cost_minor"}, "/goals/0/column", "unknown_column"),
        ({"column": "liability_minor"}, "/goals/0/column", "not_measurable"),
        ({"column": "redemption_rate", "target": 101}, "/goals/0/target", "out_of_range"),
        ({"by": "2026-06-30"}, "/goals/0/by", "contradiction"),
        ({"by": "2027-07-02"}, "/goals/0/by", "too_long"),
    ],
)
def test_a_goal_that_cannot_be_measured_is_refused(
    parts: dict[str, Any], pointer: str, code: str
) -> None:
    found = faults(program(goals=[GOAL | parts]))

    assert [(each.pointer, each.code) for each in found] == [(pointer, code)]


def test_two_goals_have_two_ids() -> None:
    (found,) = faults(program(goals=[GOAL, GOAL | {"target": 3000}]))

    assert (found.pointer, found.code) == ("/goals/1/id", "duplicate_id")


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"by": "2027-07-01"},
        {"by": "2026-07-01"},
        {"column": "redemption_rate", "target": 100},
        {"column": "liability_minor", "direction": "at_most"},
        {"report": "rewards", "column": "cost_minor", "direction": "at_most"},
    ],
)
def test_a_goal_that_can_be_measured_is_accepted(parts: dict[str, Any]) -> None:
    assert faults(program(goals=[GOAL | parts], point_value=VALUE)) == ()


def warned(*, months: tuple[int, ...] = (), published: Any = None, **parts: Any) -> list[str]:
    history = FigureHistory(day=TODAY, months={("summary", "members"): months})
    document = program(goals=[GOAL | parts])
    found = warnings(document, replaces=published, today=TODAY, history=history)
    return [f"{each.pointer} {each.code}" for each in found if each.pointer.startswith("/goals")]


def test_a_goal_within_reach_is_not_warned_of() -> None:
    """It grew by some 490 in half a year, and by 700 at best."""
    growing = (1000, 1050, 1150, 1180, 1300, 1320, 1400, 1500, 1650, 1700, 2000, 2020)

    assert warned(months=growing) == []


def test_a_goal_out_of_reach_says_by_how_much() -> None:
    still = (1000, 1010, 1020, 1025, 1030, 1032, 1040, 1050, 1060, 1062, 1070, 1080)
    history = FigureHistory(day=TODAY, months={("summary", "members"): still})

    (found,) = warnings(program(goals=[GOAL]), replaces=None, today=TODAY, history=history)

    assert (found.pointer, found.code) == ("/goals/0/target", "hardly_achievable")
    assert found.detail == (
        "This needs a change of 1,420 in 6 months. The usual one was 41, the best of 6 was 48, and "
        "this is 407.2 standard deviations above the usual one."
    )


def test_a_program_without_history_is_not_warned_of_reach() -> None:
    assert warnings(program(goals=[GOAL]), replaces=None, today=TODAY) == ()


def test_a_figure_that_nobody_steers_is_warned_of() -> None:
    assert warned(column="points_adjusted") == ["/goals/0/column not_a_key_figure"]


def test_a_goal_of_the_past_is_warned_of_unless_it_was_there_already() -> None:
    past: dict[str, Any] = {"starts_on": "2026-01-01", "by": "2026-06-30"}

    assert warned(**past) == ["/goals/0/by already_over"]
    assert warned(**past, published=program(goals=[GOAL | past])) == []
