"""What Stripe sends of customers and their subscriptions: events of the documented shape."""

from typing import Any, Final

SECONDS: Final = 1795255200


def customer_event(kind: str = "customer.updated") -> dict[str, Any]:
    customer = {
        "id": "cus_1",
        "object": "customer",
        "email": "ana@example.com",
        "phone": "+33612345678",
        "name": "Ana Lund",
    }
    return {"id": "evt_1", "type": kind, "created": SECONDS, "data": {"object": customer}}


def subscription_event(**changes: Any) -> dict[str, Any]:
    subscription = {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": "active",
        "items": {
            "data": [
                {
                    "price": {"id": "price_gold", "product": "prod_gold"},
                    "current_period_end": SECONDS + 86400,
                }
            ]
        },
    }
    event = {
        "id": "evt_2",
        "type": "customer.subscription.updated",
        "created": SECONDS,
        "data": {"object": subscription},
    }
    return event | changes
