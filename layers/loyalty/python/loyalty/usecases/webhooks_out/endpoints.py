"""Endpoints: registered by a manager, told of events, tried again while they do not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from loyalty.domain.kernel.errors import LimitReached, NotFound, TryAgain, WrongState
from loyalty.domain.webhooks_out.endpoints import (
    ENDPOINTS_MAX,
    TEST_EVENT,
    AttemptResult,
    Endpoint,
    EndpointDelivery,
    SigningSecrets,
    attempted,
    parked,
    probe_payload,
    put_back,
    queued,
    queued_again,
)
from loyalty.usecases.ports import Listed, Raced

ATTEMPTS_MAX: Final = 3


class Endpoints(Protocol):
    """The endpoints of every program."""

    def find(self, program_id: str, endpoint_id: str) -> Endpoint | None:
        """Read strongly."""
        ...

    def all(self, program_id: str) -> Sequence[Endpoint]:
        """At most as many as a program may have, by id."""
        ...

    def put(self, program_id: str, endpoint: Endpoint, *, instead_of: Endpoint | None) -> None:
        """Write an endpoint whole.

        Raises:
            Raced: it is no longer what it is put instead of.
        """
        ...

    def remove(self, program_id: str, endpoint_id: str) -> None:
        """Also when there is none."""
        ...


class SigningSecretReader(Protocol):
    """What deliveries are signed with."""

    def read(self, program_id: str, endpoint_id: str) -> SigningSecrets | None: ...


class SigningSecretStore(SigningSecretReader, Protocol):
    """Where secrets are kept."""

    def add(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> bool:
        """Unless there are some already; gives whether there were none.

        Raises:
            TryAgain: an endpoint of this name was removed just now and its secret is still going.
        """
        ...

    def keep(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> None:
        """Instead of those there were.

        Raises:
            TryAgain: an endpoint of this name was removed just now and its secret is still going.
        """
        ...

    def forget(self, program_id: str, endpoint_id: str) -> None:
        """Also when there is none."""
        ...


class EndpointDeliveryLog(Protocol):
    """The deliveries of the last month."""

    def begin(self, program_id: str, delivery: EndpointDelivery) -> EndpointDelivery:
        """Note a delivery unless it is there; gives the one that is."""
        ...

    def find(self, program_id: str, endpoint_id: str, event_id: str) -> EndpointDelivery | None: ...

    def note(self, program_id: str, delivery: EndpointDelivery, *, turn: int) -> None:
        """Write how a delivery fared, relying on no later turn than `turn` being noted.

        Raises:
            Raced: a later turn is.
        """
        ...

    def deliveries(
        self, program_id: str, endpoint_id: str, *, limit: int, start: str | None
    ) -> Listed[EndpointDelivery]:
        """Newest first, without what was sent; a moment behind at times."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A message of the queue: one delivery is to be tried."""

    program_id: str
    endpoint_id: str
    event_id: str
    turn: int


class AttemptQueue(Protocol):
    def send(self, turn: Turn, *, delay: timedelta) -> None:
        """Hand a message over after a while, or sooner where the queue cannot hold it so long."""
        ...


class Send(Protocol):
    def __call__(
        self, url: str, *, event_id: str, body: str, secrets: Sequence[str], now: datetime
    ) -> AttemptResult:
        """Sign and send; never raises for what the other side does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingEvent:
    """An event of the bus; `body` is what is sent of it."""

    program_id: str
    event_id: str
    event: str
    body: str


def register(
    wanted: Endpoint,
    *,
    program_id: str,
    endpoints: Endpoints,
    vault: SigningSecretStore,
    new_secret: Callable[[], str],
) -> tuple[Endpoint, str | None, bool]:
    """Register an endpoint, or change it; gives it, its secret if it is new, whether it is new.

    Of two who register one name at once, one is told the secret. Should it be lost on the way, the
    same again makes one.

    Raises:
        LimitReached: the program has as many as it may have.
        TryAgain: others are changing it too, or it was removed a moment ago.
    """
    for _ in range(ATTEMPTS_MAX):
        before = endpoints.find(program_id, wanted.endpoint_id)
        if before is None and len(endpoints.all(program_id)) >= ENDPOINTS_MAX:
            raise LimitReached(f"A program can have {ENDPOINTS_MAX} endpoints")
        endpoint = _changed(before, wanted) if before else wanted
        try:
            endpoints.put(program_id, endpoint, instead_of=before)
        except Raced:
            continue
        secret = None
        if before is None or vault.read(program_id, endpoint.endpoint_id) is None:
            made = new_secret()
            if vault.add(program_id, endpoint.endpoint_id, SigningSecrets(made)):
                secret = made
        return endpoint, secret, before is None
    raise TryAgain


def registered(endpoint_id: str, *, program_id: str, endpoints: Endpoints) -> Endpoint:
    """Raises `NotFound`."""
    endpoint = endpoints.find(program_id, endpoint_id)
    if endpoint is None:
        raise NotFound("There is no such endpoint")
    return endpoint


def rotate(
    endpoint_id: str,
    *,
    program_id: str,
    endpoints: Endpoints,
    vault: SigningSecretStore,
    new_secret: Callable[[], str],
    now: datetime,
) -> tuple[Endpoint, str]:
    """Sign with a new secret, and for a day with those before as well.

    The endpoint goes first and says so, which keeps others away from the secret for a minute: of
    two who would change it at once, one would be shown a secret that is not there.

    Raises:
        NotFound: there is no such endpoint.
        WrongState: its secret was changed a moment ago.
        TryAgain: others are changing it too.
    """
    endpoint = _claimed(endpoint_id, program_id=program_id, endpoints=endpoints, now=now)
    secrets, secret = vault.read(program_id, endpoint_id), new_secret()
    if secrets is not None:
        vault.keep(program_id, endpoint_id, secrets.rotated(secret, now=now))
    elif not vault.add(program_id, endpoint_id, SigningSecrets(secret)):
        raise TryAgain
    return endpoint, secret


def remove(
    endpoint_id: str, *, program_id: str, endpoints: Endpoints, vault: SigningSecretStore
) -> None:
    """Send nothing more there.

    The secret goes first: whatever is lost after that, a retry finds what is left to remove.

    Raises:
        NotFound: there is none.
    """
    registered(endpoint_id, program_id=program_id, endpoints=endpoints)
    vault.forget(program_id, endpoint_id)
    endpoints.remove(program_id, endpoint_id)


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
    """Send an event that tells nothing, also to an endpoint that is disabled.

    Raises:
        NotFound: there is no such endpoint.
    """
    registered(endpoint_id, program_id=program_id, endpoints=endpoints)
    body = probe_payload(event_id, program_id=program_id, endpoint_id=endpoint_id, now=now)
    delivery = queued(endpoint_id, event_id=event_id, event=TEST_EVENT, body=body, now=now)
    log.begin(program_id, delivery)
    queue.send(_turn(program_id, delivery), delay=timedelta())
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
    """Send an event of the last month once more, whatever became of it, for another day.

    The message goes first: it is acted on even if the note of it is lost.

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
    queue.send(_turn(program_id, again), delay=timedelta())
    try:
        log.note(program_id, again, turn=before.turn)
    except Raced:
        # It was tried, or asked for again, meanwhile.
        return log.find(program_id, endpoint_id, event_id) or again
    return again


