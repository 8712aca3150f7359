"""Whatever happens to an order at BigCommerce, however often it is told: the balance is right.

Every event only names the order, so what counts is what the store's API says of it when the event
is applied. What is right is computed from the story itself.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from tests.support import bigcommerce as big
from tests.support.shop_stories import ConnectedShop

# All prices are before a tax of a tenth, which is whole cents of each unit.
UNIT_PRICES: Final = st.integers(1, 500).map(lambda tens: tens * 10)
UNITS: Final = st.integers(1, 3)
TOPICS: Final = ("store/order/statusUpdated", "store/order/updated", "store/order/refund/created")

type Body = dict[str, Any]


@dataclass
class Goods:
    """A product of an order: what a unit costs before tax, and how many units came back."""

    number: int
    unit_minor: int
    units: int
    returned: int = 0


@dataclass
class BigCommerceOrder:
    goods: list[Goods] = field(default_factory=list)
    refunds: list[Body] = field(default_factory=list)
    shipping_minor: int = 0
    status_id: int = 11
    minute: int = 0

    @property
    def kept_minor(self) -> int:
        """What the customer paid, before tax, for what they keep."""
        if self.status_id == 5:
            return 0
        return sum((each.units - each.returned) * each.unit_minor for each in self.goods)

    def refund(self, goods: Goods, units: int) -> None:
        goods.returned += units
        worth = units * goods.unit_minor
        item = {
            "item_type": "PRODUCT",
            "item_id": goods.number,
            "quantity": units,
            # As the store's own panel asks for it, before tax.
            "requested_amount": text(worth),
        }
        number = len(self.refunds) + 1
        paid = big.refund(worth * 11 / 1000, item, id=number, created=self.time_text())
        self.refunds = [*self.refunds, paid]

    def refund_shipping(self) -> None:
        item = {"item_type": "SHIPPING", "item_id": 1, "quantity": 1, "requested_amount": None}
        number = len(self.refunds) + 1
        paid = big.refund(
            self.shipping_minor * 11 / 1000, item, id=number, created=self.time_text()
        )
        self.refunds = [*self.refunds, paid]

    def time_text(self) -> str:
        return f"2026-11-20T10:{self.minute:02}:00+00:00"

    def responses(self) -> Body:
        total = sum(each.units * each.unit_minor for each in self.goods) + self.shipping_minor
        order = big.order(
            status_id=self.status_id,
            date_created="Fri, 20 Nov 2026 10:00:00 +0000",
            date_modified=f"Fri, 20 Nov 2026 10:{self.minute:02}:00 +0000",
            total_ex_tax=text(total),
            total_inc_tax=text(total * 11 // 10),
            shipping_cost_ex_tax=text(self.shipping_minor),
            shipping_cost_inc_tax=text(self.shipping_minor * 11 // 10),
        )
        products = [
            big.product(
                text(each.units * each.unit_minor),
                text(each.units * each.unit_minor * 11 // 10),
                id=each.number,
                quantity=each.units,
            )
            for each in self.goods
        ]
        return {
            "/v2/orders/218?include=fees": order,
            "/v2/orders/218/products?limit=250": products,
            "/v3/orders/218/payment_actions/refunds": big.refunds(*self.refunds),
        }


def text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


@given(data=st.data())
def test_the_customer_has_points_for_what_they_paid_for_and_keep(data: st.DataObject) -> None:
    order = BigCommerceOrder(shipping_minor=data.draw(st.sampled_from([0, 500])))
    shop = ConnectedShop("bigcommerce", store=big.STORE)
    shop.enroll("11")

    def add() -> None:
        number = len(order.goods) + 65
        order.goods.append(Goods(number, data.draw(UNIT_PRICES), data.draw(UNITS)))

    def deliver(times: int) -> None:
        """Some events of those that the store sent so far; a few are lost."""
        shop.responses = order.responses()
        for topic in data.draw(st.lists(st.sampled_from(TOPICS), min_size=times, max_size=3)):
            outcome = shop.deliver(topic, big.event(topic))
            assert outcome.status not in ("parked", "failed"), outcome

    add()
    deliver(0)
    steps = st.sampled_from(["add", "change", "return", "shipping", "cancel", "set back"])
    for step in data.draw(st.lists(steps, max_size=6)):
        order.minute += 1
        unreturned = [each for each in order.goods if each.returned < each.units]
        untouched = [each for each in order.goods if not each.returned]
        match step:
            case "add":
                add()
            case "change" if untouched:
                data.draw(st.sampled_from(untouched)).unit_minor = data.draw(UNIT_PRICES)
            case "return" if unreturned:
                goods = data.draw(st.sampled_from(unreturned))
                order.refund(goods, data.draw(st.integers(1, goods.units - goods.returned)))
            case "shipping" if order.shipping_minor and order.minute == 1:
                order.refund_shipping()
            case "cancel":
                order.status_id = 5
            case "set back":
                order.status_id = 11
        deliver(0)
    order.minute += 1
    deliver(1)

    assert shop.balance == order.kept_minor
