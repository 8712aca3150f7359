"""Offers: after each day, the program offers campaigns; members and staff see which, and why.

A round names members with changed orders, and new and absent ones. A worker then decides for each
of them, from what the table says at that moment. So a round that dies and repeats, or is late,
offers nothing twice, and offers no campaign that holds the member out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.campaigns.participation import MemberCampaign, campaign_of_member
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.earning.awarding import points_by_giver
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.account import used_of_campaigns
from loyalty.domain.ledger.campaign_counts import facts_of
from loyalty.domain.ledger.entries import Accrual
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.recommendations.offer_worth import worth_of
from loyalty.domain.recommendations.offering import (
    OfferRound,
    choose,
    offered_campaigns,
    room_for_offers,
)
from loyalty.domain.recommendations.scoring import ANONYMOUS, Recommender
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.campaigns import budgets
from loyalty.usecases.ledger.participants import Needs, open_earner
from loyalty.usecases.recommendations import ENTRIES_READ, ORDERS_READ, shopper_of
from loyalty.usecases.work_pages import ITEMS_MAX, WorkPage

if TYPE_CHECKING:
    from loyalty.domain.campaigns.member_facts import MemberFacts
    from loyalty.domain.campaigns.offers import Offer
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.people.member import Member
    from loyalty.domain.recommendations.offer_worth import OfferOutcome
    from loyalty.domain.recommendations.things import Neighborhood
    from loyalty.usecases.ledger.participants import Earner
    from loyalty.usecases.ports import Desk, Members, Targetings
    from loyalty.usecases.work_pages import WorkPages

# Lanes: programs with a round that may be due, and the members that a round names.
ROUNDS: Final = "offer_rounds"
MEMBERS: Final = "members_of_offers"
# By then the facts of a day are in the lake.
FACTS_LATE_MAX: Final = timedelta(hours=1)
# How many days the first round of a program, or one after a long outage, looks back.
LOOKS_BACK_DAYS_MAX: Final = 30

# For how many days offers say what a campaign is worth.
OUTCOMES_DAYS: Final = 90

type OfferState = Literal["open", "used", "lapsed"]


class OfferBook(Protocol):
    """The day of the last round of a program."""

    def offered_on(self) -> date | None:
        """Read strongly."""
        ...

    def note_offered(self, day: date) -> None: ...


class Shoppers(Protocol):
    """The members of a program who may get offers, and what earlier offers led to."""

    def members(self, *, since: date, today: date) -> Iterator[str]:
        """Those whose orders or enrollment are known since a day, and those who stay away."""
        ...

    def outcomes(self, *, first: date, last: date) -> Mapping[str, OfferOutcome]:
        """What offers that were made on these days led to so far, by campaign."""
        ...


class OfferUse(NamedTuple):
    """How many orders used an offer, and the points that it gave them, as they were earned."""

    orders: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferOfMember:
    """An offer as its member sees it.

    `open`: an order can still use it, and none has. `used`: an order did. `lapsed`: its last day is
    over, and none did.
    """

    campaign: MemberCampaign
    offer: Offer
    state: OfferState
    use: OfferUse


def begin_round(*, book: OfferBook, shoppers: Shoppers, pages: WorkPages, desk: Desk) -> int | None:
    """Hand out the members who may get offers, once for each day of a program.

    Returns how many; None if no round is due. Campaigns whose budget is spent are not offered.
    What an offer is worth follows from what earlier ones brought.

    Raises:
        TryAgain: the queue did not take all pages; a repeated call sends all of them again.
    """
    document = desk.program.document
    if not offered_campaigns(document, desk.now.astimezone(document.zone)):
        return None
    today = document.today(desk.now - FACTS_LATE_MAX)
    last = book.offered_on()
    if last is not None and last >= today:
        return None
    running = [
        each.campaign.id
        for each in budgets.statuses(desk=desk)
        if each.campaign.activation == "offer" and each.state == "running"
    ]
    margin = document.economics
    worth = worth_of(
        running,
        shoppers.outcomes(first=today - timedelta(days=OUTCOMES_DAYS), last=today),
        margin_percent=margin.gross_margin_percent if margin else None,
    )
    earliest = today - timedelta(days=LOOKS_BACK_DAYS_MAX)
    since = max(last, earliest) if last else earliest
    found = list(shoppers.members(since=since, today=today)) if worth else []
    pages.send(_pages(found, worth, program_id=desk.program.program_id))
    book.note_offered(today)
    return len(found)


def _pages(
    members: Iterable[str], worth: Mapping[str, int], *, program_id: str
) -> Iterator[WorkPage]:
    """Members in pages; each names the campaigns, because a page may arrive after another round."""
    offered = " ".join(f"{name}={each}" for name, each in worth.items())
    items = [f"{member_id} {offered}" for member_id in members]
    for first in range(0, len(items), ITEMS_MAX):
        some = tuple(items[first : first + ITEMS_MAX])
        yield WorkPage(program_id=program_id, lane=MEMBERS, items=some)


def member_of(item: str) -> tuple[str, Mapping[str, int]]:
    """The member that an item of a page names, and what offers of campaigns are worth."""
    member_id, *offered = item.split(" ")
    pairs = (each.partition("=") for each in offered)
    return member_id, {name: int(worth) for name, _, worth in pairs}


@until_saved
def offer_to(
    member_id: str,
    *,
    worth: Mapping[str, int],
    neighborhood: Callable[[], Neighborhood],
    targetings: Targetings,
    members: Members,
    desk: Desk,
) -> int:
    """Offer campaigns to a member, if they have room for more; returns how many.

    Of a member who objects to personalization, no order, level or absence is looked at.

    Raises:
        TryAgain: overtaken too often.
    """
    program, document = desk.program, desk.program.document
    now = desk.now.astimezone(document.zone)
    every = OfferRound(program_id=program.program_id, document=document, worth=worth, now=now)
    earner = _earner(member_id, now=now, desk=desk)
    if earner is None or earner.member is None:
        return 0
    member, account, before = earner.member, earner.account, earner.targeting
    before_round = before.offers if before else {}
    if not room_for_offers(before_round, every):
        return 0
    after = choose(
        before_round,
        member_id=account.member_id,
        facts=_facts(earner, now=now, desk=desk),
        used=used_of_campaigns(account),
        held_out=held_out_of(program, account.member_id),
        recommender=lambda: _recommender(
            member, account, nearby=neighborhood(), members=members, desk=desk
        ),
        every=every,
    )
    if after is before_round:
        return 0
    empty = Targeting(member_id=account.member_id)
    targetings.keep_offers(before, replace(before or empty, offers=after))
    return len([each for name, each in after.items() if before_round.get(name) != each])


def _earner(member_id: str, *, now: datetime, desk: Desk) -> Earner | None:
    """The member with their profile and what they are targeted by; None if they have left."""
    needs = Needs(profile=True, targeting=True)
    try:
        return open_earner(member_id, needs=needs, occurred_at=now, strong=True, desk=desk)
    except NotFound:
        return None


def _facts(earner: Earner, *, now: datetime, desk: Desk) -> MemberFacts:
    document, account = desk.program.document, earner.account
    level = level_on(account, document, day=now.date())
    return facts_of(
        account,
        document,
        occurred_at=now,
        tier=level.id if level else None,
        about=earner.about,
    )


def _recommender(
    member: Member, account: Account, *, nearby: Neighborhood, members: Members, desk: Desk
) -> Recommender:
    if member.objects_to_personalization:
        return Recommender(ANONYMOUS, nearby)
    return Recommender(shopper_of(member, account, members=members, desk=desk), nearby)


def offers_of(member_id: str, *, members: Members, desk: Desk) -> tuple[OfferOfMember, ...]:
    """A member's offers: open ones and those that ended lately, the newest first.

    Campaigns that the member is held out of are left out, and those that the document no longer
    has.

    Raises:
        NotFound: no such member.
    """
    document = desk.program.document
    now = desk.now.astimezone(document.zone)
    needs = Needs(profile=True, targeting=True)
    earner = open_earner(member_id, needs=needs, occurred_at=now, strong=False, desk=desk)
    account, targeting = earner.account, earner.targeting
    held_out = held_out_of(desk.program, account.member_id)
    campaigns = [
        each
        for each in document.campaigns
        if targeting and each.id in targeting.offers and each.id not in held_out
    ]
    if targeting is None or not campaigns:
        return ()
    facts, used = _facts(earner, now=now, desk=desk), used_of_campaigns(account)
    uses = _uses(targeting.offers, account, members=members, desk=desk)
    found = [
        OfferOfMember(
            campaign=campaign_of_member(each, facts, used=used),
            offer=targeting.offers[each.id],
            state=_state(targeting.offers[each.id], uses.get(each.id), today=now.date()),
            use=uses.get(each.id, OfferUse(0, 0)),
        )
        for each in campaigns
    ]
    return tuple(sorted(found, key=lambda each: each.offer.offered_at, reverse=True))


def _state(offer: Offer, use: OfferUse | None, *, today: date) -> OfferState:
    if use:
        return "used"
    return "open" if today <= offer.until else "lapsed"


def _uses(
    offers: Mapping[str, Offer], account: Account, *, members: Members, desk: Desk
) -> Mapping[str, OfferUse]:
    """The offers that orders used, by campaign: among the latest orders of the member."""
    since = min(offer.offered_at for offer in offers.values())
    owners = (account.member_id, *account.absorbed)
    newest = members.history(owners, limit=ENTRIES_READ, start=None)
    causes = [
        entry.cause
        for entry in newest.items
        if entry.kind == "accrual" and entry.recorded_at >= since
    ][:ORDERS_READ]
    entries = desk.books.whole_entries(causes) if causes else {}
    accruals = [each.detail for each in entries.values() if isinstance(each.detail, Accrual)]
    uses = {name: _use(name, offer, accruals, desk=desk) for name, offer in offers.items()}
    return {name: use for name, use in uses.items() if use.orders}


def _use(campaign_id: str, offer: Offer, accruals: Sequence[Accrual], *, desk: Desk) -> OfferUse:
    zone = desk.program.document.zone
    points = [
        points_by_giver(each.shares)[campaign_id]
        for each in accruals
        if campaign_id in each.opened and offer.is_open(each.order.occurred_at.astimezone(zone))
    ]
    given = [each for each in points if each]
    return OfferUse(len(given), sum(given))
