"""What an order earns in all: by the earning rules, and by campaigns."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.planning import AwardContext, compiled
from loyalty.domain.earning.awarding import Award, award, dates_of, parts_of, shared

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import Program


def full_award(
    remaining: Order, *, bought: Order, program: Program, context: AwardContext
) -> Award:
    """What is earned by what is kept of an order, by this version of the program.

    `remaining` is the order with the amounts and units that are left on its lines.

    Raises:
        ValidationFailed: the order earns more points than can be counted.
    """
    by_rules = award(remaining, program, tier=context.tier)
    if not program.campaigns:
        return by_rules
    every = compiled(program)
    purchase = every.purchase(bought, remaining, tier=context.tier)
    planned = every.plan(purchase.keeping(bought), context)
    values = every.values(purchase, planned)
    if not values:
        return by_rules
    shares = list(by_rules.shares)
    parts: Counter[tuple[date, date]] = Counter(
        {(part.available_on, part.expires_on): part.points for part in by_rules.parts}
    )
    occurred_on = purchase.occurred_at.date()
    for each in every.campaigns:
        if each.id not in values:
            continue
        shares += shared(each.id, purchase.lines(each.covers), values[each.id])
        dates = dates_of(each.campaign, program, occurred_on=occurred_on, tier=context.tier)
        parts[dates] += values[each.id]
    return Award(
        shares=tuple(shares),
        parts=parts_of(parts),
        campaign_points=values,
        not_qualifying=sum(
            values.get(each.id, 0) for each in every.campaigns if not each.campaign.qualifies
        ),
    )
