"""Which orders of a friend count, when a referral is due, and what the caps leave."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.engagement.referrals import (
    SIDES,
    CapSlot,
    ReferralDecision,
    Referrer,
    governing,
    has_room,
    is_due,
    is_given,
    tally_of_order,
    undone,
)
from loyalty.domain.program.referrals import ReferralCaps, Referrals
from loyalty.table.operations import Item
from loyalty.table.records.referrals import (
    referral_from_item,
    referral_to_item,
    referrer_from_item,
    referrer_to_item,
)
from tests.support.club import bought
from tests.support.documents import program
from tests.support.orders import line
from tests.support.referrals import CLAIMED_AT, referral

TERMS = {"referrer": {"points": 500}, "friend": {"points": 100}}
MINIMUM = TERMS | {"counts": {"amount_minor_min": 3000, "within_days": 10}}


@pytest.mark.parametrize(
    ("terms", "amount", "days_ago", "tally"),
    [
        (MINIMUM, 3000, 0, "orders"),
        (MINIMUM, 2999, 0, None),
        (TERMS, 1, 0, "orders"),
        (MINIMUM, 3000, -10, "orders"),
        (MINIMUM, 3000, -11, None),
        (MINIMUM, 3000, 1, "earlier"),
        (MINIMUM | {"new_only": False}, 3000, 1, None),
    ],
)
def test_an_order_counts_from_the_day_of_the_claim_in_time_and_if_enough_is_left(
    terms: dict[str, Any], amount: int, days_ago: int, tally: str | None
) -> None:
    order = bought("1", line(amount), days_ago=days_ago)

    assert tally_of_order(order, referral(), program(referrals=terms)) == tally


def test_a_referral_is_due_once_enough_orders_count_and_none_was_made_before() -> None:
    terms = Referrals.model_validate(TERMS | {"orders": 2})
    two = referral(orders=2)

    assert is_due(two, [two], terms)
    assert not is_due(referral(orders=1), [referral(orders=1)], terms)
    assert not is_due(referral(orders=2, state="held"), [two], terms)
    assert not is_due(two, [referral(orders=2, earlier=1)], terms)


def test_after_a_merge_the_first_claim_counts_with_the_orders_of_both() -> None:
    terms = Referrals.model_validate(TERMS | {"orders": 2})
    first, later = (
        referral("mem_a", orders=1),
        referral("mem_b", orders=1, claimed_at=CLAIMED_AT + timedelta(hours=1)),
    )

    assert governing([later, first]) == first
    assert governing([later, referral("mem_a", state="refused")]) == later
    assert is_due(first, [later, first], terms)


def test_only_a_referral_with_a_place_gives_the_member_something() -> None:
    placed = referral(stands=True, slot=CapSlot("mem_ana", "2026-11"))

    assert [is_given(placed, side) for side in SIDES] == [True, True]
    assert [is_given(referral(stands=True), side) for side in SIDES] == [True, False]
    assert [is_given(undone(placed), side) for side in SIDES] == [False, False]


@given(
    st.lists(st.sampled_from(["2026-11", "2026-12"]), max_size=8),
    st.integers(1, 3),
    st.integers(1, 5),
)
def test_places_are_never_more_than_the_caps(months: list[str], per_month: int, ever: int) -> None:
    caps = ReferralCaps(per_month=per_month, ever=ever)
    merged, own = Referrer(member_id="mem_old", code="A"), Referrer(member_id="mem_ana", code="B")

    for month in months:
        if has_room([merged, own], caps, month):
            own = own.taking(month, 1)

    assert own.given_ever <= ever
    assert all(places <= per_month for places in own.given.values())
    for month in own.given:
        assert own.taking(month, -1).given_ever == own.given_ever - 1


@pytest.mark.parametrize(
    ("parts", "on", "stage"),
    [
        ({}, date(2026, 11, 21), "claimed"),
        ({}, date(2027, 1, 20), "claimed"),
        ({}, date(2027, 1, 21), "lapsed"),
        ({"stands": True, "given_at": CLAIMED_AT}, date(2027, 3, 1), "awarded"),
        ({"given_at": CLAIMED_AT}, date(2026, 11, 22), "undone"),
        ({"state": "held"}, date(2027, 3, 1), "held"),
        ({"state": "refused", "reason": "self"}, date(2027, 3, 1), "refused"),
    ],
)
def test_a_stage_follows_from_what_is_stored_and_the_day(
    parts: dict[str, Any], on: date, stage: str
) -> None:
    assert referral(**parts).stage(Referrals.model_validate(TERMS), today=on) == stage


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"state": "held", "signals": ("device", "network")},
        {"state": "refused", "reason": "decided"}
        | {"decision": ReferralDecision("refused", "bea", CLAIMED_AT, "the same person")},
        {"orders": 2, "earlier": 1, "revision": 7},
        {"stands": True, "given_at": CLAIMED_AT}
        | {"month": "2026-11", "slot": CapSlot("mem_ana", "2026-11")},
    ],
)
def test_a_referral_is_read_as_it_was_written(parts: dict[str, Any]) -> None:
    written = referral(**parts)

    assert referral_from_item(referral_to_item(written, "bean")) == written


def test_a_referrer_is_read_as_it_was_written() -> None:
    written = Referrer(member_id="mem_ana", code="AAAAABBBBB", given={"2026-11": 2}, revision=3)
    item: Item = {**referrer_to_item(written), "pk": "PROGRAM#bean#MEMBER#mem_ana"}

    assert referrer_from_item(item) == written
