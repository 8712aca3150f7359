"""The events that are published on the bus, one class for each kind.

An event is derived from a change of the table, so it is delivered at least once, in no promised
order. Its `id` derives from what happened, so a repeat has the same id. A field can be added under
the same `v`; a change that breaks readers raises it. No event holds personal data: a member is an
id and nothing else. A voucher's code, which is as good as the reward itself, is in one event only:
the one from which a shop learns to accept it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from loyalty.domain.campaigns.budgets import BudgetSpent
from loyalty.domain.campaigns.limits import WHOLE_CAMPAIGN
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.engagement.activities import RecordedActivity
from loyalty.domain.engagement.award_terms import AwardOccasion
from loyalty.domain.engagement.referrals import Referral, ReferralRefusalReason
from loyalty.domain.goals.standing import GoalStanding, GoalState
from loyalty.domain.households.household import HouseholdChange, household_change
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import Account, Status
from loyalty.domain.ledger.approvals import Approval, RequestedGrant
from loyalty.domain.ledger.entries import (
    AwardClawback,
    Bonus,
    BonusOccasion,
    Clawback,
    Counterpart,
    Edit,
    Entry,
    GrantOccasion,
    Return,
    ReturnReason,
    SharedPart,
)
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.reviews import Review, ReviewVerdict
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.messaging.messages import Message
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.member import Member
from loyalty.domain.people.privacy_requests import DataRequest, NotAMember
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.plans.held_plan import HeldPlan, PlanChange, plan_changes, replaced_plan
from loyalty.domain.program.kinds import MessageKind, RewardKind, SignalName, SurveyKind
from loyalty.domain.shops.deliveries import log_id
from loyalty.domain.staff.staff_days import StaffDay

if TYPE_CHECKING:
    from loyalty.domain.changes import Record, TableChange

SOURCE: Final = "loyalty"
LATE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The fields of every event."""

    __pydantic_config__: ClassVar[Mapping[str, bool]] = {"use_attribute_docstrings": True}
    # Rules on a bus match this name and event ids derive from it: it never changes.
    name: ClassVar[str]
    """The `detail-type` on the bus, also in the API and in the name of the schema's file."""

    id: str
    """Derived from what happened: a repeat carries the same id."""
    program_id: str
    member_id: str | None
    occurred_at: datetime
    """When it happened, in UTC: an order's own time, the midnight of an expiry."""
    v: Literal[1] = 1
    caused_by: str | None = None
    """What caused it: the `x-request-id` of the API's response, or the id of a shop's delivery, as
    the list of its deliveries has it; null: neither, such as the calendar."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=_written, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEvent(Event):
    """An event about a member, as nearly every event is."""

    member_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPoints:
    """Points and the last day on which they can be spent, in the program's time zone."""

    __pydantic_config__: ClassVar[Mapping[str, bool]] = {"use_attribute_docstrings": True}

    expires_on: date | None
    """Null: they never expire."""
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPoints:
    """Points and the days on which they become available and expire."""

    __pydantic_config__: ClassVar[Mapping[str, bool]] = {"use_attribute_docstrings": True}

    available_on: date
    expires_on: date | None
    """Null: they never expire."""
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEnrolled(MemberEvent):
    """A person became a member of the program."""

    name: ClassVar[str] = "MemberEnrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanged(MemberEvent):
    """A member's profile, identities or consents changed.

    The new values are not in the event; read them from the API.
    """

    name: ClassVar[str] = "ProfileChanged"

    changed: tuple[Literal["consents", "identities", "profile"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityMoved(MemberEvent):
    """An identity moved from one member to another who has a better claim to it.

    Each of the two members has an event. The identity itself is not in it.
    """

    name: ClassVar[str] = "IdentityMoved"

    identity_kind: Literal["email", "phone", "customer", "card", "subject"]
    direction: Literal["gained", "lost"]
    counterpart_id: str
    """The other member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHolding:
    """What a member holds, and their level."""

    __pydantic_config__: ClassVar[Mapping[str, bool]] = {"use_attribute_docstrings": True}

    status: Status
    balance: int
    debt: int
    """Points that the member owes; later points pay it. It is part of the balance."""
    pending_points: int
    """Points that become available later; they are not part of the balance."""
    tier: str | None
    """The id of the level; null: no level."""
    next_expiry: DatedPoints | None
    """The points that expire first; null: no points have an expiry date of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(MemberEvent):
    """What a member holds, or what they agree to, changed: the fields that a CRM mirrors.

    The part that changed is complete; the other part is null.
    """

    name: ClassVar[str] = "MemberChanged"

    changed: tuple[str, ...]
    """The names of the changed fields of `holding`, or `consents`."""
    revision: int
    """Grows with each change of the same part: the event with the higher revision is right, in
    whichever order events arrive."""
    holding: MemberHolding | None
    consents: Mapping[str, bool] | None
    """All consents of the member, by kind of message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMerged(MemberEvent):
    """A member was merged into another member, who is the same person."""

    name: ClassVar[str] = "MemberMerged"

    into: str
    """The member who remains, with all the points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberErased(MemberEvent):
    """A member was erased; their personal data is deleted."""

    name: ClassVar[str] = "MemberErased"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChanged(MemberEvent):
    """A member reached a level, or lost one: by an order, a refund, a manager or the calendar."""

    name: ClassVar[str] = "TierChanged"

    tier: str | None
    """The id of the level now; null: no level."""
    tier_before: str | None
    """The id of the level before; null: no level."""
    direction: Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEvent(MemberEvent):
    """An event about a member's paid plan."""

    plan_id: str
    since: date
    """The plan's first day, in the program's time zone."""
    paid_until: date
    """The last day that is paid, or of the trial."""
    until: date
    """The plan's last day if nothing more is paid, days of grace included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStarted(PlanEvent):
    """A member's paid plan began."""

    name: ClassVar[str] = "PlanStarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRenewed(PlanEvent):
    """A member's plan is paid until a later day, or runs again after a pause or days of grace."""

    name: ClassVar[str] = "PlanRenewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGrace(PlanEvent):
    """The last paid day of a member's plan is over; the plan continues for its days of grace."""

    name: ClassVar[str] = "PlanGrace"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPaused(PlanEvent):
    """A member's plan is paused: it gives nothing until it runs again."""

    name: ClassVar[str] = "PlanPaused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEnded(PlanEvent):
    """A member's plan ended: its last day passed, it was ended, or a new plan replaced it."""

    name: ClassVar[str] = "PlanEnded"


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdChanged(MemberEvent):
    """A member joined or left a household, or changed how many points the others may spend."""

    name: ClassVar[str] = "HouseholdChanged"

    household_id: str
    what: HouseholdChange
    shares_max: int | None
    """How many of their points the others may spend in a month; null: no limit of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsEarned(MemberEvent):
    """A member got points that can be spent at once."""

    name: ClassVar[str] = "PointsEarned"

    entry_id: str
    reason: Literal["accrual", "bonus", "edit"]
    """`accrual`: an order; `bonus`: another reason that the program rewards; `edit`: a changed
    order."""
    given_for: BonusOccasion | None
    """What a bonus was given for; null for orders."""
    survey_id: str | None
    """The survey whose answer got the bonus."""
    rule_id: str | None
    """The challenge that the bonus was given for."""
    points: int
    """All points, including those that paid a debt."""
    lots: tuple[DatedPoints, ...]
    """The points by expiry date; less than `points` if some paid a debt."""
    order: OrderRef | None
    """The order that earned, or that the answered survey is about."""
    late: bool
    """True if it was recorded more than a day after it happened; the time to expire counts from the
    latter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPending(MemberEvent):
    """A member got points that become available later."""

    name: ClassVar[str] = "PointsPending"

    entry_id: str
    points: int
    pending: tuple[WaitingPoints, ...]
    order: OrderRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsActivated(MemberEvent):
    """Pending points became available."""

    name: ClassVar[str] = "PointsActivated"

    entry_id: str
    points: int
    lots: tuple[DatedPoints, ...]
    """The points by expiry date; less than `points` if some paid a debt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsClawedBack(MemberEvent):
    """A refund, or a change of the order, took back points that the order had earned."""

    name: ClassVar[str] = "PointsClawedBack"

    entry_id: str
    points: int
    """Points taken from spendable points, including those that became debt."""
    pending_points: int
    """Points taken from pending points."""
    debt: int
    """Points that the member owes afterwards; later points pay it."""
    order: OrderRef
    refund_id: str | None
    """The id of the refund, `~review` if a manager rejected the order; null: the order itself
    changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusTakenBack(MemberEvent):
    """A bonus was taken back because what it was given for was undone."""

    name: ClassVar[str] = "BonusTakenBack"

    entry_id: str
    given_for: BonusOccasion
    rule_id: str
    """The challenge that the bonus was given for."""
    points: int
    """Points taken from spendable points, including those that became debt."""
    pending_points: int
    """Points taken from pending points."""
    debt: int
    """Points that the member owes afterwards; later points pay it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRecorded(MemberEvent):
    """An activity of a member counts, was edited, or counts again.

    If this moved points, a second event says so.
    """

    name: ClassVar[str] = "ActivityRecorded"

    source: str
    """The system that numbered the activity."""
    activity_id: str
    activity: str
    """What the member did: the activity's id in the program's document."""
    about: str | None
    """The subject of the activity, such as a SKU; null: its source named none."""
    attributes: tuple[str, ...]
    """The attributes that are true, such as `photo`."""
    points: int
    """The points that the member has for it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRetracted(MemberEvent):
    """An activity that counted was removed at its source.

    If this took points back, a second event says so.
    """

    name: ClassVar[str] = "ActivityRetracted"

    source: str
    """The system that numbered the activity."""
    activity_id: str
    activity: str
    """What the member did: the activity's id in the program's document."""
    points: int
    """The points that the member keeps; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeCompleted(MemberEvent):
    """A member completed a challenge, for the first time or again.

    A completion that was undone and comes back sends this event again.
    """

    name: ClassVar[str] = "ChallengeCompleted"

    award_id: str
    """Names this completion: the member who completed it, the window and the number in it."""
    challenge_id: str
    points: int
    """The points that the completion gives; 0: none."""
    reward_id: str | None
    """The reward that the completion gives as a voucher; null: none."""
    badges: tuple[str, ...]
    """The badges that the completion gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeUndone(MemberEvent):
    """Refunds or edits left too little for a completion, so the program took back what it gave."""

    name: ClassVar[str] = "ChallengeUndone"

    award_id: str
    """The completion, as in `ChallengeCompleted`."""
    challenge_id: str
    points: int
    """The points that were taken back; `BonusTakenBack` says from where."""
    reward_id: str | None
    reward_kept: bool
    """Whether the member had used its voucher, and so keeps what it was for."""
    badges: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeEarned(MemberEvent):
    """A member got a badge. If two awards give the same badge, each sends this event."""

    name: ClassVar[str] = "BadgeEarned"

    award_id: str
    badge_id: str
    given_for: AwardOccasion
    rule_id: str
    """The id of the challenge that gave it, or of what else did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeLost(MemberEvent):
    """An award with a badge was undone. If a different award gives it, the member keeps it."""

    name: ClassVar[str] = "BadgeLost"

    award_id: str
    badge_id: str
    given_for: AwardOccasion
    rule_id: str
    """The id of the challenge that gave it, or of what else did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsExpired(MemberEvent):
    """Points expired."""

    name: ClassVar[str] = "PointsExpired"

    entry_id: str
    points: int
    """Negative if expired points paid for a redemption that was made before and reported late."""
    lots: tuple[DatedPoints, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsAdjusted(MemberEvent):
    """Staff or a service added or took points; the reason is in the member's history."""

    name: ClassVar[str] = "PointsAdjusted"

    entry_id: str
    points: int
    """Negative if points were taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsTransferred(MemberEvent):
    """A member gave points to another member; each of the two has an event."""

    name: ClassVar[str] = "PointsTransferred"

    entry_id: str
    points: int
    """Negative for the member who gave them."""
    counterpart_id: str
    """The other member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsShared(MemberEvent):
    """Another member of the household spent points of a member, or these points returned."""

    name: ClassVar[str] = "PointsShared"

    entry_id: str
    points: int
    """Negative if they were spent, positive if they returned."""
    redemption_id: str
    spent_by: str
    """The member who redeemed."""
    why: ReturnReason | None
    """Why they returned; null: they were spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsReturned(MemberEvent):
    """Points of a redemption were returned: it was cancelled, or its order was refunded."""

    name: ClassVar[str] = "PointsReturned"

    entry_id: str
    points: int
    """Negative if a refund was withdrawn and the points pay for the order again."""
    redemption_id: str
    why: ReturnReason
    order: OrderRef | None
    """The order that the points paid for and that was refunded; null: the redemption ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemedReward:
    """What a shop needs to know about a reward to create its own discount code."""

    __pydantic_config__: ClassVar[Mapping[str, bool]] = {"use_attribute_docstrings": True}

    kind: RewardKind
    name: str
    currency: str
    """The program's currency, which is that of `amount_minor`."""
    amount_minor: int | None
    """The discount or value, in minor units."""
    percent: int | None
    skus: tuple[str, ...]
    """The products that it is valid for; empty: any product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRedeemed(MemberEvent):
    """A member redeemed a reward; for a held redemption, when it was completed."""

    name: ClassVar[str] = "RewardRedeemed"

    redemption_id: str
    reward_id: str
    points: int
    expires_at: datetime | None
    """When the voucher expires; null: never."""
    code: str
    """The voucher's code, for the shop that accepts it. Anybody with the code can use it."""
    reward: RedeemedReward | None
    """What the voucher is worth, according to the program document at the redemption."""
    granted_for: GrantOccasion | None
    """What it was given for, for no points; null: the member redeemed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherUsed(MemberEvent):
    """A member used a reward's voucher."""

    name: ClassVar[str] = "VoucherUsed"

    redemption_id: str
    reward_id: str
    points: int
    order: OrderRef | None
    """The order that used it; null: the till named none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherReinstated(MemberEvent):
    """A used voucher can be used again: its order was cancelled, or no longer uses it."""

    name: ClassVar[str] = "VoucherReinstated"

    redemption_id: str
    reward_id: str
    points: int
    order: OrderRef | None
    """The order that had used it; null: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherExpired(MemberEvent):
    """A voucher expired before it was used; its points are not returned."""

    name: ClassVar[str] = "VoucherExpired"

    redemption_id: str
    reward_id: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionCancelling(MemberEvent):
    """A redemption was cancelled whose code a shop may still accept; no points come back yet."""

    name: ClassVar[str] = "RedemptionCancelling"

    redemption_id: str
    reward_id: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionCancelled(MemberEvent):
    """A redemption was cancelled; its points are returned by an entry of its own."""

    name: ClassVar[str] = "RedemptionCancelled"

    redemption_id: str
    reward_id: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDue(MemberEvent):
    """A message to a member who agreed to it is due, such as a reminder that points expire."""

    name: ClassVar[str] = "MessageDue"

    message_id: str
    message_kind: MessageKind
    about: date | None
    """The day that it is about: the first expiry, the level's last day, or the last purchase."""
    points: int
    """The points that expire on that day, that its vouchers cost, or that are a present; else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered(MemberEvent):
    """A member answered a survey. A comment is not in the event; read it from the API."""

    name: ClassVar[str] = "SurveyAnswered"

    response_id: str
    survey_id: str
    survey_kind: SurveyKind
    score: int
    is_low: bool
    """Whether the score is low according to the program document, so that you can follow up."""
    order: OrderRef | None
    """The order that it is about; null: the survey is not about an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequested(Event):
    """A shop's customer requested their data; the shop's platform passed the request on."""

    name: ClassVar[str] = "DataRequested"

    member_id: str | None
    """The member whose export was requested; null: the customer is not a member."""
    storefront_id: str
    delivery_id: str
    """The delivery's id in the list of the storefront's deliveries."""
    request_id: str | None
    """The platform's id of the request."""
    reason: NotAMember | None
    """For a customer who is not a member: `guest` if guest orders are stored for them, or
    `nothing_held`."""
    orders: tuple[OrderRef, ...]
    """The orders that the platform names, at most a thousand."""
    due_at: datetime
    """When the request must be answered: thirty days after it was passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusualActions(Event):
    """A person of the staff moved more points by hand on a day than is usual in the program.

    It is sent once for each person and day, in the night after it.
    """

    name: ClassVar[str] = "UnusualActions"

    person: str
    """The subject (`sub`) of the person's tokens, as the list of actions names them."""
    day: date
    """The day, in the program's time zone."""
    points: int
    """The points that they added and took together."""
    actions: int
    """In how many actions."""
    usual_points: int
    """The 99th percentile of what one person moved on one of the 90 days before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested(MemberEvent):
    """A person requested something that waits until a second manager approves it."""

    name: ClassVar[str] = "ApprovalRequested"

    approval_id: str
    reward_id: str | None
    """The reward to give; null: points are to be adjusted."""
    points: int
    """Points to add; negative: points to take. Of a reward, the points that it costs."""
    expires_at: datetime
    """Until when a manager can decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided(MemberEvent):
    """A manager approved what somebody requested, which carried it out, or refused it."""

    name: ClassVar[str] = "ApprovalDecided"

    approval_id: str
    verdict: Literal["approved", "refused"]
    reward_id: str | None
    """The reward that was requested; null: an adjustment was."""
    points: int
    """Points that were requested; if it was refused, none moved. Of a reward, its cost."""
    entry_id: str | None
    """The entry of the adjustment or the redemption; null: it was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignJoined(MemberEvent):
    """A member joined a campaign, or was merged with a member who had.

    Orders count for it from then on.
    """

    name: ClassVar[str] = "CampaignJoined"

    campaign_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLeft(MemberEvent):
    """A member left a campaign that they had joined.

    A merge or an erasure has its own event, and not this one.
    """

    name: ClassVar[str] = "CampaignLeft"

    campaign_id: str
    joined_at: datetime
    """When the member had joined it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEntered(MemberEvent):
    """A member was found in a segment in which they were not before.

    A changed definition has an event only for members that it adds.
    """

    name: ClassVar[str] = "SegmentEntered"

    segment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLeft(MemberEvent):
    """A member is no longer in a segment, or the program has the segment no more.

    A merge or an erasure has its own event, and not this one.
    """

    name: ClassVar[str] = "SegmentLeft"

    segment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignBudgetSpent(Event):
    """A campaign's budget was spent to 80 %, or wholly: once each in a period.

    Refunds may give points back to it, and a manager can publish a larger one; neither repeats it.
    """

    name: ClassVar[str] = "CampaignBudgetSpent"

    campaign_id: str
    period: str | None
    """The period of the budget, such as 2026-11, 2026-W48 or 2026-11-21; null: the campaign."""
    percent: Literal[80, 100]
    budget: int
    """The budget in points."""
    left: int
    """Points that orders could still get at that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOpened(Event):
    """An order exceeded a safeguard, or a watch found something: a manager has to look at it."""

    name: ClassVar[str] = "ReviewOpened"

    member_id: str | None
    """Null: it is about a person of the staff."""
    review_id: str
    order: OrderRef | None
    """Null: a watch found something."""
    points: int
    """The points that the order earned; 0 without one."""
    safeguards: tuple[str, ...]
    """The ids of the safeguards that the order exceeded."""
    watch: str | None
    """The id of the watch that found something; null: an order exceeded safeguards."""
    held_until: date | None
    """When its points become available unless somebody decides before; null: they are not held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecided(Event):
    """A manager decided about an order that exceeded a safeguard, or about what a watch found.

    If this moved points, a second event says so.
    """

    name: ClassVar[str] = "ReviewDecided"

    member_id: str | None
    """Null: it is about a person of the staff."""
    review_id: str
    order: OrderRef | None
    """Null: a watch had found something."""
    verdict: ReviewVerdict
    entry_id: str | None
    """The entry that moved points; null: none had to be moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalStateChanged(Event):
    """A goal of the program came at risk or on track again, was reached, or was missed.

    Goals are evaluated after each day of the program. Figures are in the unit of the report's
    column; those of a rate are in percent.
    """

    name: ClassVar[str] = "GoalStateChanged"

    goal_id: str
    state: GoalState
    state_before: GoalState | None
    """The state of the day before; null: the goal is new or was changed."""
    value: int
    """The figure after the last day that is over."""
    target: int
    forecast: int
    """Where it will end if it goes on as it does."""
    by: date
    """The goal's last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralClaimed(MemberEvent):
    """A friend claimed the code of a member, or a manager approved a claim that was held."""

    name: ClassVar[str] = "ReferralClaimed"

    referrer_id: str
    """The member who brought the friend."""
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralHeld(MemberEvent):
    """A friend's claim is suspicious, and waits for a manager."""

    name: ClassVar[str] = "ReferralHeld"

    referrer_id: str
    signals: tuple[SignalName, ...]
    """The signals that make the claim suspicious."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRefused(MemberEvent):
    """The program or a manager refused a friend's claim."""

    name: ClassVar[str] = "ReferralRefused"

    referrer_id: str
    reason: ReferralRefusalReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAwarded(MemberEvent):
    """A friend bought what the referral asks for: both members get what the program promised.

    Points and vouchers send events of their own.
    """

    name: ClassVar[str] = "ReferralAwarded"

    referrer_id: str
    referrer_gets: bool
    """False: the program's caps leave nothing for the referrer."""
    orders: int
    """How many of the friend's orders count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralUndone(MemberEvent):
    """A friend returned too much, or is the referrer themself: both members lose what they got."""

    name: ClassVar[str] = "ReferralUndone"

    referrer_id: str
    orders: int
    """How many of the friend's orders still count."""


ALL: Final[tuple[type[Event], ...]] = (
    MemberEnrolled,
    ProfileChanged,
    IdentityMoved,
    MemberChanged,
    MemberMerged,
    MemberErased,
    TierChanged,
    PlanStarted,
    PlanRenewed,
    PlanGrace,
    PlanPaused,
    PlanEnded,
    HouseholdChanged,
    PointsEarned,
    PointsPending,
    PointsActivated,
    PointsClawedBack,
    BonusTakenBack,
    ActivityRecorded,
    ActivityRetracted,
    ChallengeCompleted,
    ChallengeUndone,
    BadgeEarned,
    BadgeLost,
    PointsExpired,
    PointsAdjusted,
    PointsTransferred,
    PointsShared,
    PointsReturned,
    RewardRedeemed,
    VoucherUsed,
    VoucherReinstated,
    VoucherExpired,
    RedemptionCancelling,
    RedemptionCancelled,
    MessageDue,
    SurveyAnswered,
    DataRequested,
    UnusualActions,
    ApprovalRequested,
    ApprovalDecided,
    CampaignJoined,
    CampaignLeft,
    SegmentEntered,
    SegmentLeft,
    CampaignBudgetSpent,
    ReviewOpened,
    ReviewDecided,
    ReferralClaimed,
    ReferralHeld,
    ReferralRefused,
    ReferralAwarded,
    ReferralUndone,
    GoalStateChanged,
)


def events_of(change: TableChange) -> Iterator[Event]:
    """The events that a change causes; most changes cause one, some none."""
    for event in _events_of(change):
        yield replace(event, caused_by=change.caused_by)


def _events_of(change: TableChange) -> Iterator[Event]:
    match change.after, change.before:
        case Entry() as entry, _:
            yield from _of_entry(entry, change.program_id)
        case Voucher() as voucher, (Voucher() | None) as before:
            yield from _of_voucher(voucher, before, change)
        case Account() as account, (Account() | None) as before:
            yield from _of_account(account, before, change)
        case Member() as member, (Member() | None) as before:
            yield from _of_member(member, before, change)
        case Message() as message, None:
            yield _event(
                MessageDue,
                change.program_id,
                subject=f"{message.member_id}/{message.id}",
                member_id=message.member_id,
                occurred_at=message.written_at,
                message_id=message.id,
                message_kind=message.kind,
                about=message.about,
                points=message.points,
            )
        case Response() as response, None:
            yield _event(
                SurveyAnswered,
                change.program_id,
                subject=response.id,
                member_id=response.member_id,
                occurred_at=response.answered_at,
                response_id=response.id,
                survey_id=response.survey_id,
                survey_kind=response.survey_kind,
                score=response.score,
                is_low=response.is_low,
                order=response.order,
            )
        case (Approval() | Review()) as waiting, before:
            yield from _of_waiting(waiting, before, change.program_id)
        case DataRequest() as request, before if not isinstance(before, DataRequest):
            yield _event(
                DataRequested,
                change.program_id,
                # The same id, however often the platform delivers it.
                subject=f"{request.storefront_id}/{request.delivery_id}",
                member_id=request.member_id,
                occurred_at=request.received_at,
                storefront_id=request.storefront_id,
                delivery_id=log_id(request.received_at, request.delivery_id),
                request_id=request.request_id,
                reason=request.reason,
                orders=request.orders,
                due_at=request.due_at,
            )
        case StaffDay() as staff_day, None:
            yield from _of_staff_day(staff_day, change)
        case (
            Targeting()
            | BudgetSpent()
            | GoalStanding()
            | MemberAward()
            | RecordedActivity()
            | Referral(),
            _,
        ):
            yield from _of_steering(change)


def _of_award(
    award: MemberAward, before: MemberAward | None, change: TableChange
) -> Iterator[Event]:
    if award.stands == (before is not None and before.stands):
        return

    def event(kind: type[Event], of: str = "", **what: Any) -> Event:
        return _event(
            kind,
            change.program_id,
            subject=f"{award.award_id}/{award.step}{of}",
            member_id=award.member_id,
            occurred_at=award.changed_at or change.made_at,
            award_id=award.award_id,
            **what,
        )

    if award.given_for == "challenge":
        whether_kept: dict[str, Any] = {} if award.stands else {"reward_kept": award.reward_kept}
        yield event(
            ChallengeCompleted if award.stands else ChallengeUndone,
            challenge_id=award.rule_id,
            points=award.points,
            reward_id=award.reward_id,
            badges=award.badges,
            **whether_kept,
        )
    for badge_id in award.badges:
        yield event(
            BadgeEarned if award.stands else BadgeLost,
            of=f"/{badge_id}",
            badge_id=badge_id,
            given_for=award.given_for,
            rule_id=award.rule_id,
        )


def _of_referral(
    referral: Referral, before: Referral | None, change: TableChange
) -> Iterator[Event]:
    """A new claim can replace one that was refused. It is a claim of its own."""
    is_new = before is None or (before.state, before.claimed_at) != (
        referral.state,
        referral.claimed_at,
    )

    def event(kind: type[Event], **what: Any) -> Event:
        return _event(
            kind,
            change.program_id,
            subject=f"{referral.friend_id}/{referral.revision}",
            member_id=referral.friend_id,
            occurred_at=change.made_at,
            referrer_id=referral.referrer_id,
            **what,
        )

    if is_new:
        match referral.state:
            case "claimed":
                yield event(ReferralClaimed, code=referral.code)
            case "held":
                yield event(ReferralHeld, signals=referral.signals)
            case "refused":
                yield event(ReferralRefused, reason=referral.reason)
    stood = before is not None and before.stands
    if referral.stands and not stood:
        gets = referral.slot is not None
        yield event(ReferralAwarded, referrer_gets=gets, orders=referral.orders)
    elif stood and not referral.stands:
        yield event(ReferralUndone, orders=referral.orders)


def _of_goal(
    standing: GoalStanding, before: GoalStanding | None, program_id: str
) -> Iterator[Event]:
    last = before if before and before.of == standing.of else None
    if standing.changes > (last.changes if last else 0):
        yield _event(
            GoalStateChanged,
            program_id,
            subject=f"{standing.goal_id}/{standing.of}/{standing.changes}",
            member_id=None,
            occurred_at=standing.evaluated_at,
            goal_id=standing.goal_id,
            state=standing.state,
            state_before=last.state if last else None,
            value=standing.value,
            target=standing.target,
            forecast=standing.forecast,
            by=standing.by,
        )


def _of_staff_day(staff_day: StaffDay, change: TableChange) -> Iterator[Event]:
    for hand in staff_day.unusual:
        yield _event(
            UnusualActions,
            change.program_id,
            subject=f"{staff_day.day}/{hand.person}",
            member_id=None,
            occurred_at=change.made_at,
            person=hand.person,
            day=staff_day.day,
            points=hand.points,
            actions=hand.actions,
            usual_points=hand.usual,
        )


def _of_steering(change: TableChange) -> Iterator[Event]:
    """What happened to campaigns, to segments, to goals and to what members were given."""
    match change.after, change.before:
        case BudgetSpent() as spent, None:
            yield _of_budget(spent, change)
        case Targeting() as targeting, (Targeting() | None) as before:
            yield from _of_targeting(targeting, before, change)
            yield from _of_segments(targeting, before, change)
        case GoalStanding() as standing, (GoalStanding() | None) as before:
            yield from _of_goal(standing, before, change.program_id)
        case MemberAward() as award, (MemberAward() | None) as before:
            yield from _of_award(award, before, change)
        case Referral() as referral, (Referral() | None) as before:
            yield from _of_referral(referral, before, change)
        case RecordedActivity() as recorded, (RecordedActivity() | None) as before:
            yield from _of_activity(recorded, before, change.program_id)


def _of_activity(
    recorded: RecordedActivity, before: RecordedActivity | None, program_id: str
) -> Iterator[Event]:
    content = recorded.content
    had_counted = before is not None and before.state == "awarded"
    if content is None or not (recorded.state == "awarded" or had_counted):
        return
    ref = recorded.ref
    fields: dict[str, Any] = {
        "member_id": content.member_id,
        "occurred_at": recorded.recorded_at,
        "source": ref.source,
        "activity_id": ref.activity_id,
        "activity": content.activity,
        "points": recorded.points,
    }
    name = f"{ref.source}/{ref.activity_id}/{recorded.revision}"
    if recorded.state != "awarded":
        yield _event(ActivityRetracted, program_id, subject=name, **fields)
        return
    yield _event(
        ActivityRecorded,
        program_id,
        subject=name,
        about=content.subject,
        attributes=tuple(sorted(content.attributes)),
        **fields,
    )


def _of_budget(spent: BudgetSpent, change: TableChange) -> Event:
    budget = spent.budget
    return _event(
        CampaignBudgetSpent,
        change.program_id,
        subject=f"{budget.campaign_id}/{budget.period}/{spent.percent}",
        member_id=None,
        occurred_at=spent.spent_at,
        campaign_id=budget.campaign_id,
        period=None if budget.period == WHOLE_CAMPAIGN else budget.period,
        percent=spent.percent,
        budget=budget.points,
        left=spent.left,
    )


def _of_targeting(
    targeting: Targeting, before: Targeting | None, change: TableChange
) -> Iterator[Event]:
    """Campaigns joined and left; of a merge, those that the survivor had not joined."""
    joined = before.joined if before else {}

    def event(kind: type[Event], campaign_id: str, since: datetime, **what: Any) -> Event:
        return _event(
            kind,
            change.program_id,
            subject=f"{targeting.member_id}/{campaign_id}/{since.isoformat()}",
            member_id=targeting.member_id,
            campaign_id=campaign_id,
            **what,
        )

    for campaign_id in targeting.joined.keys() - joined.keys():
        since = targeting.joined[campaign_id]
        yield event(CampaignJoined, campaign_id, since, occurred_at=since)
    for campaign_id in joined.keys() - targeting.joined.keys():
        since = joined[campaign_id]
        yield event(CampaignLeft, campaign_id, since, occurred_at=change.made_at, joined_at=since)


def _of_segments(
    targeting: Targeting, before: Targeting | None, change: TableChange
) -> Iterator[Event]:
    """Segments entered and left by the run that wrote them down."""
    found_at, earlier = targeting.segments_as_of, before.segments if before else {}
    if found_at is None:
        return
    for kind, segment_ids in (
        (SegmentEntered, targeting.segments.keys() - earlier.keys()),
        (SegmentLeft, earlier.keys() - targeting.segments.keys()),
    ):
        for segment_id in sorted(segment_ids):
            yield _event(
                kind,
                change.program_id,
                subject=f"{targeting.member_id}/{segment_id}/{found_at.isoformat()}",
                member_id=targeting.member_id,
                occurred_at=found_at,
                segment_id=segment_id,
            )


def _of_member(member: Member, before: Member | None, change: TableChange) -> Iterator[Event]:
    consents = _agreed(member)
    if consents != (_agreed(before) if before else {}):
        yield _event(
            MemberChanged,
            change.program_id,
            subject=f"{member.member_id}/consents/{member.revision}",
            member_id=member.member_id,
            occurred_at=change.made_at,
            changed=("consents",),
            revision=member.revision,
            holding=None,
            consents=consents,
        )
    yield from _of_moves(member, before, change)
    if before is None:
        return
    parts: tuple[str, ...] = ("consents", "identities", "profile")
    changed = tuple(part for part in parts if getattr(member, part) != getattr(before, part))
    if changed:
        yield _event(
            ProfileChanged,
            change.program_id,
            subject=f"{member.member_id}/{member.revision}",
            member_id=member.member_id,
            occurred_at=change.made_at,
            changed=changed,
        )


def _of_moves(member: Member, before: Member | None, change: TableChange) -> Iterator[Event]:
    """Moves to or from this member; those of a merged member were published before."""
    announced = before.identity_moves if before else ()
    for move in member.identity_moves:
        if move in announced or member.member_id not in (move.from_member, move.to_member):
            continue
        is_gain = move.to_member == member.member_id
        moved_at = move.moved_at.isoformat()
        yield _event(
            IdentityMoved,
            change.program_id,
            subject=f"{member.member_id}/{move.kind}/{move.from_member}/{move.to_member}/{moved_at}",
            member_id=member.member_id,
            occurred_at=move.moved_at,
            identity_kind=move.kind,
            direction="gained" if is_gain else "lost",
            counterpart_id=move.from_member if is_gain else move.to_member,
        )


def _of_account(account: Account, before: Account | None, change: TableChange) -> Iterator[Event]:
    """Enrollments, merges, erasures, levels and holdings; entries cause the events on points."""

    def event(
        kind: type[Event], *, occurred_at: datetime | None, subject: str = "", **what: Any
    ) -> Event:
        return _event(
            kind,
            change.program_id,
            subject=subject or account.member_id,
            member_id=account.member_id,
            occurred_at=occurred_at or change.made_at,
            **what,
        )

    yield from _of_holding(account, before, change)
    if before is not None and before.status == account.status:
        if (account.tier_ups, account.tier_downs) != (before.tier_ups, before.tier_downs):
            yield event(
                TierChanged,
                occurred_at=None,
                # Counts the changes of the level so far, so that no two changes share an id.
                subject=f"{account.member_id}/{account.tier_ups}/{account.tier_downs}",
                tier=account.tier_announced,
                tier_before=before.tier_announced,
                direction="up" if account.tier_ups > before.tier_ups else "down",
            )
        yield from _of_plan(account, before, change)
        held = account.household
        if held is not None and (what := household_change(before.household, held)):
            yield event(
                HouseholdChanged,
                occurred_at=None,
                # Every change of a household raises the revision.
                subject=f"{account.member_id}/{held.household_id}/{account.tier_revision}",
                household_id=held.household_id,
                what=what,
                shares_max=held.shares_max,
            )
        return

    match account.status:
        case "active":
            yield event(MemberEnrolled, occurred_at=account.enrolled_at)
        case "merged":
            yield event(MemberMerged, occurred_at=account.ended_at, into=account.into)
        case "closed":
            yield event(MemberErased, occurred_at=account.ended_at)


_OF_PLANS: Final[Mapping[PlanChange, type[PlanEvent]]] = {
    "started": PlanStarted,
    "renewed": PlanRenewed,
    "grace": PlanGrace,
    "paused": PlanPaused,
    "ended": PlanEnded,
}


def _of_plan(account: Account, before: Account, change: TableChange) -> Iterator[Event]:
    def event(kind: type[PlanEvent], plan: HeldPlan) -> Event:
        return _event(
            kind,
            change.program_id,
            # Every change of a plan raises the revision.
            subject=f"{account.member_id}/{plan.plan_id}/{account.tier_revision}",
            member_id=account.member_id,
            occurred_at=change.made_at,
            plan_id=plan.plan_id,
            since=plan.since,
            paid_until=plan.paid_until,
            until=plan.until,
        )

    if replaced := replaced_plan(before.plan, account.plan):
        yield event(PlanEnded, replaced)
    if account.plan is not None:
        for each in plan_changes(before.plan, account.plan):
            yield event(_OF_PLANS[each], account.plan)


def _of_holding(account: Account, before: Account | None, change: TableChange) -> Iterator[Event]:
    now, was = _holding(account), _holding(before or Account(member_id=account.member_id))
    changed = tuple(
        field.name for field in fields(now) if getattr(now, field.name) != getattr(was, field.name)
    )
    if changed:
        # None of what changes a holding leaves all of these as they were.
        revision = account.entries + account.tier_ups + account.tier_downs
        revision += account.status != "active"
        yield _event(
            MemberChanged,
            change.program_id,
            subject=f"{account.member_id}/holding/{revision}",
            member_id=account.member_id,
            occurred_at=change.made_at,
            changed=changed,
            revision=revision,
            holding=now,
            consents=None,
        )


def _holding(account: Account) -> MemberHolding:
    held = account.holding
    dated = [(lot, points) for lot, points in held.lots.items() if lot != NEVER]
    soonest = min(dated, default=None)
    return MemberHolding(
        status=account.status,
        balance=account.balance,
        debt=held.debt,
        pending_points=held.pending_points,
        tier=account.tier_announced,
        next_expiry=DatedPoints(expires_on=soonest[0], points=soonest[1]) if soonest else None,
    )


def _agreed(member: Member) -> dict[str, bool]:
    return {kind: consent.given for kind, consent in member.consents.items()}


def _of_entry(entry: Entry, program_id: str) -> Iterator[Event]:
    def event(kind: type[Event], **what: Any) -> Event:
        return _event(
            kind,
            program_id,
            subject=entry.id,
            member_id=entry.member_id,
            occurred_at=entry.happened_at,
            entry_id=entry.id,
            **what,
        )

    points, order, detail = entry.points, entry.order, entry.detail
    match entry.kind:
        case ("accrual" | "bonus" | "edit") as reason if not _takes(entry):
            if points:
                lots = _lots(entry)
                why = detail if isinstance(detail, Bonus) else None
                yield event(
                    PointsEarned,
                    reason=reason,
                    given_for=why.given_for if why else None,
                    survey_id=why.survey_id if why else None,
                    rule_id=why.rule_id if why else None,
                    points=points,
                    lots=lots,
                    order=order,
                    late=entry.recorded_at - entry.happened_at > LATE,
                )
            if waiting := _waiting(entry):
                total = entry.pending_points
                yield event(PointsPending, points=total, pending=waiting, order=order)
        case "activation" if points:
            yield event(PointsActivated, points=points, lots=_lots(entry))
        case "expiry":
            yield event(PointsExpired, points=-points, lots=_lots(entry))
        case "adjustment":
            yield event(PointsAdjusted, points=points)
        case "transfer" if isinstance(detail, Counterpart):
            yield event(PointsTransferred, points=points, counterpart_id=detail.member_id)
        case "clawback" | "edit" if isinstance(detail, Clawback | Edit) and _takes(entry):
            yield event(
                PointsClawedBack,
                points=-points,
                pending_points=-entry.pending_points,
                debt=detail.debt_after,
                order=order,
                refund_id=detail.refund_id if isinstance(detail, Clawback) else None,
            )
        case "clawback" if isinstance(detail, AwardClawback) and _takes(entry):
            yield event(
                BonusTakenBack,
                given_for=detail.given_for,
                rule_id=detail.rule_id,
                points=-points,
                pending_points=-entry.pending_points,
                debt=detail.debt_after,
            )
        case "return" | "contribution":
            yield from _of_redeemed(entry, event)


def _of_redeemed(entry: Entry, event: Callable[..., Event]) -> Iterator[Event]:
    """Points of a redemption that returned, or that others in the household contributed."""
    match entry.detail:
        case Return() as returned:
            yield event(
                PointsReturned,
                points=entry.points,
                redemption_id=returned.redemption_id,
                why=returned.why,
                order=entry.order,
            )
        case SharedPart() as part:
            yield event(
                PointsShared,
                points=entry.points,
                redemption_id=part.redemption_id,
                spent_by=part.spent_by,
                why=part.why,
            )


def _of_waiting(
    waiting: Approval | Review, before: Record | None, program_id: str
) -> Iterator[Event]:
    """The events of what waits for a manager."""
    if isinstance(waiting, Review):
        return _of_review(waiting, before, program_id)
    return _of_approval(waiting, before, program_id)


def _of_approval(approval: Approval, before: Record | None, program_id: str) -> Iterator[Event]:
    decision, requested = approval.decision, approval.requested
    reward_id = requested.reward_id if isinstance(requested, RequestedGrant) else None
    if before is None and decision is None:
        yield _event(
            ApprovalRequested,
            program_id,
            subject=approval.approval_id,
            member_id=approval.member_id,
            occurred_at=approval.requested_at,
            approval_id=approval.approval_id,
            reward_id=reward_id,
            points=approval.points,
            expires_at=approval.expires_at,
        )
    if decision is not None:
        yield _event(
            ApprovalDecided,
            program_id,
            subject=approval.approval_id,
            member_id=approval.member_id,
            occurred_at=decision.decided_at,
            approval_id=approval.approval_id,
            verdict=decision.verdict,
            reward_id=reward_id,
            points=approval.points,
            entry_id=decision.entry_id,
        )


def _of_review(review: Review, before: Record | None, program_id: str) -> Iterator[Event]:
    decision = review.decision
    if before is None and decision is None:
        yield _event(
            ReviewOpened,
            program_id,
            subject=review.review_id,
            member_id=review.member_id,
            occurred_at=review.opened_at,
            review_id=review.review_id,
            order=review.order,
            points=review.points,
            safeguards=tuple(each.safeguard_id for each in review.excesses),
            watch=review.finding.watch_id if review.finding else None,
            held_until=review.held_until,
        )
    if decision is not None:
        yield _event(
            ReviewDecided,
            program_id,
            subject=review.review_id,
            member_id=review.member_id,
            occurred_at=decision.decided_at,
            review_id=review.review_id,
            order=review.order,
            verdict=decision.verdict,
            entry_id=decision.entry_id,
        )


def _takes(entry: Entry) -> bool:
    return min(entry.points, entry.pending_points) < 0


def _of_voucher(voucher: Voucher, before: Voucher | None, change: TableChange) -> Iterator[Event]:
    if before is not None and before.state == voucher.state:
        return
    times = f"#{voucher.times_reinstated}" if voucher.times_reinstated else ""

    def event(kind: type[Event], *, occurred_at: datetime | None = None, **what: Any) -> Event:
        return _event(
            kind,
            change.program_id,
            subject=voucher.redemption_id + times,
            member_id=voucher.member_id,
            occurred_at=occurred_at or change.made_at,
            redemption_id=voucher.redemption_id,
            reward_id=voucher.reward_id,
            points=voucher.points,
            **what,
        )

    match voucher.state:
        case "issued" if before and before.state == "used":
            order = before.used_order
            yield event(VoucherReinstated, order=order)
        case "issued":
            occurred_at = None if before else voucher.issued_at
            yield event(
                RewardRedeemed,
                occurred_at=occurred_at,
                expires_at=voucher.expires_at,
                code=voucher.code,
                reward=RedeemedReward(**asdict(voucher.terms)) if voucher.terms else None,
                granted_for=voucher.granted_for,
            )
        case "used":
            order = voucher.used_order
            yield event(VoucherUsed, occurred_at=voucher.used_at, order=order)
        case "expired":
            yield event(VoucherExpired, occurred_at=voucher.expires_at)
        case "cancelling":
            yield event(RedemptionCancelling)
        case "cancelled":
            yield event(RedemptionCancelled)


def _event(kind: type[Event], program_id: str, *, subject: str, **what: Any) -> Event:
    named = f"{program_id}/{kind.name}/{subject}".encode()
    event_id = f"evt_{hashlib.sha256(named).hexdigest()[:24]}"
    return kind(id=event_id, program_id=program_id, **what)


def _lots(entry: Entry) -> tuple[DatedPoints, ...]:
    """The lots that an entry touched, soonest first, by how many points."""
    return tuple(
        DatedPoints(expires_on=_unless_never(lot), points=abs(points))
        for lot, points in sorted(entry.effect.lots.items())
    )


def _waiting(entry: Entry) -> tuple[WaitingPoints, ...]:
    return tuple(
        WaitingPoints(
            available_on=dates.available_on,
            expires_on=_unless_never(dates.expires_on),
            points=points,
        )
        for dates, points in sorted(entry.effect.pending.items())
    )


def _unless_never(day: date) -> date | None:
    return None if day == NEVER else day


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in an event")
