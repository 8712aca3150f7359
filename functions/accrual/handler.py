"""Orders earn points, refunds take them back, people correct what went wrong."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from loyalty.domain.kernel.errors import (
    CurrencyMismatch,
    IdempotencyConflict,
    LimitReached,
    NotFound,
    OrderConflict,
    ResponseConflict,
    TryAgain,
    WrongState,
)
from loyalty.domain.ledger.order_vouchers import codes_among
from loyalty.domain.orders.order import Order, OrderRef
from loyalty.domain.people.identity import Keyring
from loyalty.domain.staff.actions import ActionOutcome
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_actions, open_desk
from loyalty.edge.directory import acting_for, directory, keyring, own_member
from loyalty.edge.http.app import (
    ANYONE,
    PathId,
    ProgramId,
    create_app,
    html_page,
    reply,
)
from loyalty.edge.http.auth import STAFF, Role
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.mail.pages import question_page, thanks_page
from loyalty.edge.mail.survey_links import (
    SEALED,
    Invitation,
    SurveyForm,
    answer_of,
    invitation_of,
    path,
)
from loyalty.edge.metrics import count, count_together
from loyalty.edge.models.order_answers import (
    correction_answer,
    explained,
    kept_answer,
    refund_answer,
    story_answer,
)
from loyalty.edge.models.order_explanations import (
    OrderExplanationAnswer,
    QuoteAnswer,
    RefundQuoteAnswer,
    order_explanation_answer,
    quote_answer,
    refund_quote_answer,
)
from loyalty.edge.models.order_vouchers import steps_answer
from loyalty.edge.models.orders import (
    OrderAnswer,
    OrderContent,
    OrderCorrected,
    OrderCorrection,
    OrderEarned,
    OrderKept,
    OrderRequest,
    RefundAnswer,
    RefundRequest,
    RefundWaiting,
)
from loyalty.edge.models.surveys import (
    SurveyLinkAnswer,
    SurveyLinkRequest,
    SurveyResponseAnswer,
    SurveyResponseRequest,
    SurveyResponsesPage,
    response_answer,
)
from loyalty.edge.settings import settings
from loyalty.table.positions import is_survey_response
from loyalty.table.responses import TableResponses
from loyalty.usecases.ledger.order_vouchers import net_of_vouchers
from loyalty.usecases.orders import explaining, lookup
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept
from loyalty.usecases.orders.arrival import (
    ArrivedOrder,
    ArrivedRefund,
    RecordedOrder,
    order_arrived,
    refund_arrived,
)
from loyalty.usecases.orders.edits import Edited, Outdated
from loyalty.usecases.orders.explaining import OrderInBooks
from loyalty.usecases.orders.quoting import quote
from loyalty.usecases.orders.refunds import Refunded, Waiting
from loyalty.usecases.people import surveys
from loyalty.usecases.people.members import look_up
from loyalty.usecases.people.surveys import Answered
from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualSettings:
    table: str
    identity_secret: str


api = create_app("accrual", acting_for=acting_for, actions=open_actions)
handler = api

SurveyToken = Annotated[
    str, Path(pattern=SEALED, description="The part of the link that nobody can guess.")
]

ADJUSTERS: Final[frozenset[Role]] = frozenset({"cashier", "manager", "service"})
ORDER_EXPLAINED_TO: Final[frozenset[Role]] = ADJUSTERS | {"member"}


@api.post(
    "/orders",
    allow={"cashier", "service"},
    status=201,
    also=(200, 202),
    bodies={202: OrderKept},
    refuses=(OrderConflict, CurrencyMismatch, TryAgain),
)
def record_order(
    program_id: ProgramId, order: Annotated[OrderRequest, Body()]
) -> Response[OrderEarned | OrderKept]:
    """Record a paid order.

    An order earns once, however often it is sent: 201 the first time, 200 with the same answer
    afterwards. 202: it names no member yet. Name the customer by `member_id` or by `identities`.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    bought = order.order(currency=desk.program.document.currency)
    recorded = _arrived(order, bought, "record", desk)
    vouchers = steps_answer(recorded.vouchers)
    match recorded.order:
        case GuestOrderKept() as guest_order:
            return reply(kept_answer(guest_order, vouchers), status=202)
        case Earned(entry=entry, replayed=replayed):
            if not replayed:
                points = entry.points + entry.pending_points
                count_together({"Orders": 1, "PointsEarned": points})
            answer = OrderEarned(
                member_id=entry.member_id, entry=explained(entry, desk), vouchers=vouchers
            )
            return reply(answer, status=200 if replayed else 201)
        case outcome:
            raise TypeError(f"a till's order cannot be {type(outcome).__name__}")


