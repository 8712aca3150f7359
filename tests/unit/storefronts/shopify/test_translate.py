import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.orders.order import LINES_MAX
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.deliveries import delivery_id, kept_as
from loyalty.domain.shops.storefront import (
    Command,
    Envelope,
    FetchNeeded,
    Ignored,
    OrderPaid,
    OrderRefunded,
    Parked,
)
from loyalty.storefronts.shopify import SHOPIFY
from loyalty.storefronts.shopify.payload import ShopifyOrder, ShopifyRefund
from tests.support.fuzz import VALUES, must_make_sense, places, put
from tests.support.received import SHOP, delivery, received
from tests.support.shopify import (
    DATA_REQUEST,
    OF_NOBODY,
    REDACT,
    SECRET,
    SHOP_REDACT,
    WITH_CUSTOMER,
    encoded,
    headers,
    payload,
)

RECEIVED_AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def translated(
    body: dict[str, Any], *, topic: str = "orders/paid"
) -> Command | PrivacyRequest | FetchNeeded:
    return SHOPIFY.translate(topic, encoded(body), SHOP)


def paid(body: dict[str, Any]) -> OrderPaid:
    command = translated(body)
    assert isinstance(command, OrderPaid), command
    return command


def order(**changes: Any) -> dict[str, Any]:
    return payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, **changes)


def bag(amount: str, currency: str = "USD") -> dict[str, Any]:
    # What the customer saw was another currency; it must never be read.
    return {
        "shop_money": {"amount": amount, "currency_code": currency},
        "presentment_money": {"amount": "7777.77", "currency_code": "CAD"},
    }


def item(price: str = "10.00", **changes: Any) -> dict[str, Any]:
    currency = changes.pop("currency", "USD")
    return {"id": 1, "quantity": 1, "price_set": bag(price, currency)} | changes


def test_a_known_signature_is_accepted() -> None:
    # openssl dgst -sha256 -hmac hush -binary | base64
    body = '{"id":1,"note":"é"}'.encode()
    signed = {"x-shopify-hmac-sha256": "+gY4H1Yc2Q1nfe8fnpa+jDK9d2+4Zgstv1FB31Gkt7c="}

    assert SHOPIFY.verify(received(body, signed), secrets=["hush"])


def test_either_of_two_secrets_is_accepted_during_a_rotation() -> None:
    body = encoded(order())

    for secret in ("old", "new"):
        assert SHOPIFY.verify(received(body, headers(body, secret=secret)), secrets=["new", "old"])


@pytest.mark.parametrize(
    "tamper",
    [
        lambda body, signed: (body + b" ", signed),
        lambda body, signed: (body.replace(b"199.00", b"999.00"), signed),
        lambda body, _signed: (body, {}),
        lambda body, _signed: (body, {"x-shopify-hmac-sha256": ""}),
        lambda body, _signed: (body, {"x-shopify-hmac-sha256": "é\u20ac not base64"}),
        lambda body, _signed: (body, headers(body, secret="another")),
        lambda body, _signed: (body, headers(body, secret="")),
    ],
)
def test_a_body_that_was_not_signed_with_a_secret_is_refused(
    tamper: Callable[[bytes, dict[str, str]], tuple[bytes, dict[str, str]]],
) -> None:
    body = encoded(order())

    assert not SHOPIFY.verify(received(*tamper(body, headers(body))), secrets=[SECRET])


def test_without_a_secret_every_body_is_refused() -> None:
    body = encoded(order())

    assert not SHOPIFY.verify(received(body, headers(body, secret="")), secrets=[])


def test_the_envelope_has_the_event_and_the_order() -> None:
    body = encoded(order())

    envelope = SHOPIFY.envelope(body, headers(body))

    assert envelope == Envelope(
        topic="orders/paid",
        name="98880550-7158-44d4-b7cd-2c97c8a091b5",
        order_id="450789469",
        event="98880550-7158-44d4-b7cd-2c97c8a091b5 ",
    )


