"""Days of the staff: how many points each person moved by hand, and whose hand was unusual.

One day is compared with what people of the same program moved on the 90 days before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from loyalty.domain.staff.actions import StaffAction

COMPARED_DAYS: Final = 90
# Of a hundred days of one person each, one is above the 99th percentile whatever happens. So a
# small program needs some experience first, and a day has to stand out from an ordinary one, too.
PERCENTILE: Final = 99
OBSERVATIONS_MIN: Final = 30
TIMES_ORDINARY: Final = 3
# The most that one day can report; those that moved the most come first.
UNUSUAL_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualHand:
    """A person who moved more points by hand on a day than is usual.

    `usual` is the 99th percentile of what one person moved on one of the days before.
    """

    person: str
    points: int
    actions: int
    usual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDay:
    """A day of a program, by its time zone: what each person moved, and whose hand was unusual.

    `moved` has a number for each person who moved points, the smallest first, and no names.
    """

    day: date
    moved: tuple[int, ...]
    unusual: tuple[UnusualHand, ...] = ()


def days_to_review(reached: date | None, *, last: date) -> Iterator[date]:
    """The days to review, one after another: all since the one reached, none twice.

    The first review begins with the last day: an unusual hand of long ago is no news.
    """
    first = last if reached is None else max(reached, last - timedelta(COMPARED_DAYS)) + _DAY
    while first <= last:
        yield first
        first += _DAY


def review(day: date, actions: Iterable[StaffAction], *, before: Iterable[StaffDay]) -> StaffDay:
    """What a day's actions amount to, compared with the days before it."""
    points, counts = _moved(actions)
    usual = sorted(each for staff_day in before for each in staff_day.moved)
    unusual = [
        UnusualHand(person=person, points=moved, actions=counts[person], usual=_percentile(usual))
        for person, moved in points.items()
        if _is_unusual(moved, usual)
    ]
    unusual.sort(key=lambda hand: (-hand.points, hand.person))
    return StaffDay(
        day=day, moved=tuple(sorted(points.values())), unusual=tuple(unusual[:UNUSUAL_MAX])
    )


def _moved(actions: Iterable[StaffAction]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """The points that each person added and took together, and in how many actions.

    A request that was repeated leads to the same entry, and counts once.
    """
    points: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    entries: set[str] = set()
    for action in actions:
        entry = action.results.get("entry", action.action_id)
        if action.points and entry not in entries:
            entries.add(entry)
            points[action.by] += abs(action.points)
            counts[action.by] += 1
    return points, counts


def _is_unusual(moved: int, usual: Sequence[int]) -> bool:
    """Whether one person's day stands out from the others, which are in order."""
    if len(usual) < OBSERVATIONS_MIN:
        return False
    ordinary = usual[len(usual) // 2]
    return moved > _percentile(usual) and moved >= TIMES_ORDINARY * ordinary


def _percentile(usual: Sequence[int]) -> int:
    """The smallest of the values that at least 99 in a hundred do not exceed; 0 of none."""
    rank = (PERCENTILE * len(usual) + 99) // 100
    return usual[rank - 1] if usual else 0


_DAY: Final = timedelta(days=1)
