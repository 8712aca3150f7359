"""Plans that members buy as a product: a member's plan follows from their orders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.entries import Entry, OrderCause
from loyalty.domain.ledger.plan_tellings import record_telling
from loyalty.domain.ledger.postings import OrderSeen
from loyalty.domain.ledger.refunds import state_of, unrefunded
from loyalty.domain.plans.purchases import purchases_of
from loyalty.domain.plans.tellings import MemberPlans
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account, settled

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Order, OrderRef
    from loyalty.usecases.ports import Desk, OrderOnFile


def settle_purchases(order: OrderRef, *, desk: Desk) -> None:
    """Update a member's plan by the units of it that they bought in an order and kept.

    Looking again changes nothing. A guest's order counts once somebody claims it, and nothing moves
    for an erased member.

    Raises:
        TryAgain: other writers were faster too often; looking again goes on where this ended.
    """
    with suppress(NotFound):
        _settle(order, desk=desk)


@until_saved
def _settle(order: OrderRef, *, desk: Desk) -> None:
    file = desk.books.order(OrderCause(order.source, order.order_id, "accrual"))
    accrual = file.accrual
    if not isinstance(accrual, Entry):
        return
    account = settled(desk, open_account(desk, accrual.member_id, strong=True))
    before = desk.books.plans(account.member_id) or MemberPlans(member_id=account.member_id)
    counter = file.state.counter if file.state else 0
    after = before.with_purchases(
        purchases_of(
            _left(accrual, file),
            desk.version(accrual.program_version).document,
            counter=counter,
            recorded=before.purchases,
        )
    )
    if after is before:
        return
    posting = record_telling(account, after, program=desk.program, now=desk.now)
    seen = OrderSeen(
        source=order.source,
        order_id=order.order_id,
        state_counter=file.state.counter if file.state else None,
    )
    desk.books.post(replace(posting, order_seen=seen))


def _left(accrual: Entry, file: OrderOnFile) -> Order:
    """What is left of an order; nothing if a review rejected it."""
    left = unrefunded(accrual.earned.order, state_of(accrual.earned, file.state))
    is_rejected = file.state is not None and file.state.verdict == "rejected"
    return replace(left, lines=()) if is_rejected else left
