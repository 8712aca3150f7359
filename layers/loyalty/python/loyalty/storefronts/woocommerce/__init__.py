"""WooCommerce: https://woocommerce.github.io/woocommerce-rest-api-docs (webhooks, orders)."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from loyalty.domain.shops.checks import Finding
from loyalty.domain.shops.storefront import (
    Command,
    Envelope,
    PlatformApi,
    Received,
    SendingShop,
    Storefront,
)
from loyalty.storefronts.payloads import is_name, read_topic
from loyalty.storefronts.signatures import in_base64, matches
from loyalty.storefronts.woocommerce.catalog import CATALOG
from loyalty.storefronts.woocommerce.payload import WooCommerceReference
from loyalty.storefronts.woocommerce.translate import TOPICS
from loyalty.usecases.shops.platforms import ApiAccess, CheckedShop, Traits

SIGNATURE: Final = "x-wc-webhook-signature"
TOPIC: Final = "x-wc-webhook-topic"
DELIVERY: Final = "x-wc-webhook-delivery-id"

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}\.[a-z0-9_]{1,40}", re.ASCII)


def _api(storefront: Storefront, access_token: str) -> PlatformApi:
    """A key and its secret, as `ck_…:cs_…`, are the user and the password of every request."""
    return PlatformApi(
        origin=f"https://{storefront.store}",
        prefix="/wp-json/wc/v3",
        headers={
            "authorization": f"Basic {base64.b64encode(access_token.encode()).decode()}",
            "accept": "application/json",
        },
        is_own_host=True,
    )


class WooCommerce:
    """Only the body is signed; the topic is in a header. We call a shop only for its products."""

    traits: Final = Traits(
        headers=(SIGNATURE, TOPIC, DELIVERY, "x-wc-webhook-id", "x-wc-webhook-source"),
        topics=frozenset(TOPICS),
        # Sent without a signature whenever the webhook is saved; the answer must be 200.
        greeting=re.compile(rb"webhook_id=\d{1,20}"),
        # Shops add statuses of their own (`shipped`). These can never earn: unpaid or given back.
        statuses=re.compile(
            r"(?!(cancelled|refunded|pending|failed|trash|draft|auto-draft|checkout-draft)$)"
            r"[a-z0-9][a-z0-9_-]{0,19}",
            re.ASCII | re.IGNORECASE,
        ),
        has_channels=True,
    )
    api: Final = ApiAccess(of=_api)
    catalog: Final = CATALOG
    codes: Final = None

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether the raw body was signed with one of the secrets."""
        signatures = (in_base64(secret, received.body) for secret in secrets)
        return matches(signatures, [received.headers.get(SIGNATURE, "")])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        topic = headers.get(TOPIC, "")
        name = headers.get(DELIVERY, "")
        return Envelope(
            topic=topic if _TOPIC.fullmatch(topic) else "unknown",
            name=name if is_name(name) else hashlib.sha256(body).hexdigest(),
            order_id=_id(body) if topic.startswith("order.") else None,
            customer_id=_id(body) if topic.startswith("customer.") else None,
        )

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        # Only the function that checks connections pays for this import.
        from loyalty.storefronts.woocommerce.check import check  # noqa: PLC0415  # as said

        return check(shop)

    def translate(self, topic: str, body: bytes, shop: SendingShop) -> Command:
        return read_topic(TOPICS, topic, body, shop)


WOOCOMMERCE: Final = WooCommerce()


def _id(body: bytes) -> str | None:
    try:
        return str(WooCommerceReference.model_validate_json(body).id)
    except ValidationError:
        return None
