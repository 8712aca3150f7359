"""Segments: groups of members, defined once and named by campaigns and rewards.

A segment is **live** if all its conditions read the account and the profile: it is evaluated where
it is used, so it is never late. It is **computed** if the lake can answer all of them: an hourly
run writes down who is in it. Some conditions can be answered in both ways, and a segment of these
is both: it is used live, and counted and listed as computed. The profile never enters the lake.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Final, cast

from pydantic import Discriminator, Field, Tag

from loyalty.domain.kernel.fields import ExternalId, Label
from loyalty.domain.program.conditions import (
    AllHold,
    AnyHolds,
    ConditionPart,
    DoesNotHold,
    condition_tag,
)
from loyalty.domain.program.lake_conditions import (
    BoughtCondition,
    FrequencyCondition,
    ListedCondition,
    MonetaryCondition,
    OrdersCondition,
    RecencyCondition,
    RedeemedCondition,
    ScoreCondition,
    SilentCondition,
    SpentCondition,
)
from loyalty.domain.program.member_conditions import (
    AttributeCondition,
    BirthdayCondition,
    ConsentCondition,
    DaysSinceOrderCondition,
    LocaleCondition,
    MemberCondition,
    MemberDaysCondition,
    SegmentDefinition,
    TierCondition,
)
from loyalty.domain.program.parts import DocumentPart

SEGMENTS_MAX: Final = 50

# What is read of the profile, and of what the lake knows: the one is never where the other is.
_OF_PROFILE: Final = frozenset({"attribute", "birthday", "consent", "locale"})
_OF_THE_LAKE: Final = frozenset(
    {
        "bought",
        "frequency",
        "listed",
        "monetary",
        "orders",
        "recency",
        "redeemed",
        "score",
        "silent",
        "spent",
    }
)


class AllOfSegment(AllHold):
    """Several conditions that must all hold for a member of the segment."""

    all: Annotated[
        tuple["SegmentRule", ...],
        Field(min_length=1, max_length=30, description="All of these must hold."),
    ]


class AnyOfSegment(AnyHolds):
    """Several conditions of which at least one must hold for a member of the segment."""

    any: Annotated[
        tuple["SegmentRule", ...],
        Field(min_length=1, max_length=30, description="At least one of these must hold."),
    ]


class NotOfSegment(DoesNotHold):
    """A condition that must not hold for a member of the segment."""

    negated: Annotated["SegmentRule", Field(alias="not", description="This must not hold.")]


SegmentRule = Annotated[
    Annotated[DaysSinceOrderCondition, Tag("days_since_order")]
    | Annotated[MemberDaysCondition, Tag("member_days")]
    | Annotated[TierCondition, Tag("tier")]
    | Annotated[AttributeCondition, Tag("attribute")]
    | Annotated[BirthdayCondition, Tag("birthday")]
    | Annotated[LocaleCondition, Tag("locale")]
    | Annotated[ConsentCondition, Tag("consent")]
    | Annotated[ListedCondition, Tag("listed")]
    | Annotated[SpentCondition, Tag("spent")]
    | Annotated[OrdersCondition, Tag("orders")]
    | Annotated[BoughtCondition, Tag("bought")]
    | Annotated[RecencyCondition, Tag("recency")]
    | Annotated[FrequencyCondition, Tag("frequency")]
    | Annotated[MonetaryCondition, Tag("monetary")]
    | Annotated[SilentCondition, Tag("silent")]
    | Annotated[ScoreCondition, Tag("score")]
    | Annotated[RedeemedCondition, Tag("redeemed")]
    | Annotated[AllOfSegment, Tag("(all)")]
    | Annotated[AnyOfSegment, Tag("(any)")]
    | Annotated[NotOfSegment, Tag("(not)")],
    Discriminator(
        condition_tag,
        custom_error_type="unknown_fact",
        custom_error_message=(
            "This must be all, any or not of other conditions, or name a fact of a member: "
            "days_since_order, member_days, tier, attribute, birthday, locale, consent, listed, "
            "spent, orders, bought, recency, frequency, monetary, silent, score, redeemed"
        ),
    ),
]


class Segment(DocumentPart):
    """A group of members."""

    id: Annotated[ExternalId, Field(description="The segment's id, unique among the segments.")]
    name: Annotated[Label, Field(description="The segment's name, as staff see it.")]
    who: Annotated[SegmentRule, Field(description="Who is in it.")]

    @cached_property
    def _facts(self) -> frozenset[str]:
        return frozenset(facts_of(self.who))

    @property
    def is_live(self) -> bool:
        """Whether it is evaluated where it is used."""
        return not self._facts & _OF_THE_LAKE

    @property
    def is_computed(self) -> bool:
        """Whether the hourly run writes down who is in it."""
        return not self._facts & _OF_PROFILE

    @property
    def is_listed(self) -> bool:
        """Whether it asks who is on its list."""
        return "listed" in self._facts

    @property
    def definition(self) -> SegmentDefinition:
        # The composites of both are alike, and so are the conditions that they are made of.
        live = cast("MemberCondition", self.who) if self.is_live else None
        return SegmentDefinition(self.id, self.fingerprint, live)

    @cached_property
    def fingerprint(self) -> str:
        """What tells versions of its definition apart; its name is no part of that."""
        who = self.who.model_dump(mode="json")
        canonical = json.dumps(who, separators=(",", ":"), sort_keys=True)
        return sha256(canonical.encode()).hexdigest()[:8]


def facts_of(rule: ConditionPart) -> Iterator[str]:
    """The facts that a rule reads, without composites."""
    parts = [part for _, part in rule.nested()]
    for part in parts:
        yield from facts_of(part)
    fact = condition_tag(rule)
    if not parts and fact:
        yield fact


def definitions(segments: tuple[Segment, ...]) -> Mapping[str, SegmentDefinition]:
    """What segments mean, by id."""
    return {segment.id: segment.definition for segment in segments}