@api.put(
    "/orders/<source>/<order_id>",
    allow={"cashier", "service"},
    also=(201, 202),
    bodies={202: OrderKept},
    refuses=(CurrencyMismatch, TryAgain),
)
def correct_order(
    program_id: ProgramId,
    source: PathId,
    order_id: PathId,
    order: Annotated[OrderCorrection, Body()],
) -> Response[OrderCorrected | OrderKept]:
    """Record an order, or correct one that was recorded.

    The member's points change by the difference, up or down, as when a storefront edits an order.
    Refunds that were recorded stand, and a voucher that it no longer names is given back. The order
    stays with its member and on its day. 201: the order was new. 202: it names no member yet.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    corrected = order.version(
        source, order_id, currency=desk.program.document.currency, now=desk.now
    )
    recorded = _arrived(order, corrected, "correct", desk)
    vouchers = steps_answer(recorded.vouchers)
    match recorded.order:
        case GuestOrderKept() as guest_order:
            return reply(kept_answer(guest_order, vouchers), status=202)
        case Earned() | Edited() | Outdated() as outcome:
            answer = correction_answer(outcome, vouchers, desk)
            if answer.status != "earned":
                return reply(answer)
            count("Orders")
            return reply(answer, status=201)
        case outcome:
            raise TypeError(f"a till's order cannot be {type(outcome).__name__}")


@api.post("/orders/quote", allow={"cashier", "service"}, refuses=(CurrencyMismatch,))
def quote_order(program_id: ProgramId, order: Annotated[OrderRequest, Body()]) -> QuoteAnswer:
    """Quote what an order would earn.

    Nothing is recorded, and no budget is taken. Every campaign says what it would give, or why
    nothing, and how much is missing.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    document = desk.program.document
    bought = order.order(currency=document.currency)
    if order.net_vouchers:
        bought = net_of_vouchers(bought, codes_among(order.voucher_codes), desk=desk)
    quoted = quote(
        bought,
        customer=order.customer(),
        directory=directory(program_id, settings(AccrualSettings)),
        desk=desk,
    )
    return quote_answer(quoted, document=document, today=desk.today)


@api.get("/orders/<source>/<order_id>", allow=STAFF | {"service"})
def read_order(program_id: ProgramId, source: PathId, order_id: PathId) -> OrderAnswer:
    """Read an order with every entry that it caused.

    The entries explain what the order earned and what refunds took back.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    story = lookup.story_of(source, order_id, desk=desk)
    return story_answer(OrderRef(source, order_id), story, desk)


@api.get("/orders/<source>/<order_id>/explanation", allow=ORDER_EXPLAINED_TO)
def explain_order(
    program_id: ProgramId, source: PathId, order_id: PathId
) -> OrderExplanationAnswer:
    """Explain what an order earned.

    Every campaign and earning rule of the version that decided it, condition by condition. It is
    computed from the order's entry. Members see it of their own orders. Only staff see a campaign
    that the member is held out of.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    ref = OrderRef(source, order_id)
    found = _found_for_caller(ref, desk)
    # A service may show it to the member.
    shows_held_out = not api.principal.roles.isdisjoint(STAFF)
    explained = explaining.explain(found, shows_held_out=shows_held_out, desk=desk)
    return order_explanation_answer(ref, found, explained)


