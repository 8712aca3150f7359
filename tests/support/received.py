"""A connected storefront, and webhook requests that are not verified yet."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.storefront import (
    ALL_EARN,
    Command,
    Delivery,
    FetchNeeded,
    Ignored,
    OrderFilter,
    PlatformName,
    Received,
    SendingShop,
    Storefront,
)
from loyalty.usecases.shops.platforms import Platform

RECEIVED_AT: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
URL: Final = "https://api.example.com/v1/programs/bean/webhooks/online"


SHOP: Final = SendingShop("shop")


def complete_delivery(
    platform: Platform,
    topic: str,
    body: bytes,
    responses: Sequence[bytes],
    *,
    source: str = "shop",
    earns: OrderFilter = ALL_EARN,
    names_tenders: bool = False,
) -> Command:
    """What a thin delivery means once the platform has answered with these responses."""
    shop = SendingShop(source, earns=earns, names_tenders=names_tenders)
    fetch_needed = platform.translate(topic, body, shop)
    assert isinstance(fetch_needed, FetchNeeded), fetch_needed
    return _completed(fetch_needed, responses)


def complete_any(
    platform: Platform, topic: str, body: bytes, responses: Sequence[bytes]
) -> Command | PrivacyRequest:
    """What any body means, with these responses where the platform must be asked first."""
    command = platform.translate(topic, body, SHOP)
    return _completed(command, responses) if isinstance(command, FetchNeeded) else command


def _completed(fetch_needed: FetchNeeded, responses: Sequence[bytes]) -> Command:
    """What a delivery means once its fetches were answered, the later ones maybe by a refusal."""
    count = len(fetch_needed.paths)
    command = fetch_needed.complete(responses[:count])
    if not isinstance(command, FetchNeeded):
        return command
    if len(responses) > count:
        return _completed(command, responses[count:])
    assert command.without, "nothing answers what must be read"
    return command.without


def fetch_of(*paths: str) -> FetchNeeded:
    """Equals any command to read these paths."""
    return FetchNeeded(paths, lambda _: Ignored("never_read"))


def received(
    body: bytes, headers: Mapping[str, str], *, url: str = URL, received_at: datetime = RECEIVED_AT
) -> Received:
    return Received(body=body, headers=headers, url=url, received_at=received_at)


def storefront(
    platform: PlatformName = "shopify", *, connected_at: datetime = RECEIVED_AT, **parts: Any
) -> Storefront:
    attributes: dict[str, Any] = {"storefront_id": "online", "source": "shop"}
    return Storefront(
        platform=platform, connected_at=connected_at, changed_at=connected_at, **attributes | parts
    )


def delivery(body: bytes = b"{}", **parts: Any) -> Delivery:
    attributes: dict[str, Any] = {
        "program_id": "bean",
        "storefront_id": "online",
        "platform": "shopify",
        "source": "shop",
        "received_at": RECEIVED_AT,
        "headers": {},
    }
    return Delivery(body=body, **attributes | parts)