def test_one_event_in_two_versions_of_the_api_is_two_events() -> None:
    body = encoded(order())
    versions = ({"x-shopify-api-version": version} for version in ("2026-07", "2026-10"))

    events = {SHOPIFY.envelope(body, headers(body) | version).event for version in versions}

    assert len(events) == 2


def test_a_refund_is_about_its_order() -> None:
    body = encoded(payload("refund.509562969"))

    assert SHOPIFY.envelope(body, headers(body, topic="refunds/create")).order_id == "450789469"


def test_a_delivery_about_no_order_names_none() -> None:
    body = encoded({"id": 207119551, "email": "bob.norman@mail.example.com"})

    assert SHOPIFY.envelope(body, headers(body, topic="customers/update")).order_id is None


def test_a_retry_has_the_delivery_id_of_the_first_try() -> None:
    body = encoded(order())
    first, retry = headers(body), headers(body) | {"x-shopify-webhook-id": "another"}

    assert delivery_id(SHOPIFY.envelope(body, first), body) == delivery_id(
        SHOPIFY.envelope(body, retry), body
    )


@pytest.mark.parametrize("change", [{"topic": "orders/updated"}, {"event_id": "another"}])
def test_another_topic_or_event_is_another_delivery(change: dict[str, str]) -> None:
    body = encoded(order())

    assert delivery_id(SHOPIFY.envelope(body, headers(body)), body) != delivery_id(
        SHOPIFY.envelope(body, headers(body, **change)), body
    )


def test_a_paid_order_is_read_from_the_published_body() -> None:
    command = paid(order())

    assert command.currency == "USD"
    assert (command.order.source, command.order.order_id) == ("shop", "450789469")
    assert command.order.occurred_at == RECEIVED_AT
    assert command.order.channel == "web"
    assert {line.sku: line.amount_minor for line in command.order.lines} == {
        "IPOD2008GREEN": 19566,
        "IPOD2008RED": 19567,
        "IPOD2008BLACK": 19567,
    }
    assert command.order.amount_minor == 58700


def test_the_customer_is_identified_by_id_then_e_mail_then_phone() -> None:
    assert paid(order()).identities == (
        Identity("customer", "207119551", "shop"),
        Identity("email", "bob.norman@mail.example.com"),
        Identity("phone", "+16136120707"),
        Identity("phone", "+557734881234"),
    )


def test_a_value_that_cannot_be_an_identity_is_left_out() -> None:
    command = paid(order(customer=None, email="bob.norman@mail.example.com", phone="555-1199"))

    assert command.identities == (Identity("email", "bob.norman@mail.example.com"),)


def test_an_order_without_a_customer_is_ignored() -> None:
    assert translated(payload(OF_NOBODY, paid_at=RECEIVED_AT)) == Ignored("no_customer")


def test_every_published_line_of_an_order_counts() -> None:
    command = paid(payload(OF_NOBODY, paid_at=RECEIVED_AT, email="ana@example.com"))

    assert [(line.quantity, line.amount_minor) for line in command.order.lines] == [
        (1, 12999),
        (1, 8595),
        (2, 3998),
    ]


def test_a_test_order_is_ignored() -> None:
    assert translated(order(test=True)) == Ignored("test_order")


def test_an_order_without_a_payment_date_has_its_creation_date() -> None:
    body = order(processed_at=None, created_at="2026-11-20T09:00:00+01:00")

    assert paid(body).order.occurred_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_gift_cards_tips_and_shipping_are_distinguished_from_goods() -> None:
    body = order(
        line_items=[
            item("10.00", id=1),
            item("25.00", id=2, gift_card=True),
            item("3.00", id=3, tip_payment_gateway="shopify_payments"),
        ],
        shipping_lines=[
            {"id": 4, "price_set": bag("4.90")},
            {"id": 5, "price_set": bag("0.00")},
        ],
    )

    lines = paid(body).order.lines

    assert [(line.line_id, line.category, line.amount_minor) for line in lines] == [
        ("1", None, 1000),
        ("2", "gift_card", 2500),
        ("3", "tip", 300),
        ("shipping", "shipping", 490),
    ]


