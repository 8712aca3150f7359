"""When points expire: the last day on which they can be spent, in the program's time zone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from loyalty.domain.kernel.calendar import NEVER, add_months, end_of_month, end_of_week

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.expiry_policies import (
        AfterEarningExpiry,
        Expiry,
        FixedDateExpiry,
    )
    from loyalty.domain.program.kinds import PointSource


def expires_on(policy: Expiry, *, available_on: date) -> date:
    """The last day of points that become available on a day; `NEVER` if they have no date."""
    match policy.model:
        case "after_earning":
            return _rounded(_after(policy, available_on), policy.round_to)
        case "fixed_date":
            return _next(policy, available_on)
        case "never":
            return NEVER


def policy_of(program: Program, source: PointSource) -> Expiry:
    """When points expire that do not come from an order, by what they were given for."""
    policies = program.expiry_by_source
    if source in policies:
        return policies[source]
    is_bonus = source not in {"adjustment", "transfer"}
    return policies["bonus"] if is_bonus and "bonus" in policies else program.expiry


def _after(policy: AfterEarningExpiry, day: date) -> date:
    if policy.months is not None:
        return add_months(day, policy.months)
    return day + timedelta(days=policy.days or 0)


def _rounded(day: date, to: str) -> date:
    match to:
        case "month":
            return end_of_month(day)
        case "week":
            return end_of_week(day)
        case _:
            return day


def _next(policy: FixedDateExpiry, day: date) -> date:
    """The policy's day in this year, or in the next year once it is over; 29 February clamps."""
    this_year = _clamped(day.year, policy)
    return this_year if this_year >= day else _clamped(day.year + 1, policy)


def _clamped(year: int, policy: FixedDateExpiry) -> date:
    first = date(year, policy.month, 1)
    return min(first + timedelta(days=policy.day - 1), end_of_month(first))
