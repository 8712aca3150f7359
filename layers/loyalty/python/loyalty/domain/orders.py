"""Orders as the rules read them: amounts are integer minor units, net of discounts and tax."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

LINES_MAX: Final = 200
BACKDATED_DAYS_MAX: Final = 90
# Clocks of tills and shops run ahead of ours.
AHEAD_MAX: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an order; `amount_minor` is the whole line, not one unit."""

    line_id: str
    sku: str | None
    category: str | None
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was bought, where and when. `source` names the shop or till."""

    source: str
    order_id: str
    occurred_at: datetime
    lines: tuple[Line, ...]
    channel: str | None = None

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    def keeping(self, amounts_minor: dict[str, int]) -> Order:
        """The same order with other amounts left on its lines, by line id."""
        return replace(
            self,
            lines=tuple(
                replace(line, amount_minor=amounts_minor[line.line_id]) for line in self.lines
            ),
        )


def fingerprint(*parts: object) -> str:
    """A short digest of what a caller sent, in normal form: equal for equal meaning.

    It covers never what was decided about it, because a retry may decide otherwise.
    """
    told = json.dumps(parts, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def order_fingerprint(order: Order, *, customer: str) -> str:
    """What a caller said of an order; `customer` is how the caller named the customer."""
    return fingerprint(
        customer,
        order.occurred_at.isoformat(),
        order.channel,
        [
            [line.line_id, line.sku, line.category, line.quantity, line.amount_minor]
            for line in order.lines
        ],
    )