def test_a_line_is_net_of_its_discounts() -> None:
    discounts = [{"amount_set": bag("1.50")}, {"amount_set": bag("0.25")}]
    body = order(line_items=[item("10.00", quantity=3, discount_allocations=discounts)])

    assert paid(body).order.amount_minor == 2825


def test_tax_that_a_price_includes_does_not_count() -> None:
    taxed = [item("12.00", tax_lines=[{"price_set": bag("2.00")}])]

    assert paid(order(line_items=taxed, taxes_included=True)).order.amount_minor == 1000
    assert paid(order(line_items=taxed, taxes_included=False)).order.amount_minor == 1200


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [("JPY", "1200", 1200), ("JPY", "1200.00", 1200), ("KWD", "1.250", 1250), ("EUR", "0.1", 10)],
)
def test_amounts_are_read_by_the_decimals_of_their_currency(
    currency: str, price: str, minor: int
) -> None:
    body = order(currency=currency, line_items=[item(price, currency=currency)], shipping_lines=[])

    assert paid(body).order.amount_minor == minor


def test_fractions_of_a_minor_unit_round_to_the_nearest() -> None:
    taxed = [item("100", currency="JPY", tax_lines=[{"price_set": bag("9.09", "JPY")}])]
    body = order(currency="JPY", line_items=taxed, shipping_lines=[], taxes_included=True)

    assert paid(body).order.amount_minor == 91


def test_a_line_keeps_what_was_bought_whatever_was_refunded_since() -> None:
    # The published order was refunded whole: every `current_quantity` in it is 0.
    published = payload(WITH_CUSTOMER)

    assert [line.amount_minor for line in paid(published).order.lines] == [
        line.amount_minor for line in paid(order()).order.lines
    ]


@pytest.mark.parametrize("source_name", [None, "", "caffè", "x" * 65])
def test_a_channel_that_is_no_name_is_left_out(source_name: str | None) -> None:
    assert paid(order(source_name=source_name)).order.channel is None


@pytest.mark.parametrize(
    ("changes", "parked"),
    [
        ({"id": None}, Parked("malformed", "/id")),
        ({"id": 2**63}, Parked("malformed", "/id")),
        ({"id": True}, Parked("malformed", "/id")),
        ({"currency": "DOLLARS"}, Parked("malformed", "/currency")),
        ({"currency": "EUR"}, Parked("mixed_currencies")),
        ({"line_items": None}, Parked("malformed", "/line_items")),
        ({"line_items": [item(quantity=1.5)]}, Parked("malformed", "/line_items/0/quantity")),
        ({"line_items": [item(quantity=-1)]}, Parked("malformed", "/line_items/0/quantity")),
        (
            {"line_items": [item("-1.00")]},
            Parked("malformed", "/line_items/0/price_set/shop_money/amount"),
        ),
        (
            {"line_items": [item("1e9")]},
            Parked("malformed", "/line_items/0/price_set/shop_money/amount"),
        ),
        (
            {"line_items": [item("1.00"), item("2.00")]},
            Parked("duplicate_line", "/line_items"),
        ),
        (
            {"line_items": [item("1.00", discount_allocations=[{"amount_set": bag("2.00")}])]},
            Parked("negative_amount", "/line_items"),
        ),
        (
            {"line_items": [item("10000000000.00", quantity=2)]},
            Parked("amount_too_large", "/line_items"),
        ),
        (
            {"line_items": [item(id=line + 1) for line in range(LINES_MAX + 1)]},
            Parked("too_many_lines", "/line_items"),
        ),
        ({"processed_at": None, "created_at": None}, Parked("malformed", "/processed_at")),
    ],
)
def test_an_order_of_a_wrong_shape_is_parked_with_its_place(
    changes: dict[str, Any], parked: Parked
) -> None:
    assert translated(order(**changes)) == parked


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "450789469"},
        {"processed_at": "yesterday"},
        {"processed_at": 1795255200},
        {"customer": []},
        {"test": "no"},
        {"email": 5},
        {"refunds": None},
        {"shipping_lines": None},
        {"source_name": 580111},
        {"discount_codes": None},
        {"tags": None},
        {"updated_at": ""},
    ],
)
def test_a_field_that_decides_no_points_never_parks_an_order(changes: dict[str, Any]) -> None:
    assert isinstance(translated(order(**changes)), OrderPaid)


