"""What a telling of a plan changes: the account's plan, its level and its due day."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.plan_tellings import record_telling
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.settling import settle
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.plans.held_plan import HeldPlan
from loyalty.domain.plans.tellings import MemberPlans, PlanTelling
from tests.support.documents import published
from tests.support.levels import LEVELS

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
LAST: Final = date(2026, 12, 31)
PLAN: Final = {"id": "prime", "name": "Prime", "grace_days": 7, "benefits": {"level": "gold"}}
TIERS: Final = {"basis": "spend", "period": "calendar_year", "levels": LEVELS}
PROGRAM: Final = published(plans=[PLAN], tiers=TIERS)
ANA: Final = Account(member_id="ana", enrolled_at=NOON)


def plans_with(**parts: Any) -> MemberPlans:
    telling = PlanTelling(plan_id="prime", since=NOON.date(), told_at=NOON, **parts)
    return MemberPlans(member_id="ana").with_telling("hand", telling)


def after(posting: Posting | None) -> Account:
    assert posting is not None
    becomes = posting.changes[0].becomes
    assert becomes is not None
    return becomes


def test_a_plan_begins_with_its_level_and_the_account_is_due_when_something_changes() -> None:
    posting = record_telling(ANA, plans_with(paid_until=LAST), program=PROGRAM, now=NOON)

    member = after(posting)
    assert posting.plans == plans_with(paid_until=LAST)
    assert member.plan == HeldPlan("prime", NOON.date(), date(2027, 1, 7), "active", grace_days=7)
    assert (member.tier_announced, member.tier_ups, member.tier_revision) == ("gold", 1, 1)
    assert member.due == date(2027, 1, 1)


def test_a_telling_that_changes_nothing_of_the_account_leaves_it_alone() -> None:
    member = after(record_telling(ANA, plans_with(paid_until=LAST), program=PROGRAM, now=NOON))

    posting = record_telling(
        member, plans_with(paid_until=LAST, reason="again"), program=PROGRAM, now=NOON
    )

    assert posting.changes == ()
    assert posting.active == "ana"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York", "Pacific/Pago_Pago"])
def test_the_calendar_ends_a_plan_with_its_level_on_the_promised_local_day(zone: str) -> None:
    program = published(plans=[PLAN], tiers=TIERS, time_zone=zone)
    member = after(record_telling(ANA, plans_with(paid_until=LAST), program=program, now=NOON))
    states = []

    for day in (date(2027, 1, 1), date(2027, 1, 7), date(2027, 1, 8)):
        now = datetime(day.year, day.month, day.day, 0, 0, 1, tzinfo=program.document.zone)
        posting = settle(member, program=program, now=now)
        member = after(posting) if posting else member
        level = level_on(member, program.document, day=day)
        assert member.plan is not None
        states.append((member.plan.announced, level.id if level else None, member.due))

    assert states == [
        ("grace", "gold", date(2027, 1, 8)),
        ("grace", "gold", date(2027, 1, 8)),
        ("ended", None, None),
    ]
