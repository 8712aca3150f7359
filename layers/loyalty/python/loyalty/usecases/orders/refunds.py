"""A refund takes back what its order no longer earns; an early refund waits for its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.kernel.errors import Fault, IdempotencyConflict, LimitReached, ValidationFailed
from loyalty.domain.ledger.account import Account, lapse_of
from loyalty.domain.ledger.clawbacks import claw_back
from loyalty.domain.ledger.entries import Accrual, Entry, OrderCause, Placeholder, RequestedRefund
from loyalty.domain.ledger.orders_to_settle import OrderToSettle
from loyalty.domain.ledger.postings import signed
from loyalty.domain.ledger.refunds import OrderState, in_force, parts_of, state_of, unknown_lines
from loyalty.usecases.ledger.accounts import expired_in, settled_lineage

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Order, OrderRef
    from loyalty.usecases.ports import Desk, OrderOnFile

# Each waiting refund is an entry of the order's own transaction, which holds 100 items.
WAITING_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """The clawback's entry: a new one, or that of the first time the refund arrived."""

    entry: Entry
    replayed: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """The refund was kept. It takes effect when its order arrives."""


def refund_on_file(
    file: OrderOnFile, ref: OrderRef, request: RequestedRefund, *, desk: Desk
) -> Refunded | Waiting:
    """Record a refund by what is on file of its order and under its name.

    Raises:
        ValidationFailed: it names a line that the order does not have.
        LimitReached: too many refunds wait for an order that has not arrived.
        IdempotencyConflict: this refund was recorded before with different content.
        Overtaken: what is on file has changed.
    """
    if file.entry is not None:
        if file.entry.fingerprint != request.fingerprint:
            raise IdempotencyConflict("This refund was already recorded with different content")
        return Refunded(entry=file.entry, replayed=True)
    if not isinstance(file.accrual, Entry):
        _wait(file.accrual, ref.source, ref.order_id, request=request, desk=desk)
        return Waiting()
    entry = _clawed_back(file.accrual, file, request=request, desk=desk)
    return Refunded(entry=entry, replayed=False)


def _wait(
    found: Placeholder | None, source: str, order_id: str, *, request: RequestedRefund, desk: Desk
) -> None:
    """Keep a refund under the key of its order's future accrual."""
    if found is None:
        found = Placeholder(source=source, order_id=order_id, recorded_at=desk.now, count=0)
    earlier = next((each for each in found.refunds if each.refund_id == request.refund_id), None)
    if earlier is not None:
        if earlier.fingerprint != request.fingerprint:
            raise IdempotencyConflict("This refund was already recorded with different content")
        if request.whole and request.is_revocable and earlier.occurred_at < request.occurred_at:
            # Cancelled again: a version from before that must not set the order back.
            refunds = tuple(request if each is earlier else each for each in found.refunds)
            desk.books.keep(replace(found, count=found.count + 1, refunds=refunds))
        return
    if found.order is not None:
        require_lines(request, found.order)
    if len(found.refunds) >= WAITING_MAX:
        raise LimitReached(f"{WAITING_MAX} refunds already wait for this order")
    desk.books.keep(replace(found, count=found.count + 1, refunds=(*found.refunds, request)))


def _clawed_back(
    accrual: Entry, file: OrderOnFile, *, request: RequestedRefund, desk: Desk
) -> Entry:
    """Write the clawback and return its entry."""
    require_lines(request, in_force(accrual.earned, file.state))
    posting = signed(
        claw_back(request, order_to_settle(accrual, file.state, desk=desk)), by=desk.caller
    )
    desk.books.post(posting)
    return posting.entries[0]


def order_to_settle(accrual: Entry, state: OrderState | None, *, desk: Desk) -> OrderToSettle:
    """A recorded order, with its member's account as it is now.

    Raises:
        NotFound: the member was erased.
    """
    path = settled_lineage(desk, accrual.member_id)
    seen = state_of(accrual.earned, state)
    return OrderToSettle(
        accrual=accrual,
        state=state,
        account=path[-1],
        expired=_expired_of(accrual.earned, seen, path, desk=desk),
        decided_by=desk.version(accrual.program_version),
        program=desk.program,
        now=desk.now,
    )


def _expired_of(
    earned: Accrual, state: OrderState, path: Sequence[Account], *, desk: Desk
) -> dict[date, int]:
    """How many points of each of the order's past lots expired unspent, along a chain of merges."""
    expired = Counter(state.expired)
    lots = {part.expires_on for part in parts_of(earned, state)}
    lapses = lapse_of(path[-1], desk.program) < NEVER
    past = {lot for lot in lots if lot < desk.today or lapses}
    expired.update(expired_in(past, path, desk=desk))
    if past:
        cause = OrderCause(earned.order.source, earned.order.order_id, "expiry")
        at_once = desk.books.entry(cause)
        if isinstance(at_once, Entry):
            for lot, points in at_once.effect.lots.items():
                expired[lot] -= points
    return expired


def require_lines(requested_refund: RequestedRefund, order: Order) -> None:
    """Raise `ValidationFailed` if a refund names a line that the order does not have."""
    if unknown := unknown_lines(requested_refund, order):
        raise ValidationFailed(
            f"The order has no line {unknown[0]}",
            faults=tuple(
                Fault("/lines", "unknown_line", f"The order has no line {line_id}")
                for line_id in unknown
            ),
        )
