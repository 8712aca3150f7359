"""Storefronts' signing secrets and API keys in Secrets Manager: one secret for each storefront."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loyalty.domain.shops.storefront import ShopKeys
from loyalty.edge.aws.secrets import SecretStore

if TYPE_CHECKING:
    from loyalty.sdk.services import AwsService


class StorefrontSecrets:
    """The secrets of a deployment's storefronts, under a prefix of their own."""

    def __init__(self, service: AwsService, *, prefix: str) -> None:
        self._store = SecretStore(
            service,
            prefix=prefix,
            description="What a storefront signs with, and what it is asked by",
        )

    def read(self, program_id: str, storefront_id: str) -> ShopKeys | None:
        stored = self._store.read(program_id, storefront_id)
        if stored is None:
            return None
        return ShopKeys(secrets=tuple(stored["secrets"]), access_token=stored.get("access_token"))

    def keep(self, program_id: str, storefront_id: str, keys: ShopKeys) -> None:
        """Replace any existing secrets; storing the same ones again makes no new version.

        Raises:
            TryAgain: the storefront was just removed, and its secret is still being deleted.
        """
        if self.read(program_id, storefront_id) != keys:
            self._store.keep(
                program_id,
                storefront_id,
                {"v": 1, "secrets": keys.secrets, "access_token": keys.access_token},
            )

    def forget(self, program_id: str, storefront_id: str) -> None:
        """Delete the secrets at once, so that the name can be used again. They need not exist."""
        self._store.forget(program_id, storefront_id)
