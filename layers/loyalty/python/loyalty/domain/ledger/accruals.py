"""Accruals: an order's award enters the books, together with refunds that arrived before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.budgets import budgets_on, left_of, takes
from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.campaigns.limits import together, uses
from loyalty.domain.earning.qualifying import qualifies
from loyalty.domain.ledger.account import Account, lapse_of, past_day_counters
from loyalty.domain.ledger.campaign_counts import counting_of_order, decide, moved
from loyalty.domain.ledger.entries import (
    Accrual,
    Clawback,
    Entry,
    OrderCause,
    Placeholder,
    Qualifying,
)
from loyalty.domain.ledger.giving import days_over, waiting
from loyalty.domain.ledger.holding import Holding, total
from loyalty.domain.ledger.holds import placed
from loyalty.domain.ledger.member_plans import plan_on
from loyalty.domain.ledger.postings import (
    OrderStateChange,
    Posting,
    addition,
    change_by_addition,
    expiry_at_once,
    newly_active,
)
from loyalty.domain.ledger.refunds import (
    OrderState,
    counted_minor,
    disqualified,
    refunded_with,
    remainder_of,
    to_settle,
)
from loyalty.domain.ledger.reviews import Review
from loyalty.domain.ledger.safeguards import SafeguardDecision, safeguarded
from loyalty.domain.ledger.tiers import counter, counting, level_of_order

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import ShardsUsed
    from loyalty.domain.campaigns.member_facts import MemberFacts
    from loyalty.domain.campaigns.planning import AwardContext
    from loyalty.domain.earning.awarding import Part
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import Program, PublishedProgram


class WaitingRefund(NamedTuple):
    """A refund that came before its order, and what it takes from the award's parts."""

    clawback: Clawback
    fingerprint: str
    occurred_at: datetime
    effect: Holding


@dataclass(frozen=True, slots=True)
class WaitingRefunds:
    """The refunds that came before an order, and the state that they leave it in."""

    refunds: tuple[WaitingRefund, ...]
    state: OrderState


def accrue(
    order: Order,
    *,
    account: Account,
    program: PublishedProgram,
    fingerprint: str,
    now: datetime,
    replaces: Placeholder | None = None,
    about: MemberFacts | None = None,
    shards: ShardsUsed = MappingProxyType({}),
) -> Posting:
    """Record what an order earns on an account.

    Points whose last day has already passed never enter a lot: the same transaction has an entry
    for their expiry. `replaces` is the placeholder under the accrual's key. The refunds that wait
    in it are taken in full, from the award itself, in the same transaction.

    An order that exceeds a safeguard opens a review, and its points may be held.

    `about` has what campaigns read of the member beside their account. `shards` is what was
    used of budgets, of those that were read.
    """
    today = program.document.today(now)
    level = level_of_order(order, account, program.document)
    tier = level.id if level else None
    day = program.document.today(order.occurred_at)
    plan = plan_on(account, program.document, day=day)
    budgets = budgets_on(program.document, day)
    left = left_of(budgets, shards)
    decision = decide(
        order,
        account,
        program.document,
        tier=tier,
        plan=plan.id if plan else None,
        today=today,
        about=about,
        held_out=held_out_of(program, account.member_id),
        left=left,
    )
    accrual = _accrual(order, account, program.document, decision.context, today=today)
    safeguard = safeguarded(
        accrual.points,
        account=account,
        program=program.document,
        day=day,
        today=today,
    )
    accrual = replace(accrual, held_until=safeguard.held_until)
    parts = placed(accrual.parts, held_until=accrual.held_until)
    waited = _waiting(accrual, replaces, program=program.document, today=today)
    clawed = total(refund.effect for refund in waited.refunds)
    awarded = Holding.from_parts(parts, today=today)
    active_on = newly_active(account, "order", program=program, today=today)
    counted = _counted(accrual, waited.refunds)
    reached = counting(
        account, program.document, counted=counted, day=today, of_order=_counted(accrual, ())
    )
    added = addition(
        account,
        awarded + clawed,
        today=today,
        lapses_after=lapse_of(account, program, active_on=active_on),
        also_due=reached.changes_on,
    )
    entry = Entry(
        cause=OrderCause(order.source, order.order_id, "accrual"),
        member_id=account.member_id,
        effect=added.effect - clawed,
        happened_at=order.occurred_at,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=accrual,
        tier_reached=reached.tier_reached,
    )
    entries = (
        entry,
        *(_clawback_entry(entry, each, debt=account.holding.debt) for each in waited.refunds),
        *expiry_at_once(entry, added.expired),
    )
    returned = [use for each in waited.refunds for use in each.clawback.counted]
    return Posting(
        entries=entries,
        budgets=takes(order.ref, budgets, together(accrual.counted, returned), shards),
        changes=(
            change_by_addition(
                account,
                entries=entries,
                due=added.due,
                qualifying=counted,
                counting=reached,
                redeemed=safeguard.counted,
                redeemed_below=safeguard.below,
                giveable_from=waiting(parts, program.document, today=today),
                forgets=(
                    *days_over(account, today=today),
                    *past_day_counters(account, today=today),
                ),
                active_on=active_on,
                campaigns=counting_of_order(
                    order,
                    account,
                    program.document,
                    decision,
                    counted=accrual.counted,
                    returned=returned,
                ),
            ),
        ),
        replaces=replaces,
        order_state=(
            OrderStateChange(
                order.source,
                order.order_id,
                replace(waited.state, changed_at=now),
                counter_seen=None,
            )
            if waited.refunds
            else None
        ),
        review=_review(accrual, safeguard, member_id=account.member_id, now=now),
    )


