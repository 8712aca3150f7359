"""Surveys: a member answers once for each order or period, and gets the promised points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.errors import (
    Fault,
    NotFound,
    ResponseConflict,
    ValidationFailed,
    WrongState,
)
from loyalty.domain.ledger.corrections import bonus
from loyalty.domain.ledger.entries import Bonus, Entry, OrderCause
from loyalty.domain.ledger.postings import Posting, change_by_activity, newly_active
from loyalty.domain.orders.order import OrderRef, fingerprint
from loyalty.domain.people.survey_responses import Response
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account, settled

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.surveys import ProgramSurvey
    from loyalty.usecases.ports import Desk, Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyReply:
    """An answer as it was sent; `member_id` is the member who answers, if it was named."""

    order: OrderRef | None
    member_id: str | None
    score: int
    comment: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    response: Response
    replayed: bool


class Responses(Protocol):
    """The answers to one program's surveys."""

    def find(self, like: Response) -> Response | None:
        """The stored answer to the same survey by the same member about the same; read strongly."""
        ...

    def of_survey(self, survey_id: str, *, limit: int, start: str | None) -> Listed[Response]:
        """Newest first."""
        ...


@until_saved
def answer(survey_id: str, reply: SurveyReply, *, responses: Responses, desk: Desk) -> Answered:
    """Record an answer, once for each order or period; the first one stands.

    Raises:
        NotFound: no such survey, order or member, or the order is another member's.
        ValidationFailed: the score is not on the survey's scale, or the order or member is missing.
        WrongState: the survey does not take answers today.
        ResponseConflict: a different answer was recorded before.
        TryAgain: overtaken too often.
    """
    survey = desk.program.document.survey(survey_id)
    if survey is None:
        raise NotFound("There is no such survey")
    response = _response(survey, reply, desk)
    first = responses.find(response)
    if first is not None:
        return _replayed(first, reply)
    _require_answerable(survey, reply.score, desk)
    desk.books.post(_posting(response, desk))
    return Answered(response, replayed=False)


def require_addressed(
    survey_id: str, *, order: OrderRef | None, member_id: str | None, desk: Desk
) -> None:
    """Require that a link names the order or the member; the order may arrive later.

    Raises:
        NotFound: no such survey.
        ValidationFailed: the order or the member is missing.
    """
    survey = desk.program.document.survey(survey_id)
    if survey is None:
        raise NotFound("There is no such survey")
    _require_subject(survey, order, member_id)


def addressee(*, order: OrderRef | None, member_id: str | None, desk: Desk) -> str | None:
    """The id of the member whom a link asks; None if its order has not arrived, or is a guest's."""
    if member_id is not None or order is None:
        return member_id
    entry = desk.books.entry(OrderCause(order.source, order.order_id, "accrual"))
    return entry.member_id if isinstance(entry, Entry) else None


def _response(survey: ProgramSurvey, survey_reply: SurveyReply, desk: Desk) -> Response:
    return Response(
        survey_id=survey.id,
        survey_kind=survey.kind,
        member_id=_owner(survey, survey_reply, desk),
        order=survey_reply.order,
        period=survey.period(desk.today),
        score=survey_reply.score,
        is_low=survey.is_low(survey_reply.score),
        comment=survey_reply.comment,
        answered_at=desk.now,
        points=survey.bonus_points or 0,
    )


def _owner(survey: ProgramSurvey, survey_reply: SurveyReply, desk: Desk) -> str:
    """The id of the member who answers: the order's member, or the one who was named."""
    _require_subject(survey, survey_reply.order, survey_reply.member_id)
    if survey_reply.order is None:
        return open_account(desk, survey_reply.member_id or "", strong=False).member_id
    order = survey_reply.order
    entry = desk.books.entry(OrderCause(order.source, order.order_id, "accrual"))
    if not isinstance(entry, Entry):
        raise NotFound("There is no such order of a member")
    if survey_reply.member_id is not None and not _are_one(
        survey_reply.member_id, entry.member_id, desk
    ):
        raise NotFound("There is no such order of the member")
    return entry.member_id


def _require_subject(survey: ProgramSurvey, order: OrderRef | None, member_id: str | None) -> None:
    if survey.per == "order" and order is None:
        raise _invalid("/order", "missing", "Name the order that the answer is about")
    if survey.per != "order" and order is not None:
        raise _invalid("/order", "contradiction", "This survey is not about an order")
    if survey.per != "order" and member_id is None:
        raise _invalid("/member_id", "missing", "Name the member who answers")


def _are_one(member_id: str, other_id: str, desk: Desk) -> bool:
    """Whether two ids are the same person, who may have been merged."""
    if member_id == other_id:
        return True
    one, other = (open_account(desk, each, strong=False) for each in (member_id, other_id))
    return one.member_id == other.member_id


def _require_answerable(survey: ProgramSurvey, score: int, desk: Desk) -> None:
    lowest, highest = survey.scale
    if not lowest <= score <= highest:
        raise _invalid("/score", "out_of_range", f"The score must be {lowest} to {highest}")
    if not survey.is_open(desk.today):
        raise WrongState("The survey takes no answers today")


def _posting(response: Response, desk: Desk) -> Posting:
    account = open_account(desk, response.member_id, strong=True)
    if not response.points:
        return _unthanked(response, account, desk)
    request_id = f"survey:{response.id}"
    given = bonus(
        response.points,
        account=settled(desk, account),
        program=desk.program,
        why=Bonus(given_for="survey", survey_id=response.survey_id, order=response.order),
        request_id=request_id,
        fingerprint=fingerprint("survey", request_id),
        now=desk.now,
    )
    return replace(given, response=response)


def _unthanked(response: Response, account: Account, desk: Desk) -> Posting:
    """An answer without points. It can still be an activity that keeps points alive."""
    active_on = newly_active(account, "survey", program=desk.program, today=desk.today)
    if active_on is None:
        return Posting(response=response, active=account.member_id)
    change = change_by_activity(settled(desk, account), active_on=active_on)
    return Posting(response=response, changes=(change,))


def _replayed(first: Response, survey_reply: SurveyReply) -> Answered:
    if (first.score, first.comment) != (survey_reply.score, survey_reply.comment):
        raise ResponseConflict("This survey was already answered differently")
    return Answered(first, replayed=True)


def _invalid(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))
