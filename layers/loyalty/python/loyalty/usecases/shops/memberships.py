"""A membership that a shop charges for becomes its customer's plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.plan_tellings import record_telling
from loyalty.domain.plans.tellings import MemberPlans
from loyalty.domain.shops.memberships import plan_sold_as, telling_of
from loyalty.domain.shops.storefront import Outcome
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account, settled

if TYPE_CHECKING:
    from loyalty.domain.shops.memberships import MembershipUpdated
    from loyalty.usecases.ports import Desk, Members


@until_saved
def apply_membership(
    membership: MembershipUpdated, *, storefront_id: str, members: Members, desk: Desk
) -> Outcome:
    """Give a member the plan that they pay for in a shop, or set its new last day.

    Raises:
        TryAgain: other writers were faster too often.
    """
    document = desk.program.document
    plan = plan_sold_as(membership.prices, storefront_id=storefront_id, program=document)
    if plan is None:
        return Outcome(status="ignored", reason="unknown_plan")
    holder = members.holders([membership.customer]).get(membership.customer)
    if holder is None:
        return Outcome(status="ignored", reason="no_member")
    try:
        account = settled(desk, open_account(desk, holder.member_id, strong=True))
    except NotFound:
        return Outcome(status="ignored", reason="member_closed")
    before = desk.books.plans(account.member_id) or MemberPlans(member_id=account.member_id)
    telling = telling_of(membership, plan, document)
    source = f"{storefront_id}/{membership.membership_id}"
    after = before.with_telling(source, telling)
    if after is before and before.tellings[source] != telling:
        return Outcome(status="ignored", reason="outdated")
    if after is not before:
        desk.books.post(record_telling(account, after, program=desk.program, now=desk.now))
    has_ended = telling.state_on(desk.today, grace_days=plan.grace_days) == "ended"
    return Outcome(
        status="ended" if has_ended else "granted",
        member_id=account.member_id,
        replayed=after is before,
    )
