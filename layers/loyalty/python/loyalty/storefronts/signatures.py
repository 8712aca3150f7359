"""Signatures of platforms. They are always compared in constant time."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

# How far a signed time may be from ours. A request that is replayed later is refused.
AGE_MAX: Final = timedelta(minutes=5)


def matches(made: Iterable[bytes], received: Iterable[str]) -> bool:
    """Whether one of the received signatures is one that our secrets make.

    There are two secrets during a rotation. All pairs are compared, so the time that it takes does
    not reveal which one matched.
    """
    theirs = [signature.encode(errors="surrogatepass") for signature in received]
    compared = [hmac.compare_digest(one, other) for one in made for other in theirs]
    return any(compared)


def in_base64(secret: str, signed: bytes) -> bytes:
    return base64.b64encode(_digest(secret.encode(), signed))


def in_hex(secret: str, signed: bytes) -> bytes:
    return _digest(secret.encode(), signed).hex().encode()


def standard(key: bytes, signed: bytes) -> bytes:
    """The Standard Webhooks signature of `{id}.{timestamp}.{body}`: standardwebhooks.com."""
    return base64.b64encode(_digest(key, signed))


def is_recent(timestamp: str, *, now: datetime) -> bool:
    """Whether a signed time, in seconds, is within `AGE_MAX` of ours."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 10):
        return False
    return abs(now - datetime.fromtimestamp(int(timestamp), UTC)) <= AGE_MAX


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)
