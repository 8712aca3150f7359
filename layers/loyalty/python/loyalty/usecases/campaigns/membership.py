"""Members take part in campaigns: they join, leave, and see those that are theirs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.campaigns.participation import (
    MemberCampaign,
    campaign_of_member,
    is_over,
    may_be_for,
)
from loyalty.domain.campaigns.targeting import Targeting, joining
from loyalty.domain.kernel.errors import NotFound, WrongState
from loyalty.domain.ledger.account import used_of_campaigns
from loyalty.domain.ledger.campaign_counts import facts_of
from loyalty.domain.ledger.tiers import level_on
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.participants import Needs, needs_of, open_earner

if TYPE_CHECKING:
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.usecases.ledger.participants import Earner
    from loyalty.usecases.ports import Desk, Targetings


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignMembership:
    """A campaign that a member joined."""

    campaign: MemberCampaign
    member_id: str


def campaigns_of(member_id: str, *, desk: Desk) -> tuple[MemberCampaign, ...]:
    """The campaigns that are a member's or can become so, in the document's order.

    Those that the member is held out of are left out.

    Raises:
        NotFound: no such member.
    """
    document = desk.program.document
    now = desk.now.astimezone(document.zone)
    current = [each for each in document.campaigns if not is_over(each, now)]
    needs = needs_of(current)
    earner = open_earner(member_id, needs=needs, occurred_at=now, strong=False, desk=desk)
    held_out = held_out_of(desk.program, earner.account.member_id)
    shown = (
        _shown(each, earner, now=now, desk=desk) for each in current if each.id not in held_out
    )
    return tuple(each for each in shown if may_be_for(each.campaign, each.facts))


@until_saved
def join(
    member_id: str, campaign_id: str, *, targetings: Targetings, desk: Desk
) -> CampaignMembership:
    """Let a member take part in a campaign from now on. To join again changes nothing.

    Raises:
        NotFound: no such member, or no such campaign; one that they are held out of is none.
        WrongState: the campaign needs no joining, or is over.
        TryAgain: overtaken too often.
    """
    document = desk.program.document
    campaign = _campaign(campaign_id, desk=desk)
    now = desk.now.astimezone(document.zone)
    needs = Needs(targeting=True, profile=needs_of([campaign]).profile)
    earner = open_earner(member_id, needs=needs, occurred_at=now, strong=True, desk=desk)
    _require_shown(campaign, earner, desk=desk)
    before = earner.targeting
    if before is None or campaign_id not in before.joined:
        _require_open(campaign, now)
        offered = {each.id for each in document.campaigns}
        seen = before.joined if before else {}
        joined = joining(seen, campaign_id, now=desk.now, offered=offered)
        empty = Targeting(member_id=earner.account.member_id)
        after = replace(before or empty, joined=joined)
        targetings.save(before, after)
        earner = _with(earner, after)
    return CampaignMembership(
        campaign=_shown(campaign, earner, now=now, desk=desk),
        member_id=earner.account.member_id,
    )


@until_saved
def leave(member_id: str, campaign_id: str, *, targetings: Targetings, desk: Desk) -> str:
    """Let a member take part in a campaign no more; orders that earned keep what they earned.

    To leave a campaign that they did not join is no error. Returns the member's id.

    Raises:
        NotFound: no such member, or no such campaign, which they did not join either; one that
            they are held out of is none.
        TryAgain: overtaken too often.
    """
    earner = open_earner(
        member_id, needs=Needs(targeting=True), occurred_at=desk.now, strong=True, desk=desk
    )
    before = earner.targeting
    if before is None or campaign_id not in before.joined:
        _require_shown(_campaign(campaign_id, desk=desk), earner, desk=desk)
        return earner.account.member_id
    others = {name: since for name, since in before.joined.items() if name != campaign_id}
    targetings.save(before, replace(before, joined=others))
    return earner.account.member_id


def _campaign(campaign_id: str, *, desk: Desk) -> Campaign:
    found = (each for each in desk.program.document.campaigns if each.id == campaign_id)
    campaign = next(found, None)
    if campaign is None:
        raise _no_such_campaign()
    return campaign


def _require_open(campaign: Campaign, now: datetime) -> None:
    if campaign.activation != "join":
        raise WrongState("This campaign needs no joining: it is for all its members")
    if is_over(campaign, now):
        raise WrongState("This campaign is over")


def _require_shown(campaign: Campaign, earner: Earner, *, desk: Desk) -> None:
    if campaign.id in held_out_of(desk.program, earner.account.member_id):
        raise _no_such_campaign()


def _no_such_campaign() -> NotFound:
    return NotFound("There is no such campaign")


def _with(earner: Earner, targeting: Targeting) -> Earner:
    about = replace(earner.about, joined=targeting.joined) if earner.about else None
    return replace(earner, targeting=targeting, about=about)


def _shown(campaign: Campaign, earner: Earner, *, now: datetime, desk: Desk) -> MemberCampaign:
    """The campaign as its member sees it."""
    document, account = desk.program.document, earner.account
    level = level_on(account, document, day=now.date())
    facts = facts_of(
        account,
        document,
        occurred_at=now,
        tier=level.id if level else None,
        about=earner.about,
    )
    return campaign_of_member(campaign, facts, used=used_of_campaigns(account))
