"""An order or a refund arrives, from a till, a storefront, or a generated year.

Everybody who has an order to record calls this: it finds the order's customer, records the order
with the refunds that came with it, and uses or gives back its vouchers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    LimitReached,
    NotFound,
    Refusal,
    ValidationFailed,
)
from loyalty.domain.ledger.entries import Entry, OrderCause, RequestedRefund
from loyalty.usecases.ledger.order_vouchers import (
    OrderVoucherCodes,
    apply_vouchers,
    cancel_vouchers,
    net_of_vouchers,
)
from loyalty.usecases.ledger.paid_points import settle_paid_points
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept, NamedCustomer, earn
from loyalty.usecases.orders.edits import Edited, Outdated, record_refund, record_version
from loyalty.usecases.orders.guests import record_for
from loyalty.usecases.orders.refunds import Refunded, Waiting

if TYPE_CHECKING:
    from loyalty.domain.ledger.order_vouchers import VoucherStep
    from loyalty.domain.orders.order import Order, OrderRef
    from loyalty.usecases.ports import Desk, Directory

type Mode = Literal["record", "correct", "follow"]
"""How an order arrives.

- `record`: once. The same order with different content is refused.
- `correct`: the latest version counts.
- `follow`: as `correct`, from a storefront, where the order has already happened. It lists all its
  codes and refunds. So a refusal is an answer, and does not keep its vouchers from being used.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedOrder:
    """An order as its till or storefront has it now.

    `codes` are the vouchers that it was paid with (None: unknown, so its vouchers stay as they
    are). `refunds` are all that stand (None: unknown). `traded_in` is the money of returned goods
    that was not given back, by line and with tax. If it `nets_vouchers`, their value is still to be
    taken off its amounts. `is_excluded`: it is not to earn, whatever else
    is to be done with it. `all_given_back`: nothing of the order is left.
    """

    order: Order
    customer: NamedCustomer
    mode: Mode
    codes: tuple[str, ...] | None = ()
    refunds: tuple[RequestedRefund, ...] | None = None
    traded_in: Mapping[str, int] = MappingProxyType({})
    nets_vouchers: bool = False
    is_excluded: bool = False
    all_given_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedRefund:
    """A refund as its till or storefront reports it.

    `all_given_back`: nothing of the order is left, so its vouchers are given back. `if_recorded`:
    it counts only if the order is on file, and does not wait for it. `listed_with` is the version
    of the order that lists it.
    """

    ref: OrderRef
    request: RequestedRefund
    mode: Literal["record", "follow"]
    all_given_back: bool = False
    if_recorded: bool = False
    listed_with: Order | None = None


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """Nothing was recorded: it was refused, or was not meant to be recorded (no `refusal`)."""

    refusal: Refusal | None = None


