"""An order uses the vouchers among its discounts, each once; a cancelled order gives them back.

Each step is one transaction of the voucher and of the order's list. So messages that arrive twice,
late, out of order or at once leave a voucher used by one order, or by none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from loyalty.domain.ledger.netting import net_of
from loyalty.domain.ledger.order_vouchers import (
    OrderVouchers,
    VoucherStep,
    reinstated,
    state_for,
    used_by_order,
    why_kept,
)
from loyalty.domain.ledger.postings import Posting, VoucherChange, signed
from loyalty.domain.orders.order import Order, OrderRef, is_outdated
from loyalty.usecases.attempts import until_saved

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderVoucherCodes:
    """The discounts of an order as its storefront states them at `told_at`.

    With `is_list`, `codes` are all the codes of the order. If it also `gives_back`, a voucher that
    was listed before and is not now is given back. With `is_first`, the order is new. With
    `is_in_force`, it uses vouchers even if it was cancelled before.
    """

    source: str
    order_id: str
    codes: tuple[str, ...]
    ordered_at: datetime
    member_id: str | None
    told_at: datetime | None = None
    is_list: bool = False
    gives_back: bool = True
    is_first: bool = False
    is_in_force: bool = False


def apply_vouchers(discounts: OrderVoucherCodes, *, desk: Desk) -> tuple[VoucherStep, ...]:
    """Use the vouchers among an order's discounts, and give back those that it no longer has.

    A voucher that cannot be used does not refuse the order: its step says why. Codes that belong
    to no voucher are skipped.

    Raises:
        TryAgain: other writers were faster too often; a repeated call resumes where it stopped.
    """
    if discounts.is_first and not discounts.codes:
        return ()
    held = held_by(discounts.source, discounts.order_id, desk=desk)
    if discounts.is_in_force and held.is_cancelled:
        held = _reopened(discounts.source, discounts.order_id, desk=desk)
    if discounts.gives_back and is_outdated(discounts.told_at, by=held.told_at):
        return ()
    steps = [
        _give_back(code, discounts.source, discounts.order_id, told_at=discounts.told_at, desk=desk)
        for code in held.listed
        if discounts.is_list and discounts.gives_back and code not in discounts.codes
    ]
    steps += [_use(code, discounts, desk=desk) for code in discounts.codes]
    return tuple(step for step in steps if step)


def net_of_vouchers(order: Order, codes: Sequence[str], *, desk: Desk) -> Order:
    """The order with the value of known vouchers taken off, whether or not it can use them.

    The till has given the discount already.
    """
    found = [desk.books.voucher(code) for code in codes]
    return net_of(order, [voucher for voucher in found if voucher])


def cancel_vouchers(source: str, order_id: str, *, desk: Desk) -> tuple[VoucherStep, ...]:
    """Give back all vouchers of a cancelled order, and let it use no others.

    Raises:
        TryAgain: other writers were faster too often; a repeated call resumes where it stopped.
    """
    held = _cancelled(source, order_id, desk=desk)
    steps = (_give_back(code, source, order_id, desk=desk) for code in held.codes)
    return tuple(step for step in steps if step)


@until_saved
def _use(code: str, order_voucher_codes: OrderVoucherCodes, *, desk: Desk) -> VoucherStep | None:
    order = OrderRef(order_voucher_codes.source, order_voucher_codes.order_id)
    held = held_by(order.source, order.order_id, desk=desk)
    voucher = desk.books.voucher(code)
    if voucher is None:
        return None
    if held.is_cancelled:
        return _refused(voucher, "order_cancelled")
    using = held.using(
        code, is_listed=order_voucher_codes.is_list, told_at=order_voucher_codes.told_at
    )
    state = state_for(voucher, ordered_at=order_voucher_codes.ordered_at, now=desk.now)
    if state == "used" and voucher.used_order == order:
        # A till may have used it for this very order before the storefront lists it.
        if not held.has(code, is_listed=order_voucher_codes.is_list):
            desk.books.post(Posting(order_vouchers=using))
        return _used(voucher, replayed=True)
    if state == "used" and voucher.used_order is None and voucher.used_request is None:
        # Its shop reported the use before this order, while it was being cancelled.
        return _used(voucher, replayed=True)
    if state == "held":
        # A shop that accepted a held voucher has thereby completed its redemption.
        issued = replace(voucher, state="issued", held_until=None)
        desk.books.post(Posting(voucher=VoucherChange(voucher, issued)))
        return _use(code, order_voucher_codes, desk=desk)
    if state != "issued":
        return _refused(voucher, f"voucher_{state}")
    used = used_by_order(
        voucher,
        order,
        ordered_at=order_voucher_codes.ordered_at,
        member_id=order_voucher_codes.member_id,
        now=desk.now,
    )
    desk.books.post(signed(_both(using, voucher, used), by=desk.caller))
    return _used(voucher, replayed=False)


@until_saved
def _give_back(
    code: str, source: str, order_id: str, *, told_at: datetime | None = None, desk: Desk
) -> VoucherStep | None:
    held, voucher = held_by(source, order_id, desk=desk), desk.books.voucher(code)
    if voucher is None or code not in held.codes:
        return None
    reinstates = desk.program.document.reinstate_vouchers
    if reason := why_kept(voucher, reinstates=reinstates, now=desk.now):
        return VoucherStep(redemption_id=voucher.redemption_id, status="kept", reason=reason)
    without = held.without(code, told_at=told_at)
    desk.books.post(_both(without, voucher, reinstated(voucher)))
    return VoucherStep(redemption_id=voucher.redemption_id, status="given_back")


@until_saved
def _cancelled(source: str, order_id: str, *, desk: Desk) -> OrderVouchers:
    held = held_by(source, order_id, desk=desk)
    if held.is_cancelled:
        return held
    cancelled = held.cancelled()
    desk.books.post(Posting(order_vouchers=cancelled))
    return cancelled


@until_saved
def _reopened(source: str, order_id: str, *, desk: Desk) -> OrderVouchers:
    held = held_by(source, order_id, desk=desk)
    if not held.is_cancelled:
        return held
    reopened = held.reopened()
    desk.books.post(Posting(order_vouchers=reopened))
    return reopened


def held_by(source: str, order_id: str, *, desk: Desk) -> OrderVouchers:
    """The vouchers of an order, read strongly.

    Posting the next state relies on no other write in between.
    """
    found = desk.books.order_vouchers(source, order_id)
    return found or OrderVouchers(source=source, order_id=order_id)


def _both(held: OrderVouchers, seen: Voucher, becomes: Voucher) -> Posting:
    return Posting(order_vouchers=held, voucher=VoucherChange(seen, becomes))


def _refused(voucher: Voucher, reason: str) -> VoucherStep:
    return VoucherStep(redemption_id=voucher.redemption_id, status="refused", reason=reason)


def _used(voucher: Voucher, *, replayed: bool) -> VoucherStep:
    return VoucherStep(redemption_id=voucher.redemption_id, status="used", replayed=replayed)
