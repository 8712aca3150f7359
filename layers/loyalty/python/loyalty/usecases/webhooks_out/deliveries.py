"""Events are queued for the endpoints that want them, and delivered one attempt at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.errors import NotFound, WrongState
from loyalty.domain.webhooks_out.deliveries import (
    TEST_EVENT,
    Attempt,
    AttemptResult,
    EndpointDelivery,
    attempted,
    parked,
    probe_payload,
    put_back,
    queued,
    queued_again,
)
from loyalty.usecases.ports import Listed, Raced
from loyalty.usecases.webhooks_out.endpoints import Endpoints, SigningSecretReader, registered

if TYPE_CHECKING:
    from loyalty.domain.webhooks_out.endpoints import Endpoint


class EndpointDeliveryLog(Protocol):
    """The deliveries of the last month."""

    def begin(self, program_id: str, delivery: EndpointDelivery) -> EndpointDelivery:
        """Add a delivery unless it exists; returns the one that is stored."""
        ...

    def find(self, program_id: str, endpoint_id: str, event_id: str) -> EndpointDelivery | None: ...

    def note(self, program_id: str, delivery: EndpointDelivery, *, turn: int) -> None:
        """Record how a delivery fared, unless a turn later than `turn` is recorded.

        Raises:
            Raced: a later turn is recorded.
        """
        ...

    def deliveries(
        self, program_id: str, endpoint_id: str, *, limit: int, start: str | None
    ) -> Listed[EndpointDelivery]:
        """Deliveries, newest first, without their bodies; eventually consistent."""
        ...


class AttemptQueue(Protocol):
    def send(self, attempt: Attempt, *, delay: timedelta) -> None:
        """Queue an attempt, to arrive after `delay`, or earlier if the queue's limit is shorter."""
        ...


