"""Erasures that a shop requested: the customer, when each begins, and who stopped it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.people.erasure import Erasure
from loyalty.edge.http.schemas import AnswerPart, NextCursor

State = Literal["waiting", "erasing", "done", "stopped"]


class ErasureRequestAnswer(AnswerPart):
    """An erasure that a shop requested. Once done or stopped, it no longer names the customer."""

    id: Annotated[str, Field(description="The erasure's id; use it to stop the erasure.")]
    delivery_id: Annotated[str, Field(description="The delivery that requested it.")]
    asks: Annotated[
        Literal["customer", "shop"],
        Field(
            description="`customer`: erase one customer. `shop`: erase all that the shop delivered."
        ),
    ]
    state: Annotated[State, Field(description="It can be stopped only while it is `waiting`.")]
    customer_id: Annotated[str | None, Field(description="The customer's id in the shop.")]
    email: Annotated[str | None, Field(description="The customer's e-mail address in the shop.")]
    phone: Annotated[str | None, Field(description="The customer's phone number in the shop.")]
    requested_at: Annotated[datetime, Field(description="When the shop requested it, in UTC.")]
    begins_at: Annotated[
        datetime,
        Field(description="Erasing begins with the first hourly run of `privacy` after this time."),
    ]
    stopped_at: Annotated[datetime | None, Field(description="When it was stopped, in UTC.")]
    stopped_by: Annotated[
        str | None, Field(description="The subject (`sub`) of the manager who stopped it.")
    ]


class ErasureRequestPage(AnswerPart):
    """A page of erasures that a shop requested."""

    items: Annotated[list[ErasureRequestAnswer], Field(description="The erasures of this page.")]
    next_cursor: NextCursor


def erasure_request_answer(erasure: Erasure) -> ErasureRequestAnswer:
    """Raises `ValueError` for an erasure that no shop requested."""
    request = erasure.request
    if request is None:
        raise ValueError("no shop requested this erasure")
    values = {identity.kind: identity.value for identity in erasure.identities}
    return ErasureRequestAnswer(
        id=erasure.erasure_id,
        delivery_id=request.delivery_id,
        asks="customer" if erasure.storefront_id is None else "shop",
        state=_state(erasure),
        customer_id=values.get("customer"),
        email=values.get("email"),
        phone=values.get("phone"),
        requested_at=request.received_at,
        begins_at=erasure.begun_at,
        stopped_at=request.stopped_at,
        stopped_by=request.stopped_by,
    )


def _state(erasure: Erasure) -> State:
    if erasure.is_stopped:
        return "stopped"
    if erasure.is_done:
        return "done"
    return "erasing" if erasure.is_begun else "waiting"
