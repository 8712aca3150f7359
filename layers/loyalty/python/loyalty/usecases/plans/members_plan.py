"""The plan of a member: give, renew and end it, and read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.ledger.plan_tellings import record_telling
from loyalty.domain.plans.tellings import BY_HAND, MemberPlans, PlanTelling
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account, settled

if TYPE_CHECKING:
    from loyalty.domain.plans.tellings import PlanState
    from loyalty.domain.program.plans import Plan
    from loyalty.usecases.ports import Desk

PLAN_MONTHS_MAX: Final = 60
MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """What staff and services set for a member's plan.

    `until` is the last day that is paid. If it `renews`, the plan's days of grace follow.
    """

    plan_id: str
    until: date
    renews: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPlan:
    """The plan of a member, and the latest telling of its source.

    `plan` is None if it is no longer in the document. `until` is the last day without further
    payments, grace included.
    """

    member_id: str
    plan: Plan | None
    source: str
    telling: PlanTelling
    state: PlanState
    until: date


def plan_of(member_id: str, *, desk: Desk) -> MembersPlan | None:
    """The plan that a member has; None if none runs and none is paused.

    Raises:
        NotFound: no such member.
    """
    account = open_account(desk, member_id, strong=False)
    plans = desk.books.plans(account.member_id)
    found = _current(plans, desk=desk) if plans is not None else None
    return found if found is not None and found.state != "ended" else None


@until_saved
def give_plan(member_id: str, terms: PlanTerms, *, desk: Desk) -> MembersPlan:
    """Give a member a plan until a day, or set a new last day.

    Raises:
        NotFound: no such member.
        ValidationFailed: the program has no such plan, or the day is past or too far away.
        TryAgain: overtaken too often.
    """
    _require_plan(terms, desk=desk)
    account = settled(desk, open_account(desk, member_id, strong=True))
    plans = desk.books.plans(account.member_id)
    before = plans.tellings.get(BY_HAND) if plans else None
    goes_on = (
        before is not None
        and before.plan_id == terms.plan_id
        and before.state_on(desk.today, grace_days=_grace_days(terms.plan_id, desk=desk)) != "ended"
    )
    told_at = desk.now
    if before is not None:
        # A telling by hand comes after all earlier ones, even if clocks disagree.
        told_at = max(told_at, before.told_at + MOMENT)
    telling = PlanTelling(
        plan_id=terms.plan_id,
        since=before.since if before is not None and goes_on else desk.today,
        told_at=told_at,
        paid_until=terms.until,
        ends_on=None if terms.renews else terms.until,
        reason=terms.reason,
    )
    after = (plans or MemberPlans(member_id=account.member_id)).with_telling(BY_HAND, telling)
    desk.books.post(record_telling(account, after, program=desk.program, now=desk.now))
    given = _current(after, desk=desk)
    if given is None:
        raise LookupError("a member with news of a plan has none")
    return given


@until_saved
def end_plan(member_id: str, *, desk: Desk) -> str | None:
    """End the plan that a member has at once; if they have none, nothing happens.

    Orders of earlier days keep what they earned by it. Returns the id of the plan that they had.

    Raises:
        NotFound: no such member.
        TryAgain: overtaken too often.
    """
    account = settled(desk, open_account(desk, member_id, strong=True))
    plans = desk.books.plans(account.member_id)
    if plans is None:
        return None
    found = _current(plans, desk=desk)
    if found is None or found.state == "ended":
        return None
    after = plans.ended(on=desk.today - timedelta(days=1), told_at=desk.now)
    desk.books.post(record_telling(account, after, program=desk.program, now=desk.now))
    return found.telling.plan_id


def _current(plans: MemberPlans, *, desk: Desk) -> MembersPlan | None:
    document = desk.program.document
    current = plans.current(document.plans, day=desk.today)
    if current is None:
        return None
    source, held = current
    telling = plans.all_tellings()[source]
    grace_days = _grace_days(held.plan_id, desk=desk)
    return MembersPlan(
        member_id=plans.member_id,
        plan=document.plan(held.plan_id),
        source=source,
        telling=telling,
        state=telling.state_on(desk.today, grace_days=grace_days),
        until=held.until,
    )


def _grace_days(plan_id: str, *, desk: Desk) -> int:
    plan = desk.program.document.plan(plan_id)
    return plan.grace_days if plan else 0


def _require_plan(terms: PlanTerms, *, desk: Desk) -> None:
    if desk.program.document.plan(terms.plan_id) is None:
        detail = f"There is no plan “{terms.plan_id}”"
        raise ValidationFailed(detail, faults=(Fault("/plan", "unknown_plan", detail),))
    if not desk.today <= terms.until <= add_months(desk.today, PLAN_MONTHS_MAX):
        detail = f"Choose a day from today to {PLAN_MONTHS_MAX // 12} years from now"
        raise ValidationFailed(detail, faults=(Fault("/until", "date_out_of_range", detail),))
