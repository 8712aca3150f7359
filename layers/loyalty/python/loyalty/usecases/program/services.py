"""Operators register services, and decide which programs each may act for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from loyalty.domain.kernel.errors import NotFound, TryAgain, WrongState
from loyalty.domain.program.services import Service
from loyalty.usecases.ports import Raced

ATTEMPTS_MAX: Final = 3


class Services(Protocol):
    """The services of a deployment."""

    def find(self, service_id: str) -> Service | None:
        """Read with strong consistency."""
        ...

    def put(self, service: Service, *, instead_of: Service | None) -> None:
        """Replace a stored service, or add one where `instead_of` is None.

        Raises:
            Raced: the stored service is not `instead_of`, or another service has its client.
        """
        ...

    def remove(self, service: Service) -> None:
        """Remove a service; does nothing if it does not exist.

        Raises:
            Raced: the stored service is a different one.
        """
        ...


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """A client at the issuer; only a client made just now comes with its secret."""

    client_id: str
    secret: str | None = None


class ServiceClients(Protocol):
    """The clients of services at the issuer that this deployment manages."""

    def create(self, service_id: str) -> ServiceClient: ...

    def delete(self, client_id: str) -> None:
        """Delete a client; does nothing if it does not exist."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered service, and the secret of its client if that was made just now."""

    service: Service
    secret: str | None
    is_new: bool


def register_service(
    service_id: str,
    *,
    description: str | None,
    client_id: str | None,
    services: Services,
    clients: ServiceClients,
    now: datetime,
    by: str,
) -> Registered:
    """Register a service, or change its description.

    Without a `client_id`, a new service gets a client of its own, whose secret only this answer
    has. If the answer is lost, remove the service and register it again. A client that was made
    just before a crash belongs to no service, so its tokens open nothing.

    Raises:
        WrongState: the service has a different client, or another service has this one.
        TryAgain: other requests are changing it.
    """
    for _ in range(ATTEMPTS_MAX):
        before = services.find(service_id)
        if before is not None:
            if client_id not in (None, before.client_id):
                raise WrongState("The service has a different client; remove it first")
            after = before.described(description)
            if after is not before and not _put(services, after, instead_of=before):
                continue
            return Registered(after, secret=None, is_new=False)
        client = ServiceClient(client_id) if client_id else clients.create(service_id)
        service = Service(
            service_id=service_id,
            client_id=client.client_id,
            description=description,
            programs=frozenset(),
            created_at=now,
            created_by=by,
        )
        if _put(services, service, instead_of=None):
            return Registered(service, secret=client.secret, is_new=True)
        if client_id is None:
            clients.delete(client.client_id)
        elif services.find(service_id) is None:
            raise WrongState("Another service has this client")
    raise TryAgain


def registered_service(service_id: str, *, services: Services) -> Service:
    """The service of this id.

    Raises:
        NotFound: there is no such service.
    """
    service = services.find(service_id)
    if service is None:
        raise NotFound("There is no such service")
    return service


def grant_program(service_id: str, program_id: str, *, services: Services) -> Service:
    """Let a service act for a program.

    Raises:
        NotFound: there is no such service.
        LimitReached: it acts for as many programs as a service can.
        TryAgain: other requests are changing it.
    """
    return _change(service_id, lambda each: each.with_program(program_id), services=services)


def withdraw_program(service_id: str, program_id: str, *, services: Services) -> Service:
    """Let a service no longer act for a program; does nothing if it may not.

    Raises:
        NotFound: there is no such service.
        TryAgain: other requests are changing it.
    """
    return _change(service_id, lambda each: each.without_program(program_id), services=services)


def remove_service(service_id: str, *, services: Services, clients: ServiceClients) -> None:
    """Remove a service. Its client is deleted last: it opens nothing without the service.

    Raises:
        NotFound: there is no such service.
        TryAgain: other requests are changing it.
    """
    service = registered_service(service_id, services=services)
    try:
        services.remove(service)
    except Raced:
        raise TryAgain from None
    clients.delete(service.client_id)


def _change(
    service_id: str, change: Callable[[Service], Service], *, services: Services
) -> Service:
    for _ in range(ATTEMPTS_MAX):
        before = registered_service(service_id, services=services)
        after = change(before)
        if after is before or _put(services, after, instead_of=before):
            return after
    raise TryAgain


def _put(services: Services, service: Service, *, instead_of: Service | None) -> bool:
    try:
        services.put(service, instead_of=instead_of)
    except Raced:
        return False
    return True
