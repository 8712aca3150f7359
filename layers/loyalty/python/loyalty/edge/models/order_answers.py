"""What became of an order or a refund, as the API answers it."""

from typing import Literal

from loyalty.domain.ledger.entries import Clawback, Entry
from loyalty.domain.orders.order import OrderRef
from loyalty.edge.http.schemas import Money
from loyalty.edge.models.entries import EntryAnswer, entry_answer
from loyalty.edge.models.order_vouchers import VoucherStepAnswer
from loyalty.edge.models.orders import OrderAnswer, OrderCorrected, OrderKept, RefundAnswer
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept
from loyalty.usecases.orders.edits import Edited, Outdated
from loyalty.usecases.orders.lookup import OrderStory
from loyalty.usecases.orders.refunds import Refunded
from loyalty.usecases.ports import Desk


def explained(entry: Entry, desk: Desk) -> EntryAnswer:
    """An entry with the rates of the version that decided it."""
    return entry_answer(entry, decided_by=desk.version(entry.program_version).document)


def story_answer(ref: OrderRef, story: OrderStory, desk: Desk) -> OrderAnswer:
    return OrderAnswer(
        source=ref.source,
        order_id=ref.order_id,
        status=story.status,
        member_id=story.entries[0].member_id if story.entries else None,
        entries=[explained(entry, desk) for entry in story.entries],
        refunds_waiting=list(story.refunds_waiting),
    )


def kept_answer(guest_order: GuestOrderKept, vouchers: list[VoucherStepAnswer]) -> OrderKept:
    status: Literal["guest", "ignored"] = "guest" if guest_order.placeholder.guest else "ignored"
    return OrderKept(status=status, vouchers=vouchers)


def correction_answer(
    outcome: Earned | Edited | Outdated, vouchers: list[VoucherStepAnswer], desk: Desk
) -> OrderCorrected:
    if isinstance(outcome, Outdated):
        return OrderCorrected(status="outdated", entry=None, vouchers=vouchers)
    new: Literal["earned", "edited"] = "earned" if isinstance(outcome, Earned) else "edited"
    return OrderCorrected(
        status="unchanged" if outcome.replayed else new,
        entry=explained(outcome.entry, desk),
        vouchers=vouchers,
    )


def refund_answer(
    refunded: Refunded, vouchers: list[VoucherStepAnswer], *, currency: str
) -> RefundAnswer:
    entry = refunded.entry
    if not isinstance(entry.detail, Clawback):
        raise TypeError("not a clawback's entry")
    return RefundAnswer(
        entry=entry_answer(entry),
        counted=Money(amount=entry.detail.amount_minor, currency=currency),
        debt=entry.detail.debt_after,
        vouchers=vouchers,
    )
