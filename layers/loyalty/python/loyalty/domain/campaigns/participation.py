"""Which campaigns are a member's, or can become so, and how far they have come in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.campaigns.findings import why_not_for
from loyalty.domain.campaigns.limits import member_cap
from loyalty.domain.campaigns.member_facts import (
    MemberFacts,
    has_offer,
    holds,
    is_for,
    number_of,
    sources,
)

if TYPE_CHECKING:
    from loyalty.domain.campaigns.findings import ConditionFinding
    from loyalty.domain.program.campaigns import Campaign, CampaignWindow
    from loyalty.domain.program.kinds import MemberPeriod
    from loyalty.domain.program.member_conditions import (
        MemberCondition,
        MemberCount,
        MemberStatement,
    )


class CapProgress(NamedTuple):
    """A limit of a campaign for a member in the current period, and what they used of it.

    It is a limit of points or of orders; the other one is None.
    """

    per: MemberPeriod
    points: int | None
    orders: int | None
    used: int

    @property
    def is_used_up(self) -> bool:
        most = self.orders if self.points is None else self.points
        return most is not None and self.used >= most


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCampaign:
    """A campaign as one of its members sees it.

    `joined_at` says since when the member takes part, if it has to be joined. `is_eligible` says
    whether the campaign counts for an order made now, as far as that depends on the member;
    `why_not` is what stands against it, or against its giving anything.
    """

    campaign: Campaign
    facts: MemberFacts
    joined_at: datetime | None
    can_join: bool
    is_eligible: bool
    caps: tuple[CapProgress, ...]
    why_not: tuple[ConditionFinding, ...] = ()


def is_over(campaign: Campaign, now: datetime) -> bool:
    """Whether no later order can count; hours after midnight belong to the last day."""
    ends_on = campaign.when.ends_on
    return ends_on is not None and ends_on < now.date() and not campaign.when.holds_at(now)


def current_day(window: CampaignWindow, today: date) -> date:
    """The day whose periods count: today, or the first or last day of a campaign."""
    day = max(today, window.starts_on or today)
    return min(day, window.ends_on or day)


def campaign_of_member(
    campaign: Campaign, facts: MemberFacts, *, used: Mapping[str, int]
) -> MemberCampaign:
    """A campaign as a member sees it at the time of these facts, in the program's time zone.

    `used` is what they used of limits.
    """
    is_joined = campaign.activation == "join" and campaign.id in facts.joined
    caps = tuple(_caps(campaign, current_day(campaign.when, facts.day), used))
    return MemberCampaign(
        campaign=campaign,
        facts=facts,
        joined_at=facts.joined[campaign.id] if is_joined else None,
        can_join=(
            campaign.activation == "join"
            and not is_joined
            and not is_over(campaign, facts.occurred_at)
        ),
        is_eligible=campaign.when.holds_at(facts.occurred_at) and is_for(campaign, facts),
        caps=caps,
        why_not=why_not_for(campaign, facts, cap_is_used_up=any(each.is_used_up for each in caps)),
    )


def may_be_for(campaign: Campaign, facts: MemberFacts) -> bool:
    """Whether a campaign is for a member now, or can become so by what they do and by the calendar.

    What other people say of the member, such as an attribute, stays as it is. What is not known
    shuts a campaign, as it does for orders. One to offer is a member's from its offer on.
    """
    if campaign.activation == "offer" and not has_offer(campaign, facts):
        return False
    if campaign.members is None:
        return True
    if facts.orders is None and "orders" in sources(campaign):
        return False
    return _may_be(campaign.members, facts, must_hold=True)


def _may_be(condition: MemberCondition, facts: MemberFacts, *, must_hold: bool) -> bool:
    """Whether a condition can become as it must be."""
    match condition.fact:
        case "(not)":
            return _may_be(condition.negated, facts, must_hold=not must_hold)
        case "(all)":
            parts, needs_all = condition.all, must_hold
        case "(any)":
            parts, needs_all = condition.any, not must_hold
        case "segment":
            # Whatever was written down of a member, they can enter and leave such a segment.
            may_be = (
                each.live is None or _may_be(each.live, facts, must_hold=must_hold)
                for each in condition.definitions
            )
            return any(may_be) if must_hold else all(may_be)
        case _:
            return holds(condition, facts) == must_hold or _can_turn(
                condition, facts, must_hold=must_hold
            )
    may_all = (_may_be(part, facts, must_hold=must_hold) for part in parts)
    return all(may_all) if needs_all else any(may_all)


def _can_turn(leaf: MemberCount | MemberStatement, facts: MemberFacts, *, must_hold: bool) -> bool:
    """Whether a condition that is not as it must be can still become so.

    Numbers of orders and of days since enrollment only grow.
    """
    match leaf.fact:
        case "days_since_order" | "tier" | "consent":
            return True
        case "birthday":
            return facts.birthday is not None or not must_hold
        case "first_order":
            return not must_hold
        case "order_number" | "member_days":
            number = number_of(leaf, facts)
            return number is not None and _can_grow(leaf, number, must_hold=must_hold)
        case "attribute" | "locale" | "segment":
            return False


def _can_grow(leaf: MemberCount, number: int, *, must_hold: bool) -> bool:
    """Whether a number grows into what it must be, or out of what it must not be."""
    _, most = leaf.bounds
    every = 1
    if leaf.fact == "order_number":
        every = leaf.every or 1
        most = min((each for each in (most, leaf.exactly) if each is not None), default=None)
    if not must_hold:
        return most is not None or every > 1
    following = -(-number // every) * every
    return most is None or following <= most


def _caps(campaign: Campaign, day: date, used: Mapping[str, int]) -> Iterator[CapProgress]:
    limit, cap = campaign.limits.per_member, member_cap(campaign, day)
    if limit is None or cap is None:
        return
    if limit.points is not None:
        yield CapProgress(limit.per, limit.points, None, max(0, used.get(cap.points_name, 0)))
    if limit.orders is not None:
        yield CapProgress(limit.per, None, limit.orders, max(0, used.get(cap.orders_name, 0)))
