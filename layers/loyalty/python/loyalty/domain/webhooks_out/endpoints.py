"""Endpoints: where a program's events are sent as signed webhooks, and how each delivery fares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

ENDPOINTS_MAX: Final = 20
EVERY_EVENT: Final = "*"
# Not of the bus: what a manager sends to see whether an endpoint listens.
TEST_EVENT: Final = "EndpointTested"

# How long the secret before still signs when there is a new one.
OVERLAP: Final = timedelta(hours=24)
# Longer than a request lives, so that no two ever change one secret at once.
ROTATED_EVERY_MIN: Final = timedelta(minutes=1)
# More rotations than that within the overlap are somebody's loop.
RETIRING_MAX: Final = 4

RETRIED_FOR: Final = timedelta(days=1)
WAIT_MIN: Final = timedelta(seconds=10)
WAIT_MAX: Final = timedelta(hours=4)
# By how much of itself a wait is shortened or stretched, so that what failed at once does not
# come back at once.
SPREAD: Final = 0.25

type DisabledBecause = Literal["asked", "gone"]
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
class Endpoint:
    """An address that wants events. `events` are their names, or `*` for all there will ever be.

    `disabled` says why nothing is sent: it was asked for, or the endpoint answered 410.
    `rotated_at` is when its secret was replaced last.
    """

    endpoint_id: str
    url: str
    events: tuple[str, ...]
    description: str | None
    created_at: datetime
    changed_at: datetime
    disabled: DisabledBecause | None = None
    rotated_at: datetime | None = None

    def wants(self, event: str) -> bool:
        return self.disabled is None and (EVERY_EVENT in self.events or event in self.events)

    def may_be_rotating(self, now: datetime) -> bool:
        return self.rotated_at is not None and now < self.rotated_at + ROTATED_EVERY_MIN


@dataclass(frozen=True, slots=True)
class RetiringSecret:
    """A secret that was replaced and signs beside the new one until receivers know that."""

    secret: str
    until: datetime


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """What an endpoint's deliveries are signed with."""

    current: str
    retiring: tuple[RetiringSecret, ...] = ()

    def at(self, now: datetime) -> tuple[str, ...]:
        """All that sign at a moment, the current one first."""
        return (self.current, *(each.secret for each in self.retiring if now < each.until))

    def rotated(self, secret: str, *, now: datetime) -> SigningSecrets:
        """A new one signs; whoever knows only one of before still finds its signature."""
        retiring = (
            RetiringSecret(self.current, now + OVERLAP),
            *(each for each in self.retiring if now < each.until),
        )
        return SigningSecrets(secret, retiring[:RETIRING_MAX])


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What an endpoint answered: a status, or why there is none."""

    status: int | None = None
    trouble: Trouble | None = None
    retry_after: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The endpoint says that it wants nothing any more."""
        return self.status == 410


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDelivery:
    """One event for one endpoint, and how often it was tried.

    `turn` counts what was done with it: a message of an earlier turn has been overtaken. `began_at`
    is when the day began in which it is tried: when it was queued, or when somebody asked for it
    again. `body` is what is sent; lists leave it out.
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
        """Whether a message of a turn is still to be acted on.

        A later turn than is known is one whose note was lost after it was queued.
        """
        return turn > self.turn or (turn == self.turn and self.state == "retrying")


def queued(
    endpoint_id: str, *, event_id: str, event: str, body: str, now: datetime
) -> EndpointDelivery:
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
    """As if it were new, on somebody's request."""
    return replace(
        delivery,
        state="retrying",
        turn=delivery.turn + 1,
        began_at=now,
        next_attempt_at=now,
    )


def attempted(
    delivery: EndpointDelivery, answer: AttemptResult, *, now: datetime, chance: float
) -> EndpointDelivery:
    """The delivery after an attempt: done, given up, or to be tried again, and when.

    Each wait is as long as twice all that it was tried for, so waits treble; after a day it is
    parked. `chance` is any number from 0 to 1.
    """
    after = replace(
        delivery,
        turn=delivery.turn + 1,
        attempts=delivery.attempts + 1,
        attempted_at=now,
        status=answer.status,
        trouble=answer.trouble,
        next_attempt_at=None,
    )
    ends_at = delivery.began_at + RETRIED_FOR
    if answer.is_taken:
        return replace(after, state="delivered")
    if answer.is_gone or now >= ends_at:
        return replace(after, state="parked")
    wait = min(max(2 * (now - delivery.began_at), WAIT_MIN), WAIT_MAX)
    wait *= 1 - SPREAD + 2 * SPREAD * chance
    if answer.retry_after is not None:
        wait = max(wait, min(answer.retry_after, WAIT_MAX))
    return replace(after, next_attempt_at=min(now + wait, ends_at))


def put_back(delivery: EndpointDelivery) -> EndpointDelivery:
    """Its message came before its time, and is sent again to come later."""
    return replace(delivery, turn=delivery.turn + 1)


def parked(delivery: EndpointDelivery, why: Trouble) -> EndpointDelivery:
    """Given up without an attempt: there is nobody to try."""
    return replace(
        delivery, turn=delivery.turn + 1, state="parked", trouble=why, next_attempt_at=None
    )


def payload(event: str, *, at: str, data: Mapping[str, Any]) -> str:
    """What is sent, in the form that Standard Webhooks recommends."""
    return json.dumps({"type": event, "timestamp": at, "data": data}, separators=(",", ":"))


def probe_payload(event_id: str, *, program_id: str, endpoint_id: str, now: datetime) -> str:
    at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {
        "id": event_id,
        "program_id": program_id,
        "endpoint_id": endpoint_id,
        "occurred_at": at,
        "v": 1,
    }
    return payload(TEST_EVENT, at=at, data=told)
