"""What an order counts for challenges, and what is left of that after refunds."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.domain.engagement.counting import counts_of_order
from loyalty.domain.orders.order import Line, Order
from tests.support.challenges import challenge
from tests.support.documents import program
from tests.support.orders import line, order


def counts(bought: Order, **parts: Any) -> dict[str, dict[str, int]]:
    """What an order counts for one challenge, by window."""
    document = program(challenges=[challenge(**parts)], time_zone="Europe/Paris")
    tallies = counts_of_order(bought, document).get("challenge.three", {})
    return {window: dict(tally) for window, tally in tallies.items()}


def drinks(*lines: Line, occurred_at: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)) -> Order:
    return order(*lines, occurred_at=occurred_at)


BASKET = drinks(
    line(900, "1", category="coffee", quantity=3),
    line(400, "2", category="tea", quantity=1),
    line(0, "3", category="coffee", quantity=1),
    line(500, "4", category="shipping"),
)


def test_only_orders_of_members_of_its_levels_count() -> None:
    levels = [{"id": "gold", "name": "Gold", "reached_at": 10}]
    tiers = {"basis": "spend", "period": "calendar_year", "levels": levels}
    document = program(challenges=[challenge(tiers=["gold"])], tiers=tiers)

    counted = [bool(counts_of_order(BASKET, document, tier=tier)) for tier in ("gold", None)]

    assert counted == [True, False]


@pytest.mark.parametrize(
    ("rule", "tally"),
    [
        ({"what": "orders"}, {"*": 1}),
        ({"what": "units"}, {"*": 4}),
        ({"what": "units", "of": {"categories": ["coffee"]}}, {"*": 3}),
        ({"what": "units", "per_order_max": 2}, {"*": 2}),
        ({"what": "spend_minor"}, {"*": 1300}),
        ({"what": "categories", "of": {"categories": ["tea", "cake"]}}, {"tea": 1}),
        ({"what": "orders", "amount_minor_min": 1300}, {"*": 1}),
        ({"what": "orders", "amount_minor_min": 1301}, {}),
        ({"what": "orders", "of": {"categories": ["cake"]}}, {}),
    ],
)
def test_an_order_counts_by_its_goods_that_cost_something(
    rule: dict[str, Any], tally: dict[str, int]
) -> None:
    assert counts(BASKET, counts=rule) == ({"ever": tally} if tally else {})


def test_an_order_of_which_nothing_is_left_counts_nothing() -> None:
    nothing = dict.fromkeys("1234", 0)

    assert counts(BASKET.keeping(nothing, nothing)) == {}


def test_an_order_counts_on_the_day_of_the_program_on_which_it_occurred() -> None:
    # The clocks of Paris went back in this night: its day has 25 hours and begins at 22:00 UTC.
    late = datetime(2026, 10, 24, 21, 59, tzinfo=UTC)

    assert counts(replace(BASKET, occurred_at=late), window="day") == {"2026-10-24": {"*": 1}}
    assert counts(replace(BASKET, occurred_at=late.replace(hour=22)), window="day") == {
        "2026-10-25": {"*": 1}
    }


@pytest.mark.parametrize(
    "days",
    [
        {"starts_on": "2026-11-22"},
        {"ends_on": "2026-11-20"},
        {"window": {"starts_on": "2026-11-22", "ends_on": "2026-11-30"}},
    ],
)
def test_orders_of_other_days_do_not_count(days: dict[str, Any]) -> None:
    assert counts(BASKET, **days) == {}


def test_a_streak_counts_by_its_periods() -> None:
    streak = {"every": "week", "in_a_row": 4}

    assert counts(BASKET, target=None, streak=streak) == {"2026-W47": {"*": 1}}
