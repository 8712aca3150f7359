"""Verifies JSON Web Tokens that are signed with RS256, and no others, with PyJWT."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

# The gateway takes headers of 10 KB in all.
TOKEN_CHARS_MAX: Final = 10_240
KEY_BITS_MIN: Final = 2048
# The exponent that issuers use. A huge one would make verifying slow.
EXPONENT: Final = 65_537
# Clocks differ.
LEEWAY_SECONDS: Final = 60

_ALGORITHM: Final = "RS256"
# Whether a token has expired is checked on every request (`edge.http.auth`), and its issuer and
# audience decide for whom it stands (`issuers`).
_ONLY_SIGNATURE: Final[Any] = {
    "verify_signature": True,
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_iss": False,
    "verify_jti": False,
    "verify_nbf": False,
    "verify_sub": False,
}


class TokenInvalid(Exception):
    """The token is not one that its issuer signed; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token that was read and not verified."""

    text: str
    key_id: str
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        return str(self.claims.get("iss", ""))


def read_token(token: str) -> UnverifiedToken:
    """Read a token without verifying it.

    Raises:
        TokenInvalid: it is not a JSON Web Token that is signed with RS256.
    """
    if len(token) > TOKEN_CHARS_MAX:
        raise TokenInvalid("no token")
    try:
        unverified = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenInvalid("no token") from None
    header = unverified["header"]
    if header.get("alg") != _ALGORITHM:
        raise TokenInvalid("not signed with RS256")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise TokenInvalid("no key id")
    return UnverifiedToken(token, key_id, unverified["payload"])


def verify(token: UnverifiedToken, key: RSAPublicKey, *, now: float) -> Mapping[str, Any]:
    """The claims of a token that is signed with this key; `now` is in seconds since the epoch.

    Raises:
        TokenInvalid: it is not signed with this key, not in force yet, or lacks claims.
    """
    try:
        claims = jwt.decode(token.text, key, algorithms=[_ALGORITHM], options=_ONLY_SIGNATURE)
    except jwt.PyJWTError:
        raise TokenInvalid("wrong signature") from None
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    if not _is_time(expires) or not _is_time(begins) or not _is_name(claims.get("sub")):
        raise TokenInvalid("claims missing")
    if now < begins - LEEWAY_SECONDS:
        raise TokenInvalid("not in force yet")
    return claims


def read_keys(document: Mapping[str, Any]) -> dict[str, RSAPublicKey]:
    """The keys of a JSON Web Key Set by their ids; keys that we do not verify with are left out."""
    keys: dict[str, RSAPublicKey] = {}
    for published in document.get("keys", ()):
        try:
            key = jwt.PyJWK(published, algorithm=_ALGORITHM).key
        except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError):
            continue
        is_for_signatures = published.get("use", "sig") == "sig"
        if is_for_signatures and isinstance(key, RSAPublicKey) and _is_strong(key):
            keys[str(published.get("kid", ""))] = key
    return keys


def _is_strong(key: RSAPublicKey) -> bool:
    return key.key_size >= KEY_BITS_MIN and key.public_numbers().e == EXPONENT


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""
