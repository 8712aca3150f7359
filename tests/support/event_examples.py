"""A change of the table for every kind of event."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from loyalty.domain.campaigns.budgets import BudgetSpent
from loyalty.domain.campaigns.limits import CampaignBudget
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.changes import TableChange
from loyalty.domain.engagement.activities import ActivityContent, ActivityRef, RecordedActivity
from loyalty.domain.engagement.referrals import CapSlot
from loyalty.domain.goals.standing import GoalStanding
from loyalty.domain.households.household import HeldHousehold
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.approvals import Approval, ApprovalDecision, RequestedAdjustment
from loyalty.domain.ledger.entries import (
    Adjustment,
    AwardCause,
    AwardClawback,
    Counterpart,
    RequestCause,
    Return,
    SharedPart,
)
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.reviews import Excess, Review, ReviewDecision
from loyalty.domain.messaging.messages import Message
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import IdentityMove, Member, Profile
from loyalty.domain.people.privacy_requests import DataRequest
from loyalty.domain.staff.staff_days import StaffDay, UnusualHand
from tests.support.ledger import (
    LATER,
    LOT,
    NOON,
    WAITING,
    accrual,
    activation,
    change,
    clawback,
    entry,
    expiry,
    request,
    response,
    used_voucher,
    voucher,
)
from tests.support.plan_examples import PLAN_CHANGES
from tests.support.referrals import referral

ANA: Final = Member(
    member_id="mem_1",
    enrolled_at=NOON,
    enrolled_by="",
    profile=Profile(name="Ana"),
    identities={Identity("email", "ana@example.com"): True},
)
AWARD: Final = MemberAward(
    award_id="challenge.three.mem_1.ever.1",
    member_id="mem_1",
    given_for="challenge",
    rule_id="three",
    points=50,
    available_on=LOT,
    expires_on=LOT,
    reward_id="latte",
    badges=("regular",),
    target=50,
    stands=True,
    code="C1",
    step=1,
    given_at=NOON,
    changed_at=NOON,
)
CRITIQUE: Final = RecordedActivity(
    ref=ActivityRef("reviews", "r-81"),
    content=ActivityContent(
        activity="review",
        member_id="mem_1",
        occurred_at=NOON,
        subject="SKU-1",
        attributes=frozenset({"photo"}),
    ),
    changed_at=NOON,
    state="awarded",
    points=30,
    program_version=1,
    first_recorded_at=NOON,
    recorded_at=NOON,
)
WORN: Final = replace(AWARD, award_id="challenge.three.mem_1.ever.2")
DATA_REQUEST: Final = DataRequest(
    storefront_id="online",
    delivery_id="0123abcd",
    received_at=NOON,
    request_id="9999",
    orders=(OrderRef("shop", "1001"),),
    member_id="mem_1",
    reason=None,
)
AT_RISK: Final = GoalStanding(
    goal_id="more-members",
    of="0123456789abcdef",
    day=date(2026, 11, 20),
    value=1_840,
    target=2_500,
    by=date(2026, 12, 31),
    expected=2_320,
    forecast=1_960,
    per_day=17,
    basis="even",
    state="at_risk",
    changes=1,
    evaluated_at=NOON,
)
APPROVAL: Final = Approval(
    request_id="c0ffee",
    fingerprint="f",
    member_id="mem_1",
    requested=RequestedAdjustment(
        points=6000, why=Adjustment(reason="Ana called", reference="case 12")
    ),
    requested_by="clerk",
    requested_at=NOON,
    expires_at=NOON + timedelta(days=14),
)
DECISION: Final = ApprovalDecision(
    verdict="approved",
    by="boss",
    decided_at=LATER,
    reason="Ana is right",
    entry_id="ent_d2f7",
)
REVIEW: Final = Review(
    member_id="mem_1",
    order=OrderRef("pos", "1001"),
    points=50,
    excesses=(Excess("ten-a-day", "orders", 10, 11),),
    opened_at=NOON,
    held_until=date(2026, 12, 5),
    caused_by="clerk",
)
VERDICT: Final = ReviewDecision(
    verdict="released", by="boss", decided_at=LATER, reason="A wedding", entry_id="ent_d2f7"
)
# One change for every kind of event there is.
HOUSEHOLD: Final = HeldHousehold("hh_1", date(2026, 11, 21), shares_max=500)

CHANGES: Final[dict[str, TableChange]] = {
    "MemberEnrolled": change(Account(member_id="mem_1", enrolled_at=NOON)),
    "ProfileChanged": change(
        replace(ANA, revision=2, profile=Profile(name="Ana Bell")), ANA, made_at=LATER
    ),
    "IdentityMoved": change(
        replace(ANA, revision=2, identity_moves=(IdentityMove("email", "mem_2", "mem_1", LATER),)),
        ANA,
        made_at=LATER,
    ),
    "MemberChanged": change(
        Account(member_id="mem_1", balance=49, holding=Holding(lots={LOT: 49}), entries=1),
        Account(member_id="mem_1"),
        made_at=LATER,
    ),
    "MessageDue": change(
        Message(
            member_id="mem_1",
            kind="points_expiring",
            day=date(2026, 11, 21),
            written_at=NOON,
            until=LOT,
            about=LOT,
            points=40,
        )
    ),
    "SurveyAnswered": change(
        response(2, order=OrderRef("pos", "1001"), period=None, comment="My number is 0612345678")
    ),
    "MemberMerged": change(
        Account(member_id="mem_1", status="merged", into="mem_2", entries=2),
        Account(member_id="mem_1", entries=1),
    ),
    "MemberErased": change(
        Account(member_id="mem_1", status="closed", ended_at=LATER, entries=3),
        Account(member_id="mem_1", entries=3),
    ),
    "TierChanged": change(
        Account(member_id="mem_1", tier_announced="silver", tier_ups=1, entries=5),
        Account(member_id="mem_1", entries=5),
    ),
    **PLAN_CHANGES,
    "HouseholdChanged": change(
        Account(member_id="mem_1", entries=5, household=HOUSEHOLD, tier_revision=1),
        Account(member_id="mem_1", entries=5),
    ),
    "PointsEarned": change(accrual()),
    "PointsPending": change(accrual(lots={}, pending={WAITING: 7})),
    "PointsActivated": change(activation()),
    "PointsClawedBack": change(clawback()),
    "BonusTakenBack": change(
        entry(
            AwardCause("challenge.three.mem_1.ever.1", "clawback", 2),
            Holding(lots={LOT: -20}, debt=30),
            detail=AwardClawback(
                given_for="challenge",
                rule_id="three",
                clawed=20,
                owed=30,
                forgiven=0,
                excused=0,
                debt_after=30,
            ),
        )
    ),
    "ActivityRecorded": change(CRITIQUE),
    "ActivityRetracted": change(
        replace(CRITIQUE, state="retracted", points=0, recorded_at=LATER, revision=2), CRITIQUE
    ),
    "ChallengeCompleted": change(replace(AWARD, badges=())),
    "ChallengeUndone": change(
        replace(AWARD, stands=False, reward_kept=True, badges=(), step=2, changed_at=LATER), AWARD
    ),
    "BadgeEarned": change(WORN),
    "BadgeLost": change(replace(WORN, stands=False, step=2, changed_at=LATER), WORN),
    "PointsExpired": change(expiry()),
    "PointsAdjusted": change(
        request(
            "adjustment",
            Holding(lots={LOT: -3}),
            detail=Adjustment(reason="Ana called", reference="case 12"),
        )
    ),
    "PointsTransferred": change(
        request(
            "transfer",
            Holding(lots={LOT: -3}),
            detail=Counterpart(member_id="mem_2", direction="out"),
        )
    ),
    "PointsShared": change(
        entry(
            RequestCause("r1", "contribution", "mem_1"),
            Holding(lots={LOT: -3}),
            detail=SharedPart(redemption_id="red_1", spent_by="mem_2"),
        )
    ),
    "PointsReturned": change(
        request(
            "return",
            Holding(lots={LOT: 40}),
            detail=Return(redemption_id="red_1", why="hold_expired"),
        )
    ),
    "RewardRedeemed": change(voucher()),
    "VoucherUsed": change(used_voucher(), voucher("issued")),
    "VoucherReinstated": change(
        voucher(times_reinstated=1),
        used_voucher(),
    ),
    "VoucherExpired": change(voucher("expired", expires_at=LATER), voucher("issued")),
    "RedemptionCancelling": change(voucher("cancelling"), voucher("issued")),
    "RedemptionCancelled": change(voucher("cancelled"), voucher("issued")),
    "DataRequested": change(DATA_REQUEST),
    "UnusualActions": change(
        StaffDay(
            day=date(2026, 11, 20),
            moved=(20, 900),
            unusual=(UnusualHand(person="bea", points=900, actions=6, usual=120),),
        )
    ),
    "CampaignJoined": change(Targeting(member_id="mem_1", joined={"win-back": NOON})),
    "CampaignLeft": change(
        Targeting(member_id="mem_1"),
        Targeting(member_id="mem_1", joined={"win-back": NOON}),
        made_at=LATER,
    ),
    "SegmentEntered": change(
        Targeting(member_id="mem_1", segments={"lapsed": "5f0c33a1"}, segments_as_of=NOON)
    ),
    "SegmentLeft": change(
        Targeting(member_id="mem_1", segments_as_of=LATER),
        Targeting(member_id="mem_1", segments={"lapsed": "5f0c33a1"}, segments_as_of=NOON),
        made_at=LATER,
    ),
    "CampaignBudgetSpent": change(
        BudgetSpent(
            budget=CampaignBudget("win-back", "2026-11", 100_000),
            percent=80,
            left=19_950,
            spent_at=NOON,
        )
    ),
    "GoalStateChanged": change(AT_RISK, replace(AT_RISK, state="on_track", changes=0)),
    "ReferralClaimed": change(referral()),
    "ReferralHeld": change(referral(state="held", signals=("device",))),
    "ReferralRefused": change(referral(state="refused", reason="not_new")),
    "ReferralAwarded": change(
        referral(
            orders=1, stands=True, given_at=NOON, slot=CapSlot("mem_ana", "2026-11"), revision=3
        ),
        referral(orders=1, revision=2),
        made_at=LATER,
    ),
    "ReferralUndone": change(
        referral(given_at=NOON, revision=5),
        referral(orders=0, stands=True, given_at=NOON, revision=4),
        made_at=LATER,
    ),
    "ReviewOpened": change(REVIEW),
    "ReviewDecided": change(replace(REVIEW, decision=VERDICT), REVIEW, made_at=LATER),
    "ApprovalRequested": change(APPROVAL),
    "ApprovalDecided": change(replace(APPROVAL, decision=DECISION), APPROVAL, made_at=LATER),
}
