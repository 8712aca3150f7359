"""What Shopify sends: the bodies it publishes, signed the way it signs."""

import base64
import hashlib
import hmac
import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any, Final

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "shopify"
SECRET: Final = "shpss_0123456789abcdef"

# Three iPods at 199.00 less 10.00 over the order: a customer, an e-mail, two phones.
WITH_CUSTOMER: Final = "order.450789469"
# A coat, shoes, two berets for 255.92, and nobody's name on it.
OF_NOBODY: Final = "order.1073459962"


# https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance, as published.
OF_SHOP: Final[dict[str, Any]] = {
    "shop_id": 954889,
    "shop_domain": "bean-and-leaf.myshopify.com",
}
DATA_REQUEST: Final[dict[str, Any]] = {
    **OF_SHOP,
    "orders_requested": [299938, 280263, 220458],
    "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
    "data_request": {"id": 9999},
}
REDACT: Final[dict[str, Any]] = {
    **OF_SHOP,
    "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
    "orders_to_redact": [299938, 280263, 220458],
}
SHOP_REDACT: Final = OF_SHOP

KNOWN_CUSTOMER: Final[dict[str, Any]] = {
    "id": 207119551,
    "admin_graphql_api_id": "gid://shopify/Customer/207119551",
    "email": "Ana@example.com",
    "phone": "+33612345678",
    "first_name": "Ana",
    "last_name": "Lund",
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-21T10:00:00Z",
    "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in"},
    "sms_marketing_consent": {"state": "not_subscribed"},
}
EMAIL_CONSENT: Final[dict[str, Any]] = {
    "customer_id": 207119551,
    "email_address": "Ana@example.com",
    "email_marketing_consent": {
        "state": "subscribed",
        "opt_in_level": "single_opt_in",
        "consent_updated_at": "2026-11-21T10:00:00Z",
    },
}
SMS_CONSENT: Final[dict[str, Any]] = {
    "id": 207119551,
    "phone": "+33612345678",
    "sms_marketing_consent": {
        "state": "subscribed",
        "opt_in_level": "single_opt_in",
        "consent_updated_at": "2026-11-21T10:00:00Z",
        "consent_collected_from": "other",
    },
}
MERGE: Final[dict[str, Any]] = {
    "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/207119552",
    "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/207119551",
    "admin_graphql_api_job_id": None,
    "status": "completed",
    "errors": [],
}
DELETED_CUSTOMER: Final[dict[str, Any]] = {
    "id": 207119551,
    "phone": None,
    "addresses": [],
    "tax_exemptions": [],
    "admin_graphql_api_id": "gid://shopify/Customer/207119551",
}


def payload(name: str, *, paid_at: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """A published body with some changes; an order's as it was when it was paid, at `paid_at`."""
    body: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_bytes())
    if paid_at is not None:
        body |= {"processed_at": paid_at.isoformat(), "refunds": []}
        for line in body["line_items"]:
            line["current_quantity"] = line["quantity"]
    return body | changes


def large_order(*, paid_at: datetime) -> dict[str, Any]:
    """An order that is too large for the table, so the inbox has its content in S3."""
    note = random.Random(1).randbytes(10_000).hex()  # no secret
    return payload(WITH_CUSTOMER, paid_at=paid_at, note=note)


def encoded(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def headers(
    body: bytes,
    *,
    topic: str = "orders/paid",
    event_id: str = "98880550-7158-44d4-b7cd-2c97c8a091b5",
    secret: str = SECRET,
) -> dict[str, str]:
    """The headers of a delivery, its signature made with the secret."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "x-shopify-topic": topic,
        "x-shopify-event-id": event_id,
        "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "x-shopify-shop-domain": "bean-and-leaf.myshopify.com",
        "x-shopify-hmac-sha256": base64.b64encode(signature).decode(),
    }
