"""Carry out a request exactly once, and answer every repetition of it with the first result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loyalty.domain.kernel.errors import IdempotencyConflict, LimitReached, Refusal
from loyalty.domain.ledger.entries import Entry, RequestCause
from loyalty.domain.ledger.postings import Posting, signed
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ports import Desk, Overtaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The request's entry: a new one, or that of the first time the request was made."""

    entry: Entry
    replayed: bool


@until_saved
def once(
    cause: RequestCause,
    *,
    fingerprint: str,
    decide: Callable[[], Posting],
    on_short_stock: Callable[[], None] = lambda: None,
    desk: Desk,
) -> Recorded:
    """Decide and post until it is written; an entry that already has the cause is the answer.

    No refusal goes out before a strong read of the cause's entry: the first attempt may have
    succeeded, lost its answer, and taken the points that this one misses.

    `on_short_stock` is called before another attempt, if a shard of a stock refused its unit.

    Raises:
        IdempotencyConflict: the same request was made before with different content.
        TryAgain: other writers were faster too often.
        Refusal: any refusal of `decide`.
    """
    try:
        posting = signed(decide(), by=desk.caller)
    except Refusal as refusal:
        return _first_or(refusal, cause, fingerprint, desk=desk)
    try:
        desk.books.post(posting)
    except Overtaken as overtaken:
        first = overtaken.entry
        if first is None and not overtaken.accounts:
            # Everything else that a request writes is its own: only its first attempt wrote it.
            first = desk.books.entry(cause)
        if isinstance(first, Entry):
            return _replay(first, fingerprint)
        if overtaken.short_stock:
            on_short_stock()
        if overtaken.over_allowance:
            over = LimitReached("This exceeds what your role may still adjust today")
            return _first_or(over, cause, fingerprint, desk=desk)
        raise
    return Recorded(entry=posting.entries[0], replayed=False)


def first_time(cause: RequestCause, fingerprint: str, *, desk: Desk) -> Recorded | None:
    """The answer of the first time that a request was made; None if there was none.

    Raises:
        IdempotencyConflict: it was made with different content.
    """
    first = desk.books.entry(cause)
    return _replay(first, fingerprint) if isinstance(first, Entry) else None


def _first_or(refusal: Refusal, cause: RequestCause, fingerprint: str, *, desk: Desk) -> Recorded:
    """The answer of the first time, or the refusal if there was no first time."""
    first = first_time(cause, fingerprint, desk=desk)
    if first is None:
        raise refusal
    return first


def _replay(first: Entry, fingerprint: str) -> Recorded:
    if first.fingerprint != fingerprint:
        raise IdempotencyConflict("This Idempotency-Key was used with different content")
    return Recorded(entry=first, replayed=True)