def _review(
    accrual: Accrual, safeguard: SafeguardDecision, *, member_id: str, now: datetime
) -> Review | None:
    """The review that the order opens; None if it exceeds no safeguard."""
    if not safeguard.excesses:
        return None
    return Review(
        member_id=member_id,
        order=accrual.order.ref,
        points=accrual.points,
        excesses=safeguard.excesses,
        opened_at=now,
        held_until=safeguard.held_until,
    )


def _accrual(
    order: Order, account: Account, program: Program, context: AwardContext, *, today: date
) -> Accrual:
    """What the order earns, and what it counts toward a level and in limits of campaigns."""
    earned = full_award(order, bought=order, program=program, context=context)
    counts: Qualifying | None = None
    if program.tiers is not None:
        counts = Qualifying(
            counter(program.tiers, account, program, day=program.today(order.occurred_at)),
            qualifies(order, points=earned.qualifying_points, basis=program.tiers.basis),
        )
    day = program.today(order.occurred_at)
    return Accrual(
        order=order,
        shares=earned.shares,
        parts=earned.parts,
        tier=context.tier,
        plan=context.plan,
        qualifying=counts,
        opened=tuple(sorted(context.opened)),
        held_out=tuple(sorted(context.held_out)),
        ceilings=context.ceilings,
        counted=uses(program, day, today=today, before={}, after=earned.campaign_points),
        campaigns=tuple(earned.campaign_points),
    )


def _counted(accrual: Accrual, refunds: Iterable[WaitingRefund]) -> dict[str, int]:
    """What the order counts toward a level, less the refunds that waited for it."""
    if accrual.qualifying is None:
        return {}
    lost = [refund.clawback.qualifying for refund in refunds]
    less = sum(each.amount for each in lost if each)
    return {accrual.qualifying.counter: accrual.qualifying.amount + less}


def _waiting(
    accrual: Accrual, placeholder: Placeholder | None, *, program: Program, today: date
) -> WaitingRefunds:
    """Settle the waiting refunds against the parts of the award, pending ones first."""
    state = OrderState(taken=(0,) * len(accrual.parts))
    waiting_refunds = placeholder.refunds if placeholder else ()
    if not waiting_refunds:
        return WaitingRefunds((), state)
    refunds: list[WaitingRefund] = []
    parts = placed(accrual.parts, held_until=accrual.held_until)
    before = remainder_of(accrual, state, program)
    for refund in waiting_refunds:
        after = remainder_of(accrual, refunded_with(state, refund), program)
        owing = to_settle(accrual, before=state, after=after)
        taken, effect = _taken_from(parts, state.taken, owing, today=today)
        step = moved(accrual, program, before=before, after=after, forgiven=0, today=today)
        clawback = Clawback(
            source=accrual.order.source,
            order_id=accrual.order.order_id,
            refund_id=refund.refund_id,
            amount_minor=counted_minor(before=before, after=after),
            clawed=owing,
            owed=0,
            forgiven=0,
            excused=0,
            debt_after=0,
            qualifying=disqualified(accrual, before=before, after=after),
            counted=step.uses,
            campaign_points=step.campaign_points,
        )
        refunds.append(WaitingRefund(clawback, refund.fingerprint, refund.occurred_at, effect))
        state = replace(after.state, clawed=state.clawed + owing, taken=taken, counted=step.counted)
        before = after._replace(state=state)
    return WaitingRefunds(tuple(refunds), state)


def _taken_from(
    parts: tuple[Part, ...], taken: tuple[int, ...], points: int, *, today: date
) -> tuple[tuple[int, ...], Holding]:
    """Take points from an award before any account holds it, pending parts first.

    `taken` says how many points of each part earlier refunds took. Returns the same with this
    refund, and its effect.
    """
    taken_now = list(taken)
    shares: list[Part] = []
    for number in sorted(range(len(parts)), key=lambda i: parts[i].available_on <= today):
        share = min(points, parts[number].points - taken_now[number])
        points -= share
        taken_now[number] += share
        shares.append(parts[number]._replace(points=share))
    return tuple(taken_now), -Holding.from_parts(shares, today=today)


def _clawback_entry(accrual: Entry, refund: WaitingRefund, *, debt: int) -> Entry:
    clawback = refund.clawback
    cause = OrderCause(clawback.source, clawback.order_id, "clawback", clawback.refund_id)
    return replace(
        accrual,
        cause=cause,
        effect=refund.effect,
        happened_at=refund.occurred_at,
        fingerprint=refund.fingerprint,
        detail=replace(clawback, debt_after=debt + accrual.effect.debt),
        tier_reached=(),
    )
