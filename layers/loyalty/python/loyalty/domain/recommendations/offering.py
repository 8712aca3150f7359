"""Which campaigns to offer to a member, and why: pure, so the same facts make the same offers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.campaigns.holdouts import LOTS_OF_A_PERCENT, lot
from loyalty.domain.campaigns.limits import member_cap
from loyalty.domain.campaigns.member_facts import admits
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.recommendations.things import LIKENESS_MAX, Thing

if TYPE_CHECKING:
    from loyalty.domain.campaigns.member_facts import MemberFacts
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.conditions import ConditionPart
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.line_selectors import LineSelector
    from loyalty.domain.recommendations.scoring import Recommender

# A member who orders every week or two has been away by then.
AWAY_DAYS: Final = 30
# What a member bought raises a campaign's score to at most five times.
_LIKENESS_COUNTS_MAX: Final = 4 * LIKENESS_MAX
_THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRound:
    """What the offers of one day are chosen by.

    `worth` are the campaigns that can be offered, each with what an offer of it is worth beside the
    others. `now` is a local time of the program.
    """

    program_id: str
    document: Program
    worth: Mapping[str, int]
    now: datetime


class _Scored(NamedTuple):
    campaign: Campaign
    score: int
    because: OfferReason


def offered_campaigns(document: Program, now: datetime) -> tuple[Campaign, ...]:
    """The campaigns of a document that can be offered on the day of a local time."""
    today = now.date()
    return tuple(
        each
        for each in document.campaigns
        if each.activation == "offer"
        and (each.when.starts_on is None or each.when.starts_on <= today)
        and (each.when.ends_on is None or today <= each.when.ends_on)
    )


def room_for_offers(offers: Mapping[str, Offer], every: OfferRound) -> int:
    """How many more offers a member can have beside those that are open."""
    return max(0, every.document.offers.at_most - len(_open(offers, every)))


def choose(
    offers: Mapping[str, Offer],
    *,
    member_id: str,
    facts: MemberFacts,
    used: Mapping[str, int],
    held_out: Collection[str],
    recommender: Callable[[], Recommender],
    every: OfferRound,
) -> Mapping[str, Offer]:
    """The offers of a member after a round: `offers` itself if there are no new ones.

    `facts` are those of the member at the time of the round, `used` is what they used of limits.
    `recommender` is asked for only if there is something to choose. With new offers, those that
    have rested long enough are forgotten. A round that is repeated for a member changes nothing.
    """
    room = room_for_offers(offers, every)
    possible = list(_possible(offers, facts=facts, used=used, held_out=held_out, every=every))
    if not room or not possible:
        return offers
    ranked = _ranked(possible, member_id=member_id, recommender=recommender, facts=facts, by=every)
    groups = {each.group for each in _open(offers, every)}
    chosen: dict[str, Offer] = {}
    for campaign, _, because in ranked:
        if len(chosen) == room:
            break
        if campaign.group is not None and campaign.group in groups:
            continue
        groups.add(campaign.group)
        chosen[campaign.id] = _offer(campaign, because, chosen_of=len(possible), every=every)
    rests = every.document.offers.again_after_days
    today = every.now.date()
    recent = {name: each for name, each in offers.items() if each.rests_until(rests) >= today}
    return recent | chosen if chosen else offers


def _open(offers: Mapping[str, Offer], every: OfferRound) -> list[Campaign]:
    """The campaigns of the document whose offers a member can still use."""
    today = every.now.date()
    return [
        each
        for each in every.document.campaigns
        if each.activation == "offer" and each.id in offers and offers[each.id].until >= today
    ]


def _possible(
    offers: Mapping[str, Offer],
    *,
    facts: MemberFacts,
    used: Mapping[str, int],
    held_out: Collection[str],
    every: OfferRound,
) -> Iterator[Campaign]:
    """The campaigns that could be offered to a member: theirs, not withheld, not used up."""
    rests, today = every.document.offers.again_after_days, every.now.date()
    for campaign in offered_campaigns(every.document, every.now):
        if campaign.id not in every.worth or campaign.id in held_out:
            continue
        before = offers.get(campaign.id)
        if before is not None and before.rests_until(rests) >= today:
            continue
        cap = member_cap(campaign, today)
        is_used_up = cap is not None and cap.room(used, had=0) == 0
        if not is_used_up and admits(campaign.members, facts):
            yield campaign


def _offer(campaign: Campaign, because: OfferReason, *, chosen_of: int, every: OfferRound) -> Offer:
    """A new offer; its last day is no later than that of its campaign."""
    until = every.now.date() + timedelta(days=every.document.offers.days - 1)
    return Offer(
        offered_at=every.now,
        until=min(until, campaign.when.ends_on or until),
        because=because,
        chosen_of=chosen_of,
    )


def _ranked(
    possible: list[Campaign],
    *,
    member_id: str,
    recommender: Callable[[], Recommender],
    facts: MemberFacts,
    by: OfferRound,
) -> list[_Scored]:
    """The campaigns for a member, the best one first, and for a few members drawn by lot.

    What members who were drawn do says what offers bring without the choice, which favors those
    who would have bought anyway.
    """
    day = by.now.date()
    is_drawn = (
        lot(by.program_id, f"offers:{day}", member_id)
        < by.document.offers.by_lot_percent * LOTS_OF_A_PERCENT
    )
    if is_drawn:
        drawn = sorted(
            (lot(by.program_id, f"offers:{day}:{each.id}", member_id), place)
            for place, each in enumerate(possible)
        )
        return [_Scored(possible[place], 0, OfferReason("by_lot")) for _, place in drawn]
    prepared = recommender()
    scored = [_scored(each, recommender=prepared, facts=facts, by=by) for each in possible]
    return sorted(scored, key=lambda each: -each.score)


def _scored(
    campaign: Campaign, *, recommender: Recommender, facts: MemberFacts, by: OfferRound
) -> _Scored:
    things = _things_of(campaign, by.document)
    liking, popularity = recommender.liking(things), recommender.popularity_of(things)
    likeness = min(liking.likeness, _LIKENESS_COUNTS_MAX) if liking else 0
    score = (
        max(1, by.worth[campaign.id])
        * (_THOUSAND + likeness * _THOUSAND // LIKENESS_MAX)
        * (_THOUSAND + popularity)
    )
    because = _because(liking.because if liking else None, popularity, recommender, facts)
    return _Scored(campaign, score, because)


def _because(
    bought: Thing | None, popularity: int, recommender: Recommender, facts: MemberFacts
) -> OfferReason:
    """The reason that says most. It looks at nothing of a member who objects to personalization."""
    if bought is not None and bought.kind != "reward":
        return OfferReason("you_bought", thing_kind=bought.kind, thing_id=bought.id)
    away = (facts.day - facts.bought_on).days if facts.bought_on else 0
    if away >= AWAY_DAYS and not recommender.is_anonymous:
        return OfferReason("been_away", days=away)
    if popularity:
        return OfferReason("popular_here", level=recommender.level)
    return OfferReason("in_turn")


def _things_of(campaign: Campaign, document: Program) -> frozenset[Thing]:
    """The articles and categories that a campaign names: those it gives for, and asks for."""
    selectors = [campaign.lines, *_asked_for(campaign.orders)]
    return frozenset(thing for each in selectors for thing in _named(each, document))


def _asked_for(condition: ConditionPart | None) -> Iterator[LineSelector]:
    """The lines that a condition counts, but those that must not be there."""
    if condition is None:
        return
    selector: LineSelector | None = getattr(condition, "of", None)
    if selector is not None:
        yield selector
    for place, part in condition.nested():
        if place != "not":
            yield from _asked_for(part)


def _named(selector: LineSelector, document: Program) -> Iterator[Thing]:
    listed = [sku for name in selector.lists for sku in document.lists.get(name, ())]
    for category in set(selector.categories) - set(selector.not_categories):
        yield Thing("category", category)
    for sku in {*selector.skus, *listed} - set(selector.not_skus):
        yield Thing("sku", sku)
