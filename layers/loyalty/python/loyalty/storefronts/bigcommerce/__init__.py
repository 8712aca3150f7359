"""BigCommerce: https://developer.bigcommerce.com/docs/webhooks, orders V2 and refunds V3."""

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
from loyalty.storefronts.bigcommerce.catalog import CATALOG
from loyalty.storefronts.bigcommerce.payload import (
    CUSTOMER_DELETED,
    CUSTOMER_TOPICS,
    ORDER_TOPICS,
    PAID,
    BigCommerceEvent,
)
from loyalty.storefronts.bigcommerce.translate import TOPICS
from loyalty.storefronts.payloads import is_name, read_topic
from loyalty.storefronts.signatures import is_recent, matches, standard
from loyalty.usecases.shops.platforms import ApiAccess, CheckedShop, Traits

MESSAGE: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

ORIGIN: Final = "https://api.bigcommerce.com"

_TOPIC: Final = re.compile(r"[A-Za-z0-9_]{1,40}(/[A-Za-z0-9_]{1,40}){1,4}", re.ASCII)


def _api(storefront: Storefront, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=ORIGIN,
        prefix=f"/stores/{storefront.store}",
        headers={"x-auth-token": access_token, "accept": "application/json"},
    )


class BigCommerce:
    """Signs a message's id, its time, and the body, which names the topic."""

    traits: Final = Traits(
        headers=(MESSAGE, TIMESTAMP, SIGNATURE),
        topics=frozenset(TOPICS),
        statuses=re.compile("|".join(PAID.values()), re.IGNORECASE),
        has_channels=True,
    )
    api: Final = ApiAccess(of=_api)
    catalog: Final = CATALOG
    codes: Final = None

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether id, time and raw body were signed with a client secret, not long ago."""
        headers = received.headers
        message, timestamp = headers.get(MESSAGE, ""), headers.get(TIMESTAMP, "")
        if not message.isascii() or not is_recent(timestamp, now=received.received_at):
            return False
        signed = f"{message}.{timestamp}.".encode() + received.body
        versions = (each.partition(",") for each in headers.get(SIGNATURE, "").split())
        signatures = (standard(secret.encode(), signed) for secret in secrets)
        return matches(signatures, [value for version, _, value in versions if version == "v1"])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        digest = hashlib.sha256(body).hexdigest()
        try:
            event = BigCommerceEvent.model_validate_json(body)
        except ValidationError:
            return Envelope(topic="unknown", name=digest, order_id=None)
        about = str(event.data.id) if event.data and event.data.id else None
        # Not the event's own hash, which is the same for every change of an order.
        message = headers.get(MESSAGE, "")
        return Envelope(
            topic=event.scope if _TOPIC.fullmatch(event.scope) else "unknown",
            name=event.hash if is_name(event.hash) else digest,
            order_id=about if event.scope in ORDER_TOPICS else None,
            customer_id=about if event.scope in (*CUSTOMER_TOPICS, CUSTOMER_DELETED) else None,
            event=message if is_name(message) else None,
        )

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        # Only the function that checks connections pays for this import.
        from loyalty.storefronts.bigcommerce.check import check  # noqa: PLC0415  # as said

        return check(shop)

    def translate(self, topic: str, body: bytes, shop: SendingShop) -> Command | FetchNeeded:
        return read_topic(TOPICS, topic, body, shop)


BIGCOMMERCE: Final = BigCommerce()
