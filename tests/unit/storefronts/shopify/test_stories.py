"""Orders of a Shopify shop from checkout to the end, and the points that are left.

One point is one cent of the goods without tax.
"""

from typing import Any, ClassVar

import pytest

from loyalty.domain.orders.order import LINES_MAX
from loyalty.storefronts.shopify.payload import GRAPHQL_PATH
from tests.support.shop_stories import ConnectedShop, earning
from tests.support.shopify import EMAIL_CONSENT, KNOWN_CUSTOMER, MERGE, SMS_CONSENT

CUSTOMER = 7001


def bag(amount: str, shown: str | None = None, *, shop: str = "USD") -> dict[str, Any]:
    """An amount in the shop's currency and in the one that the customer saw."""
    return {
        "shop_money": {"amount": amount, "currency_code": shop},
        "presentment_money": {"amount": shown or amount, "currency_code": "USD"},
    }


def item(price: str, **changes: Any) -> dict[str, Any]:
    body = {"id": 11, "quantity": 1, "current_quantity": 1, "price_set": bag(price)}
    return body | {"sku": "MUG", "discount_allocations": [], "tax_lines": []} | changes


def taxed(price: str, tax: str, **changes: Any) -> dict[str, Any]:
    return item(price, tax_lines=[{"price": tax, "price_set": bag(tax)}], **changes)


def order(*lines: dict[str, Any], minute: int = 0, **changes: Any) -> dict[str, Any]:
    """An order as the shop has it some minutes after it was placed."""
    return {
        "id": 5001,
        "admin_graphql_api_id": "gid://shopify/Order/5001",
        "currency": "USD",
        "created_at": "2026-11-20T10:00:00Z",
        "processed_at": "2026-11-20T10:00:00Z",
        "updated_at": f"2026-11-20T10:{minute:02}:00Z",
        "cancelled_at": None,
        "financial_status": "paid",
        "line_items": list(lines),
        "shipping_lines": [],
        "refunds": [],
        "taxes_included": False,
        "test": False,
        "customer": {"id": CUSTOMER},
        "discount_codes": [],
    } | changes


def money(amount: str, status: str = "success", currency: str | None = "USD") -> dict[str, Any]:
    return {"amount": amount, "kind": "refund", "status": status, "currency": currency}


def returned(line_id: int, worth: str, tax: str = "0.00", quantity: int = 1) -> dict[str, Any]:
    return {
        "line_item_id": line_id,
        "quantity": quantity,
        "subtotal_set": bag(worth),
        "total_tax_set": bag(tax),
    }


def refund(
    *lines: dict[str, Any], transactions: list[dict[str, Any]], minute: int = 1, **changes: Any
) -> dict[str, Any]:
    return {
        "id": 9001,
        "order_id": 5001,
        "admin_graphql_api_id": "gid://shopify/Refund/9001",
        "created_at": f"2026-11-20T10:{minute:02}:00Z",
        "processed_at": f"2026-11-20T10:{minute:02}:00Z",
        "refund_line_items": list(lines),
        "transactions": transactions,
    } | changes


def partly(*lines: dict[str, Any], minute: int = 2, **changes: Any) -> dict[str, Any]:
    return order(*lines, minute=minute, financial_status="partially_refunded", **changes)


@pytest.fixture
def shop() -> ConnectedShop:
    connected = ConnectedShop("shopify")
    connected.enroll(str(CUSTOMER))
    return connected


