"""Secrets: the key of the identity digests, and prefixes for secrets of shops and endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.functions import CapabilityFunction
from infra.settings import Settings


class Secrets(Construct):
    """The identity key is retained with the table: without it no member is found by e-mail."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.storefront_prefix = f"loyalty/{settings.stage}/storefronts/"
        self.endpoint_prefix = f"loyalty/{settings.stage}/endpoints/"
        self._identity = secretsmanager.Secret(
            self,
            "Identity",
            description="Key of the digests under which e-mails and phones are looked up",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=64, exclude_punctuation=True
            ),
        )
        acknowledge(
            self._identity,
            "AwsSolutions-SMG4",
            reason="Automatic rotation would lose every member. Each digest must first be computed "
            "with the new key, whose version is part of the digest's key in the table.",
        )

    @property
    def identity_arn(self) -> str:
        # Not the reference, which is the name on the local cloud.
        return cast(secretsmanager.CfnSecret, self._identity.node.default_child).attr_id

    def allow_read_identity(self, function: CapabilityFunction) -> None:
        function.allow("secretsmanager:GetSecretValue", on=[self.identity_arn])

    def allow_storefronts(self, function: CapabilityFunction, *actions: str) -> None:
        """Allow actions on secrets of storefronts, which are created when a shop is connected."""
        self._allow_under(
            self.storefront_prefix,
            function,
            actions,
            why="A storefront's secret is created below this prefix when the shop is connected.",
        )

    def allow_endpoints(self, function: CapabilityFunction, *actions: str) -> None:
        """Allow actions on secrets of endpoints, which are created at registration."""
        self._allow_under(
            self.endpoint_prefix,
            function,
            actions,
            why="An endpoint's secret is created below this prefix when it is registered.",
        )

    def _allow_under(
        self, prefix: str, function: CapabilityFunction, actions: Sequence[str], *, why: str
    ) -> None:
        arn = Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=f"{prefix}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        function.allow(*actions, on=[arn])
        function.acknowledge_wildcard(
            f"arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:{prefix}*",
            why=why,
        )
