"""Levels that hold for some months from the day on which they were reached.

Counters do not tell days, so the account records them: a write after which the amount of a period
is enough for a level notes the day. A refund that leaves less takes it back, because a day counts
only while the amount of its period is enough. A level also holds while the current period's amount
is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.ledger.account import Account, TierCarried, TierReached
from loyalty.domain.ledger.level_ranks import rank_below, reached_rank

if TYPE_CHECKING:
    from loyalty.domain.ledger.level_periods import LevelPeriods
    from loyalty.domain.program.levels import HoldsMonths

# Counters further back were numbered under an earlier setting of the program.
_PERIODS_BACK_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class LevelTerms:
    """The terms of one member's levels."""

    account: Account
    periods: LevelPeriods
    holds: HoldsMonths

    def rank_on(self, day: date) -> int:
        """The rank on a day, by terms and by the amount of the day's period."""
        amount = self.periods.amount(self.account.qualifying, self.periods.number(day))
        ranks = [rank for starts, ends, rank in self._spells(day) if starts <= day <= ends]
        return max([reached_rank(self.periods.tiers, amount), *ranks])

    def turns(self, day: date) -> list[date]:
        """Later days on which the rank may be different, soonest first."""
        number = self.periods.number(day)
        days = {self.periods.begins(number + ahead) for ahead in range(1, self.periods.spans + 2)}
        for starts, ends, _ in self._spells(day):
            days |= {starts, ends + timedelta(days=1)}
        return sorted(turn for turn in days if turn > day)

    def reaches(self, day: date) -> tuple[TierReached, ...]:
        """When levels were reached: as recorded, or else by the amounts alone.

        Nothing is recorded yet of a member who reached levels under another policy. They count as
        reached on the first day of the last period that had enough.
        """
        if self.account.tier_reached:
            return self.account.tier_reached
        amounts = self._amounts(day)
        tiers = self.periods.tiers
        latest: dict[str, int] = {}
        for number, amount in amounts.items():
            for level in tiers.levels:
                if level.reached_at is not None and level.reached_at <= amount:
                    latest[level.id] = number
        return tuple(
            TierReached(level, self.periods.begins(number)) for level, number in latest.items()
        )

    def reached_by(
        self, counted: Mapping[str, int], *, after: Account, day: date
    ) -> tuple[TierReached, ...]:
        """All days on which levels were reached, if amounts that count now add to them; else none.

        The day is today's, or the nearest day of the period that has enough now.
        """
        found: list[TierReached] = []
        now, spans = self.periods.number(day), self.periods.spans
        numbers = sorted(self.periods.counted({name: 1 for name in counted if counted[name] > 0}))
        for number in numbers:
            windows = range(number, min(number + spans - 1, max(now, number)) + 1)
            before = self.periods.amounts(self.account.qualifying, windows)
            amounts = self.periods.amounts(after.qualifying, windows)
            for level in self.periods.tiers.levels:
                crossed = [
                    window
                    for window, was, amount in zip(windows, before, amounts, strict=True)
                    if level.reached_at is not None and was < level.reached_at <= amount
                ]
                if crossed:
                    first, last = (
                        self.periods.begins(crossed[-1]),
                        self.periods.ends(crossed[-1]),
                    )
                    found.append(TierReached(level.id, max(first, min(day, last))))
        return tuple(dict.fromkeys((*self.reaches(day), *found))) if found else ()

    def kept_beyond(self, day: date) -> tuple[tuple[TierReached, ...], tuple[TierCarried, ...]]:
        """What settling keeps: recent days, which a refund can still take back, and older ones.

        The newest day stays in any case: it says that days are recorded of this member.
        """
        first_open = self.periods.number(day) - self.periods.stay_open
        reaches = self.reaches(day)
        recent = tuple(each for each in reaches if self.periods.number(each.on) >= first_open)
        older = [*self.account.tier_carried]
        older += [
            TierCarried(each.level, each.on)
            for each in reaches
            if each not in recent and self.has_enough(each, self.account.qualifying)
        ]
        latest: dict[str, date] = {}
        for level, on in older:
            latest[level] = max(on, latest.get(level, on))
        carried = tuple(
            TierCarried(level, on) for level, on in latest.items() if self._holds(level, on, day)
        )
        newest = max(reaches, key=lambda each: each.on, default=None)
        return recent or ((newest,) if newest else ()), carried

    def _holds(self, level: str, on: date, day: date) -> bool:
        return any(ends >= day for _, ends, _ in self._terms(level, on))

    def _spells(self, day: date) -> Iterator[tuple[date, date, int]]:
        """First day, last day and rank of each term that counts."""
        for carried in self.account.tier_carried:
            yield from self._terms(carried.level, carried.on)
        for each in self.reaches(day):
            if self.has_enough(each, self.account.qualifying):
                yield from self._terms(each.level, each.on)

    def _terms(self, level: str, on: date) -> Iterator[tuple[date, date, int]]:
        """The term of a level that was reached, and those of the steps down from it."""
        tiers = self.periods.tiers
        rank, number, starts = tiers.rank(level), 1, on
        while rank:
            ends = add_months(on, self.holds.months * number)
            yield starts, ends, rank
            rank = rank_below(tiers, rank) if tiers.one_step_down else 0
            number, starts = number + 1, ends + timedelta(days=1)

    def has_enough(self, reach: TierReached, counters: Mapping[str, int]) -> bool:
        """Whether what counters say of the day's period is enough for the level."""
        level = self.periods.tiers.level(reach.level)
        amount = self.periods.amount(counters, self.periods.number(reach.on))
        return level is not None and level.reached_at is not None and level.reached_at <= amount

    def _amounts(self, day: date) -> dict[int, int]:
        """What counts in each period that has an amount, until all amounts have left it."""
        last = self.periods.number(day) + 1
        counted = [
            number
            for number in self.periods.counted(self.account.qualifying)
            if last - _PERIODS_BACK_MAX <= number <= last
        ]
        if not counted:
            return {}
        numbers = range(min(counted), max(counted) + self.periods.spans)
        return dict(
            zip(numbers, self.periods.amounts(self.account.qualifying, numbers), strict=True)
        )
