"""Whether a campaign is for the member of an order, and what that decision relied on."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.member_facts import MemberFacts, is_for, relied_on, sources
from loyalty.domain.program.campaigns import Campaign
from tests.support.campaigns import REGULAR, campaign
from tests.support.orders import NOON


def campaign_for(condition: dict[str, Any] | None, **parts: Any) -> Campaign:
    return Campaign.model_validate(campaign(**{"for": condition}, **parts))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"fact": "first_order"}, False),
        ({"fact": "order_number", "is": 3}, True),
        ({"fact": "order_number", "is": 2}, False),
        ({"fact": "order_number", "every": 3}, True),
        ({"fact": "order_number", "every": 2}, False),
        ({"fact": "order_number", "at_least": 3, "at_most": 3}, True),
        ({"fact": "order_number", "at_least": 4}, False),
        ({"fact": "days_since_order", "at_least": 60}, True),
        ({"fact": "days_since_order", "at_least": 61}, False),
        ({"fact": "member_days", "at_most": 20}, True),
        ({"fact": "member_days", "at_most": 19}, False),
        ({"fact": "tier", "is_in": ["silver", "gold"]}, True),
        ({"fact": "tier", "is_in": ["silver"]}, False),
        ({"fact": "attribute", "name": "roast", "is_in": ["dark"]}, True),
        ({"fact": "attribute", "name": "size", "is_in": ["dark"]}, False),
        ({"fact": "birthday", "on": "day"}, False),
        ({"fact": "birthday", "on": "week"}, False),
        ({"fact": "birthday", "on": "month"}, True),
        ({"fact": "locale", "is_in": ["fr"]}, True),
        ({"fact": "locale", "is_in": ["FR-ca"]}, True),
        ({"fact": "locale", "is_in": ["fr-FR", "f"]}, False),
        ({"fact": "consent", "name": "email"}, True),
        ({"fact": "consent", "name": "phone"}, False),
        ({"not": {"fact": "first_order"}}, True),
        ({"all": [{"fact": "tier", "is_in": ["gold"]}, {"fact": "first_order"}]}, False),
        ({"any": [{"fact": "tier", "is_in": ["gold"]}, {"fact": "first_order"}]}, True),
    ],
)
def test_a_condition_reads_what_is_known_of_the_member(
    condition: dict[str, Any], holds: bool
) -> None:
    assert is_for(campaign_for(condition), REGULAR) is holds


@pytest.mark.parametrize(
    ("birthday", "near", "day", "holds"),
    [
        (date(1990, 11, 21), "day", date(2026, 11, 21), True),
        (date(1992, 2, 29), "day", date(2026, 2, 28), True),
        (date(1992, 2, 29), "day", date(2028, 2, 28), False),
        (date(1992, 2, 29), "day", date(2028, 2, 29), True),
        # The week of 1 January 2027 begins on 28 December.
        (date(1990, 1, 1), "week", date(2026, 12, 28), True),
        (date(1990, 12, 28), "week", date(2027, 1, 3), True),
        (date(1990, 1, 4), "week", date(2026, 12, 28), False),
    ],
)
def test_a_birthday_has_a_day_and_a_calendar_week(
    birthday: date, near: str, day: date, holds: bool
) -> None:
    facts = replace(
        REGULAR, birthday=birthday, occurred_at=datetime(day.year, day.month, day.day, tzinfo=UTC)
    )

    assert is_for(campaign_for({"fact": "birthday", "on": near}), facts) is holds


@pytest.mark.parametrize(
    "condition",
    [
        {"fact": "first_order"},
        {"not": {"fact": "first_order"}},
        {"any": [{"fact": "tier", "is_in": ["gold"]}, {"fact": "order_number", "is": 3}]},
        {"fact": "days_since_order", "at_least": 1},
        {"not": {"fact": "days_since_order", "at_least": 1}},
    ],
)
@pytest.mark.parametrize("bought_on", [None, REGULAR.bought_on])
def test_what_is_not_known_of_an_old_member_shuts_a_campaign(
    condition: dict[str, Any], bought_on: date | None
) -> None:
    unknown = replace(REGULAR, orders=None, bought_on=bought_on)

    assert not is_for(campaign_for(condition), unknown)


def test_somebody_who_never_bought_has_no_days_since_their_last_order() -> None:
    new = replace(REGULAR, orders=0, bought_on=None)
    condition = {"fact": "days_since_order", "at_most": 10_000}

    assert not is_for(campaign_for(condition), new)
    assert is_for(campaign_for({"not": condition}), new)
    assert is_for(campaign_for({"fact": "first_order"}), new)


def test_an_order_whose_goods_cost_nothing_is_no_first_order() -> None:
    free = replace(REGULAR, orders=0, counts=False)

    assert not is_for(campaign_for({"fact": "first_order"}), free)
    assert not is_for(campaign_for({"fact": "order_number", "at_least": 1}), free)


def test_a_campaign_to_join_is_for_those_who_joined_before_they_ordered() -> None:
    to_join = campaign_for(None, activation="join")

    def joined(since: datetime) -> MemberFacts:
        return replace(REGULAR, joined={"welcome": since})

    assert is_for(to_join, joined(NOON))
    assert not is_for(to_join, joined(NOON + timedelta(seconds=1)))
    assert not is_for(to_join, REGULAR)


def test_a_campaign_names_what_must_be_read_of_a_member() -> None:
    conditions = [
        {"fact": "first_order"},
        {"not": {"fact": "days_since_order", "at_least": 3}},
        {"fact": "locale", "is_in": ["fr"]},
        {"fact": "tier", "is_in": ["gold"]},
    ]

    assert sources(campaign_for({"all": conditions}, activation="join")) == {
        "orders",
        "bought_on",
        "profile",
        "joined",
    }
    assert sources(campaign_for({"fact": "tier", "is_in": ["gold"]})) == frozenset()


NUMBERS = st.sampled_from(
    [
        {"fact": "first_order"},
        {"fact": "order_number", "is": 5},
        {"fact": "order_number", "every": 3},
        {"fact": "order_number", "every": 1},
        {"fact": "order_number", "at_least": 4},
        {"fact": "order_number", "at_most": 6},
        {"fact": "order_number", "at_least": 2, "at_most": 7, "every": 2},
    ]
)


@given(
    st.lists(NUMBERS, min_size=1, max_size=3), st.sampled_from(["all", "any"]), st.integers(0, 12)
)
def test_every_number_of_orders_that_is_relied_on_decides_the_same(
    leaves: list[dict[str, Any]], how: str, orders: int
) -> None:
    one = campaign_for({"not": {how: leaves}})

    lowest, highest = relied_on(one, orders)

    alike = range(lowest or 0, 20 if highest is None else highest + 1)
    assert orders in alike
    assert {is_for(one, replace(REGULAR, orders=each)) for each in alike} == {
        is_for(one, replace(REGULAR, orders=orders))
    }


def test_not_being_the_fifth_order_leaves_all_others_to_other_writers() -> None:
    fifth = campaign_for({"fact": "order_number", "is": 5})

    assert relied_on(fifth, 4) == (4, 4)
    assert relied_on(fifth, 0) == (0, 3)
    assert relied_on(fifth, 9) == (5, None)
