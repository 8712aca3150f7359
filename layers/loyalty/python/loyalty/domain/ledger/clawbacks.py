"""Clawbacks: which points a refund takes back, and what happens where too few are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.budgets import budgets_on, takes
from loyalty.domain.ledger.campaign_counts import counting_of_step, moved
from loyalty.domain.ledger.entries import (
    Accrual,
    Clawback,
    Entry,
    OrderCause,
    Qualifying,
    RequestedRefund,
)
from loyalty.domain.ledger.postings import OrderStateChange, Posting
from loyalty.domain.ledger.refunds import (
    OrderState,
    clawback_name,
    counted_minor,
    disqualified,
    places_of,
    refunded_with,
    remainder_of,
    state_of,
    to_settle,
)
from loyalty.domain.ledger.taking_back import sources_of
from loyalty.domain.ledger.tiers import counting

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import PublishedProgram


def claw_back(
    refund: RequestedRefund,
    *,
    accrual: Entry,
    earned: Accrual,
    state: OrderState | None,
    account: Account,
    expired: Mapping[date, int],
    decided_by: PublishedProgram,
    program: PublishedProgram,
    now: datetime,
) -> Posting:
    """Take back from a settled account what a refunded order no longer earns.

    `decided_by` is the program version of the accrual; it decides how many points. `program` is
    the version in force; its policy decides where they come from. `expired` says how many points
    of each of the order's past lots expired unspent.
    """
    return take_back(
        refunded_with(state_of(earned, state), refund),
        name=clawback_name(refund, state),
        happened_at=refund.occurred_at,
        fingerprint=refund.fingerprint,
        accrual=accrual,
        earned=earned,
        state=state,
        account=account,
        expired=expired,
        decided_by=decided_by,
        program=program,
        now=now,
    )


def take_back(
    becomes: OrderState,
    *,
    name: str,
    happened_at: datetime,
    fingerprint: str,
    accrual: Entry,
    earned: Accrual,
    state: OrderState | None,
    account: Account,
    expired: Mapping[date, int],
    decided_by: PublishedProgram,
    program: PublishedProgram,
    now: datetime,
) -> Posting:
    """Take back what an order no longer earns in the state that it becomes, as in `claw_back`.

    `state` is the state seen. `name` names the clawback among those of the order.
    """
    seen = state_of(earned, state)
    before = remainder_of(earned, seen, decided_by.document)
    after = remainder_of(earned, becomes, decided_by.document)
    sources = sources_of(
        to_settle(earned, before=seen, after=after),
        parts=places_of(earned, seen),
        before=seen,
        account=account,
        expired=expired,
        policy=program.document,
    )
    today = program.document.today(now)
    settled = sources.settling(after.state)
    step = moved(
        earned,
        decided_by.document,
        before=before,
        after=after,
        forgiven=settled.forgiven,
        today=today,
    )
    order = earned.order
    less = disqualified(earned, before=before, after=after)
    counted = counted_for(less, account)
    level = counting(account, program.document, counted=counted, day=today)
    entry = Entry(
        cause=OrderCause(order.source, order.order_id, "clawback", name),
        member_id=account.member_id,
        effect=sources.effect,
        happened_at=happened_at,
        recorded_at=now,
        program_version=accrual.program_version,
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
    campaigns = counting_of_step(account, earned, decided_by.document, step)
    budgets = budgets_on(decided_by.document, decided_by.document.today(order.occurred_at))
    return Posting(
        entries=(entry,),
        budgets=takes(order.ref, budgets, step.uses, {}),
        order_state=OrderStateChange(
            order.source,
            order.order_id,
            replace(settled, counted=step.counted, changed_at=now),
            counter_seen=state.counter if state else None,
        ),
        changes=(
            sources.change(account, entry, counted=counted, level=level, campaigns=campaigns),
        ),
    )


def counted_for(less: Qualifying | None, account: Account) -> dict[str, int]:
    """The change to the counter that the order raised, if that counter still matters."""
    if less is None or (less.amount <= 0 and less.counter not in account.qualifying):
        return {}
    return {less.counter: less.amount}
