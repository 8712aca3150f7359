"""Judge.me: https://judge.me/api/docs, webhooks about reviews."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from loyalty.domain.shops.checks import Finding, unseen_topics
from loyalty.domain.shops.storefront import Command, Envelope, Received, SendingShop
from loyalty.storefronts.judgeme.payload import JudgeMeWebhook
from loyalty.storefronts.judgeme.translate import CREATED, TOPICS, UPDATED
from loyalty.storefronts.payloads import read_topic
from loyalty.storefronts.signatures import in_hex, matches
from loyalty.usecases.shops.platforms import CheckedShop, Traits

SIGNATURE: Final = "judgeme-hmac-sha256"


class JudgeMe:
    """Signs only the body, which says how a review is now.

    The secret is that of the OAuth app or, if the webhook was made without one, the shop's private
    API token.
    """

    traits: Final = Traits(headers=(SIGNATURE,), topics=frozenset(TOPICS))
    api: Final = None
    catalog: Final = None
    codes: Final = None

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool:
        """Whether the raw body was signed with one of the secrets."""
        signatures = (in_hex(secret, received.body) for secret in secrets)
        return matches(signatures, [received.headers.get(SIGNATURE, "").lower()])

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope:  # noqa: ARG002  # all is in the body
        return Envelope(topic=_topic(body), name=hashlib.sha256(body).hexdigest(), order_id=None)

    def check(self, shop: CheckedShop) -> Iterable[Finding]:
        return unseen_topics((CREATED, UPDATED), shop.seen_topics)

    def translate(self, topic: str, body: bytes, shop: SendingShop) -> Command:
        return read_topic(TOPICS, topic, body, shop)


JUDGEME: Final = JudgeMe()


def _topic(body: bytes) -> str:
    """No header that is signed names the topic; a review that was not changed yet is new."""
    try:
        review = JudgeMeWebhook.model_validate_json(body).review
    except ValidationError:
        return UPDATED
    return CREATED if review.updated_at in (None, review.created_at) else UPDATED
