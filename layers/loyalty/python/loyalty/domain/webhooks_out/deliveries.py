"""Deliveries: one event for one endpoint, tried again for a day until the endpoint accepts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

# Never on the bus: a manager sends it to see whether an endpoint listens.
TEST_EVENT: Final = "EndpointTested"

RETRIED_FOR: Final = timedelta(days=1)
WAIT_MIN: Final = timedelta(seconds=10)
WAIT_MAX: Final = timedelta(hours=4)
# Each wait is shortened or stretched by up to this share of itself, so that deliveries that failed
# at the same moment are not all retried at the same moment.
SPREAD: Final = 0.25

type DeliveryState = Literal["retrying", "delivered", "parked"]
type Trouble = Literal[
    "timeout",
    "unreachable",
    "unresolved",
    "not_public",
    "tls",
    "no_http",
    "no_secret",
    "refused",
    "gone",
    "endpoint_disabled",
    "endpoint_removed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A message of the queue: one delivery is due to be tried."""

    program_id: str
    endpoint_id: str
    event_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How one attempt ended: the status that the endpoint answered, or why there is no answer."""

    status: int | None = None
    trouble: Trouble | None = None
    retry_after: timedelta | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint said that it wants no more events."""
        return self.status == 410


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDelivery:
    """One event for one endpoint, and the attempts so far.

    `turn` counts every step of the delivery, so that a message of an earlier turn is recognized as
    outdated. `began_at` is when the day of attempts began: when the event was queued, or when a
    manager asked for it again. `body` is what is sent; lists leave it out.
    """

    endpoint_id: str
    event_id: str
    event: str
    queued_at: datetime
    began_at: datetime
    state: DeliveryState = "retrying"
    turn: int = 0
    attempts: int = 0
    attempted_at: datetime | None = None
    next_attempt_at: datetime | None = None
    status: int | None = None
    trouble: Trouble | None = None
    body: str = ""

    @property
    def is_untried(self) -> bool:
        return self.turn == 0 and self.state == "retrying"

    def is_due(self, now: datetime) -> bool:
        return self.next_attempt_at is None or self.next_attempt_at <= now

    def awaits(self, turn: int) -> bool:
        """Whether a message of this turn still has to be acted on.

        A turn later than the recorded one is real: its message was queued, and recording it failed.
        """
        return turn > self.turn or (turn == self.turn and self.state == "retrying")


def queued(
    endpoint_id: str, *, event_id: str, event: str, body: str, now: datetime
) -> EndpointDelivery:
    """A new delivery, to be tried at once."""
    return EndpointDelivery(
        endpoint_id=endpoint_id,
        event_id=event_id,
        event=event,
        queued_at=now,
        began_at=now,
        next_attempt_at=now,
        body=body,
    )


def queued_again(delivery: EndpointDelivery, *, now: datetime) -> EndpointDelivery:
    """The delivery as a manager asked for it again: retried at once, and for another day."""
    return replace(
        delivery,
        state="retrying",
        turn=delivery.turn + 1,
        began_at=now,
        next_attempt_at=now,
    )


def attempted(
    delivery: EndpointDelivery, outcome: AttemptResult, *, now: datetime, chance: float
) -> EndpointDelivery:
    """The delivery after an attempt: delivered, parked, or retrying with the time of the next one.

    Each wait is twice the time since the first attempt, so waits treble. After a day the delivery
    is parked. `chance` is any number from 0 to 1.
    """
    after = replace(
        delivery,
        turn=delivery.turn + 1,
        attempts=delivery.attempts + 1,
        attempted_at=now,
        status=outcome.status,
        trouble=outcome.trouble,
        next_attempt_at=None,
    )
    ends_at = delivery.began_at + RETRIED_FOR
    if outcome.is_accepted:
        return replace(after, state="delivered")
    if outcome.is_gone or now >= ends_at:
        return replace(after, state="parked")
    wait = min(max(2 * (now - delivery.began_at), WAIT_MIN), WAIT_MAX)
    wait *= 1 - SPREAD + 2 * SPREAD * chance
    if outcome.retry_after is not None:
        wait = max(wait, min(outcome.retry_after, WAIT_MAX))
    return replace(after, next_attempt_at=min(now + wait, ends_at))


def put_back(delivery: EndpointDelivery) -> EndpointDelivery:
    """The delivery after a message that came too early: it is sent again, to come later."""
    return replace(delivery, turn=delivery.turn + 1)


def parked(delivery: EndpointDelivery, why: Trouble) -> EndpointDelivery:
    """Give the delivery up without an attempt: its endpoint is removed or disabled."""
    return replace(
        delivery, turn=delivery.turn + 1, state="parked", trouble=why, next_attempt_at=None
    )


def payload(event: str, *, timestamp: str, data: Mapping[str, Any]) -> str:
    """The body of a webhook, in the form that Standard Webhooks recommends."""
    return json.dumps({"type": event, "timestamp": timestamp, "data": data}, separators=(",", ":"))


def probe_payload(event_id: str, *, program_id: str, endpoint_id: str, now: datetime) -> str:
    """The body of a test event."""
    occurred_at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    detail = {
        "id": event_id,
        "program_id": program_id,
        "endpoint_id": endpoint_id,
        "occurred_at": occurred_at,
        "v": 1,
    }
    return payload(TEST_EVENT, timestamp=occurred_at, data=detail)
