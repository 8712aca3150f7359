"""Tiers: a member's level is a pure function of counters, the program and the day.

The account counts what qualifies by period (`level_periods`), and the program's policies say which
rank that gives in each period (`level_ranks`). A floor, if a manager granted one, holds to its own
day. The level itself is never stored, so a program that changes its levels changes everybody's at
once, without a job over all members. Only where a level can outlive its counters, settling keeps
the rank that the counters which it drops gave (`carried_beyond`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.earning.awarding import award
from loyalty.domain.earning.qualifying import LETTERS, qualifies
from loyalty.domain.ledger.level_periods import LevelPeriods
from loyalty.domain.ledger.level_ranks import (
    LevelRanks,
    carried_beyond,
    needed_to_keep,
)
from loyalty.domain.ledger.level_terms import LevelTerms
from loyalty.domain.ledger.member_plans import plan_on

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account, TierFloor, TierReached
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.levels import TierLevel, Tiers


def counter(tiers: Tiers, account: Account, program: Program, *, day: date) -> str:
    """The name of the account's counter for a day's period, such as `p2026`."""
    periods = LevelPeriods.of(account, tiers, program, day=day)
    return periods.counter(periods.number(day))


def level_on(account: Account, program: Program, *, day: date) -> TierLevel | None:
    """The level that a member has on a day; None below the first level, or without tiers."""
    tiers = program.tiers
    if tiers is None:
        return None
    periods = LevelPeriods.of(account, tiers, program, day=day)
    if tiers.holds.model == "months":
        return _level(LevelTerms(account, periods, tiers.holds).rank_on(day), account, program, day)
    number = periods.number(day)
    (rank,) = LevelRanks(account, periods).ranks(range(number, number + 1))
    return _level(rank, account, program, day)


def level_of_order(order: Order, account: Account, program: Program) -> TierLevel | None:
    """The level at which an order earns: the one that the member had before it, on its day.

    Where levels apply at once it is the one that the order reaches, by what it counts at the level
    before.
    """
    day = program.today(order.occurred_at)
    before, tiers = level_on(account, program, day=day), program.tiers
    if tiers is None or not tiers.applies_at_once:
        return before
    plan = plan_on(account, program, day=day)
    points = award(
        order, program, tier=before.id if before else None, plan=plan.id if plan else None
    ).points
    counted = qualifies(order, points=points, basis=tiers.basis)
    qualifying = Counter(account.qualifying)
    qualifying[counter(tiers, account, program, day=day)] += counted
    after = level_on(replace(account, qualifying=qualifying), program, day=day)
    return max(before, after, key=lambda level: _rank(level, program))


def drops_on(account: Account, program: Program, *, day: date) -> date | None:
    """The first later day on which the level is lower, without further orders."""
    rank = _rank(level_on(account, program, day=day), program)
    later = _later(account, program, day)
    return next((turn for turn, level in later if _rank(level, program) < rank), None)


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
    to the newest counter and reaches nothing that a level needs: it relies on the counter being
    `at_most` an amount above which it would, and on the `revision` of everything else. Any other
    write relies on the counters being `exactly` as seen, and `revises` what other writes rely on
    if it changes a counter or announces a level.
    `tier_reached` are all days on which levels were reached, if it adds one.
    """

    announces: TierAnnouncement | None = None
    changes_on: date | None = None
    at_most: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    exactly: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    revision: int | None = None
    revises: bool = False
    tier_reached: tuple[TierReached, ...] = ()


