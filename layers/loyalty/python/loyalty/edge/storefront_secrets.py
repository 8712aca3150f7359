"""What storefronts sign with and are asked by, in Secrets Manager: one secret for each."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from loyalty.domain.errors import TryAgain
from loyalty.domain.storefront import ShopKeys

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class StorefrontSecrets:
    """The secrets of a deployment's storefronts, under a prefix of their own."""

    def __init__(self, client: "SecretsManagerClient", *, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, program_id: str, storefront_id: str) -> ShopKeys | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._name(program_id, storefront_id))
        except ClientError as error:
            # A deleted secret is refused as invalid until it is gone.
            if _code(error) in ("ResourceNotFoundException", "InvalidRequestException"):
                return None
            raise
        told = json.loads(answer["SecretString"])
        return ShopKeys(secrets=tuple(told["secrets"]), access_token=told.get("access_token"))

    def keep(self, program_id: str, storefront_id: str, keys: ShopKeys) -> None:
        """Instead of those there were; the same again makes no new version.

        Raises:
            TryAgain: the storefront was removed just now and its secrets are still going.
        """
        if self.read(program_id, storefront_id) == keys:
            return
        name = self._name(program_id, storefront_id)
        value = json.dumps({"v": 1, **asdict(keys)})
        try:
            self._create_or_replace(name, value)
        except ClientError as error:
            if _code(error) not in ("InvalidRequestException", "ResourceNotFoundException"):
                raise
            # Somebody may have deleted it by hand, to be gone in a month: now will do.
            self._client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
            raise TryAgain(
                "The secrets of a storefront of this name are being deleted; try again soon."
            ) from error

    def forget(self, program_id: str, storefront_id: str) -> None:
        """At once, so that the name can be used again. Also when there are none."""
        self._client.delete_secret(
            SecretId=self._name(program_id, storefront_id), ForceDeleteWithoutRecovery=True
        )

    def _create_or_replace(self, name: str, value: str) -> None:
        try:
            self._client.create_secret(
                Name=name,
                SecretString=value,
                Description="What a storefront signs with, and what it is asked by",
            )
        except ClientError as error:
            if _code(error) != "ResourceExistsException":
                raise
            self._client.put_secret_value(SecretId=name, SecretString=value)

    def _name(self, program_id: str, storefront_id: str) -> str:
        """A colon is not allowed in a secret's name, and a plus not in an id.

        The last part keeps a name from ending as an ARN's random suffix does (`-a1b2c3`).
        """
        return f"{self._prefix}{program_id}/{storefront_id.replace(':', '+')}/signing"


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
