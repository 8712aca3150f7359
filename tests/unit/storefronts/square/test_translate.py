"""Translating Square's webhooks, some of whose content has to be fetched."""

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
    Envelope,
    FetchNeeded,
    Ignored,
    OrderPaid,
    OrderRefunded,
    Parked,
    SendingShop,
)
from loyalty.storefronts.square import SQUARE
from tests.support.fuzz import must_make_sense, places, spoiled
from tests.support.received import complete_any, complete_delivery, fetch_of, storefront
from tests.support.signing import encoded, fixture

PAYMENT = "payment.updated"
REFUND = "refund.updated"
ORDER = "order.updated"
OBJECTS = {PAYMENT: "payment", REFUND: "refund", ORDER: "order_updated"}
# Of the published order, and of the published payment.
ORDER_ID = "CAISENgvlJ6jLWAzERDzjyHVybY"
PAID_ORDER_ID = "03O3USaPaAaFnI6kkwB1JxGgBsUZY"


def event(topic: str, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = deepcopy(fixture(f"square/{topic}"))
    body["data"]["object"][OBJECTS[topic]] |= changes
    return body


def order(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = deepcopy(fixture("square/order"))
    return {"order": body["order"] | {"customer_id": "ANA"} | changes}


def translated_event(topic: str, **changes: Any) -> Command | FetchNeeded:
    return SQUARE.translate(topic, encoded(event(topic, **changes)), SendingShop("till"))


def completed(answer: Any, *, topic: str = PAYMENT, **changes: Any) -> Command:
    body = encoded(event(topic, **changes))
    return complete_delivery(SQUARE, topic, body, [encoded(answer)], source="till")


def paid(**changes: Any) -> OrderPaid:
    command = completed(order(**changes))
    assert isinstance(command, OrderPaid), command
    return command


def money(amount: int, currency: str = "USD") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def item(total: int, **changes: Any) -> dict[str, Any]:
    return {"uid": "u1", "quantity": "1", "total_money": money(total)} | changes


@pytest.mark.parametrize(
    ("topic", "changes", "answer"),
    [
        (PAYMENT, {}, fetch_of(f"/v2/orders/{PAID_ORDER_ID}")),
        (PAYMENT, {"status": "APPROVED"}, Ignored("not_paid")),
        (PAYMENT, {"order_id": None}, Ignored("no_order")),
        (PAYMENT, {"order_id": "../payments"}, Parked("malformed", "/data")),
        (REFUND, {}, fetch_of("/v2/payments/KkAkhdMsgzn59SM8A89WgKwekxLZY")),
        (REFUND, {"status": "PENDING"}, Ignored("refund_pending")),
        (REFUND, {"status": "FAILED"}, Ignored("nothing_given_back")),
        (ORDER, {}, fetch_of("/v2/orders/eA3vssLHKJrv9H0IdJCM3gNqfdcZY")),
        (ORDER, {"state": "DRAFT"}, Ignored("not_paid")),
        (
            PAYMENT,
            {"created_at": "yesterday"},
            Parked("malformed", "/data/object/payment/created_at"),
        ),
    ],
)
def test_an_event_names_what_has_to_be_read(
    topic: str, changes: dict[str, Any], answer: Command | FetchNeeded
) -> None:
    assert translated_event(topic, **changes) == answer


def test_a_topic_that_means_nothing_here_is_ignored() -> None:
    body = encoded(fixture("square/customer.created"))

    assert SQUARE.translate("location.created", body, SendingShop("till")) == Ignored(
        "unknown_topic"
    )


def test_a_paid_order_is_read_from_the_published_answer() -> None:
    command = paid()

    assert (command.order.source, command.order.order_id, command.currency) == (
        "till",
        ORDER_ID,
        "USD",
    )
    assert command.order.occurred_at == datetime(2020, 11, 22, 21, 16, 51, 86000, UTC)
    assert command.order.told_at == datetime(2020, 5, 18, 16, 30, 49, 614000, UTC)
    assert [
        (line.line_id, line.quantity, line.amount_minor, line.gross_minor)
        for line in command.order.lines
    ] == [("ULkg0tQTRK2bkU9fNv3IJD", 1, 250, 250), ("mumY8Nun4BC5aKe2yyx5a", 2, 300, 300)]


def test_the_customer_is_identified_by_order_payment_and_tender() -> None:
    answer = order(customer_id=None, tenders=[{"customer_id": "T"}])

    command = completed(answer, customer_id="P", buyer_email_address="ana@example.com")

    assert isinstance(command, OrderPaid)
    assert command.identities == (
        Identity("customer", "P", "till"),
        Identity("customer", "T", "till"),
        Identity("email", "ana@example.com"),
    )


def test_tax_tips_and_service_charges_are_no_goods() -> None:
    command = paid(
        line_items=[
            item(1200, total_tax_money=money(200), catalog_object_id="LATTE", quantity="1.5"),
            item(2500, uid="u2", item_type="GIFT_CARD"),
            item(1150, uid="u3", total_service_charge_money=money(150)),
        ],
        service_charges=[
            {"uid": "s1", "type": "AUTO_GRATUITY", "total_money": money(150)},
            {"uid": "s2", "total_money": money(110), "total_tax_money": money(10)},
        ],
        total_tip_money=money(300),
    )

    assert [
        (line.line_id, line.sku, line.category, line.quantity, line.amount_minor, line.gross_minor)
        for line in command.order.lines
    ] == [
        ("u1", "LATTE", None, 2, 1000, 1200),
        ("u2", None, "gift_card", 1, 2500, 2500),
        ("u3", None, None, 1, 1000, 1000),
        ("service-s1", None, "tip", 1, 150, 150),
        ("service-s2", None, "fee", 1, 100, 110),
        ("tip", None, "tip", 1, 300, 300),
    ]


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        (order(customer_id=None), Ignored("no_customer")),
        (order(net_amount_due_money=money(1)), Ignored("not_paid")),
        (
            order(total_money=None, line_items=None, total_tip_money=None),
            Parked("malformed", "/order/total_money"),
        ),
        (order(id="x" * 65), Parked("malformed", "/order/id")),
        (order(total_money=money(1, "EUR")), Parked("mixed_currencies")),
        (order(line_items=[item(1), item(2)]), Parked("duplicate_line", "/order/line_items")),
        (
            order(line_items=[item(1, total_tax_money=money(2))]),
            Parked("negative_amount", "/order/line_items"),
        ),
        (
            order(line_items=[item(1, quantity="2,5")]),
            Parked("malformed", "/order/line_items/0/quantity"),
        ),
        ({}, Parked("malformed", "/order")),
        ([], Parked("malformed", "")),
    ],
)
def test_an_answer_that_earns_nothing_says_why(answer: Any, command: Command) -> None:
    assert completed(answer) == command


