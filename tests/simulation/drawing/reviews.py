"""Random safeguards, and managers who decide about what exceeds them."""

import random
from collections.abc import Sequence
from dataclasses import replace

from loyalty.domain.program.safeguards import Safeguard, SafeguardCount
from tests.simulation import programs
from tests.simulation.drawing.orders import drawn_order, drawn_refund
from tests.simulation.drawing.requests import Logical, sent
from tests.simulation.requests.orders import Arrival, Earn, Refund
from tests.simulation.requests.reviews import Decide
from tests.simulation.world import Request, World


def with_safeguards(draw: random.Random, world: World) -> None:
    """Add limits to the world's program; a later version may have other ones."""
    for number, version in enumerate(world.programs):
        drawn = tuple(_safeguard(draw, f"s{each}") for each in range(draw.choice((1, 1, 2))))
        document = programs.changed(version.document, {"safeguards": drawn})
        world.programs[number] = replace(version, document=document)


def _safeguard(draw: random.Random, name: str) -> Safeguard:
    count: SafeguardCount = draw.choice(("orders", "points"))
    days = draw.choice((None, 1, 2, 4))
    return Safeguard(
        id=name,
        count=count,
        at_most=draw.choice((1, 1, 2)) if count == "orders" else draw.choice((10, 40, 90)),
        then="hold" if days else "flag",
        hold_days=days,
    )


def of_reviews(draw: random.Random, world: World, logical: Sequence[Logical]) -> list[Logical]:
    """More orders of one member, their refunds, and decisions about some orders."""
    member_id = draw.choice(tuple(world.auditor.accounts))
    requests: list[Request] = []
    orders = [each.request.order for each in logical if isinstance(each.request, Arrival)]
    for number in range(draw.choice((1, 2, 3))):
        order = drawn_order(draw, world, f"held{number}")
        orders.append(order)
        requests.append(Earn(order, member_id))
        requests += (
            Refund(order, drawn_refund(draw, world, order, f"r{refunded}"))
            for refunded in range(draw.choice((0, 0, 1, 2)))
        )
    requests += (
        Decide(order, draw.choice(("released", "released", "rejected")))
        for order in orders
        if draw.random() < 0.6
    )
    if draw.random() < 0.1:
        requests.append(Decide(draw.choice(orders), "rejected"))
    return sent(draw, requests)
