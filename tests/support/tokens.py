"""An issuer of tokens for tests: it signs with RSA keys that it makes, and publishes them."""

import base64
import hashlib
import json
import math
import random
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

EXPONENT: Final = 65_537
DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_WITNESSES: Final = 20
# Shares a factor with nearly all numbers that are no prime.
_ODD_TO_1000: Final = math.prod(range(3, 1000, 2))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key with its private half."""

    key_id: str
    modulus: int
    private_exponent: int

    @property
    def size(self) -> int:
        return (self.modulus.bit_length() + 7) // 8

    @property
    def published(self) -> dict[str, str]:
        """As a JSON Web Key."""
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id,
            "e": encoded(EXPONENT.to_bytes(3)),
            "n": encoded(self.modulus.to_bytes(self.size)),
        }

    def raised(self, padded: bytes) -> bytes:
        """The signature of a message that is padded already."""
        signed = pow(int.from_bytes(padded), self.private_exponent, self.modulus)
        return signed.to_bytes(self.size)

    def signature(self, message: bytes) -> bytes:
        digest = DIGEST_INFO + hashlib.sha256(message).digest()
        padding = b"\xff" * (self.size - len(digest) - 3)
        return self.raised(b"\x00\x01" + padding + b"\x00" + digest)

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        joined = {"alg": "RS256", "kid": self.key_id, "typ": "JWT", **header}
        signed = f"{encoded_json(joined)}.{encoded_json(claims)}"
        return f"{signed}.{encoded(self.signature(signed.encode()))}"


@cache
def signing_key(key_id: str, *, bits: int = 2048) -> SigningKey:
    """A key; the same one for the same name."""
    numbers = random.Random(f"{key_id} {bits}")  # a key of a test
    while True:
        first, second = _prime(bits // 2, numbers), _prime(bits // 2, numbers)
        order = math.lcm(first - 1, second - 1)
        if first != second and math.gcd(EXPONENT, order) == 1:
            return SigningKey(key_id, first * second, pow(EXPONENT, -1, order))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def encoded_json(value: Any) -> str:
    return encoded(json.dumps(value).encode())


def _prime(bits: int, numbers: random.Random) -> int:
    top = (1 << (bits - 1)) | (1 << (bits - 2)) | 1
    while not _is_prime(candidate := numbers.getrandbits(bits) | top, numbers):
        pass
    return candidate


def _is_prime(candidate: int, numbers: random.Random) -> bool:
    """By trial division, then by Miller and Rabin."""
    if math.gcd(candidate, _ODD_TO_1000) > 1:
        return False
    shift = ((candidate - 1) & -(candidate - 1)).bit_length() - 1
    odd = (candidate - 1) >> shift
    for _ in range(_WITNESSES):
        power = pow(numbers.randrange(2, candidate - 1), odd, candidate)
        if power in (1, candidate - 1):
            continue
        if not any((power := pow(power, 2, candidate)) == candidate - 1 for _ in range(shift - 1)):
            return False
    return True
