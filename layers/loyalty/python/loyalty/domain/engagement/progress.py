"""How far a member has come: sums of what their orders count, and how many awards those are worth.

Everything is added up by windows of the calendar. So what an order counts can be taken out again
without touching what other orders count, and no arrival order matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.engagement.participation import (
    STAYS_MAX,
    Stays,
    joined_since,
    joining,
    leaving,
)
from loyalty.domain.engagement.windows import EVER, is_period, last_day, number_of

if TYPE_CHECKING:
    from loyalty.domain.engagement.counters import CountingRule
    from loyalty.domain.engagement.counting import Tallies
    from loyalty.domain.program.challenges import Streak

# What was given in a window stands for good this long after it ended, whatever is refunded later.
REMEMBERED_FOR: Final = timedelta(days=400)

# The rule of a counter in a version of the program.
type Terms = Callable[[int], CountingRule]

# How often each window was completed: for each time, the version whose terms it goes by.
type Completions = Mapping[str, tuple[int, ...]]


class WindowSum(NamedTuple):
    """What a member's orders count in one window, together.

    `version` is the program version under which it began to count: its terms judge the window.
    """

    version: int
    tally: Mapping[str, int]


class AwardStep(NamedTuple):
    """The next award to give or to take back: the `number`th of a window.

    `origin` is the member as whom it was given first; a merge changes the owner and not that.
    `version` is the program version whose terms it is given by (None: it is taken back).
    """

    window: str
    origin: str
    number: int
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedProgress:
    """What a member's orders add up to under one counter, and which awards were given for it.

    `given` counts the awards of each window by the member who got them, because merges unite
    members. `done` are awards for streaks that lie too far back to change any more, and `since` is
    the day from which windows count that end then or later. `past` counts the awards of windows
    that were forgotten. `stays` are the times in which the member takes part, if members join.
    `revision` guards the item.
    """

    member_id: str
    counter: str
    windows: Mapping[str, WindowSum] = field(default_factory=lambda: MappingProxyType({}))
    given: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    done: int = 0
    since: date | None = None
    past: int = 0
    stays: Stays = ()
    revision: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of it that a merge would move to another member."""
        has_counted = self.windows or self.given or self.done or self.past
        return not has_counted and joined_since(self.stays) is None

    def given_in(self, window: str) -> int:
        """How many awards of a window stand."""
        return sum(self.given.get(window, {}).values())


def difference(now: Tallies, before: Tallies) -> Tallies:
    """What an order counts more than before, or less, without zeros."""
    changed: dict[str, Mapping[str, int]] = {}
    for window in {**before, **now}:
        more = _added(now.get(window, {}), before.get(window, {}), sign=-1)
        if more:
            changed[window] = more
    return changed


def counted(progress: CountedProgress, more: Tallies, *, version: int) -> CountedProgress:
    """The progress after an order counts so much more; `version` is that of its accrual.

    Windows that were forgotten count no more.
    """
    windows = dict(progress.windows)
    for window, tally in more.items():
        seen = windows.get(window)
        if seen is None and progress.since and last_day(window) < progress.since:
            continue
        summed = _added(seen.tally if seen else {}, tally)
        windows[window] = WindowSum(seen.version if seen else version, summed)
    return replace(
        progress, windows=_without_empty(progress, windows), revision=progress.revision + 1
    )


def united(
    survivor: CountedProgress, absorbed: CountedProgress, *, now: datetime
) -> CountedProgress:
    """The progress of a member who absorbed another: as if all orders had been theirs.

    If only the other one took part, the survivor does from now on.
    """
    windows = dict(survivor.windows)
    for window, more in absorbed.windows.items():
        seen = windows.get(window, more._replace(tally={}))
        windows[window] = WindowSum(min(seen.version, more.version), _added(seen.tally, more.tally))
    given = {
        window: _added(survivor.given.get(window, {}), absorbed.given.get(window, {}))
        for window in {**survivor.given, **absorbed.given}
    }
    days = [day for day in (survivor.since, absorbed.since) if day]
    return replace(
        survivor,
        windows=windows,
        given=given,
        done=survivor.done + absorbed.done,
        since=max(days, default=None),
        past=survivor.past + absorbed.past,
        stays=joining(survivor.stays, now=now)
        if joined_since(absorbed.stays) and len(survivor.stays) < STAYS_MAX
        else survivor.stays,
        revision=survivor.revision + 1,
    )


