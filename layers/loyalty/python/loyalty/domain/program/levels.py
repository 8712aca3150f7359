"""The levels of a program: how members reach them, and for how long they have them."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StrictBool, StrictInt

from loyalty.domain.kernel.fields import ExternalId, Label
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.expiry_policies import Expiry
from loyalty.domain.program.kinds import TierBasis
from loyalty.domain.program.parts import DocumentPart


class TierLevel(DocumentPart):
    """A level. A member who has reached none has no level."""

    id: Annotated[ExternalId, Field(description="The level's id, unique among the levels.")]
    name: Annotated[Label, Field(description="The level's name, as members see it.")]
    reached_at: Annotated[
        Annotated[StrictInt, Field(ge=1, le=POINTS_MAX)] | None,
        Field(
            description="The amount to reach in one period, counted by `basis`; null: members "
            "have this level only by a grant."
        ),
    ]
    keeps_at: Annotated[
        Annotated[StrictInt, Field(ge=1, le=POINTS_MAX)] | None,
        Field(
            description="The amount that keeps the level once a member has it; null: the same as "
            "`reached_at`."
        ),
    ] = None
    multiplier_percent: Annotated[
        StrictInt,
        Field(
            ge=100,
            le=1000,
            description="Orders earn this percentage at this level: 150 is half as much again.",
        ),
    ] = 100
    perks: Annotated[
        tuple[Label, ...],
        Field(max_length=50, description="Other benefits, as texts to show to members."),
    ] = ()
    expiry: Annotated[
        Expiry | None,
        Field(
            description="When points of orders at this level expire; null: the program's. "
            "A rule's own expiry has precedence."
        ),
    ] = None


class HoldsNextPeriod(DocumentPart):
    """A level lasts to the end of the period after the one in which it was reached."""

    model: Annotated[
        Literal["next_period"],
        Field(description="A level lasts to the end of the next period."),
    ] = "next_period"


class HoldsWhileEnough(DocumentPart):
    """A level lasts only while the amount of the current period is enough."""

    model: Annotated[
        Literal["while_enough"],
        Field(description="A level lasts only while the current period's amount is enough."),
    ]


class HoldsMonths(DocumentPart):
    """A level lasts for some months from the day on which it was reached."""

    model: Annotated[
        Literal["months"],
        Field(description="A level lasts for some months from the day on which it was reached."),
    ]
    months: Annotated[StrictInt, Field(ge=1, le=36, description="How many months it lasts.")]


class HoldsForLife(DocumentPart):
    """A level that was reached once is never lost."""

    model: Annotated[Literal["for_life"], Field(description="A level that was reached stays.")]


Holds = Annotated[
    HoldsNextPeriod | HoldsWhileEnough | HoldsMonths | HoldsForLife, Discriminator("model")
]


class Tiers(DocumentPart):
    """Levels that members reach by what counts in a period, and for how long they have them."""

    basis: Annotated[
        TierBasis,
        Field(description="What counts: qualifying points, money spent, or the number of orders."),
    ]
    period: Annotated[
        Literal["calendar_year", "rolling_months", "membership_year"],
        Field(description="The period in which it counts."),
    ]
    rolling_months: Annotated[
        Annotated[StrictInt, Field(ge=1, le=24)] | None,
        Field(
            description="With `rolling_months`: how many months count together, the current one "
            "included."
        ),
    ] = None
    holds: Annotated[Holds, Field(description="How long a member has a level.")] = HoldsNextPeriod()
    one_step_down: Annotated[
        StrictBool,
        Field(
            description="Whether a member who loses a level has the next lower one for the period "
            "that follows."
        ),
    ] = False
    applies_at_once: Annotated[
        StrictBool,
        Field(description="Whether the order that reaches a level already earns at its rate."),
    ] = False
    levels: Annotated[
        tuple[TierLevel, ...],
        Field(
            min_length=1, max_length=20, description="The levels, from the lowest to the highest."
        ),
    ]

    def level(self, level_id: str | None) -> TierLevel | None:
        return next((level for level in self.levels if level.id == level_id), None)

    def rank(self, level_id: str | None) -> int:
        """How high a level is, from 1; 0 for none, or for one that the program does not have."""
        return next((rank for rank, level in enumerate(self.levels, 1) if level.id == level_id), 0)
