"""Explanations: which entries the points of an account come from, and which took the rest.

The ledger counts points by lot and not one by one, so within a lot a rule has to say which points
are gone. A refund or a change of an order, and the immediate expiry of its points, first take what
that order brought. Everything else takes the oldest points of the lot first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.ledger.holding import Holding, PendingDates, total

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Entry


class Taking(NamedTuple):
    """Points that an entry took away."""

    entry: Entry
    points: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Points that one entry brought, and the entries that took some of them since."""

    entry: Entry
    brought: int
    takings: tuple[Taking, ...] = ()

    @property
    def remaining(self) -> int:
        return self.brought - sum(taking.points for taking in self.takings)


@dataclass(frozen=True, slots=True)
class ExplainedLot:
    """The points of one expiry date, by origin."""

    expires_on: date
    origins: tuple[Origin, ...]

    @property
    def points(self) -> int:
        return sum(origin.remaining for origin in self.origins)


@dataclass(frozen=True, slots=True)
class ExplainedPending:
    """Points that become available on one day and expire on another, by origin."""

    dates: PendingDates
    origins: tuple[Origin, ...]

    @property
    def points(self) -> int:
        return sum(origin.remaining for origin in self.origins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What an account holds, and why.

    The sum of what remains of each origin is exactly what the account holds. `debt` has the
    entries that changed the debt since there was none.
    """

    held: Holding
    lots: tuple[ExplainedLot, ...]
    pending: tuple[ExplainedPending, ...]
    debt: tuple[Taking, ...]

    @property
    def origins(self) -> Sequence[Origin]:
        in_lots = [origin for lot in self.lots for origin in lot.origins]
        return in_lots + [origin for part in self.pending for origin in part.origins]


def explain(entries: Iterable[Entry]) -> Explanation:
    """Why an account holds what it holds, from its entries up to some moment, oldest first."""
    entries = tuple(entries)
    lots: defaultdict[date, _Pile] = defaultdict(_Pile)
    pending: defaultdict[PendingDates, _Pile] = defaultdict(_Pile)
    owed: list[Taking] = []
    for entry in entries:
        arriving = _activated(entry, pending)
        _wait(entry, pending, arriving)
        for lot, points in sorted(entry.effect.lots.items()):
            if points < 0:
                lots[lot].take(entry, -points)
            else:
                for brought_by, part in _newest(arriving.get(lot, ()), points, otherwise=entry):
                    lots[lot].bring(brought_by, part)
        if entry.effect.debt:
            owed.append(Taking(entry, entry.effect.debt))
            if not sum(change.points for change in owed):
                owed.clear()
    return Explanation(
        held=total(entry.effect for entry in entries),
        lots=tuple(
            ExplainedLot(lot, origins) for lot in sorted(lots) if (origins := lots[lot].origins())
        ),
        pending=tuple(
            ExplainedPending(dates, origins)
            for dates in sorted(pending)
            if (origins := pending[dates].origins())
        ),
        debt=tuple(owed),
    )


def _wait(
    entry: Entry,
    pending: defaultdict[PendingDates, _Pile],
    arriving: Mapping[date, Sequence[tuple[Entry, int]]],
) -> None:
    """Bring and take pending points; those of a released order may wait for a sooner day."""
    for dates, points in sorted(entry.effect.pending.items()):
        if points > 0:
            freed = arriving.get(dates.expires_on, ())
            for brought_by, part in _newest(freed, points, otherwise=entry):
                pending[dates].bring(brought_by, part)
        elif entry.kind != "activation":
            pending[dates].take(entry, -points)


def _activated(
    entry: Entry, pending: defaultdict[PendingDates, _Pile]
) -> dict[date, list[tuple[Entry, int]]]:
    """Take pending points that became available; return who brought them, by expiry date."""
    arriving: defaultdict[date, list[tuple[Entry, int]]] = defaultdict(list)
    if entry.kind == "activation":
        for dates, points in sorted(entry.effect.pending.items()):
            if points < 0:
                arriving[dates.expires_on] += pending[dates].move(entry, -points)
    return arriving


def _newest(
    slices: Sequence[tuple[Entry, int]], points: int, *, otherwise: Entry
) -> list[tuple[Entry, int]]:
    """The newest of some slices, as many points as arrived; the oldest have paid a debt.

    What no slice accounts for was brought by the entry itself.
    """
    chosen: list[tuple[Entry, int]] = []
    for entry, part in reversed(slices):
        share = min(part, points)
        if share:
            chosen.append((entry, share))
        points -= share
    if points:
        chosen.append((otherwise, points))
    return chosen[::-1]


@dataclass(slots=True)
class _Brought:
    entry: Entry
    points: int
    takings: list[Taking] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        return self.points - sum(taking.points for taking in self.takings)


@dataclass(slots=True)
class _Pile:
    """The points of one place, oldest first.

    Servers' clocks differ, so an entry that takes points can be listed before the one that brought
    them. What it could not take is `missing` until more points come.
    """

    brought: list[_Brought] = field(default_factory=list)
    missing: list[Taking] = field(default_factory=list)

    def bring(self, entry: Entry, points: int) -> None:
        self.brought.append(_Brought(entry, points))
        missing, self.missing = self.missing, []
        for taking in missing:
            self.move(taking.entry, taking.points)

    def take(self, by: Entry, points: int) -> None:
        self.move(by, points)

    def move(self, by: Entry, points: int) -> list[tuple[Entry, int]]:
        """Take points, first those of the same order; return by which entries they had come."""
        moved: list[tuple[Entry, int]] = []
        of_order = [
            each for each in self.brought if by.order is not None and each.entry.order == by.order
        ]
        for each in (*of_order, *self.brought):
            share = min(points, each.remaining)
            if share > 0:
                each.takings.append(Taking(by, share))
                moved.append((each.entry, share))
                points -= share
        if points:
            self.missing.append(Taking(by, points))
        return moved

    def origins(self) -> tuple[Origin, ...]:
        return tuple(
            Origin(each.entry, each.points, tuple(each.takings))
            for each in self.brought
            if each.remaining
        )
