"""Statements: what an account held at any moment, recomputed from nothing but its entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Entry
from loyalty.domain.ledger.holding import Holding, total
from loyalty.domain.ledger.settling import settle
from loyalty.domain.program.document import PublishedProgram


@dataclass(frozen=True, slots=True)
class LotLine:
    """One lot over a period; `expires_on` is the last day of its points."""

    expires_on: date
    opening: int
    closing: int

    @property
    def change(self) -> int:
        return self.closing - self.opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an account held before a period, what happened in it, and what it held after."""

    opening: Holding
    entries: tuple[Entry, ...]
    closing: Holding

    @property
    def lots(self) -> tuple[LotLine, ...]:
        days = sorted(self.opening.lots.keys() | self.closing.lots.keys())
        return tuple(
            LotLine(day, self.opening.lots.get(day, 0), self.closing.lots.get(day, 0))
            for day in days
        )


def complete(
    entries: Iterable[Entry], account: Account, *, program: PublishedProgram, now: datetime
) -> tuple[Entry, ...]:
    """All entries of an account in the order in which they counted.

    Those are among them that the calendar has caused and that no sweep has recorded yet: they
    count from their midnight on, so that what was shown then is what is found now.
    """
    due = settle(account, program=program, now=now)
    every = [*entries, *(due.entries if due else ())]
    return tuple(sorted(every, key=lambda entry: (entry.counted_at, entry.recorded_at)))


def held_at(entries: Iterable[Entry], moment: datetime) -> Holding:
    """What an account held at a moment, as it was shown then: the sum of what had counted."""
    return total(entry.effect for entry in entries if entry.counted_at <= moment)


def statement(
    entries: Sequence[Entry], *, first: date, last: date, program: PublishedProgram
) -> Statement:
    """The statement of a period of local days, both included.

    An expiry counts at the midnight after its last day, so it belongs to the day that begins.
    """
    zone = program.document.zone
    starts, ends = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    return Statement(
        opening=total(entry.effect for entry in entries if entry.counted_at < starts),
        entries=tuple(entry for entry in entries if starts <= entry.counted_at < ends),
        closing=total(entry.effect for entry in entries if entry.counted_at < ends),
    )
