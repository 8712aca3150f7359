"""Stripe: https://docs.stripe.com/webhooks, the events of Checkout, invoices and charges."""

import hashlib
import json
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
from loyalty.storefronts.signatures import in_hex, is_recent, matches
from loyalty.storefronts.stripe.catalog import CATALOG
from loyalty.storefronts.stripe.payload import PAYMENT_TOPIC, SUBSCRIPTION_TOPICS, StripeReference
from loyalty.storefronts.stripe.translate import CHANNELS, TOPICS
from loyalty.usecases.shops.platforms import ApiAccess, CheckedShop, Traits

SIGNATURE: Final = "stripe-signature"

ORIGIN: Final = "https://api.stripe.com"
# The first version in which an invoice has payments of its own.
API_VERSION: Final = "2025-03-31.basil"

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){1,4}", re.ASCII)


def _api(_storefront: Storefront, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=ORIGIN,
        headers={
            "authorization": f"Bearer {access_token}",
            "stripe-version": API_VERSION,
            "accept": "application/json",
        },
    )


class Stripe:
    """Signs the time and the body, which names the topic. A payment has no status to choose by."""

    traits: Final = Traits(
        headers=(SIGNATURE,),
        topics=frozenset(TOPICS),
        channels=re.compile("|".join(CHANNELS), re.IGNORECASE),
        has_channels=True,
        has_tags=True,
    )
    api: Final = ApiAccess(of=_api)
    catalog: Final = CATALOG
    codes: Final = None

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether time and raw body were signed with one of the secrets, not long ago."""
        header = received.headers.get(SIGNATURE, "")
        parts = [part.partition("=") for part in header.split(",")]
        times = [value for name, _, value in parts if name == "t"]
        if len(times) != 1 or not is_recent(times[0], now=received.received_at):
            return False
        signed = f"{times[0]}.".encode() + received.body
        signatures = (in_hex(secret, signed) for secret in secrets)
        return matches(signatures, [value for name, _, value in parts if name == "v1"])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:  # noqa: ARG002  # all are in the body
        try:
            event = StripeReference.model_validate_json(body)
        except ValidationError:
            return Envelope(topic="unknown", name=hashlib.sha256(body).hexdigest(), order_id=None)
        payment = _payment_id(event)
        event_id = event.id if is_name(event.id) else None
        return Envelope(
            topic=event.type if _TOPIC.fullmatch(event.type) else "unknown",
            name=event_id or hashlib.sha256(body).hexdigest(),
            order_id=payment if is_name(payment) else None,
            customer_id=_customer_id(event),
            event=event_id,
            stable_body=_stable(body),
        )

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        # Only the function that checks connections pays for this import.
        from loyalty.storefronts.stripe.check import check  # noqa: PLC0415  # as said

        return check(shop)

    def translate(self, topic: str, body: bytes, shop: SendingShop) -> Command | FetchNeeded:
        return read_topic(TOPICS, topic, body, shop)


STRIPE: Final = Stripe()


def _stable(body: bytes) -> bytes:
    """An event without the one field that changes between deliveries: how many endpoints wait."""
    # Numbers stay as they are written, because some are too long to parse.
    event = json.loads(body, parse_int=str, parse_float=str)
    event.pop("pending_webhooks", None)
    return json.dumps(event, sort_keys=True).encode()


def _payment_id(event: StripeReference) -> str | None:
    about = event.data.object
    return about.id if event.type == PAYMENT_TOPIC else about.payment_intent


def _customer_id(event: StripeReference) -> str | None:
    if not event.type.startswith("customer."):
        return None
    about = event.data.object
    customer_id = about.customer if event.type in SUBSCRIPTION_TOPICS else about.id
    return customer_id if is_name(customer_id) else None
