"""What Stripe tells is understood."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.people.identity import Identity
from loyalty.domain.shops.deliveries import BODY_CHARACTERS, EVENT_CHARACTERS, delivery_id
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    OrderPaid,
    OrderRefunded,
    Parked,
)
from loyalty.storefronts.stripe import STRIPE
from tests.support.fuzz import must_make_sense, places, spoiled
from tests.support.received import SHOP, complete_delivery, fetch_of
from tests.support.signing import encoded, fixture

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


def lines(told: OrderPaid) -> list[tuple[str, str | None, int, int | None]]:
    return [
        (line.line_id, line.category, line.amount_minor, line.gross_minor)
        for line in told.order.lines
    ]


def test_a_checkout_is_read_from_the_published_event() -> None:
    told = paid()

    assert (told.order.order_id, told.currency) == (PAYMENT, "USD")
    assert told.order.occurred_at == datetime.fromtimestamp(1648319959, UTC)
    assert lines(told) == [("goods", None, 3000, 3000)]
    assert told.identities == (
        Identity("customer", "cus_00000000000000", "shop"),
        Identity("email", "stripe@example.com"),
    )


def test_the_shop_s_own_name_for_the_customer_counts_too() -> None:
    told = paid(customer=None, client_reference_id="ana-7")

    assert told.identities[0] == Identity("customer", "ana-7", "shop")


def test_tax_and_shipping_of_a_checkout_are_no_goods() -> None:
    details = {"amount_discount": 500, "amount_shipping": 490, "amount_tax": 600}

    told = paid(amount_total=4090, total_details=details)

    assert lines(told) == [("goods", None, 3000, 3600), ("shipping", "shipping", 490, 490)]


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


def test_a_payment_that_took_its_time_is_told_by_an_event_of_its_own() -> None:
    body = event(CHECKOUT)

    late = translated(body, topic="checkout.session.async_payment_succeeded")

    assert isinstance(late, OrderPaid)
    assert late.order == paid().order


def test_an_invoice_is_read_from_the_published_event() -> None:
    told = paid(INVOICE, customer_email="ana@example.com")

    assert told.order.order_id == PAYMENT
    assert told.order.occurred_at == datetime.fromtimestamp(1648320013, UTC)
    assert lines(told) == [("goods", None, 2000, 2000)]


@pytest.mark.parametrize("name", ["total_tax_amounts", "total_taxes"])
def test_the_tax_of_an_invoice_is_read_under_either_name(name: str) -> None:
    told = paid(INVOICE, **{name: [{"amount": 300}, {"amount": 100}]})

    assert lines(told) == [("goods", None, 1600, 2000)]


def test_what_credit_paid_of_an_invoice_does_not_count() -> None:
    told = paid(INVOICE, amount_paid=1000, total_taxes=[{"amount": 400}])

    assert lines(told) == [("goods", None, 800, 1000)]


def test_an_invoice_that_nobody_had_to_pay_is_ignored() -> None:
    assert translated(event(INVOICE, amount_paid=0)) == Ignored("nothing_paid")
    assert translated(event(INVOICE, payment_intent=None)) == Ignored("no_payment")


def of_another_version(**changes: Any) -> dict[str, Any]:
    """An invoice as it is told since 2025-03-31: without its payment."""
    body = event(INVOICE, **changes)
    del body["data"]["object"]["payment_intent"]
    return body


def payments(*named: Any) -> list[bytes]:
    told = [{"payment": {"type": "payment_intent", "payment_intent": each}} for each in named]
    return [encoded({"object": "list", "data": told})]


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


def test_an_invoice_that_was_paid_by_nothing_of_stripe_s_is_ignored() -> None:
    raw = encoded(of_another_version())

    assert translated(of_another_version(amount_paid=0)) == Ignored("nothing_paid")
    assert complete_delivery(STRIPE, INVOICE, raw, payments(), source="shop") == Ignored(
        "no_payment"
    )
    assert complete_delivery(STRIPE, INVOICE, raw, payments(None), source="shop") == Ignored(
        "no_payment"
    )


@pytest.mark.parametrize("name", [None, "", "a/b", "in_1&invoice=in_2"])
def test_an_invoice_without_a_name_cannot_be_asked_for(name: str | None) -> None:
    assert translated(of_another_version(id=name)) == Parked("malformed", "/data/object/id")


@given(data=st.data())
def test_whatever_is_answered_of_an_invoice_s_payments_it_is_read_ignored_or_parked(
    data: st.DataObject,
) -> None:
    answer = json.loads(payments(PAYMENT)[0])
    told = json.dumps(data.draw(spoiled(answer, places=list(places(answer))))).encode()
    raw = encoded(of_another_version())

    must_make_sense(complete_delivery(STRIPE, INVOICE, raw, [told], source="shop"))


def refunded(before: int, after: int) -> OrderRefunded:
    body = event(REFUND, payment_intent=PAYMENT, amount_refunded=after)
    body["data"]["previous_attributes"]["amount_refunded"] = before
    command = translated(body)
    assert isinstance(command, OrderRefunded), command
    return command


def test_of_a_running_total_only_what_is_new_was_given_back() -> None:
    first, second = refunded(0, 30), refunded(30, 100)

    assert (first.refund.amount_minor, second.refund.amount_minor) == (30, 70)
    assert first.refund.refund_id != second.refund.refund_id
    assert (first.order_id, first.currency) == (PAYMENT, "USD")


def test_a_refund_told_by_another_event_is_the_same_refund() -> None:
    assert refunded(0, 30).refund.refund_id == refunded(0, 30).refund.refund_id


def test_a_total_that_fell_gave_nothing_back() -> None:
    body = event(REFUND, payment_intent=PAYMENT, amount_refunded=10)
    body["data"]["previous_attributes"]["amount_refunded"] = 30

    assert translated(body) == Ignored("nothing_given_back")


def test_a_refund_of_a_payment_of_no_order_is_ignored() -> None:
    assert translated(event(REFUND)) == Ignored("no_order")


def test_a_topic_that_means_nothing_here_is_ignored() -> None:
    assert translated(event(CHECKOUT), topic="payout.paid") == Ignored("unknown_topic")


def test_a_delivery_is_known_by_its_event_and_its_payment() -> None:
    body = encoded(event(CHECKOUT) | {"id": "evt_1"})

    told = STRIPE.envelope(body, {})

    assert (told.topic, told.name, told.order_id) == (CHECKOUT, "evt_1", PAYMENT)
    assert told.event == "evt_1"


def test_an_event_says_the_same_though_fewer_endpoints_wait_for_it() -> None:
    ids = {
        delivery_id(STRIPE.envelope(body, {}), body)
        for waiting in (1, 2)
        for body in [encoded(event(CHECKOUT) | {"pending_webhooks": waiting})]
    }

    assert len(ids) == 1


EVENTS = {name: event(name, payment_intent=PAYMENT) for name in (CHECKOUT, INVOICE, REFUND)}


@pytest.mark.parametrize("name", EVENTS)
@given(data=st.data())
def test_whatever_is_wrong_with_an_event_it_is_read_ignored_or_parked(
    name: str, data: st.DataObject
) -> None:
    at = [path for path in places(EVENTS[name]) if path[0] in ("data", "created", "id", "type")]
    raw = json.dumps(data.draw(spoiled(EVENTS[name], places=at))).encode()

    must_make_sense(STRIPE.translate(name, raw, SHOP))
    told = STRIPE.envelope(raw, {})
    assert len(delivery_id(told, raw)) == EVENT_CHARACTERS + BODY_CHARACTERS
