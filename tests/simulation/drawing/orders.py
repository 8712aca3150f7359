"""Random orders, their later versions, and their refunds."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Final

from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Line, Order, fingerprint
from tests.simulation.world import World

_SECOND: Final = timedelta(seconds=1)


def drawn_order(draw: random.Random, world: World, order_id: str) -> Order:
    lines = _lines(draw)
    # The points of an order that arrives late may have expired by then.
    ago = timedelta(hours=draw.choice((0, 0, 0, 1, 25, 49)))
    return Order(source="till", order_id=order_id, occurred_at=world.now - ago, lines=lines)


def _lines(draw: random.Random) -> tuple[Line, ...]:
    return tuple(
        Line(
            line_id=f"l{number}",
            sku=None,
            category=draw.choice((None, "coffee", "tea", "tax")),
            quantity=draw.choice((1, 1, 2, 3)),
            amount_minor=draw.randint(0, 60),
        )
        for number in range(draw.choice((1, 1, 2, 3)))
    )


def versions_of(draw: random.Random, order: Order) -> list[Order]:
    """The versions of one order that a storefront sends over time, with tax in what was paid."""
    versions: list[Order] = []
    for number in range(draw.choice((1, 2, 3))):
        lines = order.lines if draw.random() < 0.3 else _lines(draw)
        if draw.random() < 0.5:
            lines = tuple(replace(line, gross_minor=line.amount_minor * 5 // 4) for line in lines)
        versions.append(replace(order, lines=lines, told_at=order.occurred_at + number * _SECOND))
    return versions


def drawn_refund(
    draw: random.Random, world: World, order: Order, refund_id: str
) -> RequestedRefund:
    quantities: dict[str, int] = {}
    amounts_minor: dict[str, int] = {}
    amount_minor, whole = 0, False
    match draw.choice(("lines", "lines", "money of lines", "amount", "whole")):
        case "lines":
            quantities = {
                line.line_id: draw.randint(1, line.quantity)
                for line in order.lines
                if draw.random() < 0.7
            }
        case "money of lines":
            amounts_minor = {
                line.line_id: draw.randint(1, 1 + line.amount_minor)
                for line in order.lines
                if draw.random() < 0.7
            }
        case "amount":
            amount_minor = draw.randint(1, 1 + order.amount_minor)
        case _:
            whole = True
    return RequestedRefund(
        refund_id=refund_id,
        occurred_at=world.now,
        quantities=quantities,
        amounts_minor=amounts_minor,
        amount_minor=amount_minor,
        whole=whole,
        fingerprint=fingerprint(refund_id, quantities, amounts_minor, amount_minor, whole),
    )
