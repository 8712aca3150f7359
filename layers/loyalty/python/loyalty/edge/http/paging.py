"""Cursors: where the next page of one list begins, opaque to the caller.

A cursor is bound to its list by a digest, so that one of another member's list, or one that was
changed on the way, is refused. It grants nothing: which list is read follows from who asks. The
digest has no key, so a cursor may have been made up, and what it tells is read with suspicion.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from loyalty.domain.kernel.errors import Fault, InvalidCursor

_DIGEST_BYTES: Final = 12


def page_start(cursor: str | None, *, of: str, like: Callable[[str], object]) -> str | None:
    """The position that a page of the list `of` begins after; None: at the list's own start.

    `like` says whether something can be a position of that list.

    Raises:
        InvalidCursor: it was not given out for this list.
    """
    if not cursor:
        return None
    return decode_cursor(cursor, of=of, read=lambda position: position if like(position) else None)


def next_cursor(position: str | None, *, of: str) -> str | None:
    """The cursor to what follows a page of the list `of`; None: nothing does."""
    return None if position is None else encode_cursor(position, of=of)


def encode_cursor(position: str, *, of: str) -> str:
    """The cursor to a position in the list `of` (any text that names the list)."""
    told = position.encode()
    return base64.urlsafe_b64encode(_digest(told, of) + told).decode().rstrip("=")


def decode_cursor[T](
    cursor: str, *, of: str, read: Callable[[str], T | None], pointer: str = "/query/cursor"
) -> T:
    """What `read` takes from the position that a cursor tells; it knows none from others by None.

    Raises:
        InvalidCursor: it was not given out for this list.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        digest, told = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        position = told.decode()
    except (binascii.Error, ValueError):
        raise _refused(pointer) from None
    found = read(position) if hmac.compare_digest(digest, _digest(told, of)) else None
    # The last letter has bits to spare.
    if found is None or encode_cursor(position, of=of) != cursor:
        raise _refused(pointer)
    return found


def _digest(told: bytes, of: str) -> bytes:
    return hashlib.sha256(of.encode() + b"\0" + told).digest()[:_DIGEST_BYTES]


def _refused(pointer: str) -> InvalidCursor:
    return InvalidCursor(
        faults=(Fault(pointer, "invalid_cursor", "This is not a cursor of this list"),)
    )
