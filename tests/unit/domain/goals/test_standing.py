"""Where a goal stands: its forecast, its pace, and the state that follows from them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.goals.standing import (
    GoalStanding,
    Measured,
    digest_of,
    last_measured_day,
    standing,
)
from loyalty.domain.program.goals import Goal

NOW: Final = datetime(2026, 7, 1, 6, 45, tzinfo=UTC)


def goal(**parts: Any) -> Goal:
    """1,000 orders in the hundred days from 1 May on."""
    defaults = {"id": "orders", "name": "1,000 orders", "column": "orders", "target": 1000}
    days = {"starts_on": date(2026, 5, 1), "by": date(2026, 8, 8)}
    return Goal.model_validate(defaults | days | parts)


def after(
    days: int,
    value: float | None,
    of: Goal | None = None,
    *,
    before: GoalStanding | None = None,
    **parts: Any,
) -> GoalStanding:
    """Where the goal stands when some days are over."""
    found = evaluated(days, value, of or goal(), before=before, **parts)
    assert found is not None
    return found


def evaluated(
    days: int, value: float | None, of: Goal, *, before: GoalStanding | None = None, **parts: Any
) -> GoalStanding | None:
    defaults = {"at_start": None, "year_ago_so_far": None, "year_ago": None}
    day = of.starts_on + timedelta(days=days - 1)
    return standing(of, Measured(day=day, value=value, **defaults | parts), before=before, now=NOW)


def test_a_flow_goes_on_evenly() -> None:
    found = after(40, 300)

    assert (found.forecast, found.expected, found.per_day) == (750, 400, 12)
    assert (found.basis, found.state, found.changes) == ("even", "at_risk", 1)


def test_a_level_goes_on_from_where_it_began() -> None:
    members = goal(column="members", target=2500)

    found = after(40, 1500, members, at_start=1000)

    assert (found.forecast, found.expected, found.per_day) == (2250, 1600, 17)
    assert found.state == "at_risk"


def test_a_rate_stays_as_it_is_and_has_no_pace() -> None:
    found = after(40, 31.4, goal(column="redemption_rate", target=35))

    assert (found.value, found.forecast, found.expected, found.per_day) == (31, 31, 35, None)


def test_the_rest_goes_as_it_went_a_year_ago() -> None:
    """A year ago three quarters came in the last sixty days."""
    found = after(40, 300, year_ago_so_far=200, year_ago=800)

    assert (found.forecast, found.expected, found.basis) == (1200, 250, "last_year")
    assert found.state == "on_track"


@pytest.mark.parametrize(("so_far", "whole"), [(0, 800), (None, 800), (200, None), (-5, 800)])
def test_a_year_ago_that_says_nothing_is_left_out(so_far: int | None, whole: int | None) -> None:
    assert after(40, 300, year_ago_so_far=so_far, year_ago=whole).basis == "even"


@pytest.mark.parametrize(
    ("parts", "days", "value", "state"),
    [
        ({}, 40, 1000, "reached"),
        ({}, 100, 1000, "reached"),
        ({}, 100, 999, "missed"),
        ({}, 3, 0, "on_track"),
        ({}, 7, 0, "at_risk"),
        # 980 of 1,000 would be barely short.
        ({}, 50, 490, "on_track"),
        ({}, 50, 489, "at_risk"),
        ({"column": "redemption_rate", "target": 35}, 40, 36.0, "on_track"),
        ({"column": "redemption_rate", "target": 35}, 100, 36.0, "reached"),
        ({"column": "points_expired", "direction": "at_most"}, 40, 300, "on_track"),
        ({"column": "points_expired", "direction": "at_most"}, 40, 500, "at_risk"),
        ({"column": "points_expired", "direction": "at_most"}, 40, 1001, "missed"),
        ({"column": "points_expired", "direction": "at_most"}, 100, 1000, "reached"),
    ],
)
def test_a_state_follows_from_figure_and_forecast(
    parts: dict[str, Any], days: int, value: float, state: str
) -> None:
    assert after(days, value, goal(**parts)).state == state


def test_what_may_come_is_rounded_down_and_what_has_to_come_up() -> None:
    assert after(97, 990).per_day == 4
    limit = goal(column="points_expired", direction="at_most")
    assert after(97, 990, limit).per_day == 3
    assert after(97, 1200).per_day == 0
    assert after(100, 990).per_day is None


def test_a_goal_at_risk_is_on_track_only_when_nothing_is_missing() -> None:
    at_risk = after(50, 480)

    barely = after(51, 509, before=at_risk)
    enough = after(52, 520, before=barely)

    assert [each.state for each in (at_risk, barely, enough)] == ["at_risk", "at_risk", "on_track"]
    assert [each.changes for each in (at_risk, barely, enough)] == [1, 1, 2]


def test_a_goal_that_asks_for_something_else_begins_anew() -> None:
    before = after(50, 300)

    renamed = after(51, 510, goal(name="Orders"), before=before)
    lowered = after(51, 510, goal(target=900), before=before)

    assert renamed.changes == 2
    assert (lowered.changes, lowered.state) == (0, "on_track")
    assert lowered.of == digest_of(goal(target=900)) != before.of


def test_a_goal_whose_figure_is_not_known_stands_nowhere() -> None:
    assert evaluated(40, None, goal()) is None


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 5, 1), None),
        (date(2026, 5, 2), date(2026, 5, 1)),
        (date(2026, 8, 8), date(2026, 8, 7)),
        (date(2026, 12, 1), date(2026, 8, 8)),
    ],
)
def test_a_goal_is_measured_by_the_last_day_that_is_over(today: date, day: date | None) -> None:
    assert last_measured_day(goal(), today) == day


@given(
    days=st.integers(1, 100),
    value=st.integers(0, 3000),
    column=st.sampled_from(["orders", "members", "redemption_rate"]),
    direction=st.sampled_from(["at_least", "at_most"]),
    shape=st.none() | st.tuples(st.integers(0, 50), st.integers(0, 50)),
)
def test_more_is_never_worse_where_more_is_wanted(
    days: int, value: int, column: str, direction: str, shape: tuple[int, int] | None
) -> None:
    of = goal(column=column, direction=direction, target=90)
    so_far, whole = (shape[0], sum(shape)) if shape else (None, None)
    figures: dict[str, Any] = {"at_start": 10, "year_ago_so_far": so_far, "year_ago": whole}

    less, more = (after(days, each, of, **figures) for each in (value, value + 1))

    best_first = ["reached", "on_track", "at_risk", "missed"]
    ranks = [best_first.index(each.state) for each in (less, more)]
    assert ranks == sorted(ranks, reverse=direction == "at_least")
    assert less.forecast <= more.forecast


@given(values=st.lists(st.integers(0, 1200), min_size=1, max_size=100))
def test_each_night_adds_at_most_one_change(values: list[int]) -> None:
    before: GoalStanding | None = None
    for days, value in enumerate(values, 1):
        current = after(days, value, before=before)
        changed = current.state != (before.state if before else "on_track")
        assert current.changes == (before.changes if before else 0) + changed
        before = current