def counting(
    account: Account,
    program: Program,
    *,
    counted: Mapping[str, int],
    day: date,
    of_order: Mapping[str, int] | None = None,
) -> Counting:
    """What counting these amounts does to the level last announced.

    An order that earns gives what it counts by itself as `of_order`; refunds that waited for it
    may leave less in `counted`. It always relies on the level, because it earns at that level even
    if it counts nothing.
    """
    tiers = program.tiers
    if tiers is None:
        # Without levels it still earns by a plan.
        earns_by_plan = of_order is not None and bool(program.plans)
        return Counting(revision=account.tier_revision if earns_by_plan else None)
    qualifying = Counter(account.qualifying)
    qualifying.update(counted)
    after = replace(account, qualifying=qualifying)
    reached = _reached_by(counted, account, after, program, day=day)
    if reached:
        after = replace(after, tier_reached=reached)
    level = level_on(after, program, day=day)
    announces = announcement(account, level, program)
    decided = Counting(
        announces=announces,
        changes_on=changes_on(after, program, day=day),
        tier_reached=reached,
    )
    names = {name for name, amount in counted.items() if amount}
    revises = bool(names or announces)
    if not revises and of_order is None:
        return decided
    decided = replace(decided, revision=account.tier_revision)
    newest = _newest(account, tiers)
    current = counter(tiers, account, program, day=day)
    only_adds = names == {newest} == {current} and counted[current] > 0
    if only_adds and not (announces or reached) and of_order in (None, counted):
        bound = _most_below_the_next(current, after, program, day)
        most = {} if bound is None else {current: bound - counted[current]}
        return replace(decided, at_most=most)
    return replace(decided, exactly=_seen(account, names | {newest}), revises=revises)


def level_seen(account: Account, program: Program) -> Counting:
    """What a write relies on that counts nothing toward a level, but is decided by it."""
    if program.tiers is None:
        return Counting()
    newest = _newest(account, program.tiers)
    return Counting(exactly=_seen(account, {newest}), revision=account.tier_revision)


def _seen(account: Account, names: Iterable[str | None]) -> dict[str, int]:
    """The counters of these names, as they were read."""
    return {name: account.qualifying.get(name, 0) for name in sorted(filter(None, names))}


def _reached_by(
    counted: Mapping[str, int], before: Account, after: Account, program: Program, *, day: date
) -> tuple[TierReached, ...]:
    """All days on which levels were reached, where they hold for months and one is added."""
    tiers = program.tiers
    if tiers is None or tiers.holds.model != "months":
        return ()
    letter = LETTERS[tiers.basis]
    counted = {name: amount for name, amount in counted.items() if name[0] == letter}
    periods = LevelPeriods.of(before, tiers, program, day=day)
    return LevelTerms(before, periods, tiers.holds).reached_by(counted, after=after, day=day)


def reached_by_merge(
    loser: Account, survivor: Account, survives: Account, program: Program, *, day: date
) -> tuple[TierReached, ...]:
    """The days on which both members reached levels, and those that only both together have."""
    tiers = program.tiers
    if tiers is None or tiers.holds.model != "months":
        return ()
    ours = LevelTerms(survivor, LevelPeriods.of(survivor, tiers, program, day=day), tiers.holds)
    theirs = LevelTerms(loser, LevelPeriods.of(loser, tiers, program, day=day), tiers.holds)
    more = {
        name: amount - survivor.qualifying.get(name, 0)
        for name, amount in survives.qualifying.items()
    }
    separate = (*ours.reaches(day), *theirs.reaches(day))
    alone = {name: amount for name, amount in more.items() if amount}
    added = (
        each
        for each in ours.reached_by(alone, after=survives, day=day)
        if each not in separate and not ours.has_enough(each, alone)
    )
    return tuple(dict.fromkeys((*separate, *added)))


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
        is_up=_rank_of(level_id, program) > _rank_of(account.tier_announced, program),
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
    return max(
        floors, key=lambda floor: (_rank_of(floor.level, program), floor.until), default=None
    )


def moved(loser: Account, survivor: Account, program: Program, *, day: date) -> dict[str, int]:
    """What counted for the loser of a merge, by the periods of the survivor.

    Only membership years differ between members. What counted in one of the loser's years counts
    for the survivor's year in which it ended, which is the one that holds longest.
    """
    tiers = program.tiers
    if tiers is None or tiers.period != "membership_year":
        return dict(loser.qualifying)
    theirs = LevelPeriods.of(loser, tiers, program, day=day)
    ours = LevelPeriods.of(survivor, tiers, program, day=day)
    counted = Counter[str]()
    for name, amount in relevant(loser, program, day=day).items():
        ended_on = theirs.ends(int(name[1:]))
        counted[ours.counter(ours.number(min(ended_on, day)))] += amount
    return dict(counted)


