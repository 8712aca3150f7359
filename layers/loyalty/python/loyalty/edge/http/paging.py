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
    """The position after which a page of the list `of` begins; None: the list's own start.

    `like` says whether something can be a position of that list.

    Raises:
        InvalidCursor: the cursor does not belong to this list.
    """
    if not cursor:
        return None
    return decode_cursor(cursor, of=of, read=lambda position: position if like(position) else None)


def next_cursor(position: str | None, *, of: str) -> str | None:
    """The cursor to the next page of the list `of`; None: there is none."""
    return None if position is None else encode_cursor(position, of=of)


def encode_cursor(position: str, *, of: str) -> str:
    """The cursor to a position in the list `of` (any text that names the list)."""
    written = position.encode()
    return base64.urlsafe_b64encode(_digest(written, of) + written).decode().rstrip("=")


def decode_cursor[T](
    cursor: str, *, of: str, read: Callable[[str], T | None], pointer: str = "/query/cursor"
) -> T:
    """What `read` makes of a cursor's position; it answers None for text that is no position.

    Raises:
        InvalidCursor: the cursor does not belong to this list.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        digest, written = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        position = written.decode()
    except (binascii.Error, ValueError):
        raise _refused(pointer) from None
    found = read(position) if hmac.compare_digest(digest, _digest(written, of)) else None
    # The last letter has bits to spare.
    if found is None or encode_cursor(position, of=of) != cursor:
        raise _refused(pointer)
    return found


def _digest(written: bytes, of: str) -> bytes:
    return hashlib.sha256(of.encode() + b"\0" + written).digest()[:_DIGEST_BYTES]


def _refused(pointer: str) -> InvalidCursor:
    return InvalidCursor(
        faults=(Fault(pointer, "invalid_cursor", "This cursor does not belong to this list"),)
    )
