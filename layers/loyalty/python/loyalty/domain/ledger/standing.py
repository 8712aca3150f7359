"""Standing: a member's level, how long it holds, and what is missing to rise or to keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.ledger.level_periods import LevelPeriods
from loyalty.domain.ledger.level_ranks import needed_to_keep
from loyalty.domain.ledger.tiers import drops_on, granted_level, level_on

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.levels import TierLevel, Tiers


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
    `is_lost` says that nothing can keep the level beyond its last day.
    """

    level: TierLevel | None
    holds_until: date | None
    amount: int
    next: Step | None
    keep: Step | None
    is_lost: bool


def standing(account: Account, program: Program, *, day: date) -> Standing | None:
    """Where a member stands on a day; None in a program without tiers."""
    tiers = program.tiers
    if tiers is None:
        return None
    periods = LevelPeriods.of(account, tiers, program, day=day)
    amount = periods.amount(account.qualifying, periods.number(day))
    level = level_on(account, program, day=day)
    drops = drops_on(account, program, day=day)
    holds_until = drops - timedelta(days=1) if drops else None
    above = _above(level, tiers)
    needed = (
        _needed_after(level, holds_until, account, program, periods)
        if level and holds_until
        else None
    )
    return Standing(
        level=level,
        holds_until=holds_until,
        amount=amount,
        next=(
            Step(above, missing, _suffices_until(account, periods, day))
            if above and (missing := (above.reached_at or 0) - amount) > 0
            else None
        ),
        keep=_keep(needed, account, periods, day) if needed else None,
        is_lost=bool(holds_until) and needed is None,
    )


def _suffices_until(account: Account, periods: LevelPeriods, day: date) -> date:
    """The last day on which what is missing today is still all that is missing.

    It is the end of the period. A rolling period ends with every month, but the next one still
    counts this month: more is missing only when a month with an amount no longer counts, and at
    the latest after all the months that count together, beginning with this one.
    """
    now, spans = periods.number(day), periods.spans
    until_now = {
        name: amount for name, amount in account.qualifying.items() if int(name[1:]) <= now
    }
    counted = periods.amounts(until_now, range(now, now + spans))
    ends = (number for number, amount in enumerate(counted) if amount < counted[0])
    return periods.begins(now + next(ends, spans)) - timedelta(days=1)


class _Needed(NamedTuple):
    """The amount of a numbered period that keeps a level beyond its last day."""

    level: TierLevel
    until: date
    amount: int
    period: int


def _needed_after(
    level: TierLevel, last_day: date, account: Account, program: Program, periods: LevelPeriods
) -> _Needed | None:
    """What keeps a level beyond its last day; None if nothing does."""
    tiers, last = periods.tiers, periods.number(last_day)
    is_granted = level.id == granted_level(account, program, last_day)
    amount = level.reached_at if is_granted else needed_to_keep(level)
    if amount is None:
        return None
    if is_granted or tiers.holds.model != "while_enough":
        return _Needed(level, last_day, amount, last)
    # The period after it decides. Where that begins at nothing, nothing keeps the level.
    return _Needed(level, last_day, amount, last + 1) if periods.spans > 1 else None


def _keep(needed: _Needed, account: Account, periods: LevelPeriods, day: date) -> Step | None:
    """What is missing to keep the level, once the period that decides has begun."""
    missing = needed.amount - periods.amount(account.qualifying, needed.period)
    has_begun = periods.begins(needed.period - periods.spans + 1) <= day
    return Step(needed.level, missing, needed.until) if has_begun and missing > 0 else None


def _above(level: TierLevel | None, tiers: Tiers) -> TierLevel | None:
    """The next higher level that can be reached by an amount."""
    higher = tiers.levels[tiers.rank(level.id if level else None) :]
    return next((each for each in higher if each.reached_at is not None), None)