def emptied(absorbed: CountedProgress, *, now: datetime) -> CountedProgress:
    """The progress of a merged member once it was moved: their stays judge their earlier orders."""
    return CountedProgress(
        member_id=absorbed.member_id,
        counter=absorbed.counter,
        stays=leaving(absorbed.stays, now=now),
        revision=absorbed.revision + 1,
    )


def latest_awards(progress: CountedProgress, *, since: date) -> list[str]:
    """The ids of the last awards of each window that did not end before a day."""
    return [
        award_id(progress.counter, origin, window, number)
        for window, by_origin in progress.given.items()
        if last_day(window) >= since
        for origin, number in by_origin.items()
    ]


def award_id(counter: str, origin: str, window: str, number: int) -> str:
    """The id of an award for a counter; it is stored."""
    return f"{counter}.{origin}.{window}.{number}"


def next_step(progress: CountedProgress, terms: Terms) -> AwardStep | None:
    """One award to give or to take back; None if all that are due stand and no other."""
    due = due_awards(progress, terms)
    for window in sorted({*due, *progress.given}):
        versions, by_origin = due.get(window, ()), progress.given.get(window, {})
        have = sum(by_origin.values())
        if have < len(versions):
            number = by_origin.get(progress.member_id, 0) + 1
            return AwardStep(window, progress.member_id, number, versions[have])
        if have > len(versions) and not _keeps(progress, window, terms):
            origin = min(by_origin, key=lambda each: (each != progress.member_id, each))
            return AwardStep(window, origin, by_origin[origin], None)
    return None


def stepped(progress: CountedProgress, step: AwardStep) -> CountedProgress:
    """The progress once an award was given or taken back."""
    more = 1 if step.version is not None else -1
    of_window = _added(progress.given.get(step.window, {}), {step.origin: more})
    given = {**progress.given, step.window: of_window}
    after = replace(progress, given={each: given[each] for each in given if given[each]})
    windows = _without_empty(after, after.windows)
    return replace(after, windows=windows, revision=progress.revision + 1)


