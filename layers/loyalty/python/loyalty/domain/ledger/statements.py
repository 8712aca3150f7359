"""Statements: what an account held at any moment, recomputed from its entries alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.holding import Holding, total
from loyalty.domain.ledger.settling import settle

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.program.document import PublishedProgram


class StatementPeriod(NamedTuple):
    """The time from `starts` on, up to but not including `ends`."""

    starts: datetime
    ends: datetime

    @classmethod
    def of_days(cls, first: date, last: date, *, zone: tzinfo) -> StatementPeriod:
        """The period of local days, both included."""
        return cls(midnight(first, zone), midnight(last + timedelta(days=1), zone))

    def contains(self, moment: datetime) -> bool:
        return self.starts <= moment < self.ends


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
    """What an account held before a period, the entries of the period, and what it held after."""

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


def unrecorded(account: Account, *, program: PublishedProgram, now: datetime) -> tuple[Entry, ...]:
    """Entries that the calendar has caused and that no sweep has recorded yet.

    They count from their midnight on, so a statement agrees with what was shown at the time.
    """
    due = settle(account, program=program, now=now)
    return due.entries if due else ()


def counted_before(entries: Iterable[Entry], moment: datetime) -> Holding:
    """The sum of the entries that counted before a moment."""
    return total(entry.effect for entry in entries if entry.counted_at < moment)


def statement(
    opening: Holding, entries: Iterable[Entry], *, due: Iterable[Entry], period: StatementPeriod
) -> Statement:
    """The statement of a period, from the sum of all earlier entries and the entries in it.

    An expiry counts at the midnight after its last day, so it belongs to the day that begins.
    `due` are the entries of any time that no sweep has recorded yet.
    """
    due = tuple(due)
    opening += counted_before(due, period.starts)
    inside = [*entries, *(entry for entry in due if period.contains(entry.counted_at))]
    inside.sort(key=lambda entry: (entry.counted_at, entry.recorded_at))
    return Statement(
        opening=opening,
        entries=tuple(inside),
        closing=opening + total(entry.effect for entry in inside),
    )
