"""Deliveries signed the way each platform signs."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.support.received import RECEIVED_AT, URL

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
SECRET: Final = "a-secret-of-the-shop"


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_bytes())


def encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def digest(signed: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def woocommerce(
    body: bytes, *, topic: str = "order.updated", name: str = "d1", secret: str = SECRET
) -> dict[str, str]:
    return {
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-delivery-id": name,
        "x-wc-webhook-signature": base64.b64encode(digest(body, secret)).decode(),
    }


def stripe(
    body: bytes, *, signed_at: datetime = RECEIVED_AT, secret: str = SECRET
) -> dict[str, str]:
    timestamp = int(signed_at.timestamp())
    signature = digest(f"{timestamp}.".encode() + body, secret).hex()
    return {"stripe-signature": f"t={timestamp},v1={signature},v0={'0' * 64}"}


def square(body: bytes, *, url: str = URL, secret: str = SECRET) -> dict[str, str]:
    signature = base64.b64encode(digest(url.encode() + body, secret)).decode()
    return {"x-square-hmacsha256-signature": signature}


def bigcommerce(
    body: bytes, *, signed_at: datetime = RECEIVED_AT, name: str = "msg_1", secret: str = SECRET
) -> dict[str, str]:
    timestamp = int(signed_at.timestamp())
    signature = digest(f"{name}.{timestamp}.".encode() + body, secret)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def judgeme(body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    return {"judgeme-hmac-sha256": digest(body, secret).hex()}


def standard(
    body: bytes, *, signed_at: datetime = RECEIVED_AT, name: str = "msg_1", secret: str = SECRET
) -> dict[str, str]:
    """Signed with the secret's characters as its key; see `standard_secret`."""
    return bigcommerce(body, signed_at=signed_at, name=name, secret=secret)


def standard_secret(key: str = SECRET) -> str:
    return f"whsec_{base64.b64encode(key.encode()).decode()}"


def flow(_body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}
