"""A change of one item, as the table's stream delivers it: the item before and after.

Events and facts both derive from changes and from nothing else: no handler publishes by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loyalty.domain.campaigns.budgets import BudgetShard, BudgetSpent
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.engagement.activities import RecordedActivity
from loyalty.domain.engagement.changes import OrderShare
from loyalty.domain.engagement.referrals import Referral
from loyalty.domain.goals.standing import GoalStanding
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.approvals import Approval
from loyalty.domain.ledger.entries import Entry, Placeholder
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.refunds import RecordedState
from loyalty.domain.ledger.reviews import Review
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.member import Member
from loyalty.domain.people.privacy_requests import DataRequest
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.staff.actions import StaffAction
from loyalty.domain.staff.staff_days import StaffDay

type Record = (
    Entry
    | Placeholder
    | RecordedState
    | Account
    | Voucher
    | Member
    | Message
    | Response
    | DataRequest
    | StaffAction
    | StaffDay
    | Approval
    | Review
    | Targeting
    | BudgetShard
    | BudgetSpent
    | GoalStanding
    | Referral
    | OrderShare
    | MemberAward
    | RecordedActivity
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """One item of a program, written; `made_at` is when.

    `caused_by` is the id of the request or of the shop's delivery that wrote it, if one did.
    Events and facts derive from the change alone, so a change that is delivered twice yields the
    same ones twice.
    """

    program_id: str
    made_at: datetime
    before: Record | None
    after: Record
    caused_by: str | None = None
