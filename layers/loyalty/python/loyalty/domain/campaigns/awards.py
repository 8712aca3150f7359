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
    from loyalty.domain.program.expiry_policies import Expiry


def full_award(
    remaining: Order, *, bought: Order, program: Program, context: AwardContext
) -> Award:
    """What is earned by what is kept of an order, by this version of the program.

    `remaining` is the order with the amounts and units that are left on its lines.

    Raises:
        ValidationFailed: the order earns more points than can be counted.
    """
    by_rules = award(remaining, program, tier=context.tier, plan=context.plan)
    if not program.campaigns:
        return by_rules
    every = compiled(program)
    purchase = every.purchase(bought, remaining, tier=context.tier, plan=context.plan)
    planned = every.plan(purchase.keeping(bought), context)
    # What is planned is what all that was bought is worth.
    values = planned if remaining is bought else every.values(purchase, planned)
    if not values:
        return by_rules
    shares = list(by_rules.shares)
    parts: Counter[tuple[date, date]] = Counter(
        {(part.available_on, part.expires_on): part.points for part in by_rules.parts}
    )
    occurred_on = purchase.occurred_at.date()
    # Most campaigns leave both to the program.
    dates: dict[tuple[int | None, Expiry | None], tuple[date, date]] = {}
    for each in every.campaigns:
        if each.id not in values:
            continue
        shares += shared(each.id, purchase.lines(each.covers), values[each.id])
        campaign = each.campaign
        lives = (campaign.pending_days, campaign.expiry)
        if lives not in dates:
            dates[lives] = dates_of(campaign, program, occurred_on=occurred_on, tier=context.tier)
        parts[dates[lives]] += values[each.id]
    return Award(
        shares=tuple(shares),
        parts=parts_of(parts),
        campaign_points=values,
        not_qualifying=sum(
            values.get(each.id, 0) for each in every.campaigns if not each.campaign.qualifies
        ),
    )