def test_an_order_with_nothing_due_is_paid_in_whichever_delivery_it_appears() -> None:
    due = {"net_amount_due_money": money(0), "tenders": [{"customer_id": "T"}]}

    assert isinstance(completed(order(**due), topic=ORDER), OrderPaid)
    assert isinstance(completed(order(state="COMPLETED"), topic=ORDER), OrderPaid)
    assert completed(order(), topic=ORDER) == Ignored("not_paid")


@pytest.mark.parametrize("tenders", [[], [{"customer_id": "T"}]])
def test_a_cancelled_order_is_one_whole_refund_if_it_is_on_file(tenders: list[Any]) -> None:
    command = completed(order(state="CANCELED", tenders=tenders), topic=ORDER)

    assert isinstance(command, OrderRefunded)
    assert (command.order_id, command.refund.whole) == (ORDER_ID, True)
    assert command.if_recorded


def test_an_order_that_was_overpaid_is_paid() -> None:
    due = {"net_amount_due_money": money(-100), "tenders": [{"customer_id": "T"}]}

    assert isinstance(completed(order(**due), topic=ORDER), OrderPaid)


def without(name: str) -> dict[str, Any]:
    body = order()
    del body["order"][name]
    return body


@pytest.mark.parametrize("name", ["state", "discounts", "total_money", "created_at", "location_id"])
def test_an_order_may_leave_out_fields_that_can_be_computed(name: str) -> None:
    body = without(name)

    command = completed(body)

    assert isinstance(command, OrderPaid)
    assert command.order.lines == paid().order.lines
    assert command.currency == "USD"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": None},
        {"tenders": None, "service_charges": None, "discounts": None, "returns": None},
        {"total_tip_money": None, "net_amounts": None, "source": None},
        {"closed_at": "", "updated_at": None},
        {"source": {"name": 7}, "net_amount_due_money": None},
        {"total_tip_money": {"amount": None, "currency": "USD"}},
    ],
)
def test_fields_that_decide_nothing_may_be_null_or_of_another_type(changes: dict[str, Any]) -> None:
    assert paid(**changes).order.lines == paid().order.lines


@pytest.mark.parametrize(("quantity", "units"), [("1.25", 2), (2, 2), (0.5, 1), ("3.000000", 3)])
def test_a_quantity_may_be_a_number_or_a_fraction(quantity: Any, units: int) -> None:
    command = paid(line_items=[item(500, quantity=quantity)])

    assert [line.quantity for line in command.order.lines] == [units]


def came_back(total: int, *, tax: int = 0, source_order_id: str | None = "OLD") -> dict[str, Any]:
    goods = {"uid": "r1", "total_money": money(total), "total_tax_money": money(tax)}
    return {"uid": "r", "source_order_id": source_order_id, "return_line_items": [goods]}


