"""Deliveries: what a storefront sent, where it lies, and what came of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from loyalty.domain.shops.storefront import Delivery, Envelope, Outcome

# A delivery is listed for as long as the inbox keeps it.
LISTED_DAYS: Final = 30

# What a manager is told of a delivery that was not applied to the end; it comes back by itself.
HELD_UP: Final = "held_up"
INTERRUPTED: Final = "interrupted"
INTERNAL_ERROR: Final = "internal_error"
# The platform told one thing and then another by one id.
CONTRADICTED: Final = "contradicted"

# Of a delivery's id: what names the event, and what names its body. Together with the time they
# make 63 characters, of the 64 that an id in our API has.
EVENT_CHARACTERS: Final = 24
BODY_CHARACTERS: Final = 16
_GROUP_CHARACTERS: Final = 32

_TIME: Final = "%Y%m%dT%H%M%S%fZ"
_LOG_ID: Final = re.compile(
    rf"(\d{{8}}T\d{{12}}Z)\.([0-9a-f]{{{EVENT_CHARACTERS + BODY_CHARACTERS}}})", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """A delivery that lies in the inbox, as far as its place there tells.

    `delivery_id` is the same for the same thing told again in the same words; `group` names what
    it is applied in order with.
    """

    program_id: str
    storefront_id: str
    received_at: datetime
    delivery_id: str
    group: str

    @property
    def log_id(self) -> str:
        """Names it in the log; in the order of these ids, deliveries were received."""
        return log_id(self.received_at, self.delivery_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """A delivery and what came of it, the last time it was applied; never what it says.

    `envelope` is None where nobody has noted it yet, `applied_at` before it was first applied.
    `attempts` counts how often the queue handed it over the last time.
    """

    envelope: Envelope | None
    source: str | None
    outcome: Outcome
    applied_at: datetime | None
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBody:
    """A body that was told by the id of one event, and what came of it."""

    body: str
    reason: str | None


def kept_as(delivery: Delivery, envelope: Envelope) -> StoredDelivery:
    """Where a delivery lies, or is to lie."""
    named = delivery_id(envelope, delivery.body)
    return StoredDelivery(
        program_id=delivery.program_id,
        storefront_id=delivery.storefront_id,
        received_at=delivery.received_at,
        delivery_id=named,
        group=_group(delivery.program_id, delivery.source, _subject(envelope) or named),
    )


def _subject(envelope: Envelope) -> str | None:
    """What is told of an order is applied in order, and so is what is told of a customer."""
    if envelope.order_id is None and envelope.customer_id:
        return f"customer {envelope.customer_id}"
    return envelope.order_id


def delivery_id(envelope: Envelope, body: bytes) -> str:
    """The same for the same thing told again in the same words, and for nothing else.

    It begins with what names the event, so that what else was told of that event is found. Where
    the platform has no id that it keeps to itself, the body is part of the name: nothing else is
    ever told of such an event.
    """
    if envelope.event is None:
        event = f"{envelope.topic}\0{envelope.name}\0".encode() + body
    else:
        event = f"{envelope.topic}\0{envelope.event}".encode()
    stable_body = body if envelope.stable_body is None else envelope.stable_body
    return _digest(event, EVENT_CHARACTERS) + _digest(stable_body, BODY_CHARACTERS)


def is_contradicted(delivery: StoredDelivery, bodies: tuple[EventBody, ...]) -> bool:
    """Whether the same event was told in other words before, and those were believed."""
    body = delivery.delivery_id[EVENT_CHARACTERS:]
    return any(each.body != body and each.reason != CONTRADICTED for each in bodies)


def log_time(moment: datetime) -> str:
    """UTC to the microsecond in a form that sorts as time does."""
    return f"{moment.astimezone(UTC):{_TIME}}"


def log_id(received_at: datetime, delivery_id: str) -> str:
    """Names a delivery in the log of a storefront."""
    return f"{log_time(received_at)}.{delivery_id}"


def read_log_id(log_id: str) -> tuple[datetime, str] | None:
    """When the delivery of a log id was received, and its id; None where there can be none."""
    found = _LOG_ID.fullmatch(log_id)
    if not found:
        return None
    try:
        received_at = datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return received_at, found[2]


def _group(program_id: str, source: str, what: str) -> str:
    return _digest(f"{program_id}\0{source}\0{what}".encode(), _GROUP_CHARACTERS)


def _digest(content: bytes, characters: int) -> str:
    return hashlib.sha256(content).hexdigest()[:characters]
