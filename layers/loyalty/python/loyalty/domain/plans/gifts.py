"""When a plan gives something: on its first day, and on the same day of each paid month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.kernel.calendar import add_months

if TYPE_CHECKING:
    from loyalty.domain.plans.given_gifts import GivenGift
    from loyalty.domain.plans.held_plan import HeldPlan
    from loyalty.domain.plans.tellings import PlanTelling
    from loyalty.domain.program.gifts import PointsOrReward
    from loyalty.domain.program.plans import Plan

# Older gifts are not given: the document may not have promised them then.
LATE_DAYS_MAX: Final = 27


class DueGift(NamedTuple):
    """A gift of a plan that is due; `name` is the plan, its first day and the gift's number."""

    name: str
    on: date
    gift: PointsOrReward


def due_gifts(held: HeldPlan, plan: Plan, *, today: date) -> list[DueGift]:
    """The gifts of a plan that are due, for at most `LATE_DAYS_MAX` days.

    Nothing is due on days of grace or of a pause.
    """
    found: list[DueGift] = []
    number = _months_since(held.since, today)
    for months, kind, gift in (
        (0, "start", plan.benefits.on_start),
        (number, f"m{number}", plan.benefits.monthly),
    ):
        day = add_months(held.since, months)
        is_due = today - timedelta(days=LATE_DAYS_MAX) <= day <= today
        if gift is not None and is_due and held.state_on(day) == "active":
            found.append(DueGift(f"{held.plan_id}.{held.since}.{kind}", day, gift))
    return found


def next_gift_on(held: HeldPlan, plan: Plan, *, today: date) -> date | None:
    """The next later day on which a plan gives something; None if it will not."""
    if plan.benefits.monthly is None:
        return None
    day = add_months(held.since, _months_since(held.since, today) + 1)
    return day if day <= held.paid_until else None


def undone_gifts(
    given: Mapping[str, GivenGift], tellings: Mapping[str, PlanTelling]
) -> Mapping[str, GivenGift]:
    """The gifts of days that are no longer paid, because a refund or an end took them away."""
    return {name: each for name, each in given.items() if _is_undone(each, tellings)}


def _is_undone(given: GivenGift, tellings: Mapping[str, PlanTelling]) -> bool:
    telling = tellings.get(given.source)
    if telling is None:
        return True
    # The source may have a later plan by now, which says nothing about that day.
    held = telling.held(grace_days=0, day=given.on)
    return telling.since <= given.on and held.until < given.on


def _months_since(first: date, day: date) -> int:
    """How many whole months have passed, where a month ends on the day it began or its last."""
    months = (day.year - first.year) * 12 + day.month - first.month
    return max(0, months - (add_months(first, months) > day))
