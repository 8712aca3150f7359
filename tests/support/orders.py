"""Orders for tests of the rules: only what a test is about has to be said."""

from datetime import UTC, datetime
from typing import Any, Final

from loyalty.domain.orders.order import Line, Order

NOON: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def line(amount_minor: int, line_id: str = "1", **parts: Any) -> Line:
    details = {"sku": None, "category": None, "quantity": 1} | parts
    return Line(line_id=line_id, amount_minor=amount_minor, **details)


def order(
    *lines: Line, source: str = "pos", order_id: str = "1001", occurred_at: datetime = NOON
) -> Order:
    return Order(source=source, order_id=order_id, occurred_at=occurred_at, lines=lines)


def order_of(*amounts_minor: int, occurred_at: datetime = NOON, **parts: Any) -> Order:
    """An order with a line for each amount; the lines are called 1, 2, 3 and so on."""
    lines = (line(minor, str(number), **parts) for number, minor in enumerate(amounts_minor, 1))
    return order(*lines, occurred_at=occurred_at)
