"""Events of Stripe of the documented shape: customers, subscriptions, payments and disputes."""

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


def payment_event(**changes: Any) -> dict[str, Any]:
    """A payment of 50.00 outside of Checkout and invoices, as API version 2025-03-31 sends it."""
    payment = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 5000,
        "amount_received": 5000,
        "amount_details": {"tip": {}},
        "currency": "usd",
        "customer": "cus_1",
        "latest_charge": "ch_1",
        "metadata": {},
        "receipt_email": None,
        "status": "succeeded",
    }
    return _event("payment_intent.succeeded", "evt_3", payment | changes)


def charge_event(kind: str = "charge.succeeded", **changes: Any) -> dict[str, Any]:
    """The charge of that payment."""
    charge = {
        "id": "ch_1",
        "object": "charge",
        "amount": 5000,
        "amount_captured": 5000,
        "billing_details": {"email": "ana@example.com", "name": "Ana Lund", "phone": None},
        "captured": True,
        "currency": "usd",
        "customer": "cus_1",
        "metadata": {},
        "paid": True,
        "payment_intent": "pi_1",
        "receipt_email": None,
    }
    return _event(kind, "evt_4", charge | changes)


def dispute_event(**changes: Any) -> dict[str, Any]:
    """A dispute of that payment, lost."""
    dispute = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 5000,
        "charge": "ch_1",
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "lost",
    }
    return _event("charge.dispute.closed", "evt_5", dispute | changes)


def refund_event(kind: str = "refund.failed", **changes: Any) -> dict[str, Any]:
    """A refund of that payment that failed."""
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": 5000,
        "charge": "ch_1",
        "currency": "usd",
        "payment_intent": "pi_1",
        "status": "failed",
    }
    return _event(kind, "evt_6", refund | changes)


def _event(kind: str, event_id: str, about: dict[str, Any]) -> dict[str, Any]:
    return {"id": event_id, "type": kind, "created": SECONDS, "data": {"object": about}}
