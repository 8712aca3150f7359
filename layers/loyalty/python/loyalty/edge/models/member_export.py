"""Everything that is held of a member, in a form that they can take elsewhere."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Final, cast

from pydantic import Field

from loyalty.domain.engagement.activities import ActivityReason, ActivityState, RecordedActivity
from loyalty.domain.engagement.referrals import ReferralRefusalReason, ReferralState
from loyalty.domain.ledger.entries import Accrual, Edit, Entry
from loyalty.domain.ledger.vouchers import State, Voucher
from loyalty.domain.orders.order import Order, OrderRef
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.program.kinds import SignalName
from loyalty.edge.http.paging import decode_cursor, encode_cursor
from loyalty.edge.http.schemas import (
    AnswerPart,
    LotPoints,
    Money,
    NextCursor,
    OrderId,
    RedemptionId,
    RewardId,
    Source,
)
from loyalty.edge.models.entries import EntryAnswer, entry_answer, last_day
from loyalty.edge.models.members import MemberAnswer, member_answer
from loyalty.edge.models.messages import MessageAnswer, message_answer
from loyalty.edge.models.offers import OfferedBecause, because_answer
from loyalty.edge.models.orders import OrderLine, OrderTender
from loyalty.table.positions import (
    is_guest_order,
    is_listed,
    is_message_of_member,
    is_response_of_member,
)
from loyalty.usecases.people.member_export import ExportPage, Position, Section
from loyalty.usecases.people.members import Enrolled
from loyalty.usecases.ports import Desk

# What a section of the export can continue after.
_PLACES: Final[Mapping[str, Callable[[str], bool]]] = {
    "entries": is_listed,
    "vouchers": is_listed,
    "messages": is_message_of_member,
    "survey_responses": is_response_of_member,
    "activities": is_listed,
    "guest_orders": is_guest_order,
}


class ExportedConsent(AnswerPart):
    """Whether the member agrees to a kind of message."""

    kind: Annotated[str, Field(description="The kind of message: email, sms, …")]
    given: Annotated[bool, Field(description="Whether the member agrees.")]
    at: Annotated[datetime, Field(description="When the member first said so, in UTC.")]


class ExportedLine(OrderLine):
    """A line of an order as it is kept."""

    product_categories: Annotated[
        list[str], Field(description="The categories that the shop's catalog had the article in.")
    ]
    product_brand: Annotated[
        str | None, Field(description="The brand that the shop's catalog had for the article.")
    ]
    product_tags: Annotated[
        list[str], Field(description="The tags that the shop's catalog had for the article.")
    ]


class ExportedOrder(AnswerPart):
    """An order as it is kept: without a name or an address."""

    source: Source
    order_id: OrderId
    occurred_at: Annotated[datetime, Field(description="When the order was paid, in UTC.")]
    channel: Annotated[str | None, Field(description="Where it was bought.")]
    location: Annotated[str | None, Field(description="The branch where it was bought.")]
    tenders: Annotated[list[OrderTender], Field(description="How it was paid.")]
    codes: Annotated[list[str], Field(description="The promotion codes that were entered.")]
    lines: Annotated[list[ExportedLine], Field(description="What was bought.")]


class ExportedEntry(EntryAnswer):
    """An entry with its explanation and its order, as far as the entry keeps it."""

    of_order: Annotated[
        ExportedOrder | None, Field(description="Of an accrual or a changed order: the order.")
    ]


class ExportedVoucher(AnswerPart):
    """A redemption and its voucher."""

    redemption_id: RedemptionId
    reward_id: RewardId
    points: Annotated[int, Field(description="Points that the redemption cost.")]
    code: Annotated[str, Field(description="The voucher's code.")]
    state: Annotated[State, Field(description="The voucher's state today.")]
    slices: Annotated[
        list[LotPoints], Field(description="The points that it took, by the day they expire.")
    ]
    amount: Annotated[
        Money | None, Field(description="What the voucher is worth in money, if it has an amount.")
    ]
    redeemed_at: Annotated[datetime, Field(description="When the member redeemed, in UTC.")]
    held_until: Annotated[
        datetime | None, Field(description="When its hold ends or ended, in UTC, if it had one.")
    ]
    expires_at: Annotated[
        datetime | None, Field(description="When the voucher expires, in UTC; null: never.")
    ]
    used_at: Annotated[datetime | None, Field(description="When it was used, in UTC.")]
    used_for: Annotated[
        str | None, Field(description="The order that used it, as `source/order_id`.")
    ]


class ExportedCampaign(AnswerPart):
    """A campaign that the member joined."""

    campaign_id: Annotated[str, Field(description="The campaign's id in the program document.")]
    joined_at: Annotated[datetime, Field(description="When the member joined it, in UTC.")]


class ExportedOffer(AnswerPart):
    """A campaign that the member was offered."""

    campaign_id: Annotated[str, Field(description="The campaign's id in the program document.")]
    offered_at: Annotated[datetime, Field(description="When it was offered, in UTC.")]
    until: Annotated[date, Field(description="Its last day, in the program's time zone.")]
    because: OfferedBecause


class ExportedSurveyResponse(AnswerPart):
    """The member's answer to a survey."""

    survey_id: Annotated[str, Field(description="The survey's id in the program document.")]
    about: Annotated[
        str, Field(description="The order, as `source/order_id`, or the period of the survey.")
    ]
    score: Annotated[int, Field(description="0 to 10 in an NPS survey, 1 to 5 in a CSAT one.")]
    comment: Annotated[str | None, Field(description="In the member's own words.")]
    answered_at: Annotated[datetime, Field(description="When the member answered, in UTC.")]
    bonus_points: Annotated[int, Field(description="Points that the answer earned.")]


