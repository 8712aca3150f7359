"""Memberships that customers pay for in a shop, and the plans that they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.plans.tellings import PlanTelling

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.plans import Plan

_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipUpdated:
    """The state, at `told_at`, of a membership that a customer pays for.

    `prices` are the shop's names of what they pay for. It is free until `trial_until` and paid
    until `paid_until`. `ends_at` is when it ended or will end; None: it is to be renewed. If it
    `is_paused`, it brings nothing until `resumes_at` (None: until newer news).
    """

    customer: Identity
    membership_id: str
    prices: tuple[str, ...]
    began_at: datetime
    told_at: datetime
    trial_until: datetime | None = None
    paid_until: datetime | None = None
    ends_at: datetime | None = None
    is_paused: bool = False
    resumes_at: datetime | None = None


def plan_sold_as(prices: tuple[str, ...], *, storefront_id: str, program: Program) -> Plan | None:
    """The plan that a shop sells under one of these names; the first one of the document."""
    for plan in program.plans:
        for billing in plan.billing:
            if billing.storefront == storefront_id and not set(prices).isdisjoint(billing.prices):
                return plan
    return None


def telling_of(membership: MembershipUpdated, plan: Plan, program: Program) -> PlanTelling:
    """The telling of a plan that follows from a membership, in days of the program.

    Every day of which a part is paid counts as a whole, and so does the day on which it ends.
    """

    def last_day(end: datetime | None) -> date | None:
        return program.today(end - _MOMENT) if end is not None else None

    pauses, resumes_at = membership.is_paused, membership.resumes_at
    return PlanTelling(
        plan_id=plan.id,
        since=program.today(membership.began_at),
        told_at=membership.told_at,
        trial_until=last_day(membership.trial_until),
        paid_until=last_day(membership.paid_until),
        paused_from=program.today(membership.told_at) if pauses else None,
        paused_until=(
            program.today(resumes_at) - timedelta(days=1) if pauses and resumes_at else None
        ),
        ends_on=last_day(membership.ends_at),
    )
