"""Members' plans in the ledger: what an account says about them by day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.plans.gifts import next_gift_on

if TYPE_CHECKING:
    from datetime import date

    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.plans import Plan


def plan_on(account: Account, program: Program, *, day: date) -> Plan | None:
    """The plan that gives a member benefits on a day; None if none runs, or if it was removed."""
    held = account.plan
    return program.plan(held.plan_id) if held is not None and held.runs_on(day) else None


def next_gift_of_plan(account: Account, program: Program, *, today: date) -> date | None:
    """The next later day on which the member's plan gives something; None if it will not."""
    held = account.plan
    plan = program.plan(held.plan_id) if held is not None else None
    return next_gift_on(held, plan, today=today) if held is not None and plan is not None else None


def with_plan_announced(account: Account, *, day: date) -> Account:
    """The account with the state of its plan on a day announced."""
    held = account.plan
    return replace(account, plan=held.announced_on(day)) if held is not None else account
