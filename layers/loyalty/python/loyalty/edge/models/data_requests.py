"""Requests of customers for their data, as the people who answer them read them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from loyalty.domain.people.privacy_requests import due_at
from loyalty.edge.http.schemas import AnswerPart, NamedOrder
from loyalty.usecases.shops.privacy_requests import ReceivedDataRequest


class DataRequestAnswer(AnswerPart):
    """A customer asked a shop for the data held about them; the shop passed the request on."""

    request_id: Annotated[str | None, Field(description="The platform's id of the request.")]
    customer_id: Annotated[str | None, Field(description="The customer's id in the shop.")]
    email: Annotated[str | None, Field(description="The customer's e-mail address in the shop.")]
    phone: Annotated[
        str | None,
        Field(description="The customer's phone number; null also if it has no country code."),
    ]
    orders: Annotated[list[NamedOrder], Field(description="The orders that the request is about.")]
    received_at: Annotated[datetime, Field(description="When the shop passed it on, in UTC.")]
    due_at: Annotated[
        datetime, Field(description="Answer the customer by then: 30 days after `received_at`.")
    ]


def data_request_answer(passed_on: ReceivedDataRequest) -> DataRequestAnswer:
    request, delivery = passed_on
    values = {identity.kind: identity.value for identity in request.identities}
    return DataRequestAnswer(
        request_id=request.request_id,
        customer_id=values.get("customer"),
        email=values.get("email"),
        phone=values.get("phone"),
        orders=[
            NamedOrder(source=delivery.source, order_id=order_id) for order_id in request.order_ids
        ],
        received_at=delivery.received_at,
        due_at=due_at(delivery.received_at),
    )
