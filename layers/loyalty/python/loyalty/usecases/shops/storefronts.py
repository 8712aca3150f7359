"""Storefronts: connect a shop, and receive its deliveries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.errors import BadSignature, NotFound
from loyalty.domain.shops.deliveries import StoredDelivery, kept_as
from loyalty.domain.shops.storefront import (
    Delivery,
    Received,
    ShopKeys,
    Storefront,
)

if TYPE_CHECKING:
    from loyalty.usecases.shops.platforms import FindPlatform

CONNECTION_SECONDS_MAX: Final = 30.0
# A wrong signature may mean that secrets were rotated a moment ago, or that somebody is guessing.
# So the connection is read again, but at most once in this time and not for every guess.
SECOND_LOOK_SECONDS: Final = 2.0


class StorefrontStore(Protocol):
    """The connected storefronts of every program."""

    def find(self, program_id: str, storefront_id: str) -> Storefront | None: ...

    def put(self, program_id: str, storefront: Storefront) -> None: ...

    def remove(self, program_id: str, storefront_id: str) -> None:
        """Remove the storefront; succeeds also if there is none."""
        ...


class ShopKeyStore(Protocol):
    """The signing secrets and API tokens of storefronts. All writes can be repeated."""

    def read(self, program_id: str, storefront_id: str) -> ShopKeys | None: ...

    def keep(self, program_id: str, storefront_id: str, keys: ShopKeys) -> None:
        """Replace any existing keys.

        Raises:
            TryAgain: the storefront was just removed, and its keys are still being deleted.
        """
        ...

    def forget(self, program_id: str, storefront_id: str) -> None:
        """Delete the keys; succeeds also if there are none."""
        ...


class InboxWriter(Protocol):
    """Stores deliveries exactly as they were received."""

    def keep(self, stored: StoredDelivery, delivery: Delivery) -> None: ...

    def note_refused(self, program_id: str, storefront_id: str, *, received_at: datetime) -> None:
        """Note that a delivery was refused for its signature, every few minutes at most."""
        ...


class DeliveryQueue(Protocol):
    """The queue of deliveries that wait to be applied."""

    def send(self, stored: StoredDelivery) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A storefront with its keys, as read at one moment."""

    storefront: Storefront
    keys: ShopKeys
    read_at: float


class Connections:
    """A cache of connections, for at most half a minute.

    Only existing connections are cached, so guessed ids take no memory. `clock` counts seconds from
    any starting point.
    """

    def __init__(
        self, shelf: StorefrontStore, vault: ShopKeyStore, *, clock: Callable[[], float]
    ) -> None:
        self._shelf = shelf
        self._vault = vault
        self._clock = clock
        self._remembered: dict[tuple[str, str], Connection] = {}

    def find(
        self, program_id: str, storefront_id: str, *, age_seconds_max: float
    ) -> Connection | None:
        now = self._clock()
        remembered = self._remembered.get((program_id, storefront_id))
        if remembered and now - remembered.read_at < age_seconds_max:
            return remembered
        self._remembered.pop((program_id, storefront_id), None)
        storefront = self._shelf.find(program_id, storefront_id)
        keys = self._vault.read(program_id, storefront_id) if storefront else None
        if storefront is None or keys is None:
            return None
        connection = Connection(storefront=storefront, keys=keys, read_at=now)
        self._remembered[program_id, storefront_id] = connection
        return connection


def connect(
    storefront: Storefront,
    keys: ShopKeys,
    *,
    program_id: str,
    shelf: StorefrontStore,
    vault: ShopKeyStore,
) -> tuple[Storefront, bool]:
    """Connect a storefront, or change its connection. Returns it, and whether it is new.

    The keys are stored first. If the rest fails, a retry does everything again, and until then
    nothing refers to the keys.
    """
    before = shelf.find(program_id, storefront.storefront_id)
    if before:
        storefront = replace(storefront, connected_at=before.connected_at)
        if replace(before, changed_at=storefront.changed_at) == storefront:
            storefront = before
    vault.keep(program_id, storefront.storefront_id, keys)
    shelf.put(program_id, storefront)
    return storefront, before is None


def connected(storefront_id: str, *, program_id: str, shelf: StorefrontStore) -> Storefront:
    """Raises `NotFound`."""
    storefront = shelf.find(program_id, storefront_id)
    if storefront is None:
        raise NotFound
    return storefront


def disconnect(
    storefront_id: str, *, program_id: str, shelf: StorefrontStore, vault: ShopKeyStore
) -> None:
    """Disconnect a storefront.

    The keys are deleted first. If the rest fails, no signature is accepted any more, and a retry
    still finds what is left to remove.

    Raises:
        NotFound: no such storefront.
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
    find_platform: FindPlatform,
    inbox: InboxWriter,
    queue: DeliveryQueue,
) -> str | None:
    """Verify, store and queue a delivery. Returns its log id; None for a platform's ping.

    The content is not checked here. A delivery that makes no sense is parked when it is applied: a
    platform that gets a refusal only sends it again, and eventually stops sending.

    Raises:
        NotFound: no such storefront.
        BadSignature: not signed, or not with a secret of this storefront.
    """
    try:
        connection = _verified_connection(
            received,
            find=lambda age: connections.find(program_id, storefront_id, age_seconds_max=age),
            find_platform=find_platform,
        )
    except BadSignature:
        inbox.note_refused(program_id, storefront_id, received_at=received.received_at)
        raise
    if connection is None:
        return None
    storefront = connection.storefront
    platform = find_platform(storefront.platform)
    envelope = platform.envelope(received.body, received.headers)
    delivery = Delivery(
        program_id=program_id,
        storefront_id=storefront_id,
        platform=storefront.platform,
        source=storefront.source,
        received_at=received.received_at,
        headers={
            name: received.headers[name]
            for name in platform.traits.headers
            if name in received.headers
        },
        body=received.body,
    )
    stored = kept_as(delivery, envelope)
    inbox.keep(stored, delivery)
    queue.send(stored)
    return stored.log_id


def _verified_connection(
    received: Received,
    *,
    find: Callable[[float], Connection | None],
    find_platform: FindPlatform,
) -> Connection | None:
    """The connection whose secret signed a delivery: the cached one, or one that is read again.

    None for an unsigned ping, which has no content.
    """
    for age_seconds_max in (CONNECTION_SECONDS_MAX, SECOND_LOOK_SECONDS):
        connection = find(age_seconds_max)
        if connection is None:
            raise NotFound
        platform = find_platform(connection.storefront.platform)
        greeting = platform.traits.greeting
        if greeting and greeting.fullmatch(received.body):
            return None
        url = connection.storefront.notification_url or received.url
        if platform.verify(replace(received, url=url), secrets=connection.keys.secrets):
            return connection
    raise BadSignature
