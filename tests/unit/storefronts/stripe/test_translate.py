"""Translating Stripe's webhooks."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.orders.order import is_outdated
from loyalty.domain.people.identity import Identity
from loyalty.domain.shops.deliveries import BODY_CHARACTERS, EVENT_CHARACTERS, delivery_id
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    OrderFilter,
    OrderPaid,
    OrderRefunded,
    OrdersPaid,
    Parked,
    RefundFailed,
    SendingShop,
)
from loyalty.storefronts.stripe import STRIPE
from tests.support.fuzz import must_make_sense, places, spoiled
from tests.support.received import SHOP, complete_delivery, fetch_of
from tests.support.signing import encoded, fixture
from tests.support.stripe import SECONDS, charge_event, dispute_event, payment_event, refund_event

CHECKOUT = "checkout.session.completed"
INVOICE = "invoice.paid"
REFUND = "charge.refunded"
PAYMENT = "pi_000000000000000000000000"


def event(name: str, **changes: Any) -> dict[str, Any]:
    """A published event; what is given replaces parts of its object."""
    body: dict[str, Any] = deepcopy(fixture(f"stripe/{name}"))
    body["data"]["object"] |= changes
    return body


def translated(body: Any, *, topic: str | None = None) -> Command | FetchNeeded:
    return STRIPE.translate(topic or body["type"], encoded(body), SHOP)


def paid(name: str = CHECKOUT, **changes: Any) -> OrderPaid:
    command = translated(event(name, **changes))
    assert isinstance(command, OrderPaid), command
    return command


def lines(paid_order: OrderPaid) -> list[tuple[str, str | None, int, int | None]]:
    return [
        (line.line_id, line.category, line.amount_minor, line.gross_minor)
        for line in paid_order.order.lines
    ]


def test_a_checkout_is_read_from_the_published_event() -> None:
    paid_order = paid()

    assert (paid_order.order.order_id, paid_order.currency) == (PAYMENT, "USD")
    assert paid_order.order.occurred_at == datetime.fromtimestamp(1648319959, UTC)
    assert lines(paid_order) == [("goods", None, 3000, 3000)]
    assert paid_order.identities == (
        Identity("customer", "cus_00000000000000", "shop"),
        Identity("email", "stripe@example.com"),
    )


def test_the_shop_s_own_name_for_the_customer_counts_too() -> None:
    paid_order = paid(customer=None, client_reference_id="ana-7")

    assert paid_order.identities[0] == Identity("customer", "ana-7", "shop")


def test_tax_and_shipping_of_a_checkout_are_no_goods() -> None:
    details = {"amount_discount": 500, "amount_shipping": 490, "amount_tax": 600}

    paid_order = paid(amount_total=4090, total_details=details)

    assert lines(paid_order) == [("goods", None, 3000, 3600), ("shipping", "shipping", 490, 490)]


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("jpy", 1200, 1200), ("kwd", 1250, 1250), ("isk", 120000, 1200), ("mga", 120, 12000)],
)
def test_amounts_are_read_by_stripe_s_own_decimals(currency: str, amount: int, minor: int) -> None:
    assert paid(currency=currency, amount_total=amount).order.amount_minor == minor


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"mode": "subscription"}, Ignored("told_by_invoice")),
        ({"invoice": "in_1"}, Ignored("told_by_invoice")),
        ({"payment_status": "unpaid"}, Ignored("not_paid")),
        ({"amount_total": 0}, Ignored("nothing_paid")),
        ({"customer": None, "customer_details": None}, Ignored("no_customer")),
        ({"payment_intent": None}, Parked("malformed", "/data/object/payment_intent")),
        ({"currency": "zzz"}, Parked("unknown_currency", "/data/object/currency")),
        ({"currency": "USD"}, Parked("malformed", "/data/object/currency")),
        ({"amount_total": "30"}, Parked("malformed", "/data/object/amount_total")),
        ({"amount_total": -1}, Parked("malformed", "/data/object/amount_total")),
        ({"amount_total": 10**13}, Parked("amount_too_large", "/data/object")),
        (
            {"total_details": {"amount_tax": 4000}},
            Parked("negative_amount", "/data/object"),
        ),
    ],
)
def test_a_checkout_that_earns_nothing_says_why(changes: dict[str, Any], command: Command) -> None:
    assert translated(event(CHECKOUT, **changes)) == command


def test_a_delayed_payment_has_an_event_of_its_own() -> None:
    body = event(CHECKOUT)

    late = translated(body, topic="checkout.session.async_payment_succeeded")

    assert isinstance(late, OrderPaid)
    assert late.order == paid().order


def test_an_invoice_is_read_from_the_published_event() -> None:
    paid_order = paid(INVOICE, customer_email="ana@example.com")

    assert paid_order.order.order_id == PAYMENT
    assert paid_order.order.occurred_at == datetime.fromtimestamp(1648320013, UTC)
    assert lines(paid_order) == [("goods", None, 2000, 2000)]


@pytest.mark.parametrize("name", ["total_tax_amounts", "total_taxes"])
def test_the_tax_of_an_invoice_is_read_under_either_name(name: str) -> None:
    paid_order = paid(INVOICE, **{name: [{"amount": 300}, {"amount": 100}]})

    assert lines(paid_order) == [("goods", None, 1600, 2000)]


def test_the_part_of_an_invoice_paid_by_credit_does_not_count() -> None:
    paid_order = paid(INVOICE, amount_paid=1000, total_taxes=[{"amount": 400}])

    assert lines(paid_order) == [("goods", None, 800, 1000)]


def test_tax_that_is_a_part_of_the_shipping_is_not_taken_off_the_goods() -> None:
    """Shipping of 12.00 contains 2.00 of tax; the goods are free of tax."""
    paid_order = paid(
        amount_total=11200,
        total_details={"amount_shipping": 1200, "amount_tax": 200},
        shipping_cost={"amount_subtotal": 1200, "amount_tax": 200, "amount_total": 1200},
    )

    assert lines(paid_order) == [
        ("goods", None, 10000, 10000),
        ("shipping", "shipping", 1000, 1200),
    ]


def test_tax_on_top_of_the_shipping_is_not_taken_off_the_goods_either() -> None:
    paid_order = paid(
        amount_total=12400,
        total_details={"amount_shipping": 1000, "amount_tax": 1400},
        shipping_cost={"amount_subtotal": 1000, "amount_tax": 200, "amount_total": 1200},
    )

    assert lines(paid_order) == [
        ("goods", None, 10000, 11200),
        ("shipping", "shipping", 1000, 1200),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"shipping_cost": None},
        {"total_details": None},
        {"metadata": None},
        {"customer_email": 7, "client_reference_id": []},
        {"metadata": {"gift": None, "note": "x"}},
    ],
)
def test_fields_of_a_checkout_that_decide_nothing_may_be_missing(changes: dict[str, Any]) -> None:
    assert lines(paid(**changes)) == [("goods", None, 3000, 3000)]


@pytest.mark.parametrize("total", [0, -1500])
def test_an_invoice_that_only_credits_the_customer_is_ignored(total: int) -> None:
    credit_invoice = event(INVOICE, amount_paid=0, total=total)

    assert translated(credit_invoice) == Ignored("nothing_paid")
    assert translated(of_another_version(amount_paid=0, total=total)) == Ignored("nothing_paid")


def test_an_invoice_that_nobody_had_to_pay_is_ignored() -> None:
    assert translated(event(INVOICE, amount_paid=0)) == Ignored("nothing_paid")
    assert translated(event(INVOICE, payment_intent=None)) == Ignored("no_payment")


def of_another_version(**changes: Any) -> dict[str, Any]:
    """An invoice as it is sent since API version 2025-03-31: without its payment."""
    body = event(INVOICE, **changes)
    del body["data"]["object"]["payment_intent"]
    return body


def payments(*named: Any) -> list[bytes]:
    listed = [{"payment": {"type": "payment_intent", "payment_intent": each}} for each in named]
    return [encoded({"object": "list", "data": listed})]


def test_the_payment_of_an_invoice_that_names_none_is_read() -> None:
    invoice = event(INVOICE)["data"]["object"]["id"]
    raw = encoded(of_another_version())

    assert translated(of_another_version()) == fetch_of(
        f"/v1/invoice_payments?invoice={invoice}&status=paid"
    )
    command = complete_delivery(
        STRIPE, INVOICE, raw, payments(None, PAYMENT, "pi_2"), source="shop"
    )
    assert command == paid(INVOICE)


def test_an_invoice_paid_outside_of_stripe_is_ignored() -> None:
    raw = encoded(of_another_version())

    assert translated(of_another_version(amount_paid=0)) == Ignored("nothing_paid")
    assert complete_delivery(STRIPE, INVOICE, raw, payments(), source="shop") == Ignored(
        "no_payment"
    )
    assert complete_delivery(STRIPE, INVOICE, raw, payments(None), source="shop") == Ignored(
        "no_payment"
    )


def test_each_payment_of_an_invoice_that_was_paid_in_parts_is_an_order() -> None:
    """20.00 with 4.00 of tax, paid by three payments of which one was made outside of Stripe."""
    raw = encoded(of_another_version(amount_paid=2000, total_taxes=[{"amount": 400}]))
    payments_listed = [
        {"amount_paid": amount, "payment": {"payment_intent": name}}
        for name, amount in (("pi_b", 999), ("pi_a", 501), (None, 500))
    ]

    command = complete_delivery(STRIPE, INVOICE, raw, [encoded({"data": payments_listed})])

    assert isinstance(command, OrdersPaid)
    assert [(each.order.order_id, *lines(each)) for each in command.orders] == [
        ("pi_a", ("goods", None, 400, 501)),
        ("pi_b", ("goods", None, 800, 999)),
    ]


def test_an_invoice_paid_by_a_charge_is_identified_by_the_charge() -> None:
    raw = encoded(of_another_version())
    payment = {"amount_paid": 2000, "payment": {"type": "charge", "charge": "ch_1"}}

    command = complete_delivery(STRIPE, INVOICE, raw, [encoded({"data": [payment]})])

    assert isinstance(command, OrderPaid)
    assert command.order.order_id == "ch_1"


WITH_PAYMENTS = SendingShop("shop", earns=OrderFilter(channels=("checkout", "Payment")))


def bare(body: dict[str, Any]) -> OrderPaid:
    command = STRIPE.translate(body["type"], encoded(body), WITH_PAYMENTS)
    assert isinstance(command, OrderPaid), command
    return command


@pytest.mark.parametrize("body", [payment_event(), charge_event(), charge_event("charge.captured")])
def test_a_payment_outside_of_checkout_earns_only_where_the_connection_says_so(body: Any) -> None:
    assert translated(body) == Ignored("channel_excluded")

    paid_order = bare(body)

    assert (paid_order.order.order_id, paid_order.order.channel, paid_order.currency) == (
        "pi_1",
        "payment",
        "USD",
    )
    assert lines(paid_order) == [("goods", None, 5000, 5000)]
    assert paid_order.identities[0] == Identity("customer", "cus_1", "shop")


def test_a_charge_knows_its_customer_by_the_billing_address() -> None:
    paid_order = bare(charge_event(customer=None, payment_intent=None))

    assert paid_order.order.order_id == "ch_1"
    assert paid_order.identities == (Identity("email", "ana@example.com"),)


def test_the_tip_of_a_payment_is_no_goods() -> None:
    paid_order = bare(payment_event(amount_details={"tip": {"amount": 700}}))

    assert lines(paid_order) == [("goods", None, 4300, 4300), ("tip", "tip", 700, 700)]


def test_the_version_of_a_checkout_wins_over_its_payment_and_charge() -> None:
    seconds = event(CHECKOUT)["created"]
    checkout = paid().order.told_at
    payment = bare(payment_event() | {"created": seconds + 5}).order.told_at
    charge = bare(charge_event() | {"created": seconds + 5}).order.told_at

    assert is_outdated(payment, by=checkout)
    assert is_outdated(charge, by=payment)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (payment_event(invoice="in_1"), "told_by_invoice"),
        (charge_event(invoice="in_1"), "told_by_invoice"),
        (charge_event(captured=False), "not_paid"),
        (payment_event(amount_received=0), "nothing_paid"),
        (payment_event(customer=None), "no_customer"),
    ],
)
def test_a_payment_that_earns_nothing_says_why(body: Any, reason: str) -> None:
    assert STRIPE.translate(body["type"], encoded(body), WITH_PAYMENTS) == Ignored(reason)


def test_a_refund_of_a_charge_without_a_payment_belongs_to_the_charge() -> None:
    body = event(REFUND, payment_intent=None, id="ch_1", amount_refunded=100)
    body["data"]["previous_attributes"]["amount_refunded"] = 0

    command = STRIPE.translate(REFUND, encoded(body), WITH_PAYMENTS)

    assert isinstance(command, OrderRefunded)
    assert command.order_id == "ch_1"


@pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
def test_a_refund_that_failed_no_longer_counts(kind: str) -> None:
    body = refund_event(kind, amount=700)

    assert translated(body) == RefundFailed(
        source="shop",
        order_id="pi_1",
        failure_id="re_1",
        id_prefix="ch_1.",
        amount_minor=700,
        failed_at=datetime.fromtimestamp(SECONDS, UTC),
    )


@pytest.mark.parametrize("status", ["pending", "succeeded", "requires_action", None])
def test_a_refund_that_has_not_failed_changes_nothing(status: str | None) -> None:
    assert translated(refund_event(status=status)) == Ignored("nothing_given_back")


def test_a_lost_dispute_is_a_refund() -> None:
    command = translated(dispute_event())

    assert isinstance(command, OrderRefunded)
    assert (command.order_id, command.currency) == ("pi_1", "USD")
    assert (command.refund.refund_id, command.refund.amount_minor) == ("dp_1", 5000)


@pytest.mark.parametrize("status", ["won", "warning_closed", "under_review"])
def test_a_dispute_that_was_not_lost_takes_nothing(status: str) -> None:
    assert translated(dispute_event(status=status)) == Ignored("nothing_given_back")


def without_tags(*tags: str) -> SendingShop:
    return SendingShop("shop", earns=OrderFilter(tags_none=tags))


@pytest.mark.parametrize(
    "line",
    [
        {"price": {"id": "price_1", "product": "prod_1"}},
        {"pricing": {"price_details": {"price": "price_1", "product": "prod_1"}}},
    ],
)
@pytest.mark.parametrize("tag", ["price_1", "prod_1"])
def test_an_invoice_can_be_excluded_by_a_price_or_a_product(line: Any, tag: str) -> None:
    body = encoded(event(INVOICE, lines={"data": [line]}))

    assert STRIPE.translate(INVOICE, body, without_tags(tag)) == Ignored("tags_excluded")
    assert isinstance(STRIPE.translate(INVOICE, body, without_tags("price_2")), OrderPaid)


def test_a_payment_can_be_excluded_by_its_metadata() -> None:
    body = encoded(event(CHECKOUT, metadata={"kind": "Wholesale"}))

    assert STRIPE.translate(CHECKOUT, body, without_tags("kind:wholesale")) == Ignored(
        "tags_excluded"
    )
    assert isinstance(STRIPE.translate(CHECKOUT, body, without_tags("kind:retail")), OrderPaid)


def test_the_lines_of_a_checkout_are_read_where_a_price_or_a_product_decides() -> None:
    body = encoded(event(CHECKOUT, id="cs_1"))
    items = {"data": [{"price": {"id": "price_1", "product": "prod_1"}}]}

    fetch_needed = STRIPE.translate(CHECKOUT, body, without_tags("prod_1"))

    assert fetch_needed == fetch_of("/v1/checkout/sessions/cs_1/line_items?limit=100")
    assert isinstance(fetch_needed, FetchNeeded)
    assert fetch_needed.complete([encoded(items)]) == Ignored("tags_excluded")
    assert isinstance(fetch_needed.complete([encoded({"data": []})]), OrderPaid)


@pytest.mark.parametrize("name", [None, "", "a/b", "in_1&invoice=in_2"])
def test_an_invoice_without_a_name_cannot_be_asked_for(name: str | None) -> None:
    assert translated(of_another_version(id=name)) == Parked("malformed", "/data/object/id")


@given(data=st.data())
def test_any_answer_about_an_invoice_s_payments_is_read_ignored_or_parked(
    data: st.DataObject,
) -> None:
    answer = json.loads(payments(PAYMENT)[0])
    spoiled_answer = json.dumps(data.draw(spoiled(answer, places=list(places(answer))))).encode()
    raw = encoded(of_another_version())

    must_make_sense(complete_delivery(STRIPE, INVOICE, raw, [spoiled_answer], source="shop"))


def refunded(before: int, after: int) -> OrderRefunded:
    body = event(REFUND, payment_intent=PAYMENT, amount_refunded=after)
    body["data"]["previous_attributes"]["amount_refunded"] = before
    command = translated(body)
    assert isinstance(command, OrderRefunded), command
    return command


def test_only_the_growth_of_a_running_total_is_refunded() -> None:
    first, second = refunded(0, 30), refunded(30, 100)

    assert (first.refund.amount_minor, second.refund.amount_minor) == (30, 70)
    assert first.refund.refund_id != second.refund.refund_id
    assert (first.order_id, first.currency) == (PAYMENT, "USD")


def test_a_refund_in_another_event_is_the_same_refund() -> None:
    assert refunded(0, 30).refund.refund_id == refunded(0, 30).refund.refund_id


def test_a_total_that_fell_is_no_refund() -> None:
    body = event(REFUND, payment_intent=PAYMENT, amount_refunded=10)
    body["data"]["previous_attributes"]["amount_refunded"] = 30

    assert translated(body) == Ignored("nothing_given_back")


def test_a_refund_of_a_payment_of_no_order_is_ignored() -> None:
    assert translated(event(REFUND)) == Ignored("no_order")


def test_a_topic_that_means_nothing_here_is_ignored() -> None:
    assert translated(event(CHECKOUT), topic="payout.paid") == Ignored("unknown_topic")


def test_the_envelope_has_the_event_and_the_payment() -> None:
    body = encoded(event(CHECKOUT) | {"id": "evt_1"})

    envelope = STRIPE.envelope(body, {})

    assert (envelope.topic, envelope.name, envelope.order_id) == (CHECKOUT, "evt_1", PAYMENT)
    assert envelope.event == "evt_1"


def test_the_stable_body_leaves_out_how_many_endpoints_wait() -> None:
    ids = {
        delivery_id(STRIPE.envelope(body, {}), body)
        for waiting in (1, 2)
        for body in [encoded(event(CHECKOUT) | {"pending_webhooks": waiting})]
    }

    assert len(ids) == 1


EVENTS = {name: event(name, payment_intent=PAYMENT) for name in (CHECKOUT, INVOICE, REFUND)} | {
    body["type"]: body
    for body in (payment_event(), charge_event(), dispute_event(), refund_event())
}


@pytest.mark.parametrize("name", EVENTS)
@given(data=st.data())
def test_any_malformed_event_is_read_ignored_or_parked(name: str, data: st.DataObject) -> None:
    event_places = [
        path for path in places(EVENTS[name]) if path[0] in ("data", "created", "id", "type")
    ]
    raw = json.dumps(data.draw(spoiled(EVENTS[name], places=event_places))).encode()

    must_make_sense(STRIPE.translate(name, raw, WITH_PAYMENTS))
    envelope = STRIPE.envelope(raw, {})
    assert len(delivery_id(envelope, raw)) == EVENT_CHARACTERS + BODY_CHARACTERS
