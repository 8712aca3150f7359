"""Requests for what is held of somebody, as whoever answers them is told."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from loyalty.domain.people.privacy_requests import due_at
from loyalty.edge.http.schemas import AnswerPart, OrderRef
from loyalty.usecases.shops.privacy_requests import PassedOn


class DataRequestAnswer(AnswerPart):
    """Who wants to know what is held of them: a customer, as their shop knows them."""

    request_id: Annotated[str | None, Field(description="What the platform calls the request.")]
    customer_id: Annotated[str | None, Field(description="Their id in the shop.")]
    email: str | None
    phone: Annotated[str | None, Field(description="Null also where it has no country.")]
    orders: list[OrderRef]
    received_at: datetime
    due_at: Annotated[datetime, Field(description="Thirty days after it was passed on.")]


def data_request_answer(passed_on: PassedOn) -> DataRequestAnswer:
    request, delivery = passed_on
    known = {identity.kind: identity.value for identity in request.identities}
    return DataRequestAnswer(
        request_id=request.request_id,
        customer_id=known.get("customer"),
        email=known.get("email"),
        phone=known.get("phone"),
        orders=[
            OrderRef(source=delivery.source, order_id=order_id) for order_id in request.order_ids
        ],
        received_at=delivery.received_at,
        due_at=due_at(delivery.received_at),
    )
