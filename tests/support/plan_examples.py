"""A change of a member's plan for every event about plans."""

from datetime import date
from typing import Final

from loyalty.domain.changes import TableChange
from loyalty.domain.ledger.account import Account
from loyalty.domain.plans.held_plan import HeldPlan, RunState
from tests.support.ledger import change

PLAN: Final = HeldPlan("prime", date(2026, 11, 21), date(2026, 12, 27), "active", grace_days=7)


def _account(plan: HeldPlan | None, *, revision: int) -> Account:
    return Account(member_id="mem_1", entries=5, plan=plan, tier_revision=revision)


def _announced(state: RunState) -> TableChange:
    after = PLAN._replace(announced=state)
    return change(_account(after, revision=2), _account(PLAN, revision=1))


PLAN_CHANGES: Final = {
    "PlanStarted": change(_account(PLAN, revision=1), _account(None, revision=0)),
    "PlanRenewed": change(
        _account(PLAN._replace(until=date(2027, 1, 27)), revision=2), _account(PLAN, revision=1)
    ),
    "PlanGrace": _announced("grace"),
    "PlanPaused": _announced("paused"),
    "PlanEnded": _announced("ended"),
}