def test_a_currency_that_does_not_exist_is_parked() -> None:
    body = order(currency="ZZZ", line_items=[item(currency="ZZZ")], shipping_lines=[])

    assert translated(body) == Parked("unknown_currency", "/currency")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"paid"',
        b"\xff\xfe",
        b'{"id": 1' + b"0" * 5000 + b"}",
        b"[" * 100_000,
        b'{"id": 1, "email": "\\ud800"}',
    ],
)
def test_a_body_that_is_no_order_is_parked(body: bytes) -> None:
    command = SHOPIFY.translate("orders/paid", body, SHOP)

    assert isinstance(command, Parked)
    assert command.reason == "malformed"


def test_as_many_lines_as_are_allowed_are_read() -> None:
    body = order(line_items=[item(id=line + 1) for line in range(LINES_MAX)], shipping_lines=[])

    assert len(paid(body).order.lines) == LINES_MAX


def test_a_line_has_what_was_paid_for_it_with_tax() -> None:
    taxed = [item("12.00", tax_lines=[{"price_set": bag("2.00")}])]

    included = paid(order(line_items=taxed, taxes_included=True)).order.lines[0]
    added = paid(order(line_items=taxed, taxes_included=False)).order.lines[0]

    assert (included.amount_minor, included.gross_minor) == (1000, 1200)
    assert (added.amount_minor, added.gross_minor) == (1200, 1400)


def test_the_latest_version_is_found_by_the_time_of_the_shops_change() -> None:
    told_at = paid(order(updated_at="2026-11-21T09:30:00+01:00")).order.told_at

    assert told_at == datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


REFUND = "refund.509562969"
OF_SHIPPING = "refund.929361467"


def refunded(body: dict[str, Any], *, topic: str = "refunds/create") -> OrderRefunded:
    command = translated(body, topic=topic)
    assert isinstance(command, OrderRefunded), command
    return command


def transaction(amount: str, **changes: Any) -> dict[str, Any]:
    published = {"kind": "refund", "status": "success", "amount": amount, "currency": "USD"}
    return published | changes


def returned(line_item_id: int, subtotal: str, tax: str = "0.00", **changes: Any) -> dict[str, Any]:
    published = {"line_item_id": line_item_id, "quantity": 1}
    return published | {"subtotal_set": bag(subtotal), "total_tax_set": bag(tax)} | changes


