"""Translating BigCommerce's webhooks, whose content always has to be fetched."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from loyalty.storefronts.bigcommerce import BIGCOMMERCE
from loyalty.storefronts.bigcommerce.payload import ORDER_TOPICS
from tests.support.bigcommerce import PRODUCTS, STORE, event, order, product, refund, refunds
from tests.support.fuzz import must_make_sense, places, spoiled
from tests.support.received import SHOP, complete_any, complete_delivery, fetch_of, storefront
from tests.support.signing import encoded

TOPIC = "store/order/statusUpdated"


def completed(order_answer: Any, products: Any = PRODUCTS, given_back: Any = None) -> Command:
    fetched = [encoded(order_answer), encoded(products), encoded(given_back or refunds())]
    return complete_delivery(BIGCOMMERCE, TOPIC, encoded(event()), fetched, source="shop")


def paid(*given_back: dict[str, Any], products: Any = PRODUCTS, **changes: Any) -> OrderPaid:
    command = completed(order(**changes), products, refunds(*given_back))
    assert isinstance(command, OrderPaid), command
    return command


@pytest.mark.parametrize("topic", ORDER_TOPICS)
def test_an_event_of_an_order_names_what_has_to_be_read(topic: str) -> None:
    assert BIGCOMMERCE.translate(topic, encoded(event(topic)), SHOP) == fetch_of(
        "/v2/orders/218?include=fees",
        "/v2/orders/218/products?limit=250",
        "/v3/orders/218/payment_actions/refunds",
    )


@pytest.mark.parametrize(
    ("topic", "body", "command"),
    [
        ("store/product/updated", event("store/product/updated"), Ignored("unknown_topic")),
        (TOPIC, event(data={"type": "order", "id": "../x"}), Parked("malformed", "/data/id")),
        (TOPIC, event(data=None), Parked("malformed", "/data")),
    ],
)
def test_other_events_cause_no_request(topic: str, body: Any, command: Command) -> None:
    assert BIGCOMMERCE.translate(topic, encoded(body), SHOP) == command


def test_requests_go_to_the_store_with_its_token() -> None:
    asking = BIGCOMMERCE.api.of(storefront("bigcommerce", store=STORE), "t")

    assert asking.origin + asking.prefix == f"https://api.bigcommerce.com/stores/{STORE}"
    assert asking.headers["x-auth-token"] == "t"


def test_a_paid_order_costs_what_its_totals_say() -> None:
    paid_order = paid()

    assert (paid_order.order.order_id, paid_order.currency) == ("218", "USD")
    assert paid_order.order.occurred_at == datetime(2026, 11, 21, 9, 40, 11, tzinfo=UTC)
    assert paid_order.order.told_at == datetime(2026, 11, 21, 9, 50, tzinfo=UTC)
    assert [
        (line.line_id, line.sku, line.category, line.quantity, line.amount_minor, line.gross_minor)
        for line in paid_order.order.lines
    ] == [
        ("65", "MUG", None, 2, 4000, 4334),
        ("66", "TOWEL", None, 1, 2000, 2266),
        ("shipping", None, "shipping", 1, 500, 550),
    ]
    assert paid_order.order.amount_minor == 6500
    assert sum(line.paid_minor for line in paid_order.order.lines) == 7150


def test_the_customer_is_identified_by_id_then_e_mail_then_phone() -> None:
    assert paid().identities == (
        Identity("customer", "11", "shop"),
        Identity("email", "ana@example.com"),
        Identity("phone", "+33612345678"),
    )
    assert paid(customer_id=0).identities[0] == Identity("email", "ana@example.com")


LINK = {"url": "https://api.bigcommerce.com/v2/orders/218/x", "resource": "/orders/218/x"}
NOTHING: list[Any] = [LINK, None, "", []]


def amounts(paid_order: OrderPaid) -> dict[str, int]:
    return {line.line_id: line.amount_minor for line in paid_order.order.lines}


@pytest.mark.parametrize("fees", NOTHING)
def test_an_order_whose_fees_are_not_listed_costs_what_its_totals_say(fees: Any) -> None:
    assert amounts(paid(fees=fees)) == {"65": 4000, "66": 2000, "shipping": 500}


@pytest.mark.parametrize("fees", [LINK, None, ""])
def test_a_total_above_the_goods_is_an_unlisted_fee(fees: Any) -> None:
    paid_order = paid(fees=fees, total_ex_tax="70.0000", total_inc_tax="76.5000")

    assert amounts(paid_order) == {"65": 4000, "66": 2000, "shipping": 500, "fees": 500}


def test_a_fee_below_zero_is_a_discount_on_the_goods() -> None:
    paid_order = paid(
        fees=[{"cost_ex_tax": "-30.0000", "cost_inc_tax": -33}],
        total_ex_tax="35.0000",
        total_inc_tax="38.5000",
    )

    assert amounts(paid_order) == {"65": 2000, "66": 1000, "shipping": 500}


def test_goods_of_an_order_that_cost_less_than_its_shipping_were_free() -> None:
    paid_order = paid(total_ex_tax="1.0000", total_inc_tax="1.1000")

    assert amounts(paid_order) == {"65": 0, "66": 0, "shipping": 100}


@pytest.mark.parametrize("products", [[], [product("0.0000", "0.0000", id=65)]])
def test_goods_without_a_price_of_their_own_cost_what_the_order_did(
    products: list[dict[str, Any]],
) -> None:
    paid_order = paid(products=products)

    assert sum(amounts(paid_order).values()) == 6500
    assert amounts(paid_order)["shipping"] == 500


@pytest.mark.parametrize(
    "changes",
    [
        {"billing_address": LINK},
        {"billing_address": None},
        {"billing_address": ""},
        {"billing_address": {"email": None, "phone": 33612345678}},
        {"handling_cost_ex_tax": "", "handling_cost_inc_tax": None},
        {"wrapping_cost_ex_tax": 0, "wrapping_cost_inc_tax": 0.0},
        {"order_source": None},
        {"date_modified": ""},
        {"payment_status": None},
        {"id": "218", "customer_id": "11", "status_id": "11"},
        {"total_ex_tax": 65, "total_inc_tax": 71.5},
        {"currency_code": None, "store_default_currency_code": ""},
    ],
)
def test_fields_that_decide_nothing_may_be_missing_linked_or_of_another_type(
    changes: dict[str, Any],
) -> None:
    paid_order = paid(**changes)

    assert amounts(paid_order) == {"65": 4000, "66": 2000, "shipping": 500}
    assert paid_order.identities[0] == Identity("customer", "11", "shop")


@pytest.mark.parametrize("customer_id", [None, "", 0, "0", -1])
def test_a_guest_is_identified_by_the_billing_address(customer_id: Any) -> None:
    assert paid(customer_id=customer_id).identities[0] == Identity("email", "ana@example.com")


@pytest.mark.parametrize(
    ("quantity", "units"),
    [("3", 3), (2.0, 2), ("2.0000", 2), (0.5, 1), ("1.25", 2), (-1, 0), (None, 1), ("", 1)],
)
def test_a_quantity_may_be_text_or_a_fraction(quantity: Any, units: int) -> None:
    paid_order = paid(products=[product("70.0000", "77.0000", quantity=quantity)])

    assert paid_order.order.lines[0].quantity == units


@pytest.mark.parametrize("discounts", NOTHING)
def test_discounts_that_are_not_listed_are_none(discounts: Any) -> None:
    paid_order = paid(products=[product("70.0000", "77.0000", applied_discounts=discounts)])

    assert amounts(paid_order) == {"65": 6000, "shipping": 500}


@pytest.mark.parametrize("rate", ["0.9000000000", 0.9])
def test_an_order_in_a_shopper_s_currency_counts_in_the_shop_s_own(rate: Any) -> None:
    paid_order = paid(
        refund(9.9, id=4),
        default_currency_code="EUR",
        store_default_currency_code="USD",
        store_default_to_transactional_exchange_rate=rate,
        total_ex_tax="94.5000",
        total_inc_tax="103.9500",
        shipping_cost_ex_tax="4.5000",
        shipping_cost_inc_tax="4.9500",
    )

    assert paid_order.currency == "USD"
    assert sum(amounts(paid_order).values()) == 10500
    assert amounts(paid_order)["shipping"] == 500
    assert sum(line.paid_minor for line in paid_order.order.lines) == 11550
    assert [refund.amount_minor for refund in paid_order.refunds or ()] == [1100]


@pytest.mark.parametrize("rate", [None, "", "0.0000000000", "-1", "NaN", True, LINK])
def test_an_order_without_a_rate_counts_in_the_shopper_s_currency(rate: Any) -> None:
    paid_order = paid(
        default_currency_code="EUR",
        store_default_currency_code="USD",
        store_default_to_transactional_exchange_rate=rate,
    )

    assert (paid_order.currency, paid_order.order.amount_minor) == ("EUR", 6500)


def test_gift_certificates_and_fees_are_no_goods() -> None:
    paid_order = paid(
        products=[product("10.0000", "10.0000", type="giftcertificate")],
        total_ex_tax=20,
        total_inc_tax=20.5,
        fees=[{"cost_ex_tax": "5.0000", "cost_inc_tax": "5.0000"}],
    )

    assert [
        (line.line_id, line.category, line.amount_minor) for line in paid_order.order.lines
    ] == [
        ("65", "gift_card", 1000),
        ("shipping", "shipping", 500),
        ("fees", "fee", 500),
    ]


@pytest.mark.parametrize("status_id", [0, 1, 7, 12, 13])
def test_an_order_that_is_not_paid_is_ignored(status_id: int) -> None:
    assert completed(order(status_id=status_id)) == Ignored("not_paid")


@pytest.mark.parametrize(
    "changes",
    [
        {"status_id": 4},
        {"status_id": 5},
        {"status_id": 6},
        {"status_id": 5, "payment_status": "void"},
        {"status_id": 11, "payment_status": "Void"},
        {"status_id": 10, "payment_status": "declined"},
    ],
)
def test_an_order_without_its_payment_is_one_whole_refund_if_it_is_on_file(
    changes: dict[str, Any],
) -> None:
    command = completed(order(**changes))

    assert isinstance(command, OrderRefunded)
    assert (command.order_id, command.refund.whole) == ("218", True)
    assert command.if_recorded


def refunded_amounts(*given_back: dict[str, Any]) -> list[tuple[dict[str, int], int]]:
    return [
        (dict(each.amounts_minor), each.amount_minor) for each in paid(*given_back).refunds or ()
    ]


def test_a_refund_is_for_the_items_that_it_names() -> None:
    items = [
        {"item_type": "PRODUCT", "item_id": 65, "quantity": 1, "requested_amount": None},
        {"item_type": "SHIPPING", "item_id": 51, "requested_amount": 2.5},
    ]

    assert refunded_amounts(refund(24.17, *items)) == [({"65": 2167, "shipping": 250}, 0)]


def test_a_refund_below_the_items_worth_is_divided_and_more_is_for_the_whole_order() -> None:
    one = {"item_type": "PRODUCT", "item_id": 66, "quantity": 1, "requested_amount": 20.0}
    whole = {"item_type": "ORDER", "item_id": 218, "requested_amount": 5.0}

    assert refunded_amounts(refund(10.0, one)) == [({"66": 1000}, 0)]
    assert refunded_amounts(refund(25.0, one, whole)) == [({"66": 2000}, 500)]
    assert refunded_amounts(refund(5.0, whole)) == [({}, 500)]


def test_an_amount_requested_before_tax_is_the_units_that_came_back() -> None:
    """The form of the documentation's example: 10.00 each requested, 20.83 paid back."""
    of_two = product("20.0000", "21.6600", id=8, quantity=2)
    paid_order = paid(
        refund(
            20.83,
            {"item_type": "PRODUCT", "item_id": 8, "quantity": 1, "requested_amount": 10},
            {"item_type": "SHIPPING", "item_id": 9, "requested_amount": 10},
        ),
        products=[of_two],
        total_ex_tax="40.0000",
        total_inc_tax="41.6600",
        shipping_cost_ex_tax="20.0000",
        shipping_cost_inc_tax="20.0000",
    )

    assert [(dict(each.amounts_minor), each.amount_minor) for each in paid_order.refunds or ()] == [
        ({"8": 1083, "shipping": 1000}, 0)
    ]