@api.post(
    "/orders/<source>/<order_id>/refunds/quote",
    allow=ORDER_EXPLAINED_TO,
    refuses=(IdempotencyConflict, CurrencyMismatch),
)
def quote_refund(
    program_id: ProgramId,
    source: PathId,
    order_id: PathId,
    refund: Annotated[RefundRequest, Body()],
) -> RefundQuoteAnswer:
    """Quote what a refund would take.

    Nothing is recorded. The points are those that the order would no longer earn, before the
    program's clawback policy. Members see it of their own orders.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    currency = desk.program.document.currency
    requested = refund.requested(currency=currency, now=desk.now)
    found = _found_for_caller(OrderRef(source, order_id), desk, refund_id=refund.refund_id)
    return refund_quote_answer(explaining.quote(found, requested, desk=desk), currency=currency)


@api.post(
    "/orders/<source>/<order_id>/refunds",
    allow={"cashier", "service"},
    status=201,
    also=(200, 202),
    bodies={202: RefundWaiting},
    refuses=(IdempotencyConflict, CurrencyMismatch, LimitReached, TryAgain),
)
def record_refund(
    program_id: ProgramId,
    source: PathId,
    order_id: PathId,
    refund: Annotated[RefundRequest, Body()],
) -> Response[RefundAnswer | RefundWaiting]:
    """Record a refund of an order.

    A refund counts once, however often it is sent: 201 the first time, 200 with the same answer
    afterwards. 202: the order has not arrived yet. The points that the order no longer earns are
    taken back.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    currency = desk.program.document.currency
    requested = refund.requested(currency=currency, now=desk.now)
    recorded = refund_arrived(
        ArrivedRefund(
            ref=OrderRef(source, order_id),
            request=requested,
            mode="record",
            all_given_back=requested.whole,
        ),
        desk=desk,
    )
    vouchers, refunded = steps_answer(recorded.vouchers), recorded.refund
    if isinstance(refunded, Waiting):
        return reply(RefundWaiting(vouchers=vouchers), status=202)
    if not isinstance(refunded, Refunded):
        raise TypeError(f"a till's refund cannot be {type(refunded).__name__}")
    if not refunded.replayed:
        entry = refunded.entry
        count("PointsClawedBack", -entry.points - entry.pending_points)
    answer = refund_answer(refunded, vouchers, currency=currency)
    return reply(answer, status=200 if refunded.replayed else 201)


@api.post(
    "/surveys/<survey_id>/responses",
    allow=ADJUSTERS | {"member"},
    status=201,
    also=(200,),
    refuses=(ResponseConflict, WrongState, TryAgain),
    acts="member.answer_survey",
)
def answer_survey(
    program_id: ProgramId,
    survey_id: PathId,
    response: Annotated[SurveyResponseRequest, Body()],
) -> Response[SurveyResponseAnswer]:
    """Answer a survey.

    A member answers once for each order or period, and the first answer stands.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    answered = surveys.answer(
        survey_id,
        response.answer(member_id=_answering(response.member_id)),
        responses=_responses(program_id),
        desk=desk,
    )
    _count(answered)
    api.report_outcome(
        ActionOutcome(
            target_id=answered.response.member_id, results={"survey": answered.response.survey_id}
        )
    )
    return reply(response_answer(answered.response), status=200 if answered.replayed else 201)


@api.get("/surveys/<survey_id>/responses", allow={"manager"})
def list_survey_responses(
    program_id: ProgramId, survey_id: PathId, limit: PageLimit = 50, cursor: Cursor = None
) -> SurveyResponsesPage:
    """List the answers to a survey, newest first.

    They include the comments.
    """
    open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    of = f"survey {program_id} {survey_id}"
    start = page_start(cursor, of=of, like=is_survey_response)
    page = _responses(program_id).of_survey(survey_id, limit=limit, start=start)
    return SurveyResponsesPage(
        items=[response_answer(each) for each in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.post("/surveys/<survey_id>/links", allow=ADJUSTERS, status=201)
def make_survey_link(
    program_id: ProgramId, survey_id: PathId, link: Annotated[SurveyLinkRequest, Body()]
) -> Response[SurveyLinkAnswer]:
    """Create a link by which a member answers a survey without signing in.

    Anybody who has the link can answer, once.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    order = link.order.ref if link.order else None
    surveys.require_addressed(survey_id, order=order, member_id=link.member_id, desk=desk)
    invitation = Invitation(
        survey_id=survey_id,
        order=order,
        member_id=link.member_id,
        expires_at=desk.now + timedelta(days=link.days),
    )
    answer = SurveyLinkAnswer(
        path=path(invitation, program_id=program_id, keyring=_keyring()),
        expires_at=invitation.expires_at,
    )
    return reply(answer, status=201)


