"""Signing secrets of webhook endpoints in Secrets Manager: one secret for each endpoint."""

from __future__ import annotations

import base64
import secrets as randomness
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.webhooks_out.endpoints import RetiringSecret, SigningSecrets
from loyalty.edge.aws.secrets import SecretStore

if TYPE_CHECKING:
    from loyalty.sdk.services import AwsService

# Standard Webhooks asks for 24 to 64 random bytes.
SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # what a secret begins with
# Keeping secrets is safe: a replaced secret still signs for far longer than this.
REMEMBERED_SECONDS_MAX: Final = 60.0
REMEMBERED_MAX: Final = 1000


class EndpointSecrets:
    """The secrets of a deployment's endpoints, under a prefix of their own."""

    def __init__(self, service: AwsService, *, prefix: str) -> None:
        self._store = SecretStore(
            service, prefix=prefix, description="What deliveries to an endpoint are signed with"
        )

    def read(self, program_id: str, endpoint_id: str) -> SigningSecrets | None:
        stored = self._store.read(program_id, endpoint_id)
        if stored is None:
            return None
        retiring = (
            RetiringSecret(each["secret"], datetime.fromisoformat(each["until"]))
            for each in stored["retiring"]
        )
        return SigningSecrets(stored["current"], tuple(retiring))

    def add(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> bool:
        return self._store.add(program_id, endpoint_id, _to_json(secrets))

    def keep(self, program_id: str, endpoint_id: str, secrets: SigningSecrets) -> None:
        self._store.keep(program_id, endpoint_id, _to_json(secrets))

    def forget(self, program_id: str, endpoint_id: str) -> None:
        self._store.forget(program_id, endpoint_id)


class RememberedSecrets:
    """The secrets that a warm function signs with, read again after a minute.

    `clock` counts seconds from any starting point.
    """

    def __init__(self, vault: EndpointSecrets, *, clock: Callable[[], float]) -> None:
        self._vault = vault
        self._clock = clock
        self._remembered: dict[tuple[str, str], tuple[float, SigningSecrets]] = {}

    def read(self, program_id: str, endpoint_id: str) -> SigningSecrets | None:
        now = self._clock()
        remembered = self._remembered.get((program_id, endpoint_id))
        if remembered and now - remembered[0] < REMEMBERED_SECONDS_MAX:
            return remembered[1]
        self._remembered.pop((program_id, endpoint_id), None)
        secrets = self._vault.read(program_id, endpoint_id)
        if secrets is not None:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[program_id, endpoint_id] = (now, secrets)
        return secrets


def new_secret() -> str:
    """Make a secret in the format of Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key bytes that a secret encodes."""
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))


def _to_json(secrets: SigningSecrets) -> dict[str, Any]:
    retiring = [
        {"secret": each.secret, "until": each.until.isoformat()} for each in secrets.retiring
    ]
    return {"v": 1, "current": secrets.current, "retiring": retiring}
