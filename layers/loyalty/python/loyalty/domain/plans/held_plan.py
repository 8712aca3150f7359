"""The plan that a member has, as days: whether it runs on a day is computed and never looked up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, NamedTuple

type RunState = Literal["active", "grace", "paused", "ended"]


class HeldPlan(NamedTuple):
    """The plan that a member has, or had last, by local days of the program.

    It runs from `since` until `until`, both included, but not from `paused_from` until
    `paused_until` (None: until the next telling). Its last `grace_days` are not paid yet.
    `announced` is the state that was last announced. A plan that ended is kept, because orders of
    its days may arrive later.
    """

    plan_id: str
    since: date
    until: date
    announced: RunState
    grace_days: int = 0
    paused_from: date | None = None
    paused_until: date | None = None

    @property
    def paid_until(self) -> date:
        """The last day that is paid, or of the trial."""
        return self.until - timedelta(days=self.grace_days)

    def state_on(self, day: date) -> RunState:
        """The state on a day of the plan or after it."""
        if day > self.until:
            return "ended"
        if self.paused_from is not None and self.paused_from <= day <= (self.paused_until or day):
            return "paused"
        return "grace" if day > self.paid_until else "active"

    def runs_on(self, day: date) -> bool:
        """Whether the member has its benefits on a day."""
        return self.since <= day and self.state_on(day) in {"active", "grace"}

    def turns_after(self, day: date) -> list[date]:
        """The later days on which the state may change without a new telling, soonest first."""
        resumes = self.paused_until + timedelta(days=1) if self.paused_until else None
        turns = (
            self.since,
            self.paused_from,
            resumes,
            self.paid_until + timedelta(days=1),
            self.until + timedelta(days=1),
        )
        return sorted({turn for turn in turns if turn is not None and turn > day})

    def announced_on(self, day: date) -> HeldPlan:
        """The plan with its state of a day announced."""
        return self._replace(announced=self.state_on(day))


type PlanChange = Literal["started", "renewed", "grace", "paused", "ended"]


def plan_changes(before: HeldPlan | None, after: HeldPlan | None) -> list[PlanChange]:
    """What a change announces of the plan `after`, in order; nothing if it did not change.

    See `replaced_plan` for a new plan that replaced it.
    """
    if after is None:
        return []
    same = before if before is not None and before.plan_id == after.plan_id else None
    was: RunState = same.announced if same else "ended"
    now = after.announced
    if now == "ended":
        return [] if was == "ended" else ["ended"]
    changes: list[PlanChange] = []
    if was == "ended":
        changes.append("started")
    elif now == "active" and (was != "active" or (same and after.paid_until > same.paid_until)):
        changes.append("renewed")
    if now not in {"active", was}:
        changes.append(now)
    return changes


def replaced_plan(before: HeldPlan | None, after: HeldPlan | None) -> HeldPlan | None:
    """The plan that a change ended, by giving the member a different plan or none."""
    if before is None or (after is not None and before.plan_id == after.plan_id):
        return None
    return None if before.announced == "ended" else before


def longer(one: HeldPlan | None, other: HeldPlan | None) -> HeldPlan | None:
    """The plan of two merged members: the one that lasts longer; the first if both do."""
    return max(filter(None, (one, other)), key=lambda plan: plan.until, default=None)
