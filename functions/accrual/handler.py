"""Orders earn points."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from loyalty.domain.errors import CurrencyMismatch, OrderConflict, TryAgain
from loyalty.edge.desk import desk
from loyalty.edge.directory import directory
from loyalty.edge.entries import EntryShare, entry_answer
from loyalty.edge.http import ProgramId, create_app, reply
from loyalty.edge.metrics import count
from loyalty.edge.orders import OrderEarned, OrderKept, OrderRequest, QuoteAnswer
from loyalty.edge.settings import AccrualSettings, settings
from loyalty.usecases import accrual
from loyalty.usecases.accrual import Customer, Kept
from loyalty.usecases.ports import Desk

api = create_app("accrual")
handler = api


@api.post(
    "/orders",
    allow={"cashier", "service"},
    status=201,
    also=(200, 202),
    refuses=(OrderConflict, CurrencyMismatch, TryAgain),
)
def record_order(
    program_id: ProgramId, order: Annotated[OrderRequest, Body()]
) -> Response[OrderEarned | OrderKept]:
    """Record a paid order: it earns, once, however often it is sent."""
    at = desk(program_id, table=settings(AccrualSettings).table)
    told = order.order(currency=at.program.document.currency)
    recorded = accrual.earn(told, customer=_customer(order, at), desk=at)
    if isinstance(recorded, Kept):
        is_guest = bool(recorded.placeholder.guest)
        return reply(OrderKept(status="guest" if is_guest else "ignored"), status=202)
    entry = recorded.entry
    if not recorded.replayed:
        count("Orders")
        count("PointsEarned", entry.points + entry.pending_points)
    answer = OrderEarned(member_id=entry.member_id, entry=entry_answer(entry))
    return reply(answer, status=200 if recorded.replayed else 201)


@api.post("/orders/quote", allow={"cashier", "service"}, refuses=(CurrencyMismatch,))
def quote_order(program_id: ProgramId, order: Annotated[OrderRequest, Body()]) -> QuoteAnswer:
    """Say what an order would earn; nothing is written."""
    at = desk(program_id, table=settings(AccrualSettings).table)
    award = accrual.quote(order.order(currency=at.program.document.currency), desk=at)
    pending = sum(part.points for part in award.parts if part.available_on > at.today)
    return QuoteAnswer(
        points=award.points - pending,
        pending_points=pending,
        breakdown=[EntryShare(**share._asdict()) for share in award.shares],
    )


def _customer(order: OrderRequest, at: Desk) -> Customer:
    """Whose order it is: the member named, or whoever is known by one of the identities."""
    if order.member_id:
        return Customer(member_id=order.member_id, named=order.member_id)
    identities = [
        named.identity(pointer=f"/identities/{number}")
        for number, named in enumerate(order.identities)
    ]
    if not identities:
        return Customer(member_id=None, named="")
    known = directory(at.program.program_id, settings(AccrualSettings))
    return Customer(
        member_id=known.member_of(identities),
        # Not their values: a fingerprint must not give away an e-mail address to who guesses it.
        named="identities",
        guest=known.guest(identities),
    )
