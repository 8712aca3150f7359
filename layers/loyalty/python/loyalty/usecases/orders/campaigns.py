"""What campaigns need beside the account: read only if a campaign that runs reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loyalty.domain.campaigns.budgets import budgets_on
from loyalty.domain.campaigns.member_facts import MemberFacts, sources

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import ShardsUsed
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import Program
    from loyalty.usecases.ports import Desk


def about(order: Order, member_id: str, *, desk: Desk) -> MemberFacts | None:
    """What a member's profile and the campaigns that they joined say; None if nobody asks."""
    document = desk.program.document
    occurred_at = order.occurred_at.astimezone(document.zone)
    needed = {
        source
        for campaign in document.campaigns
        if campaign.is_decided_of_member and campaign.when.holds_at(occurred_at)
        for source in sources(campaign)
    }
    if needed.isdisjoint({"profile", "joined"}):
        return None
    participant = desk.books.participant(member_id)
    facts = MemberFacts(occurred_at=occurred_at, joined=participant.joined)
    if participant.member is None:
        return facts
    profile, consents = participant.member.profile, participant.member.consents
    return MemberFacts(
        occurred_at=occurred_at,
        joined=participant.joined,
        birthday=profile.birthday,
        locale=profile.locale,
        attributes=profile.attributes,
        consents=frozenset(name for name, consent in consents.items() if consent.given),
    )


def shards_of(document: Program, order: Order, *, desk: Desk) -> ShardsUsed:
    """What was used of every budget that an order can take from."""
    budgets = budgets_on(document, document.today(order.occurred_at))
    return desk.books.budgets_used([each.of for each in budgets.values()]) if budgets else {}