class Send(Protocol):
    def __call__(
        self, url: str, *, event_id: str, body: str, secrets: Sequence[str], now: datetime
    ) -> AttemptResult:
        """Sign and send; never raises for anything that the receiver does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingEvent:
    """An event of the bus; `body` is what endpoints receive."""

    program_id: str
    event_id: str
    event: str
    body: str


def probe(
    endpoint_id: str,
    *,
    event_id: str,
    program_id: str,
    endpoints: Endpoints,
    log: EndpointDeliveryLog,
    queue: AttemptQueue,
    now: datetime,
) -> EndpointDelivery:
    """Send a test event, even to an endpoint that is disabled.

    Raises:
        NotFound: there is no such endpoint.
    """
    registered(endpoint_id, program_id=program_id, endpoints=endpoints)
    body = probe_payload(event_id, program_id=program_id, endpoint_id=endpoint_id, now=now)
    delivery = queued(endpoint_id, event_id=event_id, event=TEST_EVENT, body=body, now=now)
    log.begin(program_id, delivery)
    queue.send(_due_attempt(program_id, delivery), delay=timedelta())
    return delivery


def redeliver(
    endpoint_id: str,
    event_id: str,
    *,
    program_id: str,
    endpoints: Endpoints,
    log: EndpointDeliveryLog,
    queue: AttemptQueue,
    now: datetime,
) -> EndpointDelivery:
    """Send an event of the last 30 days again, in whatever state it is, and retry for a day.

    The message is queued first, so that it is acted on even if recording the new turn fails.

    Raises:
        NotFound: there is no such endpoint, or no such delivery.
        WrongState: the endpoint is disabled.
    """
    endpoint = registered(endpoint_id, program_id=program_id, endpoints=endpoints)
    before = log.find(program_id, endpoint_id, event_id)
    if before is None:
        raise NotFound("There is no such delivery in the last 30 days")
    if endpoint.disabled and before.event != TEST_EVENT:
        raise WrongState("The endpoint is disabled; enable it first")
    again = queued_again(before, now=now)
    queue.send(_due_attempt(program_id, again), delay=timedelta())
    try:
        log.note(program_id, again, turn=before.turn)
    except Raced:
        # It was tried, or requested again, in the meantime.
        return log.find(program_id, endpoint_id, event_id) or again
    return again


def fan_out(
    outgoing: OutgoingEvent,
    *,
    endpoints: Sequence[Endpoint],
    log: EndpointDeliveryLog,
    queue: AttemptQueue,
    now: datetime,
) -> int:
    """Queue an event for each endpoint that wants it; returns the number of those endpoints.

    An event that the bus delivers twice is queued once, unless its first message may be lost.
    """
    wanting = [endpoint for endpoint in endpoints if endpoint.wants(outgoing.event)]
    for endpoint in wanting:
        delivery = log.begin(
            outgoing.program_id,
            queued(
                endpoint.endpoint_id,
                event_id=outgoing.event_id,
                event=outgoing.event,
                body=outgoing.body,
                now=now,
            ),
        )
        if delivery.is_untried:
            queue.send(_due_attempt(outgoing.program_id, delivery), delay=timedelta())
    return len(wanting)


def deliver(
    attempt: Attempt,
    *,
    endpoints: Endpoints,
    vault: SigningSecretReader,
    log: EndpointDeliveryLog,
    queue: AttemptQueue,
    send: Send,
    now: datetime,
    chance: float,
) -> EndpointDelivery | None:
    """Make one attempt if it is due; returns the delivery after it, or None if nothing changed.

    Delivery is at least once: if we crash between sending an event and recording that, it is sent
    again under the same id. The message of the next turn is queued before this turn is recorded,
    so that no delivery is lost; a message of an outdated turn does nothing.
    """
    program_id = attempt.program_id
    delivery = log.find(program_id, attempt.endpoint_id, attempt.event_id)
    if delivery is None or not delivery.awaits(attempt.turn):
        return None
    is_early = attempt.turn == delivery.turn and not delivery.is_due(now)
    delivery = replace(delivery, turn=attempt.turn)
    endpoint = endpoints.find(program_id, attempt.endpoint_id)
    if endpoint is None or delivery.queued_at < endpoint.created_at:
        after = parked(delivery, "endpoint_removed")
    elif endpoint.disabled and delivery.event != TEST_EVENT:
        after = parked(delivery, "endpoint_disabled")
    elif is_early:
        # Recorded too: a message delivered twice would otherwise be put back twice, and each of
        # the two again.
        after = put_back(delivery)
    else:
        outcome = _send(delivery, endpoint, program_id, vault=vault, send=send, now=now)
        if outcome.is_gone:
            _disable(endpoint, program_id=program_id, endpoints=endpoints, now=now)
        after = attempted(delivery, outcome, now=now, chance=chance)
    if after.state == "retrying" and after.next_attempt_at is not None:
        queue.send(_due_attempt(program_id, after), delay=after.next_attempt_at - now)
    try:
        log.note(program_id, after, turn=attempt.turn)
    except Raced:
        # It was requested again in the meantime; that attempt records its own outcome.
        return None
    return None if is_early and after.state == "retrying" else after


def _send(
    delivery: EndpointDelivery,
    endpoint: Endpoint,
    program_id: str,
    *,
    vault: SigningSecretReader,
    send: Send,
    now: datetime,
) -> AttemptResult:
    secrets = vault.read(program_id, endpoint.endpoint_id)
    if secrets is None:
        return AttemptResult(trouble="no_secret")
    return send(
        endpoint.url,
        event_id=delivery.event_id,
        body=delivery.body,
        secrets=secrets.valid_at(now),
        now=now,
    )


def _disable(endpoint: Endpoint, *, program_id: str, endpoints: Endpoints, now: datetime) -> None:
    """Keep what a manager changed in the meantime: they may have repaired the endpoint."""
    try:
        gone = replace(endpoint, disabled="gone", changed_at=now)
        endpoints.put(program_id, gone, instead_of=endpoint)
    except Raced:
        return


def _due_attempt(program_id: str, delivery: EndpointDelivery) -> Attempt:
    return Attempt(
        program_id=program_id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        turn=delivery.turn,
    )
