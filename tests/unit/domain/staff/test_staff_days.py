"""Whose hand was unusual on a day, and which days are reviewed."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.staff.actions import StaffAction
from loyalty.domain.staff.staff_days import (
    COMPARED_DAYS,
    OBSERVATIONS_MIN,
    UNUSUAL_MAX,
    StaffDay,
    days_to_review,
    review,
)
from tests.support.ledger import action

DAY: Final = date(2026, 11, 21)


def moved(*points: int, by: str = "bea") -> list[StaffAction]:
    """Actions of one person, each with an entry of its own."""
    return [
        action(points=each, by=by, results={"entry": f"{by}-{number}"})
        for number, each in enumerate(points)
    ]


def days(moved_each: Sequence[int]) -> list[StaffDay]:
    """Days on each of which one person moved points."""
    return [
        StaffDay(day=DAY - timedelta(days=number + 1), moved=(points,))
        for number, points in enumerate(moved_each)
    ]


def unusual(actions: list[StaffAction], before: list[StaffDay]) -> list[str]:
    return [hand.person for hand in review(DAY, actions, before=before).unusual]


def test_a_hand_is_unusual_above_the_99th_percentile_of_the_days_before() -> None:
    ordinary = days([*[10] * 99, 40])

    assert unusual(moved(40), days([*[10] * 98, 40, 40])) == []
    assert unusual(moved(41), ordinary) == ["bea"]
    (hand,) = review(DAY, moved(30, -20), before=ordinary).unusual
    assert (hand.points, hand.actions, hand.usual) == (50, 2, 10)


def test_a_small_program_has_to_know_what_is_usual_first() -> None:
    assert unusual(moved(10_000), days([10] * (OBSERVATIONS_MIN - 1))) == []
    assert unusual(moved(10_000), days([10] * OBSERVATIONS_MIN)) == ["bea"]


def test_a_day_that_is_only_a_little_more_than_any_before_is_not_unusual() -> None:
    assert unusual(moved(29), days([10] * 50)) == []
    assert unusual(moved(30), days([10] * 50)) == ["bea"]


def test_a_request_that_was_repeated_counts_once() -> None:
    repeated = [action(points=20, results={"entry": "e"}, action_id=each) for each in "ab"]

    assert review(DAY, repeated, before=()).moved == (20,)


def test_what_moved_no_points_does_not_count() -> None:
    others = [action("member.look_up"), action(state="refused", code="limit_reached")]

    assert review(DAY, others, before=()) == StaffDay(day=DAY, moved=())


def test_those_who_moved_the_most_come_first_and_a_day_names_a_bounded_number() -> None:
    actions = [each for number in range(60) for each in moved(1000 + number, by=f"p{number:02d}")]

    reviewed = review(DAY, actions, before=days([1] * 100))

    assert len(reviewed.moved) == 60
    assert [hand.person for hand in reviewed.unusual] == [
        f"p{number:02d}" for number in range(59, 59 - UNUSUAL_MAX, -1)
    ]


@given(st.lists(st.integers(1, 1000), min_size=OBSERVATIONS_MIN, max_size=200))
def test_at_most_one_in_a_hundred_of_the_days_compared_would_be_unusual(points: list[int]) -> None:
    before = days(points)

    found = sum(bool(unusual(moved(each), before)) for each in points)

    assert found <= len(points) / 100


@pytest.mark.parametrize(
    ("reached", "reviewed"),
    [
        (None, [DAY]),
        (DAY, []),
        (DAY + timedelta(days=1), []),
        (DAY - timedelta(days=2), [DAY - timedelta(days=1), DAY]),
    ],
)
def test_each_day_is_reviewed_in_turn(reached: date | None, reviewed: list[date]) -> None:
    assert list(days_to_review(reached, last=DAY)) == reviewed


def test_after_a_long_outage_only_days_that_matter_are_reviewed() -> None:
    assert len(list(days_to_review(date(2020, 1, 1), last=DAY))) == COMPARED_DAYS
