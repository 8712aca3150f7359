"""Erasures that a shop requested: whom they are about, when they begin, and who stopped them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.people.erasure import Erasure
from loyalty.edge.http.schemas import AnswerPart

State = Literal["waiting", "erasing", "done", "stopped"]


class ErasureRequestAnswer(AnswerPart):
    """An erasure that a shop requested. Once it is done or stopped, it names nobody."""

    id: str
    delivery_id: Annotated[str, Field(description="The delivery by which it was requested.")]
    asks: Annotated[
        Literal["customer", "shop"],
        Field(description="Whether a customer is to be forgotten, or all that the shop delivered."),
    ]
    state: Annotated[State, Field(description="It can be stopped while it is waiting.")]
    customer_id: Annotated[str | None, Field(description="Their id in the shop.")]
    email: str | None
    phone: str | None
    requested_at: datetime
    begins_at: Annotated[
        datetime, Field(description="The next hourly run of `privacy` after this begins erasing.")
    ]
    stopped_at: datetime | None
    stopped_by: Annotated[
        str | None, Field(description="The subject (`sub`) of the manager's token.")
    ]


class ErasureRequestPage(AnswerPart):
    items: list[ErasureRequestAnswer]
    next_cursor: str | None


def erasure_request_answer(erasure: Erasure) -> ErasureRequestAnswer:
    """The answer of an erasure that a shop requested."""
    request = erasure.request
    if request is None:
        raise ValueError("no shop requested this erasure")
    known = {identity.kind: identity.value for identity in erasure.identities}
    return ErasureRequestAnswer(
        id=erasure.erasure_id,
        delivery_id=request.delivery_id,
        asks="customer" if erasure.storefront_id is None else "shop",
        state=_state(erasure),
        customer_id=known.get("customer"),
        email=known.get("email"),
        phone=known.get("phone"),
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
