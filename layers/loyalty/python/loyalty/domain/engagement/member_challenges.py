"""What a member sees of a challenge: how far they are, what is missing, until when, how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from loyalty.domain.engagement.participation import joined_since
from loyalty.domain.engagement.progress import amount_in, completions, runs
from loyalty.domain.engagement.windows import EVER, last_day, number_of, window_on
from loyalty.domain.kernel.calendar import NEVER

if TYPE_CHECKING:
    from datetime import date, datetime

    from loyalty.domain.engagement.progress import Completions, CountedProgress
    from loyalty.domain.program.challenges import Challenge, Streak

# A challenge as it is in a version of the program.
type ChallengeTerms = Callable[[int], Challenge]

type ChallengeState = Literal["scheduled", "running", "done", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreakProgress:
    """The streak that is under way, on a day: nothing is missed of a period that is not over.

    `has_counted` says whether something counts already in the period of that day.
    """

    freezes_left: int
    has_counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChallenge:
    """A challenge of the version in force, as a member sees it on a day.

    `terms` are those that judge the member: those under which the window or the streak began.
    Before the first day the window is the first one, and afterwards the last one. `until` is its
    last day; None: no end. `amount` is what counts toward the next completion, and `missing` what
    is left to it. `completed` counts the completions of the window, or those by streaks.
    `joined_at` is since when they take part, if members join it.
    """

    challenge: Challenge
    terms: Challenge
    state: ChallengeState
    starts_on: date | None
    ends_on: date | None
    until: date | None
    amount: int
    target: int
    missing: int
    completed: int
    completed_ever: int
    streak: StreakProgress | None = None
    joined_at: datetime | None = None


class _Standing(NamedTuple):
    """How far a member is toward the next completion, by the terms of the window on a day."""

    terms: Challenge
    window: str | None
    amount: int
    target: int
    missing: int
    completed: int
    streak: StreakProgress | None = None


def member_challenge(
    challenge: Challenge, progress: CountedProgress, terms: ChallengeTerms, *, today: date
) -> MemberChallenge:
    """How far a member is in a challenge of the version in force."""
    starts_on, ends_on = _first_day(challenge), _last_day(challenge)
    day = min(max(today, starts_on or today), ends_on or NEVER)
    found = completions(progress, terms)
    standing_on = _streak_on if challenge.streak else _window_on
    standing = standing_on(challenge, progress, terms, found=found, day=day)
    is_done = standing.completed >= standing.terms.times_max
    until = min(last_day(standing.window or EVER), ends_on or NEVER)
    return MemberChallenge(
        challenge=challenge,
        terms=standing.terms,
        state=_state(starts_on, ends_on, today=today, is_done=is_done),
        starts_on=starts_on,
        ends_on=ends_on,
        until=None if until == NEVER else until,
        amount=standing.target if is_done else standing.amount,
        target=standing.target,
        missing=0 if is_done else standing.missing,
        completed=standing.completed,
        completed_ever=progress.past + sum(map(len, found.values())),
        streak=standing.streak,
        joined_at=joined_since(progress.stays),
    )


def is_over(challenge: Challenge, *, today: date) -> bool:
    """Whether no order of today or later counts any more."""
    ends_on = _last_day(challenge)
    return ends_on is not None and today > ends_on


def _window_on(
    challenge: Challenge,
    progress: CountedProgress,
    terms: ChallengeTerms,
    *,
    found: Completions,
    day: date,
) -> _Standing:
    """What counts in the window of a day.

    More than the target is missing if the member kept what a refund undid.
    """
    window = window_on(challenge.window, day)
    summed = progress.windows.get(window) if window else None
    begun = terms(summed.version) if summed else challenge
    if begun.target is None:
        begun = challenge
    target, completed = begun.target or 0, len(found.get(window or "", ()))
    amount = (amount_in(summed, begun) if summed else 0) - completed * target
    return _Standing(begun, window, max(0, amount), target, target - amount, completed)


def _streak_on(
    challenge: Challenge,
    progress: CountedProgress,
    terms: ChallengeTerms,
    *,
    found: Completions,
    day: date,
) -> _Standing:
    """The streak that is under way on a day; without one, the next begins by the terms in force."""
    judging, periods = _run_on(progress, terms, day=day) or (challenge, [])
    streak = judging.streak
    if streak is None:
        raise ValueError("a streak is judged by a challenge without a streak")
    window = window_on(streak.every, day)
    seen = progress.windows.get(window) if window else None
    missed = _missed(periods, streak, day=day) if periods else 0
    return _Standing(
        judging,
        window,
        amount=len(periods),
        target=streak.in_a_row,
        missing=streak.in_a_row - len(periods),
        completed=len(found.get(EVER, ())),
        streak=StreakProgress(
            freezes_left=streak.freezes - missed,
            has_counted=seen is not None and amount_in(seen, terms(seen.version)) > 0,
        ),
    )


def _run_on(
    progress: CountedProgress, terms: ChallengeTerms, *, day: date
) -> tuple[Challenge, list[str]] | None:
    """The terms and the periods of the streak that an order on a day would continue."""
    for run in runs(progress, terms):
        judging, periods = terms(run.version), list(run.periods)
        if run.is_complete or judging.streak is None:
            continue
        while periods and _missed(periods, judging.streak, day=day) > judging.streak.freezes:
            periods.pop(0)
        if periods:
            return judging, periods
    return None


def _missed(periods: list[str], streak: Streak, *, day: date) -> int:
    """How many periods of a streak have nothing; the one of the day is not over."""
    first, last = number_of(periods[0]), number_of(periods[-1])
    over = number_of(window_on(streak.every, day) or EVER) - 1
    return max(over, last) - first + 1 - len(periods)


def _first_day(challenge: Challenge) -> date | None:
    window = challenge.window
    days = [challenge.starts_on, None if isinstance(window, str) else window.starts_on]
    return max((day for day in days if day), default=None)


def _last_day(challenge: Challenge) -> date | None:
    window = challenge.window
    days = [challenge.ends_on, None if isinstance(window, str) else window.ends_on]
    return min((day for day in days if day), default=None)


def _state(
    starts_on: date | None, ends_on: date | None, *, today: date, is_done: bool
) -> ChallengeState:
    if ends_on and today > ends_on:
        return "ended"
    if starts_on and today < starts_on:
        return "scheduled"
    return "done" if is_done else "running"
