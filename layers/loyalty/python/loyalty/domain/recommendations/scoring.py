"""What to recommend to a member, and why: rewards that they can get or nearly so, and goods.

Everything is computed from what is known of the member while they are answered, and forgotten. All
numbers are integers, so that the same facts give the same answer everywhere. Reasons are of closed
kinds, and each says something that the member can check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loyalty.domain.recommendations.things import (
    GOODS_KINDS,
    LIKENESS_MAX,
    GoodsKind,
    Neighborhood,
    Thing,
    ThingKind,
)

if TYPE_CHECKING:
    from loyalty.domain.program.rewards import Reward

# What an answer rests on, as in the API: the best that the program and the member let it rest on.
Basis = Literal["skus", "categories", "popularity", "balance"]

REWARDS_MAX: Final = 10
GOODS_MAX: Final = 10
# A member of this pace comes close to a reward.
CLOSE_DAYS: Final = 14
# So does one who lacks this part of its cost.
_CLOSE_PERCENT: Final = 20
# A reward halves its weight every so many days that it is away.
_REACH_DAYS: Final = 30
_THOUSAND: Final = 1000


class YouBought(NamedTuple):
    """It goes with a thing that the member bought, or is that thing."""

    thing: Thing
    kind: Literal["you_bought"] = "you_bought"


class CloseTo(NamedTuple):
    """The member lacks few points for it, or none; `days` are those at their pace, if known."""

    missing: int
    days: int | None
    kind: Literal["close_to"] = "close_to"


class PopularHere(NamedTuple):
    """Many members had it: of the member's `level`, or, where that is None, of all."""

    level: str | None
    kind: Literal["popular_here"] = "popular_here"


class ExpiringPoints(NamedTuple):
    """Points of the member that end after a day pay at least half of it."""

    points: int
    last_on: date
    kind: Literal["expiring_points"] = "expiring_points"


type Because = YouBought | CloseTo | PopularHere | ExpiringPoints


