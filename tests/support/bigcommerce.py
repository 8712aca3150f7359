"""What BigCommerce sends and answers: bodies of the documented shape, of an invented order."""

from typing import Any, Final

STORE: Final = "abc123"
ORDER_ID: Final = 218


def event(scope: str = "store/order/statusUpdated", **changes: Any) -> dict[str, Any]:
    body = {
        "scope": scope,
        "store_id": "1025646",
        "data": {"type": "order", "id": ORDER_ID},
        "hash": "7ee67cd1cf2ca60bc1aa9e5fe957d2de373be4ca",
        "created_at": 1795255200,
        "producer": f"stores/{STORE}",
    }
    return body | changes


def order(**changes: Any) -> dict[str, Any]:
    """Goods for 60.00 before tax and after 10.00 of discount, shipping for 5.00; 10 % of tax."""
    body = {
        "id": ORDER_ID,
        "customer_id": 11,
        "date_created": "Sat, 21 Nov 2026 09:40:11 +0000",
        "date_modified": "Sat, 21 Nov 2026 09:50:00 +0000",
        "status_id": 11,
        "status": "Awaiting Fulfillment",
        "payment_status": "captured",
        "total_ex_tax": "65.0000",
        "total_inc_tax": "71.5000",
        "shipping_cost_ex_tax": "5.0000",
        "shipping_cost_inc_tax": "5.5000",
        "handling_cost_ex_tax": "0.0000",
        "handling_cost_inc_tax": "0.0000",
        "wrapping_cost_ex_tax": "0.0000",
        "wrapping_cost_inc_tax": "0.0000",
        "currency_code": "EUR",
        "default_currency_code": "USD",
        "order_source": "www",
        "billing_address": {
            "first_name": "Ana",
            "phone": "+33612345678",
            "email": "ana@example.com",
        },
        "fees": [],
    }
    return body | changes


def product(total: str, paid: str, **changes: Any) -> dict[str, Any]:
    body = {
        "id": 65,
        "order_id": ORDER_ID,
        "sku": "MUG",
        "type": "physical",
        "quantity": 2,
        "total_ex_tax": total,
        "total_inc_tax": paid,
        "applied_discounts": [],
    }
    return body | changes


PRODUCTS: Final = [
    product("40.0000", "44.0000", id=65),
    product(
        "30.0000",
        "33.0000",
        id=66,
        sku="TOWEL",
        quantity=1,
        applied_discounts=[{"id": "coupon", "amount": "10.0000", "code": "TEN"}],
    ),
]


def refund(amount: float, *items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body = {
        "id": 3,
        "order_id": ORDER_ID,
        "created": "2026-11-21T09:55:00+00:00",
        "items": list(items),
        "payments": [{"id": 9, "provider_id": "stripe", "amount": amount, "is_declined": False}],
    }
    return body | changes


def refunds(*items: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(items), "meta": {}}
