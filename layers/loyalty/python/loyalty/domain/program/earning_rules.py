"""Earning rules: rates on what an order costs."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from loyalty.domain.kernel.fields import Day, ExternalId, Label
from loyalty.domain.kernel.limits import AMOUNT_MINOR_MAX
from loyalty.domain.program.expiry_policies import Expiry
from loyalty.domain.program.kinds import CHARGES, Charge
from loyalty.domain.program.parts import DocumentPart

Rounding = Literal["floor", "half_up", "ceil"]

MinorStep = Annotated[StrictInt, Field(ge=1, le=AMOUNT_MINOR_MAX)]
TenderKinds = Annotated[tuple[ExternalId, ...], Field(max_length=50)]


class RuleConditions(DocumentPart):
    """When and for whom a rule applies. Days are in the program's time zone.

    An order counts by the day on which it occurred.
    """

    starts_on: Annotated[
        Day | None, Field(description="The first day of the rule; null: from the beginning.")
    ] = None
    ends_on: Annotated[
        Day | None, Field(description="The last day of the rule, included; null: no end.")
    ] = None
    tiers: Annotated[
        tuple[ExternalId, ...],
        Field(
            max_length=20,
            description="The ids of the levels that the rule is for; empty: all members.",
        ),
    ] = ()


class EarningRule(DocumentPart):
    """A rate: `points` for every `per_minor` spent on the lines that the rule covers.

    The rule covers a line unless its category or SKU is excluded. Where an include list is given,
    it covers only lines that one of the include lists names.
    """

    id: Annotated[ExternalId, Field(description="The rule's id, unique among the rules.")]
    on: Annotated[Literal["order"], Field(description="What earns points: an order.")]
    points: Annotated[
        StrictInt, Field(ge=1, le=1_000_000, description="Points for each `per_minor` spent.")
    ]
    per_minor: Annotated[
        MinorStep,
        Field(description="The amount that earns `points`, in minor units: 100 is one euro."),
    ]
    whole_steps: Annotated[
        StrictBool,
        Field(
            description="Count only full steps of `per_minor`: 5 points for every full 2.50, and "
            "nothing for a partial step."
        ),
    ] = False
    rounding: Annotated[
        Rounding,
        Field(description="How the points of an order under this rule are rounded."),
    ] = "floor"
    level_multiplies: Annotated[
        StrictBool,
        Field(
            description="Whether the `multiplier_percent` of levels and plans applies to this rule."
        ),
    ] = True
    include_categories: Annotated[
        tuple[Label, ...],
        Field(
            max_length=500, description="Only lines of these categories earn, or `include_skus`."
        ),
    ] = ()
    exclude_categories: Annotated[
        tuple[Label, ...],
        Field(max_length=500, description="Lines of these categories do not earn."),
    ] = ()
    include_skus: Annotated[
        tuple[Label, ...],
        Field(max_length=1000, description="Only these SKUs earn, or `include_categories`."),
    ] = ()
    exclude_skus: Annotated[
        tuple[Label, ...], Field(max_length=1000, description="Lines with these SKUs do not earn.")
    ] = ()
    also_earn_on: Annotated[
        tuple[Charge, ...],
        Field(
            max_length=len(CHARGES),
            description="Gift cards, shipping, tax and tips earn only if they are named here.",
        ),
    ] = ()
    tenders: Annotated[
        TenderKinds,
        Field(
            description="The kinds of payment that earn, such as `stored_value`: an order earns on "
            "the share of its amount that was paid by them; empty: on all of it."
        ),
    ] = ()
    when: Annotated[RuleConditions, Field(description="When and for whom the rule applies.")] = (
        RuleConditions()
    )
    pending_days: Annotated[
        Annotated[StrictInt, Field(ge=0, le=90)] | None,
        Field(description="Days until points of this rule are available; null: the program's."),
    ] = None
    expiry: Annotated[
        Expiry | None,
        Field(
            description="When points of this rule expire; null: according to the member's level or "
            "the program."
        ),
    ] = None
