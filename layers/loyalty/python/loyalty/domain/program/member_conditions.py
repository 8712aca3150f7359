"""Conditions on a member: what `for` of a campaign or a reward can say.

Those of a campaign are decided once, when an order is recorded, and the decision stays with the
order.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, cast

from pydantic import Discriminator, Field, PrivateAttr, StrictInt, Tag

from loyalty.domain.kernel.fields import ExternalId, Label
from loyalty.domain.program.conditions import (
    COUNT_MAX,
    AllHold,
    AnyHolds,
    Choices,
    ConditionPart,
    Counted,
    DoesNotHold,
    condition_tag,
)

Ordinal = Annotated[StrictInt, Field(ge=1, le=COUNT_MAX)]


class FirstOrderCondition(ConditionPart):
    """The order is the member's first."""

    fact: Annotated[Literal["first_order"], Field(description="It is the member's first order.")]


class OrderNumberCondition(Counted):
    """Which of the member's orders it is, counted from 1 in the order in which they arrive."""

    fact: Annotated[
        Literal["order_number"],
        Field(description="Which of the member's orders it is, counted from 1."),
    ]
    exactly: Annotated[
        Ordinal | None, Field(alias="is", description="Only the order with this number.")
    ] = None
    every: Annotated[
        Ordinal | None, Field(description="Every so many orders: 3 is the third, the sixth, …")
    ] = None

    @property
    def lacks_bound(self) -> bool:
        return super().lacks_bound and self.exactly is None and self.every is None


class DaysSinceOrderCondition(Counted):
    """How many days ago the member last ordered; it does not hold for a first order."""

    fact: Annotated[
        Literal["days_since_order"],
        Field(description="How many days ago the member last ordered."),
    ]


class MemberDaysCondition(Counted):
    """How many days ago the member enrolled."""

    fact: Annotated[
        Literal["member_days"], Field(description="How many days ago the member enrolled.")
    ]


class TierCondition(ConditionPart):
    """The level at which the order earns."""

    fact: Annotated[Literal["tier"], Field(description="The member's level.")]
    is_in: Annotated[
        tuple[ExternalId, ...],
        Field(min_length=1, max_length=20, description="The ids of the levels."),
    ]


class AttributeCondition(ConditionPart):
    """An attribute of the member's profile."""

    fact: Annotated[Literal["attribute"], Field(description="An attribute of the profile.")]
    name: Annotated[Label, Field(description="The attribute's name.")]
    is_in: Annotated[Choices, Field(description="It must be one of these.")]


class BirthdayCondition(ConditionPart):
    """The day of the order is near the member's birthday."""

    fact: Annotated[Literal["birthday"], Field(description="The member's birthday.")]
    on: Annotated[
        Literal["day", "week", "month"],
        Field(
            description="Whether the order is made on the birthday, or in its calendar week or "
            "month; without a leap day, a birthday of 29 February is on the 28th."
        ),
    ]


class LocaleCondition(ConditionPart):
    """The member's locale; a language includes all its regions."""

    fact: Annotated[Literal["locale"], Field(description="The member's locale.")]
    is_in: Annotated[Choices, Field(description="BCP 47 tags; `fr` includes `fr-CA`.")]


class ConsentCondition(ConditionPart):
    """The member has given a consent."""

    fact: Annotated[Literal["consent"], Field(description="A consent that the member gave.")]
    name: Annotated[Label, Field(description="The consent's name, such as `email`.")]


class SegmentDefinition(NamedTuple):
    """What a segment means: who is in it by a `fingerprint` of its conditions.

    `live` is what it asks of a member where it is used; None: it was written down who is in it.
    """

    segment_id: str
    fingerprint: str
    live: "MemberCondition | None"


class SegmentCondition(ConditionPart):
    """The member is in one of some segments of the program."""

    fact: Annotated[Literal["segment"], Field(description="Segments that the member is in.")]
    is_in: Annotated[
        tuple[ExternalId, ...],
        Field(min_length=1, max_length=50, description="The ids of the segments."),
    ]

    # A condition of a document knows what its segments mean. Nothing of it is published.
    _definitions: tuple[SegmentDefinition, ...] = PrivateAttr(default=())

    @property
    def definitions(self) -> tuple[SegmentDefinition, ...]:
        """What these segments mean, once they were looked up."""
        return self._definitions

    def bind(self, definitions: Mapping[str, SegmentDefinition]) -> None:
        """Look up the segments in those of the document that this condition belongs to."""
        self._definitions = tuple(definitions[each] for each in self.is_in if each in definitions)


class AllOfMember(AllHold):
    """Several conditions that must all hold for the member."""

    all: Annotated[
        tuple["MemberCondition", ...],
        Field(min_length=1, max_length=30, description="All of these must hold."),
    ]


class AnyOfMember(AnyHolds):
    """Several conditions of which at least one must hold for the member."""

    any: Annotated[
        tuple["MemberCondition", ...],
        Field(min_length=1, max_length=30, description="At least one of these must hold."),
    ]


class NotOfMember(DoesNotHold):
    """A condition that must not hold for the member."""

    negated: Annotated["MemberCondition", Field(alias="not", description="This must not hold.")]


MemberCount = (
    FirstOrderCondition | OrderNumberCondition | DaysSinceOrderCondition | MemberDaysCondition
)
MemberStatement = (
    TierCondition
    | AttributeCondition
    | BirthdayCondition
    | LocaleCondition
    | ConsentCondition
    | SegmentCondition
)
MemberCondition = Annotated[
    Annotated[FirstOrderCondition, Tag("first_order")]
    | Annotated[OrderNumberCondition, Tag("order_number")]
    | Annotated[DaysSinceOrderCondition, Tag("days_since_order")]
    | Annotated[MemberDaysCondition, Tag("member_days")]
    | Annotated[TierCondition, Tag("tier")]
    | Annotated[AttributeCondition, Tag("attribute")]
    | Annotated[BirthdayCondition, Tag("birthday")]
    | Annotated[LocaleCondition, Tag("locale")]
    | Annotated[ConsentCondition, Tag("consent")]
    | Annotated[SegmentCondition, Tag("segment")]
    | Annotated[AllOfMember, Tag("(all)")]
    | Annotated[AnyOfMember, Tag("(any)")]
    | Annotated[NotOfMember, Tag("(not)")],
    Discriminator(
        condition_tag,
        custom_error_type="unknown_fact",
        custom_error_message=(
            "This must be all, any or not of other conditions, or name a fact of a member: "
            "first_order, order_number, days_since_order, member_days, tier, attribute, birthday, "
            "locale, consent, segment"
        ),
    ),
]


def conditions_on_segments(condition: MemberCondition | None) -> Iterator[SegmentCondition]:
    """Every condition on segments that a condition is composed of."""
    if condition is None:
        return
    if condition.fact == "segment":
        yield condition
    for _, part in condition.nested():
        yield from conditions_on_segments(cast("MemberCondition", part))
