"""Versions of an order: the first one earns, and every later one settles the difference.

Storefronts send an order again whenever anything about it changes: late, twice and in any order.
The version with the later time of the storefront wins, whichever arrives first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from loyalty.domain.kernel.errors import OrderConflict
from loyalty.domain.ledger.edits import edit, edit_name
from loyalty.domain.ledger.entries import (
    Accrual,
    Entry,
    OrderCause,
    Placeholder,
    RequestedRefund,
)
from loyalty.domain.ledger.exchanges import after_exchange
from loyalty.domain.ledger.postings import OrderStateChange, Posting, signed
from loyalty.domain.ledger.refunds import (
    OrderState,
    clawback_name,
    in_force,
    state_of,
    told_until,
    withdrawing,
    withdrawn_by,
)
from loyalty.domain.orders.order import (
    Order,
    OrderRef,
    content_fingerprint,
    fingerprint,
    is_outdated,
    order_fingerprint,
)
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.campaigns.budgets import shards_of
from loyalty.usecases.orders.accrual import Customer, Earned, GuestOrderKept, earn, standing
from loyalty.usecases.orders.refunds import Refunded, Waiting, order_to_settle, refund_on_file
from loyalty.usecases.ports import Desk, OrderOnFile, Raced


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The edit's entry: a new one, or that of the first time this change arrived.

    `is_in_force`: something of the order is left, even if it was cancelled before.
    """

    entry: Entry
    replayed: bool
    is_in_force: bool = True


