"""Translating WooCommerce's webhooks."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from loyalty.domain.people.identity import Identity
from loyalty.domain.shops.deliveries import BODY_CHARACTERS, EVENT_CHARACTERS, delivery_id
from loyalty.domain.shops.storefront import (
    Command,
    Envelope,
    Ignored,
    OrderPaid,
    OrderRefunded,
    Parked,
)
from loyalty.storefronts.woocommerce import WOOCOMMERCE
from loyalty.storefronts.woocommerce.payload import WooCommerceOrder
from tests.support.fuzz import must_make_sense, places, spoiled
from tests.support.received import SHOP
from tests.support.signing import encoded, fixture
from tests.support.signing import woocommerce as signed

PAID_AT = datetime(2017, 3, 22, 19, 28, 8, tzinfo=UTC)


def order(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = fixture("woocommerce/order.727")
    return body | changes


def translated(body: Any, *, topic: str = "order.updated") -> Command:
    return WOOCOMMERCE.translate(topic, encoded(body), SHOP)


def paid(**changes: Any) -> OrderPaid:
    command = translated(order(**changes))
    assert isinstance(command, OrderPaid), command
    return command


def item(total: str = "10.00", tax: str = "0.00", **changes: Any) -> dict[str, Any]:
    return {"id": 1, "quantity": 1, "total": total, "total_tax": tax} | changes


def test_a_paid_order_is_read_from_the_published_body() -> None:
    paid_order = paid()

    assert (paid_order.order.source, paid_order.order.order_id, paid_order.currency) == (
        "shop",
        "727",
        "USD",
    )
    assert (paid_order.order.occurred_at, paid_order.order.told_at) == (PAID_AT, PAID_AT)
    assert paid_order.order.channel == "rest-api"
    assert [
        (line.line_id, line.sku, line.category, line.quantity, line.amount_minor, line.gross_minor)
        for line in paid_order.order.lines
    ] == [
        ("315", None, None, 2, 600, 645),
        ("316", "Bar3", None, 1, 1200, 1290),
        ("shipping", None, "shipping", 1, 1000, 1000),
    ]


def test_a_guest_is_identified_by_e_mail_and_not_by_customer_zero() -> None:
    assert paid().identities == (Identity("email", "john.doe@example.com"),)


def test_a_customer_is_identified_by_id_first() -> None:
    paid_order = paid(customer_id=26, billing={"email": "ana@example.com", "phone": "+33612345678"})

    assert paid_order.identities == (
        Identity("customer", "26", "shop"),
        Identity("email", "ana@example.com"),
        Identity("phone", "+33612345678"),
    )


def test_an_order_without_a_customer_is_ignored() -> None:
    assert translated(order(billing={})) == Ignored("no_customer")


@pytest.mark.parametrize("status", ["pending", "on-hold", "checkout-draft"])
def test_an_order_that_is_not_paid_is_ignored(status: str) -> None:
    assert translated(order(status=status)) == Ignored("not_paid")


@pytest.mark.parametrize("status", ["cancelled", "refunded", "failed", "trash"])
def test_a_cancelled_order_is_one_whole_refund_that_can_be_undone(status: str) -> None:
    command = translated(order(status=status))

    assert isinstance(command, OrderRefunded)
    assert (command.order_id, command.refund.whole) == ("727", True)
    assert command.refund.is_revocable


def test_an_order_that_was_never_paid_takes_back_only_what_it_earned() -> None:
    for changes in ({"status": "cancelled", "date_paid_gmt": None}, {"status": "failed"}):
        command = translated(order(**changes))

        assert isinstance(command, OrderRefunded)
        assert command.if_recorded


def test_refunds_are_totals_of_the_whole_order() -> None:
    refunds = [
        {"id": 726, "reason": "", "total": "-10.00"},
        {"id": 728, "reason": "late", "total": "-0.50"},
        {"id": 729, "reason": "", "total": "0.00"},
    ]

    paid_order = paid(refunds=refunds)

    assert [(refund.refund_id, refund.amount_minor) for refund in paid_order.refunds or ()] == [
        ("726", 1000),
        ("728", 50),
    ]


def test_a_fee_is_a_line_and_a_fee_below_zero_is_a_discount_of_the_goods() -> None:
    paid_order = paid(
        line_items=[item("30.00", "3.00", id=1), item("10.00", "1.00", id=2)],
        fee_lines=[item("2.00", "0.20", id=8), item("-4.00", "-0.40", id=9)],
        shipping_lines=[],
    )

    assert [
        (line.line_id, line.category, line.amount_minor, line.gross_minor)
        for line in paid_order.order.lines
    ] == [
        ("1", None, 2700, 2970),
        ("2", None, 900, 990),
        ("fee-8", "fee", 200, 220),
    ]


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"currency": "ZZZ"}, Parked("unknown_currency", "/currency")),
        ({"line_items": [item("-1.00")]}, Parked("negative_amount", "/line_items")),
        ({"line_items": [item(), item()]}, Parked("duplicate_line", "/line_items")),
        ({"line_items": [item("9.99.9")]}, Parked("malformed", "/line_items/0/total")),
        ({"line_items": [item("99999999999.00")]}, Parked("amount_too_large", "/line_items")),
        ({"date_created_gmt": "yesterday"}, Parked("malformed", "/date_created_gmt")),
        (
            {"refunds": [{"id": number + 1, "total": "-1.00"} for number in range(101)]},
            Parked("too_many_refunds"),
        ),
        ({"refunds": [{"id": 1, "total": "-99999999999.00"}]}, Parked("amount_too_large")),
    ],
)
def test_an_order_of_a_wrong_shape_is_parked(changes: dict[str, Any], command: Command) -> None:
    assert translated(order(**changes)) == command


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "727"},
        {"customer_id": -1},
        {"customer_id": "26"},
        {"date_modified_gmt": ""},
        {"date_paid_gmt": "never"},
        {"shipping_lines": None},
        {"fee_lines": None},
        {"coupon_lines": None},
        {"created_via": None},
        {"line_items": [item(sku=4711, quantity="2", total_tax="")]},
    ],
)
def test_a_field_that_decides_no_points_never_parks_an_order(changes: dict[str, Any]) -> None:
    assert isinstance(translated(order(**changes)), OrderPaid)


def test_an_empty_object_of_php_comes_as_a_list() -> None:
    assert paid(customer_id=26, billing=[]).identities == (Identity("customer", "26", "shop"),)


def test_a_topic_that_means_nothing_here_is_ignored() -> None:
    assert translated({}, topic="product.updated") == Ignored("unknown_topic")


def test_the_envelope_has_the_delivery_id_and_the_order() -> None:
    body = encoded(order())

    assert WOOCOMMERCE.envelope(body, signed(body)) == Envelope(
        topic="order.updated", name="d1", order_id="727"
    )
    assert WOOCOMMERCE.envelope(body, {}).topic == "unknown"


def test_a_ping_has_only_its_number() -> None:
    greeting = WOOCOMMERCE.traits.greeting
    assert greeting
    assert greeting.fullmatch(b"webhook_id=7")
    for body in (b"webhook_id=", b"webhook_id=7&id=1", b"", b"webhook_id=7\n"):
        assert not greeting.fullmatch(body)


PUBLISHED = order(refunds=[{"id": 726, "total": "-10.00"}], fee_lines=[item("-1.00", id=9)])
READ = tuple(path for path in places(PUBLISHED) if path[0] in WooCommerceOrder.model_fields)


@given(body=spoiled(PUBLISHED, places=READ))
def test_any_malformed_order_is_read_ignored_or_parked(body: Any) -> None:
    raw = json.dumps(body).encode()
    envelope = WOOCOMMERCE.envelope(raw, signed(raw))

    must_make_sense(WOOCOMMERCE.translate(envelope.topic, raw, SHOP))
    assert len(delivery_id(envelope, raw)) == EVENT_CHARACTERS + BODY_CHARACTERS
