"""What a campaign gives: a closed list of effects.

Each gives nothing for nothing, and never more for fewer goods.
"""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StrictInt

from loyalty.domain.kernel.fields import Points
from loyalty.domain.program.conditions import COUNT_MAX, AmountBound
from loyalty.domain.program.earning_rules import MinorStep, Rounding, TenderKinds
from loyalty.domain.program.parts import DocumentPart


class MultiplyEffect(DocumentPart):
    """More of what the earning rules give for the lines that both cover, at the member's level."""

    kind: Annotated[Literal["multiply"], Field(description="A multiple of the earning rules.")]
    percent: Annotated[
        StrictInt,
        Field(
            ge=101,
            le=1000,
            description="The whole percentage: 200 doubles the points. Multipliers of several "
            "campaigns add up: twice 150 is 200.",
        ),
    ]


class RateEffect(DocumentPart):
    """Points for money, beside what the earning rules give."""

    kind: Annotated[Literal["rate"], Field(description="Points for money.")]
    points: Annotated[
        StrictInt, Field(ge=1, le=1_000_000, description="Points for each `per_minor` spent.")
    ]
    per_minor: Annotated[
        MinorStep,
        Field(description="The amount that earns `points`, in minor units: 100 is one euro."),
    ]
    rounding: Annotated[Rounding, Field(description="How the points of an order are rounded.")] = (
        "floor"
    )
    tenders: Annotated[
        TenderKinds,
        Field(
            description="The kinds of payment that earn, such as `stored_value`: it counts the "
            "share of the amount that was paid by them; empty: all of it."
        ),
    ] = ()


class FixedEffect(DocumentPart):
    """The same points for every order that fulfills the conditions."""

    kind: Annotated[Literal["fixed"], Field(description="A number of points.")]
    points: Annotated[Points, Field(description="How many points.")]
    on_refund: Annotated[
        Literal["requalify", "in_proportion"],
        Field(
            description="What happens when a part of the order is refunded. `requalify`: the "
            "points stay while the rest of the order fulfills the conditions. `in_proportion`: "
            "the conditions are read of what was bought, and the points fall with the amount."
        ),
    ] = "requalify"


class PerUnitEffect(DocumentPart):
    """Points for units."""

    kind: Annotated[Literal["per_unit"], Field(description="Points for units.")]
    points: Annotated[Points, Field(description="Points for each `every` units.")]
    every: Annotated[
        StrictInt,
        Field(ge=1, le=COUNT_MAX, description="How many units earn `points`: full steps count."),
    ] = 1


class EffectStep(DocumentPart):
    """What an amount gives once it is reached."""

    at_least_minor: Annotated[AmountBound, Field(description="The amount, in minor units.")]
    points: Annotated[Points, Field(description="The points for it, instead of lower steps'.")]


class StepsEffect(DocumentPart):
    """Points by what the lines cost: those of the highest step that is reached."""

    kind: Annotated[Literal["steps"], Field(description="Points by steps of the amount.")]
    steps: Annotated[
        tuple[EffectStep, ...],
        Field(min_length=1, max_length=20, description="The steps, from the lowest on."),
    ]


Effect = Annotated[
    MultiplyEffect | RateEffect | FixedEffect | PerUnitEffect | StepsEffect, Discriminator("kind")
]