@api.get("/survey-links/<token>", allow=ANYONE, refuses=(NotFound, TryAgain))
def open_survey(program_id: ProgramId, token: SurveyToken) -> Response[str]:
    """Open the page of a survey link.

    It shows the question in a form. Opening it changes nothing.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    invitation = _invitation(token, desk)
    survey = desk.program.document.survey(invitation.survey_id)
    if survey is None:
        raise NotFound("There is no such survey any more")
    addressee = surveys.addressee(order=invitation.order, member_id=invitation.member_id, desk=desk)
    locale = _locale_of(addressee, program_id)
    return html_page(question_page(survey, desk.program.document, locale=locale))


@api.post(
    "/survey-links/<token>",
    allow=ANYONE,
    refuses=(NotFound, ResponseConflict, WrongState, TryAgain),
    form=SurveyForm,
)
def answer_survey_by_link(program_id: ProgramId, token: SurveyToken) -> Response[str]:
    """Answer a survey by its link.

    The form of the page sends this.
    """
    desk = open_desk(program_id, table=settings(AccrualSettings).table, caller=api.trusted_caller)
    invitation = _invitation(token, desk)
    answered = surveys.answer(
        invitation.survey_id,
        answer_of(api.raw_body, invitation),
        responses=_responses(program_id),
        desk=desk,
    )
    _count(answered)
    locale = _locale_of(answered.response.member_id, program_id)
    return html_page(thanks_page(desk.program.document, locale=locale))


def _locale_of(member_id: str | None, program_id: str) -> str | None:
    """The member's locale; None if they have none, are unknown, or were erased."""
    if member_id is None:
        return None
    try:
        members = directory(program_id, settings(AccrualSettings))
        return look_up(member_id, members=members).member.profile.locale
    except NotFound:
        return None


def _invitation(token: str, desk: Desk) -> Invitation:
    program_id = desk.program.program_id
    return invitation_of(token, program_id=program_id, keyring=_keyring(), now=desk.now)


def _keyring() -> Keyring:
    return keyring(settings(AccrualSettings).identity_secret)


def _count(answered: Answered) -> None:
    if not answered.replayed:
        count("SurveyResponses", kind=answered.response.survey_kind)
        count("PointsEarned", answered.response.points)


def _answering(member_id: str | None) -> str | None:
    """The member who answers: the one that staff or a service names, or the one signed in."""
    if api.principal.is_trusted:
        return member_id
    return own_member(api.principal, member_id or "me")


def _responses(program_id: str) -> TableResponses:
    return TableResponses(engine(settings(AccrualSettings).table), program_id=program_id)


def _found_for_caller(ref: OrderRef, desk: Desk, *, refund_id: str | None = None) -> OrderInBooks:
    """An order; of a member's, only their own exists for them.

    Raises:
        NotFound: there is no such order.
        Forbidden: it is not their own, and the caller is staff without a role for it.
    """
    found = explaining.find_order(ref, refund_id=refund_id, desk=desk)
    if not api.principal.is_trusted:
        try:
            own_member(api.principal, found.accrual.member_id if found.accrual else "")
        except NotFound:
            raise NotFound("There is no such order") from None
    return found


def _arrived(
    content: OrderContent, order: Order, mode: Literal["record", "correct"], desk: Desk
) -> RecordedOrder:
    return order_arrived(
        ArrivedOrder(
            order=order,
            customer=content.customer(),
            mode=mode,
            codes=codes_among(content.voucher_codes),
            nets_vouchers=content.net_vouchers,
        ),
        directory=directory(desk.program.program_id, settings(AccrualSettings)),
        desk=desk,
    )
