"""Points by place, as one value: what an account holds, and what an entry changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.kernel.calendar import NEVER

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import Part


class PendingDates(NamedTuple):
    """When pending points become available and when they will expire, both fixed at the earn."""

    available_on: date
    expires_on: date


def _none[K]() -> Mapping[K, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Points in lots, points owed, and points that become available later.

    `lots` maps the last day on which points can be spent to points. `pending` maps the two dates
    fixed at the earn to points. `debt` is owed. An entry's effect is a signed holding, and an
    account holds the sum of its entries' effects: holdings form a commutative group under `+`,
    with `Holding()` as zero. A lot of zero points is dropped, so equal holdings compare equal.
    """

    lots: Mapping[date, int] = field(default_factory=_none)
    debt: int = 0
    pending: Mapping[PendingDates, int] = field(default_factory=_none)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lots", _without_zeros(self.lots))
        object.__setattr__(self, "pending", _without_zeros(self.pending))

    @classmethod
    def from_parts(cls, parts: Iterable[Part], *, today: date) -> Holding:
        """Parts of an award: those available today as lots, the others as pending points."""
        lots: Counter[date] = Counter()
        pending: Counter[PendingDates] = Counter()
        for part in parts:
            if part.available_on > today:
                pending[PendingDates(part.available_on, part.expires_on)] += part.points
            else:
                lots[part.expires_on] += part.points
        return cls(lots=lots, pending=pending)

    def __add__(self, other: Holding) -> Holding:
        return total((self, other))

    def __sub__(self, other: Holding) -> Holding:
        return total((self, -other))

    def __neg__(self) -> Holding:
        return Holding(
            lots={lot: -points for lot, points in self.lots.items()},
            debt=-self.debt,
            pending={dates: -points for dates, points in self.pending.items()},
        )

    @property
    def is_empty(self) -> bool:
        return self == Holding()

    @property
    def is_negative(self) -> bool:
        """Whether any lot, pending amount or debt is below zero, which no account can hold."""
        return min((self.debt, *self.lots.values(), *self.pending.values())) < 0

    @property
    def points(self) -> int:
        """The points in lots, less the debt: what a balance shows."""
        return self.spendable - self.debt

    @property
    def spendable(self) -> int:
        return sum(self.lots.values())

    @property
    def pending_points(self) -> int:
        return sum(self.pending.values())

    def take(self, points: int, *, prefer: Mapping[date, int] = MappingProxyType({})) -> Holding:
        """Choose the lots that points are taken from; the holding must not be negative.

        Takes up to `prefer` from the preferred lots, then from the soonest expiry on. Returns
        fewer points if there are fewer.
        """
        taken: Counter[date] = Counter()
        left = points
        limits = [(lot, prefer[lot]) for lot in sorted(prefer)]
        limits += [(lot, self.lots[lot]) for lot in sorted(self.lots)]
        for lot, most in limits:
            share = max(0, min(left, most, self.lots.get(lot, 0) - taken[lot]))
            taken[lot] += share
            left -= share
        return Holding(lots=taken)

    def netted(self) -> Holding:
        """The holding after its lots have paid its debt, soonest expiry first."""
        paid = self.take(self.debt)
        return self - paid - Holding(debt=paid.spendable)

    def first_due(self, *, lapses_after: date = NEVER, spared: Container[date] = ()) -> date | None:
        """The first day on which something in it has to be settled; None if never."""
        ends = [ends_on(lot, lapses_after, spared=spared) for lot in self.lots]
        days = [end + timedelta(days=1) for end in ends if end < NEVER]
        days += [dates.available_on for dates in self.pending]
        return min(days, default=None)


def total(holdings: Iterable[Holding]) -> Holding:
    """The sum of several holdings."""
    lots: dict[date, int] = {}
    pending: dict[PendingDates, int] = {}
    debt = 0
    # A trial adds up millions of them, and a `Counter` would take half of its time.
    for each in holdings:
        for lot, points in each.lots.items():
            lots[lot] = lots.get(lot, 0) + points
        for dates, points in each.pending.items():
            pending[dates] = pending.get(dates, 0) + points
        debt += each.debt
    return Holding(lots=lots, debt=debt, pending=pending)


def ends_on(lot: date, lapses_after: date, *, spared: Container[date] = ()) -> date:
    """The last day of a lot: its own, or the one before all points lapse, if that is sooner.

    Lots that were reinstated are `spared`: they keep the days that they were given.
    """
    return lot if lot in spared else min(lot, lapses_after)


def _without_zeros[K](points: Mapping[K, int]) -> dict[K, int]:
    return {name: amount for name, amount in points.items() if amount} if points else {}
