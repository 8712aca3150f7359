"""Surveys in the program document: what is refused, what is low, and when they are asked."""

from datetime import date
from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from loyalty.domain.program.surveys import ProgramSurvey
from tests.support.documents import program


def survey(**parts: Any) -> dict[str, Any]:
    return {"id": "visit", "kind": "csat", "question": "How was it?"} | parts


@pytest.mark.parametrize(
    ("surveys", "place", "code"),
    [
        ([survey(), survey(kind="nps")], "/surveys/1/id", "duplicate_id"),
        ([survey(low_score_max=0)], "/surveys/0/low_score_max", "out_of_range"),
        ([survey(low_score_max=5)], "/surveys/0/low_score_max", "out_of_range"),
        ([survey(kind="nps", low_score_max=10)], "/surveys/0/low_score_max", "out_of_range"),
        (
            [survey(), survey(id="b", starts_on="2026-12-01", ends_on="2026-11-30")],
            "/surveys/1/ends_on",
            "empty_window",
        ),
    ],
)
def test_contradictions_are_named_with_their_place(
    surveys: list[dict[str, Any]], place: str, code: str
) -> None:
    (fault,) = faults(program(surveys=surveys))

    assert (fault.pointer, fault.code) == (place, code)


@pytest.mark.parametrize(
    ("parts", "lowest_that_is_fine"),
    [
        ({"kind": "nps"}, 7),
        ({"kind": "csat"}, 3),
        ({"kind": "nps", "low_score_max": 0}, 1),
        ({"kind": "csat", "low_score_max": 4}, 5),
    ],
)
def test_a_score_is_low_up_to_the_limit_of_the_document_or_the_kind(
    parts: dict[str, Any], lowest_that_is_fine: int
) -> None:
    parsed = ProgramSurvey.model_validate(survey(**parts))

    assert parsed.is_low(lowest_that_is_fine - 1)
    assert not parsed.is_low(lowest_that_is_fine)


@pytest.mark.parametrize(
    ("per", "first", "last", "period"),
    [
        ("month", date(2026, 11, 1), date(2026, 11, 30), "2026-11"),
        ("quarter", date(2026, 10, 1), date(2026, 12, 31), "2026-Q4"),
        ("quarter", date(2027, 1, 1), date(2027, 3, 31), "2027-Q1"),
        ("year", date(2026, 1, 1), date(2026, 12, 31), "2026"),
        ("order", date(2026, 1, 1), date(2026, 12, 31), None),
    ],
)
def test_a_period_is_a_period_of_the_calendar(
    per: str, first: date, last: date, period: str | None
) -> None:
    parsed = ProgramSurvey.model_validate(survey(per=per))

    assert parsed.period(first) == parsed.period(last) == period


def test_answers_are_taken_on_both_days_of_the_window() -> None:
    parsed = ProgramSurvey.model_validate(survey(starts_on="2026-11-10", ends_on="2026-11-20"))

    assert [parsed.is_open(date(2026, 11, day)) for day in (9, 10, 20, 21)] == [
        False, True, True, False,
    ]  # fmt: skip
