"""Cursors: where the next page of one list begins, opaque to the caller.

A cursor is bound to its list by a digest, so that one of another member's list, or one that was
changed on the way, is refused. It grants nothing: which list is read follows from who asks.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from loyalty.domain.errors import Fault, InvalidCursor

_DIGEST_BYTES: Final = 12


def encode_cursor(position: Mapping[str, str | int], *, of: str) -> str:
    """The cursor to a position in the list `of` (any text that names the list)."""
    told = json.dumps(position, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(_digest(told, of) + told).decode().rstrip("=")


def decode_cursor(cursor: str, *, of: str) -> dict[str, str | int]:
    """The position that a cursor tells.

    Raises:
        InvalidCursor: it was not given out for this list.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused() from None
    digest, told = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if not hmac.compare_digest(digest, _digest(told, of)):
        raise _refused()
    position: dict[str, str | int] = json.loads(told)
    return position


def _digest(told: bytes, of: str) -> bytes:
    return hashlib.sha256(of.encode() + b"\0" + told).digest()[:_DIGEST_BYTES]


def _refused() -> InvalidCursor:
    fault = Fault("/query/cursor", "invalid_cursor", "This is not a cursor of this list")
    return InvalidCursor(faults=(fault,))
