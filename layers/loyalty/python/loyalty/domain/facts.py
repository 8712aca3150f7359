"""Facts: the flat rows of the lake that reports are computed from, one class for each kind.

A fact may be written several times but counts once: of the rows with the same `fact_id` in a
program, only the one with the highest `revision` counts, of these the last recorded, and of these
the one with the highest `v`: a rebuilt lake has columns that the facts before had not. A fact
derives from one item of the table and adds nothing to it, so a lake that is rebuilt from the table
gives the same reports. Facts are stored by the UTC day on which the table recorded them. Reports
count days in the program's time zone, and a late fact still finds its place. No fact holds personal
data or a voucher's code.

Instants are UTC. `expires_on` is the last day on which points can be spent; None: never.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from loyalty.domain.campaigns.offers import OfferReasonKind
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.earning.awarding import points_by_giver
from loyalty.domain.engagement.activities import (
    ActivityReason,
    ActivityState,
    RecordedActivity,
)
from loyalty.domain.engagement.award_terms import AwardOccasion
from loyalty.domain.engagement.changes import OrderShare
from loyalty.domain.engagement.counters import id_of, kind_of
from loyalty.domain.engagement.referrals import Referral
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import Account, Status
from loyalty.domain.ledger.entries import (
    Accrual,
    AwardClawback,
    Bonus,
    BonusOccasion,
    Clawback,
    Detail,
    Edit,
    Entry,
    EntryKind,
    GrantOccasion,
    OrderCause,
    Placeholder,
    Redemption,
    Return,
    SharedPart,
)
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.order_vouchers import code_of
from loyalty.domain.ledger.refunds import RecordedState
from loyalty.domain.ledger.reviews import Review, ReviewState
from loyalty.domain.ledger.vouchers import State, Voucher
from loyalty.domain.messaging.messages import Message, MessageState
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.program.kinds import CHARGES, MessageKind, SurveyKind
from loyalty.domain.staff.actions import (
    DEPLOYMENT,
    ActionName,
    ActionState,
    StaffAction,
    TargetKind,
)

if TYPE_CHECKING:
    from loyalty.domain.changes import TableChange
    from loyalty.domain.ledger.holding import Holding

type Place = Literal["lot", "debt", "pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The fields of every fact; `kind` names its table."""

    kind: ClassVar[str]
    final_revision: ClassVar[int] = 1
    """The last revision of most facts of this kind; a few get later ones."""
    shares_revisions: ClassVar[bool] = False
    """Whether several changes may have one revision: of these, the last recorded counts."""

    fact_id: str
    revision: int = 1
    v: int = 1
    program_id: str
    recorded_at: datetime

    @property
    def day(self) -> date:
        """The UTC day under which the fact is stored."""
        return self.recorded_at.astimezone(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class FactPart:
    """A value of several fields within a column of a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement(FactPart):
    """Points that an entry added to one place or, if negative, took from it.

    A member's balance is the sum over `lot` and `debt` (a growing debt is negative). Their pending
    points are the sum over `pending`.
    """

    place: Place
    available_on: date | None = None
    expires_on: date | None = None
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePoints(FactPart):
    """What an order earned under one rule, and the amount that it earned on."""

    rule_id: str
    points: int
    eligible_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelReached(FactPart):
    """A level that the member had reached on a day."""

    level: str
    reached_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPoints(FactPart):
    """Points that a campaign gave a member by an entry or, if negative, that were taken back."""

    campaign_id: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedUse(FactPart):
    """What an entry used of a limit of a campaign or, if negative, gave back.

    `budget:<campaign>#<period>` is a budget, `<campaign>#<period>` a member's points, and
    `<campaign>#<period>#orders` their orders. `#orders` is the number of orders of the member.
    """

    limit: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFact(Fact):
    """An entry of the ledger.

    `points` is the change in points that can be spent; `counted_at` is when balances began to show
    it. `refunded_minor` is the part of a refund that counted, or the value that an edited order
    lost (negative: gained). `levels_reached` are all days on which the member reached levels, if
    the entry added one and levels hold for months from that day. `forgiven` are points that an
    edit would take back but the member keeps. `rule_id` is the challenge of a bonus, or of what
    was taken back of one. `qualifying_amount` was added to
    `qualifying_counter`, a counter towards a level.

    Entries of orders, refunds and edits have version 2, with what campaigns gave, as `campaigns`,
    and what the entry used of limits, as `counted`. That of an order also has its level as `tier`,
    as `opened` the campaigns that were decided of the member and were for them, and as `held_out`
    those that would have counted but were withheld from the member. In other rows these are null.
    """

    kind: ClassVar[str] = "entries"

    member_id: str
    entry_kind: EntryKind
    points: int
    pending_points: int
    happened_at: datetime
    counted_at: datetime
    program_version: int
    source: str | None
    order_id: str | None
    refunded_minor: int | None
    forgiven: int | None
    redemption_id: str | None
    reward_id: str | None
    given_for: BonusOccasion | None
    survey_id: str | None
    recorded_by: str | None
    qualifying_counter: str | None
    qualifying_amount: int | None
    movements: tuple[Movement, ...]
    rules: tuple[RulePoints, ...]
    levels_reached: tuple[LevelReached, ...] | None = None
    tier: str | None = None
    opened: tuple[str, ...] | None = None
    held_out: tuple[str, ...] | None = None
    counted: tuple[CountedUse, ...] | None = None
    campaigns: tuple[CampaignPoints, ...] | None = None
    rule_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidPart(FactPart):
    """What one means of payment paid of an order."""

    kind: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLine(FactPart):
    """A line of an order. `categories` and `tags` are all that rules may name it by.

    `paid_minor` is the amount that its refunds are measured against.
    """

    line_id: str
    sku: str | None
    category: str | None
    categories: tuple[str, ...]
    brand: str | None
    tags: tuple[str, ...]
    quantity: int
    amount_minor: int
    paid_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFact(Fact):
    """An order. `amount_minor` is its value when it was paid; refunds are entries.

    A guest's order has no member. `guest_id` is a digest that all orders of the same e-mail or
    phone share. The second revision has the member who claimed the order.

    `lines` counts the lines. Version 2 also has the lines themselves as `sold`, and `location`,
    `tenders` and `codes`; in rows of version 1 these are null. Version 3 has the id and the paid
    amount of each line. A code that may be a voucher's is left out. Version 4 has `goods_minor`,
    the amount of the lines that are goods: all but gift cards, fees, shipping, taxes and tips.
    """

    kind: ClassVar[str] = "orders"
    final_revision: ClassVar[int] = 2

    member_id: str | None
    guest_id: str | None
    source: str
    order_id: str
    channel: str | None
    amount_minor: int
    lines: int
    occurred_at: datetime
    location: str | None = None
    tenders: tuple[PaidPart, ...] | None = None
    codes: tuple[str, ...] | None = None
    sold: tuple[SoldLine, ...] | None = None
    goods_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRefunds(FactPart):
    """What was refunded of a line of an order in all: units, and money by the line."""

    line_id: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStateFact(Fact):
    """An order that was refunded or changed, with a revision for each change.

    `refunds` are the totals of its lines, `amount_minor` the sum of refunds without lines;
    `is_whole`: nothing of it is left. `clawed + owed + forgiven + excused` is what it earned less
    what it still earns. If it was changed, `sold` are the lines of its latest version, and
    `location`, `tenders` and `codes` are of that version too; otherwise they are null. `campaigns`
    are the points that each campaign has given by it, where one gave any.
    """

    kind: ClassVar[str] = "order_states"
    final_revision: ClassVar[int] = 2
    """The first state of an order has revision 2, and most orders have no other."""

    source: str
    order_id: str
    changed_at: datetime
    refunds: tuple[LineRefunds, ...]
    amount_minor: int
    is_whole: bool
    clawed: int
    owed: int
    forgiven: int
    excused: int
    campaigns: tuple[CampaignPoints, ...]
    location: str | None
    tenders: tuple[PaidPart, ...] | None
    codes: tuple[str, ...] | None
    sold: tuple[SoldLine, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFact(Fact):
    """A member from `enrolled_at` until `ended_at`, when it was closed or merged `into` another.

    `floor_level` is a granted level, `floor_until` its last day. Every change between enrollment
    and end has revision 2.
    """

    kind: ClassVar[str] = "members"
    final_revision: ClassVar[int] = 3
    shares_revisions: ClassVar[bool] = True

    status: Status
    enrolled_at: datetime
    ended_at: datetime | None
    into: str | None
    floor_level: str | None
    floor_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherFact(Fact):
    """A redemption's voucher, with a revision for each state.

    `points` are those that it cost, less those that refunds of its order returned. `granted_for`
    says why it was given for no points.
    """

    kind: ClassVar[str] = "vouchers"
    final_revision: ClassVar[int] = 3

    member_id: str
    reward_id: str
    points: int
    amount_minor: int | None
    state: State
    issued_at: datetime
    held_until: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    used_source: str | None
    used_order_id: str | None
    granted_for: GrantOccasion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFact(Fact):
    """A message to a member, with a second revision for its outcome.

    `settled_at` is when it was sent, dropped, returned as undeliverable, or reported as unwanted.
    The table keeps messages for 400 days, and not after an erasure. A rebuilt lake has only those.
    """

    kind: ClassVar[str] = "messages"
    final_revision: ClassVar[int] = 2

    member_id: str
    message_kind: MessageKind
    channel: Literal["email"]
    state: MessageState
    written_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFact(Fact):
    """A member's answer to a survey: a score, and the order if the survey is about orders."""

    kind: ClassVar[str] = "surveys"

    member_id: str
    survey_id: str
    survey_kind: SurveyKind
    score: int
    is_low: bool
    source: str | None
    order_id: str | None
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFact(Fact):
    """An action of a staff member in a program, with a second revision for its outcome.

    `staff_member` is the subject of their token, a pseudonym. `points` were added by hand or, if
    negative, taken; the entry has them, and a request that is repeated leads to the same entry.
    """

    kind: ClassVar[str] = "actions"
    final_revision: ClassVar[int] = 2

    staff_member: str
    action: ActionName
    target_kind: TargetKind
    target_id: str
    state: ActionState
    refused_for: str | None
    points: int | None
    entry_id: str | None
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardFact(Fact):
    """An award of a member, such as for a challenge, and whether it stands.

    `rule_id` is the challenge, or what else it was given for, and `reward_id` a reward that it gave
    as a voucher. `reward_kept`: the voucher was used before the award was taken back. `given_at` is
    when it was given first. A later revision is written whenever it is taken back or given again.
    """

    kind: ClassVar[str] = "awards"
    final_revision: ClassVar[int] = 2

    member_id: str
    given_for: AwardOccasion
    rule_id: str
    points: int
    reward_id: str | None
    badges: tuple[str, ...]
    stands: bool
    reward_kept: bool
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralFact(Fact):
    """A friend that a member brought, and the state of the referral: the member is the friend.

    `orders` is how many of the friend's orders count. `stands`: what was promised is given;
    `given_at` is when it first was. `referrer_gets`: the caps leave the referrer something. A later
    revision is written whenever any of this changes.
    """

    kind: ClassVar[str] = "referrals"
    final_revision: ClassVar[int] = 2

    member_id: str
    referrer_id: str
    state: str
    reason: str | None
    signals: tuple[str, ...]
    claimed_at: datetime
    decided_at: datetime | None
    orders: int
    stands: bool
    referrer_gets: bool
    given_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedOrderFact(Fact):
    """What an order counts for a challenge; 0: it no longer counts.

    `amount` is what it counts, in all windows: orders, units, minor units or categories. A later
    revision is written when a refund or an edit changes it.
    """

    kind: ClassVar[str] = "counted_orders"
    final_revision: ClassVar[int] = 2

    source: str
    order_id: str
    counts_for: str
    rule_id: str
    occurred_at: datetime
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFact(Fact):
    """An activity of a member, with a revision for each change.

    `points` are those that stand for it. `first_recorded_at` is when it was recorded first. What
    was removed before anything else was known of it has no fact.
    """

    kind: ClassVar[str] = "activities"

    member_id: str
    source: str
    activity_id: str
    activity: str
    state: ActivityState
    reason: ActivityReason | None
    points: int
    occurred_at: datetime
    first_recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFact(Fact):
    """A campaign that a member was offered until a day; the survivor of a merge has it too.

    `chosen_of` says of how many possible campaigns it was chosen. The table forgets offers some
    weeks after their end, and after an erasure. A rebuilt lake has only those that it has.
    """

    kind: ClassVar[str] = "offers"

    member_id: str
    campaign_id: str
    offered_at: datetime
    until: date
    because: OfferReasonKind
    chosen_of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFact(Fact):
    """A review, with a second revision for its decision.

    `rules` are the safeguards that an order exceeded, or the watch that found something about a
    member or a person of the staff. `points` are those that the order earned, which are held until
    `held_until` if that is not null. `entry_id` is the entry by which the decision moved points.
    """

    kind: ClassVar[str] = "reviews"
    final_revision: ClassVar[int] = 2

    member_id: str | None
    opened_by: Literal["safeguard", "watch"]
    rules: tuple[str, ...]
    source: str | None
    order_id: str | None
    points: int
    held_until: date | None
    opened_at: datetime
    state: ReviewState
    decided_at: datetime | None
    entry_id: str | None


ALL: Final[tuple[type[Fact], ...]] = (
    EntryFact,
    OrderFact,
    OrderStateFact,
    MemberFact,
    VoucherFact,
    MessageFact,
    SurveyFact,
    ActionFact,
    AwardFact,
    CountedOrderFact,
    ReferralFact,
    ActivityFact,
    OfferFact,
    ReviewFact,
)

_REVISION_OF_STATE: Final[dict[State, int]] = {
    "held": 1,
    "issued": 2,
    # The same as issued: until the shops have deactivated the code, it may be used.
    "cancelling": 2,
    "used": 3,
    "cancelled": 3,
    "expired": 3,
}
_REVISION_OF_FATE: Final[dict[MessageState, int]] = {
    "waiting": 1,
    "sent": 2,
    "dropped": 2,
    "bounced": 3,
    "complained": 3,
}


def facts_of(change: TableChange) -> Iterator[Fact]:
    """The facts that follow from a change of the table."""
    match change.after:
        case Entry() as entry:
            yield _of_entry(entry, change.program_id)
            if isinstance(entry.detail, Accrual):
                yield _of_order(
                    entry.detail.order,
                    change.program_id,
                    member_id=entry.member_id,
                    recorded_at=entry.recorded_at,
                )
        case Placeholder(order=Order() as order) as placeholder:
            yield _of_order(
                order,
                change.program_id,
                guest=placeholder.guest,
                recorded_at=placeholder.recorded_at,
            )
        case RecordedState() as recorded:
            yield _of_order_state(recorded, change)
        case Voucher() as voucher:
            yield _of_voucher(voucher, change)
        case Account() as account:
            yield from _of_account(account, change)
        case Message() as message:
            yield _of_message(message, change.program_id)
        case (Response() | Review()) as judgment:
            yield _of_judgment(judgment, change.program_id)
        case (
            MemberAward() | OrderShare() | RecordedActivity() | Targeting() | Referral()
        ) as steered:
            yield from _of_engagement(steered, change)
        # The lake has folders of programs, and none of the deployment.
        case StaffAction() as action if change.program_id != DEPLOYMENT:
            yield _of_action(action, change.program_id)


def _of_entry(entry: Entry, program_id: str) -> EntryFact:
    detail = entry.detail
    order = entry.cause if isinstance(entry.cause, OrderCause) else None
    lowered = detail if isinstance(detail, Clawback | Edit | AwardClawback) else None
    redemption = detail if isinstance(detail, Redemption | Return | SharedPart) else None
    bonus = detail if isinstance(detail, Bonus) else None
    of_award = detail if isinstance(detail, Bonus | AwardClawback) else None
    of_order = detail if isinstance(detail, Accrual | Clawback | Edit) else None
    accrual = detail if isinstance(detail, Accrual) else None
    qualifying = of_order.qualifying if of_order else None
    return EntryFact(
        fact_id=entry.id,
        v=2 if of_order else 1,
        program_id=program_id,
        recorded_at=entry.recorded_at,
        member_id=entry.member_id,
        entry_kind=entry.kind,
        points=entry.points,
        pending_points=entry.pending_points,
        happened_at=entry.happened_at,
        counted_at=entry.counted_at,
        program_version=entry.program_version,
        source=order.source if order else None,
        order_id=order.order_id if order else None,
        refunded_minor=_refunded_minor(detail),
        forgiven=lowered.forgiven if lowered else None,
        redemption_id=redemption.redemption_id if redemption else None,
        reward_id=redemption.reward_id if isinstance(redemption, Redemption) else None,
        given_for=of_award.given_for if of_award else None,
        survey_id=bonus.survey_id if bonus else None,
        recorded_by=entry.recorded_by,
        qualifying_counter=qualifying.counter if qualifying else None,
        qualifying_amount=qualifying.amount if qualifying else None,
        movements=tuple(_movements(entry.effect)),
        rules=_by_rule(accrual) if accrual else (),
        levels_reached=tuple(
            LevelReached(level=each.level, reached_on=each.on) for each in entry.tier_reached
        )
        or None,
        tier=accrual.tier if accrual else None,
        opened=accrual.opened if accrual else None,
        held_out=accrual.held_out if accrual else None,
        counted=_uses(of_order) if of_order else None,
        campaigns=_by_campaign(of_order) if of_order else None,
        rule_id=of_award.rule_id if of_award else None,
    )


def _refunded_minor(detail: Detail) -> int | None:
    match detail:
        case Clawback():
            return detail.amount_minor
        case Edit():
            return -detail.amount_minor
        case _:
            return None


def _movements(effect: Holding) -> Iterator[Movement]:
    for lot, points in sorted(effect.lots.items()):
        yield Movement(place="lot", expires_on=_unless_never(lot), points=points)
    if effect.debt:
        yield Movement(place="debt", points=-effect.debt)
    for dates, points in sorted(effect.pending.items()):
        yield Movement(
            place="pending",
            available_on=dates.available_on,
            expires_on=_unless_never(dates.expires_on),
            points=points,
        )


def _by_rule(accrual: Accrual) -> tuple[RulePoints, ...]:
    """The breakdown by rule, over all lines, in the program's order."""
    points: Counter[str] = Counter()
    eligible_minor: Counter[str] = Counter()
    for share in accrual.shares:
        points[share.rule_id] += share.points
        eligible_minor[share.rule_id] += share.eligible_minor
    return tuple(
        RulePoints(rule_id=rule, points=earned, eligible_minor=eligible_minor[rule])
        for rule, earned in points.items()
    )


def _uses(detail: Accrual | Clawback | Edit) -> tuple[CountedUse, ...]:
    return tuple(CountedUse(limit=limit, amount=amount) for limit, amount in detail.counted)


def _by_campaign(detail: Accrual | Clawback | Edit) -> tuple[CampaignPoints, ...]:
    if not isinstance(detail, Accrual):
        return _campaign_points(detail.campaign_points)
    points = points_by_giver(detail.shares)
    return _campaign_points({campaign_id: points[campaign_id] for campaign_id in detail.campaigns})


def _campaign_points(points: Mapping[str, int]) -> tuple[CampaignPoints, ...]:
    return tuple(CampaignPoints(campaign_id=name, points=each) for name, each in points.items())


def _unless_never(day: date) -> date | None:
    return None if day == NEVER else day


def _of_order(
    order: Order,
    program_id: str,
    *,
    recorded_at: datetime,
    member_id: str | None = None,
    guest: str = "",
) -> OrderFact:
    return OrderFact(
        fact_id=f"{order.source}/{order.order_id}",
        revision=2 if member_id else 1,
        v=4,
        program_id=program_id,
        recorded_at=recorded_at,
        member_id=member_id,
        guest_id=hashlib.sha256(guest.encode()).hexdigest()[:24] if guest else None,
        source=order.source,
        order_id=order.order_id,
        channel=order.channel,
        amount_minor=order.amount_minor,
        lines=len(order.lines),
        occurred_at=order.occurred_at,
        location=order.location,
        tenders=_tenders(order),
        codes=_codes(order),
        sold=_sold(order),
        goods_minor=sum(line.amount_minor for line in order.lines if line.category not in CHARGES),
    )


def _of_order_state(recorded: RecordedState, change: TableChange) -> OrderStateFact:
    ref, state = recorded.ref, recorded.state
    latest = state.order
    changed_at = state.changed_at or change.made_at
    return OrderStateFact(
        fact_id=f"{ref.source}/{ref.order_id}",
        revision=state.counter + 1,
        program_id=change.program_id,
        recorded_at=changed_at,
        source=ref.source,
        order_id=ref.order_id,
        changed_at=changed_at,
        refunds=tuple(
            LineRefunds(
                line_id=line_id,
                quantity=state.quantities.get(line_id, 0),
                amount_minor=state.amounts_minor.get(line_id, 0),
            )
            for line_id in dict.fromkeys((*state.quantities, *state.amounts_minor))
        ),
        amount_minor=state.amount_minor,
        is_whole=state.is_whole,
        clawed=state.clawed,
        owed=state.owed,
        forgiven=state.forgiven,
        excused=state.excused,
        campaigns=_campaign_points(state.counted or {}),
        location=latest.location if latest else None,
        tenders=_tenders(latest) if latest else None,
        codes=_codes(latest) if latest else None,
        sold=_sold(latest) if latest else None,
    )


def _tenders(order: Order) -> tuple[PaidPart, ...]:
    return tuple(PaidPart(kind=kind, amount_minor=minor) for kind, minor in order.tenders)


def _codes(order: Order) -> tuple[str, ...]:
    return tuple(code for code in order.codes if not code_of(code))


def _sold(order: Order) -> tuple[SoldLine, ...]:
    return tuple(map(_sold_line, order.lines))


def _sold_line(line: Line) -> SoldLine:
    return SoldLine(
        line_id=line.line_id,
        sku=line.sku,
        category=line.category,
        categories=tuple(sorted(line.categories)),
        brand=line.brand or line.product_brand,
        tags=tuple(sorted(line.all_tags)),
        quantity=line.quantity,
        amount_minor=line.amount_minor,
        paid_minor=line.paid_minor,
    )


def _of_voucher(voucher: Voucher, change: TableChange) -> VoucherFact:
    return VoucherFact(
        fact_id=voucher.redemption_id,
        # A used voucher can be reinstated and used again, or its points return in steps.
        revision=_REVISION_OF_STATE[voucher.state]
        + 3 * voucher.times_reinstated
        + voucher.return_steps,
        program_id=change.program_id,
        # From the voucher's own times, so that a repeated fact is stored under the same day.
        recorded_at=voucher.used_at or voucher.issued_at,
        member_id=voucher.member_id,
        reward_id=voucher.reward_id,
        points=voucher.points - voucher.returned,
        amount_minor=voucher.amount_minor,
        state="issued" if voucher.state == "cancelling" else voucher.state,
        issued_at=voucher.issued_at,
        held_until=voucher.held_until,
        expires_at=voucher.expires_at,
        used_at=voucher.used_at,
        used_source=voucher.used_order.source if voucher.used_order else None,
        used_order_id=voucher.used_order.order_id if voucher.used_order else None,
        granted_for=voucher.granted_for,
    )


def _of_account(account: Account, change: TableChange) -> Iterator[MemberFact]:
    """A fact if the member enrolled, ended or got another floor. Points come from entries."""
    before = change.before
    if (
        isinstance(before, Account)
        and before.status == account.status
        and before.tier_floor == account.tier_floor
    ):
        return
    has_ended = account.status != "active"
    enrolled_at = account.enrolled_at or change.made_at
    ended_at = (account.ended_at or change.made_at) if has_ended else None
    floor = account.tier_floor
    is_new = before is None and not account.entries and floor is None
    yield MemberFact(
        fact_id=account.member_id,
        revision=3 if has_ended else 1 if is_new else 2,
        program_id=change.program_id,
        recorded_at=ended_at or (enrolled_at if is_new else change.made_at),
        status=account.status,
        enrolled_at=enrolled_at,
        ended_at=ended_at,
        into=account.into,
        floor_level=floor.level if floor else None,
        floor_until=floor.until if floor else None,
    )


def _of_message(message: Message, program_id: str) -> MessageFact:
    return MessageFact(
        fact_id=f"{message.member_id}/{message.id}",
        revision=_REVISION_OF_FATE[message.state],
        program_id=program_id,
        recorded_at=message.settled_at or message.written_at,
        member_id=message.member_id,
        message_kind=message.kind,
        channel="email",
        state=message.state,
        written_at=message.written_at,
        # A message may bounce before its sending is recorded.
        sent_at=message.sent_at or (message.settled_at if _was_sent(message) else None),
        settled_at=message.settled_at,
    )


def _was_sent(message: Message) -> bool:
    return message.state not in {"waiting", "dropped"}


def _of_judgment(judgment: Response | Review, program_id: str) -> SurveyFact | ReviewFact:
    """What a person judged: the answer of a member, or the review of a manager."""
    if isinstance(judgment, Review):
        return _of_review(judgment, program_id)
    return _of_response(judgment, program_id)


def _of_response(response: Response, program_id: str) -> SurveyFact:
    return SurveyFact(
        fact_id=response.id,
        program_id=program_id,
        recorded_at=response.answered_at,
        member_id=response.member_id,
        survey_id=response.survey_id,
        survey_kind=response.survey_kind,
        score=response.score,
        is_low=response.is_low,
        source=response.order.source if response.order else None,
        order_id=response.order.order_id if response.order else None,
        answered_at=response.answered_at,
    )


def _of_engagement(
    steered: MemberAward | OrderShare | RecordedActivity | Targeting | Referral,
    change: TableChange,
) -> Iterator[Fact]:
    match steered:
        case OrderShare():
            yield _of_share(steered, change)
        case RecordedActivity():
            yield from _of_activity(steered, change.program_id)
        case MemberAward():
            yield _of_award(steered, change)
        case Targeting():
            yield from _of_targeting(steered, change)
        case Referral():
            yield _of_referral(steered, change)


def _of_activity(recorded: RecordedActivity, program_id: str) -> Iterator[ActivityFact]:
    content = recorded.content
    if content is None:
        return
    yield ActivityFact(
        fact_id=f"{recorded.ref.source}/{recorded.ref.activity_id}",
        revision=recorded.revision,
        program_id=program_id,
        recorded_at=recorded.recorded_at,
        member_id=content.member_id,
        source=recorded.ref.source,
        activity_id=recorded.ref.activity_id,
        activity=content.activity,
        state=recorded.state,
        reason=recorded.reason,
        points=recorded.points,
        occurred_at=content.occurred_at,
        first_recorded_at=recorded.first_recorded_at,
    )


def _of_award(award: MemberAward, change: TableChange) -> AwardFact:
    changed_at = award.changed_at or change.made_at
    return AwardFact(
        fact_id=award.award_id,
        revision=award.step,
        program_id=change.program_id,
        recorded_at=changed_at,
        member_id=award.member_id,
        given_for=award.given_for,
        rule_id=award.rule_id,
        points=award.points,
        reward_id=award.reward_id,
        badges=award.badges,
        stands=award.stands,
        reward_kept=award.reward_kept,
        given_at=award.given_at or changed_at,
    )


def _of_referral(referral: Referral, change: TableChange) -> ReferralFact:
    return ReferralFact(
        fact_id=referral.friend_id,
        revision=referral.revision,
        program_id=change.program_id,
        recorded_at=change.made_at,
        member_id=referral.friend_id,
        referrer_id=referral.referrer_id,
        state=referral.state,
        reason=referral.reason,
        signals=referral.signals,
        claimed_at=referral.claimed_at,
        decided_at=referral.decision.decided_at if referral.decision else None,
        orders=referral.orders,
        stands=referral.stands,
        referrer_gets=referral.stands and referral.slot is not None,
        given_at=referral.given_at,
    )


def _of_share(share: OrderShare, change: TableChange) -> CountedOrderFact:
    order = share.order
    return CountedOrderFact(
        fact_id=f"{order.source}/{order.order_id}/{share.counter}",
        revision=share.revision,
        program_id=change.program_id,
        recorded_at=change.made_at,
        source=order.source,
        order_id=order.order_id,
        counts_for=kind_of(share.counter),
        rule_id=id_of(share.counter),
        occurred_at=share.occurred_at,
        amount=sum(sum(tally.values()) for tally in share.tallies.values()),
    )


def _of_targeting(targeting: Targeting, change: TableChange) -> Iterator[OfferFact]:
    """A fact for each new offer."""
    earlier = change.before.offers if isinstance(change.before, Targeting) else {}
    for campaign_id, offer in targeting.offers.items():
        if earlier.get(campaign_id) != offer:
            made_at = offer.offered_at.astimezone(UTC)
            yield OfferFact(
                fact_id=f"{targeting.member_id}/{campaign_id}/{made_at.isoformat()}",
                program_id=change.program_id,
                recorded_at=made_at,
                member_id=targeting.member_id,
                campaign_id=campaign_id,
                offered_at=made_at,
                until=offer.until,
                because=offer.because.kind,
                chosen_of=offer.chosen_of,
            )


def _of_review(review: Review, program_id: str) -> ReviewFact:
    decision, order, finding = review.decision, review.order, review.finding
    return ReviewFact(
        fact_id=review.review_id,
        revision=2 if decision else 1,
        program_id=program_id,
        recorded_at=decision.decided_at if decision else review.opened_at,
        member_id=review.member_id,
        opened_by="watch" if finding else "safeguard",
        rules=(finding.watch_id,) if finding else tuple(e.safeguard_id for e in review.excesses),
        source=order.source if order else None,
        order_id=order.order_id if order else None,
        points=review.points,
        held_until=review.held_until,
        opened_at=review.opened_at,
        state=review.state,
        decided_at=decision.decided_at if decision else None,
        entry_id=decision.entry_id if decision else None,
    )


def _of_action(action: StaffAction, program_id: str) -> ActionFact:
    return ActionFact(
        fact_id=action.action_id,
        revision=1 if action.state == "begun" else 2,
        program_id=program_id,
        recorded_at=action.began_at,
        staff_member=action.by,
        action=action.name,
        target_kind=action.target.kind,
        target_id=action.target.id,
        state=action.state,
        refused_for=action.code,
        points=action.points,
        entry_id=action.results.get("entry"),
        began_at=action.began_at,
    )
