"""The search: one text in, typed hits out, each with all that is needed to go there."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictStr

from loyalty.domain.people.identity import IdentityKind
from loyalty.domain.people.member import Strength
from loyalty.domain.search import (
    DeliveryHit,
    EndpointDeliveryHit,
    Hit,
    MemberHit,
    OrderHit,
    VoucherHit,
)
from loyalty.edge.http.schemas import (
    AnswerPart,
    MemberId,
    OrderId,
    RedemptionId,
    RequestPart,
    Source,
)

type ClaimStrength = Literal["proven", "claimed", "noted"]

_CLAIMS: Final[dict[Strength, ClaimStrength]] = {
    Strength.PROVEN: "proven",
    Strength.CLAIMED: "claimed",
    Strength.NOTED: "noted",
}


_KIND: Final = Field(description="What was found.")


class SearchRequest(RequestPart):
    """What somebody typed, pasted or scanned."""

    text: Annotated[
        StrictStr,
        Field(
            max_length=500,
            description="An e-mail, phone, card or customer id; the id of a member, order, "
            "redemption, delivery or event; or a voucher's code. `till/2001` is an order of one "
            "source. A phone number without a country code is one of the program's country.",
        ),
    ]


class FoundMember(AnswerPart):
    """A member. Read them by their id."""

    kind: Annotated[Literal["member"], _KIND]
    member_id: MemberId
    found_by: Annotated[
        IdentityKind | Literal["member_id"], Field(description="What the text is of theirs.")
    ]
    claim: Annotated[
        ClaimStrength | None,
        Field(
            description="How good their claim to the identity is. One that is only noted may be "
            "somebody else's. Null if they were found by their id."
        ),
    ]


class FoundOrder(AnswerPart):
    """An order. Read it by its source and its id."""

    kind: Annotated[Literal["order"], _KIND]
    source: Source
    order_id: OrderId
    member_id: Annotated[
        str | None, Field(description="The member for whom it earned; null if it has not.")
    ]


class FoundVoucher(AnswerPart):
    """A redemption and its voucher. Check it by its code, or list the member's redemptions."""

    kind: Annotated[Literal["voucher"], _KIND]
    code: Annotated[str, Field(description="The voucher's code.")]
    redemption_id: RedemptionId
    member_id: MemberId


class FoundDelivery(AnswerPart):
    """A delivery of a storefront that was applied, or could not be."""

    kind: Annotated[Literal["delivery"], _KIND]
    storefront_id: Annotated[str, Field(description="The storefront's id.")]
    delivery_id: Annotated[str, Field(description="The delivery's id in the storefront's list.")]


class FoundEndpointDelivery(AnswerPart):
    """The delivery of an event to an endpoint."""

    kind: Annotated[Literal["endpoint_delivery"], _KIND]
    endpoint_id: Annotated[str, Field(description="The endpoint's id.")]
    event_id: Annotated[str, Field(description="The event's id.")]


FoundThing = Annotated[
    FoundMember | FoundOrder | FoundVoucher | FoundDelivery | FoundEndpointDelivery,
    Field(discriminator="kind"),
]


class SearchAnswer(AnswerPart):
    """What a text names; empty if it names nothing that the caller may see."""

    items: Annotated[list[FoundThing], Field(description="What was found, members first.")]


def found_thing(hit: Hit) -> FoundThing:
    match hit:
        case MemberHit():
            claim = None if hit.strength is None else _CLAIMS[hit.strength]
            return FoundMember(
                kind="member", member_id=hit.member_id, found_by=hit.found_by, claim=claim
            )
        case OrderHit():
            return FoundOrder(
                kind="order",
                source=hit.order.source,
                order_id=hit.order.order_id,
                member_id=hit.member_id,
            )
        case VoucherHit():
            return FoundVoucher(
                kind="voucher",
                code=hit.code,
                redemption_id=hit.redemption_id,
                member_id=hit.member_id,
            )
        case DeliveryHit():
            return FoundDelivery(
                kind="delivery", storefront_id=hit.storefront_id, delivery_id=hit.delivery_id
            )
        case EndpointDeliveryHit():
            return FoundEndpointDelivery(
                kind="endpoint_delivery", endpoint_id=hit.endpoint_id, event_id=hit.event_id
            )
