"""Orders as the rules read them: amounts are integer minor units, net of discounts and tax."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

LINES_MAX: Final = 500
TENDERS_MAX: Final = 20
PROMOTION_CODES_MAX: Final = 20
TAGS_MAX: Final = 30
BACKDATED_DAYS_MAX: Final = 90
# Clocks of tills and shops may run ahead of ours.
AHEAD_MAX: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, order=True)
class OrderRef:
    """Names an order by its shop or till and the id it has there."""

    source: str
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an order; `amount_minor` is the whole line, not one unit.

    `gross_minor` is what the customer paid for it, tax included, if the storefront says so: that
    is what its refunds give back. Earning rules never read it. `product_categories` are those that
    the shop's catalog has the product in, beside the category that the order itself tells.
    """

    line_id: str
    sku: str | None
    category: str | None
    quantity: int
    amount_minor: int
    gross_minor: int | None = None
    product_categories: tuple[str, ...] = ()
    brand: str | None = None
    tags: tuple[str, ...] = ()
    product_brand: str | None = None
    product_tags: tuple[str, ...] = ()

    @property
    def categories(self) -> frozenset[str]:
        """Every category that an earning rule may name the line by."""
        own = () if self.category is None else (self.category,)
        return frozenset((*own, *self.product_categories))

    @property
    def brands(self) -> frozenset[str]:
        """Every brand that a rule may name the line by: the order's own, and the catalog's."""
        return frozenset(brand for brand in (self.brand, self.product_brand) if brand)

    @property
    def all_tags(self) -> frozenset[str]:
        """Every tag that a rule may name the line by: the order's own, and the catalog's."""
        return frozenset((*self.tags, *self.product_tags))

    @property
    def paid_minor(self) -> int:
        """The amount that refunds of the line are measured against."""
        return self.amount_minor if self.gross_minor is None else self.gross_minor


class Tender(NamedTuple):
    """What was paid by one means of payment, such as `card`, `cash` or `gift_card`."""

    kind: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was bought, where and when. `source` names the shop or till.

    `location` is the branch where it was bought. `tenders` say how it was paid, one for each means
    of payment; they need not add up to the lines, which are without tax. `codes` are the promotion
    codes that were entered, in normal form.

    `told_at` is when the storefront says it last changed the order. Of two versions, the later
    one wins, whichever arrives first. `lists_refunds`: its storefront sends all refunds that stand
    with each version.
    """

    source: str
    order_id: str
    occurred_at: datetime
    lines: tuple[Line, ...]
    channel: str | None = None
    told_at: datetime | None = None
    lists_refunds: bool = False
    location: str | None = None
    tenders: tuple[Tender, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def ref(self) -> OrderRef:
        return OrderRef(self.source, self.order_id)

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    def with_products_of(self, before: Order) -> Order:
        """The same order, its lines with what the catalog said when an earlier version counted.

        A merchant may move a product to another category. What was bought before stays what it was.
        """
        counted = {line.line_id: line for line in before.lines}

        def as_counted(line: Line) -> Line:
            first = counted.get(line.line_id, line)
            return replace(
                line,
                product_categories=first.product_categories,
                product_brand=first.product_brand,
                product_tags=first.product_tags,
            )

        return replace(self, lines=tuple(map(as_counted, self.lines)))

    def keeping(
        self, amounts_minor: Mapping[str, int], quantities: Mapping[str, int] | None = None
    ) -> Order:
        """The same order with these amounts, and these units, on its lines, by line id."""
        units = quantities or {}
        return replace(
            self,
            lines=tuple(
                replace(
                    line,
                    amount_minor=amounts_minor[line.line_id],
                    quantity=units.get(line.line_id, line.quantity),
                )
                for line in self.lines
            ),
        )


def tenders_of(payments: Iterable[Tender]) -> tuple[Tender, ...]:
    """Payments in normal form: one tender for each kind, without those that paid nothing."""
    totals: Counter[str] = Counter()
    for kind, amount_minor in payments:
        totals[kind] += amount_minor
    return tuple(Tender(kind, totals[kind]) for kind in sorted(totals) if totals[kind] > 0)


def promotion_code(text: str) -> str:
    """A promotion code in normal form: capital and small letters are the same."""
    return text.strip().upper()


def promotion_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """Promotion codes in normal form, each once, without empty ones."""
    return tuple(sorted({code for code in map(promotion_code, texts) if code}))


def fingerprint(*parts: object) -> str:
    """A short digest of what a caller sent, in normal form: equal for equal meaning.

    It never covers a decision of ours, because a retry may be decided differently.
    """
    canonical = json.dumps(parts, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def order_fingerprint(order: Order, *, customer: str) -> str:
    """A digest of an order as its caller sent it; `customer` is how they named the customer."""
    return fingerprint(customer, order.occurred_at.isoformat(), *_content(order))


def content_fingerprint(order: Order) -> str:
    """A digest of what the rules read of an order, and of what its refunds are measured against.

    It leaves out the order's time: the time of the first version stays.
    """
    return fingerprint(*_content(order), [line.gross_minor for line in order.lines])


def is_outdated(told_at: datetime | None, *, by: datetime | None) -> bool:
    """Whether a version of one time is older than a version of another time."""
    return by is not None and (told_at is None or told_at < by)


def _content(order: Order) -> tuple[object, ...]:
    """What an order says. What only some orders say is left out of the others.

    So the fingerprint of an order does not depend on fields that it does not use.
    """
    also = {
        name: value
        for name, value in (
            ("location", order.location),
            ("tenders", sorted(order.tenders)),
            ("codes", sorted(order.codes)),
        )
        if value
    }
    lines = [_line_content(line) for line in order.lines]
    return (order.channel, lines, also) if also else (order.channel, lines)


def _line_content(line: Line) -> list[object]:
    content: list[object] = [
        line.line_id,
        line.sku,
        line.category,
        line.quantity,
        line.amount_minor,
    ]
    also = {
        name: value
        for name, value in (("brand", line.brand), ("tags", sorted(set(line.tags))))
        if value
    }
    return [*content, also] if also else content