def refund_body(*transactions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    published = {
        "id": 7,
        "admin_graphql_api_id": "gid://shopify/Refund/7",
        "order_id": 450789469,
        "processed_at": RECEIVED_AT.isoformat(),
    }
    return published | {"transactions": list(transactions)} | changes


def test_a_refund_counts_the_money_paid_back_and_not_the_goods_sent_back() -> None:
    """The published refund is of goods for 399.29 with tax, of which 209.00 was paid back."""
    command = refunded(payload(REFUND))

    assert (command.source, command.order_id, command.currency) == ("shop", "450789469", "USD")
    assert command.refund.refund_id == "509562969"
    assert command.refund.amounts_minor == {"703073504": 10450, "466157049": 10450}
    assert command.refund.amount_minor == 0


def test_refunded_shipping_belongs_to_no_goods() -> None:
    command = refunded(payload(OF_SHIPPING))

    assert command.refund.amounts_minor == {"shipping": 500}
    assert command.refund.amount_minor == 0


def test_shipping_is_read_where_later_api_versions_have_it() -> None:
    shipping = {"subtotal_amount_set": bag("4.00"), "tax_amount_set": bag("1.00")}
    body = refund_body(transaction("5.00"), refund_shipping_lines=[shipping])

    assert refunded(body).refund.amounts_minor == {"shipping": 500}


def test_money_paid_back_beyond_the_goods_is_for_the_whole_order() -> None:
    body = refund_body(transaction("25.00"), refund_line_items=[returned(1, "10.00", "2.00")])

    command = refunded(body)

    assert command.refund.amounts_minor == {"1": 1200}
    assert command.refund.amount_minor == 1300


def test_a_refund_in_a_shop_whose_prices_include_tax_counts_the_money_paid_back() -> None:
    lines = [returned(1, "12.00", "2.00"), returned(2, "10.00", "0.50")]

    command = refunded(refund_body(transaction("22.00"), refund_line_items=lines))

    assert command.refund.amounts_minor == {"1": 1200, "2": 1000}


def test_refunded_duties_belong_to_no_goods() -> None:
    body = refund_body(
        transaction("15.00"),
        refund_line_items=[returned(1, "10.00")],
        total_duties_set=bag("5.00"),
    )

    command = refunded(body)

    assert command.refund.amounts_minor == {"1": 1000}
    assert command.refund.amount_minor == 0


def test_a_refund_in_the_customers_currency_is_worth_what_the_shop_says() -> None:
    foreign = {
        "shop_money": {"amount": "10.00", "currency_code": "USD"},
        "presentment_money": {"amount": "14.00", "currency_code": "CAD"},
    }
    line = {"line_item_id": 1, "quantity": 1, "subtotal_set": foreign, "total_tax_set": bag("0.00")}

    command = refunded(refund_body(transaction("7.00", currency="CAD"), refund_line_items=[line]))

    assert command.currency == "USD"
    assert command.refund.amounts_minor == {"1": 500}


def test_several_payments_of_a_refund_are_added_up() -> None:
    body = refund_body(
        transaction("3.00"),
        transaction("4.00"),
        transaction("9.00", status="failure"),
        transaction("9.00", kind="sale"),
    )

    assert refunded(body).refund.amount_minor == 700


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (refund_body(), Ignored("nothing_given_back")),
        (refund_body(transaction("5.00", status="failure")), Ignored("nothing_given_back")),
        (
            refund_body(transaction("5.00"), transaction("1.00", status="pending")),
            Ignored("refund_pending"),
        ),
        (
            refund_body(
                transaction("5.00", currency="EUR"), refund_line_items=[returned(1, "5.00")]
            ),
            Parked("mixed_currencies"),
        ),
        (refund_body(transaction("5.00", currency="ZZZ")), Parked("unknown_currency")),
        (
            refund_body(transaction("5.00"), processed_at=None),
            Parked("malformed", "/processed_at"),
        ),
        (refund_body(transaction("5"), id=None), Parked("malformed", "/id")),
        (refund_body(transaction("10000000000.01")), Parked("amount_too_large")),
        (refund_body(transaction("-5")), Parked("malformed", "/transactions/0/amount")),
    ],
)
def test_a_refund_that_counts_for_nothing_says_why(body: dict[str, Any], command: Command) -> None:
    assert translated(body, topic="refunds/create") == command


def test_a_cancelled_order_is_one_whole_refund_in_whichever_delivery_it_appears() -> None:
    cancelled_at = "2026-11-21T11:00:00Z"
    body = order(cancelled_at=cancelled_at, financial_status="refunded")

    command = refunded(body, topic="orders/cancelled")

    assert command.refund.whole
    assert command.refund.refund_id == "cancelled"
    assert refunded(body, topic="orders/updated") == command
    later = refunded(body | {"cancelled_at": "2026-11-22T11:00:00Z"}, topic="orders/cancelled")
    assert later.refund.fingerprint == command.refund.fingerprint


