"""What counts toward a level: points, money spent on goods, or orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loyalty.domain.program.kinds import CHARGES

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Order

# A counter's name is the letter of its basis and the number of its period (`p2026`), so an amount
# counted on one basis is never read as another.
LETTERS: Final = {"qualifying_points": "p", "spend": "s", "orders": "o"}


def basis_of(counter: str) -> str:
    """The basis that a counter counts by."""
    return next(basis for basis, letter in LETTERS.items() if counter.startswith(letter))


def qualifies(order: Order, *, points: int, basis: str) -> int:
    """What an order counts toward a level: its points, its goods in minor units, or one order.

    A fully refunded order counts nothing, so a refund lowers the counter that its order raised.
    """
    goods_minor = sum(line.amount_minor for line in order.lines if line.category not in CHARGES)
    match basis:
        case "qualifying_points":
            return points
        case "spend":
            return goods_minor
        case _:
            return int(goods_minor > 0)
