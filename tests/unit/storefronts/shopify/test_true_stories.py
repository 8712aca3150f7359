"""Whatever happens to an order at Shopify, and in whatever order it is told: the balance is right.

What is right is computed from the story itself: what was paid, before tax, for the goods that the
customer keeps.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.shop_stories import ConnectedShop

CUSTOMER: Final = 7001
# All prices are before a tax of a tenth, which is whole cents of each unit.
UNIT_PRICES: Final = st.integers(1, 500).map(lambda tens: tens * 10)
UNITS: Final = st.integers(1, 3)

type Body = dict[str, Any]


@dataclass
class Goods:
    """A line of an order: what a unit costs before tax, and what became of the units."""

    number: int
    unit_minor: int
    units: int
    returned: int = 0

    @property
    def kept_units(self) -> int:
        return self.units - self.returned

    def paid_minor(self, units: int) -> int:
        return units * self.unit_minor * 11 // 10


@dataclass
class ShopifyOrder:
    """An order in the shop, and every delivery about it so far."""

    goods: list[Goods] = field(default_factory=list)
    refunds: list[Body] = field(default_factory=list)
    deliveries: list[tuple[str, Body]] = field(default_factory=list)
    minute: int = 0
    is_cancelled: bool = False

    @property
    def kept_minor(self) -> int:
        """What the customer paid, before tax, for what they keep."""
        if self.is_cancelled:
            return 0
        return sum(each.kept_units * each.unit_minor for each in self.goods)

    def buy(self, unit_minor: int, units: int) -> None:
        self.goods.append(Goods(len(self.goods) + 1, unit_minor, units))

    def send_back(self, goods: Goods, units: int, *, credit_minor: int, status: str) -> None:
        """Units come back. Their money is given back, less a credit that pays for other goods."""
        goods.returned += units
        back_minor = max(0, goods.paid_minor(units) - credit_minor)
        number = len(self.refunds) + 1
        refunded_at = self.time_text(self.minute + 1)
        line = {
            "line_item_id": goods.number,
            "quantity": units,
            "subtotal_set": bag(units * goods.unit_minor),
            "total_tax_set": bag(units * goods.unit_minor // 10),
        }
        paid = {"kind": "refund", "status": status, "amount": text(back_minor), "currency": "USD"}
        refund = {
            "id": 900 + number,
            "order_id": 5001,
            "admin_graphql_api_id": f"gid://shopify/Refund/{900 + number}",
            "created_at": refunded_at,
            "processed_at": refunded_at,
            "refund_line_items": [line],
            "transactions": [paid] if back_minor else [],
        }
        self.refunds = [*self.refunds, refund]

    def settle_refunds(self) -> None:
        """Refunds that were pending succeed."""
        self.refunds = [
            refund
            | {"transactions": [each | {"status": "success"} for each in refund["transactions"]]}
            for refund in self.refunds
        ]

    def announce(self, topic: str = "orders/updated") -> None:
        """The order changes: the shop delivers it as it is now, and its latest refund."""
        self.minute += 1
        self.deliveries.append((topic, self.body()))
        if self.refunds:
            self.deliveries.append(("refunds/create", self.refunds[-1]))

    def time_text(self, minute: int) -> str:
        return f"2026-11-20T10:{minute:02}:00Z"

    def body(self) -> Body:
        return {
            "id": 5001,
            "admin_graphql_api_id": "gid://shopify/Order/5001",
            "currency": "USD",
            "created_at": self.time_text(0),
            "processed_at": self.time_text(0),
            "updated_at": self.time_text(self.minute),
            "cancelled_at": self.time_text(self.minute) if self.is_cancelled else None,
            "financial_status": "refunded" if self.is_cancelled else "paid",
            "taxes_included": False,
            "customer": {"id": CUSTOMER},
            "refunds": self.refunds,
            "line_items": [
                {
                    "id": each.number,
                    "quantity": each.units,
                    "current_quantity": each.kept_units,
                    "price_set": bag(each.unit_minor),
                    "tax_lines": [
                        {"price_set": bag(each.unit_minor * each.units // 10)},
                    ],
                }
                for each in self.goods
            ],
        }


def text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def bag(minor: int) -> Body:
    return {"shop_money": {"amount": text(minor), "currency_code": "USD"}}


@st.composite
def stories(draw: st.DrawFn) -> ShopifyOrder:
    order = ShopifyOrder()
    for _ in range(draw(st.integers(1, 3))):
        order.buy(draw(UNIT_PRICES), draw(UNITS))
    order.announce("orders/paid")
    steps = st.sampled_from(["add", "return", "return pending", "exchange", "nothing"])
    for step in draw(st.lists(steps, max_size=4)):
        unreturned = [each for each in order.goods if each.kept_units]
        match step:
            case "add":
                order.buy(draw(UNIT_PRICES), draw(UNITS))
            case "return" | "return pending" | "exchange" if unreturned:
                goods = draw(st.sampled_from(unreturned))
                units = draw(st.integers(1, goods.kept_units))
                credit_minor = 0
                if step == "exchange":
                    order.buy(draw(UNIT_PRICES), draw(UNITS))
                    credit_minor = order.goods[-1].paid_minor(order.goods[-1].units)
                status = "pending" if step == "return pending" else "success"
                order.send_back(goods, units, credit_minor=credit_minor, status=status)
                if status == "pending":
                    order.announce()
                    order.settle_refunds()
        order.announce()
    if draw(st.integers(0, 4)) == 0:
        order.is_cancelled = True
        order.announce("orders/cancelled")
    return order


@settings(deadline=None)
@given(story=stories(), data=st.data())
def test_the_customer_has_points_for_what_they_paid_for_and_keep(
    story: ShopifyOrder, data: st.DataObject
) -> None:
    shop = ConnectedShop("shopify")
    shop.enroll(str(CUSTOMER))
    repeats = data.draw(st.lists(st.sampled_from(story.deliveries), max_size=4))

    # Of an order that is not known before an exchange, nothing says which goods are new.
    first, *rest = story.deliveries
    for topic, body in [first, *data.draw(st.permutations([*rest, *repeats]))]:
        outcome = shop.deliver(topic, body)
        assert outcome.status not in ("parked", "failed"), outcome

    assert shop.balance == story.kept_minor