type OrderOutcome = Earned | Edited | GuestOrderKept | Outdated | NotRecorded
type RefundOutcome = Refunded | Waiting | Outdated | NotRecorded


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOrder:
    """What became of an order, of the refunds that came with it, and of its vouchers."""

    order: OrderOutcome
    refunds: tuple[RefundOutcome, ...] = ()
    vouchers: tuple[VoucherStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRefund:
    """What became of a refund, and of the vouchers of its order."""

    refund: RefundOutcome
    vouchers: tuple[VoucherStep, ...] = ()


def order_arrived(arrived: ArrivedOrder, *, directory: Directory, desk: Desk) -> RecordedOrder:
    """Record an order for its customer, then its refunds, then use its vouchers.

    Last, the refunded share of the points that paid for it returns.

    Each step counts once, so a repeated call resumes where the last one stopped.

    Raises:
        TryAgain: other writers were faster too often.
        OrderConflict: `record`: the order was recorded before with different content.
        ValidationFailed: not `follow`: the order is too old, from the future, or earns too much.
        NotFound: not `follow`: no such member.
    """
    recorded = _recorded(arrived, directory=directory, desk=desk)
    refunds = tuple(
        _refunded(
            ArrivedRefund(
                ref=arrived.order.ref, request=request, mode="follow", listed_with=arrived.order
            ),
            desk=desk,
        )
        for request in _refunds_that_count(arrived, recorded, desk=desk)
    )
    vouchers = _vouchers(arrived, recorded, desk=desk)
    if arrived.codes or not _is_new(recorded):
        vouchers += settle_paid_points(arrived.order.ref, desk=desk)
    return RecordedOrder(order=recorded, refunds=refunds, vouchers=vouchers)


def refund_arrived(arrived: ArrivedRefund, *, desk: Desk) -> RecordedRefund:
    """Record a refund, once. If nothing of its order is left, give the order's vouchers back.

    Of points that paid for the order, the refunded share returns.

    Raises:
        TryAgain: other writers were faster too often.
        ValidationFailed: `record`: it names a line that the order does not have.
        LimitReached: `record`: too many refunds wait for an order that has not arrived.
        IdempotencyConflict: `record`: it was recorded before with different content.
    """
    refunded = _refunded(arrived, desk=desk)
    vouchers = _given_back(arrived, refunded, desk=desk)
    vouchers += settle_paid_points(arrived.ref, desk=desk)
    return RecordedRefund(refund=refunded, vouchers=vouchers)


def _recorded(arrived: ArrivedOrder, *, directory: Directory, desk: Desk) -> OrderOutcome:
    """What the order itself changed."""
    if arrived.is_excluded:
        return NotRecorded()
    codes = (arrived.codes or ()) if arrived.nets_vouchers else ()
    if arrived.mode == "record":
        record = partial(earn, arrived.order, net_of=codes, desk=desk)
        return record_for(arrived.customer, record, directory=directory)
    order = net_of_vouchers(arrived.order, codes, desk=desk)
    listed = None if arrived.refunds is None else {each.refund_id for each in arrived.refunds}
    record_newer = partial(
        record_version, order, listed=listed, traded_in=arrived.traded_in, desk=desk
    )
    try:
        return record_for(arrived.customer, record_newer, directory=directory)
    except (ValidationFailed, NotFound) as refusal:
        if arrived.mode != "follow":
            raise
        return NotRecorded(refusal)


def _is_new(recorded: OrderOutcome) -> bool:
    return isinstance(recorded, Earned) and not recorded.replayed


def _refunds_that_count(
    arrived: ArrivedOrder, recorded: OrderOutcome, *, desk: Desk
) -> tuple[RequestedRefund, ...]:
    """The listed refunds, unless a later version has replaced the list.

    They also count if the order is excluded now, but earned before or is kept for a guest.
    """
    refunds = arrived.refunds or ()
    match recorded:
        case Outdated() | NotRecorded(refusal=Refusal()):
            return ()
        case NotRecorded():
            return refunds if refunds and _is_recorded(arrived.order.ref, desk=desk) else ()
        case _:
            return refunds


def _is_recorded(ref: OrderRef, *, desk: Desk) -> bool:
    """Whether an order earned, or is kept for a guest.

    The platform's payment status does not say so: cash-on-delivery orders earn before payment.
    """
    found = desk.books.entry(OrderCause(ref.source, ref.order_id, "accrual"))
    return isinstance(found, Entry) or (found is not None and found.order is not None)


def _refunded(arrived: ArrivedRefund, *, desk: Desk) -> RefundOutcome:
    if arrived.if_recorded and not _is_recorded(arrived.ref, desk=desk):
        return NotRecorded()
    try:
        return record_refund(
            arrived.ref, arrived.request, listed_with=arrived.listed_with, desk=desk
        )
    except (IdempotencyConflict, LimitReached, NotFound) as refusal:
        if arrived.mode != "follow":
            raise
        return NotRecorded(refusal)


def _vouchers(
    arrived: ArrivedOrder, recorded: OrderOutcome, *, desk: Desk
) -> tuple[VoucherStep, ...]:
    """Use an order's vouchers. Anyone who has a voucher can use it, even if nothing is earned."""
    order, is_whole_version = arrived.order, arrived.mode != "record"
    if arrived.codes is None or isinstance(recorded, Outdated):
        return ()
    if arrived.all_given_back:
        return cancel_vouchers(order.source, order.order_id, desk=desk)
    if not (arrived.codes or is_whole_version):
        return ()
    entry = recorded.entry if isinstance(recorded, Earned | Edited) else None
    vouchers = OrderVoucherCodes(
        source=order.source,
        order_id=order.order_id,
        codes=arrived.codes,
        ordered_at=order.occurred_at,
        member_id=entry.member_id if entry else None,
        told_at=order.told_at if is_whole_version else None,
        is_list=True,
        gives_back=is_whole_version,
        is_first=is_whole_version and _is_new(recorded),
        is_in_force=is_whole_version and isinstance(recorded, Edited) and recorded.is_in_force,
    )
    return apply_vouchers(vouchers, desk=desk)


def _given_back(
    arrived: ArrivedRefund, refunded: RefundOutcome, *, desk: Desk
) -> tuple[VoucherStep, ...]:
    """Give an order's vouchers back if nothing of it is left.

    A refund that a person has to look at, or that is outdated, changes nothing.
    """
    match refunded:
        case Outdated() | NotRecorded(refusal=LimitReached()):
            return ()
        case _ if arrived.all_given_back:
            return cancel_vouchers(arrived.ref.source, arrived.ref.order_id, desk=desk)
        case _:
            return ()
