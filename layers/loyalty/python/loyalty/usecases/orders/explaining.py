"""Why an order earned what it earned, and what a refund of it would take; nothing is written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.kernel.errors import IdempotencyConflict, NotFound
from loyalty.domain.ledger.entries import Accrual, Entry, OrderCause
from loyalty.domain.ledger.order_explaining import (
    OrderExplanation,
    RefundQuote,
    explain_order,
    quote_refund,
)
from loyalty.domain.ledger.refunds import in_force, state_of
from loyalty.usecases.orders.lookup import OrderStatus, status_of
from loyalty.usecases.orders.refunds import require_lines

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import RequestedRefund
    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.program.document import Program
    from loyalty.usecases.ports import Desk, OrderOnFile


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInBooks:
    """What the books hold of an order; `accrual` and `earned` are None until a member earns."""

    status: OrderStatus
    file: OrderOnFile
    accrual: Entry | None = None
    earned: Accrual | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedOrder:
    """Why an order earned, and the document that decided it; until then the one in force."""

    explanation: OrderExplanation
    decided_by: Program


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedRefund:
    """What a refund would take.

    `recorded`: it was recorded before, and takes nothing more. `waiting`: nobody has earned by the
    order yet, so there is nothing to take.
    """

    status: Literal["new", "recorded", "waiting"]
    quote: RefundQuote = field(default_factory=RefundQuote)


def find_order(ref: OrderRef, *, refund_id: str | None = None, desk: Desk) -> OrderInBooks:
    """An order, and whether a refund of it is recorded, if one is named; one request.

    Raises:
        NotFound: there is no such order.
    """
    kind: Literal["accrual", "clawback"] = "accrual" if refund_id is None else "clawback"
    file = desk.books.order(OrderCause(ref.source, ref.order_id, kind, refund_id or ""))
    if file.accrual is None:
        raise NotFound("There is no such order")
    status = status_of(file.accrual)
    match file.accrual:
        case Entry(detail=Accrual() as earned):
            return OrderInBooks(status=status, file=file, accrual=file.accrual, earned=earned)
        case _:
            return OrderInBooks(status=status, file=file)


def explain(found: OrderInBooks, *, shows_held_out: bool, desk: Desk) -> ExplainedOrder:
    """Why an order earned what it earned, by the version that decided it.

    Without `shows_held_out`, campaigns that its member is or was held out of are left out, and
    those to offer that were not offered to them, unless they gave points.
    """
    if found.accrual is None or found.earned is None:
        return ExplainedOrder(explanation=OrderExplanation(), decided_by=desk.program.document)
    decided_by = desk.version(found.accrual.program_version)
    state = state_of(found.earned, found.file.state)
    explanation = explain_order(found.earned, state, decided_by.document)
    if not shows_held_out:
        withheld = {
            *found.earned.held_out,
            *held_out_of(decided_by, found.accrual.member_id),
            *held_out_of(desk.program, found.accrual.member_id),
            *(
                each.id
                for each in decided_by.document.campaigns
                if each.activation == "offer" and each.id not in found.earned.opened
            ),
        }
        explanation = _without(explanation, withheld)
    return ExplainedOrder(explanation=explanation, decided_by=decided_by.document)


def _without(explanation: OrderExplanation, withheld: Collection[str]) -> OrderExplanation:
    campaigns = explanation.campaigns
    shown = (each for each in campaigns if each.points or each.campaign.id not in withheld)
    return replace(explanation, campaigns=tuple(shown))


def quote(found: OrderInBooks, request: RequestedRefund, *, desk: Desk) -> QuotedRefund:
    """What a refund would take of an order that was found with the refund's id.

    Raises:
        ValidationFailed: it names a line that the order does not have.
        IdempotencyConflict: a refund of this id was recorded with different content.
    """
    if found.file.entry is not None:
        if found.file.entry.fingerprint != request.fingerprint:
            raise IdempotencyConflict("This refund was already recorded with different content")
        return QuotedRefund(status="recorded")
    if found.accrual is None or found.earned is None:
        return QuotedRefund(status="waiting")
    require_lines(request, in_force(found.earned, found.file.state))
    program = desk.version(found.accrual.program_version)
    state = state_of(found.earned, found.file.state)
    quoted = quote_refund(request, found.earned, state, program.document, today=desk.today)
    return QuotedRefund(status="new", quote=quoted)
