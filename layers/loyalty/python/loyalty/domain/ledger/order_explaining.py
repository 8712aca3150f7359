"""Why an order earned what it earned, and what a refund of it would take: computed, never stored.

Both read the order's entry with the context that was frozen in it, and the version of the program
that decided it. So they say the same for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.findings import findings
from loyalty.domain.campaigns.limits import budget_of, member_cap
from loyalty.domain.campaigns.planning import compiled
from loyalty.domain.campaigns.rule_findings import rule_findings
from loyalty.domain.earning.awarding import points_by_giver
from loyalty.domain.ledger.campaign_counts import moved
from loyalty.domain.ledger.refunds import (
    context_of,
    counted_minor,
    in_force,
    refunded_with,
    remainder_of,
)

if TYPE_CHECKING:
    from datetime import date

    from loyalty.domain.campaigns.findings import CampaignFindings
    from loyalty.domain.campaigns.rule_findings import RuleFindings
    from loyalty.domain.ledger.entries import Accrual, RequestedRefund
    from loyalty.domain.ledger.refunds import OrderState, Remainder
    from loyalty.domain.program.document import Program

_NONE: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExplanation:
    """What the latest version of an order earns, and why.

    `points` are those of each rule and campaign before any refund, `points_kept` those that are
    left after the refunds so far. Those that gave nothing are in neither.
    """

    campaigns: tuple[CampaignFindings, ...] = ()
    rules: tuple[RuleFindings, ...] = ()
    points: Mapping[str, int] = _NONE
    points_kept: Mapping[str, int] = _NONE


class LimitReturn(NamedTuple):
    """What a limit of a campaign in a period would get back: points, and orders if it counts them.

    The period is named as in the ledger: `2026-11`, `2026-W48`, or `all`.
    """

    campaign_id: str
    limit: Literal["cap", "budget"]
    period: str
    points: int
    orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundQuote:
    """What an order no longer earns after a refund, before the program's clawback policy.

    `rules` and `campaigns` have the (negative) change for each that loses some. `limits` get back
    what is taken back, so less if the policy lets the member keep a part. `amount_minor` is how
    much of the refunded money counts.
    """

    rules: Mapping[str, int] = _NONE
    campaigns: Mapping[str, int] = _NONE
    limits: tuple[LimitReturn, ...] = ()
    amount_minor: int = 0

    @property
    def points(self) -> int:
        return sum(self.rules.values()) + sum(self.campaigns.values())


def explain_order(accrual: Accrual, state: OrderState, program: Program) -> OrderExplanation:
    """Why an order earned what it earned; `program` is the version that decided its accrual."""
    bought, context = in_force(accrual, state), context_of(accrual, state)
    every = compiled(program)
    purchase = every.purchase(bought, tier=context.tier, plan=context.plan)
    earned = full_award(bought, bought=bought, program=program, context=context)
    return OrderExplanation(
        campaigns=findings(every, purchase, context),
        rules=rule_findings(every, purchase, tier=context.tier, plan=context.plan),
        points=points_by_giver(earned.shares),
        points_kept=points_by_giver(remainder_of(accrual, state, program).award.shares),
    )


def quote_refund(
    refund: RequestedRefund, accrual: Accrual, state: OrderState, program: Program, *, today: date
) -> RefundQuote:
    """What a refund would take; `program` is the version that decided the order's accrual."""
    before = remainder_of(accrual, state, program)
    after = remainder_of(accrual, refunded_with(state, refund), program)
    lost = points_by_giver(before.award.shares)
    lost.subtract(points_by_giver(after.award.shares))
    return RefundQuote(
        rules={each.id: -lost[each.id] for each in program.earning_rules if lost[each.id]},
        campaigns={each.id: -lost[each.id] for each in program.campaigns if lost[each.id]},
        limits=tuple(_returns(accrual, program, before=before, after=after, today=today)),
        amount_minor=counted_minor(before=before, after=after),
    )


def _returns(
    accrual: Accrual, program: Program, *, before: Remainder, after: Remainder, today: date
) -> Iterator[LimitReturn]:
    """What limits get back if all that the order loses is taken back, and nothing forgiven."""
    day, forgiven = program.today(accrual.order.occurred_at), before.state.forgiven
    step = moved(accrual, program, before=before, after=after, forgiven=forgiven, today=today)
    used = dict(step.uses)
    for campaign in program.campaigns:
        if cap := member_cap(campaign, day):
            points, orders = (-used.get(name, 0) for name in (cap.points_name, cap.orders_name))
            if points or orders:
                yield LimitReturn(campaign.id, "cap", cap.period, points, orders)
        if (budget := budget_of(campaign, program.point_value, day)) and budget.name in used:
            yield LimitReturn(campaign.id, "budget", budget.period, -used[budget.name])
