"""Every API version since 2024 is read, in the shape that its webhooks have.

The samples are made up. Their shapes are those of the platform's own samples of each version.
"""

from typing import Any, Final

import pytest

from loyalty.domain.shops.customers import CustomerUpdated
from loyalty.domain.shops.storefront import OrderFilter, OrderPaid, OrderRefunded, SendingShop
from loyalty.storefronts.shopify import SHOPIFY
from tests.support.shopify import encoded

VERSIONS: Final = (
    "2024-01",
    "2024-04",
    "2024-07",
    "2024-10",
    "2025-01",
    "2025-04",
    "2025-07",
    "2025-10",
    "2026-01",
    "2026-04",
    "2026-07",
)

type Body = dict[str, Any]


def bag(amount: str) -> Body:
    money = {"amount": amount, "currency_code": "USD"}
    return {"shop_money": money, "presentment_money": money}


def customer(version: str) -> Body:
    """Tags and consent are in customers until 2024-10, and then in events of their own."""
    body: Body = {
        "id": 207119551,
        "admin_graphql_api_id": "gid://shopify/Customer/207119551",
        "created_at": "2026-11-20T09:00:00-05:00",
        "updated_at": "2026-11-20T10:00:00-05:00",
        "email": "ana@example.com",
        "verified_email": True,
        "state": "enabled",
        "phone": None,
        "first_name": "Ana",
        "last_name": "Lund",
    }
    if version < "2025-01":
        consent = {"state": "subscribed", "consent_updated_at": None}
        body |= {"tags": "vip", "email_marketing_consent": consent, "sms_marketing_consent": None}
    return body


def refund(version: str) -> Body:
    """A mug and the shipping: since 2024-04 in lines, of which 2026 tells no tax."""
    taxes = {} if version >= "2026" else {"tax_amount_set": bag("0.00")}
    shipping = {"id": 1, "subtotal_amount_set": bag("5.00"), **taxes}
    in_lines = version >= "2024-04"
    adjustment = {
        "id": 2,
        "kind": "shipping_refund",
        "amount": "-5.00",
        "amount_set": bag("-5.00"),
        "tax_amount_set": bag("0.00"),
    }
    return {
        "id": 890088186047892319,
        "order_id": 820982911946154508,
        "admin_graphql_api_id": "gid://shopify/Refund/890088186047892319",
        "created_at": "2026-11-20T11:00:00-05:00",
        "processed_at": "2026-11-20T11:00:00-05:00",
        "refund_line_items": [
            {
                "line_item_id": 866550311766439020,
                "quantity": 1,
                # A number, with a point or without.
                "subtotal": 20 if version < "2024-07" else 20.0,
                "subtotal_set": bag("20.00"),
                "total_tax": 0.0,
                "total_tax_set": bag("0.00"),
            }
        ],
        "order_adjustments": [adjustment],
        "transactions": [
            {"kind": "refund", "status": "success", "amount": "25.00", "currency": None}
        ],
        "total_duties_set": bag("0.00"),
    } | ({"refund_shipping_lines": [shipping]} if in_lines else {})


def order(version: str) -> Body:
    buyer = {name: value for name, value in customer(version).items() if name != "verified_email"}
    return {
        "id": 820982911946154508,
        "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
        "currency": "USD",
        "presentment_currency": "USD",
        "created_at": "2026-11-20T10:00:00-05:00",
        "processed_at": "2026-11-20T10:00:00-05:00",
        "updated_at": "2026-11-20T10:00:00-05:00",
        "cancelled_at": None,
        "financial_status": "paid",
        "fulfillment_status": "pending" if version == "2024-01" else None,
        "taxes_included": False,
        "test": False,
        "customer": buyer,
        "tags": "tag1, tag2",
        "line_items": [
            {
                "id": 866550311766439020,
                "product_id": 788032119674292922,
                "quantity": 2,
                "current_quantity": 2,
                "price": "20.00",
                "price_set": bag("20.00"),
                "sku": "MUG",
                "gift_card": False,
                "discount_allocations": [{"amount": "4.00", "amount_set": bag("4.00")}],
                "tax_lines": [],
            }
        ],
        "shipping_lines": [
            {
                "id": 271878346596884015,
                "price": "5.00",
                "price_set": bag("5.00"),
                "discount_allocations": [],
                "tax_lines": [],
            }
        ],
        "refunds": [],
        "discount_codes": [],
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("topic", ["orders/paid", "orders/create", "orders/updated"])
def test_orders_of_every_version_are_read(version: str, topic: str) -> None:
    command = SHOPIFY.translate(topic, encoded(order(version)), SendingShop("shop"))

    assert isinstance(command, OrderPaid), command
    assert [line.amount_minor for line in command.order.lines] == [3600, 500]
    assert command.products == {"866550311766439020": "788032119674292922"}


@pytest.mark.parametrize("version", VERSIONS)
def test_refunds_of_every_version_are_read(version: str) -> None:
    command = SHOPIFY.translate("refunds/create", encoded(refund(version)), SendingShop("shop"))

    assert isinstance(command, OrderRefunded), command
    assert dict(command.refund.amounts_minor) == {"866550311766439020": 2000, "shipping": 500}
    assert command.refund.amount_minor == 0


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("topic", ["customers/create", "customers/update"])
def test_customers_of_every_version_are_read(version: str, topic: str) -> None:
    command = SHOPIFY.translate(topic, encoded(customer(version)), SendingShop("shop"))

    assert isinstance(command, CustomerUpdated), command
    assert dict(command.consents) == ({"email": True} if version < "2025-01" else {})


@pytest.mark.parametrize("version", VERSIONS)
def test_the_tags_of_a_customer_decide_or_are_asked_for(version: str) -> None:
    shop = SendingShop("shop", earns=OrderFilter(tags_none=("vip",)))

    command = SHOPIFY.translate("orders/paid", encoded(order(version)), shop)

    assert type(command).__name__ == ("Ignored" if version < "2025-01" else "FetchNeeded")
