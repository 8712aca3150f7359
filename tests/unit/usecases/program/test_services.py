"""Operators register services and say what they may act for, while others do the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import pytest

from loyalty.domain.kernel.errors import NotFound, TryAgain, WrongState
from loyalty.domain.program.services import Service
from loyalty.usecases.ports import Raced
from loyalty.usecases.program.services import (
    Registered,
    ServiceClient,
    grant_program,
    register_service,
    remove_service,
    withdraw_program,
)

NOW: Final = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass
class Memory:
    """Services in memory; `first` happens once, before the next write."""

    services: dict[str, Service] = field(default_factory=dict)
    first: Callable[[], None] | None = None

    def find(self, service_id: str) -> Service | None:
        return self.services.get(service_id)

    def put(self, service: Service, *, instead_of: Service | None) -> None:
        self._let_others_in()
        owners = [each for each in self.services.values() if each.client_id == service.client_id]
        is_owned = any(each.service_id != service.service_id for each in owners)
        if self.services.get(service.service_id) != instead_of or is_owned:
            raise Raced
        self.services[service.service_id] = service

    def remove(self, service: Service) -> None:
        self._let_others_in()
        if self.services.get(service.service_id) not in (None, service):
            raise Raced
        self.services.pop(service.service_id, None)

    def _let_others_in(self) -> None:
        first, self.first = self.first, None
        if first:
            first()


@dataclass
class Clients:
    """Clients at the issuer."""

    secrets: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def create(self, service_id: str) -> ServiceClient:
        self.made += 1
        client = ServiceClient(f"client-{self.made}", f"secret of {service_id} {self.made}")
        self.secrets[client.client_id] = str(client.secret)
        return client

    def delete(self, client_id: str) -> None:
        self.secrets.pop(client_id, None)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clients() -> Clients:
    return Clients()


def register(
    memory: Memory,
    clients: Clients,
    *,
    service_id: str = "shop",
    description: str | None = None,
    client_id: str | None = None,
) -> Registered:
    return register_service(
        service_id,
        description=description,
        client_id=client_id,
        services=memory,
        clients=clients,
        now=NOW,
        by="operator-1",
    )


def test_a_new_service_gets_a_client_and_may_act_for_nothing(
    memory: Memory, clients: Clients
) -> None:
    done = register(memory, clients)

    assert done.is_new
    assert done.secret == "secret of shop 1"
    assert (done.service.client_id, done.service.programs) == ("client-1", frozenset())
    assert memory.services == {"shop": done.service}


def test_registering_it_again_changes_its_description_and_shows_no_secret(
    memory: Memory, clients: Clients
) -> None:
    register(memory, clients)
    grant_program("shop", "bean", services=memory)

    again = register(memory, clients, description="Webshop")

    assert (again.is_new, again.secret, clients.made) == (False, None, 1)
    assert (again.service.description, again.service.programs) == ("Webshop", frozenset({"bean"}))


def test_of_two_who_register_it_at_once_one_gets_the_secret_and_one_client_stays(
    memory: Memory, clients: Clients
) -> None:
    others: list[Registered] = []
    memory.first = lambda: others.append(register(memory, clients))

    mine = register(memory, clients)

    assert (mine.is_new, mine.secret) == (False, None)
    assert others[0].secret
    assert clients.secrets.keys() == {others[0].service.client_id}


def test_a_client_belongs_to_one_service(memory: Memory, clients: Clients) -> None:
    register(memory, clients, client_id="abroad")

    with pytest.raises(WrongState, match="Another service"):
        register(memory, clients, service_id="second", client_id="abroad")
    with pytest.raises(WrongState, match="different client"):
        register(memory, clients, client_id="another")
    assert register(memory, clients, client_id="abroad").secret is None
    assert clients.made == 0


def test_programs_granted_at_once_are_all_granted(memory: Memory, clients: Clients) -> None:
    register(memory, clients)
    memory.first = lambda: void(grant_program("shop", "leaf", services=memory))

    granted = grant_program("shop", "bean", services=memory)

    assert granted.programs == {"bean", "leaf"}
    assert withdraw_program("shop", "leaf", services=memory).programs == {"bean"}


def test_who_is_always_overtaken_is_asked_to_try_again(memory: Memory, clients: Clients) -> None:
    register(memory, clients)

    def overtake() -> None:
        number = memory.services["shop"].revision
        service = memory.services["shop"].with_program(f"p{number}")
        memory.services["shop"] = service
        memory.first = overtake

    memory.first = overtake

    with pytest.raises(TryAgain):
        grant_program("shop", "bean", services=memory)


def test_a_removed_service_leaves_no_client(memory: Memory, clients: Clients) -> None:
    register(memory, clients)

    remove_service("shop", services=memory, clients=clients)

    assert (memory.services, clients.secrets) == ({}, {})
    with pytest.raises(NotFound):
        remove_service("shop", services=memory, clients=clients)


def test_a_service_that_changes_while_it_is_removed_keeps_its_client(
    memory: Memory, clients: Clients
) -> None:
    register(memory, clients)
    memory.first = lambda: void(grant_program("shop", "bean", services=memory))

    with pytest.raises(TryAgain):
        remove_service("shop", services=memory, clients=clients)

    assert clients.secrets.keys() == {"client-1"}


@pytest.mark.parametrize("change", [grant_program, withdraw_program])
def test_what_is_not_registered_cannot_be_changed(
    change: Callable[..., Service], memory: Memory
) -> None:
    with pytest.raises(NotFound, match="no such service"):
        change("shop", "bean", services=memory)


def void(_result: object) -> None:
    """Make a call a statement."""
