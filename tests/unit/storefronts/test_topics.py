"""A signed body means what its own topic means, whatever topic an unsigned header names.

Shopify and WooCommerce sign only the body, so a captured delivery can be sent again under any other
topic. Every body is translated here under every topic of its platform.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest

from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.storefront import Ignored, OrderFilter, Parked, PlatformName, SendingShop
from loyalty.storefronts import platform_named
from loyalty.storefronts.shopify import SHOPIFY
from loyalty.storefronts.woocommerce import WOOCOMMERCE
from tests.support import signing
from tests.support.bigcommerce import STORE, event
from tests.support.received import SHOP
from tests.support.shopify import (
    DATA_REQUEST,
    DELETED_CUSTOMER,
    EMAIL_CONSENT,
    KNOWN_CUSTOMER,
    MERGE,
    REDACT,
    SHOP_REDACT,
    SMS_CONSENT,
    payload,
)
from tests.support.shopify import headers as shopify_headers
from tests.support.signing import encoded, fixture
from tests.support.stripe import (
    charge_event,
    customer_event,
    dispute_event,
    payment_event,
    refund_event,
    subscription_event,
)
from tests.support.woocommerce import CUSTOMER

ORDERS: Final = ("orders/paid", "orders/create", "orders/updated")
WOO_ORDERS: Final = ("order.created", "order.updated", "order.restored")
RECEIVED_AT: Final = "2026-11-21T10:00:00Z"
# Stripe's payments outside of Checkout earn only if the shop says so.
WITH_PAYMENTS: Final = SendingShop(
    "shop", earns=OrderFilter(channels=("checkout", "invoice", "payment"))
)


class Sample(NamedTuple):
    """A body, and the topics under which it may be applied; none: it is nothing that we apply."""

    name: str
    body: Any
    topics: tuple[str, ...] = ()


def _order(**changes: Any) -> dict[str, Any]:
    return payload("order.1073459962", **changes) | {"email": "ana@example.com"}


def _square(kind: str, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = fixture(f"square/{kind}")
    return body | changes


def _square_subscription(kind: str) -> dict[str, Any]:
    subscription = {
        "id": "sub-1",
        "customer_id": "ANA",
        "plan_variation_id": "GOLD-MONTHLY",
        "status": "ACTIVE",
        "charged_through_date": "2026-12-21",
    }
    return {
        "event_id": "e1",
        "type": kind,
        "created_at": RECEIVED_AT,
        "data": {"object": {"subscription": subscription}},
    }


def _stripe(name: str, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = fixture(f"stripe/{name}")
    return body | changes


def _refunded_charge() -> dict[str, Any]:
    body = _stripe("charge.refunded")
    body["data"]["object"]["payment_intent"] = "pi_1"
    return body


SAMPLES: Final[dict[PlatformName, list[Sample]]] = {
    "shopify": [
        Sample("a paid order", _order(), ORDERS),
        Sample("the published order", payload("order.450789469"), ORDERS),
        Sample("an order nobody paid", _order(financial_status="pending")),
        Sample(
            "a cancelled order", _order(cancelled_at=RECEIVED_AT), (*ORDERS, "orders/cancelled")
        ),
        Sample("a refund", payload("refund.929361467"), ("refunds/create",)),
        Sample("another refund", payload("refund.509562969"), ("refunds/create",)),
        Sample("a customer", KNOWN_CUSTOMER, ("customers/create", "customers/update")),
        Sample("a deleted customer", DELETED_CUSTOMER, ("customers/delete",)),
        Sample("a consent by e-mail", EMAIL_CONSENT, ("customers_email_marketing_consent/update",)),
        Sample("a consent by text message", SMS_CONSENT, ("customers_marketing_consent/update",)),
        Sample("two customers that became one", MERGE, ("customers/merge",)),
        Sample("a request for data", DATA_REQUEST, ("customers/data_request",)),
        Sample("a request to be forgotten", REDACT, ("customers/redact",)),
        Sample("a shop that goes", SHOP_REDACT, ("shop/redact",)),
        Sample("an edit", {"order_edit": {"id": 1, "order_id": 450789469}}),
        Sample("a deleted product", {"id": 788032119674292922}),
        Sample("a product", {"id": 1, "admin_graphql_api_id": "gid://shopify/Product/1"}),
        Sample("a draft", _order(admin_graphql_api_id="gid://shopify/DraftOrder/1073459962")),
        Sample("the shop itself", {"id": 1, "myshopify_domain": "bean-and-leaf.myshopify.com"}),
        Sample("nothing", {}),
    ],
    "woocommerce": [
        Sample("an order", fixture("woocommerce/order.727"), WOO_ORDERS),
        Sample("a customer", CUSTOMER, ("customer.created", "customer.updated")),
        Sample("anything deleted", {"id": 25}),
        Sample(
            "a subscription",
            fixture("woocommerce/order.727")
            | {
                "_links": {
                    "self": [{"href": "https://example.com/wp-json/wc/v3/subscriptions/727"}]
                }
            },
        ),
        Sample(
            "a product",
            {
                "id": 1,
                "_links": {"self": [{"href": "https://example.com/wp-json/wc/v3/products/1"}]},
            },
        ),
        Sample("nothing", {}),
    ],
    "square": [
        *(
            Sample(kind, _square("payment.updated", type=kind), (kind,))
            for kind in ("payment.created", "payment.updated")
        ),
        *(
            Sample(kind, _square("refund.updated", type=kind), (kind,))
            for kind in ("refund.created", "refund.updated")
        ),
        Sample("order.updated", _square("order.updated"), ("order.updated",)),
        *(
            Sample(kind, _square("customer.created", type=kind), (kind,))
            for kind in ("customer.created", "customer.updated", "customer.deleted")
        ),
        *(
            Sample(kind, _square_subscription(kind), (kind,))
            for kind in ("subscription.created", "subscription.updated")
        ),
        Sample("nothing", {}),
    ],
    "stripe": [
        *(
            Sample(kind, _stripe("checkout.session.completed", type=kind), (kind,))
            for kind in ("checkout.session.completed", "checkout.session.async_payment_succeeded")
        ),
        Sample("invoice.paid", _stripe("invoice.paid"), ("invoice.paid",)),
        Sample("charge.refunded", _refunded_charge(), ("charge.refunded",)),
        Sample("a payment", payment_event(), ("payment_intent.succeeded",)),
        *(
            Sample(kind, charge_event(kind), (kind,))
            for kind in ("charge.succeeded", "charge.captured")
        ),
        *(
            Sample(kind, refund_event(kind), (kind,))
            for kind in ("refund.failed", "refund.updated", "charge.refund.updated")
        ),
        Sample("a lost dispute", dispute_event(), ("charge.dispute.closed",)),
        *(
            Sample(kind, customer_event(kind), (kind,))
            for kind in ("customer.created", "customer.updated", "customer.deleted")
        ),
        *(
            Sample(kind, subscription_event(type=kind), (kind,))
            for kind in sorted(platform_named("stripe").traits.topics)
            if kind.startswith("customer.subscription.")
        ),
        Sample("nothing", {}),
    ],
    "bigcommerce": [
        *(
            Sample(scope, event(scope), (scope,))
            for scope in sorted(platform_named("bigcommerce").traits.topics)
        ),
        Sample("nothing", {}),
    ],
}
# What means something here and still never changes anything.
NEVER_APPLIED: Final = {
    "shopify": {"orders/edited"},
    "woocommerce": {"customer.deleted", "order.deleted"},
}


def _headers(platform: PlatformName, topic: str, body: bytes) -> dict[str, str]:
    match platform:
        case "shopify":
            return shopify_headers(body, topic=topic)
        case "woocommerce":
            return signing.woocommerce(body, topic=topic)
        case "square":
            return signing.square(body)
        case "stripe":
            return signing.stripe(body)
        case "bigcommerce":
            return signing.bigcommerce(body)
        case "judgeme" | "standard" | "flow":
            raise ValueError(f"{platform} has topics of one form only")


def _replays() -> Iterator[Any]:
    for platform, samples in SAMPLES.items():
        for sample in samples:
            for topic in (
                *sorted(platform_named(platform).traits.topics),
                "products/delete",
                "product.deleted",
                "",
            ):
                yield pytest.param(
                    platform, sample, topic, id=f"{platform}-{sample.name}-as-{topic}"
                )


@pytest.mark.parametrize(("platform", "sample", "topic"), list(_replays()))
def test_a_signed_body_is_applied_under_its_own_topics_only(
    platform: PlatformName, sample: Sample, topic: str
) -> None:
    body = encoded(sample.body)
    speaks = platform_named(platform)
    read_as = speaks.envelope(body, _headers(platform, topic, body)).topic

    command = speaks.translate(read_as, body, WITH_PAYMENTS if platform == "stripe" else SHOP)

    # Where the topic is a part of the signed body, no header changes it.
    if read_as in sample.topics:
        assert not isinstance(command, Parked | Ignored), command
    else:
        assert isinstance(command, Parked | Ignored), command
        assert command.reason


@pytest.mark.parametrize("platform", list(SAMPLES))
def test_every_topic_has_a_body_that_is_replayed_under_all_others(platform: PlatformName) -> None:
    tried = {topic for sample in SAMPLES[platform] for topic in sample.topics}

    assert tried | NEVER_APPLIED.get(platform, set()) == set(platform_named(platform).traits.topics)


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("customers/data_request", DATA_REQUEST),
        ("customers/redact", REDACT),
        ("shop/redact", SHOP_REDACT),
    ],
)
def test_a_request_of_another_shop_of_the_same_app_is_parked(topic: str, body: Any) -> None:
    def translated(store: str) -> Any:
        return SHOPIFY.translate(topic, encoded(body), SendingShop("shop", store=store))

    assert isinstance(translated("bean-and-leaf"), PrivacyRequest)
    assert translated("another") == Parked("other_shop", "/shop_domain")


@pytest.mark.parametrize("scope", sorted(platform_named("bigcommerce").traits.topics))
def test_an_event_of_another_store_of_the_same_app_is_parked(scope: str) -> None:
    speaks = platform_named("bigcommerce")

    def translated(store: str) -> Any:
        body = encoded(event(scope))
        return speaks.translate(scope, body, SendingShop("shop", store=store))

    assert not isinstance(translated(STORE), Parked)
    assert translated("another") == Parked("other_shop", "/producer")


@pytest.mark.parametrize(
    ("topic", "body"),
    [("order.updated", fixture("woocommerce/order.727")), ("customer.updated", CUSTOMER)],
)
def test_an_order_of_another_shop_with_the_same_secret_is_parked(topic: str, body: Any) -> None:
    def translated(store: str) -> Any:
        return WOOCOMMERCE.translate(topic, encoded(body), SendingShop("shop", store=store))

    assert not isinstance(translated("example.com"), Parked)
    assert translated("shop.example.com") == Parked("other_shop", "/_links/self")