def due_awards(progress: CountedProgress, terms: Terms) -> Completions:
    """The awards that each window is worth.

    Awards for streaks are those of the window `ever`, and the first of them are `done` ones.
    """
    due: dict[str, tuple[int, ...]] = {}
    for window, summed in progress.windows.items():
        rule = terms(summed.version)
        if rule.target is not None:
            times = min(amount_in(summed, rule) // rule.target, rule.times_max)
            due[window] = (summed.version,) * times
    completed = [run.version for run in runs(progress, terms) if run.is_complete]
    if completed or progress.done:
        versions = (*(completed[:1] or [0]) * progress.done, *completed)
        times_max = terms(completed[-1]).times_max if completed else len(versions)
        due[EVER] = (*due.get(EVER, ()), *versions[: max(times_max, progress.done)])
    return due


def completions(progress: CountedProgress, terms: Terms) -> Completions:
    """How often each window was completed: what is due, and what the member may keep besides.

    The `done` ones come first; their version is not known.
    """
    found = dict(due_awards(progress, terms))
    for window in progress.given:
        due = found.get(window, ())
        more = progress.given_in(window) - len(due)
        if more > 0 and _keeps(progress, window, terms):
            found[window] = (*due, *[min(_versions(progress, window))] * more)
    return found


def amount_in(summed: WindowSum, rule: CountingRule) -> int:
    """What a window adds up to: an amount, or how many different things were bought."""
    if rule.counts_different:
        return sum(amount > 0 for amount in summed.tally.values())
    return max(0, sum(summed.tally.values()))


class Run(NamedTuple):
    """Periods of a streak; `version` is that of the first, whose terms it goes by."""

    version: int
    periods: tuple[str, ...]
    is_complete: bool


def runs(progress: CountedProgress, terms: Terms) -> Iterator[Run]:
    """The streaks of a member: each that is complete, and the one that is under way.

    A streak is completed as early as possible, and the next one begins with the next period: so
    no other choice of periods would complete more of them. If too many periods are missed, the
    first ones drop out until the rest is a streak again.
    """
    active = sorted(
        (number_of(window), window)
        for window, summed in progress.windows.items()
        if (streak := terms(summed.version).streak)
        and is_period(window, streak.every)
        and amount_in(summed, terms(summed.version)) > 0
    )
    run: list[tuple[int, str]] = []
    for period in active:
        run.append(period)
        while _missed(run) > _streak(progress, run, terms).freezes:
            run.pop(0)
        if len(run) >= _streak(progress, run, terms).in_a_row:
            yield _run(progress, run, is_complete=True)
            run = []
    if run:
        yield _run(progress, run, is_complete=False)


def forgetting(progress: CountedProgress, terms: Terms, *, today: date) -> CountedProgress:
    """The progress without what ended so long ago that it cannot change any more.

    Streaks that are complete are forgotten in their order, and only while the awards for them
    stand. What awards stand and what are due stays as it is.
    """
    since = today - REMEMBERED_FOR
    old = {window for window in progress.windows if last_day(window) < since}
    if not old:
        return progress
    found = list(runs(progress, terms))
    of_streaks = {each for each in old if terms(progress.windows[each].version).streak}
    forgotten = old - of_streaks
    done = progress.done
    for run in found:
        if not (run.is_complete and old.issuperset(run.periods) and done < progress.given_in(EVER)):
            break
        done += 1
        last = number_of(run.periods[-1])
        forgotten |= {each for each in of_streaks if number_of(each) <= last}
    complete = {period for run in found if run.is_complete for period in run.periods}
    forgotten |= {
        each
        for each in of_streaks - complete
        if _cannot_be_completed(each, terms(progress.windows[each].version).streak, since=since)
    }
    if not forgotten:
        return progress
    return replace(
        progress,
        windows={
            each: progress.windows[each] for each in progress.windows if each not in forgotten
        },
        given={each: progress.given[each] for each in progress.given if each not in forgotten},
        done=done,
        since=max(since, progress.since or since),
        past=progress.past + sum(map(progress.given_in, forgotten)),
    )


def _cannot_be_completed(period: str, streak: Streak | None, *, since: date) -> bool:
    """Whether every streak with a period ends before the days of which orders still count."""
    if streak is None:
        return True
    longest = streak.in_a_row + streak.freezes
    # A period of seven days or of a month ends at most 31 days after it begins.
    days = {"day": 1, "week": 7, "month": 31}[streak.every]
    return last_day(period) + timedelta(days=longest * days) < since


def _keeps(progress: CountedProgress, window: str, terms: Terms) -> bool:
    """Whether what a window gave stays although it is not due any more."""
    versions = _versions(progress, window)
    return bool(versions) and terms(min(versions)).if_undone == "keep"


def _versions(progress: CountedProgress, window: str) -> list[int]:
    """The versions by whose terms a window may have given something."""
    summed = progress.windows.get(window)
    return [summed.version] if summed else [each.version for each in progress.windows.values()]


def _missed(run: list[tuple[int, str]]) -> int:
    return run[-1][0] - run[0][0] + 1 - len(run)


def _streak(progress: CountedProgress, run: list[tuple[int, str]], terms: Terms) -> Streak:
    streak = terms(progress.windows[run[0][1]].version).streak
    if streak is None:
        raise ValueError("a streak's period is judged by a rule without a streak")
    return streak


def _run(progress: CountedProgress, run: list[tuple[int, str]], *, is_complete: bool) -> Run:
    periods = tuple(window for _, window in run)
    return Run(progress.windows[periods[0]].version, periods, is_complete)


def _added(one: Mapping[str, int], other: Mapping[str, int], *, sign: int = 1) -> dict[str, int]:
    """The sum of two tallies, or their difference, without zeros."""
    names = {**one, **other}
    sums = {name: one.get(name, 0) + sign * other.get(name, 0) for name in names}
    return {name: amount for name, amount in sums.items() if amount}


def _without_empty(
    progress: CountedProgress, windows: Mapping[str, WindowSum]
) -> Mapping[str, WindowSum]:
    """Windows of which nothing is left go, unless an award may rest on them or they are old.

    An old one could not come back.
    """
    return {
        window: summed
        for window, summed in windows.items()
        if summed.tally
        or progress.given_in(window)
        or progress.given_in(EVER)
        or (progress.since and last_day(window) < progress.since)
    }
