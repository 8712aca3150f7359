"""Verifies JSON Web Tokens that are signed with RS256 (RFC 7515, RFC 7518), and no others.

Verifying needs no secret, and Python's integers do the arithmetic, so no native library is needed.
The signature is compared with the one padding that RFC 8017 prescribes; nothing of it is parsed.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# The gateway takes headers of 10 KB in all.
TOKEN_CHARS_MAX: Final = 10_240
KEY_BITS_MIN: Final = 2048
# The exponent that issuers use. A huge one would make verifying slow.
EXPONENT: Final = 65_537
# Clocks differ.
LEEWAY_SECONDS: Final = 60

# DER of DigestInfo for SHA-256, up to the digest itself (RFC 8017, 9.2).
_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")


class TokenInvalid(Exception):
    """The token is not one that its issuer signed; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA key that an issuer publishes."""

    modulus: int

    @property
    def size(self) -> int:
        return (self.modulus.bit_length() + 7) // 8


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token that was read and not verified."""

    key_id: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def issuer(self) -> str:
        return str(self.claims.get("iss", ""))


def read_token(token: str) -> UnverifiedToken:
    """Read a token without verifying it.

    Raises:
        TokenInvalid: it is not a JSON Web Token that is signed with RS256.
    """
    parts = token.split(".")
    if len(token) > TOKEN_CHARS_MAX or len(parts) != 3:
        raise TokenInvalid("no token")
    header, claims = _read_object(parts[0]), _read_object(parts[1])
    if header.get("alg") != "RS256" or "crit" in header:
        raise TokenInvalid("not signed with RS256")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise TokenInvalid("no key id")
    signed = f"{parts[0]}.{parts[1]}".encode()
    return UnverifiedToken(key_id, claims, signed, _decode(parts[2]))


def verify(token: UnverifiedToken, key: PublicKey, *, now: float) -> Mapping[str, Any]:
    """The claims of a token that is signed with this key; `now` is in seconds since the epoch.

    Whether it has expired is checked on every request (`edge.http.auth`).

    Raises:
        TokenInvalid: it is not signed with this key, not in force yet, or lacks claims.
    """
    signature = int.from_bytes(token.signature)
    if len(token.signature) != key.size or signature >= key.modulus:
        raise TokenInvalid("wrong signature")
    digest = _DIGEST_INFO + hashlib.sha256(token.signed).digest()
    padding = b"\xff" * (key.size - len(digest) - 3)
    found = pow(signature, EXPONENT, key.modulus).to_bytes(key.size)
    if not hmac.compare_digest(found, b"\x00\x01" + padding + b"\x00" + digest):
        raise TokenInvalid("wrong signature")
    expires, begins = token.claims.get("exp"), token.claims.get("nbf", 0)
    if not _is_time(expires) or not _is_time(begins) or not _is_name(token.claims.get("sub")):
        raise TokenInvalid("claims missing")
    if now < begins - LEEWAY_SECONDS:
        raise TokenInvalid("not in force yet")
    return token.claims


def read_keys(document: Mapping[str, Any]) -> dict[str, PublicKey]:
    """The keys of a JSON Web Key Set by their ids; keys that we do not verify with are left out."""
    keys: dict[str, PublicKey] = {}
    for key in document.get("keys", ()):
        try:
            found = _read_key(key)
        except (TokenInvalid, KeyError, TypeError):
            continue
        if found.modulus.bit_length() >= KEY_BITS_MIN:
            keys[str(key["kid"])] = found
    return keys


def _read_key(key: Mapping[str, Any]) -> PublicKey:
    is_ours = key["kty"] == "RSA" and key.get("use", "sig") == "sig"
    if not is_ours or int.from_bytes(_decode(key["e"])) != EXPONENT:
        raise TokenInvalid("not an RSA key that we know")
    return PublicKey(int.from_bytes(_decode(key["n"])))


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _read_object(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_decode(part))
    except (ValueError, RecursionError):
        raise TokenInvalid("not JSON") from None
    if not isinstance(found, dict):
        raise TokenInvalid("not a JSON object")
    return found


def _decode(part: str) -> bytes:
    """Decode base64url without padding, as JSON Web Tokens are written."""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenInvalid("not base64url") from None