class TestRefundsWithShipping:
    # The tax of refunded shipping is beside it, among the adjustments.
    SHIPPING: ClassVar[dict[str, Any]] = {
        "refund_shipping_lines": [{"id": 1, "subtotal_amount_set": bag("10.00")}],
        "order_adjustments": [
            {
                "kind": "shipping_refund",
                "amount_set": bag("-10.00"),
                "tax_amount_set": bag("-1.00"),
            }
        ],
    }
    LINES = (taxed("100.00", "10.00"), taxed("50.00", "5.00", id=12))
    SHIPPED: ClassVar[list[dict[str, Any]]] = [
        {"id": 900, "price_set": bag("10.00"), "tax_lines": [{"price": "1.00"}]}
    ]

    def test_refunded_shipping_takes_no_points_of_the_goods(self, shop: ConnectedShop) -> None:
        shop.deliver("orders/paid", order(*self.LINES, shipping_lines=self.SHIPPED))

        outcome = shop.deliver(
            "refunds/create", refund(transactions=[money("11.00")], **self.SHIPPING)
        )

        assert outcome.status == "refunded"
        assert shop.balance == 15000

    def test_goods_and_shipping_that_are_refunded_together_take_the_points_of_the_goods(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("orders/paid", order(*self.LINES, shipping_lines=self.SHIPPED))

        shop.deliver(
            "refunds/create",
            refund(returned(12, "50.00", "5.00"), transactions=[money("66.00")], **self.SHIPPING),
        )

        assert shop.balance == 10000


class TestExchanges:
    BOUGHT = taxed("100.00", "10.00")
    GONE = BOUGHT | {"current_quantity": 0}
    CHEAPER = taxed("60.00", "6.00", id=12)
    DEARER = taxed("150.00", "15.00", id=12)
    BACK = refund(returned(11, "100.00", "10.00"), transactions=[money("44.00")])

    @pytest.fixture(autouse=True)
    def bought(self, shop: ConnectedShop) -> None:
        shop.deliver("orders/paid", order(self.BOUGHT))

    def test_an_exchange_for_something_cheaper_counts_what_was_kept(
        self, shop: ConnectedShop
    ) -> None:
        exchanged = partly(self.GONE, self.CHEAPER, refunds=[self.BACK])

        shop.deliver("orders/updated", exchanged)
        shop.deliver("refunds/create", self.BACK)
        assert shop.balance == 6000

        shop.deliver("orders/updated", exchanged | {"updated_at": "2026-11-20T11:00:00Z"})
        assert shop.balance == 6000

    def test_it_does_not_matter_whether_the_refund_or_the_order_comes_first(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("refunds/create", self.BACK)
        assert shop.balance == 6000

        shop.deliver("orders/updated", partly(self.GONE, self.CHEAPER, refunds=[self.BACK]))

        assert shop.balance == 6000

    def test_an_exchange_for_something_dearer_counts_it_all(self, shop: ConnectedShop) -> None:
        back = refund(returned(11, "100.00", "10.00"), transactions=[])

        shop.deliver("orders/updated", order(self.GONE, self.DEARER, minute=2, refunds=[back]))

        assert shop.balance == 15000

    def test_money_that_a_merchant_keeps_of_a_return_still_counts(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("orders/updated", partly(self.GONE, refunds=[self.BACK]))

        assert shop.balance == 6000

    def test_a_second_exchange_counts_what_is_kept_in_the_end(self, shop: ConnectedShop) -> None:
        shop.deliver(
            "orders/updated", partly(self.GONE, self.CHEAPER, refunds=[self.BACK], minute=2)
        )
        again = refund(returned(12, "60.00", "6.00"), transactions=[money("33.00")], minute=3)
        last = taxed("30.00", "3.00", id=13)

        shop.deliver(
            "orders/updated",
            partly(
                self.GONE,
                self.CHEAPER | {"current_quantity": 0},
                last,
                refunds=[self.BACK, again | {"id": 9002}],
                minute=4,
            ),
        )

        assert shop.balance == 3000

    def test_an_exchange_of_a_guest_counts_what_was_kept(self) -> None:
        shop = ConnectedShop("shopify")
        shop.deliver("orders/paid", order(self.BOUGHT))
        exchanged = partly(self.GONE, self.CHEAPER, refunds=[self.BACK])
        shop.deliver("orders/updated", exchanged)
        shop.deliver("orders/updated", exchanged | {"updated_at": "2026-11-20T11:00:00Z"})
        shop.enroll(str(CUSTOMER))

        shop.deliver("orders/updated", exchanged | {"updated_at": "2026-11-20T11:00:00Z"})

        assert shop.balance == 6000


class TestPendingRefunds:
    BOUGHT = item("100.00", quantity=2)
    GONE = BOUGHT | {"current_quantity": 1}
    PENDING = refund(returned(11, "100.00"), transactions=[money("100.00", "pending")])
    DONE = PENDING | {"transactions": [money("100.00")]}
    FAILED = PENDING | {"transactions": [money("100.00", "failure")]}

    @pytest.fixture(autouse=True)
    def bought(self, shop: ConnectedShop) -> None:
        shop.deliver("orders/paid", order(self.BOUGHT | {"current_quantity": 2}))

    def test_a_pending_refund_takes_nothing_although_its_goods_are_gone(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("refunds/create", self.PENDING)
        shop.deliver("orders/updated", order(self.GONE, minute=2, refunds=[self.PENDING]))

        assert shop.balance == 20000

    def test_a_pending_refund_counts_once_it_has_succeeded(self, shop: ConnectedShop) -> None:
        shop.deliver("orders/updated", order(self.GONE, minute=2, refunds=[self.PENDING]))

        outcome = shop.deliver("orders/updated", partly(self.GONE, minute=3, refunds=[self.DONE]))

        assert (outcome.status, outcome.points) == ("refunded", -10000)
        assert shop.balance == 10000

    def test_a_refund_that_failed_takes_nothing(self, shop: ConnectedShop) -> None:
        shop.deliver("orders/updated", order(self.GONE, minute=2, refunds=[self.PENDING]))

        shop.deliver("orders/updated", order(self.GONE, minute=3, refunds=[self.FAILED]))

        assert shop.balance == 20000

    def test_a_refund_that_counted_and_then_failed_gives_its_points_back(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("refunds/create", self.DONE)
        assert shop.balance == 10000

        shop.deliver("orders/updated", order(self.GONE, minute=3, refunds=[self.FAILED]))
        assert shop.balance == 20000

        shop.deliver("refunds/create", self.DONE)
        assert shop.balance == 20000

        shop.deliver("orders/updated", partly(self.GONE, minute=5, refunds=[self.DONE]))
        assert shop.balance == 10000


class TestAmounts:
    def test_a_tip_of_an_unknown_gateway_earns_nothing(self, shop: ConnectedShop) -> None:
        tip = item("3.59", id=12, sku=None, tip_payment_gateway=None, tip={"payment_gateway": None})

        shop.deliver("orders/paid", order(item("20.00"), tip))

        assert shop.balance == 2000

    def test_a_line_without_a_price_set_is_read_by_its_price(self, shop: ConnectedShop) -> None:
        line = {"id": 11, "quantity": 2, "price": "20.00", "tax_lines": [{"price": "2.00"}]}
        line |= {"discount_allocations": [{"amount": "5.00"}]}

        shop.deliver("orders/paid", order(line))

        assert shop.balance == 3500

    def test_a_line_without_any_price_is_parked(self, shop: ConnectedShop) -> None:
        outcome = shop.deliver("orders/paid", order({"id": 11, "quantity": 2}))

        assert (outcome.status, outcome.pointer) == ("parked", "/line_items/0")

    def test_a_refund_in_the_customer_s_currency_counts_at_the_rate_of_the_order(self) -> None:
        shop = ConnectedShop("shopify", currency="CAD")
        shop.enroll(str(CUSTOMER))
        line = item("135.00", price_set=bag("135.00", "100.00", shop="CAD"))
        shop.deliver("orders/paid", order(line, currency="CAD"))

        back = refund(transactions=[money("10.00", currency="USD")])
        shop.deliver("orders/updated", partly(line, currency="CAD", refunds=[back]))

        assert shop.balance == 13500 - 1350

    def test_a_transaction_without_a_currency_is_in_the_shop_s(self, shop: ConnectedShop) -> None:
        shop.deliver("orders/paid", order(item("100.00")))

        shop.deliver(
            "refunds/create",
            refund(returned(11, "100.00"), transactions=[money("25.00", currency=None)]),
        )

        assert shop.balance == 7500

    def test_an_order_of_as_many_lines_as_shopify_allows_earns(self, shop: ConnectedShop) -> None:
        lines = [item("1.00", id=number) for number in range(1, LINES_MAX + 1)]

        shop.deliver("orders/paid", order(*lines))

        assert LINES_MAX == 500
        assert shop.balance == 50000


def test_an_order_whose_payment_was_voided_after_it_earned_keeps_nothing(
    shop: ConnectedShop,
) -> None:
    shop.deliver("orders/paid", order(item("40.00")))

    shop.deliver("orders/updated", order(item("40.00"), minute=3, financial_status="voided"))

    assert shop.balance == 0


def test_a_cancelled_order_stays_cancelled_whatever_arrives_late(shop: ConnectedShop) -> None:
    paid = order(item("40.00"), minute=9)
    shop.deliver("orders/paid", paid)
    gone = order(item("40.00"), minute=5, cancelled_at="2026-11-20T10:05:00Z")

    shop.deliver("orders/cancelled", gone)
    shop.deliver("orders/updated", paid)

    assert shop.balance == 0


class TestTagsOfCustomers:
    """Versions since 2025-01 leave them out of orders; the shop's API has them."""

    CHOOSING = earning(tags_none=["wholesale"])

    @pytest.fixture
    def choosing(self) -> ConnectedShop:
        connected = ConnectedShop("shopify", earns=self.CHOOSING)
        connected.enroll(str(CUSTOMER))
        return connected

    @pytest.mark.parametrize(
        ("tags", "points"), [([], 4000), (["vip"], 4000), (["vip", "Wholesale"], 0)]
    )
    def test_the_customer_s_tags_are_read_from_the_shop(
        self, choosing: ConnectedShop, tags: list[str], points: int
    ) -> None:
        choosing.responses[GRAPHQL_PATH] = {"data": {"customer": {"tags": tags}}}

        choosing.deliver("orders/paid", order(item("40.00")))

        assert choosing.balance == points

    def test_an_order_whose_customer_s_tags_cannot_be_read_does_not_earn(
        self, choosing: ConnectedShop
    ) -> None:
        outcome = choosing.deliver("orders/paid", order(item("40.00")))

        assert (outcome.status, outcome.reason) == ("ignored", "tags_unknown")

    def test_an_order_that_earned_still_takes_its_refunds_without_the_tags(
        self, choosing: ConnectedShop
    ) -> None:
        choosing.responses[GRAPHQL_PATH] = {"data": {"customer": {"tags": []}}}
        choosing.deliver("orders/paid", order(item("40.00")))
        choosing.responses.clear()

        back = refund(returned(11, "40.00"), transactions=[money("10.00")])
        choosing.deliver("orders/updated", partly(item("40.00"), refunds=[back]))

        assert choosing.balance == 3000

    def test_a_tag_of_the_order_decides_without_asking_the_shop(
        self, choosing: ConnectedShop
    ) -> None:
        outcome = choosing.deliver("orders/paid", order(item("40.00"), tags="Wholesale"))

        assert outcome.reason == "tags_excluded"

    def test_a_version_that_has_the_customer_s_tags_is_believed(
        self, choosing: ConnectedShop
    ) -> None:
        customer = {"id": CUSTOMER, "tags": "vip"}

        choosing.deliver("orders/paid", order(item("40.00"), customer=customer))

        assert choosing.balance == 4000


class TestConsents:
    BODIES = (
        ("customers_email_marketing_consent/update", EMAIL_CONSENT, "email_marketing_consent"),
        ("customers_marketing_consent/update", SMS_CONSENT, "sms_marketing_consent"),
    )

    @pytest.fixture
    def enrolling(self) -> ConnectedShop:
        return ConnectedShop("shopify", enroll_customers=True)

    @pytest.mark.parametrize(("topic", "body", "_name"), BODIES)
    def test_a_customer_who_consents_is_enrolled(
        self, enrolling: ConnectedShop, topic: str, body: dict[str, Any], _name: str
    ) -> None:
        # A customer without a consent of their own is nobody yet.
        without_consents = {
            each: KNOWN_CUSTOMER[each] for each in KNOWN_CUSTOMER if "consent" not in each
        }
        assert enrolling.deliver("customers/create", without_consents).reason == "no_member"

        assert enrolling.deliver(topic, body).status == "enrolled"
        assert enrolling.deliver(topic, body).status == "linked"

    @pytest.mark.parametrize(("topic", "body", "name"), BODIES)
    @pytest.mark.parametrize("state", ["unsubscribed", "pending", "not_subscribed", None])
    def test_a_customer_who_does_not_consent_is_not_enrolled(
        self,
        enrolling: ConnectedShop,
        topic: str,
        body: dict[str, Any],
        name: str,
        state: str | None,
    ) -> None:
        refused = body | {name: body[name] | {"state": state}}

        assert enrolling.deliver(topic, refused).reason == "no_member"


class TestMergedCustomers:
    REMAINING = str(CUSTOMER + 1)
    MERGED = MERGE | {
        "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{REMAINING}",
        "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{CUSTOMER}",
    }

    def test_orders_of_the_customer_that_remains_earn_for_the_member(
        self, shop: ConnectedShop
    ) -> None:
        assert shop.deliver("customers/merge", self.MERGED).status == "linked"

        shop.deliver("orders/paid", order(item("20.00"), customer={"id": int(self.REMAINING)}))

        assert shop.balance == 2000

    def test_a_merge_that_is_delivered_twice_changes_nothing_more(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("customers/merge", self.MERGED)

        assert shop.deliver("customers/merge", self.MERGED).reason == "no_member"

    def test_two_members_are_not_merged_by_a_shop(self, shop: ConnectedShop) -> None:
        shop.enroll(self.REMAINING, member_id="mem_bob")

        outcome = shop.deliver("customers/merge", self.MERGED)

        assert (outcome.status, outcome.reason) == ("parked", "two_members")

    def test_a_merge_that_has_not_completed_is_ignored(self, shop: ConnectedShop) -> None:
        outcome = shop.deliver("customers/merge", self.MERGED | {"status": "in_progress"})

        assert outcome.reason == "not_completed"