class EarningPace(NamedTuple):
    """How many points a member earned in so many days, at least one day."""

    points: int
    days: int

    def days_for(self, points: int) -> int | None:
        """In how many days they earn these points; None if they earn none."""
        return -(-points * self.days // self.points) if self.points > 0 else None


class EndingPoints(NamedTuple):
    """The points of a member that end next, and their last day."""

    points: int
    last_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """What is known of a member while they are answered.

    `bought` is in how many of their latest orders each thing was. Who objects to personalization is
    known by nothing at all: `is_anonymous`.
    """

    bought: Mapping[Thing, int] = field(default_factory=lambda: MappingProxyType({}))
    level: str | None = None
    pace: EarningPace | None = None
    ending: EndingPoints | None = None
    is_anonymous: bool = False


ANONYMOUS: Final = Shopper(is_anonymous=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A reward that is for the member now, what it costs them, and how many points they lack."""

    reward: Reward
    cost_points: int
    missing_points: int

    @property
    def things(self) -> Iterator[Thing]:
        """What it is, by any name: itself, and the products that it is valid for."""
        yield Thing("reward", self.reward.id)
        for sku in self.reward.skus:
            yield Thing("sku", sku)


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRecommendation:
    """A reward to get next; `days` are those until its points are earned, if that is known."""

    candidate: Candidate
    because: Because
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsRecommendation:
    """Goods that the member may like."""

    thing: Thing
    because: Because


class Liking(NamedTuple):
    """How much a thing goes with all that a member bought, and with which of it the most."""

    likeness: int
    because: Thing


class Recommender:
    """Recommends rewards and goods to one member."""

    def __init__(self, shopper: Shopper, neighborhood: Neighborhood) -> None:
        self._shopper = shopper
        self._neighborhood = neighborhood
        self._goods = self._goods_kind()
        self._affinities = self._all_affinities()
        of_level = neighborhood.popularity.get(shopper.level, {}) if shopper.level else {}
        self._level = shopper.level if of_level else None
        self._popularity = neighborhood.popularity.get(self._level, {})
        self._most: dict[ThingKind, int] = {}
        for thing, members in self._popularity.items():
            self._most[thing.kind] = max(members, self._most.get(thing.kind, 0))

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing of the member is looked at."""
        return self._shopper.is_anonymous

    @property
    def level(self) -> str | None:
        """The level whose members the popularity of things is that of; None: all members."""
        return self._level

    @property
    def basis(self) -> Basis:
        if self._goods:
            return "skus" if self._goods == "sku" else "categories"
        return "popularity" if self._popularity or self._shopper.is_anonymous else "balance"

    def rewards(self, candidates: Iterable[Candidate]) -> tuple[RewardRecommendation, ...]:
        """The rewards that a member may want next, the best first; each has a reason."""
        found: list[RewardRecommendation] = []
        for candidate in candidates:
            days = self._days_for(candidate)
            if because := self._why(candidate, days):
                found.append(RewardRecommendation(candidate=candidate, because=because, days=days))
        return tuple(sorted(found, key=self._score, reverse=True)[:REWARDS_MAX])

    def goods(self) -> tuple[GoodsRecommendation, ...]:
        """Goods that the member has not bought lately: what goes with theirs, then what is popular.

        They are all of one kind, the one that the answer rests on.
        """
        kind = self._goods or self._popular_kind()
        bought = self._shopper.bought
        alike = sorted(
            (
                (-each.likeness * (_THOUSAND + self._share(thing)), thing, each.because)
                for thing, each in self._affinities.items()
                if thing.kind == kind and thing not in bought
            ),
        )
        found = [
            GoodsRecommendation(thing=thing, because=YouBought(because))
            for _, thing, because in alike
        ]
        named = {each.thing for each in found}
        popular = sorted(
            (-members, thing)
            for thing, members in self._popularity.items()
            if thing.kind == kind and thing not in bought and thing not in named
        )
        found += [
            GoodsRecommendation(thing=thing, because=PopularHere(self._level))
            for _, thing in popular
        ]
        return tuple(found[:GOODS_MAX])

    def liking(self, things: Iterable[Thing]) -> Liking | None:
        """How much the one of these things that goes best with what the member bought does so."""
        found = [self._affinities[each] for each in things if each in self._affinities]
        return max(found, key=lambda each: each.likeness, default=None)

    def popularity_of(self, things: Iterable[Thing]) -> int:
        """How popular the most popular one of these things is, in thousandths."""
        return max(map(self._share, things), default=0)

    def _goods_kind(self) -> GoodsKind | None:
        """The most telling kind of goods of which something is known that the member bought."""
        telling = {
            thing.kind for thing in self._shopper.bought if self._neighborhood.neighbors.get(thing)
        }
        return next((kind for kind in GOODS_KINDS if kind in telling), None)

    def _popular_kind(self) -> GoodsKind:
        return next((kind for kind in GOODS_KINDS if kind in self._most), "sku")

    def _all_affinities(self) -> dict[Thing, Liking]:
        """How much each thing goes with what the member bought, more of it with more orders."""
        summed: defaultdict[Thing, list[tuple[int, Thing]]] = defaultdict(list)
        for thing, orders in sorted(self._shopper.bought.items()):
            summed[thing].append((LIKENESS_MAX * orders, thing))
            if thing.kind != self._goods:
                continue
            for neighbor in self._neighborhood.neighbors.get(thing, ()):
                summed[neighbor.thing].append((neighbor.likeness * orders, thing))
        found: dict[Thing, Liking] = {}
        for thing, each in summed.items():
            _, because = max(each, key=lambda part: part[0])
            found[thing] = Liking(sum(likeness for likeness, _ in each), because)
        return found

    def _share(self, thing: Thing) -> int:
        """How popular a thing is beside the most popular one of its kind, in thousandths."""
        members = self._popularity.get(thing, 0)
        return _THOUSAND * members // self._most[thing.kind] if members else 0

    def _days_for(self, candidate: Candidate) -> int | None:
        pace = self._shopper.pace
        if not candidate.missing_points:
            return None
        return pace.days_for(candidate.missing_points) if pace else None

    def _why(self, candidate: Candidate, days: int | None) -> Because | None:
        """The reason that matters most; a reward without one is not recommended."""
        is_popular = Thing("reward", candidate.reward.id) in self._popularity
        popular = PopularHere(self._level) if is_popular else None
        if self._shopper.is_anonymous:
            return popular
        missing, ending = candidate.missing_points, self._shopper.ending
        if ending and not missing and 2 * ending.points >= candidate.cost_points:
            return ExpiringPoints(*ending)
        if affinity := self.liking(candidate.things):
            return YouBought(affinity.because)
        is_close = 100 * missing <= _CLOSE_PERCENT * candidate.cost_points or (
            days is not None and days <= CLOSE_DAYS
        )
        if missing and is_close:
            return CloseTo(missing, days)
        return popular or (CloseTo(0, None) if not missing else None)

    def _score(self, found: RewardRecommendation) -> int:
        """What can be had soon, goes with what they buy, and is popular, comes first."""
        candidate = found.candidate
        popularity = _THOUSAND + self._share(Thing("reward", candidate.reward.id))
        if self._shopper.is_anonymous:
            return popularity
        affinity = self.liking(candidate.things)
        likeness = min(affinity.likeness, 4 * LIKENESS_MAX) if affinity else 0
        urgency = 2 if isinstance(found.because, ExpiringPoints) else 1
        reach = _reach(candidate, found.days)
        return urgency * reach * popularity * (_THOUSAND + likeness * _THOUSAND // LIKENESS_MAX)


def _reach(candidate: Candidate, days: int | None) -> int:
    """How near a reward is, in thousandths: by its days at the member's pace, or else by points."""
    if not candidate.missing_points:
        return _THOUSAND
    if days is not None:
        return _THOUSAND * _REACH_DAYS // (_REACH_DAYS + days)
    held = candidate.cost_points - candidate.missing_points
    return _THOUSAND * held // (2 * candidate.cost_points)
