"""Intake: what a storefront told is applied, once, however often it was delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, assert_never

from loyalty.domain.errors import NotFound, OrderConflict, ValidationFailed
from loyalty.domain.storefront import (
    Command,
    Delivery,
    Envelope,
    Ignored,
    OrderPaid,
    Outcome,
    Parked,
)
from loyalty.usecases.accrual import Customer, Kept, earn
from loyalty.usecases.ports import Desk, Directory

# The storefront is who names the customer. A name of its own for each customer would make another
# order of one whose customer was given an account, or a new phone number, in the meantime.
NAMED_BY_STOREFRONT = "storefront"


class Log(Protocol):
    """What came of each delivery, for a month."""

    def record(
        self, delivery: Delivery, envelope: Envelope, *, outcome: Outcome, now: datetime
    ) -> None:
        """Once more for the same delivery: instead of what was recorded first."""
        ...


def apply(command: Command, *, desk: Desk, directory: Directory) -> Outcome:
    """Do what a delivery asks for.

    Raises:
        TryAgain: overtaken too often; applying it again is safe.
    """
    match command:
        case OrderPaid():
            return _earn(command, desk=desk, directory=directory)
        case Ignored():
            return Outcome(status="ignored", reason=command.reason)
        case Parked():
            return Outcome(status="parked", reason=command.reason, pointer=command.pointer)
        case _:
            assert_never(command)


def _earn(paid: OrderPaid, *, desk: Desk, directory: Directory) -> Outcome:
    if paid.currency != desk.program.document.currency:
        return Outcome(status="parked", reason="currency_mismatch")
    customer = Customer(
        member_id=directory.member_of(paid.identities),
        named=NAMED_BY_STOREFRONT,
        guest=directory.guest(paid.identities),
    )
    try:
        earned = earn(paid.order, customer=customer, desk=desk)
    except ValidationFailed as refusal:
        return Outcome(status="ignored", reason=refusal.faults[0].code)
    except OrderConflict as refusal:
        return Outcome(status="ignored", reason=refusal.code)
    except NotFound:
        # Erased between the two reads.
        return Outcome(status="ignored", reason="member_closed")
    if isinstance(earned, Kept):
        return Outcome(status="guest")
    entry = earned.entry
    return Outcome(
        status="earned",
        member_id=entry.member_id,
        entry_id=entry.id,
        points=entry.points + entry.pending_points,
        replayed=earned.replayed,
    )
