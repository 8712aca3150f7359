"""Campaigns that are a member's or can become so, and how far they have come in each."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty.domain.campaigns.finding_words import FindingWords
from loyalty.domain.campaigns.member_facts import MemberFacts, is_for
from loyalty.domain.campaigns.participation import (
    CapProgress,
    campaign_of_member,
    is_over,
    may_be_for,
)
from loyalty.domain.program.campaigns import Campaign
from tests.support.campaigns import campaign, with_campaigns

NOON: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REGULAR: Final = MemberFacts(
    occurred_at=NOON,
    orders=4,
    bought_on=date(2026, 11, 1),
    enrolled_on=date(2026, 6, 1),
    tier="silver",
    locale="fr-FR",
    birthday=date(1990, 5, 5),
    attributes={"milk": "oat"},
)


def parsed(**parts: Any) -> Campaign:
    return Campaign.model_validate(campaign(**parts))


def number(**bounds: Any) -> dict[str, Any]:
    return {"fact": "order_number", **bounds}


@pytest.mark.parametrize(
    ("members", "may_be"),
    [
        (None, True),
        ({"fact": "first_order"}, False),
        ({"not": {"fact": "first_order"}}, True),
        (number(**{"is": 4}), False),
        (number(**{"is": 5}), True),
        (number(**{"is": 9}), True),
        (number(every=3), True),
        (number(every=3, at_most=5), False),
        (number(at_least=10), True),
        ({"not": number(at_least=2)}, False),
        ({"not": number(at_most=9)}, True),
        ({"not": number(every=5)}, True),
        ({"fact": "member_days", "at_most": 30}, False),
        ({"fact": "member_days", "at_least": 900}, True),
        ({"fact": "days_since_order", "at_least": 60}, True),
        ({"fact": "tier", "is_in": ["gold"]}, True),
        ({"fact": "birthday", "on": "week"}, True),
        ({"fact": "consent", "name": "email"}, True),
        ({"fact": "locale", "is_in": ["de"]}, False),
        ({"fact": "attribute", "name": "milk", "is_in": ["oat"]}, True),
        ({"fact": "attribute", "name": "milk", "is_in": ["soy"]}, False),
        ({"not": {"fact": "attribute", "name": "milk", "is_in": ["oat"]}}, False),
        ({"all": [{"fact": "tier", "is_in": ["gold"]}, {"fact": "first_order"}]}, False),
        ({"any": [{"fact": "tier", "is_in": ["gold"]}, {"fact": "first_order"}]}, True),
        ({"not": {"any": [{"fact": "first_order"}, number(at_least=2)]}}, False),
    ],
)
def test_a_campaign_that_cannot_become_a_members_is_not_theirs(
    members: dict[str, Any] | None, may_be: bool
) -> None:
    assert may_be_for(parsed(**{"for": members}), REGULAR) is may_be


def test_what_is_not_known_of_a_member_shuts_a_campaign() -> None:
    unknown = replace(REGULAR, orders=None, birthday=None, enrolled_on=None)

    for members in (
        {"fact": "first_order"},
        {"not": {"fact": "first_order"}},
        {"fact": "birthday", "on": "day"},
        {"fact": "member_days", "at_least": 3},
    ):
        assert not may_be_for(parsed(**{"for": members}), unknown), members


LEAVES: Final = st.sampled_from(
    [
        {"fact": "first_order"},
        number(**{"is": 3}),
        number(every=2, at_most=5),
        number(at_least=3, at_most=6),
        {"fact": "member_days", "at_least": 20, "at_most": 50},
        {"fact": "days_since_order", "at_least": 10},
        {"fact": "birthday", "on": "month"},
        {"fact": "attribute", "name": "milk", "is_in": ["soy"]},
    ]
)
CONDITIONS: Final = st.recursive(
    LEAVES,
    lambda parts: (
        st.fixed_dictionaries({"all": st.lists(parts, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(parts, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": parts})
    ),
    max_leaves=5,
)


@given(CONDITIONS, st.integers(0, 8), st.integers(0, 60), st.integers(0, 5), st.integers(0, 60))
def test_a_campaign_that_counts_for_a_later_order_was_never_left_out_before(
    members: dict[str, Any], orders: int, days: int, more_orders: int, more_days: int
) -> None:
    one = parsed(**{"for": members})
    now = replace(
        REGULAR,
        orders=orders,
        bought_on=NOON.date() if orders else None,
        enrolled_on=NOON.date() - timedelta(days=days),
    )
    later = replace(
        now,
        occurred_at=NOON + timedelta(days=more_days),
        orders=orders + more_orders,
        bought_on=now.bought_on or (NOON.date() if more_orders else None),
    )
    assume(is_for(one, later))

    assert may_be_for(one, now)


def test_a_campaign_is_over_after_the_last_hour_of_its_last_day() -> None:
    one = parsed(when={"ends_on": "2026-11-21"})
    night = parsed(when={"ends_on": "2026-11-21", "hours": [{"from": "22:00", "until": "02:00"}]})
    midnight = datetime(2026, 11, 22, tzinfo=UTC)

    assert [is_over(one, each) for each in (NOON, midnight)] == [False, True]
    assert not is_over(night, midnight + timedelta(hours=1))
    assert is_over(night, midnight + timedelta(hours=2))
    assert not is_over(parsed(), midnight)


def test_progress_is_that_of_the_current_period() -> None:
    limits = {"per_member": {"points": 300, "orders": 3, "per": "month"}}
    used = {"welcome#2026-11": 120, "welcome#2026-11#orders": 2, "welcome#2026-10": 300}

    found = campaign_of_member(parsed(limits=limits), REGULAR, used=used)
    coming = campaign_of_member(
        parsed(limits=limits, when={"starts_on": "2026-12-24"}), REGULAR, used=used
    )

    points, orders = found.caps
    assert points == CapProgress(per="month", points=300, orders=None, used=120)
    assert orders == CapProgress(per="month", points=None, orders=3, used=2)
    assert [each.used for each in coming.caps] == [0, 0]
    assert (found.is_eligible, coming.is_eligible) == (True, False)
    assert not campaign_of_member(
        parsed(limits={"per_member": {"points": 5, "per": "order"}}), REGULAR, used={}
    ).caps


def test_a_campaign_to_join_can_be_joined_until_it_is_over() -> None:
    to_join = {"activation": "join", "when": {"ends_on": "2026-11-21"}}
    joined = replace(REGULAR, joined={"welcome": NOON - timedelta(days=1)})
    too_late = replace(REGULAR, occurred_at=NOON + timedelta(days=1))

    before = campaign_of_member(parsed(**to_join), REGULAR, used={})
    after = campaign_of_member(parsed(**to_join), joined, used={})

    assert (before.joined_at, before.can_join, before.is_eligible) == (None, True, False)
    assert (after.joined_at, after.can_join) == (NOON - timedelta(days=1), False)
    assert after.is_eligible
    assert not campaign_of_member(parsed(**to_join), too_late, used={}).can_join
    # It was to be joined once; now it is for all.
    assert campaign_of_member(parsed(), joined, used={}).joined_at is None


@pytest.mark.parametrize(
    ("parts", "why_not", "text"),
    [
        ({}, [], ""),
        (
            {"for": number(every=3)},
            [{"fact": "order_number", "every": 3, "is": 5, "missing": 1}],
            "The number of the order is not a multiple of 3: it is 5. 1 order is missing.",
        ),
        ({"for": number(every=5)}, [], ""),
        (
            {"for": number(every=3, at_least=7)},
            [{"fact": "order_number", "every": 3, "at_least": 7, "is": 5, "missing": 4}],
            (
                "The number of the order is not a multiple of 3 and at least 7: it is 5. "
                "4 orders are missing."
            ),
        ),
        (
            {"for": number(**{"is": 8})},
            [{"fact": "order_number", "exactly": 8, "is": 5, "missing": 3}],
            "The number of the order is not exactly 8: it is 5. 3 orders are missing.",
        ),
        (
            {"for": {"fact": "days_since_order", "at_least": 60}},
            [{"fact": "days_since_order", "at_least": 60, "is": 20, "missing": 40}],
            "The days since the last order is not at least 60: it is 20. 40 days are missing.",
        ),
        (
            {"for": {"not": number(at_most=9)}},
            [{"fact": "order_number", "at_most": 9, "is": 5}],
            "The number of the order is at most 9, and must not be: it is 5.",
        ),
        (
            {"for": {"any": [{"fact": "tier", "is_in": ["gold"]}, number(at_least=1)]}},
            [],
            "",
        ),
        # What a profile has stays with the member: only whether it fits is said.
        (
            {"for": {"fact": "attribute", "name": "milk", "is_in": ["soy"]}},
            [{"fact": "attribute", "name": "milk", "is_in": ["soy"]}],
            "The attribute “milk” is not “soy”.",
        ),
        (
            {"activation": "join", "when": {"ends_on": "2026-12-31"}},
            [{"fact": "joined"}],
            "The member had not joined it.",
        ),
        (
            {"when": {"weekdays": ["mon"]}},
            [{"fact": "when"}],
            "It does not run at that time.",
        ),
        (
            {"limits": {"per_member": {"points": 10, "orders": 3, "per": "month"}}},
            [{"fact": "cap", "left": 0}],
            "The member has had all that it gives one member.",
        ),
    ],
)
def test_it_says_what_stands_against_it_and_what_is_missing(
    parts: dict[str, Any], why_not: list[dict[str, Any]], text: str
) -> None:
    document = with_campaigns(campaign(**parts))
    used = {"welcome#2026-11": 10, "welcome#2026-11#orders": 1}

    found = campaign_of_member(document.campaigns[0], REGULAR, used=used).why_not

    assert [{"fact": each.fact, **each.details} for each in found] == why_not
    assert FindingWords(document).why_not(document.campaigns[0], found) == text


@given(members=CONDITIONS, orders=st.none() | st.integers(0, 8))
def test_nothing_stands_against_one_that_is_eligible_and_something_against_every_other(
    members: dict[str, Any], orders: int | None
) -> None:
    facts = replace(REGULAR, orders=orders, bought_on=NOON.date() if orders else None)

    found = campaign_of_member(parsed(**{"for": members}), facts, used={})

    assert found.is_eligible == (not found.why_not)
