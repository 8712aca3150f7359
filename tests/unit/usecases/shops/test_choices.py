"""Amounts with tax and orders in other currencies count as the connection says."""

from typing import Any

import pytest

from tests.support import bigcommerce as big
from tests.support.shop_stories import ConnectedShop


def order(**changes: Any) -> dict[str, Any]:
    """Two products of 10.00 with 2.00 of tax each, as WooCommerce tells it."""
    line = {"quantity": 1, "total": "10.00", "total_tax": "2.00"}
    return {
        "id": 501,
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": "2026-11-20T10:00:00",
        "date_paid_gmt": "2026-11-20T10:00:00",
        "date_modified_gmt": "2026-11-20T10:00:00",
        "customer_id": 26,
        "line_items": [line | {"id": 1}, line | {"id": 2}],
        "_links": {"self": [{"href": "https://shop.example/wp-json/wc/v3/orders/501"}]},
    } | changes


def woocommerce(**parts: Any) -> ConnectedShop:
    shop = ConnectedShop("woocommerce", **parts)
    shop.enroll("26")
    return shop


@pytest.mark.parametrize(("counts_tax", "points"), [(False, 2000), (True, 2400)])
def test_amounts_count_with_or_without_tax(*, counts_tax: bool, points: int) -> None:
    shop = woocommerce(counts_tax=counts_tax)

    assert shop.deliver("order.updated", order()).points == points


@pytest.mark.parametrize(("counts_tax", "points"), [(False, 1000), (True, 1200)])
def test_a_refund_takes_its_share_with_or_without_tax(*, counts_tax: bool, points: int) -> None:
    shop = woocommerce(counts_tax=counts_tax)
    shop.deliver("order.updated", order())

    half = {"id": 9, "total": "-12.00"}
    shop.deliver("order.updated", order(date_modified_gmt="2026-11-20T11:00:00", refunds=[half]))

    assert shop.balance == points


@pytest.mark.parametrize(
    ("choice", "status", "reason"),
    [
        ("convert", "parked", "currency_mismatch"),
        ("park", "parked", "currency_mismatch"),
        ("ignore", "ignored", "currency_excluded"),
    ],
)
def test_an_order_without_a_rate_is_parked_or_ignored(
    choice: str, status: str, reason: str
) -> None:
    outcome = woocommerce(other_currencies=choice).deliver("order.updated", order(currency="EUR"))

    assert (outcome.status, outcome.reason) == (status, reason)


# 65.00 in the shopper's currency, of which 60.00 are goods, at 0.5 to one of the shop's.
FOREIGN = {
    "default_currency_code": "EUR",
    "store_default_currency_code": "USD",
    "store_default_to_transactional_exchange_rate": "0.5",
}


def bigcommerce(choice: str) -> ConnectedShop:
    shop = ConnectedShop("bigcommerce", store="abc123", other_currencies=choice)
    shop.enroll("11")
    shop.responses = {
        "/v2/orders/218?include=fees": big.order(**FOREIGN),
        "/v2/orders/218/products?limit=250": big.PRODUCTS,
        "/v3/orders/218/payment_actions/refunds": big.refunds(),
    }
    return shop


@pytest.mark.parametrize(
    ("choice", "points", "reason"),
    [
        ("convert", 12000, None),
        ("park", 0, "currency_mismatch"),
        ("ignore", 0, "currency_excluded"),
    ],
)
def test_an_order_with_a_rate_counts_at_it_if_that_is_chosen(
    choice: str, points: int, reason: str | None
) -> None:
    outcome = bigcommerce(choice).deliver("store/order/statusUpdated", big.event())

    assert (outcome.points, outcome.reason) == (points, reason)


def shopify_order(**changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "admin_graphql_api_id": "gid://shopify/Order/1",
        "currency": "USD",
        "presentment_currency": "EUR",
        "processed_at": "2026-11-20T10:00:00Z",
        "financial_status": "paid",
        "customer": {"id": 26},
        "line_items": [{"id": 1, "quantity": 1, "price": "10.00"}],
    } | changes


@pytest.mark.parametrize(("choice", "points"), [("convert", 1000), ("park", 0), ("ignore", 0)])
def test_shopify_states_amounts_in_the_shop_s_currency(choice: str, points: int) -> None:
    shop = ConnectedShop("shopify", store="bean-and-leaf", other_currencies=choice)
    shop.enroll("26")

    assert shop.deliver("orders/paid", shopify_order()).points == points
    at_home = shopify_order(id=2, presentment_currency="USD")
    assert shop.deliver("orders/paid", at_home).points == 1000