@pytest.mark.parametrize("status", ["pending", "authorized", "voided", "expired"])
def test_a_cancelled_order_that_was_never_paid_takes_back_only_what_it_earned(status: str) -> None:
    body = order(cancelled_at="2026-11-21T11:00:00Z", financial_status=status)

    command = translated(body, topic="orders/cancelled")

    assert isinstance(command, OrderRefunded)
    assert command.if_recorded


def test_a_cancelled_test_order_is_ignored() -> None:
    body = order(cancelled_at="2026-11-21T11:00:00Z", test=True)

    assert translated(body, topic="orders/cancelled") == Ignored("test_order")


@pytest.mark.parametrize("topic", ["orders/create", "orders/updated"])
@pytest.mark.parametrize("status", ["pending", "partially_paid", "authorized", None])
def test_an_order_that_is_not_paid_yet_is_ignored(topic: str, status: str | None) -> None:
    assert translated(order(financial_status=status), topic=topic) == Ignored("not_paid")


def updated(**changes: Any) -> OrderPaid:
    updated_order = order(
        **({"financial_status": "paid", "refunds": [], "shipping_lines": []} | changes)
    )
    command = translated(updated_order, topic="orders/updated")
    assert isinstance(command, OrderPaid), command
    return command


def test_an_updated_order_has_its_refunds_too() -> None:
    refunds = [
        refund_body(transaction("3.00")),
        refund_body(transaction("4.00", status="pending"), id=8),
        refund_body(id=9),
    ]

    command = updated(refunds=refunds)

    assert [refund.refund_id for refund in command.refunds or ()] == ["7"]


def test_goods_that_were_replaced_no_longer_count() -> None:
    command = updated(line_items=[item("10.00", id=1, current_quantity=0), item("10.00", id=2)])

    assert [line.amount_minor for line in command.order.lines] == [0, 1000]


def test_removed_goods_with_a_refund_are_counted_by_that_refund_only() -> None:
    command = updated(
        line_items=[item("10.00", id=1, current_quantity=0), item("30.00", id=2)],
        refunds=[refund_body(transaction("10.00"))],
    )

    assert [line.amount_minor for line in command.order.lines] == [1000, 3000]
    assert [refund.amount_minor for refund in command.refunds or ()] == [1000]


def test_returned_goods_are_counted_by_their_refund_only() -> None:
    command = updated(
        line_items=[item("10.00", id=1, quantity=2, current_quantity=1)],
        refunds=[refund_body(transaction("10.00"), refund_line_items=[returned(1, "10.00")])],
    )

    assert [line.amount_minor for line in command.order.lines] == [2000]
    assert [dict(refund.amounts_minor) for refund in command.refunds or ()] == [{"1": 1000}]


def test_an_edit_is_ignored_because_the_updated_order_has_it() -> None:
    assert translated({"order_edit": {}}, topic="orders/edited") == Ignored(
        "told_by_orders_updated"
    )


def test_a_topic_that_means_nothing_here_is_ignored() -> None:
    assert translated({}, topic="products/update") == Ignored("unknown_topic")


CUSTOMER = Identity("customer", "191167", "shop")


def test_a_request_for_data_is_passed_on() -> None:
    assert translated(DATA_REQUEST, topic="customers/data_request") == PrivacyRequest(
        asks="export",
        # The phone has no country, so it is nobody's.
        identities=(CUSTOMER, Identity("email", "john@example.com")),
        order_ids=("299938", "280263", "220458"),
        request_id="9999",
    )


def test_a_request_for_erasure_is_passed_on() -> None:
    assert translated(REDACT, topic="customers/redact") == PrivacyRequest(
        asks="erasure",
        identities=(CUSTOMER, Identity("email", "john@example.com")),
        order_ids=("299938", "280263", "220458"),
    )


