"""Sends entries in order, in as few requests as a service takes, and tells how many arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from loyalty.domain.kernel.errors import TryAgain
from loyalty.sdk.connections import Unanswered
from loyalty.sdk.services import ServiceError

# Limits of PutEvents and of SendMessageBatch.
ENTRIES_MAX: Final = 10
REQUEST_BYTES_MAX: Final = 256 * 1024
ATTEMPTS_MAX: Final = 4


def publish_in_order[E](
    entries: Sequence[E],
    *,
    size_bytes: Callable[[E], int],
    send: Callable[[Sequence[E]], Sequence[bool]],
    pause: Callable[[int], None],
) -> int:
    """Send entries in order; returns how many arrived before the first that did not.

    Later entries may have arrived as well. `send` sends one request and says of each entry whether
    it was refused; what was refused is sent again, up to a limit.
    """
    taken = 0
    for chunk in chunks(entries, size_bytes=size_bytes):
        arrived = _put(chunk, send=send, pause=pause)
        taken += arrived
        if arrived < len(chunk):
            break
    return taken


def chunks[E](entries: Sequence[E], *, size_bytes: Callable[[E], int]) -> Iterator[list[E]]:
    """The entries in order, in chunks of as many as one request may carry."""
    chunk: list[E] = []
    chunk_bytes = 0
    for entry in entries:
        entry_bytes = size_bytes(entry)
        if chunk and (len(chunk) == ENTRIES_MAX or chunk_bytes + entry_bytes > REQUEST_BYTES_MAX):
            yield chunk
            chunk, chunk_bytes = [], 0
        chunk.append(entry)
        chunk_bytes += entry_bytes
    if chunk:
        yield chunk


def _put[E](
    chunk: Sequence[E],
    *,
    send: Callable[[Sequence[E]], Sequence[bool]],
    pause: Callable[[int], None],
) -> int:
    waiting = dict(enumerate(chunk))
    for attempt in range(1, ATTEMPTS_MAX + 1):
        refused = _refused(list(waiting.values()), send)
        waiting = {
            place: entry
            for (place, entry), failed in zip(waiting.items(), refused, strict=True)
            if failed
        }
        if not waiting:
            return len(chunk)
        if attempt < ATTEMPTS_MAX:
            pause(attempt)
    return min(waiting)


def _refused[E](
    entries: Sequence[E], send: Callable[[Sequence[E]], Sequence[bool]]
) -> Sequence[bool]:
    """Whether each entry failed to arrive, as far as the answer says."""
    try:
        return send(entries)
    except ServiceError as error:
        if not error.is_passing:
            raise
        return [True] * len(entries)
    except (Unanswered, TryAgain):
        return [True] * len(entries)
