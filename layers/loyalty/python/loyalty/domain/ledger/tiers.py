"""Tiers: a member's level is a pure function of counters, the program and the day.

The account counts what qualifies by period. A level reached in one period holds to the end of the
next; a floor, if a manager granted one, holds to its own day. The level itself is never stored, so
a program that changes its levels changes everybody's at once, without a job over all members.

Periods are numbered: calendar years by the year, years of membership from 0, rolling months by
`year * 12 + month - 1`. A rolling period is twelve of these months.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from loyalty.domain.earning.qualifying import LETTERS
from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.program.document import Program, TierLevel, Tiers

_ROLLING_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Step:
    """What is missing to reach a level, and the last day on which that amount is enough."""

    level: TierLevel
    missing: int
    by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a member stands: the level, its last day without further orders, and what is missing.

    `amount` is what counts in the current period. `next` is the step to the next level; `keep` is
    the step that holds the level beyond its last day. Each is None if there is nothing to do.
    """

    level: TierLevel | None
    holds_until: date | None
    amount: int
    next: Step | None
    keep: Step | None


def counter(tiers: Tiers, account: Account, program: Program, *, day: date) -> str:
    """The name of the account's counter for a day's period, such as `p2026`."""
    return f"{LETTERS[tiers.basis]}{_period(tiers, account, program, day)}"


def level_on(account: Account, program: Program, *, day: date) -> TierLevel | None:
    """The level that a member has on a day; None below the first level, or without tiers."""
    tiers = program.tiers
    if tiers is None:
        return None
    period = _period(tiers, account, program, day)
    counted = _amounts(tiers, account.qualifying, range(period - _holds(tiers), period + 1))
    return _level(max(counted), account, tiers, day)


def drops_on(account: Account, program: Program, *, day: date) -> date | None:
    """The first later day on which the level is lower, without further orders."""
    level = level_on(account, program, day=day)
    if level is None:
        return None
    for turn, later in _later(account, program, day):
        if later is None or later.reached_at < level.reached_at:
            return turn
    return None


def changes_on(account: Account, program: Program, *, day: date) -> date | None:
    """The first later day on which the level is different, without further orders.

    It can be a higher one: an order from a till whose clock is ahead counts for the next period.
    """
    level = level_on(account, program, day=day)
    return next((turn for turn, later in _later(account, program, day) if later != level), None)


