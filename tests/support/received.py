"""A connected storefront, and what somebody sent who says to be one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from loyalty.domain.shops.storefront import Delivery, Platform, Received, Storefront

AT: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
URL: Final = "https://api.example.com/v1/programs/bean/webhooks/online"


def received(
    body: bytes, headers: Mapping[str, str], *, url: str = URL, at: datetime = AT
) -> Received:
    return Received(body=body, headers=headers, url=url, at=at)


def storefront(platform: Platform = "shopify", *, at: datetime = AT, **parts: Any) -> Storefront:
    told: dict[str, Any] = {"storefront_id": "online", "source": "shop"}
    return Storefront(platform=platform, connected_at=at, changed_at=at, **told | parts)


def delivery(body: bytes = b"{}", **parts: Any) -> Delivery:
    told: dict[str, Any] = {
        "program_id": "bean",
        "storefront_id": "online",
        "platform": "shopify",
        "source": "shop",
        "received_at": AT,
        "headers": {},
    }
    return Delivery(body=body, **told | parts)
