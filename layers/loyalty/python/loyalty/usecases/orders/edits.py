"""Storefront orders: the first version earns, and every later one settles the difference.

Storefronts send an order again whenever anything about it changes: late, twice and in any order.
The version with the later time of the storefront wins, whichever arrives first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from loyalty.domain.kernel.errors import OrderConflict
from loyalty.domain.ledger.edits import edit, edit_name
from loyalty.domain.ledger.entries import Accrual, Entry, OrderCause, Placeholder
from loyalty.domain.ledger.postings import OrderStateChange, Posting, signed
from loyalty.domain.ledger.refunds import in_force, state_of
from loyalty.domain.orders.order import (
    Order,
    content_fingerprint,
    is_outdated,
    order_fingerprint,
)
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import settled_lineage
from loyalty.usecases.orders.accrual import Customer, Earned, GuestOrderKept, earn
from loyalty.usecases.orders.refunds import expired_of
from loyalty.usecases.ports import Desk, OrderOnFile, Raced


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The edit's entry: a new one, or that of the first time this change arrived."""

    entry: Entry
    replayed: bool


@dataclass(frozen=True, slots=True)
class Outdated:
    """A later version had arrived before, so nothing changed."""


def record_storefront_order(
    order: Order, *, customer: Customer, desk: Desk
) -> Earned | GuestOrderKept | Edited | Outdated:
    """Record a version of an order from its storefront.

    The first version costs what `earn` costs. A further one reads what is on file, and writes once
    if it changes what the rules read, or is later than every version before.

    Raises:
        ValidationFailed: a new order is too old or from the future, or earns too many points.
        NotFound: no such member.
        TryAgain: other writers were faster too often.
    """
    try:
        first = earn(order, customer=customer, desk=desk)
    except OrderConflict:
        pass
    else:
        if isinstance(first, GuestOrderKept):
            if first.placeholder.order == order:
                return first
        elif not first.replayed:
            return first
    cause = OrderCause(order.source, order.order_id, "edit", edit_name(order))
    return _revised(order, cause, customer=customer, desk=desk)


@until_saved
def _revised(
    order: Order, cause: OrderCause, *, customer: Customer, desk: Desk
) -> Earned | GuestOrderKept | Edited | Outdated:
    """Apply a new version to an order that is on file."""
    file = desk.books.order(cause)
    match file.accrual:
        case Entry() as accrual:
            return _revised_accrual(order, accrual, file, desk=desk)
        case Placeholder() as placeholder:
            return _revised_guest_order(order, placeholder, customer=customer, desk=desk)
        case None:
            raise Raced


def _revised_accrual(
    order: Order, accrual: Entry, file: OrderOnFile, *, desk: Desk
) -> Earned | Edited | Outdated:
    earned = accrual.detail
    if not isinstance(earned, Accrual):
        raise TypeError("an accrual without its order")
    if file.entry is not None:
        return Edited(entry=file.entry, replayed=True)
    current = in_force(earned, file.state)
    current_told_at = (file.state and file.state.told_at) or current.told_at
    if is_outdated(order.told_at, by=current_told_at):
        return Outdated()
    if content_fingerprint(order) != content_fingerprint(current):
        return Edited(entry=_edited(order, accrual, earned, file, desk=desk), replayed=False)
    if order.told_at != current_told_at:
        _note(order, earned, file, desk=desk)
    return Earned(entry=accrual, replayed=True)


def _edited(
    order: Order, accrual: Entry, earned: Accrual, file: OrderOnFile, *, desk: Desk
) -> Entry:
    path = settled_lineage(desk, accrual.member_id)
    posting = signed(
        edit(
            order,
            accrual=accrual,
            earned=earned,
            state=file.state,
            account=path[-1],
            expired=expired_of(earned, state_of(earned, file.state), path, desk=desk),
            decided_by=desk.version(accrual.program_version),
            program=desk.program,
            now=desk.now,
        ),
        by=desk.caller,
    )
    desk.books.post(posting)
    return posting.entries[0]


def _note(order: Order, earned: Accrual, file: OrderOnFile, *, desk: Desk) -> None:
    """Note the time of a version without changes, so that versions before it are outdated."""
    state = state_of(earned, file.state)
    noted = replace(state, told_at=order.told_at, counter=state.counter + 1)
    change = OrderStateChange(
        order.source,
        order.order_id,
        noted,
        counter_seen=file.state.counter if file.state else None,
    )
    desk.books.post(Posting(order_state=change))


def _revised_guest_order(
    order: Order, found: Placeholder, *, customer: Customer, desk: Desk
) -> GuestOrderKept | Outdated:
    """Apply a new version to a guest's order that nobody has claimed yet."""
    if found.order == order:
        return GuestOrderKept(placeholder=found)
    if found.order and is_outdated(order.told_at, by=found.order.told_at):
        return Outdated()
    updated = replace(
        found,
        count=found.count + 1,
        recorded_at=desk.now,
        order=order,
        fingerprint=order_fingerprint(order, customer=customer.named),
        guest=found.guest or customer.guest,
        also=found.also or customer.also,
    )
    desk.books.keep(updated)
    return GuestOrderKept(placeholder=updated)
