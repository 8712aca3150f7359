"""Managers register endpoints, change and remove them, and rotate their secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from loyalty.domain.kernel.errors import LimitReached, NotFound, TryAgain, WrongState
from loyalty.domain.webhooks_out.endpoints import ENDPOINTS_MAX, Endpoint, SigningSecrets
from loyalty.usecases.ports import Raced

ATTEMPTS_MAX: Final = 3


class Endpoints(Protocol):
    """The endpoints of every program."""

    def find(self, program_id: str, endpoint_id: str) -> Endpoint | None:
        """Read with strong consistency."""
        ...

    def all(self, program_id: str) -> Sequence[Endpoint]:
        """All endpoints of a program, by id."""
        ...

    def put(self, program_id: str, endpoint: Endpoint, *, instead_of: Endpoint | None) -> None:
        """Replace a stored endpoint, or add one where `instead_of` is None.

        Raises:
            Raced: the stored endpoint is not `instead_of`.
        """
        ...

    def remove(self, program_id: str, endpoint_id: str) -> None:
        """Remove an endpoint; does nothing if it does not exist."""
        ...


class SigningSecretReader(Protocol):
    """Reads the secrets that deliveries are signed with."""

    def read(self, program_id: str, endpoint_id: str) -> SigningSecrets | None: ...


class SigningSecretStore(SigningSecretReader, Protocol):
    """Stores the secrets that deliveries are signed with."""

    def add(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> bool:
        """Add secrets unless some exist; returns whether they were added.

        Raises:
            TryAgain: an endpoint of this id was removed just now and its secret is still going.
        """
        ...

    def keep(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> None:
        """Replace any existing secrets.

        Raises:
            TryAgain: an endpoint of this id was removed just now and its secret is still going.
        """
        ...

    def forget(self, program_id: str, endpoint_id: str) -> None:
        """Delete the secrets; does nothing if there are none."""
        ...


def register(
    requested: Endpoint,
    *,
    program_id: str,
    endpoints: Endpoints,
    vault: SigningSecretStore,
    new_secret: Callable[[], str],
) -> tuple[Endpoint, str | None, bool]:
    """Register or change an endpoint; returns it, its secret if one was made, and if it is new.

    If two requests register one id at the same time, one of them receives the secret. If we crash
    before the secret is stored, the same request again makes one.

    Raises:
        LimitReached: the program has as many endpoints as it may have.
        TryAgain: other requests are changing it, or it was removed a moment ago.
    """
    for _ in range(ATTEMPTS_MAX):
        before = endpoints.find(program_id, requested.endpoint_id)
        if before is None and len(endpoints.all(program_id)) >= ENDPOINTS_MAX:
            raise LimitReached(f"A program can have {ENDPOINTS_MAX} endpoints")
        endpoint = _changed(before, requested) if before else requested
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
    """The endpoint of this id.

    Raises:
        NotFound: there is no such endpoint.
    """
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
    """Sign with a new secret, and for a day with the earlier ones as well.

    The time of the rotation is written to the endpoint first, which keeps other requests away from
    the secret for a minute: if two changed it at once, one would return a secret that was lost.

    Raises:
        NotFound: there is no such endpoint.
        WrongState: its secret was changed a moment ago.
        TryAgain: other requests are changing it.
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
    """Send nothing more to an endpoint, and delete its secret.

    The secret is deleted first: if we crash after that, a retry still finds the endpoint to remove.

    Raises:
        NotFound: there is no such endpoint.
    """
    registered(endpoint_id, program_id=program_id, endpoints=endpoints)
    vault.forget(program_id, endpoint_id)
    endpoints.remove(program_id, endpoint_id)


def _claimed(endpoint_id: str, *, program_id: str, endpoints: Endpoints, now: datetime) -> Endpoint:
    for _ in range(ATTEMPTS_MAX):
        before = registered(endpoint_id, program_id=program_id, endpoints=endpoints)
        if before.may_be_rotating(now):
            raise WrongState("The secret was changed less than a minute ago; try again in a minute")
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
