"""Standard Webhooks: https://www.standardwebhooks.com. Any system can report activities by it."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from loyalty.domain.shops.checks import Finding, unseen_topics
from loyalty.domain.shops.storefront import Command, Envelope, Received, SendingShop
from loyalty.storefronts.activities import TOPIC, TOPICS, envelope_of
from loyalty.storefronts.payloads import is_name, read_topic
from loyalty.storefronts.signatures import is_recent, matches, standard
from loyalty.usecases.shops.platforms import CheckedShop, Traits

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"


class Standard:
    """Signs id, time and body. The body is that of `POST /activities`."""

    traits: Final = Traits(headers=(ID, TIMESTAMP, SIGNATURE), topics=frozenset(TOPICS))
    api: Final = None
    catalog: Final = None
    codes: Final = None

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether id, time and raw body were signed with one of the secrets, not long ago."""
        name, time = received.headers.get(ID, ""), received.headers.get(TIMESTAMP, "")
        if not is_recent(time, now=received.received_at):
            return False
        signed = f"{name}.{time}.".encode(errors="surrogatepass") + received.body
        signatures = [standard(key, signed) for secret in secrets if (key := key_of(secret))]
        parts = [part.partition(",") for part in received.headers.get(SIGNATURE, "").split(" ")]
        return matches(signatures, [value for version, _, value in parts if version == "v1"])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        name = headers.get(ID)
        return envelope_of(body, event=name if is_name(name) else None)

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        return unseen_topics((TOPIC,), shop.seen_topics)

    def translate(self, topic: str, body: bytes, shop: SendingShop) -> Command:
        return read_topic(TOPICS, topic, body, shop)


STANDARD: Final = Standard()


def key_of(secret: str) -> bytes | None:
    """The key bytes that a secret encodes; None if the secret has a different form."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return None
