"""How members stand on a board: the first places, and the percentage from the top of the others.

A standing is computed for a whole window at once. It holds the first places, and 100 cut points of
all scores, which show every other member roughly where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.engagement.windows import last_day, window_on
from loyalty.domain.kernel.calendar import NEVER

if TYPE_CHECKING:
    from loyalty.domain.program.boards import Board, Prize
    from loyalty.domain.program.challenges import Challenge

# Each says the score that one more percent of the members have reached.
CUTS: Final = 100
# If the members who share a place do not fit, the board leaves it out and gives it no prize.
HEAD_MAX: Final = 500
# After this many days a window is settled even if nothing could be computed.
OUTAGE_DAYS_MAX: Final = 30


class Ranked(NamedTuple):
    """A member on a board. Members with the same score share a place, and the next ones drop."""

    member_id: str
    score: int
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardStanding:
    """How members stand in a window of a board, by what had been counted at `as_of`.

    `members` is how many have a score. `head` are the first places, whole: all who share one, or
    none of them. The `cuts` are scores: the first percent of the members have at least the first.
    `version` is the program version that decided what is shown. A final standing never changes;
    `has_given`: its prizes were given.
    """

    board_id: str
    window: str
    as_of: datetime
    version: int
    members: int = 0
    head: tuple[Ranked, ...] = ()
    cuts: tuple[int, ...] = ()
    is_final: bool = False
    has_given: bool = False


class OwnPlace(NamedTuple):
    """Where a member is: their place, or their percentage from the top; neither: no score yet."""

    place: int | None = None
    top_percent: int | None = None


class WindowToRank(NamedTuple):
    """A window, and whether it is running, over but not settled, or settled."""

    name: str
    is_over: bool
    is_settled: bool


def windows_to_rank(board: Board, challenge: Challenge, *, today: date) -> Iterator[WindowToRank]:
    """The window of this day, and earlier ones that are not settled, or were settled lately."""
    days_ago = range(board.settles_after_days + OUTAGE_DAYS_MAX + 1)
    days = (today - timedelta(days=days) for days in days_ago)
    for window in dict.fromkeys(window_on(challenge.window, day) for day in days):
        if window is None:
            continue
        last = last_day(window)
        settles_on = last if last == NEVER else last + timedelta(days=board.settles_after_days)
        yield WindowToRank(window, is_over=today > last, is_settled=today > settles_on)


def running_window(challenge: Challenge, *, today: date) -> str | None:
    """The window that a board shows on a day: the running one, or a fixed one once it began."""
    window = window_on(challenge.window, today)
    if window is None and not isinstance(challenge.window, str):
        if today < challenge.window.starts_on:
            return None
        return window_on(challenge.window, challenge.window.ends_on)
    return window


def own_place(standing: BoardStanding, *, member_id: str, score: int) -> OwnPlace:
    """Where a member with this score is, by the scores of all others in a standing.

    It is exact in the head. Below, the cut points tell among which percent of all it is.
    """
    if score <= 0 or not standing.members:
        return OwnPlace()
    head = standing.head
    if len(head) >= standing.members or (head and score >= head[-1].score):
        better = sum(each.score > score for each in head if each.member_id != member_id)
        return OwnPlace(place=better + 1)
    reached = (number for number, cut in enumerate(standing.cuts, 1) if score >= cut)
    return OwnPlace(top_percent=next(reached, CUTS))


def prize_of(place: int, prizes: Sequence[Prize]) -> Prize | None:
    """The prize for a place: of those that include it, the one that ends soonest."""
    fitting = [prize for prize in prizes if place <= prize.to_place]
    return min(fitting, key=lambda prize: prize.to_place, default=None)