def test_shipping_requested_before_tax_is_given_back_with_its_tax() -> None:
    shipping = {"item_type": "SHIPPING", "item_id": 9, "requested_amount": 2.5}

    assert refunded_amounts(refund(2.75, shipping)) == [({"shipping": 275}, 0)]


def test_refunded_tax_belongs_to_no_goods() -> None:
    tax = {"item_type": "TAX", "item_id": 65, "requested_amount": 4.0}

    assert refunded_amounts(refund(4.0, tax)) == [({"tax": 400}, 0)]


@pytest.mark.parametrize("created", ["", None, "yesterday", 7])
def test_a_refund_without_a_time_counts_from_the_order_s_last_change(created: Any) -> None:
    (given_back,) = paid(refund(1, created=created)).refunds or ()

    assert given_back.occurred_at == datetime(2026, 11, 21, 9, 50, tzinfo=UTC)


@pytest.mark.parametrize("payments", [None, {"url": "https://api.bigcommerce.com/"}, ""])
def test_a_refund_whose_payments_are_not_listed_gave_back_its_total(payments: Any) -> None:
    assert refunded_amounts(refund(0, total_amount=5, items=None, payments=payments)) == [({}, 500)]


def test_a_payment_that_was_declined_gave_nothing_back() -> None:
    declined = [{"amount": 9.99, "is_declined": True}]

    assert refunded_amounts(refund(0, payments=declined), refund(1, id=4)) == [({}, 100)]


