"""What points that end soon could still buy, to say so in time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.ledger.campaign_counts import facts_of
from loyalty.domain.ledger.redemptions import cost, why_not
from loyalty.domain.ledger.tiers import level_on

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import PublishedProgram


class PaidReward(NamedTuple):
    """A reward, and the points that it costs a member."""

    reward_id: str
    cost_points: int


def reward_for(
    points: int, account: Account, *, program: PublishedProgram, now: datetime
) -> PaidReward | None:
    """The dearest reward that these points of a settled account pay for; None if there is none.

    Rewards that only some members get are left out, and those that may be sold out: nobody should
    come for what is not there.
    """
    document = program.document
    level = level_on(account, document, day=document.today(now))
    facts = facts_of(
        account,
        document,
        occurred_at=now.astimezone(document.zone),
        tier=level.id if level else None,
        about=None,
    )
    payable = [
        PaidReward(reward.id, price)
        for reward in document.rewards
        if not reward.conditions
        and reward.stock is None
        and (price := cost(reward, level)) <= points
        and why_not(
            reward,
            account,
            points=price,
            level=level,
            program=program,
            now=now,
            is_sold_out=False,
            facts=facts,
        )
        is None
    ]
    return max(payable, key=lambda each: each.cost_points, default=None)
