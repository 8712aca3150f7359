"""Things that members buy, and which of them go together. Nothing here is about one member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

# The kinds of things, as they are stored and in the API.
ThingKind = Literal["reward", "sku", "category"]
THING_KINDS: Final[tuple[ThingKind, ...]] = get_args(ThingKind)
# Goods tell more by their SKU than by their category.
GoodsKind = Literal["sku", "category"]
GOODS_KINDS: Final[tuple[GoodsKind, ...]] = get_args(GoodsKind)

# What fewer members did is said of nobody.
MEMBERS_MIN: Final = 10
# Likeness is in millionths: that of a thing with itself.
LIKENESS_MAX: Final = 1_000_000


class Thing(NamedTuple):
    """A reward, an article by its SKU, or a category of articles."""

    kind: ThingKind
    id: str


class Neighbor(NamedTuple):
    """A thing that goes with another one: how much, from 1 to `LIKENESS_MAX`."""

    thing: Thing
    likeness: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighborhood:
    """Which things of a program go together and which are popular, as of a moment.

    `neighbors` are those of a thing, the most alike first. `popularity` has, by level, how many
    members had each thing in the last year; None is all members, whatever their level. All of it
    counts at least `MEMBERS_MIN` members.
    """

    as_of: datetime | None = None
    neighbors: Mapping[Thing, tuple[Neighbor, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    popularity: Mapping[str | None, Mapping[Thing, int]] = field(
        default_factory=lambda: MappingProxyType({})
    )


# Before anything was computed.
UNKNOWN: Final = Neighborhood()
