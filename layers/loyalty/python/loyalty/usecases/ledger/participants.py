"""What campaigns and rewards read of a member: the account, and more only if one asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.campaigns.member_facts import MemberFacts, sources, sources_of
from loyalty.domain.ledger.campaign_counts import facts_of
from loyalty.usecases.ledger.accounts import open_account

if TYPE_CHECKING:
    from loyalty.domain.campaigns.member_facts import MemberSource
    from loyalty.domain.campaigns.targeting import Targeting
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.people.member import Member
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.rewards import Reward
    from loyalty.usecases.ports import Desk, Participant


class Needs(NamedTuple):
    """What has to be read of a member beside the account."""

    profile: bool = False
    targeting: bool = False

    def covers(self, other: Needs) -> bool:
        return self.profile >= other.profile and self.targeting >= other.targeting


NOTHING: Final = Needs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Earner:
    """The active account of a member, and what was read beside it.

    `about` is None if nothing was; then it has facts of the account only.
    """

    account: Account
    needs: Needs = NOTHING
    about: MemberFacts | None = None
    targeting: Targeting | None = None
    member: Member | None = None


def needs_of(campaigns: Iterable[Campaign]) -> Needs:
    """What deciding these campaigns for a member reads beside the account."""
    return _needs(
        source for each in campaigns if each.is_decided_of_member for source in sources(each)
    )


def _needs(read: Iterable[MemberSource]) -> Needs:
    sources_read = frozenset(read)
    return Needs(
        profile="profile" in sources_read,
        targeting=not sources_read.isdisjoint({"joined", "offered", "segments"}),
    )


def needs_at(document: Program, occurred_at: datetime) -> Needs:
    """The same of the campaigns that hold at the time of an order."""
    local = occurred_at.astimezone(document.zone)
    return needs_of(each for each in document.campaigns if each.when.holds_at(local))


def open_earner(
    member_id: str, *, needs: Needs, occurred_at: datetime, strong: bool, desk: Desk
) -> Earner:
    """The active account of a member, or of the member they were merged into; one round trip.

    With something beside it, all of it is read strongly: who joins a campaign and then pays must
    have joined it.

    Raises:
        NotFound: there is no such member, or they were erased.
    """
    if needs == NOTHING:
        return Earner(account=open_account(desk, member_id, strong=strong))
    while True:
        read = desk.books.participant(member_id, profile=needs.profile, targeting=needs.targeting)
        if read.account is not None and read.account.status == "active":
            return Earner(
                account=read.account,
                needs=needs,
                about=_facts(read, occurred_at=occurred_at),
                targeting=read.targeting,
                member=read.member,
            )
        member_id = open_account(desk, member_id, strong=True).member_id


def facts_for(
    rewards: Iterable[Reward],
    account: Account,
    *,
    document: Program,
    tier: str | None,
    moment: datetime,
    desk: Desk,
) -> MemberFacts:
    """What rewards read of the member of an account, at a moment and at a level.

    It costs a strong read, and only if one of the rewards asks for more than the account has.
    """
    needs = _needs(
        source
        for reward in rewards
        for condition in reward.conditions
        for source in sources_of(condition)
    )
    local = moment.astimezone(document.zone)
    about = None
    if needs != NOTHING:
        read = desk.books.participant(
            account.member_id, profile=needs.profile, targeting=needs.targeting
        )
        about = _facts(read, occurred_at=local)
    return facts_of(account, document, occurred_at=local, tier=tier, about=about)


def _facts(participant: Participant, *, occurred_at: datetime) -> MemberFacts:
    """What a member's profile says, and what they are targeted by."""
    targeting, member = participant.targeting, participant.member
    targeted = MemberFacts(
        occurred_at=occurred_at,
        joined=targeting.joined if targeting else {},
        segments=targeting.segments if targeting else {},
        offered=targeting.offers if targeting else {},
    )
    if member is None:
        return targeted
    profile, consents = member.profile, member.consents
    return replace(
        targeted,
        birthday=profile.birthday,
        locale=profile.locale,
        attributes=profile.attributes,
        consents=frozenset(name for name, consent in consents.items() if consent.given),
    )
