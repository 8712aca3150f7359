"""Products of a shop's catalog: what the platform says about the goods that an order names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from loyalty.domain.kernel.text import as_line
from loyalty.domain.orders.order import TAGS_MAX
from loyalty.domain.program.kinds import CHARGES

CATEGORIES_MAX: Final = 30
CATEGORY_CHARACTERS_MAX: Final = 100
# A merchant who moves a product waits this long at most. What is older is read again.
FRESH_FOR: Final = timedelta(hours=24)
# While a platform is down, what it said within this time still counts.
REMEMBERED_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a platform says about a product; nothing, if it does not have the product."""

    sku: str | None = None
    categories: tuple[str, ...] = ()
    brand: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RememberedProduct:
    """A product as the platform described it at `read_at`."""

    product: Product
    read_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        return now - self.read_at < FRESH_FOR

    def is_known(self, now: datetime) -> bool:
        return now - self.read_at < REMEMBERED_FOR


@dataclass(frozen=True, slots=True)
class ProductsNeeded:
    """Products must be read from these paths of the platform's API.

    `complete` takes the responses in the order of `paths` and gives the products by id, or what
    else must be read. If there is a `body`, it is posted to the paths.
    """

    paths: tuple[str, ...]
    complete: Callable[[Sequence[bytes]], Mapping[str, Product] | ProductsNeeded]
    body: bytes | None = None


def categories(names: Iterable[str | None]) -> tuple[str, ...]:
    """A product's categories, each once, in the order of the platform.

    A name that is a charge's is left out: it says nothing about goods.
    """
    return tuple(name for name in _labels(names) if name not in CHARGES)[:CATEGORIES_MAX]


def tags(names: Iterable[str | None]) -> tuple[str, ...]:
    """A product's tags, each once, in the order of the platform."""
    return _labels(names)[:TAGS_MAX]


def brand(name: str | None) -> str | None:
    """A product's brand, as it is stored."""
    return next(iter(_labels([name])), None)


def _labels(names: Iterable[str | None]) -> tuple[str, ...]:
    lines = (as_line(name)[:CATEGORY_CHARACTERS_MAX].rstrip() for name in names if name)
    return tuple(dict.fromkeys(name for name in lines if name))
