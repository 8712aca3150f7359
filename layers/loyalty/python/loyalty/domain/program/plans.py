"""Paid plans: memberships that members pay for, and what they give."""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import ExternalId, Label
from loyalty.domain.program.gifts import PointsOrReward
from loyalty.domain.program.parts import DocumentPart

PLANS_MAX: Final = 10


class PlanBenefits(DocumentPart):
    """What a member has on the days on which a plan runs."""

    multiplier_percent: Annotated[
        StrictInt,
        Field(
            ge=100,
            le=1000,
            description="The percentage that orders earn: 200 is twice as much. Rules with "
            "`level_multiplies` false ignore it, as they ignore the level's.",
        ),
    ] = 100
    stacks: Annotated[
        Literal["higher", "product"],
        Field(
            description="How it combines with the multiplier of the member's level: the "
            "`higher` of the two counts, or the `product` of both."
        ),
    ] = "higher"
    level: Annotated[
        ExternalId | None,
        Field(description="The id of a level that the member has at least; null: none."),
    ] = None
    on_start: Annotated[
        PointsOrReward | None,
        Field(description="What the member gets on the first day; null: nothing."),
    ] = None
    monthly: Annotated[
        PointsOrReward | None,
        Field(
            description="What the member gets on the first day, and on the same day of each "
            "month that is paid or a trial; null: nothing."
        ),
    ] = None

    @property
    def gives(self) -> bool:
        return self.on_start is not None or self.monthly is not None


class PlanBilling(DocumentPart):
    """How members pay for a plan: by a shop's subscriptions, or by products."""

    storefront: Annotated[
        ExternalId | None,
        Field(description="With `prices`: the id of the shop's connection (Stripe, Square)."),
    ] = None
    prices: Annotated[
        tuple[Annotated[StrictStr, Field(pattern=r"^[\x21-\x7e]{1,192}$")], ...],
        Field(
            max_length=50,
            description="What the shop calls the plan: ids of prices or products at Stripe, of "
            "plan variations at Square.",
        ),
    ] = ()
    skus: Annotated[
        tuple[Label, ...],
        Field(
            max_length=50,
            description="SKUs of products that are the plan for `months`, at any till or shop. "
            "They count as `fee` in orders, so they earn only if a rule says so.",
        ),
    ] = ()
    months: Annotated[
        Annotated[StrictInt, Field(ge=1, le=36)] | None,
        Field(description="With `skus`: how many months of the plan one unit pays."),
    ] = None


class Plan(DocumentPart):
    """A membership that members pay for. The merchant or a shop charges; this service does not.

    Its benefits begin and end with days of the program, no matter when a payment is reported.
    """

    id: Annotated[
        ExternalId, Field(max_length=40, description="The plan's id, unique among the plans.")
    ]
    name: Annotated[Label, Field(description="The plan's name, as members see it.")]
    description: Annotated[Label | None, Field(description="What it gives, in words.")] = None
    billing: Annotated[
        tuple[PlanBilling, ...],
        Field(max_length=20, description="The shops and products that charge for it."),
    ] = ()
    grace_days: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=60,
            description="For how many days after the last paid day the plan continues if it "
            "renews.",
        ),
    ] = 0
    benefits: Annotated[PlanBenefits, Field(description="What the member has while it runs.")] = (
        PlanBenefits()
    )
