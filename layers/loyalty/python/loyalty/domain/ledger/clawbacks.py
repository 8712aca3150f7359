"""Clawbacks: which points a refund takes back, and what happens where too few are left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.budgets import budgets_on, takes
from loyalty.domain.ledger.campaign_counts import counting_of_step, moved
from loyalty.domain.ledger.entries import (
    Clawback,
    Entry,
    OrderCause,
    Qualifying,
    RequestedRefund,
)
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.refunds import (
    OrderState,
    clawback_name,
    counted_minor,
    disqualified,
    refunded_with,
    remainder_of,
    to_settle,
)
from loyalty.domain.ledger.tiers import counting

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.orders_to_settle import OrderToSettle


def claw_back(refund: RequestedRefund, recorded: OrderToSettle) -> Posting:
    """Take back from its member's account what a refunded order no longer earns."""
    return take_back(
        refunded_with(recorded.seen, refund),
        recorded,
        name=clawback_name(refund, recorded.state),
        happened_at=refund.occurred_at,
        fingerprint=refund.fingerprint,
    )


def take_back(
    becomes: OrderState,
    recorded: OrderToSettle,
    *,
    name: str,
    happened_at: datetime,
    fingerprint: str,
) -> Posting:
    """Take back what an order no longer earns in the state that it becomes.

    `name` names the clawback among those of the order.
    """
    earned, seen, account = recorded.earned, recorded.seen, recorded.account
    rules, today = recorded.decided_by.document, recorded.today
    before = remainder_of(earned, seen, rules)
    after = remainder_of(earned, becomes, rules)
    sources = recorded.sources(to_settle(earned, before=seen, after=after))
    settled = sources.settling(after.state)
    step = moved(
        earned,
        rules,
        before=before,
        after=after,
        forgiven=settled.forgiven,
        today=today,
    )
    order = earned.order
    less = disqualified(earned, before=before, after=after)
    counted = counted_for(less, account)
    level = counting(account, recorded.program.document, counted=counted, day=today)
    entry = Entry(
        cause=OrderCause(order.source, order.order_id, "clawback", name),
        member_id=account.member_id,
        effect=sources.effect,
        happened_at=happened_at,
        recorded_at=recorded.now,
        program_version=recorded.accrual.program_version,
        fingerprint=fingerprint,
        detail=Clawback(
            source=order.source,
            order_id=order.order_id,
            refund_id=name,
            amount_minor=counted_minor(before=before, after=after),
            clawed=sources.clawed,
            owed=sources.owed,
            forgiven=sources.forgiven,
            excused=sources.excused,
            debt_after=account.holding.debt + sources.owed,
            qualifying=less,
            counted=step.uses,
            campaign_points=step.campaign_points,
        ),
    )
    campaigns = counting_of_step(account, earned, rules, step)
    budgets = budgets_on(rules, rules.today(order.occurred_at))
    return Posting(
        entries=(entry,),
        budgets=takes(order.ref, budgets, step.uses, {}),
        order_state=recorded.becoming(replace(settled, counted=step.counted)),
        changes=(
            sources.change(account, entry, counted=counted, level=level, campaigns=campaigns),
        ),
    )


def counted_for(less: Qualifying | None, account: Account) -> dict[str, int]:
    """The change to the counter that the order raised, if that counter still matters."""
    if less is None or (less.amount <= 0 and less.counter not in account.qualifying):
        return {}
    return {less.counter: less.amount}
