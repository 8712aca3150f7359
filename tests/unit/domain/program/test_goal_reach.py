"""How far a goal is from what has happened before."""

from datetime import date
from typing import Any

import pytest

from loyalty.domain.program.goal_reach import FigureHistory, reach_of
from loyalty.domain.program.goals import Goal


def goal(**parts: Any) -> Goal:
    defaults = {"id": "goal", "name": "Goal", "column": "orders", "target": 600}
    # Three months.
    days = {"starts_on": date(2026, 10, 1), "by": date(2026, 12, 31)}
    return Goal.model_validate(defaults | days | parts)


def history(column: str, *months: float | None) -> FigureHistory:
    return FigureHistory(day=date(2026, 9, 30), months={("summary", column): months})


def test_a_sum_is_compared_with_sums_of_as_many_months() -> None:
    """Quarters of 300, 310, 340, 370, 390, 400, 400: changes over a quarter of 70, 80, 60, 30."""
    months = history("orders", 100, 100, 100, 110, 130, 130, 130, 140, 130)

    reach = reach_of(goal(), months)

    assert reach is not None
    assert (reach.months, reach.windows, reach.needed) == (3, 4, 200)
    assert (reach.usual, reach.best) == (60, 80)
    assert reach.deviations == pytest.approx((200 - 60) / 18.708, rel=1e-3)


def test_a_level_is_compared_with_its_growth() -> None:
    months = history("members", 10, 20, 30, 40, 60, 70, 100)

    reach = reach_of(goal(column="members", target=160), months)

    assert reach is not None
    assert (reach.needed, reach.best, reach.windows) == (60, 60, 4)


def test_a_limit_is_compared_with_falls() -> None:
    months = history("points_outstanding", 100, 90, 95, 80, 85, 90, 70, 72)
    low = goal(column="points_outstanding", target=50, direction="at_most")

    reach = reach_of(low, months)

    assert reach is not None
    assert (reach.needed, reach.best) == (22, 20)


def test_a_rate_is_compared_in_percent() -> None:
    months = history("redemption_rate", 0.30, 0.32, 0.31, 0.35, 0.33, 0.32, 0.36)

    reach = reach_of(goal(column="redemption_rate", target=40), months)

    assert reach is not None
    assert (reach.needed, reach.best) == (4, 5)


@pytest.mark.parametrize(
    "months",
    [
        (),
        (100, 110, 120, 90, 100, 105),
        (100,) * 24,
        (100, 110, 90, 120, 80, 100, None, 100, 90, 80, 70, 110, 120),
    ],
)
def test_too_little_history_says_nothing(months: tuple[int | None, ...]) -> None:
    assert reach_of(goal(), history("orders", *months)) is None


def test_a_figure_without_history_says_nothing() -> None:
    assert reach_of(goal(column="members"), history("orders", *range(24))) is None
