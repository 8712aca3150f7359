"""Fees of plans among the goods of an order: what pays for a plan earns nothing by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from loyalty.domain.program.kinds import CHARGES

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Line, Order
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.kinds import Charge

FEE: Final[Charge] = "fee"


def with_fees(order: Order, program: Program) -> Order:
    """The order with the products that are plans as fees, which earn only where a rule says so.

    The same order, if it has none.
    """
    skus = program.plan_skus
    if not skus or not any(_is_fee(line, skus) for line in order.lines):
        return order
    lines = (replace(line, category=FEE) if _is_fee(line, skus) else line for line in order.lines)
    return replace(order, lines=tuple(lines))


def _is_fee(line: Line, skus: frozenset[str]) -> bool:
    return line.sku in skus and line.category not in CHARGES
