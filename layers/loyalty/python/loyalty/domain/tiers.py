"""Tiers: a member's level is a pure function of counters, the program and the day.

What qualifies is counted by period on the account. A level reached in one period holds to the end
of the next; a floor, where a manager set one, holds to its own day. The level itself is never
stored, so a program that changes its levels changes everybody's, and no job goes over members.

Periods are numbered: calendar years by the year, years of membership from 0, rolling months by
`year * 12 + month - 1`. A rolling period is twelve of these months.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, NamedTuple

from loyalty.domain.account import Account
from loyalty.domain.calendar import add_months
from loyalty.domain.program import Level, Program, Tiers
from loyalty.domain.qualifying import LETTERS

_ROLLING_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Step:
    """What is missing to a level, and the last day to reach it by."""

    level: Level
    missing: int
    by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a member stands: the level, its last day if nothing more is done, and what is missing.

    `amount` is what counts in the current period. `next` leads up and `keep` holds the level
    beyond its last day; each is None where there is nothing to do.
    """

    level: Level | None
    holds_until: date | None
    amount: int
    next: Step | None
    keep: Step | None


def counter(tiers: Tiers, account: Account, program: Program, *, day: date) -> str:
    """The name of the account's counter for a day's period, as `p2026`."""
    return f"{LETTERS[tiers.basis]}{_period(tiers, account, program, day)}"


def level_on(account: Account, program: Program, *, day: date) -> Level | None:
    """The level that a member has on a day; None below the first, or without tiers."""
    tiers = program.tiers
    if tiers is None:
        return None
    period = _period(tiers, account, program, day)
    best = max(_amount(tiers, account.qualifying, period - ago) for ago in range(_holds(tiers) + 1))
    reached = [level for level in tiers.levels if level.reached_at <= best]
    floor = _floor(account, tiers, day)
    return max((*reached, *floor), key=lambda level: level.reached_at, default=None)


def drops_on(account: Account, program: Program, *, day: date) -> date | None:
    """The first day after this on which the level is lower if nothing more is done."""
    tiers, level = program.tiers, level_on(account, program, day=day)
    if tiers is None or level is None:
        return None
    for turn in _turns(tiers, account, program, day):
        later = level_on(account, program, day=turn)
        if later is None or later.reached_at < level.reached_at:
            return turn
    return None


class Announcement(NamedTuple):
    """A level that a write makes known, and the one that was known before."""

    level: str | None
    seen: str | None


def announcement(
    account: Account, program: Program, *, counted: Mapping[str, int], day: date
) -> tuple[Announcement | None, date | None]:
    """What counting does to the level that is known, and the day on which a new one may end."""
    if program.tiers is None:
        return None, None
    qualifying = Counter(account.qualifying)
    qualifying.update(counted)
    after = replace(account, qualifying=qualifying)
    level = level_on(after, program, day=day)
    known = level.id if level else None
    if known == account.tier_announced:
        return None, None
    return Announcement(known, account.tier_announced), drops_on(after, program, day=day)


def standing(account: Account, program: Program, *, day: date) -> Standing | None:
    """Where a member stands on a day; None in a program without tiers."""
    tiers = program.tiers
    if tiers is None:
        return None
    period = _period(tiers, account, program, day)
    amount = _amount(tiers, account.qualifying, period)
    by = _begins(tiers, account, program, period + 1) - timedelta(days=1)
    level = level_on(account, program, day=day)
    drops = drops_on(account, program, day=day)
    has = level.reached_at if level else 0
    above = next((each for each in tiers.levels if each.reached_at > has), None)
    return Standing(
        level=level,
        holds_until=drops - timedelta(days=1) if drops else None,
        amount=amount,
        next=Step(above, above.reached_at - amount, by) if above else None,
        keep=Step(level, has - amount, by) if level and amount < has else None,
    )


def relevant(account: Account, program: Program, *, day: date) -> dict[str, int]:
    """The counters that can still matter: settling drops the others, so accounts stay small."""
    tiers = program.tiers
    if tiers is None:
        return dict(account.qualifying)
    letter = LETTERS[tiers.basis]
    oldest = _period(tiers, account, program, day) - _holds(tiers) - _spans(tiers) + 1
    return {
        name: amount
        for name, amount in account.qualifying.items()
        if amount and name.startswith(letter) and int(name[1:]) >= oldest
    }


def _spans(tiers: Tiers) -> int:
    """How many numbered periods count together."""
    return _ROLLING_MONTHS if tiers.period == "rolling_12_months" else 1


def _holds(tiers: Tiers) -> int:
    """For how many further numbered periods a level holds once it was reached."""
    return _spans(tiers)


def _period(tiers: Tiers, account: Account, program: Program, day: date) -> int:
    match tiers.period:
        case "calendar_year":
            return day.year
        case "rolling_12_months":
            return day.year * 12 + day.month - 1
        case "membership_year":
            enrolled_on = _enrolled_on(account, program, day)
            years = day.year - enrolled_on.year
            # An order of the time before counts in the first year.
            return max(0, years - (day < add_months(enrolled_on, 12 * years)))


def _begins(tiers: Tiers, account: Account, program: Program, period: int) -> date:
    """The first day of a numbered period."""
    match tiers.period:
        case "calendar_year":
            return date(period, 1, 1)
        case "rolling_12_months":
            return date(period // 12, period % 12 + 1, 1)
        case "membership_year":
            return add_months(_enrolled_on(account, program, date.min), 12 * period)


def _enrolled_on(account: Account, program: Program, day: date) -> date:
    return program.today(account.enrolled_at) if account.enrolled_at else day


def _amount(tiers: Tiers, counters: Mapping[str, int], period: int) -> int:
    letter = LETTERS[tiers.basis]
    return sum(counters.get(f"{letter}{period - ago}", 0) for ago in range(_spans(tiers)))


def _floor(account: Account, tiers: Tiers, day: date) -> Iterator[Level]:
    if account.tier_floor is not None and day <= account.tier_floor.until:
        yield from (level for level in tiers.levels if level.id == account.tier_floor.level)


def _turns(tiers: Tiers, account: Account, program: Program, day: date) -> list[date]:
    """The days to come on which a level may end, soonest first."""
    period = _period(tiers, account, program, day)
    last = period + _holds(tiers) + _spans(tiers)
    turns = [_begins(tiers, account, program, each) for each in range(period + 1, last + 1)]
    if account.tier_floor is not None and account.tier_floor.until >= day:
        turns.append(account.tier_floor.until + timedelta(days=1))
    return sorted(turns)
