from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from loyalty.domain.kernel.errors import BadSignature, NotFound
from loyalty.domain.shops.deliveries import StoredDelivery
from loyalty.domain.shops.storefront import Delivery, ShopKeys, Storefront
from loyalty.storefronts import platform_named
from loyalty.usecases.shops.storefronts import (
    CONNECTION_SECONDS_MAX,
    Connections,
    connect,
    connected,
    disconnect,
    receive,
)
from tests.support.received import received, storefront
from tests.support.shopify import SECRET, WITH_CUSTOMER, encoded, headers, payload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


class Lost(Exception):
    """The effect happened, or did not; the answer did not come."""


@dataclass
class Shelf:
    storefronts: dict[tuple[str, str], Storefront] = field(default_factory=dict)
    reads: int = 0
    loses: bool = False

    def find(self, program_id: str, storefront_id: str) -> Storefront | None:
        self.reads += 1
        return self.storefronts.get((program_id, storefront_id))

    def put(self, program_id: str, storefront: Storefront) -> None:
        if self.loses:
            raise Lost
        self.storefronts[program_id, storefront.storefront_id] = storefront

    def remove(self, program_id: str, storefront_id: str) -> None:
        if self.loses:
            raise Lost
        self.storefronts.pop((program_id, storefront_id), None)


@dataclass
class Vault:
    stored: dict[tuple[str, str], ShopKeys] = field(default_factory=dict)
    reads: int = 0

    def read(self, program_id: str, storefront_id: str) -> ShopKeys | None:
        self.reads += 1
        return self.stored.get((program_id, storefront_id))

    def keep(self, program_id: str, storefront_id: str, keys: ShopKeys) -> None:
        self.stored[program_id, storefront_id] = keys

    def forget(self, program_id: str, storefront_id: str) -> None:
        self.stored.pop((program_id, storefront_id), None)


@dataclass
class Inbox:
    """And the queue behind it."""

    stored: dict[StoredDelivery, Delivery] = field(default_factory=dict)
    queued: list[StoredDelivery] = field(default_factory=list)
    refused: list[datetime] = field(default_factory=list)

    def note_refused(self, program_id: str, storefront_id: str, *, received_at: datetime) -> None:
        self.refused.append(received_at)

    def keep(self, stored: StoredDelivery, delivery: Delivery) -> None:
        self.stored[stored] = delivery

    def send(self, stored: StoredDelivery) -> None:
        self.queued.append(stored)


@dataclass
class Shop:
    """A program's storefronts with everything around them, and a clock to turn."""

    shelf: Shelf = field(default_factory=Shelf)
    vault: Vault = field(default_factory=Vault)
    inbox: Inbox = field(default_factory=Inbox)
    seconds: float = 1000.0

    def __post_init__(self) -> None:
        self.connections = Connections(self.shelf, self.vault, clock=lambda: self.seconds)

    def connect(self, *secrets: str, source: str = "shop", now: datetime = NOW) -> bool:
        _, is_new = connect(
            storefront(source=source, connected_at=now),
            ShopKeys(secrets=secrets or (SECRET,)),
            program_id="bean",
            shelf=self.shelf,
            vault=self.vault,
        )
        return is_new

    def disconnect(self) -> None:
        disconnect("online", program_id="bean", shelf=self.shelf, vault=self.vault)

    def receive(self, *, secret: str = SECRET, program_id: str = "bean") -> str | None:
        body = encoded(payload(WITH_CUSTOMER))
        return receive(
            received(body, headers(body, secret=secret) | {"x-forwarded-for": "192.0.2.7"}),
            program_id=program_id,
            storefront_id="online",
            connections=self.connections,
            find_platform=platform_named,
            inbox=self.inbox,
            queue=self.inbox,
        )


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_storefront_is_new_once(shop: Shop) -> None:
    assert shop.connect()
    assert not shop.connect()