class ExportedActivity(AnswerPart):
    """Something that the member did besides buying, as it stands."""

    source: Annotated[str, Field(description="The system that numbered the activity.")]
    activity_id: Annotated[str, Field(description="The activity's id in its source.")]
    activity: Annotated[
        str | None, Field(description="What was done: its id in the program document.")
    ]
    subject: Annotated[str | None, Field(description="What it is about.")]
    attributes: Annotated[list[str], Field(description="The attributes that hold.")]
    occurred_at: Annotated[datetime | None, Field(description="When it was done, in UTC.")]
    status: Annotated[
        ActivityState,
        Field(description="Whether it counts, waits for an order, was limited or retracted."),
    ]
    reason: Annotated[
        ActivityReason | None, Field(description="Why it is worth nothing; null: it is.")
    ]
    points: Annotated[int, Field(description="The points that stand for it.")]
    recorded_at: Annotated[datetime, Field(description="When it was last recorded, in UTC.")]


class ExportedReferral(AnswerPart):
    """The referral that brought the member, without the other member's id."""

    code: Annotated[str, Field(description="The code that the member claimed.")]
    claimed_at: Annotated[datetime, Field(description="When the member claimed it, in UTC.")]
    state: Annotated[
        ReferralState, Field(description="Whether it counts, waits for a manager, or was refused.")
    ]
    reason: Annotated[
        ReferralRefusalReason | None, Field(description="Why it was refused; null: it was not.")
    ]
    signals: Annotated[list[SignalName], Field(description="What made it suspicious.")]


class ExportAnswer(AnswerPart):
    """A page of everything that is held of a member, as of the page's own moment."""

    as_of: Annotated[datetime, Field(description="The moment of this page, in UTC.")]
    member: Annotated[MemberAnswer, Field(description="The member; every page repeats it.")]
    consents: Annotated[
        list[ExportedConsent], Field(description="The member's consents; every page repeats them.")
    ]
    joined_campaigns: Annotated[
        list[ExportedCampaign],
        Field(description="Campaigns that the member joined; every page repeats them."),
    ]
    referrals: Annotated[
        list[ExportedReferral],
        Field(description="The referrals that brought the member; every page repeats them."),
    ]
    referral_codes: Annotated[
        list[str],
        Field(description="The member's codes for friends; every page repeats them."),
    ]
    offers: Annotated[
        list[ExportedOffer],
        Field(description="Campaigns that the member was offered; every page repeats them."),
    ]
    merged_from: Annotated[
        list[str],
        Field(description="Ids of members that were merged into this one; their records are here."),
    ]
    entries: Annotated[list[ExportedEntry], Field(description="Entries of the ledger.")]
    vouchers: Annotated[list[ExportedVoucher], Field(description="Redemptions with vouchers.")]
    messages: Annotated[list[MessageAnswer], Field(description="Messages to the member.")]
    survey_responses: Annotated[
        list[ExportedSurveyResponse], Field(description="Answers to surveys.")
    ]
    activities: Annotated[
        list[ExportedActivity], Field(description="What the member did besides buying.")
    ]
    guest_orders: Annotated[
        list[ExportedOrder],
        Field(description="Orders under one of their identities that nobody has claimed."),
    ]
    next_cursor: NextCursor


