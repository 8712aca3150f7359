"""Whatever happens to an order at Square, however often it is delivered: the balance is right.

Events of payments and orders only name the order, so what counts is what Square says of it when the
event is applied. A refund has events of its own. What is right is computed from the story.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from tests.support.shop_stories import ConnectedShop
from tests.support.signing import fixture

PRICES: Final = st.integers(1, 5000)

type Body = dict[str, Any]


@dataclass
class SquareOrder:
    """An order of goods without tax. `traded_in` is the worth of goods of another order."""

    order_id: str
    prices: list[int] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)
    tip: int = 0
    traded_in: int = 0
    is_canceled: bool = False
    minute: int = 0

    @property
    def paid(self) -> int:
        return max(0, sum(self.prices) - self.traded_in)

    @property
    def kept_minor(self) -> int:
        """What the customer paid for goods and did not get back."""
        return 0 if self.is_canceled else self.paid - sum(self.refunds)

    def answer(self) -> Body:
        returned = {
            "source_order_id": "another",
            "return_line_items": [{"uid": "r", "total_money": money(self.traded_in)}],
        }
        lines = [
            {"uid": f"u{number}", "quantity": "1", "total_money": money(price)}
            for number, price in enumerate(self.prices)
        ]
        return {
            "order": {
                "id": self.order_id,
                "state": "CANCELED" if self.is_canceled else "OPEN",
                "customer_id": "ANA",
                "created_at": "2026-11-20T10:00:00Z",
                "updated_at": time_text(self.minute),
                "line_items": lines,
                "returns": [returned] if self.traded_in else None,
                "tenders": [{"id": "tender"}],
                "total_tip_money": money(self.tip),
                "net_amount_due_money": money(0),
            }
        }


def time_text(minute: int) -> str:
    return f"2026-11-20T10:{minute:02}:00Z"


def money(amount: int) -> Body:
    return {"amount": amount, "currency": "USD"}


def of_payment(order: SquareOrder) -> tuple[str, Body]:
    body = deepcopy(fixture("square/payment.updated"))
    payment = {"order_id": order.order_id, "created_at": time_text(0)}
    body["data"]["object"]["payment"] |= payment
    return "payment.updated", body


def of_order(order: SquareOrder) -> tuple[str, Body]:
    body = deepcopy(fixture("square/order.updated"))
    body["data"]["object"]["order_updated"]["order_id"] = order.order_id
    return "order.updated", body


def of_refund(order: SquareOrder, number: int, status: str) -> tuple[str, Body]:
    body = deepcopy(fixture("square/refund.updated"))
    refund = {
        "id": f"refund-{order.order_id}-{number}",
        "status": status,
        "payment_id": f"pay-{order.order_id}",
        "amount_money": money(order.refunds[number]),
        "created_at": time_text(order.minute),
    }
    body["data"]["object"]["refund"] |= refund
    return "refund.updated", body


@given(data=st.data())
def test_the_customer_has_points_for_what_they_paid_for_and_keep(data: st.DataObject) -> None:
    shop = ConnectedShop("square", has_access_token=True)
    shop.enroll("ANA")
    sold = SquareOrder("O1", tip=data.draw(st.sampled_from([0, 300])))
    exchange = SquareOrder("O2")
    shop.responses["/v2/payments/pay-O1"] = {
        "payment": fixture("square/payment.updated")["data"]["object"]["payment"]
        | {"order_id": "O1"}
    }
    events: list[tuple[str, Body]] = []

    def deliver(events: list[tuple[str, Body]]) -> None:
        for order in (sold, exchange):
            shop.responses[f"/v2/orders/{order.order_id}"] = order.answer()
        for topic, body in data.draw(st.permutations(events)):
            outcome = shop.deliver(topic, body)
            assert outcome.status not in ("parked", "failed"), outcome

    sold.prices = data.draw(st.lists(PRICES, min_size=1, max_size=3))
    events.append(of_payment(sold))
    steps = st.sampled_from(["add", "change", "refund", "exchange", "cancel"])
    for step in data.draw(st.lists(steps, max_size=5)):
        deliver(data.draw(st.lists(st.sampled_from(events), max_size=2)))
        sold.minute += 1
        left = sold.paid - sum(sold.refunds)
        match step:
            case "add" if not sold.is_canceled:
                sold.prices.append(data.draw(PRICES))
            case "change" if not sold.refunds:
                sold.prices[0] = data.draw(PRICES)
            # Square tells a refund as a total, which is of goods and tip alike.
            case "refund" if left > 0 and not sold.tip:
                sold.refunds.append(data.draw(st.integers(1, left)))
                number = len(sold.refunds) - 1
                events += [of_refund(sold, number, each) for each in ("PENDING", "COMPLETED")]
            case "exchange" if not exchange.prices:
                # What came back was sold by the first order, and keeps its points there.
                exchange.prices = [data.draw(PRICES)]
                exchange.traded_in = data.draw(PRICES)
                events += [of_payment(exchange), of_order(exchange)]
            case "cancel":
                sold.is_canceled = True
        events.append(of_order(sold))
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=3))
    deliver([*events, *repeats])

    # A refund is of all lines alike, and what is left of each rounds up to a cent.
    surplus = shop.balance - sold.kept_minor - exchange.kept_minor
    assert 0 <= surplus < max(1, len(sold.prices) if sold.refunds else 1)
