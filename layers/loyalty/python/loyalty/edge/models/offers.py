"""A member's offers, as the member and staff read them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from loyalty.domain.campaigns.finding_words import FindingWords
from loyalty.domain.campaigns.offers import OfferReason
from loyalty.edge.http.schemas import AnswerPart
from loyalty.edge.models.campaigns import (
    CampaignCap,
    CampaignId,
    CampaignName,
    campaign_cap_answer,
)
from loyalty.edge.models.order_explanations import FailedCondition, failed_condition
from loyalty.edge.models.recommendations import (
    BecausePopularHere,
    BecauseYouBought,
    ThingAnswer,
)
from loyalty.usecases.offers import OfferOfMember, OfferState

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program


class OfferedBecauseAway(AnswerPart):
    """The member had not ordered for some time."""

    kind: Literal["been_away"] = "been_away"
    days: Annotated[int, Field(description="The days since their latest order.")]


class OfferedInTurn(AnswerPart):
    """No reason favored a campaign: the order of the document decided."""

    kind: Literal["in_turn"] = "in_turn"


class OfferedByLot(AnswerPart):
    """The program drew it by lot, to measure what choosing brings."""

    kind: Literal["by_lot"] = "by_lot"


type OfferBecause = (
    BecauseYouBought | BecausePopularHere | OfferedBecauseAway | OfferedInTurn | OfferedByLot
)

OfferedBecause = Annotated[
    OfferBecause,
    Field(discriminator="kind", description="Why the program offered it."),
]


class OfferAnswer(AnswerPart):
    """A campaign that was offered to a member."""

    id: CampaignId
    name: CampaignName
    state: Annotated[
        OfferState,
        Field(
            description="`open`: an order can still use it. `used`: an order of the member used "
            "it. `lapsed`: its last day is over, and no order used it."
        ),
    ]
    offered_at: Annotated[datetime, Field(description="When it was offered, in UTC.")]
    until: Annotated[date, Field(description="Its last day, in the program's time zone.")]
    because: OfferedBecause
    orders: Annotated[
        int, Field(description="How many of the member's last 20 orders got points of it.")
    ]
    points: Annotated[
        int, Field(description="The points that it gave these orders when they were earned.")
    ]
    eligible: Annotated[
        bool,
        Field(
            description="Whether it counts for an order made now, as far as that depends on the "
            "member and the time."
        ),
    ]
    why_not: Annotated[
        list[FailedCondition],
        Field(
            description="The conditions on the member and the time that an order made now would "
            "fail; empty: it depends on the order."
        ),
    ]
    text: Annotated[str, Field(description="The same in plain English; empty if `why_not` is.")]
    caps: Annotated[
        list[CampaignCap],
        Field(description="Its limits per member, and how much the member has used."),
    ]


class OffersOfMember(AnswerPart):
    """The offers of a member."""

    items: Annotated[
        list[OfferAnswer],
        Field(description="Open offers and those that ended lately, the newest first."),
    ]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


def offer_answer(found: OfferOfMember, *, document: "Program") -> OfferAnswer:
    campaign, offer = found.campaign.campaign, found.offer
    return OfferAnswer(
        id=campaign.id,
        name=campaign.name,
        state=found.state,
        offered_at=offer.offered_at,
        until=offer.until,
        because=because_answer(offer.because),
        orders=found.use.orders,
        points=found.use.points,
        eligible=found.campaign.is_eligible,
        why_not=[failed_condition(each) for each in found.campaign.why_not],
        text=FindingWords(document).why_not(campaign, found.campaign.why_not),
        caps=[campaign_cap_answer(each) for each in found.campaign.caps],
    )


def because_answer(because: OfferReason) -> OfferBecause:
    match because:
        case OfferReason(kind="you_bought", thing_kind=kind, thing_id=str() as thing) if kind:
            return BecauseYouBought(thing=ThingAnswer(kind=kind, id=thing))
        case OfferReason(kind="been_away", days=int() as days):
            return OfferedBecauseAway(days=days)
        case OfferReason(kind="popular_here", level=level):
            return BecausePopularHere(level=level)
        case OfferReason(kind="by_lot"):
            return OfferedByLot()
        case _:
            return OfferedInTurn()