def fan_out(
    told: OutgoingEvent,
    *,
    endpoints: Sequence[Endpoint],
    log: EndpointDeliveryLog,
    queue: AttemptQueue,
    now: datetime,
) -> int:
    """Queue an event for each endpoint that wants it; gives for how many.

    An event that the bus tells twice is queued once, unless its first message may not have gone.
    """
    wanting = [endpoint for endpoint in endpoints if endpoint.wants(told.event)]
    for endpoint in wanting:
        delivery = log.begin(
            told.program_id,
            queued(
                endpoint.endpoint_id,
                event_id=told.event_id,
                event=told.event,
                body=told.body,
                now=now,
            ),
        )
        if delivery.is_untried:
            queue.send(_turn(told.program_id, delivery), delay=timedelta())
    return len(wanting)


def deliver(
    turn: Turn,
    *,
    endpoints: Endpoints,
    vault: SigningSecretReader,
    log: EndpointDeliveryLog,
    queue: AttemptQueue,
    send: Send,
    now: datetime,
    chance: float,
) -> EndpointDelivery | None:
    """Try one delivery when its time has come; gives how it fares then, or None.

    It is delivered at least once: whoever dies between sending it and noting that sends it again,
    under the same id. The next turn's message goes before this one is noted, so that none is lost;
    the message of a turn that was overtaken does nothing.
    """
    program_id = turn.program_id
    delivery = log.find(program_id, turn.endpoint_id, turn.event_id)
    if delivery is None or not delivery.awaits(turn.turn):
        return None
    is_early = turn.turn == delivery.turn and not delivery.is_due(now)
    delivery = replace(delivery, turn=turn.turn)
    endpoint = endpoints.find(program_id, turn.endpoint_id)
    if endpoint is None or delivery.queued_at < endpoint.created_at:
        after = parked(delivery, "endpoint_removed")
    elif endpoint.disabled and delivery.event != TEST_EVENT:
        after = parked(delivery, "endpoint_disabled")
    elif is_early:
        # Noted too: put back by two, it would become two messages, and each of them two again.
        after = put_back(delivery)
    else:
        answer = _attempt(delivery, endpoint, program_id, vault=vault, send=send, now=now)
        if answer.is_gone:
            _disable(endpoint, program_id=program_id, endpoints=endpoints, now=now)
        after = attempted(delivery, answer, now=now, chance=chance)
    if after.state == "retrying" and after.next_attempt_at is not None:
        queue.send(_turn(program_id, after), delay=after.next_attempt_at - now)
    try:
        log.note(program_id, after, turn=turn.turn)
    except Raced:
        # Somebody asked for it again meanwhile; what comes of that is noted.
        return None
    return None if is_early and after.state == "retrying" else after


def _attempt(
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
        secrets=secrets.at(now),
        now=now,
    )


def _disable(endpoint: Endpoint, *, program_id: str, endpoints: Endpoints, now: datetime) -> None:
    """What a manager changed meanwhile stands: they may have mended it."""
    try:
        gone = replace(endpoint, disabled="gone", changed_at=now)
        endpoints.put(program_id, gone, instead_of=endpoint)
    except Raced:
        return


def _claimed(endpoint_id: str, *, program_id: str, endpoints: Endpoints, now: datetime) -> Endpoint:
    for _ in range(ATTEMPTS_MAX):
        before = registered(endpoint_id, program_id=program_id, endpoints=endpoints)
        if before.may_be_rotating(now):
            raise WrongState("Its secret was changed a moment ago; a minute later it can be again")
        after = replace(before, changed_at=now, rotated_at=now)
        try:
            endpoints.put(program_id, after, instead_of=before)
        except Raced:
            continue
        return after
    raise TryAgain


def _changed(before: Endpoint, endpoint: Endpoint) -> Endpoint:
    after = replace(endpoint, created_at=before.created_at, rotated_at=before.rotated_at)
    return before if replace(after, changed_at=before.changed_at) == before else after


def _turn(program_id: str, delivery: EndpointDelivery) -> Turn:
    return Turn(
        program_id=program_id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        turn=delivery.turn,
    )
