"""The processor time of deciding an order with twenty campaigns in force."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from bench.figures import Figure, median
from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.planning import AwardContext, compiled
from tests.support.campaigns import campaign, with_campaigns
from tests.support.orders import line, order

CAMPAIGNS: Final = 20
ROUNDS: Final = 5
ORDERS: Final = 500

_EFFECTS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "multiply", "percent": 150},
    {"kind": "rate", "points": 1, "per_minor": 50},
    {"kind": "fixed", "points": 20, "on_refund": "in_proportion"},
    {"kind": "per_unit", "points": 3},
)
_CONDITION: Final = {
    "all": [
        {"fact": "amount", "at_least_minor": 1000},
        {"fact": "units", "at_least": 2, "of": {"categories": ["drink", "bean"]}},
        {"not": {"fact": "channel", "is_in": ["web"]}},
    ]
}


def campaigns() -> Iterator[Figure]:
    """Measure an order of three lines under twenty campaigns that all hold."""
    program = with_campaigns(
        *(
            campaign(id=f"c{n}", effect=_EFFECTS[n % len(_EFFECTS)], **{"if": _CONDITION})
            for n in range(CAMPAIGNS)
        )
    )
    compiled(program)
    bought = order(*(line(2000, str(n), quantity=2, category="bean", sku="S") for n in range(3)))
    bought = replace(bought, channel="app")
    seconds: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(ORDERS):
            full_award(bought, bought=bought, program=program, context=AwardContext())
        seconds.append((time.process_time() - started) / ORDERS)
    yield Figure(
        bench="decide an order",
        figure=f"{CAMPAIGNS} campaigns in force",
        value=median(seconds) * 1000,
        unit="ms",
    )
