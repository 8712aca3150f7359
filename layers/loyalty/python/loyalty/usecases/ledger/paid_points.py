"""Points that paid for an order: its refunds return their share, and withdrawn ones take it again.

What should have returned follows from the order alone. So this may be called at any time and any
number of times: it moves what has returned to what should have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.entries import Accrual, Entry, OrderCause, Placeholder
from loyalty.domain.ledger.order_vouchers import OrderVouchers, VoucherStep
from loyalty.domain.ledger.postings import OrderSeen, Posting, signed
from loyalty.domain.ledger.refunds import OrderState, refunded_with, state_of
from loyalty.domain.ledger.returns import (
    due_back,
    give_back_share,
    lots_of_share,
    take_share_again,
)
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import expired_in, settled_lineage

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.orders.order import OrderRef
    from loyalty.usecases.ports import Desk, OrderOnFile


def settle_paid_points(ref: OrderRef, *, desk: Desk) -> tuple[VoucherStep, ...]:
    """Return the refunded share of the points that paid for an order.

    It costs one read, and more only if points paid. A program that does not reinstate vouchers
    returns none.

    Raises:
        TryAgain: other writers were faster too often; a repeated call resumes where it stopped.
    """
    if not desk.program.document.reinstate_vouchers:
        return ()
    held = desk.books.order_vouchers(ref.source, ref.order_id)
    steps = (_settle(code, ref, desk=desk) for code in (held.codes if held else ()))
    return tuple(step for step in steps if step)


@until_saved
def _settle(code: str, ref: OrderRef, *, desk: Desk) -> VoucherStep | None:
    voucher = desk.books.voucher(code)
    if voucher is None or not _pays_for(ref, voucher):
        return None
    held = desk.books.order_vouchers(ref.source, ref.order_id)
    if held is None or code not in held.codes:
        return None
    # A refund without a name, because none of its entries is asked for.
    file = desk.books.order(OrderCause(ref.source, ref.order_id, "clawback"))
    due = _due_back(voucher, held, file)
    if voucher.returned - voucher.return_forgiven <= due <= voucher.returned:
        return None
    try:
        posting = _moved_to(due, voucher, desk=desk)
    except NotFound:
        # The member was erased, and gets no points back.
        return None
    posting = replace(posting, order_seen=_seen(ref, held, file))
    desk.books.post(signed(posting, by=desk.caller))
    points = posting.entries[0].points
    return VoucherStep(
        redemption_id=voucher.redemption_id,
        status="points_returned" if due > voucher.returned else "points_taken",
        points=abs(points),
    )


def _pays_for(ref: OrderRef, voucher: Voucher) -> bool:
    return voucher.pays and voucher.state == "used" and voucher.used_order == ref


def _due_back(voucher: Voucher, held: OrderVouchers, file: OrderOnFile) -> int:
    if held.is_cancelled:
        return voucher.points
    match file.accrual:
        case Entry(detail=Accrual() as earned):
            return due_back(voucher, earned.order, state_of(earned, file.state))
        case Placeholder(order=order, refunds=refunds) if order is not None:
            state = OrderState()
            for refund in refunds:
                state = refunded_with(state, refund)
            return due_back(voucher, order, state)
        case _:
            return 0


def _moved_to(due: int, voucher: Voucher, *, desk: Desk) -> Posting:
    path = settled_lineage(desk, voucher.member_id)
    if due > voucher.returned:
        return give_back_share(
            voucher, due=due, account=path[-1], program=desk.program, now=desk.now
        )
    lots = lots_of_share(voucher, due=due, program=desk.program)
    return take_share_again(
        voucher,
        due=due,
        account=path[-1],
        expired=expired_in(lots, path, desk=desk),
        program=desk.program,
        now=desk.now,
    )


def _seen(ref: OrderRef, held: OrderVouchers, file: OrderOnFile) -> OrderSeen:
    found = file.accrual
    return OrderSeen(
        source=ref.source,
        order_id=ref.order_id,
        state_counter=file.state.counter if file.state else None,
        vouchers_counter=held.counter,
        placeholder_count=found.count if isinstance(found, Placeholder) else None,
    )
