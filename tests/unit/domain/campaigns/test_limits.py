"""What campaigns have left, and what orders take of it and give back."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.limits import (
    LimitUse,
    budget_of,
    member_cap,
    outstanding,
    period_of,
    uses,
)
from loyalty.domain.program.document import PointValue
from tests.support.campaigns import campaign, with_campaigns

DAY = date(2027, 1, 2)


@pytest.mark.parametrize(
    ("per", "name"),
    [
        ("day", "2027-01-02"),
        ("week", "2026-W53"),
        ("month", "2027-01"),
        ("year", "2027"),
        ("campaign", "all"),
    ],
)
def test_a_period_has_the_name_of_the_calendar(per: str, name: str) -> None:
    program = with_campaigns(campaign(limits={"budget": {"points": 10, "per": per}}))
    budget = budget_of(program.campaigns[0], None, DAY)

    assert budget is not None
    assert (budget.period, budget.name) == (name, f"budget:welcome#{name}")
    assert period_of("order", DAY) == "all"


def test_a_cap_leaves_what_was_not_used_of_points_and_of_orders() -> None:
    limits = {"per_member": {"points": 100, "orders": 2, "per": "month"}}
    cap = member_cap(with_campaigns(campaign(limits=limits)).campaigns[0], DAY)

    assert cap is not None
    points, orders = "welcome#2027-01", "welcome#2027-01#orders"
    assert cap.room({}, had=0) == 100
    assert cap.room({points: 70, orders: 1}, had=0) == 30
    assert cap.room({points: 170}, had=0) == 0
    assert cap.room({points: 70, orders: 2}, had=0) == 0
    # The order is one of the two, so it can still grow.
    assert cap.room({points: 70, orders: 2}, had=20) == 30


def test_a_limit_per_order_is_nothing_that_an_account_remembers() -> None:
    limits = {"per_member": {"points": 100, "per": "order"}}

    assert member_cap(with_campaigns(campaign(limits=limits)).campaigns[0], DAY) is None


def test_a_budget_in_money_is_worth_points_by_their_value_rounded_down() -> None:
    program = with_campaigns(campaign(limits={"budget": {"amount_minor": 1000}}))
    value = PointValue(amount_minor=3, per_points=2)

    budget = budget_of(program.campaigns[0], value, DAY)

    assert budget is not None
    assert budget.points == 666


LIMITED = campaign(
    limits={"per_member": {"points": 500, "orders": 3, "per": "year"}, "budget": {"points": 900}}
)


def test_an_order_takes_of_every_limit_and_gives_its_place_back_once_nothing_is_out() -> None:
    program = with_campaigns(LIMITED, campaign(id="unlimited"))

    taken = uses(program, DAY, today=DAY, before={}, after={"welcome": 10, "unlimited": 5})
    part = uses(program, DAY, today=DAY, before={"welcome": 10}, after={"welcome": 4})
    rest = uses(program, DAY, today=DAY, before={"welcome": 4}, after={})

    assert taken == (
        LimitUse("welcome#2027", 10),
        LimitUse("welcome#2027#orders", 1),
        LimitUse("budget:welcome#all", 10),
    )
    assert part == (LimitUse("welcome#2027", -6), LimitUse("budget:welcome#all", -6))
    assert rest == (
        LimitUse("welcome#2027", -4),
        LimitUse("welcome#2027#orders", -1),
        LimitUse("budget:welcome#all", -4),
    )


def test_a_limit_gets_back_what_was_taken_back_and_not_what_was_forgiven() -> None:
    program = with_campaigns(LIMITED)

    counts = outstanding(
        program,
        before={"welcome": 10},
        after={"welcome": 3},
        counted={"welcome": 10},
        taken_back=(1, 2),
    )
    risen = outstanding(program, before={"welcome": 3}, after={"welcome": 9}, counted=counts)

    # Half of 7, rounded down, came back. What rises again was counted all the time.
    assert counts == {"welcome": 7}
    assert risen == {"welcome": 9}
    assert outstanding(program, before={"welcome": 3}, after={"welcome": 6}, counted=counts) == (
        counts
    )


def test_what_has_no_limit_uses_none() -> None:
    program = with_campaigns(campaign(), campaign(id="order", limits={"per_order": 5}))

    counts = outstanding(program, before={}, after={"welcome": 10, "order": 5}, counted={})

    assert counts == {"welcome": 10, "order": 5}
    assert uses(program, DAY, today=DAY, before={}, after=counts) == ()


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 100)), max_size=8))
def test_at_least_what_an_order_gives_always_counts(steps: list[tuple[int, int]]) -> None:
    program = with_campaigns(LIMITED)
    gives: dict[str, int] = {}
    counted: dict[str, int] = {}
    for points, percent in steps:
        now = {"welcome": points}
        counted = outstanding(
            program, before=gives, after=now, counted=counted, taken_back=(percent, 100)
        )
        gives = now
        assert counted.get("welcome", 0) >= points
