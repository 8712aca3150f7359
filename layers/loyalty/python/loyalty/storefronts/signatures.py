"""How platforms sign. A signature is never compared in variable time."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

# How far a signed time may lie from ours: what is replayed later is not believed.
AGE_MAX: Final = timedelta(minutes=5)


def matches(made: Iterable[bytes], received: Iterable[str]) -> bool:
    """Whether one of the signatures that were told is one of those that our secrets make.

    There are two secrets while one replaces the other. All are compared, so that the time it
    takes tells nothing of which one matched.
    """
    theirs = [signature.encode(errors="surrogatepass") for signature in received]
    compared = [hmac.compare_digest(one, other) for one in made for other in theirs]
    return any(compared)


def in_base64(secret: str, signed: bytes) -> bytes:
    return base64.b64encode(_digest(secret.encode(), signed))


def in_hex(secret: str, signed: bytes) -> bytes:
    return _digest(secret.encode(), signed).hex().encode()


def standard(key: bytes, signed: bytes) -> bytes:
    """By Standard Webhooks, of `{id}.{timestamp}.{body}` (https://www.standardwebhooks.com)."""
    return base64.b64encode(_digest(key, signed))


def is_recent(timestamp: str, *, now: datetime) -> bool:
    """Whether a signed time, in seconds, is near ours."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 10):
        return False
    return abs(now - datetime.fromtimestamp(int(timestamp), UTC)) <= AGE_MAX


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)
