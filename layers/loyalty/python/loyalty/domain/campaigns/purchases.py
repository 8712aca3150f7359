"""An order as it was bought and as it is kept, as campaigns read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from loyalty.domain.orders.order import Line, Order
from loyalty.domain.program.kinds import CHARGES

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import RuleRate
    from loyalty.domain.program.line_selectors import LineSelector
    from loyalty.domain.program.order_conditions import Reading

type Covers = Callable[[Line], bool]
type Covering = Callable[[LineSelector], Covers]


class Purchase:
    """An order, and what is kept of it: the same lines with the amounts and units that are left.

    `rates` are the earning rules that apply to it. Which lines a selector covers is found once,
    because refunds change no line's SKU, categories, brand or tags.
    """

    __slots__ = ("_covered", "bought", "occurred_at", "rates", "remaining")

    def __init__(
        self, bought: Order, remaining: Order, *, occurred_at: datetime, rates: tuple[RuleRate, ...]
    ) -> None:
        self.bought = bought
        self.remaining = remaining
        self.occurred_at = occurred_at
        self.rates = rates
        self._covered: dict[Covers, tuple[int, ...]] = {}

    def keeping(self, remaining: Order) -> Purchase:
        """The same purchase with something else that is kept of it."""
        purchase = Purchase(self.bought, remaining, occurred_at=self.occurred_at, rates=self.rates)
        purchase._covered = self._covered  # of the same class
        return purchase

    def lines(self, covers: Covers, read: Reading = "kept") -> Sequence[Line]:
        """The lines that a selector covers, as they are kept or were bought."""
        numbers = self._covered.get(covers)
        if numbers is None:
            numbers = tuple(n for n, line in enumerate(self.bought.lines) if covers(line))
            self._covered[covers] = numbers
        lines = self.remaining.lines if read == "kept" else self.bought.lines
        return [lines[number] for number in numbers]


def amount_of(lines: Sequence[Line]) -> int:
    """What lines cost together, in minor units."""
    return sum(line.amount_minor for line in lines)


def units_of(lines: Sequence[Line]) -> int:
    """How many units lines have together."""
    return sum(line.quantity for line in lines)


def covering_by(lists: Mapping[str, Sequence[str]]) -> Covering:
    """What turns a program's selectors into functions; `lists` are its lists of SKUs.

    Equal selectors share a function, so the lines that they cover are found once for a purchase.
    """
    return cache(partial(_covering, lists=lists))


def _covering(selector: LineSelector, lists: Mapping[str, Sequence[str]]) -> Covers:
    """Whether a selector covers a line."""
    charges = frozenset(CHARGES) - frozenset(selector.also_charges)
    not_categories = frozenset(selector.not_categories)
    not_skus = frozenset(selector.not_skus)
    categories, brands, tags = map(frozenset, (selector.categories, selector.brands, selector.tags))
    skus = frozenset(selector.skus).union(*(lists[name] for name in selector.lists))
    is_open = not (categories or brands or tags or selector.skus or selector.lists)

    def covers(line: Line) -> bool:
        if line.category in charges or line.sku in not_skus:
            return False
        if not line.categories.isdisjoint(not_categories):
            return False
        return (
            is_open
            or line.sku in skus
            or not line.categories.isdisjoint(categories)
            or not line.brands.isdisjoint(brands)
            or not line.all_tags.isdisjoint(tags)
        )

    return covers
