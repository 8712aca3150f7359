"""Segments: groups of members, defined once and named by campaigns and rewards.

A segment whose conditions read the account and the profile is evaluated where it is used, so it is
never late. What a member is asked cannot name other segments.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal, cast

from pydantic import Discriminator, Field, Tag

from loyalty.domain.kernel.fields import ExternalId, Label
from loyalty.domain.program.conditions import ConditionPart, condition_tag
from loyalty.domain.program.member_conditions import (
    AttributeCondition,
    BirthdayCondition,
    ConsentCondition,
    DaysSinceOrderCondition,
    LocaleCondition,
    MemberCondition,
    MemberDaysCondition,
    TierCondition,
)
from loyalty.domain.program.parts import DocumentPart

SEGMENTS_MAX: Final = 50


class AllOfSegment(ConditionPart):
    """Several conditions that must all hold for a member of the segment."""

    fact: ClassVar[Literal["(all)"]] = "(all)"

    all: Annotated[
        tuple["SegmentRule", ...],
        Field(min_length=1, max_length=30, description="All of these must hold."),
    ]

    def nested(self) -> Iterator[tuple[str, ConditionPart]]:
        return ((f"all/{number}", part) for number, part in enumerate(self.all))


class AnyOfSegment(ConditionPart):
    """Several conditions of which at least one must hold for a member of the segment."""

    fact: ClassVar[Literal["(any)"]] = "(any)"

    any: Annotated[
        tuple["SegmentRule", ...],
        Field(min_length=1, max_length=30, description="At least one of these must hold."),
    ]

    def nested(self) -> Iterator[tuple[str, ConditionPart]]:
        return ((f"any/{number}", part) for number, part in enumerate(self.any))


class NotOfSegment(ConditionPart):
    """A condition that must not hold for a member of the segment."""

    fact: ClassVar[Literal["(not)"]] = "(not)"

    negated: Annotated["SegmentRule", Field(alias="not", description="This must not hold.")]

    def nested(self) -> Iterator[tuple[str, ConditionPart]]:
        yield "not", self.negated


SegmentRule = Annotated[
    Annotated[DaysSinceOrderCondition, Tag("days_since_order")]
    | Annotated[MemberDaysCondition, Tag("member_days")]
    | Annotated[TierCondition, Tag("tier")]
    | Annotated[AttributeCondition, Tag("attribute")]
    | Annotated[BirthdayCondition, Tag("birthday")]
    | Annotated[LocaleCondition, Tag("locale")]
    | Annotated[ConsentCondition, Tag("consent")]
    | Annotated[AllOfSegment, Tag("(all)")]
    | Annotated[AnyOfSegment, Tag("(any)")]
    | Annotated[NotOfSegment, Tag("(not)")],
    Discriminator(
        condition_tag,
        custom_error_type="unknown_fact",
        custom_error_message=(
            "This must be all, any or not of other conditions, or name a fact of a member: "
            "days_since_order, member_days, tier, attribute, birthday, locale, consent"
        ),
    ),
]


class Segment(DocumentPart):
    """A group of members."""

    id: Annotated[ExternalId, Field(description="The segment's id, unique among the segments.")]
    name: Annotated[Label, Field(description="The segment's name, as staff see it.")]
    who: Annotated[SegmentRule, Field(description="Who is in it.")]

    @property
    def live(self) -> MemberCondition:
        """What it asks of a member where it is used."""
        # The composites of both are alike, and so are the conditions that they are made of.
        return cast("MemberCondition", self.who)


def live_definitions(segments: tuple[Segment, ...]) -> Mapping[str, MemberCondition]:
    """What segments ask of a member, by id."""
    return {segment.id: segment.live for segment in segments}
