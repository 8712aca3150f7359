"""Shopify Flow: its action *Send HTTP request* cannot sign, but it can send a secret header."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from loyalty.domain.shops.checks import Finding, unseen_topics
from loyalty.domain.shops.storefront import Command, Envelope, Received, SendingShop
from loyalty.storefronts.activities import TOPIC, TOPICS, envelope_of
from loyalty.storefronts.payloads import read_topic
from loyalty.storefronts.signatures import matches
from loyalty.usecases.shops.platforms import CheckedShop, Traits

AUTHORIZATION: Final = "authorization"
SCHEME: Final = "Bearer"


class Flow:
    """Sends the secret itself, over TLS. So it may report activities, and nothing else.

    The header is not stored with a delivery.
    """

    traits: Final = Traits(headers=(), topics=frozenset(TOPICS))
    api: Final = None
    catalog: Final = None
    codes: Final = None

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether the request carries one of the secrets as a bearer token."""
        scheme, _, token = received.headers.get(AUTHORIZATION, "").partition(" ")
        if scheme.casefold() != SCHEME.casefold():
            return False
        return matches([secret.encode() for secret in secrets], [token.strip()])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:  # noqa: ARG002  # none is stored
        return envelope_of(body)

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        return unseen_topics((TOPIC,), shop.seen_topics)

    def translate(self, topic: str, body: bytes, shop: SendingShop) -> Command:
        return read_topic(TOPICS, topic, body, shop)


FLOW: Final = Flow()
