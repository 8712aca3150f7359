"""The key that signs access tokens, for a stage that makes some."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.functions import CapabilityFunction


class AccessKey(Construct):
    """A key of KMS with a public half. Tokens last minutes, so another key may replace it."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._key = kms.Key(
            self,
            "Key",
            description="Signs access tokens, which storefronts verify by themselves",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
        )

    @property
    def arn(self) -> str:
        arn: str = self._key.key_arn
        return arn

    def allow_signing(self, function: CapabilityFunction) -> None:
        """Allow signing tokens, and reading the public half."""
        function.allow("kms:Sign", "kms:GetPublicKey", on=[self.arn])
