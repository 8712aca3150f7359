"""Secrets that are created and deleted at run time, in Secrets Manager under a prefix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from loyalty.domain.kernel.errors import TryAgain
from loyalty.sdk.services import AwsService, ServiceError


class SecretStore:
    """One secret for each storefront or endpoint of a program, as a JSON object."""

    def __init__(self, service: AwsService, *, prefix: str, description: str) -> None:
        self._service = service
        self._prefix = prefix
        self._description = description

    def read(self, program_id: str, thing_id: str) -> Mapping[str, Any] | None:
        try:
            answer = self._service.call(
                "GetSecretValue", {"SecretId": self._name(program_id, thing_id)}
            )
        except ServiceError as error:
            # Secrets Manager answers "invalid request" for a deleted secret until it is gone.
            if error.code in ("ResourceNotFoundException", "InvalidRequestException"):
                return None
            raise
        content: Mapping[str, Any] = json.loads(answer["SecretString"])
        return content

    def keep(self, program_id: str, thing_id: str, content: Mapping[str, Any]) -> None:
        """Store a secret; it replaces any existing one.

        Raises:
            TryAgain: a secret of this name was just deleted, and the deletion is not finished.
        """
        name, value = self._name(program_id, thing_id), json.dumps(content)
        try:
            if not self._create(name, value):
                self._service.call("PutSecretValue", {"SecretId": name, "SecretString": value})
        except ServiceError as error:
            self._make_room(name, error)

    def add(self, program_id: str, thing_id: str, content: Mapping[str, Any]) -> bool:
        """Store a secret unless one exists; returns whether it was stored.

        Raises:
            TryAgain: a secret of this name was just deleted, and the deletion is not finished.
        """
        name = self._name(program_id, thing_id)
        try:
            return self._create(name, json.dumps(content))
        except ServiceError as error:
            self._make_room(name, error)

    def forget(self, program_id: str, thing_id: str) -> None:
        """Delete a secret at once, so that its name can be used again. It need not exist."""
        self._delete(self._name(program_id, thing_id))

    def _delete(self, name: str) -> None:
        self._service.call("DeleteSecret", {"SecretId": name, "ForceDeleteWithoutRecovery": True})

    def _create(self, name: str, value: str) -> bool:
        try:
            self._service.call(
                "CreateSecret",
                {"Name": name, "SecretString": value, "Description": self._description},
            )
        except ServiceError as error:
            if error.code != "ResourceExistsException":
                raise
            return False
        return True

    def _make_room(self, name: str, error: ServiceError) -> NoReturn:
        """Finish a deletion: one made by hand would otherwise block the name for a month."""
        if error.code not in ("InvalidRequestException", "ResourceNotFoundException"):
            raise error
        self._delete(name)
        raise TryAgain("The secret of this name is being deleted; try again soon.") from error

    def _name(self, program_id: str, thing_id: str) -> str:
        """The secret's name. A `+` replaces `:`, which names must not contain; ids contain no `+`.

        The last part keeps a name from ending like an ARN's random suffix (`-a1b2c3`).
        """
        return f"{self._prefix}{program_id}/{thing_id.replace(':', '+')}/signing"