class TierAnnouncement(NamedTuple):
    """A level that a write announces; None means that the member no longer has one."""

    level: str | None
    is_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What counting does to a member's level, and what that was decided from.

    `changes_on` is the day on which the level changes without further orders. A usual order adds
    to the newest counter and reaches no level: it relies on the counter being `at_most` an amount
    above which it would reach one, and on the `revision` of everything else. Any other write relies
    on the counters being `exactly` as seen, and `revises` what other writes rely on.
    """

    announces: TierAnnouncement | None = None
    changes_on: date | None = None
    at_most: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    exactly: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    revision: int | None = None
    revises: bool = False


def counting(
    account: Account, program: Program, *, counted: Mapping[str, int], day: date
) -> Counting:
    """What counting these amounts does to the level last announced."""
    tiers = program.tiers
    if tiers is None:
        return Counting()
    qualifying = Counter(account.qualifying)
    qualifying.update(counted)
    after = replace(account, qualifying=qualifying)
    level = level_on(after, program, day=day)
    announces = announcement(account, level, program)
    decided = Counting(announces=announces, changes_on=changes_on(after, program, day=day))
    names = {name for name, amount in counted.items() if amount}
    if not names and announces is None:
        return decided
    decided = replace(decided, revision=account.tier_revision)
    newest = _newest(account, tiers)
    current = counter(tiers, account, program, day=day)
    if names == {newest} == {current} and counted[current] > 0 and announces is None:
        bound = _below_the_next(current, level, after, program, day)
        most = {} if bound is None else {current: bound - counted[current]}
        return replace(decided, at_most=most)
    seen = names | ({newest} if newest else set())
    exactly = {name: account.qualifying.get(name, 0) for name in sorted(seen)}
    return replace(decided, exactly=exactly, revises=True)


def _newest(account: Account, tiers: Tiers) -> str | None:
    """The counter of the latest period with an amount."""
    letter = LETTERS[tiers.basis]
    names = (name for name, amount in account.qualifying.items() if amount and name[0] == letter)
    return max(names, key=lambda name: int(name[1:]), default=None)


def announcement(
    account: Account, level: TierLevel | None, program: Program
) -> TierAnnouncement | None:
    """The announcement of a level; None if it was announced already."""
    level_id = level.id if level else None
    if level_id == account.tier_announced:
        return None
    return TierAnnouncement(
        level_id,
        is_up=_rank(level_id, program) > _rank(account.tier_announced, program),
    )


def announced(account: Account, level: TierLevel | None, program: Program) -> Account:
    """The account after a level is announced."""
    news = announcement(account, level, program)
    if news is None:
        return account
    return replace(
        account,
        tier_announced=news.level,
        tier_ups=account.tier_ups + news.is_up,
        tier_downs=account.tier_downs + (not news.is_up),
    )


def granted(floor: TierFloor | None, *, day: date) -> TierFloor | None:
    """A floor if it still holds on a day."""
    return floor if floor is not None and day <= floor.until else None


def higher_floor(
    one: TierFloor | None, other: TierFloor | None, program: Program, *, day: date
) -> TierFloor | None:
    """The better of two floors: the higher level, or the one that holds longer."""
    floors = [floor for floor in (granted(one, day=day), granted(other, day=day)) if floor]
    return max(floors, key=lambda floor: (_rank(floor.level, program), floor.until), default=None)


def moved(loser: Account, survivor: Account, program: Program, *, day: date) -> dict[str, int]:
    """What counted for the loser of a merge, by the periods of the survivor.

    Only membership years differ between members. What counted in one of the loser's years counts
    for the survivor's year in which it ended, which is the one that holds longest.
    """
    tiers = program.tiers
    if tiers is None or tiers.period != "membership_year":
        return dict(loser.qualifying)
    letter, counted = LETTERS[tiers.basis], Counter[str]()
    for name, amount in relevant(loser, program, day=day).items():
        ended_on = _begins(tiers, loser, program, int(name[1:]) + 1) - timedelta(days=1)
        period = _period(tiers, survivor, program, min(ended_on, day))
        counted[f"{letter}{period}"] += amount
    return dict(counted)


def standing(account: Account, program: Program, *, day: date) -> Standing | None:
    """Where a member stands on a day; None in a program without tiers."""
    tiers = program.tiers
    if tiers is None:
        return None
    period = _period(tiers, account, program, day)
    amount = _amount(tiers, account.qualifying, period)
    level = level_on(account, program, day=day)
    drops = drops_on(account, program, day=day)
    holds_until = drops - timedelta(days=1) if drops else None
    above = _above(level, tiers)
    return Standing(
        level=level,
        holds_until=holds_until,
        amount=amount,
        next=(
            Step(above, above.reached_at - amount, _suffices_until(tiers, account, program, day))
            if above
            else None
        ),
        keep=_keep(level, holds_until, account, program, day) if level and holds_until else None,
    )


def _suffices_until(tiers: Tiers, account: Account, program: Program, day: date) -> date:
    """The last day on which what is missing today is still all that is missing.

    It is the end of the period. A rolling period ends with every month, but the next one still
    counts this month: more is missing only when a month with an amount no longer counts, and at
    the latest after the twelve months that begin with this one.
    """
    period = _period(tiers, account, program, day)
    until_now = {
        name: amount for name, amount in account.qualifying.items() if int(name[1:]) <= period
    }
    counted = _amounts(tiers, until_now, range(period, period + _spans(tiers)))
    ends = (number for number, amount in enumerate(counted) if amount < counted[0])
    lasts = next(ends, _spans(tiers))
    return _begins(tiers, account, program, period + lasts) - timedelta(days=1)


def _keep(
    level: TierLevel, holds_until: date, account: Account, program: Program, day: date
) -> Step | None:
    """What is missing to keep the level, once the period in which it ends has begun."""
    tiers = program.tiers
    if tiers is None:
        return None
    last = _period(tiers, account, program, holds_until)
    missing = level.reached_at - _amount(tiers, account.qualifying, last)
    has_begun = _begins(tiers, account, program, last - _spans(tiers) + 1) <= day
    return Step(level, missing, holds_until) if has_begun and missing > 0 else None


def relevant(account: Account, program: Program, *, day: date) -> dict[str, int]:
    """The counters that can still matter. Settling drops the others, so accounts stay small."""
    tiers = program.tiers
    if tiers is None:
        return dict(account.qualifying)
    letter = LETTERS[tiers.basis]
    period = _period(tiers, account, program, day)
    # A till whose clock is ahead may count for the next period. Higher numbers come from the
    # periods of an earlier version of the program.
    numbers = range(period - _holds(tiers) - _spans(tiers) + 1, period + 2)
    return {
        name: amount
        for name, amount in account.qualifying.items()
        if amount and name.startswith(letter) and int(name[1:]) in numbers
    }


def _spans(tiers: Tiers) -> int:
    """How many numbered periods count together."""
    return _ROLLING_MONTHS if tiers.period == "rolling_12_months" else 1


def _holds(tiers: Tiers) -> int:
    """For how many further numbered periods a level holds after it was reached."""
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
            # An order from before the enrollment counts in the first year.
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
    """What counts in a numbered period."""
    return _amounts(tiers, counters, range(period, period + 1))[0]


def _amounts(tiers: Tiers, counters: Mapping[str, int], periods: range) -> list[int]:
    """What counts in each of successive numbered periods."""
    letter, spans = LETTERS[tiers.basis], _spans(tiers)
    counted = {int(name[1:]): amount for name, amount in counters.items() if name[0] == letter}
    amount = sum(counted.get(periods.start - ago, 0) for ago in range(1, spans + 1))
    amounts = []
    for period in periods:
        amount += counted.get(period, 0) - counted.get(period - spans, 0)
        amounts.append(amount)
    return amounts


def _rank(level_id: str | None, program: Program) -> int:
    """How high a level is; 0 for no level, or for one that the program no longer has."""
    levels = program.tiers.levels if program.tiers else ()
    return next((rank for rank, level in enumerate(levels, 1) if level.id == level_id), 0)


def _above(level: TierLevel | None, tiers: Tiers) -> TierLevel | None:
    has = level.reached_at if level else 0
    return next((each for each in tiers.levels if each.reached_at > has), None)


def _below_the_next(
    name: str, level: TierLevel | None, account: Account, program: Program, day: date
) -> int | None:
    """The most that a counter can hold without reaching the next level; None: any amount."""
    tiers = program.tiers
    above = _above(level, tiers) if tiers else None
    if tiers is None or above is None:
        return None
    period, number = _period(tiers, account, program, day), int(name[1:])
    first = max(number, period - _holds(tiers))
    counting_it = range(first, min(number + _spans(tiers), period + 1))
    best = max(_amounts(tiers, account.qualifying, counting_it), default=None)
    return None if best is None else account.qualifying[name] + above.reached_at - 1 - best


def _level(best: int, account: Account, tiers: Tiers, day: date) -> TierLevel | None:
    """The level for the best amount among the periods that still hold on a day, or the floor's."""
    floor = granted(account.tier_floor, day=day)
    has = (
        level
        for level in tiers.levels
        if level.reached_at <= best or (floor and level.id == floor.level)
    )
    return max(has, key=lambda level: level.reached_at, default=None)