@dataclass(frozen=True, slots=True)
class Outdated:
    """A later version had arrived before, so nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """An order as its storefront has it at one time."""

    order: Order
    listed: Collection[str] | None
    traded_in: Mapping[str, int]

    @property
    def cause(self) -> OrderCause:
        """Names the edit that this version makes, if it makes one."""
        name = edit_name(self.order, self.listed)
        return OrderCause(self.order.source, self.order.order_id, "edit", name)

    def after(self, before: Order) -> Order:
        """The order as it counts after the version in force."""
        return after_exchange(self.order, before, self.traded_in)


def record_version(
    order: Order,
    *,
    customer: Customer,
    listed: Collection[str] | None = None,
    traded_in: Mapping[str, int] = MappingProxyType({}),
    desk: Desk,
) -> Earned | GuestOrderKept | Edited | Outdated:
    """Record an order, or a version of an order that is on file.

    `listed` are the ids of all refunds that stand (None: the storefront lists none with its
    orders), so one that is missing was withdrawn. `traded_in` is the money of returned goods that
    was not given back, by line and with tax.

    The first version costs what `earn` costs. A further one reads what is on file, and writes once
    if it changes what the rules read, or is later than every version before.

    Raises:
        ValidationFailed: a new order is too old or from the future, or earns too many points.
        NotFound: no such member.
        TryAgain: other writers were faster too often.
    """
    order = replace(order, lists_refunds=listed is not None)
    version = _Version(order=order, listed=listed, traded_in=traded_in)
    try:
        first = earn(order, customer=customer, listed=listed, traded_in=traded_in, desk=desk)
    except OrderConflict:
        pass
    else:
        if isinstance(first, GuestOrderKept):
            if first.placeholder.order == order:
                return first
        elif not first.replayed:
            return first
    return _revised(version, customer=customer, desk=desk)


@until_saved
def record_refund(
    ref: OrderRef, request: RequestedRefund, *, listed_with: Order | None = None, desk: Desk
) -> Refunded | Waiting | Outdated:
    """Record a refund, once. A storefront may withdraw it and make it again.

    `listed_with` is the version that it stands with, if one lists it; a version that is no longer
    in force does not count. A refund that arrives alone counts again after it was withdrawn only if
    it is later than the version in force. Even the first time, that holds for a cancellation that
    can be set back, and for a refund whose storefront lists all of them with its orders.

    It costs one read of everything on file about the order, one read of the account, and one
    transaction of three items; more only if the order's points have expired or its member was
    merged.

    Raises:
        ValidationFailed: it names a line that the order does not have.
        LimitReached: too many refunds wait for an order that has not arrived.
        IdempotencyConflict: this refund was recorded before with different content.
        TryAgain: other writers were faster too often.
    """
    file = desk.books.order(OrderCause(ref.source, ref.order_id, "clawback", request.refund_id))
    state = file.state
    name = clawback_name(request, state)
    is_standing = state is not None and request.refund_id in state.revocable
    is_listed = listed_with is not None and not is_outdated(listed_with.told_at, by=_told_at(file))
    if name != request.refund_id and not is_standing and is_listed:
        return _refund(ref, request, name, desk=desk)
    if request.is_revocable and not is_standing and not is_listed:
        if _is_superseded(request, file):
            return Outdated()
        if name != request.refund_id:
            return _refund(ref, request, name, desk=desk)
    if is_standing and state and told_until(state, request) != state.told_at:
        # Cancelled again: a version from before that must not set the order back.
        noted = replace(state, told_at=request.occurred_at, counter=state.counter + 1)
        _note(ref, noted, counter_seen=state.counter, desk=desk)
    return refund_on_file(file, ref, request, desk=desk)


def _refund(
    ref: OrderRef, request: RequestedRefund, name: str, *, desk: Desk
) -> Refunded | Waiting:
    file = desk.books.order(OrderCause(ref.source, ref.order_id, "clawback", name))
    return refund_on_file(file, ref, request, desk=desk)


@until_saved
def withdraw_refund(
    ref: OrderRef,
    *,
    failure_id: str,
    id_prefix: str,
    amount_minor: int,
    failed_at: datetime,
    desk: Desk,
) -> Edited | None:
    """Give back what a refund took that failed afterwards, once; None if no such refund counts.

    The refund is the latest of that amount whose id begins with the prefix: refunds of one amount
    take the same. Versions and refunds from before the failure are outdated from then on.
    """
    name = fingerprint("failed", failure_id)
    file = desk.books.order(OrderCause(ref.source, ref.order_id, "edit", name))
    accrual = file.accrual
    if not isinstance(accrual, Entry) or not isinstance(accrual.detail, Accrual):
        return None
    earned = accrual.detail
    state = state_of(earned, file.state)
    if file.entry is not None:
        return Edited(entry=file.entry, replayed=True, is_in_force=not state.is_whole)
    failed = [
        refund
        for refund in state.revocable.values()
        if refund.refund_id.startswith(id_prefix)
        and refund.amount_minor + sum(refund.amounts_minor.values()) == amount_minor
    ]
    if not failed:
        return None
    latest = max(failed, key=lambda refund: (refund.occurred_at, refund.refund_id))
    told_at = max(failed_at, version_time(earned, file.state) or failed_at)
    order = replace(in_force(earned, file.state), told_at=told_at)
    entry = _edited(
        order,
        name,
        (latest.refund_id,),
        accrual=accrual,
        file=file,
        desk=desk,
    )
    return Edited(entry=entry, replayed=False, is_in_force=not state.is_whole)


def _is_superseded(request: RequestedRefund, file: OrderOnFile) -> bool:
    """Whether the version in force is later than a refund, and does without it.

    It does so if it lists all refunds, or if the refund was withdrawn before. A cancelled order was
    set back by every later version.
    """
    match file.accrual:
        case Entry(detail=Accrual() as earned):
            order = in_force(earned, file.state)
        case Placeholder(order=Order() as order):
            pass
        case _:
            return False
    was_withdrawn = file.state is not None and request.refund_id in file.state.withdrawn
    if not (request.whole or was_withdrawn or order.lists_refunds):
        return False
    return is_outdated(request.occurred_at, by=_told_at(file))


def _told_at(file: OrderOnFile) -> datetime | None:
    """The time of the version in force; None if there is none, or its time is unknown."""
    match file.accrual:
        case Entry(detail=Accrual() as earned):
            return version_time(earned, file.state)
        case Placeholder(order=Order() as order):
            return order.told_at
        case _:
            return None


def version_time(earned: Accrual, state: OrderState | None) -> datetime | None:
    """The time of the version in force."""
    return (state and state.told_at) or in_force(earned, state).told_at


@until_saved
def _revised(
    version: _Version, *, customer: Customer, desk: Desk
) -> Earned | GuestOrderKept | Edited | Outdated:
    """Apply a new version to an order that is on file."""
    file = desk.books.order(version.cause)
    match file.accrual:
        case Entry() as accrual:
            return _revised_accrual(version, accrual, file, desk=desk)
        case Placeholder() as placeholder:
            return _revised_guest_order(version, placeholder, customer=customer, desk=desk)
        case None:
            raise Raced


def _revised_accrual(
    version: _Version, accrual: Entry, file: OrderOnFile, *, desk: Desk
) -> Earned | Edited | Outdated:
    earned = accrual.earned
    state = state_of(earned, file.state)
    in_force_since = version_time(earned, file.state)
    if is_outdated(version.order.told_at, by=in_force_since):
        return Outdated()
    if file.entry is not None:
        return Edited(entry=file.entry, replayed=True, is_in_force=not state.is_whole)
    current = in_force(earned, file.state)
    order = version.after(current).with_products_of(current)
    withdrawn = withdrawn_by(order, version.listed, state.revocable.values())
    if withdrawn or content_fingerprint(order) != content_fingerprint(current):
        entry = _edited(
            order,
            version.cause.name,
            withdrawn,
            accrual=accrual,
            file=file,
            desk=desk,
        )
        is_in_force = not withdrawing(state, withdrawn).is_whole
        return Edited(entry=entry, replayed=False, is_in_force=is_in_force)
    if order.told_at != in_force_since:
        noted = replace(state, told_at=order.told_at, counter=state.counter + 1)
        counter_seen = file.state.counter if file.state else None
        _note(order.ref, noted, counter_seen=counter_seen, desk=desk)
    return Earned(entry=accrual, replayed=True)


def _edited(
    order: Order,
    name: str,
    withdrawn: Collection[str],
    *,
    accrual: Entry,
    file: OrderOnFile,
    desk: Desk,
) -> Entry:
    recorded = order_to_settle(accrual, file.state, desk=desk)
    shards = shards_of(recorded.decided_by.document, recorded.earned.order, desk=desk)
    posting = signed(
        edit(order, recorded, name=name, withdrawn=withdrawn, shards=shards), by=desk.caller
    )
    desk.books.post(posting)
    return posting.entries[0]


def _note(ref: OrderRef, state: OrderState, *, counter_seen: int | None, desk: Desk) -> None:
    """Note the time of a version without changes, so that versions before it are outdated."""
    noted = replace(state, changed_at=desk.now)
    change = OrderStateChange(ref.source, ref.order_id, noted, counter_seen=counter_seen)
    desk.books.post(Posting(order_state=change))


def _revised_guest_order(
    version: _Version, found: Placeholder, *, customer: Customer, desk: Desk
) -> GuestOrderKept | Outdated:
    """Apply a new version to a guest's order that nobody has claimed yet."""
    if found.order == version.order:
        return GuestOrderKept(placeholder=found)
    if found.order and is_outdated(version.order.told_at, by=found.order.told_at):
        return Outdated()
    order = version.after(found.order) if found.order else version.order
    updated = replace(
        standing(found, order, version.listed),
        count=found.count + 1,
        recorded_at=desk.now,
        order=order,
        fingerprint=order_fingerprint(version.order, customer=customer.named),
        guest=found.guest or customer.guest,
        also=found.also or customer.also,
    )
    desk.books.keep(updated)
    return GuestOrderKept(placeholder=updated)
