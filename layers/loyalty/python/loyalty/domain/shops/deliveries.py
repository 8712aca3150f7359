"""Deliveries of storefronts: their ids, where they are stored, and what came of them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from loyalty.domain.shops.storefront import Delivery, Envelope, Outcome

# The inbox keeps deliveries for this many days.
LISTED_DAYS: Final = 30

# Reasons that managers see for a delivery that was not fully applied; it is retried by itself.
HELD_UP: Final = "held_up"
INTERRUPTED: Final = "interrupted"
INTERNAL_ERROR: Final = "internal_error"
# The platform used one id for two different bodies.
CONTRADICTED: Final = "contradicted"

# A delivery's id names the event and then the body. Together with the time they make 63
# characters, of the 64 that an id in our API may have.
EVENT_CHARACTERS: Final = 24
BODY_CHARACTERS: Final = 16
_GROUP_CHARACTERS: Final = 32

_TIME: Final = "%Y%m%dT%H%M%S%fZ"
_LOG_ID: Final = re.compile(
    rf"(\d{{8}}T\d{{12}}Z)\.([0-9a-f]{{{EVENT_CHARACTERS + BODY_CHARACTERS}}})", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """A delivery in the inbox, as far as its key says.

    `delivery_id` is the same for a repeated delivery of the same content. Deliveries with the same
    `group` are applied in order.
    """

    program_id: str
    storefront_id: str
    received_at: datetime
    delivery_id: str
    group: str

    @property
    def log_id(self) -> str:
        """The delivery's id in the log. These ids sort by time of receipt."""
        return log_id(self.received_at, self.delivery_id)

    @property
    def name(self) -> str:
        """The delivery's name among those of its storefront. Names sort by time of receipt."""
        return f"{self.log_id}.{self.group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """The latest outcome of a delivery, without its content.

    `envelope` is None until it is recorded, `applied_at` until the delivery is first applied.
    `attempts` counts how often the queue handed it over for the latest outcome.
    """

    envelope: Envelope | None
    source: str | None
    outcome: Outcome
    applied_at: datetime | None
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubledDelivery:
    """A delivery that a person may have to look at, and why; `log_id` is its id in the log."""

    storefront_id: str
    log_id: str
    received_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBody:
    """The digest of a body that was delivered for an event, and the reason of its outcome."""

    body: str
    reason: str | None


def kept_as(delivery: Delivery, envelope: Envelope) -> StoredDelivery:
    """The key under which a delivery is stored in the inbox."""
    named = delivery_id(envelope, delivery.body)
    return StoredDelivery(
        program_id=delivery.program_id,
        storefront_id=delivery.storefront_id,
        received_at=delivery.received_at,
        delivery_id=named,
        group=_group(delivery.program_id, delivery.source, _subject(envelope) or named),
    )


def _subject(envelope: Envelope) -> str | None:
    """What a delivery is about: deliveries about one order, or one customer, apply in sequence."""
    if envelope.order_id is None and envelope.customer_id:
        return f"customer {envelope.customer_id}"
    return envelope.order_id


def delivery_id(envelope: Envelope, body: bytes) -> str:
    """An id that is the same for a repeated delivery of the same content, and for no other.

    It begins with the event's name, so other bodies of the same event are found by prefix. If the
    platform gives an event no id of its own, the body is part of that name, and such an event
    never has a second body.
    """
    if envelope.event is None:
        event = f"{envelope.topic}\0{envelope.name}\0".encode() + body
    else:
        event = f"{envelope.topic}\0{envelope.event}".encode()
    stable_body = body if envelope.stable_body is None else envelope.stable_body
    return _digest(event, EVENT_CHARACTERS) + _digest(stable_body, BODY_CHARACTERS)


def is_contradicted(delivery: StoredDelivery, bodies: tuple[EventBody, ...]) -> bool:
    """Whether an earlier delivery of the same event had a different body and was accepted."""
    body = delivery.delivery_id[EVENT_CHARACTERS:]
    return any(each.body != body and each.reason != CONTRADICTED for each in bodies)


def log_time(moment: datetime) -> str:
    """UTC to the microsecond, in a form that sorts by time."""
    return f"{moment.astimezone(UTC):{_TIME}}"


def log_id(received_at: datetime, delivery_id: str) -> str:
    """A delivery's id in the log of a storefront."""
    return f"{log_time(received_at)}.{delivery_id}"


def read_log_id(log_id: str) -> tuple[datetime, str] | None:
    """The time of receipt and the delivery's id in a log id; None if it is not a log id."""
    found = _LOG_ID.fullmatch(log_id)
    if not found:
        return None
    try:
        received_at = datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return received_at, found[2]


def read_name(name: str, *, program_id: str, storefront_id: str) -> StoredDelivery | None:
    """The delivery that a name names; None if it is not the name of one."""
    named, _, group = name.rpartition(".")
    found = read_log_id(named)
    if found is None or not group:
        return None
    received_at, delivery_id = found
    return StoredDelivery(
        program_id=program_id,
        storefront_id=storefront_id,
        received_at=received_at,
        delivery_id=delivery_id,
        group=group,
    )


def _group(program_id: str, source: str, what: str) -> str:
    return _digest(f"{program_id}\0{source}\0{what}".encode(), _GROUP_CHARACTERS)


def _digest(content: bytes, characters: int) -> str:
    return hashlib.sha256(content).hexdigest()[:characters]
