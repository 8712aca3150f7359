"""A shop that delivers, and the queue between `webhooks` and `intake`."""

import os
from typing import Any

from functions.intake.handler import handler as intake
from functions.storefronts.handler import handler as storefronts
from functions.webhooks.handler import handler as webhooks
from tests.support.http import Answer, call, staff
from tests.support.queues import Message, consume, receive, work_off
from tests.support.shopify import SECRET, encoded, headers

PROGRAM_ID = "bean"
STOREFRONT_ID = "online"
MANAGER = staff(PROGRAM_ID, "manager")
CONNECTION = {"platform": "shopify", "source": "shop", "secrets": [SECRET]}
STORE = "bean-and-leaf"


def connect(
    storefront_id: str = STOREFRONT_ID, *, as_: dict[str, str] | None = None, **changes: Any
) -> Answer:
    """Connect a shop. Shopify must name its store; `store=None` leaves that out."""
    body = CONNECTION | changes
    if body["platform"] == "shopify":
        body = {"store": STORE} | body
    return call(
        storefronts,
        "PUT",
        f"/v1/programs/{PROGRAM_ID}/storefronts/{storefront_id}",
        body={name: value for name, value in body.items() if (name, value) != ("store", None)},
        as_=as_ or MANAGER,
    )


def post(
    raw: bytes,
    signed: dict[str, str],
    *,
    program_id: str = PROGRAM_ID,
    storefront_id: str = STOREFRONT_ID,
) -> Answer:
    """Bytes as they are, in base64, as the gateway passes on what is not text to it."""
    path = f"/v1/programs/{program_id}/webhooks/{storefront_id}"
    return call(webhooks, "POST", path, raw=raw, headers=signed)


def deliver(body: dict[str, Any], **signing: str) -> Answer:
    raw = encoded(body)
    return post(raw, headers(raw, **signing))


def queued() -> list[Message]:
    """The messages that wait, as the event source hands them over."""
    return receive(os.environ["LOYALTY_INTAKE_QUEUE_URL"])


def apply(messages: list[Message]) -> list[str]:
    """Let `intake` take a batch; gives the ids of those that failed."""
    return consume(intake, messages)


def drain() -> None:
    """Apply everything that waits; nothing may fail."""
    assert work_off(intake, os.environ["LOYALTY_INTAKE_QUEUE_URL"]) == []
