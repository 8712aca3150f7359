"""A key service for tests: it signs with a key of P-256 that it makes, as AWS KMS does."""

import base64
from collections.abc import Mapping
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loyalty.edge.aws import clients
from loyalty.edge.settings import settings

KEY_ARN: Final = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


class KeyService:
    """Implements `AwsService` for the operations that access tokens need."""

    def __init__(self, curve: ec.EllipticCurve | None = None) -> None:
        self.private = ec.generate_private_key(curve or ec.SECP256R1())
        self.calls: list[str] = []

    def call(self, operation: str, parameters: Mapping[str, Any], /) -> dict[str, Any]:
        assert parameters["KeyId"] == KEY_ARN
        self.calls.append(operation)
        if operation == "GetPublicKey":
            public = self.private.public_key()
            spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return {"PublicKey": base64.b64encode(spki).decode()}
        assert (operation, parameters["MessageType"]) == ("Sign", "DIGEST")
        assert parameters["SigningAlgorithm"] == "ECDSA_SHA_256"
        digest = base64.b64decode(parameters["Message"])
        signature = self.private.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        return {"Signature": base64.b64encode(signature).decode()}


def sign_with(service: KeyService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a stage sign access tokens with a key of this service."""
    monkeypatch.setenv("LOYALTY_ACCESS_KEY", KEY_ARN)
    settings.cache_clear()
    monkeypatch.setattr(clients, "kms", lambda: service)
