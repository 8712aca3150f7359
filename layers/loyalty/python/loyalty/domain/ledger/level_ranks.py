"""How high a member stands by what counted, period after period; grants come on top of it.

A rank is the place of a level in the program, from 1; 0 is no level. In each period a member has
the best of what they carry into it and what they reach in it. What is carried follows from the
rank in the period before and from the program's policy, so a rank is a pure function of counters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.ledger.account import Account, TierCarried

if TYPE_CHECKING:
    from loyalty.domain.ledger.level_periods import LevelPeriods
    from loyalty.domain.program.levels import (
        TierLevel,
        Tiers,
    )

# Counters further back were numbered under an earlier setting of the program.
_PERIODS_BACK_MAX: Final = 240


def needed_to_keep(level: TierLevel) -> int | None:
    """The amount that keeps a level; None for a level that only a grant gives."""
    return level.keeps_at or level.reached_at


def looks_back(tiers: Tiers) -> bool:
    """Whether a level can depend on the levels of periods before, and not on amounts alone."""
    return (
        tiers.holds.model == "for_life"
        or tiers.one_step_down
        or any(level.keeps_at is not None for level in tiers.levels)
    )


def reached_rank(tiers: Tiers, amount: int) -> int:
    """The rank that an amount of one period reaches."""
    return max(
        (
            rank
            for rank, level in enumerate(tiers.levels, 1)
            if level.reached_at is not None and level.reached_at <= amount
        ),
        default=0,
    )


def kept_rank(tiers: Tiers, rank: int, amount: int) -> int:
    """The rank that an amount keeps for a member who had a rank."""
    return max(
        (
            number
            for number, level in enumerate(tiers.levels[:rank], 1)
            if (needed := needed_to_keep(level)) is not None and needed <= amount
        ),
        default=0,
    )


def rank_below(tiers: Tiers, rank: int) -> int:
    """The next lower rank that can be reached by an amount."""
    return max(
        (
            number
            for number, level in enumerate(tiers.levels[: max(0, rank - 1)], 1)
            if level.reached_at is not None
        ),
        default=0,
    )


class InPeriod(NamedTuple):
    """The rank that a member carried into a numbered period, and the rank in it."""

    number: int
    carried: int
    rank: int


@dataclass(frozen=True, slots=True)
class LevelRanks:
    """The ranks of one member."""

    account: Account
    periods: LevelPeriods

    def ranks(self, numbers: range) -> list[int]:
        """The rank in each of successive numbered periods."""
        tiers = self.periods.tiers
        if looks_back(tiers):
            course = self._course(numbers.stop - 1, first=numbers.start)
            return [each.rank for each in course if each.number in numbers]
        holds = self.periods.spans if tiers.holds.model == "next_period" else 0
        start = numbers.start - holds
        amounts = self.periods.amounts(self.account.qualifying, range(start, numbers.stop))
        return [
            reached_rank(tiers, max(amounts[number - holds - start : number - start + 1]))
            for number in numbers
        ]

    def carried_into(self, number: int) -> int:
        """The rank that the member carries into a numbered period."""
        *_, last = self._course(number, first=number)
        return last.carried

    def _course(self, last: int, *, first: int) -> Iterator[InPeriod]:
        """From the first period that is known of, or `first`, to the last one."""
        account, tiers = self.account, self.periods.tiers
        carried: dict[int, int] = {}
        for each in account.tier_carried:
            number = self.periods.number(each.on)
            carried[number] = max(tiers.rank(each.level), carried.get(number, 0))
        counted = self.periods.counted(account.qualifying)
        numbers_before = [
            number for number in counted if last - _PERIODS_BACK_MAX <= number <= last
        ]
        start = min([first, *numbers_before, *carried])
        rank, before = 0, 0
        for number, amount in enumerate(
            self.periods.amounts(account.qualifying, range(start, last + 1)), start
        ):
            into = max(self._carries(rank, before, amount), carried.get(number, 0))
            rank = max(into, reached_rank(tiers, amount))
            before = amount
            yield InPeriod(number, into, rank)

    def _carries(self, rank: int, before: int, amount: int) -> int:
        """The rank carried on from a period with an amount `before` into one with an `amount`."""
        tiers = self.periods.tiers
        if tiers.holds.model == "for_life":
            return rank
        judged = before if tiers.holds.model == "next_period" else amount
        carried = kept_rank(tiers, rank, judged)
        return max(carried, rank_below(tiers, rank)) if tiers.one_step_down else carried

    def changes_until(self, day: date) -> int:
        """The last numbered period in which the rank can change after a day, if nothing counts."""
        tiers, now = self.periods.tiers, self.periods.number(day)
        # A till whose clock is ahead may count for the next period.
        newest = now + 1
        if tiers.holds.model == "for_life":
            return newest
        steps = len(tiers.levels) if tiers.one_step_down else 0
        return newest + 2 * self.periods.spans + steps


def carried_beyond(
    account: Account, periods: LevelPeriods, *, day: date
) -> tuple[TierCarried, ...]:
    """What the counters that settling drops say: the rank carried into the first open period."""
    tiers = periods.tiers
    if not looks_back(tiers):
        return ()
    first = periods.number(day) - periods.stay_open
    later = tuple(each for each in account.tier_carried if periods.number(each.on) > first)
    rank = LevelRanks(account, periods).carried_into(first)
    if not rank:
        return later
    return (TierCarried(tiers.levels[rank - 1].id, periods.begins(first)), *later)
