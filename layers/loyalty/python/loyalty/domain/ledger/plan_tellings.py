"""A telling of a member's plan: what it changes of what is known, and of the account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.ledger.postings import Posting, replacing
from loyalty.domain.ledger.settling import with_due

if TYPE_CHECKING:
    from datetime import datetime

    from loyalty.domain.ledger.account import Account
    from loyalty.domain.plans.tellings import MemberPlans
    from loyalty.domain.program.document import PublishedProgram


def record_telling(
    account: Account, plans: MemberPlans, *, program: PublishedProgram, now: datetime
) -> Posting:
    """Record what is known of the plans of a settled account's member from now on."""
    today = program.document.today(now)
    current = plans.current(program.document.plans, day=today)
    held = current[1] if current else None
    if held == account.plan:
        return Posting(plans=plans, active=account.member_id)
    becomes = with_due(replace(account, plan=held), program=program, today=today)
    return Posting(plans=plans, changes=(replacing(account, becomes, entries=0),))
