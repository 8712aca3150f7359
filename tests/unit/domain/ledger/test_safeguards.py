"""What an order counts, when that is too much, and for how long its points are held."""

from datetime import date, timedelta
from typing import Any

import pytest

from loyalty.domain.ledger.safeguards import SafeguardDecision, safeguarded
from tests.support.accounts import account
from tests.support.documents import program

TODAY = date(2026, 11, 21)
ORDERS = {"id": "orders", "count": "orders", "at_most": 3, "then": "hold", "hold_days": 7}
POINTS = {"id": "points", "count": "points", "at_most": 100, "then": "hold", "hold_days": 14}


def decide(
    *safeguards: dict[str, Any], earns: int = 10, day: date = TODAY, **counted: int
) -> SafeguardDecision:
    """An order of so many points, after what the account counted of its day."""
    counters = {f"day#{count}#{day.isoformat()}": number for count, number in counted.items()}
    return safeguarded(
        earns,
        account=account(redeemed=counters),
        program=program(safeguards=list(safeguards)),
        day=day,
        today=TODAY,
    )


def test_an_order_up_to_the_limit_relies_on_nobody_having_come_first() -> None:
    decision = decide(ORDERS, POINTS, orders=2, points=90)

    assert (decision.excesses, decision.held_until) == ((), None)
    assert decision.counted == {"day#orders#2026-11-21": 1, "day#points#2026-11-21": 10}
    assert decision.below == {"day#orders#2026-11-21": 3, "day#points#2026-11-21": 91}


def test_an_order_beyond_a_limit_is_held_and_relies_on_nothing() -> None:
    decision = decide(ORDERS, orders=3)

    assert decision.held_until == TODAY + timedelta(days=7)
    assert decision.below == {}
    assert [tuple(each) for each in decision.excesses] == [("orders", "orders", 3, 4)]


def test_of_several_limits_the_longest_hold_counts() -> None:
    decision = decide(ORDERS, POINTS, orders=3, points=91)

    assert decision.held_until == TODAY + timedelta(days=14)
    assert [each.safeguard_id for each in decision.excesses] == ["orders", "points"]


def test_of_two_limits_of_one_count_an_order_between_them_relies_on_the_wider_one() -> None:
    decision = decide(ORDERS, ORDERS | {"id": "many", "at_most": 5}, orders=3)

    assert decision.below == {"day#orders#2026-11-21": 5}


def test_an_order_that_is_flagged_is_not_held() -> None:
    flagged = {"id": "flag", "count": "orders", "at_most": 1, "then": "flag"}

    decision = decide(flagged, orders=1)

    assert [each.safeguard_id for each in decision.excesses] == ["flag"]
    assert decision.held_until is None


@pytest.mark.parametrize(
    ("earns", "days_ago", "counts"), [(10, 0, True), (10, 1, True), (10, 2, False), (0, 0, False)]
)
def test_orders_of_today_and_yesterday_count_if_they_earn(
    earns: int, days_ago: int, counts: bool
) -> None:
    decision = decide(ORDERS, earns=earns, day=TODAY - timedelta(days=days_ago), orders=3)

    assert bool(decision.counted) == counts
    assert bool(decision.excesses) == counts


def test_without_safeguards_nothing_is_counted() -> None:
    assert decide() == SafeguardDecision()