def export_answer(enrolled: Enrolled, page: ExportPage, *, desk: Desk) -> ExportAnswer:
    currency = desk.program.document.currency
    return ExportAnswer(
        as_of=desk.now,
        member=member_answer(enrolled, desk),
        consents=[
            ExportedConsent(kind=kind, given=consent.given, at=consent.given_at)
            for kind, consent in enrolled.member.consents.items()
        ],
        joined_campaigns=[
            ExportedCampaign(campaign_id=campaign_id, joined_at=since)
            for campaign_id, since in page.joined.items()
        ],
        referrals=[
            ExportedReferral(
                code=each.code,
                claimed_at=each.claimed_at,
                state=each.state,
                reason=each.reason,
                signals=list(each.signals),
            )
            for each in page.referrals
        ],
        referral_codes=list(page.codes),
        offers=[
            ExportedOffer(
                campaign_id=campaign_id,
                offered_at=offer.offered_at,
                until=offer.until,
                because=because_answer(offer.because),
            )
            for campaign_id, offer in page.offers.items()
        ],
        merged_from=list(enrolled.account.absorbed),
        entries=[_entry(entry, desk) for entry in page.entries],
        vouchers=[_voucher(voucher, desk) for voucher in page.vouchers],
        messages=[message_answer(each, desk) for each in page.messages],
        survey_responses=[_response(each) for each in page.survey_responses],
        activities=[_activity(each) for each in page.activities],
        guest_orders=[
            _order(guest_order.order, currency=currency)
            for guest_order in page.guest_orders
            if guest_order.order
        ],
        next_cursor=_cursor(page.next, enrolled, desk) if page.next else None,
    )


def position(cursor: str | None, enrolled: Enrolled, *, desk: Desk) -> Position | None:
    """Where the page that a cursor names begins.

    Raises:
        InvalidCursor: the cursor does not belong to this member's export.
    """
    if not cursor:
        return None
    return decode_cursor(cursor, of=_list(enrolled, desk), read=_read_position)


def _cursor(start: Position, enrolled: Enrolled, desk: Desk) -> str:
    text = f"{start.section} {start.owner} {start.after or ''}"
    return encode_cursor(text, of=_list(enrolled, desk))


def _read_position(text: str) -> Position | None:
    match text.split(" "):
        case [section, owner, after] if section in _PLACES:
            if not after or _PLACES[section](after):
                return Position(cast("Section", section), owner, after or None)
    return None


def _list(enrolled: Enrolled, desk: Desk) -> str:
    return f"export {desk.program.program_id} {enrolled.member.member_id}"


def _entry(entry: Entry, desk: Desk) -> ExportedEntry:
    document = desk.version(entry.program_version).document
    explained = entry_answer(entry, decided_by=document)
    order = entry.detail.order if isinstance(entry.detail, Accrual | Edit) else None
    # The export is for the member, whoever requests it.
    shown = dict(explained) | {"recorded_by": None}
    return ExportedEntry(
        **shown, of_order=_order(order, currency=document.currency) if order else None
    )


def _activity(recorded: RecordedActivity) -> ExportedActivity:
    content = recorded.content
    return ExportedActivity(
        source=recorded.ref.source,
        activity_id=recorded.ref.activity_id,
        activity=content.activity if content else None,
        subject=content.subject if content else None,
        attributes=sorted(content.attributes) if content else [],
        occurred_at=content.occurred_at if content else None,
        status=recorded.state,
        reason=recorded.reason,
        points=recorded.points,
        recorded_at=recorded.recorded_at,
    )


def _order(order: Order, *, currency: str) -> ExportedOrder:
    return ExportedOrder(
        source=order.source,
        order_id=order.order_id,
        occurred_at=order.occurred_at,
        channel=order.channel,
        location=order.location,
        tenders=[
            OrderTender(kind=kind, amount=Money(amount=amount_minor, currency=currency))
            for kind, amount_minor in order.tenders
        ],
        codes=list(order.codes),
        lines=[
            ExportedLine(
                line_id=line.line_id,
                sku=line.sku,
                category=line.category,
                product_categories=list(line.product_categories),
                quantity=line.quantity,
                amount=Money(amount=line.amount_minor, currency=currency),
                brand=line.brand,
                tags=line.tags,
                product_brand=line.product_brand,
                product_tags=list(line.product_tags),
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
        used_for=_order_name(voucher.used_order),
    )


def _order_name(order: OrderRef | None) -> str | None:
    return f"{order.source}/{order.order_id}" if order else None


def _response(response: Response) -> ExportedSurveyResponse:
    return ExportedSurveyResponse(
        survey_id=response.survey_id,
        about="/".join(response.subject),
        score=response.score,
        comment=response.comment,
        answered_at=response.answered_at,
        bonus_points=response.points,
    )
