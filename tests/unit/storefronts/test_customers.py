"""Translating deliveries about customers and memberships."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.people.identity import Identity
from loyalty.domain.shops.customers import CustomerErased, CustomerUpdated
from loyalty.domain.shops.memberships import MembershipUpdated
from loyalty.domain.shops.storefront import Ignored, Parked
from loyalty.storefronts.bigcommerce import BIGCOMMERCE
from loyalty.storefronts.shopify import SHOPIFY
from loyalty.storefronts.square import SQUARE
from loyalty.storefronts.stripe import STRIPE
from loyalty.storefronts.woocommerce import WOOCOMMERCE
from loyalty.usecases.shops.platforms import Platform
from tests.support.fuzz import must_make_sense, places, spoiled
from tests.support.received import SHOP, complete_delivery, fetch_of
from tests.support.shopify import DELETED_CUSTOMER, KNOWN_CUSTOMER
from tests.support.signing import encoded, fixture
from tests.support.stripe import customer_event
from tests.support.woocommerce import CUSTOMER

RECEIVED_AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
SECONDS = int(RECEIVED_AT.timestamp())
NOW, DAY = SECONDS, SECONDS + 86400
EMAIL = Identity("email", "ana@example.com")
PHONE = Identity("phone", "+33612345678")

OF_SHOPIFY = KNOWN_CUSTOMER
OF_WOOCOMMERCE = CUSTOMER
OF_STRIPE = customer_event()
OF_BIGCOMMERCE = {
    "data": [
        {
            "id": 11,
            "email": "ana@example.com",
            "phone": "+33612345678",
            "first_name": "Ana",
            "last_name": "Lund",
            "date_modified": "2026-11-21T10:00:00Z",
        }
    ]
}
EVENT_OF_BIGCOMMERCE = {
    "scope": "store/customer/updated",
    "producer": "stores/abc123",
    "hash": "7ee67cd1cf2ca60bc1aa9e5fe957d2de373be4ca",
    "data": {"type": "customer", "id": 11},
}


def of_square() -> dict[str, Any]:
    body: dict[str, Any] = fixture("square/customer.created")
    body["data"]["object"]["customer"] |= {
        "email_address": "ana@example.com",
        "phone_number": "+33612345678",
        "given_name": "Ana",
        "family_name": "Lund",
        "updated_at": "2026-11-21T10:00:00Z",
    }
    return body


def subscription(status: str = "active", **changes: Any) -> dict[str, Any]:
    price = {"id": "price_gold", "product": "prod_gold"}
    stripe_subscription = {
        "id": "sub_1",
        "customer": "cus_1",
        "status": status,
        "items": {"data": [{"price": price, "current_period_end": SECONDS + 86400}]},
    }
    return {
        "id": "evt_2",
        "type": "customer.subscription.updated",
        "created": SECONDS,
        "data": {"object": stripe_subscription | changes},
    }


def square_subscription(status: str = "ACTIVE", **changes: Any) -> dict[str, Any]:
    subscription_body = {
        "id": "sub-1",
        "customer_id": "ANA",
        "plan_variation_id": "GOLD-MONTHLY",
        "status": status,
        "start_date": "2026-11-01",
        "charged_through_date": "2026-12-21",
    }
    return {
        "event_id": "e1",
        "type": "subscription.updated",
        "created_at": "2026-11-21T10:00:00Z",
        "data": {"object": {"subscription": subscription_body | changes}},
    }


def translated(platform: Platform, topic: str, body: Any) -> Any:
    return platform.translate(topic, encoded(body), SHOP)


CUSTOMERS: list[tuple[Platform, str, Any, str]] = [
    (SHOPIFY, "customers/create", OF_SHOPIFY, "207119551"),
    (SHOPIFY, "customers/update", OF_SHOPIFY, "207119551"),
    (WOOCOMMERCE, "customer.created", OF_WOOCOMMERCE, "25"),
    (WOOCOMMERCE, "customer.updated", OF_WOOCOMMERCE, "25"),
    (STRIPE, "customer.created", OF_STRIPE, "cus_1"),
    (STRIPE, "customer.updated", OF_STRIPE, "cus_1"),
    (SQUARE, "customer.created", of_square(), "QPTXM8PQNX3Q726ZYHPMNP46XC"),
    (SQUARE, "customer.updated", of_square(), "QPTXM8PQNX3Q726ZYHPMNP46XC"),
]


@pytest.mark.parametrize(("platform", "topic", "body", "name"), CUSTOMERS)
def test_a_customer_is_read(platform: Platform, topic: str, body: Any, name: str) -> None:
    command = translated(platform, topic, body)

    assert isinstance(command, CustomerUpdated), command
    assert command.customer == Identity("customer", name, "shop")
    assert command.contacts == (EMAIL, PHONE)
    assert command.verified == frozenset()
    assert (command.name, command.told_at) == ("Ana Lund", RECEIVED_AT)


@pytest.mark.parametrize(("platform", "topic", "body", "name"), CUSTOMERS)
def test_deliveries_about_a_customer_are_applied_in_order(
    platform: Platform, topic: str, body: Any, name: str
) -> None:
    headers = {"x-shopify-topic": topic, "x-wc-webhook-topic": topic}

    envelope = platform.envelope(encoded(body | {"type": topic}), headers)

    assert (envelope.customer_id, envelope.order_id) == (name, None)


def test_bigcommerce_is_asked_for_its_customers() -> None:
    body = encoded(EVENT_OF_BIGCOMMERCE)

    fetch = BIGCOMMERCE.translate("store/customer/updated", body, SHOP)
    command = complete_delivery(
        BIGCOMMERCE, "store/customer/updated", body, [encoded(OF_BIGCOMMERCE)], source="shop"
    )

    assert fetch == fetch_of("/v3/customers?id:in=11")
    assert isinstance(command, CustomerUpdated)
    assert (command.customer.value, command.contacts) == ("11", (EMAIL, PHONE))
    assert BIGCOMMERCE.envelope(body, {}).customer_id == "11"


def test_a_customer_who_was_deleted_meanwhile_is_ignored() -> None:
    command = complete_delivery(
        BIGCOMMERCE,
        "store/customer/updated",
        encoded(EVENT_OF_BIGCOMMERCE),
        [encoded({"data": []})],
        source="shop",
    )

    assert command == Ignored("no_customer")


@pytest.mark.parametrize(
    ("platform", "topic", "body", "name"),
    [
        (SHOPIFY, "customers/delete", DELETED_CUSTOMER, "207119551"),
        (STRIPE, "customer.deleted", OF_STRIPE, "cus_1"),
        (SQUARE, "customer.deleted", of_square(), "QPTXM8PQNX3Q726ZYHPMNP46XC"),
        (BIGCOMMERCE, "store/customer/deleted", EVENT_OF_BIGCOMMERCE, "11"),
    ],
)
def test_a_customer_is_erased(platform: Platform, topic: str, body: Any, name: str) -> None:
    command = translated(platform, topic, body)

    assert command == CustomerErased(customer=Identity("customer", name, "shop"))


@pytest.mark.parametrize("state", ["not_subscribed", "pending", "unsubscribed", "redacted"])
def test_only_a_given_consent_is_passed_on(state: str) -> None:
    command = translated(
        SHOPIFY, "customers/create", OF_SHOPIFY | {"email_marketing_consent": {"state": state}}
    )

    assert command.consents == {}
    assert translated(SHOPIFY, "customers/create", OF_SHOPIFY).consents == {"email": True}


class TestMemberships:
    def test_a_stripe_subscription_has_its_prices_and_the_end_of_what_is_paid(self) -> None:
        body = subscription(start_date=SECONDS - 86400)

        command = translated(STRIPE, body["type"], body)

        assert command == MembershipUpdated(
            customer=Identity("customer", "cus_1", "shop"),
            membership_id="sub_1",
            prices=("price_gold", "prod_gold"),
            began_at=RECEIVED_AT - timedelta(days=1),
            told_at=RECEIVED_AT,
            paid_until=datetime.fromtimestamp(SECONDS + 86400, UTC),
        )
        assert STRIPE.envelope(encoded(body), {}).customer_id == "cus_1"

    def test_the_period_of_an_older_version_is_that_of_the_whole(self) -> None:
        items = {"data": [{"price": {"id": "price_gold"}}]}
        body = subscription(items=items, current_period_end=SECONDS)

        assert translated(STRIPE, body["type"], body).paid_until == RECEIVED_AT

    @pytest.mark.parametrize(
        ("status", "changes", "expected"),
        [
            ("trialing", {"trial_end": DAY}, {"trial_until": DAY}),
            ("trialing", {}, {"paid_until": DAY}),
            ("past_due", {"current_period_start": NOW}, {"paid_until": NOW}),
            ("unpaid", {"current_period_start": NOW, "trial_end": NOW}, {"trial_until": NOW}),
            ("active", {"cancel_at_period_end": True}, {"paid_until": DAY, "ends_at": DAY}),
            ("active", {"cancel_at": NOW}, {"paid_until": DAY, "ends_at": NOW}),
            ("canceled", {"ended_at": NOW}, {"paid_until": DAY, "ends_at": NOW}),
            ("canceled", {}, {"ends_at": NOW}),
            (
                "canceled",
                {
                    "current_period_start": NOW,
                    "cancellation_details": {"reason": "payment_failed"},
                },
                {"paid_until": NOW, "ends_at": NOW},
            ),
            ("active", {"pause_collection": {"resumes_at": DAY}}, {"is_paused": True}),
            ("active", {"pause_collection": {"resumes_at": DAY}}, {"resumes_at": DAY}),
            ("active", {"pause_collection": {}}, {"is_paused": True, "resumes_at": None}),
            ("paused", {"trial_end": NOW}, {"is_paused": True, "trial_until": NOW}),
            ("paused", {}, {"paid_until": None}),
        ],
    )
    def test_what_a_state_of_a_stripe_subscription_means(
        self, status: str, changes: Any, expected: Any
    ) -> None:
        body = subscription(status, **changes)

        command = translated(STRIPE, body["type"], body)

        for name, value in expected.items():
            is_time = isinstance(value, int) and not isinstance(value, bool)
            meant = datetime.fromtimestamp(value, UTC) if is_time else value
            assert getattr(command, name) == meant

    @pytest.mark.parametrize("status", ["incomplete", "incomplete_expired"])
    def test_a_subscription_that_was_never_paid_changes_nothing(self, status: str) -> None:
        body = subscription(status)

        assert translated(STRIPE, body["type"], body) == Ignored("not_paid")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"customer": None}, "/data/object/customer"),
            ({"items": {"data": []}}, "/data/object/items/data/0/current_period_end"),
        ],
    )
    def test_a_malformed_subscription_is_parked(self, changes: Any, pointer: str) -> None:
        body = subscription(**changes)

        assert translated(STRIPE, body["type"], body) == Parked("malformed", pointer)

    def test_a_square_subscription_is_paid_until_it_was_charged(self) -> None:
        body = square_subscription()

        command = translated(SQUARE, body["type"], body)

        assert command == MembershipUpdated(
            customer=Identity("customer", "ANA", "shop"),
            membership_id="sub-1",
            prices=("GOLD-MONTHLY",),
            began_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
            paid_until=datetime(2026, 12, 21, 12, tzinfo=UTC),
            told_at=RECEIVED_AT,
        )
        assert SQUARE.envelope(encoded(body), {}).customer_id == "ANA"

    @pytest.mark.parametrize("status", ["CANCELED", "COMPLETED", "DEACTIVATED"])
    def test_a_square_subscription_that_is_over_has_an_end(self, status: str) -> None:
        body = square_subscription(status, canceled_date="2026-11-23")

        assert translated(SQUARE, body["type"], body).ends_at == RECEIVED_AT

    def test_a_square_subscription_can_be_about_to_end_or_paused(self) -> None:
        ending = square_subscription(canceled_date="2026-12-21")
        paused = square_subscription("PAUSED")

        command = translated(SQUARE, ending["type"], ending)

        assert command.ends_at == command.paid_until
        assert translated(SQUARE, paused["type"], paused).is_paused

    @pytest.mark.parametrize(
        "body", [square_subscription("PENDING"), square_subscription(charged_through_date=None)]
    )
    def test_an_uncharged_square_subscription_is_not_paid(self, body: Any) -> None:
        assert translated(SQUARE, body["type"], body) == Ignored("not_paid")


BODIES: list[tuple[Platform, str, Any]] = [
    *((platform, topic, body) for platform, topic, body, _ in CUSTOMERS),
    (STRIPE, "customer.subscription.updated", subscription()),
    (SQUARE, "subscription.updated", square_subscription()),
    (BIGCOMMERCE, "store/customer/updated", EVENT_OF_BIGCOMMERCE),
]
SPOILED = st.sampled_from(BODIES).flatmap(
    lambda one: st.tuples(
        st.just(one[0]), st.just(one[1]), spoiled(one[2], places=list(places(one[2])))
    )
)


@given(SPOILED)
def test_any_malformed_body_is_read_or_parked(delivered: Any) -> None:
    platform, topic, body = delivered
    raw = json.dumps(body).encode()

    platform.envelope(raw, {"x-shopify-topic": topic, "x-wc-webhook-topic": topic})
    must_make_sense(platform.translate(topic, raw, SHOP))


@given(spoiled(OF_BIGCOMMERCE, places=list(places(OF_BIGCOMMERCE))))
def test_any_malformed_answer_is_read_or_parked(body: Any) -> None:
    raw = json.dumps(body).encode()

    must_make_sense(
        complete_delivery(
            BIGCOMMERCE,
            "store/customer/updated",
            encoded(EVENT_OF_BIGCOMMERCE),
            [raw],
            source="shop",
        )
    )


@pytest.mark.parametrize(
    ("changes", "is_verified"),
    [
        ({}, False),
        ({"verified_email": True}, False),
        ({"verified_email": True, "state": "disabled"}, False),
        ({"verified_email": False, "state": "enabled"}, False),
        ({"verified_email": True, "state": "enabled"}, True),
    ],
)
def test_shopify_s_verification_counts_only_for_customers_with_an_account(
    changes: dict[str, Any], *, is_verified: bool
) -> None:
    command = translated(SHOPIFY, "customers/update", OF_SHOPIFY | changes)

    assert isinstance(command, CustomerUpdated)
    assert command.contacts == (EMAIL, PHONE)
    assert command.verified == ({EMAIL} if is_verified else set())


def test_invisible_characters_of_a_customer_s_name_are_left_out() -> None:
    names = {"first_name": "A\0na\x1b[31m", "last_name": "\u202eLund\r\nBcc:"}

    command = translated(SHOPIFY, "customers/update", OF_SHOPIFY | names)

    assert command.name == "A na [31m Lund Bcc:"
