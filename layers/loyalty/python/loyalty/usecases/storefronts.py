"""Storefronts: connect a shop, and take in what it delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from loyalty.domain.errors import BadSignature, NotFound
from loyalty.domain.storefront import (
    Delivery,
    Envelope,
    Platform,
    Received,
    Storefront,
    delivery_id,
)

CONNECTION_SECONDS_MAX: Final = 30.0
# A wrong signature may mean that secrets were rotated a moment ago, or that somebody is guessing:
# looking again is worth a call now and then, not one for every guess.
SECOND_LOOK_SECONDS: Final = 2.0


class Shelf(Protocol):
    """The connected storefronts of every program."""

    def find(self, program_id: str, storefront_id: str) -> Storefront | None: ...

    def put(self, program_id: str, storefront: Storefront) -> None: ...

    def remove(self, program_id: str, storefront_id: str) -> None:
        """Also when there is none."""
        ...


class Secrets(Protocol):
    """The secrets that storefronts sign with. Everything but `read` can be repeated freely."""

    def read(self, program_id: str, storefront_id: str) -> tuple[str, ...] | None: ...

    def keep(self, program_id: str, storefront_id: str, secrets: Sequence[str]) -> None:
        """Instead of those there were.

        Raises:
            TryAgain: the storefront was removed just now and its secrets are still going.
        """
        ...

    def forget(self, program_id: str, storefront_id: str) -> None:
        """Also when there are none."""
        ...


class Inbox(Protocol):
    """Where deliveries lie as they were received, and the queue of those to be applied."""

    def keep(self, delivery: Delivery, envelope: Envelope) -> str:
        """Gives where it is kept; the same delivery on the same day is kept in one place."""
        ...

    def enqueue(self, where: str, delivery: Delivery, envelope: Envelope) -> None: ...


class Dialect(Protocol):
    """What must be known of a platform to take a delivery in."""

    HEADERS: Sequence[str]

    def verify(self, received: Received, *, secrets: Sequence[str]) -> bool: ...

    def envelope(self, body: bytes, headers: Mapping[str, str]) -> Envelope: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A storefront together with what it signs with, as they were at a moment."""

    storefront: Storefront
    secrets: tuple[str, ...]
    read_at: float


class Connections:
    """The connections that a warm function remembers for at most half a minute.

    Only those that exist are remembered, so ids that somebody guesses take no memory. `clock`
    counts seconds from anywhere.
    """

    def __init__(self, shelf: Shelf, secrets: Secrets, *, clock: Callable[[], float]) -> None:
        self._shelf = shelf
        self._secrets = secrets
        self._clock = clock
        self._known: dict[tuple[str, str], Connection] = {}

    def find(
        self, program_id: str, storefront_id: str, *, age_seconds_max: float
    ) -> Connection | None:
        now = self._clock()
        known = self._known.get((program_id, storefront_id))
        if known and now - known.read_at < age_seconds_max:
            return known
        self._known.pop((program_id, storefront_id), None)
        storefront = self._shelf.find(program_id, storefront_id)
        secrets = self._secrets.read(program_id, storefront_id) if storefront else None
        if storefront is None or secrets is None:
            return None
        connection = Connection(storefront=storefront, secrets=secrets, read_at=now)
        self._known[program_id, storefront_id] = connection
        return connection


def connect(
    storefront_id: str,
    *,
    program_id: str,
    platform: Platform,
    source: str,
    secrets: Sequence[str],
    shelf: Shelf,
    vault: Secrets,
    now: datetime,
) -> tuple[Storefront, bool]:
    """Connect a storefront, or connect it otherwise; tells whether it is new.

    The secrets go first: should the rest be lost, a retry does it all again, and until then
    nothing points to them.
    """
    before = shelf.find(program_id, storefront_id)
    storefront = Storefront(
        storefront_id=storefront_id,
        platform=platform,
        source=source,
        connected_at=before.connected_at if before else now,
        changed_at=now,
    )
    if before and replace(before, changed_at=now) == storefront:
        storefront = before
    vault.keep(program_id, storefront_id, secrets)
    shelf.put(program_id, storefront)
    return storefront, before is None


def connected(storefront_id: str, *, program_id: str, shelf: Shelf) -> Storefront:
    """Raises `NotFound`."""
    storefront = shelf.find(program_id, storefront_id)
    if storefront is None:
        raise NotFound
    return storefront


def disconnect(storefront_id: str, *, program_id: str, shelf: Shelf, vault: Secrets) -> None:
    """Believe a storefront no more.

    The secrets go first here too: whatever is lost after that, no signature counts any more and
    a retry still finds what is left to remove.

    Raises:
        NotFound: there is none.
    """
    connected(storefront_id, program_id=program_id, shelf=shelf)
    vault.forget(program_id, storefront_id)
    shelf.remove(program_id, storefront_id)


def receive(
    received: Received,
    *,
    program_id: str,
    storefront_id: str,
    connections: Connections,
    dialect: Callable[[Platform], Dialect],
    inbox: Inbox,
) -> str:
    """Take a delivery in: believe it, keep it, queue it. Gives its id.

    Nothing is judged here: what makes no sense is parked when it is applied, because a platform
    that is refused only sends the same again, and in the end nothing at all.

    Raises:
        NotFound: no such storefront.
        BadSignature: not signed, or not with a secret of this storefront.
    """
    connection = _believing(
        received,
        find=lambda age: connections.find(program_id, storefront_id, age_seconds_max=age),
        dialect=dialect,
    )
    storefront = connection.storefront
    speaks = dialect(storefront.platform)
    envelope = speaks.envelope(received.body, received.headers)
    delivery = Delivery(
        program_id=program_id,
        storefront_id=storefront_id,
        platform=storefront.platform,
        source=storefront.source,
        received_at=received.at,
        headers={
            name: received.headers[name] for name in speaks.HEADERS if name in received.headers
        },
        body=received.body,
    )
    where = inbox.keep(delivery, envelope)
    inbox.enqueue(where, delivery, envelope)
    return delivery_id(envelope, received.body)


def _believing(
    received: Received,
    *,
    find: Callable[[float], Connection | None],
    dialect: Callable[[Platform], Dialect],
) -> Connection:
    """The connection whose secrets vouch for a delivery: the remembered one, or a fresh one."""
    for age_seconds_max in (CONNECTION_SECONDS_MAX, SECOND_LOOK_SECONDS):
        connection = find(age_seconds_max)
        if connection is None:
            raise NotFound
        speaks = dialect(connection.storefront.platform)
        if speaks.verify(received, secrets=connection.secrets):
            return connection
    raise BadSignature
