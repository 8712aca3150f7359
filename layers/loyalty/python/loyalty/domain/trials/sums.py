"""The sums of a trial. They are additive, so it does not matter how the members are divided."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nsmallest
from typing import Final, Literal, NamedTuple

# The members who gain or lose most, each way.
FURTHEST_MAX: Final = 20
# The lower bounds of the groups of members by what they gain (negative: lose), in points. A last
# group below all of them begins at the least number there is, written as None.
GAIN_BOUNDS: Final = (-1000, -300, -100, -30, -10, 0, 1, 11, 31, 101, 301, 1001)

type WorldName = Literal["in_force", "proposed"]
type Measure = Literal[
    "orders",
    "issued",
    "taken_back",
    "expired",
    "spent",
    "returned",
    "other",
    "redemptions",
    "unaffordable",
    "unaffordable_points",
    "held_before",
    "held_after",
    "available",
    "pending",
    "debt",
    "uncountable",
]
type Dimension = Literal["all", "level", "giver", "expires_in"]


class Cell(NamedTuple):
    """What is summed: a measure of a world, by a value of a dimension and a month (`2026-11`).

    `expires_in` divides what is held at the end by the month in which it expires; empty for never.
    """

    world: WorldName
    measure: Measure
    dimension: Dimension
    value: str
    month: str


class BudgetMinute(NamedTuple):
    """A budget by its name among the limits of an entry, and a minute since 1970 in UTC."""

    budget: str
    minute: int


class LevelMove(NamedTuple):
    """The levels of a member at the end of a trial in both worlds; empty for none."""

    in_force: str
    proposed: str


class MemberGain(NamedTuple):
    """How many points more a member would have earned (negative: fewer), net of refunds."""

    points: int
    member_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How well the replay of what happened agrees with what the ledger booked for orders.

    `points_booked` are all that orders earned, plus all that was taken back for refunds; and
    `points_off` is by how much the replay differs from that, order by order.
    """

    orders: int = 0
    orders_exact: int = 0
    points_booked: int = 0
    points_off: int = 0

    def __add__(self, other: Fidelity) -> Fidelity:
        return Fidelity(
            orders=self.orders + other.orders,
            orders_exact=self.orders_exact + other.orders_exact,
            points_booked=self.points_booked + other.points_booked,
            points_off=self.points_off + other.points_off,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSums:
    """What a trial has added up so far, for some members.

    `members` counts those who ordered or held points in the period. `gains` counts them by the
    lower bound of what they gain, `gain_squares` sums the squares of it: a sample's interval
    follows from that. `furthest_up` and `furthest_down` are the members who gain and lose most.
    `taken` are the points that the proposed document took of its budgets, less those that came
    back, in each minute.
    """

    cells: Counter[Cell] = field(default_factory=Counter)
    taken: Counter[BudgetMinute] = field(default_factory=Counter)
    levels: Counter[LevelMove] = field(default_factory=Counter)
    gains: Counter[int | None] = field(default_factory=Counter)
    members: int = 0
    gain_points: int = 0
    gain_squares: int = 0
    furthest_up: tuple[MemberGain, ...] = ()
    furthest_down: tuple[MemberGain, ...] = ()
    fidelity: Fidelity = field(default_factory=Fidelity)


def minute_of(moment: datetime) -> int:
    """The minute of a moment, since 1970 in UTC."""
    return int(moment.timestamp()) // 60


def gain_group(points: int) -> int | None:
    """The lower bound of the group of members who gain so many points; None for the lowest."""
    place = bisect_right(GAIN_BOUNDS, points)
    return GAIN_BOUNDS[place - 1] if place else None


def added_up(parts: Iterable[TrialSums]) -> TrialSums:
    """The sums of several groups of members, none of whom is in two of them."""
    cells: Counter[Cell] = Counter()
    taken: Counter[BudgetMinute] = Counter()
    levels: Counter[LevelMove] = Counter()
    gains: Counter[int | None] = Counter()
    members = gain_points = gain_squares = 0
    up: list[MemberGain] = []
    down: list[MemberGain] = []
    fidelity = Fidelity()
    for part in parts:
        cells.update(part.cells)
        taken.update(part.taken)
        levels.update(part.levels)
        gains.update(part.gains)
        members += part.members
        gain_points += part.gain_points
        gain_squares += part.gain_squares
        up = furthest_up((*up, *part.furthest_up))
        down = furthest_down((*down, *part.furthest_down))
        fidelity += part.fidelity
    return TrialSums(
        cells=cells,
        taken=taken,
        levels=levels,
        gains=gains,
        members=members,
        gain_points=gain_points,
        gain_squares=gain_squares,
        furthest_up=tuple(up),
        furthest_down=tuple(down),
        fidelity=fidelity,
    )


def furthest_up(gains: Iterable[MemberGain]) -> list[MemberGain]:
    """Those who gain most; of equal gains, by id."""
    return nsmallest(
        FURTHEST_MAX,
        (each for each in gains if each.points > 0),
        key=lambda each: (-each.points, each.member_id),
    )


def furthest_down(gains: Iterable[MemberGain]) -> list[MemberGain]:
    """Those who lose most; of equal losses, by id."""
    return nsmallest(FURTHEST_MAX, (each for each in gains if each.points < 0))