def _later(
    account: Account, program: Program, day: date
) -> Iterator[tuple[date, TierLevel | None]]:
    """The level on each later day on which it may change, soonest first."""
    tiers = program.tiers
    if tiers is None or not (account.qualifying or account.tier_floor):
        return
    period, holds = _period(tiers, account, program, day), _holds(tiers)
    last = period + holds + _spans(tiers)
    first = period - holds
    # Each turn needs all the periods that hold on it, so the amounts are added up once.
    counted = _amounts(tiers, account.qualifying, range(first, last + 1))
    for turn, number in _turns(tiers, account, program, day, last=last):
        # A floor may end after every period that counts.
        best = max(counted[number - holds - first : number - first + 1], default=0)
        yield turn, _level(best, account, tiers, turn)


def _turns(
    tiers: Tiers, account: Account, program: Program, day: date, *, last: int
) -> list[tuple[date, int]]:
    """Later days, with their periods, on which a level may begin or end, soonest first."""
    period = _period(tiers, account, program, day)
    turns = [(_begins(tiers, account, program, each), each) for each in range(period + 1, last + 1)]
    if floor := granted(account.tier_floor, day=day):
        over = floor.until + timedelta(days=1)
        turns.append((over, _period(tiers, account, program, over)))
    return sorted(turns)
