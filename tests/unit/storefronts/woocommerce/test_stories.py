"""Orders of a WooCommerce shop from checkout to the end, and the points that are left.

One point is one cent of the goods without tax.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.shop_stories import ConnectedShop, earning

CUSTOMER = 26


def item(total: str, **changes: Any) -> dict[str, Any]:
    return {"id": 1, "quantity": 1, "total": total, "total_tax": "0.00", "sku": "MUG"} | changes


def order(*, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """An order of 40.00 as the shop has it some minutes after it was placed."""
    return {
        "id": 501,
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": "2026-11-20T10:00:00",
        "date_paid_gmt": "2026-11-20T10:00:00",
        "date_modified_gmt": f"2026-11-20T10:{minute:02}:00",
        "customer_id": CUSTOMER,
        "billing": {"email": "", "phone": ""},
        "line_items": [item("40.00")],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "created_via": "checkout",
        "_links": {"self": [{"href": "https://shop.example/wp-json/wc/v3/orders/501"}]},
    } | changes


def cash_on_delivery(**changes: Any) -> dict[str, Any]:
    return order(payment_method="cod", date_paid_gmt=None, **changes)


@pytest.fixture
def shop() -> ConnectedShop:
    connected = ConnectedShop("woocommerce")
    connected.enroll(str(CUSTOMER))
    return connected


def test_cash_on_delivery_earns_and_keeps_nothing_once_it_is_cancelled(shop: ConnectedShop) -> None:
    shop.deliver("order.updated", cash_on_delivery())
    assert shop.balance == 4000

    outcome = shop.deliver("order.updated", cash_on_delivery(status="cancelled", minute=30))

    assert (outcome.status, outcome.points) == ("refunded", -4000)
    assert shop.balance == 0


@pytest.mark.parametrize("status", ["failed", "trash", "cancelled", "refunded"])
def test_an_order_that_earned_keeps_nothing_once_it_fails_or_is_cancelled(
    shop: ConnectedShop, status: str
) -> None:
    shop.deliver("order.updated", order())

    assert shop.deliver("order.updated", order(status=status, minute=9)).status == "refunded"

    assert shop.balance == 0


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_an_order_that_never_earned_is_ignored_when_it_is_given_up(
    shop: ConnectedShop, status: str
) -> None:
    outcome = shop.deliver("order.updated", order(status=status, date_paid_gmt=None))

    assert (outcome.status, outcome.reason) == ("ignored", "not_paid")


def test_a_payment_that_failed_and_was_tried_again_earns(shop: ConnectedShop) -> None:
    shop.deliver("order.updated", order(status="failed", date_paid_gmt=None))

    assert shop.deliver("order.updated", order(minute=1)).points == 4000


class TestUndoing:
    def test_an_order_that_is_set_back_earns_again_exactly(self, shop: ConnectedShop) -> None:
        shop.deliver("order.updated", order())
        shop.deliver("order.updated", order(status="cancelled", minute=5))

        outcome = shop.deliver("order.updated", order(minute=9))

        assert (outcome.status, outcome.points, outcome.replayed) == ("edited", 4000, False)
        assert shop.balance == 4000

    def test_an_order_may_be_cancelled_and_set_back_any_number_of_times(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("order.updated", order())
        for minute in range(1, 9, 2):
            shop.deliver("order.updated", order(status="cancelled", minute=minute))
            assert shop.balance == 0
            shop.deliver("order.updated", order(minute=minute + 1))
            assert shop.balance == 4000

    def test_deliveries_that_arrive_again_change_nothing(self, shop: ConnectedShop) -> None:
        versions = [
            order(),
            order(status="cancelled", minute=5),
            order(minute=9),
            order(status="cancelled", minute=12),
            order(minute=15),
        ]
        for version in versions:
            shop.deliver("order.updated", version)
            shop.deliver("order.updated", version)
        for version in versions:
            shop.deliver("order.updated", version)

        assert shop.balance == 4000

    def test_a_late_cancellation_does_not_beat_the_order_that_was_set_back(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("order.updated", order(minute=9))

        outcome = shop.deliver("order.updated", order(status="cancelled", minute=5))

        assert (outcome.status, outcome.reason) == ("ignored", "outdated")
        assert shop.balance == 4000

    def test_a_late_version_does_not_undo_a_cancellation(self, shop: ConnectedShop) -> None:
        shop.deliver("order.updated", order(minute=1))
        shop.deliver("order.updated", order(status="cancelled", minute=9))

        shop.deliver("order.updated", order(minute=5, line_items=[item("50.00")]))

        assert shop.balance == 0

    def test_a_cancellation_before_the_first_version_is_undone_by_a_later_one(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("order.updated", order(status="cancelled", minute=5))

        shop.deliver("order.updated", order(minute=9))

        assert shop.balance == 4000

    def test_a_guest_s_order_that_is_set_back_earns_once_it_is_claimed(self) -> None:
        shop = ConnectedShop("woocommerce")
        shop.deliver("order.updated", order())
        shop.deliver("order.updated", order(status="cancelled", minute=5))
        shop.deliver("order.updated", order(minute=9))
        shop.enroll(str(CUSTOMER))

        shop.deliver("order.updated", order(minute=9))

        assert shop.balance == 4000

    def test_a_refund_that_was_deleted_gives_its_points_back(self, shop: ConnectedShop) -> None:
        refunds = [{"id": 811, "total": "-10.00"}]
        shop.deliver("order.updated", order())
        shop.deliver("order.updated", order(minute=2, refunds=refunds))
        assert shop.balance == 3000

        outcome = shop.deliver("order.updated", order(minute=4))

        assert (outcome.status, outcome.points) == ("edited", 1000)
        assert shop.balance == 4000

    def test_the_refund_that_stays_still_counts_after_another_was_deleted(
        self, shop: ConnectedShop
    ) -> None:
        both = [{"id": 811, "total": "-10.00"}, {"id": 812, "total": "-5.00"}]
        shop.deliver("order.updated", order())
        shop.deliver("order.updated", order(minute=2, refunds=both))

        shop.deliver("order.updated", order(minute=4, refunds=both[1:]))

        assert shop.balance == 3500

    def test_an_order_that_was_refunded_in_part_keeps_that_when_it_is_set_back(
        self, shop: ConnectedShop
    ) -> None:
        refunds = [{"id": 811, "total": "-10.00"}]
        shop.deliver("order.updated", order(refunds=refunds))
        shop.deliver("order.updated", order(status="cancelled", minute=5, refunds=refunds))

        shop.deliver("order.updated", order(minute=9, refunds=refunds))

        assert shop.balance == 3000

    def test_points_that_were_spent_meanwhile_become_no_debt_after_the_undoing(
        self, shop: ConnectedShop
    ) -> None:
        shop.deliver("order.updated", order())
        shop.spend(1500)
        shop.deliver("order.updated", order(status="cancelled", minute=5))
        assert shop.balance == -1500

        shop.deliver("order.updated", order(minute=9))

        assert shop.balance == 2500


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        # A tip of a plugin, and any other fee: charges, like shipping.
        ({"fee_lines": [{"id": 60, "total": "8.00", "total_tax": "0.00"}]}, 4000),
        # Store credit as a fee below zero: the goods share it.
        ({"fee_lines": [{"id": 60, "total": "-8.00", "total_tax": "0.00"}]}, 3200),
        # It may pay for shipping, too.
        (
            {
                "fee_lines": [{"id": 60, "total": "-45.00", "total_tax": "0.00"}],
                "shipping_lines": [{"id": 80, "total": "5.00", "total_tax": "0.00"}],
            },
            0,
        ),
        # Goods by weight.
        ({"line_items": [item("12.50", quantity=0.5)]}, 1250),
        ({"line_items": [item("12.50", quantity=2.0)]}, 1250),
        # A gift card is money that is bought, not goods.
        (
            {
                "line_items": [
                    item("50.00", meta_data=[{"id": 1, "key": "wc_gc_giftcard_amount"}]),
                    item("10.00", id=2),
                ]
            },
            1000,
        ),
        # Amounts as numbers.
        ({"line_items": [item("12.50") | {"total": 12.5, "total_tax": 0}]}, 1250),
    ],
)
def test_the_price_of_goods_earns(
    shop: ConnectedShop, changes: dict[str, Any], points: int
) -> None:
    outcome = shop.deliver("order.updated", order(**changes))

    assert outcome.status == "earned"
    assert shop.balance == points


def test_a_bank_transfer_that_earned_on_hold_keeps_nothing_once_it_is_cancelled() -> None:
    shop = ConnectedShop("woocommerce", earns=earning(statuses=["on-hold"]))
    shop.enroll(str(CUSTOMER))
    waiting = order(status="on-hold", date_paid_gmt=None)
    shop.deliver("order.updated", waiting)
    assert shop.balance == 4000

    shop.deliver("order.updated", waiting | order(status="cancelled", minute=7, date_paid_gmt=None))

    assert shop.balance == 0


def test_a_deleted_order_waits_for_a_person_because_a_bare_number_proves_nothing(
    shop: ConnectedShop,
) -> None:
    shop.deliver("order.updated", order())

    outcome = shop.deliver("order.deleted", {"id": 501})

    assert (outcome.status, outcome.reason) == ("parked", "unconfirmed_deletion")
    assert shop.balance == 4000


# What an order of 40.00 may come to, and the points that are left of it.
STATES: tuple[tuple[dict[str, Any], int], ...] = (
    ({}, 4000),
    ({"line_items": [item("55.00")]}, 5500),
    ({"refunds": [{"id": 811, "total": "-10.00"}]}, 3000),
    ({"refunds": [{"id": 811, "total": "-10.00"}, {"id": 812, "total": "-5.00"}]}, 2500),
    ({"status": "completed"}, 4000),
    ({"status": "cancelled"}, 0),
    ({"status": "failed"}, 0),
    ({"status": "refunded", "refunds": [{"id": 813, "total": "-40.00"}]}, 0),
)


@settings(deadline=None)
@given(data=st.data())
def test_the_last_version_decides_in_whatever_order_and_however_often_all_arrive(
    data: st.DataObject,
) -> None:
    story = data.draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=7))
    versions = [order(minute=minute, **changes) for minute, (changes, _) in enumerate(story, 1)]
    repeats = data.draw(st.lists(st.sampled_from(versions), max_size=6))
    shop = ConnectedShop("woocommerce")
    shop.enroll(str(CUSTOMER))

    # An order that is given up before anything else of it is known leaves no trace.
    shop.deliver("order.updated", order())
    for version in data.draw(st.permutations([order(), *versions, *repeats])):
        shop.deliver("order.updated", version)

    assert shop.balance == story[-1][1]
