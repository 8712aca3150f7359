"""Answers to surveys, as callers send and read them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import LINES
from loyalty.domain.people.survey_responses import Response
from loyalty.edge.http.schemas import (
    AnswerPart,
    ExternalId,
    MemberId,
    NamedOrder,
    NextCursor,
    RequestPart,
    named_order,
)
from loyalty.usecases.people.surveys import SurveyReply

COMMENT_MAX = 2000

SurveyedOrder = Annotated[
    NamedOrder | None,
    Field(description="The order, in a survey that is sent for each order; otherwise null."),
]


class SurveyResponseRequest(RequestPart):
    """An answer to a survey. It names the order where a survey is sent for each order."""

    order: SurveyedOrder = None
    member_id: Annotated[
        ExternalId | None,
        Field(
            description="The member who answers. For staff and services, in a survey that is not "
            "about an order; members answer for themselves."
        ),
    ] = None
    score: Annotated[
        StrictInt, Field(ge=0, le=10, description="0 to 10 in an NPS survey, 1 to 5 in a CSAT one.")
    ]
    comment: Annotated[
        Annotated[StrictStr, LINES] | None,
        Field(min_length=1, max_length=COMMENT_MAX, description="In the member's own words."),
    ] = None

    def answer(self, *, member_id: str | None) -> SurveyReply:
        return SurveyReply(
            order=self.order.ref if self.order else None,
            member_id=member_id,
            score=self.score,
            comment=self.comment,
        )


class SurveyLinkRequest(RequestPart):
    """Asks for a link. It names the order in a survey for each order, otherwise the member."""

    order: SurveyedOrder = None
    member_id: Annotated[
        ExternalId | None,
        Field(description="The member, in a survey that is not about an order; otherwise null."),
    ] = None
    days: Annotated[
        StrictInt, Field(ge=1, le=366, description="For how many days the link can be used.")
    ] = 30


class SurveyLinkAnswer(AnswerPart):
    """A link that works without signing in."""

    path: Annotated[str, Field(description="Append it to the address of the API.")]
    expires_at: Annotated[datetime, Field(description="When the link stops working, in UTC.")]


class SurveyResponseAnswer(AnswerPart):
    """An answer to a survey, and the points that it brought."""

    id: Annotated[str, Field(description="The answer's id.")]
    survey_id: Annotated[str, Field(description="The survey's id in the program document.")]
    member_id: MemberId
    order: SurveyedOrder
    period: Annotated[
        str | None,
        Field(description="The period that was asked about, in a survey that is not about orders."),
    ]
    score: Annotated[int, Field(description="0 to 10 in an NPS survey, 1 to 5 in a CSAT one.")]
    is_low: Annotated[
        bool,
        Field(description="Whether the document counted it as a low score when it was answered."),
    ]
    comment: Annotated[str | None, Field(description="In the member's own words.")]
    answered_at: Annotated[datetime, Field(description="When the member answered, in UTC.")]
    bonus_points: Annotated[int, Field(description="Points that the answer earned.")]


class SurveyResponsesPage(AnswerPart):
    """A page of answers to a survey, newest first."""

    items: Annotated[list[SurveyResponseAnswer], Field(description="The answers of this page.")]
    next_cursor: NextCursor


def response_answer(response: Response) -> SurveyResponseAnswer:
    return SurveyResponseAnswer(
        id=response.id,
        survey_id=response.survey_id,
        member_id=response.member_id,
        order=named_order(response.order),
        period=response.period,
        score=response.score,
        is_low=response.is_low,
        comment=response.comment,
        answered_at=response.answered_at,
        bonus_points=response.points,
    )
