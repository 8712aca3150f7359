"""Square: https://developer.squareup.com/docs/webhooks/overview, the payments and orders APIs."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from loyalty.domain.shops.checks import Finding
from loyalty.domain.shops.storefront import (
    Command,
    Envelope,
    FetchNeeded,
    PlatformApi,
    Received,
    SendingShop,
    Storefront,
)
from loyalty.storefronts.payloads import is_name, read_topic
from loyalty.storefronts.signatures import in_base64, matches
from loyalty.storefronts.square.catalog import CATALOG
from loyalty.storefronts.square.payload import SquareEvent
from loyalty.storefronts.square.translate import TOPICS
from loyalty.usecases.shops.platforms import ApiAccess, CheckedShop, Traits

SIGNATURE: Final = "x-square-hmacsha256-signature"

ORIGIN: Final = "https://connect.squareup.com"
SANDBOX: Final = "https://connect.squareupsandbox.com"
# The version that Square answers with; it keeps a version for years.
API_VERSION: Final = "2024-10-17"

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){1,4}", re.ASCII)


def _api(storefront: Storefront, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=SANDBOX if storefront.sandbox else ORIGIN,
        headers={
            "authorization": f"Bearer {access_token}",
            "square-version": API_VERSION,
            "content-type": "application/json",
            "accept": "application/json",
        },
    )


class Square:
    """Signs the address it delivers to and the body, which names the topic."""

    traits: Final = Traits(
        headers=(SIGNATURE, "square-environment", "square-initial-delivery-timestamp"),
        topics=frozenset(TOPICS),
        statuses=re.compile(r"open|completed", re.IGNORECASE),
        has_channels=True,
    )
    api: Final = ApiAccess(of=_api)
    catalog: Final = CATALOG
    codes: Final = None

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether the delivery address and the raw body were signed with one of the secrets."""
        signed = received.url.encode() + received.body
        signatures = (in_base64(secret, signed) for secret in secrets)
        return matches(signatures, [received.headers.get(SIGNATURE, "")])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:  # noqa: ARG002  # all are in the body
        try:
            event = SquareEvent.model_validate_json(body)
        except ValidationError:
            return Envelope(topic="unknown", name=hashlib.sha256(body).hexdigest(), order_id=None)
        event_id = event.event_id if is_name(event.event_id) else None
        return Envelope(
            topic=event.type if _TOPIC.fullmatch(event.type) else "unknown",
            name=event_id or hashlib.sha256(body).hexdigest(),
            order_id=_order_id(event),
            customer_id=_customer_id(event),
            event=event_id,
        )

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        # Only the function that checks connections pays for this import.
        from loyalty.storefronts.square.check import check  # noqa: PLC0415  # as said

        return check(shop)

    def translate(self, topic: str, body: bytes, shop: SendingShop) -> Command | FetchNeeded:
        return read_topic(TOPICS, topic, body, shop)


SQUARE: Final = Square()


def _customer_id(event: SquareEvent) -> str | None:
    about = event.data.object if event.data else None
    if not about:
        return None
    customer_id = about.customer.id if about.customer else None
    if about.subscription:
        customer_id = about.subscription.customer_id
    return customer_id if is_name(customer_id) else None


def _order_id(event: SquareEvent) -> str | None:
    about = event.data.object if event.data else None
    named = (about.payment or about.order_updated) if about else None
    return named.order_id if named and is_name(named.order_id) else None
