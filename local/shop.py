"""A Shopify shop: what it sends when an order is paid, signed the way it signs."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_ORDER = Path(__file__).with_name("shopify_order.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of a webhook: the bytes that were signed, and the platform's headers."""

    body: bytes
    headers: dict[str, str]


def paid_order(*, email: str, paid_at: datetime, order_id: int | None = None) -> dict[str, Any]:
    """Return an order as Shopify delivers it, paid by the customer with that e-mail."""
    order: dict[str, Any] = json.loads(_ORDER.read_bytes())
    order["processed_at"] = order["created_at"] = order["updated_at"] = paid_at.isoformat()
    order["email"] = order["contact_email"] = order["customer"]["email"] = email
    order["id"] = order_id or order["id"]
    return order


def delivery(
    payload: dict[str, Any], *, topic: str, secret: str, webhook_id: str, event_id: str
) -> Delivery:
    body = json.dumps(payload, ensure_ascii=False).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return Delivery(
        body=body,
        headers={
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": "bean-and-leaf.myshopify.com",
            "X-Shopify-API-Version": "2026-10",
            "X-Shopify-Webhook-Id": webhook_id,
            "X-Shopify-Event-Id": event_id,
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        },
    )