def granted_level(account: Account, program: Program, day: date) -> str | None:
    """The level that the member has on a day whatever they reached: by a grant or by a plan."""
    floor, plan = granted(account.tier_floor, day=day), plan_on(account, program, day=day)
    levels = (floor.level if floor else None, plan.benefits.level if plan else None)
    return max(levels, key=lambda level: _rank_of(level, program))


def relevant(account: Account, program: Program, *, day: date) -> dict[str, int]:
    """The counters that can still matter. Settling drops the others, so accounts stay small."""
    tiers = program.tiers
    if tiers is None:
        return dict(account.qualifying)
    periods = LevelPeriods.of(account, tiers, program, day=day)
    letter, now = LETTERS[tiers.basis], periods.number(day)
    # A till whose clock is ahead may count for the next period. Higher numbers come from the
    # periods of an earlier version of the program.
    numbers = range(now - periods.stay_open - periods.spans + 1, now + 2)
    return {
        name: amount
        for name, amount in account.qualifying.items()
        if amount and name.startswith(letter) and int(name[1:]) in numbers
    }


def tidied(account: Account, program: Program, *, day: date) -> Account:
    """The account with the counters that can still matter, and what the others gave."""
    tiers = program.tiers
    if tiers is None:
        return account
    periods = LevelPeriods.of(account, tiers, program, day=day)
    pruned = replace(account, qualifying=relevant(account, program, day=day))
    if tiers.holds.model == "months":
        terms = LevelTerms(account, periods, tiers.holds)
        reached, carried = terms.kept_beyond(day)
        return replace(pruned, tier_reached=reached, tier_carried=carried)
    carried = carried_beyond(account, periods, day=day)
    return replace(pruned, tier_reached=(), tier_carried=carried)


def _rank(level: TierLevel | None, program: Program) -> int:
    return _rank_of(level.id if level else None, program)


def _rank_of(level_id: str | None, program: Program) -> int:
    """How high a level is; 0 for no level, or for one that the program no longer has."""
    return program.tiers.rank(level_id) if program.tiers else 0


def _most_below_the_next(name: str, account: Account, program: Program, day: date) -> int | None:
    """The most that the current counter can hold below the next amount that a level needs.

    None: no level needs more than it holds already.
    """
    tiers = program.tiers
    if tiers is None:
        return None
    periods = LevelPeriods.of(account, tiers, program, day=day)
    amount = periods.amount(account.qualifying, periods.number(day))
    needs = [
        need
        for each in tiers.levels
        for need in (each.reached_at, needed_to_keep(each))
        if need is not None and need > amount
    ]
    return account.qualifying[name] + min(needs) - 1 - amount if needs else None


def _level(rank: int, account: Account, program: Program, day: date) -> TierLevel | None:
    """The level of a rank, or the one that was granted or comes with a plan if that is higher."""
    rank = max(rank, _rank_of(granted_level(account, program, day), program))
    return program.tiers.levels[rank - 1] if program.tiers and rank else None


def _later(
    account: Account, program: Program, day: date
) -> Iterator[tuple[date, TierLevel | None]]:
    """The level on each later day on which it may change, soonest first."""
    tiers = program.tiers
    is_plain = not (account.tier_floor or account.tier_carried or account.tier_reached)
    is_plain = is_plain and account.plan is None
    if tiers is None or (is_plain and not account.qualifying):
        return
    periods = LevelPeriods.of(account, tiers, program, day=day)
    floor = granted(account.tier_floor, day=day)
    turns_of_grants = [floor.until + timedelta(days=1)] if floor else []
    turns_of_grants += account.plan.turns_after(day) if account.plan else ()
    if tiers.holds.model == "months":
        terms = LevelTerms(account, periods, tiers.holds)
        days = {*terms.turns(day), *turns_of_grants}
        yield from ((turn, level_on(account, program, day=turn)) for turn in sorted(days))
        return
    ranks = LevelRanks(account, periods)
    now, last = periods.number(day), ranks.changes_until(day)
    by_period = ranks.ranks(range(now, last + 1))
    turns = [(periods.begins(number), number) for number in range(now + 1, last + 1)]
    turns += ((turn, min(periods.number(turn), last)) for turn in turns_of_grants)
    for turn, number in sorted(turns):
        yield turn, _level(by_period[number - now], account, program, turn)