def test_connecting_again_replaces_the_settings_and_keeps_the_time_of_connection(
    shop: Shop,
) -> None:
    shop.connect("old")

    shop.connect("new", "old", source="till", now=NOW + timedelta(days=1))

    found = connected("online", program_id="bean", shelf=shop.shelf)
    assert (found.source, found.connected_at) == ("till", NOW)
    assert found.changed_at == NOW + timedelta(days=1)
    assert shop.vault.stored == {("bean", "online"): ShopKeys(secrets=("new", "old"))}


def test_an_interrupted_connecting_is_completed_by_a_retry(shop: Shop) -> None:
    shop.shelf.loses = True
    with pytest.raises(Lost):
        shop.connect()
    shop.shelf.loses = False

    assert shop.connect()

    assert shop.receive()


def test_no_delivery_is_accepted_until_the_connection_is_complete(shop: Shop) -> None:
    shop.shelf.loses = True
    with pytest.raises(Lost):
        shop.connect()

    with pytest.raises(NotFound):
        shop.receive()


def test_an_interrupted_disconnecting_is_completed_by_a_retry(shop: Shop) -> None:
    shop.connect()
    shop.shelf.loses = True
    with pytest.raises(Lost):
        shop.disconnect()
    shop.shelf.loses = False

    with pytest.raises(NotFound):
        shop.receive()
    shop.disconnect()

    assert not shop.shelf.storefronts
    assert not shop.vault.stored


def test_a_storefront_that_is_not_there_cannot_be_read_or_disconnected(shop: Shop) -> None:
    with pytest.raises(NotFound):
        connected("online", program_id="bean", shelf=shop.shelf)
    with pytest.raises(NotFound):
        shop.disconnect()


def test_a_delivery_is_kept_as_received_with_the_platforms_headers_only_and_queued(
    shop: Shop,
) -> None:
    shop.connect()

    shop.receive()

    (stored,) = shop.inbox.stored.values()
    assert stored.body == encoded(payload(WITH_CUSTOMER))
    assert stored.headers == headers(stored.body)
    assert (stored.program_id, stored.storefront_id, stored.source) == ("bean", "online", "shop")
    assert shop.inbox.queued == list(shop.inbox.stored)


def test_nothing_is_stored_of_a_delivery_with_a_wrong_signature(shop: Shop) -> None:
    shop.connect()

    with pytest.raises(BadSignature):
        shop.receive(secret="guessed")

    assert not shop.inbox.stored
    assert not shop.inbox.queued
    # Only that there was one, for a check of the connection.
    assert len(shop.inbox.refused) == 1


def test_a_storefront_of_another_program_does_not_exist(shop: Shop) -> None:
    shop.connect()

    with pytest.raises(NotFound):
        shop.receive(program_id="leaf")


def test_a_connection_is_read_once_in_half_a_minute(shop: Shop) -> None:
    shop.connect()
    shop.receive()
    reads = shop.shelf.reads

    shop.seconds += CONNECTION_SECONDS_MAX - 1
    shop.receive()
    assert shop.shelf.reads == reads

    shop.seconds += 1
    shop.receive()
    assert shop.shelf.reads == reads + 1


def test_deliveries_of_a_disconnected_storefront_are_accepted_for_half_a_minute_at_most(
    shop: Shop,
) -> None:
    shop.connect()
    shop.receive()
    shop.disconnect()

    shop.seconds += CONNECTION_SECONDS_MAX

    with pytest.raises(NotFound):
        shop.receive()


def test_a_rotated_secret_is_accepted_at_once(shop: Shop) -> None:
    shop.connect("old")
    shop.receive(secret="old")
    shop.connect("new")
    shop.seconds += 3

    assert shop.receive(secret="new")


def test_guessed_signatures_do_not_cost_a_read_each(shop: Shop) -> None:
    shop.connect()
    shop.receive()
    reads = shop.vault.reads

    for _ in range(100):
        shop.seconds += 0.01
        with pytest.raises(BadSignature):
            shop.receive(secret="guessed")

    assert shop.vault.reads - reads <= 1
