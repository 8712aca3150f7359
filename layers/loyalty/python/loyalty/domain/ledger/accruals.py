"""Accruals: what an order's award does to the books, with the refunds that came before it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime

from loyalty.domain.earning.awarding import Part, award
from loyalty.domain.earning.qualifying import qualifies
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import (
    Accrual,
    Clawback,
    Effect,
    Entry,
    OrderCause,
    PendingDates,
    Placeholder,
    Qualifying,
    total,
)
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
    to_settle,
)
from loyalty.domain.ledger.tiers import counter, counting, level_on
from loyalty.domain.orders.order import Order
from loyalty.domain.program.document import Program, PublishedProgram


@dataclass(frozen=True, slots=True)
class WaitingRefunds:
    """Refunds that came before their order, each with what it takes from the award's parts."""

    clawbacks: tuple[tuple[Clawback, str, datetime, Effect], ...]
    state: OrderState


def accrue(
    order: Order,
    *,
    account: Account,
    program: PublishedProgram,
    fingerprint: str,
    now: datetime,
    replaces: Placeholder | None = None,
) -> Posting:
    """Record what an order earns on an account.

    Points whose last day has already passed never enter a lot: their expiry is an entry of the
    same transaction. `replaces` is the placeholder that stands in the accrual's place; refunds
    that waited in it are taken whole, from the award itself and in the same transaction.
    """
    today = program.document.today(now)
    accrual = _accrual(order, account, program.document)
    refunds = _waiting(accrual, replaces, program=program.document, today=today)
    clawed = total(effect for _, _, _, effect in refunds.clawbacks)
    gross = _gross(accrual, today=today)
    net = total((gross, clawed))
    active_on = newly_active(account, program=program, today=today)
    counted = _counted(accrual, refunds)
    level = counting(account, program.document, counted=counted, day=today)
    added = addition(
        account,
        lots=net.lots,
        pending=net.pending,
        today=today,
        undated_until=program.undated_until(active_on or account.active_on),
        also_due=level.changes_on,
    )
    entry = Entry(
        cause=OrderCause(order.source, order.order_id, "accrual"),
        member_id=account.member_id,
        effect=total((added.effect, _opposite(clawed))),
        happened_at=order.occurred_at,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=accrual,
    )
    entries = (
        entry,
        *(_clawback_entry(entry, *told, debt=account.debt) for told in refunds.clawbacks),
        *expiry_at_once(entry, added.expired),
    )
    return Posting(
        entries=entries,
        changes=(
            change_by_addition(
                account,
                entries=entries,
                due=added.due,
                qualifying=counted,
                counting=level,
                active_on=active_on,
            ),
        ),
        replaces=replaces,
        order_state=(
            OrderStateChange(order.source, order.order_id, refunds.state, counter_seen=None)
            if refunds.clawbacks
            else None
        ),
    )


def _accrual(order: Order, account: Account, program: Program) -> Accrual:
    """What the order earns and counts for, at the level that the member had on its day."""
    day = program.today(order.occurred_at)
    level = level_on(account, program, day=day)
    tier = level.id if level else None
    earned = award(order, program, tier=tier)
    counts: Qualifying | None = None
    if program.tiers is not None:
        counts = Qualifying(
            counter(program.tiers, account, program, day=day),
            qualifies(order, points=earned.points, basis=program.tiers.basis),
        )
    return Accrual(
        order=order, shares=earned.shares, parts=earned.parts, tier=tier, qualifying=counts
    )


def _counted(accrual: Accrual, refunds: WaitingRefunds) -> dict[str, int]:
    """What the order counts towards a level, less the refunds that waited for it."""
    if accrual.qualifying is None:
        return {}
    less = sum(told[0].qualifying.amount for told in refunds.clawbacks if told[0].qualifying)
    return {accrual.qualifying.counter: accrual.qualifying.amount + less}


def _gross(accrual: Accrual, *, today: date) -> Effect:
    """The whole award, as lots where it is available and as pending points where it is not."""
    lots: Counter[date] = Counter()
    pending: Counter[PendingDates] = Counter()
    for part in accrual.parts:
        if part.available_on > today:
            pending[PendingDates(part.available_on, part.expires_on)] += part.points
        else:
            lots[part.expires_on] += part.points
    return Effect(lots=lots, pending=pending)


def _waiting(
    accrual: Accrual, placeholder: Placeholder | None, *, program: Program, today: date
) -> WaitingRefunds:
    """Settle the refunds that waited against the award's own parts, pending ones first."""
    state = OrderState(taken=(0,) * len(accrual.parts))
    clawbacks: list[tuple[Clawback, str, datetime, Effect]] = []
    for refund in placeholder.refunds if placeholder else ():
        after = refunded_with(state, refund)
        owing = to_settle(accrual, program, before=state, after=after)
        taken, effect = _from_parts(accrual.parts, state.taken, owing, today=today)
        clawback = Clawback(
            source=accrual.order.source,
            order_id=accrual.order.order_id,
            refund_id=refund.refund_id,
            amount_minor=counted_minor(accrual.order, before=state, after=after),
            clawed=owing,
            owed=0,
            forgiven=0,
            excused=0,
            debt_after=0,
            qualifying=disqualified(accrual, program, before=state, after=after),
        )
        clawbacks.append((clawback, refund.fingerprint, refund.occurred_at, effect))
        state = replace(after, clawed=state.clawed + owing, taken=taken)
    return WaitingRefunds(tuple(clawbacks), state)


def _from_parts(
    parts: tuple[Part, ...], taken: tuple[int, ...], points: int, *, today: date
) -> tuple[tuple[int, ...], Effect]:
    """Take points from what is left of an award that is not in any account yet."""
    taken_now = list(taken)
    lots: Counter[date] = Counter()
    pending: Counter[PendingDates] = Counter()
    order = sorted(range(len(parts)), key=lambda i: parts[i].available_on <= today)
    for number in order:
        part = parts[number]
        share = min(points, part.points - taken_now[number])
        points -= share
        taken_now[number] += share
        if part.available_on > today:
            pending[PendingDates(part.available_on, part.expires_on)] -= share
        else:
            lots[part.expires_on] -= share
    return tuple(taken_now), total((Effect(lots=lots, pending=pending),))


def _clawback_entry(
    accrual: Entry,
    clawback: Clawback,
    fingerprint: str,
    occurred_at: datetime,
    effect: Effect,
    *,
    debt: int,
) -> Entry:
    cause = OrderCause(clawback.source, clawback.order_id, "clawback", clawback.refund_id)
    return replace(
        accrual,
        cause=cause,
        effect=effect,
        happened_at=occurred_at,
        fingerprint=fingerprint,
        detail=replace(clawback, debt_after=debt + accrual.effect.debt),
    )


def _opposite(effect: Effect) -> Effect:
    return Effect(
        lots={day: -points for day, points in effect.lots.items()},
        debt=-effect.debt,
        pending={dates: -points for dates, points in effect.pending.items()},
    )
