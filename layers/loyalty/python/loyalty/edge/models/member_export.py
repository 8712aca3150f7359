"""What is held of a member, as they, or whoever they take it to, can read it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Final, cast

from pydantic import Field

from loyalty.domain.ledger.entries import Accrual, Edit, Entry
from loyalty.domain.ledger.vouchers import State, Voucher
from loyalty.domain.messaging.reminders import Message, MessageState
from loyalty.domain.orders.order import Order
from loyalty.domain.people.survey_responses import Response
from loyalty.edge.http.paging import decode_cursor, encode_cursor
from loyalty.edge.http.schemas import AnswerPart, LotPoints, Money
from loyalty.edge.models.entries import EntryAnswer, entry_answer, last_day
from loyalty.edge.models.members import MemberAnswer, member_answer
from loyalty.edge.models.orders import OrderLine
from loyalty.table.positions import (
    is_guest_order,
    is_listed,
    is_message_of_member,
    is_response_of_member,
)
from loyalty.usecases.people.enrollment import Enrolled
from loyalty.usecases.people.member_export import ExportPage, Position, Section
from loyalty.usecases.ports import Desk

# What a section can go on after.
_PLACES: Final[Mapping[str, Callable[[str], bool]]] = {
    "entries": is_listed,
    "vouchers": is_listed,
    "messages": is_message_of_member,
    "survey_responses": is_response_of_member,
    "guest_orders": is_guest_order,
}


class ExportedConsent(AnswerPart):
    kind: str
    given: bool
    at: Annotated[datetime, Field(description="When they first said so.")]


class ExportedOrder(AnswerPart):
    """What is kept of an order: no name and no address."""

    source: str
    order_id: str
    occurred_at: datetime
    channel: str | None
    lines: list[OrderLine]


class ExportedEntry(EntryAnswer):
    """An entry with its explanation, and the order that it is of as far as the entry keeps it."""

    of_order: ExportedOrder | None


class ExportedVoucher(AnswerPart):
    """A redemption and its voucher."""

    redemption_id: str
    reward_id: str
    points: int
    code: str
    state: State
    slices: list[LotPoints]
    amount: Money | None
    redeemed_at: datetime
    held_until: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    used_for: Annotated[str | None, Field(description="The order that used it: source/order.")]


class ExportedMessage(AnswerPart):
    """A message to the member; its words were made when it was sent, and are not kept."""

    kind: str
    day: date
    written_at: datetime
    state: MessageState
    at: Annotated[
        datetime | None,
        Field(description="When it was sent, dropped, or came back as undeliverable or unwanted."),
    ]
    about: date | None
    points: int
    level: str | None


class ExportedSurveyResponse(AnswerPart):
    """What the member answered to a survey."""

    survey_id: str
    about: Annotated[str, Field(description="The order, source/order, or the period.")]
    score: int
    comment: str | None
    answered_at: datetime
    bonus_points: int


class ExportAnswer(AnswerPart):
    """All that is held of a member, as of each page's moment; every page has the member first."""

    as_of: datetime
    member: MemberAnswer
    consents: list[ExportedConsent]
    merged_from: Annotated[
        list[str], Field(description="Other ids of this person, whose records are here too.")
    ]
    entries: list[ExportedEntry]
    vouchers: list[ExportedVoucher]
    messages: list[ExportedMessage]
    survey_responses: list[ExportedSurveyResponse]
    guest_orders: Annotated[
        list[ExportedOrder], Field(description="Kept under an identity of theirs, and unclaimed.")
    ]
    next_cursor: str | None


def export_answer(enrolled: Enrolled, page: ExportPage, *, desk: Desk) -> ExportAnswer:
    currency = desk.program.document.currency
    return ExportAnswer(
        as_of=desk.now,
        member=member_answer(enrolled, desk),
        consents=[
            ExportedConsent(kind=kind, given=consent.given, at=consent.at)
            for kind, consent in enrolled.member.consents.items()
        ],
        merged_from=list(enrolled.account.absorbed),
        entries=[_entry(entry, desk) for entry in page.entries],
        vouchers=[_voucher(voucher, desk) for voucher in page.vouchers],
        messages=[_message(each) for each in page.messages],
        survey_responses=[_response(each) for each in page.survey_responses],
        guest_orders=[
            _order(kept.order, currency=currency) for kept in page.guest_orders if kept.order
        ],
        next_cursor=_cursor(page.next, enrolled, desk) if page.next else None,
    )


def position(cursor: str | None, enrolled: Enrolled, *, desk: Desk) -> Position | None:
    """Where the page that a cursor names begins.

    Raises:
        InvalidCursor: it was not given out for this member's export.
    """
    if not cursor:
        return None
    return decode_cursor(cursor, of=_list(enrolled, desk), read=_read_position)


def _cursor(at: Position, enrolled: Enrolled, desk: Desk) -> str:
    told = f"{at.section} {at.owner} {at.after or ''}"
    return encode_cursor(told, of=_list(enrolled, desk))


def _read_position(told: str) -> Position | None:
    match told.split(" "):
        case [section, owner, after] if section in _PLACES:
            if not after or _PLACES[section](after):
                return Position(cast("Section", section), owner, after or None)
    return None


def _list(enrolled: Enrolled, desk: Desk) -> str:
    return f"export {desk.program.program_id} {enrolled.member.member_id}"


def _entry(entry: Entry, desk: Desk) -> ExportedEntry:
    document = desk.version(entry.program_version).document
    told = entry_answer(entry, decided_by=document)
    order = entry.detail.order if isinstance(entry.detail, Accrual | Edit) else None
    return ExportedEntry(
        **dict(told), of_order=_order(order, currency=document.currency) if order else None
    )


def _order(order: Order, *, currency: str) -> ExportedOrder:
    return ExportedOrder(
        source=order.source,
        order_id=order.order_id,
        occurred_at=order.occurred_at,
        channel=order.channel,
        lines=[
            OrderLine(
                line_id=line.line_id,
                sku=line.sku,
                category=line.category,
                quantity=line.quantity,
                amount=Money(amount=line.amount_minor, currency=currency),
            )
            for line in order.lines
        ],
    )


def _voucher(voucher: Voucher, desk: Desk) -> ExportedVoucher:
    minor = voucher.amount_minor
    return ExportedVoucher(
        redemption_id=voucher.redemption_id,
        reward_id=voucher.reward_id,
        points=voucher.points,
        code=voucher.code,
        state=voucher.state_at(desk.now),
        slices=[
            LotPoints(expires_on=last_day(lot), points=points)
            for lot, points in sorted(voucher.slices.items())
        ],
        amount=(
            None if minor is None else Money(amount=minor, currency=desk.program.document.currency)
        ),
        redeemed_at=voucher.issued_at,
        held_until=voucher.held_until,
        expires_at=voucher.expires_at,
        used_at=voucher.used_at,
        used_for="/".join(voucher.used_order) if voucher.used_order else None,
    )


def _response(response: Response) -> ExportedSurveyResponse:
    return ExportedSurveyResponse(
        survey_id=response.survey_id,
        about="/".join(response.subject),
        score=response.score,
        comment=response.comment,
        answered_at=response.answered_at,
        bonus_points=response.points,
    )


def _message(message: Message) -> ExportedMessage:
    return ExportedMessage(
        kind=message.kind,
        day=message.day,
        written_at=message.written_at,
        state=message.state,
        at=message.settled_at,
        about=message.about,
        points=message.points,
        level=message.level,
    )