@pytest.mark.parametrize("source_order_id", ["OLD", None])
def test_an_exchange_counts_what_was_paid_beyond_the_goods_that_came_back(
    source_order_id: str | None,
) -> None:
    command = paid(
        line_items=[
            item(3300, total_tax_money=money(300)),
            item(2200, uid="u2", total_tax_money=money(200)),
        ],
        returns=[came_back(3300, tax=300, source_order_id=source_order_id)],
    )

    assert [(line.amount_minor, line.gross_minor) for line in command.order.lines] == [
        (1200, 1320),
        (800, 880),
    ]


def test_an_exchange_for_something_cheaper_earns_nothing() -> None:
    command = paid(line_items=[item(2000)], returns=[came_back(3000)])

    assert command.order.amount_minor == 0


def test_an_exchange_that_lists_no_goods_counts_its_net_amounts() -> None:
    command = paid(
        line_items=[item(5000)],
        total_money=money(5000),
        returns=[{"uid": "r"}],
        net_amounts={"total_money": money(2000)},
    )

    assert command.order.amount_minor == 2000


def test_returned_goods_of_the_same_order_are_counted_by_their_refund() -> None:
    command = paid(
        line_items=[item(5000)],
        total_money=money(5000),
        returns=[came_back(3000, source_order_id=ORDER_ID)],
        net_amounts={"total_money": money(2000)},
    )

    assert command.order.amount_minor == 5000


def test_the_lines_name_the_objects_of_the_catalog() -> None:
    command = paid(
        line_items=[item(100, uid="u1", catalog_object_id="V1"), item(100, uid="u2")],
        service_charges=[{"uid": "s1", "total_money": money(1)}],
    )

    assert command.products == {"u1": "V1"}
    assert [line.sku for line in command.order.lines] == ["V1", None, None]


@pytest.mark.parametrize("payment_id", [None, "gone"])
def test_a_refund_without_a_payment_belongs_to_no_order(payment_id: str | None) -> None:
    body = event(REFUND, payment_id=None)
    if payment_id:
        del body["data"]["object"]["refund"]["payment_id"]

    assert SQUARE.translate(REFUND, encoded(body), SendingShop("till")) == Ignored("no_order")


def test_a_refund_belongs_to_the_order_of_its_payment() -> None:
    payment = {"payment": event(PAYMENT)["data"]["object"]["payment"]}

    command = completed(payment, topic=REFUND)

    assert isinstance(command, OrderRefunded)
    assert (command.order_id, command.currency) == (PAID_ORDER_ID, "USD")
    assert command.refund.amount_minor == 1000
    # Square's own id of a refund is longer than our books allow.
    assert len(command.refund.refund_id) == 32


def test_a_refund_of_a_payment_of_no_order_is_ignored() -> None:
    payment = {"payment": event(PAYMENT, order_id=None)["data"]["object"]["payment"]}

    assert completed(payment, topic=REFUND) == Ignored("no_order")


def test_the_envelope_has_the_event_and_the_order() -> None:
    body = encoded(event(PAYMENT))

    assert SQUARE.envelope(body, {}) == Envelope(
        topic=PAYMENT,
        name="6a8f5f28-54a1-4eb0-a98a-3111513fd4fc",
        order_id=PAID_ORDER_ID,
        event="6a8f5f28-54a1-4eb0-a98a-3111513fd4fc",
    )
    assert SQUARE.envelope(encoded(event(REFUND)), {}).order_id is None


def test_requests_of_the_sandbox_go_to_its_own_address() -> None:
    def api(*, sandbox: bool) -> str:
        asking = SQUARE.api.of(storefront("square", sandbox=sandbox), "t")
        assert asking.headers["authorization"] == "Bearer t"
        return asking.origin

    assert api(sandbox=True) != api(sandbox=False)


ANSWERS: dict[str, Any] = {
    PAYMENT: order(service_charges=[{"uid": "s1", "total_money": money(1)}], tenders=[{}]),
    ORDER: order(state="COMPLETED"),
    REFUND: {"payment": event(PAYMENT)["data"]["object"]["payment"]},
}


@pytest.mark.parametrize("topic", ANSWERS)
@given(data=st.data())
def test_any_malformed_event_or_answer_is_read_ignored_or_parked(
    topic: str, data: st.DataObject
) -> None:
    published = event(topic)
    event_places = [path for path in places(published) if path[0] in ("data", "type", "event_id")]
    body = json.dumps(
        data.draw(spoiled(published, places=event_places) | st.just(published))
    ).encode()
    answer = data.draw(spoiled(ANSWERS[topic], places=list(places(ANSWERS[topic]))))

    must_make_sense(complete_any(SQUARE, topic, body, [json.dumps(answer).encode()]))
    envelope = SQUARE.envelope(body, {})
    assert len(delivery_id(envelope, body)) == EVENT_CHARACTERS + BODY_CHARACTERS
