"""What a shop's membership says about a plan; the sequence of its events does not matter."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any, Final

import pytest

from loyalty.domain.people.identity import identify
from loyalty.domain.plans.tellings import MemberPlans, PlanTelling
from loyalty.domain.shops.memberships import MembershipUpdated, plan_sold_as, telling_of
from loyalty.domain.shops.storefront import ALL_EARN, SendingShop
from loyalty.storefronts.stripe import STRIPE
from tests.support.documents import program

BEGAN: Final = datetime(2026, 11, 1, 9, tzinfo=UTC)
MONTH: Final = timedelta(days=30)
PLANS: Final = [
    {
        "id": "prime",
        "name": "Prime",
        "grace_days": 7,
        "billing": [{"storefront": "shop", "prices": ["price_prime", "prod_prime"]}],
    }
]
PROGRAM: Final = program(plans=PLANS, time_zone="UTC")
PRIME: Final = PROGRAM.plans[0]
SHOP: Final = SendingShop("shop", earns=ALL_EARN)


def membership(**parts: Any) -> MembershipUpdated:
    return MembershipUpdated(
        customer=identify("customer", "cus_1", source="shop"),
        membership_id="sub_1",
        prices=("price_prime",),
        began_at=BEGAN,
        told_at=BEGAN,
        **parts,
    )


def test_a_plan_is_found_by_what_its_shop_calls_it() -> None:
    found = [
        plan_sold_as(prices, storefront_id=shop, program=PROGRAM)
        for prices, shop in (
            (("price_prime",), "shop"),
            (("price_other", "prod_prime"), "shop"),
            (("price_other",), "shop"),
            (("price_prime",), "other"),
        )
    ]

    assert found == [PRIME, PRIME, None, None]


@pytest.mark.parametrize(
    ("zone", "last"),
    [("UTC", date(2026, 11, 30)), ("Europe/Paris", date(2026, 12, 1))],
)
def test_a_day_of_which_a_part_is_paid_counts_and_one_that_only_begins_does_not(
    zone: str, last: date
) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC)

    telling = telling_of(
        membership(paid_until=midnight), PRIME, program(plans=PLANS, time_zone=zone)
    )

    assert telling.paid_until == last


def test_a_pause_ends_on_the_day_before_it_resumes() -> None:
    telling = telling_of(
        membership(is_paused=True, resumes_at=BEGAN + MONTH, paid_until=BEGAN + MONTH),
        PRIME,
        PROGRAM,
    )

    assert (telling.paused_from, telling.paused_until) == (date(2026, 11, 1), date(2026, 11, 30))


def event(day: int, status: str, **parts: Any) -> PlanTelling:
    """The news in a Stripe event that was created this many days after the beginning."""
    created = int((BEGAN + timedelta(days=day)).timestamp())
    began = int(BEGAN.timestamp())
    period = day // 30
    item = {
        "price": {"id": "price_prime"},
        "current_period_start": began + period * 30 * 86400,
        "current_period_end": began + (period + 1) * 30 * 86400,
    }
    subscription = {
        "id": "sub_1",
        "customer": "cus_1",
        "status": status,
        "start_date": began,
        "items": {"data": [item]},
    }
    body: dict[str, Any] = {
        "id": f"evt_{day}",
        "type": "customer.subscription.updated",
        "created": created,
        "data": {"object": subscription | parts},
    }
    command = STRIPE.translate(body["type"], json.dumps(body).encode(), SHOP)
    assert isinstance(command, MembershipUpdated)
    return telling_of(command, PRIME, PROGRAM)


TRIAL_END: Final = int((BEGAN + MONTH).timestamp())
EVENTS: Final = (
    event(0, "trialing", trial_end=TRIAL_END),
    event(30, "active", trial_end=TRIAL_END),
    event(61, "past_due", trial_end=TRIAL_END),
    event(63, "active", trial_end=TRIAL_END),
    event(70, "active", trial_end=TRIAL_END, pause_collection={}),
    event(75, "active", trial_end=TRIAL_END, cancel_at_period_end=True),
    event(90, "canceled", trial_end=TRIAL_END, ended_at=int((BEGAN + 3 * MONTH).timestamp())),
)


def _states() -> Iterator[tuple[int, str]]:
    plans = MemberPlans(member_id="ana")
    for telling in EVENTS:
        plans = plans.with_telling("shop/sub_1", telling)
        day = telling.told_at.date()
        yield (day - BEGAN.date()).days, telling.state_on(day, grace_days=PRIME.grace_days)


def test_a_trial_is_paid_owed_paid_paused_resumed_and_ended() -> None:
    assert list(_states()) == [
        (0, "trialing"),
        (30, "active"),
        (61, "grace"),
        (63, "active"),
        (70, "paused"),
        (75, "active"),
        (90, "active"),
    ]
    assert EVENTS[-1].state_on(BEGAN.date() + 3 * MONTH + timedelta(days=1), grace_days=7) == (
        "ended"
    )


def test_every_permutation_of_seven_events_late_and_doubled_ends_the_same() -> None:
    for shuffled in permutations(EVENTS):
        plans = MemberPlans(member_id="ana")
        for telling in (*shuffled, shuffled[0], shuffled[3]):
            plans = plans.with_telling("shop/sub_1", telling)
        assert plans.tellings == {"shop/sub_1": EVENTS[-1]}