def test_a_customer_may_have_only_an_e_mail() -> None:
    body = REDACT | {"customer": {"email": "john@example.com"}, "orders_to_redact": []}

    assert translated(body, topic="customers/redact") == PrivacyRequest(
        asks="erasure", identities=(Identity("email", "john@example.com"),)
    )


def test_a_request_that_names_no_customer_is_parked() -> None:
    body = {name: value for name, value in REDACT.items() if name != "customer"}

    assert translated(body, topic="customers/redact") == Parked("malformed", "/customer")


def test_an_uninstalled_shop_requests_the_erasure_of_its_data() -> None:
    assert translated(SHOP_REDACT, topic="shop/redact") == PrivacyRequest(asks="shop_erasure")


PUBLISHED = order()
# Half of what a body holds is never read: those places are drawn as rarely as they matter.
READ = tuple(
    path
    for path in places(PUBLISHED)
    if path[0] in ShopifyOrder.model_fields and "presentment_money" not in path
)


@given(changes=st.lists(st.tuples(st.sampled_from(READ), VALUES), min_size=1, max_size=4))
def test_any_malformed_order_is_read_ignored_or_parked(
    changes: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    body = deepcopy(PUBLISHED)
    for path, value in changes:
        put(body, path, value)
    raw = json.dumps(body).encode()

    command = SHOPIFY.translate("orders/paid", raw, SHOP)

    must_make_sense(command)
    SHOPIFY.envelope(raw, headers(raw))


REFUNDED = payload(REFUND)
READ_OF_REFUND = tuple(path for path in places(REFUNDED) if path[0] in ShopifyRefund.model_fields)


@given(changes=st.lists(st.tuples(st.sampled_from(READ_OF_REFUND), VALUES), min_size=1, max_size=4))
def test_any_malformed_refund_is_read_ignored_or_parked(
    changes: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    body = deepcopy(REFUNDED)
    for path, value in changes:
        put(body, path, value)
    raw = json.dumps(body).encode()

    must_make_sense(SHOPIFY.translate("refunds/create", raw, SHOP))
    SHOPIFY.envelope(raw, headers(raw, topic="refunds/create"))


@given(
    topic=st.sampled_from(["orders/updated", "orders/cancelled"]),
    changes=st.lists(st.tuples(st.sampled_from(READ), VALUES), min_size=1, max_size=4),
)
def test_any_malformed_updated_order_is_read_ignored_or_parked(
    topic: str, changes: list[tuple[tuple[str | int, ...], Any]]
) -> None:
    body = deepcopy(PUBLISHED)
    for path, value in changes:
        put(body, path, value)

    must_make_sense(SHOPIFY.translate(topic, json.dumps(body).encode(), SHOP))


@given(
    body=st.binary(max_size=200),
    signed=st.dictionaries(st.sampled_from(SHOPIFY.traits.headers), st.text(max_size=80)),
)
def test_every_body_has_an_envelope_whose_name_can_be_used(
    body: bytes, signed: dict[str, str]
) -> None:
    envelope = SHOPIFY.envelope(body, signed)

    assert not SHOPIFY.verify(received(body, signed), secrets=[SECRET])
    for name in (envelope.topic, envelope.name, delivery_id(envelope, body)):
        assert name.isascii()
        assert 0 < len(name) <= 128
    must_make_sense(SHOPIFY.translate(envelope.topic, body, SHOP))


def test_deliveries_about_one_order_are_applied_in_order() -> None:
    def group(body: bytes, *, topic: str, source: str = "shop") -> str:
        signed = headers(body, topic=topic)
        received = delivery(body, source=source, headers=signed)
        return kept_as(received, SHOPIFY.envelope(body, signed)).group

    paid_order, refund = encoded(order()), encoded(payload("refund.929361467"))

    assert group(paid_order, topic="orders/paid") == group(refund, topic="refunds/create")
    assert group(paid_order, topic="orders/paid") != group(
        encoded(order(id=1)), topic="orders/paid"
    )
    assert group(paid_order, topic="orders/paid") != group(
        paid_order, topic="orders/paid", source="another"
    )