@pytest.mark.parametrize(
    ("order_answer", "products", "command"),
    [
        (order(customer_id=0, billing_address={}), PRODUCTS, Ignored("no_customer")),
        (
            order(default_currency_code="ZZZ"),
            PRODUCTS,
            Parked("unknown_currency", "/default_currency_code"),
        ),
        (order(total_ex_tax="NaN"), PRODUCTS, Parked("malformed", "/total_ex_tax")),
        (order(date_created="2026-11-21"), PRODUCTS, Parked("malformed", "/date_created")),
        (order(), [PRODUCTS[0]] * 2, Parked("duplicate_line", "/products")),
        (order(), {"error": 1}, Parked("malformed", "")),
        ([], PRODUCTS, Parked("malformed", "")),
    ],
)
def test_an_answer_that_earns_nothing_says_why(
    order_answer: Any, products: Any, command: Command
) -> None:
    assert completed(order_answer, products) == command


def test_an_answer_without_content_is_an_empty_list() -> None:
    fetched = [encoded(order()), encoded(PRODUCTS), b""]

    assert isinstance(complete_delivery(BIGCOMMERCE, TOPIC, encoded(event()), fetched), OrderPaid)


def test_the_envelope_has_the_hash_and_the_order() -> None:
    assert BIGCOMMERCE.envelope(encoded(event()), {}) == Envelope(
        topic=TOPIC, name="7ee67cd1cf2ca60bc1aa9e5fe957d2de373be4ca", order_id="218"
    )
    assert BIGCOMMERCE.envelope(encoded(event("store/customer/created")), {}).order_id is None


REFUNDS = refunds(
    refund(5, {"item_type": "PRODUCT", "item_id": 65, "quantity": 1, "requested_amount": 4.5})
)


@given(data=st.data())
def test_any_malformed_event_or_answer_is_read_ignored_or_parked(
    data: st.DataObject,
) -> None:
    bodies = [event(), order(fees=[{"cost_ex_tax": "1"}]), PRODUCTS, REFUNDS]
    spoil = data.draw(st.integers(0, 3))
    bodies[spoil] = data.draw(spoiled(bodies[spoil], places=list(places(bodies[spoil]))))
    body, *fetched = [json.dumps(each).encode() for each in bodies]

    must_make_sense(complete_any(BIGCOMMERCE, TOPIC, body, fetched))
    envelope = BIGCOMMERCE.envelope(body, {})
    assert len(delivery_id(envelope, body)) == EVENT_CHARACTERS + BODY_CHARACTERS
