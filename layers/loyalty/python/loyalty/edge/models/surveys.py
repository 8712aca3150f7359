"""Answers to surveys as callers send them and read them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import LINES
from loyalty.domain.people.survey_responses import Response
from loyalty.edge.http.schemas import AnswerPart, ExternalId, OrderRef, RequestPart
from loyalty.usecases.people.surveys import SurveyReply

COMMENT_MAX = 2000


class SurveyResponseRequest(RequestPart):
    """An answer. Of a survey for each order it names the order, of others, a member."""

    order: OrderRef | None = None
    member_id: Annotated[
        ExternalId | None,
        Field(description="Whose answer it is, where staff or a service sends it."),
    ] = None
    score: Annotated[StrictInt, Field(ge=0, le=10, description="0 to 10; of a csat, 1 to 5.")]
    comment: Annotated[
        Annotated[StrictStr, LINES] | None,
        Field(min_length=1, max_length=COMMENT_MAX, description="In the member's own words."),
    ] = None

    def answer(self, *, member_id: str | None) -> SurveyReply:
        return SurveyReply(
            order=(self.order.source, self.order.order_id) if self.order else None,
            member_id=member_id,
            score=self.score,
            comment=self.comment,
        )


class SurveyLinkRequest(RequestPart):
    """Whom to ask: by the order, of a survey for each order, else by the member."""

    order: OrderRef | None = None
    member_id: ExternalId | None = None
    days: Annotated[
        StrictInt, Field(ge=1, le=366, description="For how long the link can be used.")
    ] = 30


class SurveyLinkAnswer(AnswerPart):
    """A link that needs no sign-in."""

    path: Annotated[str, Field(description="What follows the address of the API.")]
    expires_at: datetime


class SurveyResponseAnswer(AnswerPart):
    """An answer to a survey, and what it was given."""

    id: str
    survey_id: str
    member_id: str
    order: OrderRef | None
    period: Annotated[str | None, Field(description="Of a survey that is about no order.")]
    score: int
    is_low: Annotated[bool, Field(description="As the document said when it was answered.")]
    comment: str | None
    answered_at: datetime
    bonus_points: int


class SurveyResponsesPage(AnswerPart):
    items: list[SurveyResponseAnswer]
    next_cursor: str | None


def response_answer(response: Response) -> SurveyResponseAnswer:
    source, order_id = response.order or ("", "")
    return SurveyResponseAnswer(
        id=response.id,
        survey_id=response.survey_id,
        member_id=response.member_id,
        order=OrderRef(source=source, order_id=order_id) if response.order else None,
        period=response.period,
        score=response.score,
        is_low=response.is_low,
        comment=response.comment,
        answered_at=response.answered_at,
        bonus_points=response.points,
    )
