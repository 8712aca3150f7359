"""What is known of a member when an order is recorded, and the conditions on it.

What the decision relied on is stated as narrowly as possible: of the number of orders, the interval
in which every condition would have been decided the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from loyalty.domain.campaigns.offers import Offer
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.member_conditions import (
        MemberCondition,
        MemberCount,
        MemberStatement,
        SegmentDefinition,
    )

type MemberSource = Literal["orders", "bought_on", "profile", "joined", "offered", "segments"]

_SOURCES: Final[Mapping[str, MemberSource]] = {
    "first_order": "orders",
    "order_number": "orders",
    "days_since_order": "bought_on",
    "attribute": "profile",
    "birthday": "profile",
    "locale": "profile",
    "consent": "profile",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """What is known of the member of an order.

    `occurred_at` is the order's time, in the program's time zone. `counts` says whether the order
    counts as one: its goods cost something. `orders` is how many the member had before; None if
    that is not known. `bought_on` is the day of the latest that is known, None if there is none.
    `tier` is the level at which the order earns. `consents` are those that were given. `joined`
    says since when the member takes part in campaigns, `offered` what was offered to them.
    `segments` are those that were written down of the member, each with the fingerprint of the
    definition by which they are in it. `decided` are campaigns of which it is already known whether
    they are for the member: an order that is tried again knows nothing of the profile that its
    member had.
    """

    occurred_at: datetime
    counts: bool = True
    orders: int | None = None
    bought_on: date | None = None
    enrolled_on: date | None = None
    tier: str | None = None
    birthday: date | None = None
    locale: str | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    consents: frozenset[str] = frozenset()
    joined: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    offered: Mapping[str, Offer] = field(default_factory=lambda: MappingProxyType({}))
    decided: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    segments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def day(self) -> date:
        return self.occurred_at.date()


class Interval(NamedTuple):
    """Whole numbers from `lowest` to `highest`, both included; None where it is open."""

    lowest: int | None = None
    highest: int | None = None

    def within(self, other: Interval) -> Interval:
        """The numbers that are in both."""
        lowest = [each for each in (self.lowest, other.lowest) if each is not None]
        highest = [each for each in (self.highest, other.highest) if each is not None]
        return Interval(max(lowest, default=None), min(highest, default=None))


def sources(campaign: Campaign) -> frozenset[MemberSource]:
    """What has to be read of a member to decide whether a campaign is for them."""
    of_condition = sources_of(campaign.members)
    match campaign.activation:
        case "auto":
            return of_condition
        case "join":
            return of_condition | {"joined"}
        case "offer":
            return of_condition | {"offered"}


def sources_of(condition: MemberCondition | None) -> frozenset[MemberSource]:
    """What has to be read of a member to decide a condition."""
    return frozenset(source for leaf in leaves(condition) for source in _sources_of_leaf(leaf))


def _sources_of_leaf(leaf: MemberCount | MemberStatement) -> Iterator[MemberSource]:
    if leaf.fact in _SOURCES:
        yield _SOURCES[leaf.fact]
    if leaf.fact == "segment" and any(each.live is None for each in leaf.definitions):
        yield "segments"


def is_for(campaign: Campaign, facts: MemberFacts) -> bool:
    """Whether a campaign is for the member of an order.

    What is not known shuts it, also where the condition says `not`: an old member must not be taken
    for a new one.
    """
    if campaign.id in facts.decided:
        return facts.decided[campaign.id]
    return takes_part(campaign, facts) and admits(campaign.members, facts)


def takes_part(campaign: Campaign, facts: MemberFacts) -> bool:
    """Whether the member took part when they ordered: by themselves, or by an offer."""
    match campaign.activation:
        case "auto":
            return True
        case "join":
            return has_joined(campaign, facts)
        case "offer":
            return has_offer(campaign, facts)


def has_offer(campaign: Campaign, facts: MemberFacts) -> bool:
    """Whether a campaign was offered to the member for the time when they ordered."""
    offer = facts.offered.get(campaign.id)
    return offer is not None and offer.is_open(facts.occurred_at)


def admits(condition: MemberCondition | None, facts: MemberFacts) -> bool:
    """Whether a condition is known to hold for a member; none admits everybody."""
    if condition is None:
        return True
    return not _is_unknown(facts, sources_of(condition)) and holds(condition, facts)


def needs_first_order(campaign: Campaign) -> bool:
    """Whether a campaign is for first orders only, whatever else its condition asks for."""
    return campaign.members is not None and _needs_first_order(campaign.members)


def _needs_first_order(condition: MemberCondition) -> bool:
    match condition.fact:
        case "first_order":
            return True
        case "(all)":
            return any(map(_needs_first_order, condition.all))
        case "(any)":
            return all(map(_needs_first_order, condition.any))
        case _:
            return False


def has_joined(campaign: Campaign, facts: MemberFacts) -> bool:
    """Whether the member took part in a campaign when they ordered.

    Many tills and shops tell the time of an order to the second only, so an order of the second in
    which the member joined counts.
    """
    since = facts.joined.get(campaign.id)
    return since is not None and since.replace(microsecond=0) <= facts.occurred_at


def holds(condition: MemberCondition, facts: MemberFacts) -> bool:
    """Whether a condition holds for a member of whom everything that it reads is known."""
    match condition.fact:
        case "(all)":
            return all(holds(part, facts) for part in condition.all)
        case "(any)":
            return any(holds(part, facts) for part in condition.any)
        case "(not)":
            return not holds(condition.negated, facts)
        case "first_order" | "order_number" | "days_since_order" | "member_days":
            number = number_of(condition, facts)
            return number is not None and _is_within(condition, number)
        case _:
            return _is_stated(condition, facts)


def _is_stated(condition: MemberStatement, facts: MemberFacts) -> bool:
    """Whether a condition holds that is about no number."""
    match condition.fact:
        case "tier":
            return facts.tier in condition.is_in
        case "attribute":
            return facts.attributes.get(condition.name) in condition.is_in
        case "birthday":
            return _is_birthday(condition.on, facts)
        case "locale":
            return any(_speaks(facts.locale, tag) for tag in condition.is_in)
        case "consent":
            return condition.name in facts.consents
        case "segment":
            return any(is_member(definition, facts) for definition in condition.definitions)


def is_member(definition: SegmentDefinition, facts: MemberFacts) -> bool:
    """Whether a member is in a segment; who was in it by another definition is not."""
    if definition.live is not None:
        return holds(definition.live, facts)
    return facts.segments.get(definition.segment_id) == definition.fingerprint


def number_of(condition: MemberCount, facts: MemberFacts) -> int | None:
    """The number that a condition is about; None if there is none, and it does not hold."""
    match condition.fact:
        case "first_order" | "order_number":
            return facts.orders + 1 if facts.counts and facts.orders is not None else None
        case "days_since_order":
            # A late order may be older than the latest one.
            return max(0, (facts.day - facts.bought_on).days) if facts.bought_on else None
        case "member_days":
            return max(0, (facts.day - facts.enrolled_on).days) if facts.enrolled_on else None


def relied_on(campaign: Campaign, orders: int) -> Interval:
    """The numbers of earlier orders for which a campaign would be decided the same."""
    interval = Interval(lowest=0)
    for leaf in leaves(campaign.members):
        for alike in _alike(leaf, orders + 1):
            lowest, highest = (None if each is None else each - 1 for each in alike)
            interval = interval.within(Interval(lowest, highest))
    return interval


def leaves(condition: MemberCondition | None) -> Iterator[MemberCount | MemberStatement]:
    """The conditions that a condition is composed of, without the composites.

    One on segments is followed by what the segments ask.
    """
    if condition is None:
        return
    match condition.fact:
        case "(all)":
            for part in condition.all:
                yield from leaves(part)
        case "(any)":
            for part in condition.any:
                yield from leaves(part)
        case "(not)":
            yield from leaves(condition.negated)
        case "segment":
            yield condition
            for definition in condition.definitions:
                yield from leaves(definition.live)
        case _:
            yield condition


def _is_unknown(facts: MemberFacts, needed: frozenset[MemberSource]) -> bool:
    """Whether something that is needed is not known.

    Where not all orders are counted, a later one than the latest that is known may be among them.
    """
    return facts.orders is None and not needed.isdisjoint({"orders", "bought_on"})


def _is_within(condition: MemberCount, number: int) -> bool:
    lowest, highest = condition.bounds
    if condition.fact == "first_order":
        return number == 1
    if condition.fact == "order_number":
        if condition.exactly is not None and number != condition.exactly:
            return False
        if condition.every is not None and number % condition.every:
            return False
    return (lowest is None or number >= lowest) and (highest is None or number <= highest)


def _alike(leaf: MemberCount | MemberStatement, number: int) -> Iterator[Interval]:
    """Intervals around an order's number in which each part of a condition stays as it is."""
    if leaf.fact == "first_order":
        yield _around(number, 1, 1)
    if leaf.fact != "order_number":
        return
    lowest, highest = leaf.bounds
    yield _around(number, lowest, None)
    yield _around(number, None, highest)
    if leaf.exactly is not None:
        yield _around(number, leaf.exactly, leaf.exactly)
    if leaf.every is not None:
        over = number % leaf.every
        multiple = number - over
        yield (
            Interval(multiple + 1, multiple + leaf.every - 1) if over else Interval(number, number)
        )


def _around(number: int, lowest: int | None, highest: int | None) -> Interval:
    """The numbers that are on the same side of some bounds as a number."""
    if lowest is not None and number < lowest:
        return Interval(None, lowest - 1)
    if highest is not None and number > highest:
        return Interval(highest + 1, None)
    return Interval(lowest, highest)


def _is_birthday(near: Literal["day", "week", "month"], facts: MemberFacts) -> bool:
    if facts.birthday is None:
        return False
    day = facts.day
    if near == "month":
        return facts.birthday.month == day.month
    birthdays = (_birthday_in(year, facts.birthday) for year in range(day.year - 1, day.year + 2))
    if near == "day":
        return day in birthdays
    return day.isocalendar()[:2] in (birthday.isocalendar()[:2] for birthday in birthdays)


def _birthday_in(year: int, birthday: date) -> date:
    """The day of a birthday in a year; without a leap day it is on 28 February."""
    try:
        return birthday.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _speaks(locale: str | None, tag: str) -> bool:
    """Whether a locale is the one of a tag, or one of its regions."""
    if locale is None:
        return False
    return f"{locale.lower()}-".startswith(f"{tag.lower()}-")
