"""Shops' customers and memberships, over HTTP and the queue."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.storefronts.handler import handler as storefronts
from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.support import signing, till
from tests.support.deliveries import (
    MANAGER,
    PROGRAM_ID,
    connect,
    deliver,
    drain,
    post,
    queued,
)
from tests.support.documents import rule
from tests.support.http import call
from tests.support.shopify import DELETED_CUSTOMER, WITH_CUSTOMER, payload
from tests.support.signing import SECRET, encoded

PATH = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
TIERS = {
    "basis": "qualifying_points",
    "period": "calendar_year",
    "levels": [{"id": "gold", "name": "Gold", "reached_at": 1000}],
}
BOB = {
    "id": 207119551,
    "admin_graphql_api_id": "gid://shopify/Customer/207119551",
    "created_at": "2026-11-20T10:00:00Z",
    "email": "bob.norman@mail.example.com",
    "first_name": "Bob",
    "last_name": "Norman",
    "updated_at": "2026-11-21T10:00:00Z",
    "email_marketing_consent": {"state": "subscribed"},
}


@pytest.fixture(autouse=True)
def document(publish: Callable[..., object]) -> None:
    publish(currency="USD", tiers=TIERS, earning_rules=[rule()])


def outcome() -> dict[str, Any]:
    """The outcome of the last delivery."""
    answer = call(storefronts, "GET", f"{PATH}/deliveries", as_=MANAGER)
    last: dict[str, Any] = answer.body["items"][0]
    return last


def subscription(time: Clock, **changes: Any) -> None:
    """Deliver a signed subscription event of Stripe."""
    created = int(time.now.timestamp())
    price = {"id": "price_gold", "product": "prod_gold"}
    stripe_subscription = {
        "id": "sub_1",
        "customer": "cus_1",
        "status": "active",
        "items": {"data": [{"price": price, "current_period_end": created + 30 * 86400}]},
    }
    raw = encoded(
        {
            "id": f"evt_{created}",
            "type": "customer.subscription.updated",
            "created": created,
            "data": {"object": stripe_subscription | changes},
        }
    )
    assert post(raw, signing.stripe(raw, signed_at=time.now)).status == 200
    drain()


def test_a_customer_who_consents_in_the_shop_is_enrolled_with_earlier_orders(time: Clock) -> None:
    connect(enroll_customers=True)
    goods = payload(WITH_CUSTOMER, paid_at=time.now)
    fresh = [each | {"current_quantity": 1} for each in goods["line_items"]]
    deliver(goods | {"line_items": fresh, "refunds": []}, event_id="the order")
    drain()
    assert outcome()["status"] == "guest"
    time.now += timedelta(minutes=1)

    deliver(BOB, topic="customers/create", event_id="the customer")
    drain()

    assert outcome()["status"] == "enrolled"
    bob = till.member(outcome()["member_id"])
    assert (bob["profile"]["name"], bob["balance"]) == ("Bob Norman", 587)


def test_nobody_is_enrolled_unless_the_connection_says_so() -> None:
    connect()

    deliver(BOB, topic="customers/create")
    drain()

    assert (outcome()["status"], outcome()["reason"]) == ("ignored", "no_member")


def test_a_member_is_linked_and_parted(time: Clock) -> None:
    connect()
    member_id = till.enroll("bob.norman@mail.example.com")
    deliver(BOB, topic="customers/update", event_id="1")
    drain()
    assert (outcome()["status"], outcome()["member_id"]) == ("linked", member_id)
    time.now += timedelta(minutes=1)

    deliver(DELETED_CUSTOMER, topic="customers/delete", event_id="2")
    drain()

    assert (outcome()["status"], outcome()["member_id"]) == ("unlinked", member_id)
    kinds = [each["kind"] for each in till.member(member_id)["identities"]]
    assert kinds == ["email"]


def test_deliveries_about_one_customer_are_applied_in_order() -> None:
    connect()
    deliver(BOB, topic="customers/create", event_id="1")
    deliver(DELETED_CUSTOMER, topic="customers/delete", event_id="2")

    groups = {message["attributes"]["MessageGroupId"] for message in queued()}

    assert len(groups) == 1


def test_a_plan_is_there_as_long_as_a_shop_says_that_it_is_paid_for(
    time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    billing = [{"storefront": "online", "prices": ["price_gold"]}]
    publish(version=2, currency="USD", plans=[{"id": "prime", "name": "Prime", "billing": billing}])
    time.now += timedelta(minutes=1)
    connect(platform="stripe", secrets=[SECRET])
    body = {"identities": [{"kind": "customer", "source": "shop", "value": "cus_1"}]}
    enrolled = call(enrollment, "POST", f"{till.PROGRAM}/members", body=body, as_=till.CASHIER)
    member_id = enrolled.body["id"]

    subscription(time)
    assert (outcome()["status"], outcome()["member_id"]) == ("granted", member_id)
    assert till.member(member_id)["plan"]["until"] == "2026-12-21"
    path = f"{till.PROGRAM}/members/{member_id}/plan"
    found = call(enrollment, "GET", path, as_=till.CASHIER).body["plan"]
    assert (found["state"], found["told_by"]) == ("active", "online/sub_1")

    time.now += timedelta(days=1)
    yesterday = int((time.now - timedelta(days=1)).timestamp())
    subscription(time, status="canceled", ended_at=yesterday)
    assert outcome()["status"] == "ended"
    assert till.member(member_id)["plan"] is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"platform": "stripe", "enroll_customers": True}, "/enroll_customers"),
        ({"enroll_customers": "yes"}, "/enroll_customers"),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], pointer: str) -> None:
    answer = connect(**changes)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert pointer in answer.pointers
