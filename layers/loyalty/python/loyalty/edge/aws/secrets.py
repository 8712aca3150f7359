"""Secrets that are created and deleted at run time, in Secrets Manager under a prefix."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import ClientError

from loyalty.domain.kernel.errors import TryAgain

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretStore:
    """One secret for each storefront or endpoint of a program, as a JSON object."""

    def __init__(self, client: "SecretsManagerClient", *, prefix: str, description: str) -> None:
        self._client = client
        self._prefix = prefix
        self._description = description

    def read(self, program_id: str, thing_id: str) -> Mapping[str, Any] | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._name(program_id, thing_id))
        except ClientError as error:
            # Secrets Manager answers "invalid request" for a deleted secret until it is gone.
            if _code(error) in ("ResourceNotFoundException", "InvalidRequestException"):
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
                self._client.put_secret_value(SecretId=name, SecretString=value)
        except ClientError as error:
            self._make_room(name, error)

    def add(self, program_id: str, thing_id: str, content: Mapping[str, Any]) -> bool:
        """Store a secret unless one exists; returns whether it was stored.

        Raises:
            TryAgain: a secret of this name was just deleted, and the deletion is not finished.
        """
        name = self._name(program_id, thing_id)
        try:
            return self._create(name, json.dumps(content))
        except ClientError as error:
            self._make_room(name, error)

    def forget(self, program_id: str, thing_id: str) -> None:
        """Delete a secret at once, so that its name can be used again. It need not exist."""
        self._client.delete_secret(
            SecretId=self._name(program_id, thing_id), ForceDeleteWithoutRecovery=True
        )

    def _create(self, name: str, value: str) -> bool:
        try:
            self._client.create_secret(Name=name, SecretString=value, Description=self._description)
        except ClientError as error:
            if _code(error) != "ResourceExistsException":
                raise
            return False
        return True

    def _make_room(self, name: str, error: ClientError) -> NoReturn:
        """Finish a deletion: one made by hand would otherwise block the name for a month."""
        if _code(error) not in ("InvalidRequestException", "ResourceNotFoundException"):
            raise error
        self._client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        raise TryAgain("The secret of this name is being deleted; try again soon.") from error

    def _name(self, program_id: str, thing_id: str) -> str:
        """The secret's name. A `+` replaces `:`, which names must not contain; ids contain no `+`.

        The last part keeps a name from ending like an ARN's random suffix (`-a1b2c3`).
        """
        return f"{self._prefix}{program_id}/{thing_id.replace(':', '+')}/signing"


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
