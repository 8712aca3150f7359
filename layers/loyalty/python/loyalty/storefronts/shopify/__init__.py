"""Shopify: https://shopify.dev/docs/apps/build/webhooks and the REST order resource."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from loyalty.domain.people.privacy_requests import PrivacyRequest
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
from loyalty.storefronts.shopify.catalog import CATALOG
from loyalty.storefronts.shopify.payload import (
    ShopifyCustomerId,
    ShopifyEmailConsent,
    ShopifyMerge,
    ShopifyReference,
)
from loyalty.storefronts.shopify.translate import (
    CUSTOMER_TOPICS,
    EMAIL_CONSENT,
    MERGE,
    SMS_CONSENT,
    TOPICS,
)
from loyalty.storefronts.signatures import in_base64, matches
from loyalty.usecases.shops.platforms import ApiAccess, CheckedShop, Send, Traits

if TYPE_CHECKING:
    from loyalty.usecases.shops.shop_codes import DiscountCodes

SIGNATURE: Final = "x-shopify-hmac-sha256"
TOPIC: Final = "x-shopify-topic"
# The event's id is the same in every retry of a delivery; the webhook's may change.
EVENT: Final = "x-shopify-event-id"
NAMES: Final = (EVENT, "x-shopify-webhook-id")
VERSION: Final = "x-shopify-api-version"

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}(/[a-z0-9_]{1,40}){1,2}", re.ASCII)


def _api(storefront: Storefront, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=f"https://{storefront.store}.myshopify.com",
        headers={
            "x-shopify-access-token": access_token,
            "content-type": "application/json",
            "accept": "application/json",
        },
    )


class Shopify:
    """Only the body is signed; the topic is in a header."""

    traits: Final = Traits(
        headers=(
            SIGNATURE,
            TOPIC,
            *NAMES,
            VERSION,
            "x-shopify-shop-domain",
            "x-shopify-triggered-at",
        ),
        topics=frozenset(TOPICS),
        # How much of a paid order was fulfilled; an order without a status is unfulfilled.
        statuses=re.compile(r"unfulfilled|partial|fulfilled|restocked"),
        has_channels=True,
        has_tags=True,
        has_consents=True,
    )
    api: Final = ApiAccess(of=_api, grant_path="/admin/oauth/access_token")
    catalog: Final = CATALOG

    @property
    def codes(self) -> "Callable[[Send], DiscountCodes]":
        # Only the function that creates discount codes pays for this import.
        from loyalty.storefronts.shopify.codes import ShopifyCodes  # noqa: PLC0415  # as said

        return ShopifyCodes

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether the raw body was signed with one of the secrets.

        During a rotation there are two: Shopify may sign with the old one for another hour.
        """
        signatures = (in_base64(secret, received.body) for secret in secrets)
        return matches(signatures, [received.headers.get(SIGNATURE, "")])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        topic = headers.get(TOPIC, "")
        names = (headers.get(header, "") for header in NAMES)
        return Envelope(
            topic=topic if _TOPIC.fullmatch(topic) else "unknown",
            name=next(filter(is_name, names), "") or hashlib.sha256(body).hexdigest(),
            order_id=_order_id(topic, body),
            customer_id=_customer_id(topic, body),
            event=_event(headers),
        )

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        # Only the function that checks connections pays for this import.
        from loyalty.storefronts.shopify.check import check  # noqa: PLC0415  # as said

        return check(shop)

    def translate(
        self, topic: str, body: bytes, shop: SendingShop
    ) -> Command | PrivacyRequest | FetchNeeded:
        return read_topic(TOPICS, topic, body, shop)


SHOPIFY: Final = Shopify()


def _event(headers: Mapping[str, str]) -> str | None:
    """Names the event together with the API version, because each version words it differently."""
    event = headers.get(EVENT, "")
    return f"{event} {headers.get(VERSION, '')}" if is_name(event) else None


def _customer_id(topic: str, body: bytes) -> str | None:
    """The customer that a delivery is about; of two that are merged, the one that remains."""
    try:
        if topic == MERGE:
            return str(ShopifyMerge.model_validate_json(body).admin_graphql_api_customer_kept_id)
        if topic == EMAIL_CONSENT:
            return str(ShopifyEmailConsent.model_validate_json(body).customer_id)
        if topic in (*CUSTOMER_TOPICS, SMS_CONSENT):
            return str(ShopifyCustomerId.model_validate_json(body).id)
    except ValidationError:
        pass
    return None


def _order_id(topic: str, body: bytes) -> str | None:
    """A refund names its order, an order has an id; other payloads are about something else."""
    try:
        reference = ShopifyReference.model_validate_json(body)
    except ValidationError:
        return None
    order_id = reference.order_id or (reference.id if topic.startswith("orders/") else None)
    return str(order_id) if order_id else None
