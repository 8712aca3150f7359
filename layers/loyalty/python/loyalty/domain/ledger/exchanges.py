"""Exchanges: returned goods pay for others, and only what was paid for what is kept counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.earning.awarding import apportion

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Line, Order


def after_exchange(order: Order, before: Order, traded_in: Mapping[str, int]) -> Order:
    """A new version of an order without the part of returned goods that paid for added ones.

    `before` is the version in force. `traded_in` is the money of returned goods that was not given
    back, by line and with tax. It pays for goods that this version adds, as far as it goes; the
    merchant keeps the rest, which still counts. What a returned line has lost, it never gets back
    by a later version of the same return.
    """
    lines = {line.line_id: line for line in order.lines if line.line_id in traded_in}
    was = {line.line_id: line.paid_minor for line in before.lines}
    lost = sum(
        max(0, line.paid_minor - was.get(line.line_id, line.paid_minor)) for line in lines.values()
    )
    added = sum(
        max(0, line.paid_minor - was.get(line.line_id, 0))
        for line in order.lines
        if line.line_id not in lines
    )
    worth = {line_id: min(traded_in[line_id], line.paid_minor) for line_id, line in lines.items()}
    total = sum(worth.values())
    credit = min(total, lost + min(added, max(0, total - lost)))
    if not credit:
        return order
    gone = apportion(credit, worth)
    return replace(
        order,
        lines=tuple(
            _less(line, gone[line.line_id]) if line.line_id in gone else line
            for line in order.lines
        ),
    )


def _less(line: Line, gone_minor: int) -> Line:
    """A line whose paid amount shrinks, and its amount in proportion."""
    left_minor = line.paid_minor - gone_minor
    return replace(
        line,
        amount_minor=line.amount_minor * left_minor // line.paid_minor if line.paid_minor else 0,
        gross_minor=None if line.gross_minor is None else left_minor,
    )
