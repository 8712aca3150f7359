"""The key that signs access tokens with ES256, in AWS KMS: its private half never leaves KMS."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from loyalty.sdk.services import AwsService

# Each of the two numbers of a signature, and each coordinate of a public key, of P-256.
_NUMBER_BYTES: Final = 32
# The tag of a point that is written in full.
_UNCOMPRESSED: Final = b"\x04"


class AccessSigner:
    """Signs tokens, and publishes what verifies them."""

    def __init__(self, service: AwsService, *, key_arn: str) -> None:
        self._service = service
        self._key_arn = key_arn
        self._key_id = key_arn.rpartition("/")[2]

    def token(self, claims: Mapping[str, Any]) -> str:
        """A JSON Web Token in its compact form (RFC 7515); it costs one call of KMS.

        Raises:
            ServiceError, Unanswered: KMS did not sign it.
        """
        header = {"alg": "ES256", "kid": self._key_id, "typ": "JWT"}
        signed = f"{_as_text(_json(header))}.{_as_text(_json(claims))}"
        answer = self._service.call(
            "Sign",
            {
                "KeyId": self._key_arn,
                # The text itself may be longer than KMS takes.
                "Message": base64.b64encode(sha256(signed.encode()).digest()).decode(),
                "MessageType": "DIGEST",
                "SigningAlgorithm": "ECDSA_SHA_256",
            },
        )
        return f"{signed}.{_as_text(_joined(base64.b64decode(answer['Signature'])))}"

    def published(self) -> dict[str, str]:
        """The public half as a JSON Web Key (RFC 7517).

        Raises:
            ServiceError, Unanswered: KMS did not tell it.
        """
        answer = self._service.call("GetPublicKey", {"KeyId": self._key_arn})
        # The last part of a SubjectPublicKeyInfo is the point.
        point = base64.b64decode(answer["PublicKey"])[-2 * _NUMBER_BYTES - 1 :]
        if point[:1] != _UNCOMPRESSED:
            raise ValueError("the access key is not one of P-256")
        return {
            "kty": "EC",
            "crv": "P-256",
            "use": "sig",
            "alg": "ES256",
            "kid": self._key_id,
            "x": _as_text(point[1 : _NUMBER_BYTES + 1]),
            "y": _as_text(point[_NUMBER_BYTES + 1 :]),
        }


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _as_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _joined(signature: bytes) -> bytes:
    """The two numbers of a DER signature, one after the other, as RFC 7518 wants them.

    KMS answers a SEQUENCE of two INTEGERs, each shorter than 128 bytes.
    """
    numbers = b""
    rest = signature[2:]
    for _ in range(2):
        length = rest[1]
        number = int.from_bytes(rest[2 : 2 + length])
        numbers += number.to_bytes(_NUMBER_BYTES)
        rest = rest[2 + length :]
    return numbers
