"""Conditions on an order: what `if` of a campaign can say.

What lines contain is read of what the member keeps, or of what they bought. Everything else, such
as the channel, is read of the order itself.
"""

from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from loyalty.domain.program.conditions import (
    AllHold,
    AnyHolds,
    Choices,
    ConditionPart,
    Counted,
    DoesNotHold,
    Priced,
    condition_tag,
)
from loyalty.domain.program.line_selectors import EVERY_LINE, LineSelector

Reading = Literal["kept", "bought"]

_READ: Final = (
    "Whether it is read of what the member keeps after refunds, or of what they bought. A campaign "
    "never pays more when goods go back, so a condition that could become true by a refund must be "
    "read of what was `bought`."
)


class Measure(ConditionPart):
    """Something that is counted or summed over some lines of the order."""

    of: Annotated[LineSelector, Field(description="The lines that count; empty: all goods.")] = (
        EVERY_LINE
    )
    read: Annotated[Reading, Field(description=_READ)] = "kept"


class MoneyMeasure(Measure, Priced):
    """An amount of money over some lines, and its bounds in minor units."""


class AmountCondition(MoneyMeasure):
    """What the lines cost together."""

    fact: Annotated[Literal["amount"], Field(description="What the lines cost together.")]


class UnitsCondition(Measure, Counted):
    """How many units the lines have together."""

    fact: Annotated[Literal["units"], Field(description="How many units the lines have.")]


class DistinctSkusCondition(Measure, Counted):
    """How many different SKUs the lines have; lines without a SKU do not count."""

    fact: Annotated[
        Literal["distinct_skus"], Field(description="How many different SKUs the lines have.")
    ]


class DearestLineCondition(MoneyMeasure):
    """What the dearest of the lines costs, with all its units."""

    fact: Annotated[
        Literal["dearest_line"],
        Field(description="What the dearest of the lines costs, with all its units."),
    ]


class UnitPriceCondition(MoneyMeasure):
    """What one unit of the lines costs on average; it is read of what was bought."""

    fact: Annotated[
        Literal["unit_price"], Field(description="What one unit of the lines costs on average.")
    ]
    read: Annotated[Reading, Field(description="It can only be read of what was `bought`.")] = (
        "bought"
    )


class Circumstance(ConditionPart):
    """Something that an order says about itself, and what it may be."""

    is_in: Annotated[Choices, Field(description="It must be one of these.")]


class ChannelCondition(Circumstance):
    """The channel of the order."""

    fact: Annotated[Literal["channel"], Field(description="The channel of the order.")]


class SourceCondition(Circumstance):
    """The shop or till that the order comes from."""

    fact: Annotated[Literal["source"], Field(description="The shop or till that it comes from.")]


class LocationCondition(Circumstance):
    """The place where the order was made."""

    fact: Annotated[Literal["location"], Field(description="The place where it was made.")]


class TenderCondition(Circumstance):
    """The kind of payment; one of several payments is enough."""

    fact: Annotated[
        Literal["tender"],
        Field(description="The kind of payment; one of several payments is enough."),
    ]


class CodeCondition(Circumstance):
    """A code that was given with the order; capitals do not matter."""

    fact: Annotated[
        Literal["code"],
        Field(description="A code that was given with it; capitals do not matter."),
    ]


class AllOfOrder(AllHold):
    """Several conditions that must all hold."""

    all: Annotated[
        tuple["OrderCondition", ...],
        Field(min_length=1, max_length=30, description="All of these must hold."),
    ]


class AnyOfOrder(AnyHolds):
    """Several conditions of which at least one must hold."""

    any: Annotated[
        tuple["OrderCondition", ...],
        Field(min_length=1, max_length=30, description="At least one of these must hold."),
    ]


class NotOfOrder(DoesNotHold):
    """A condition that must not hold."""

    negated: Annotated["OrderCondition", Field(alias="not", description="This must not hold.")]


OrderMeasure = (
    AmountCondition
    | UnitsCondition
    | DistinctSkusCondition
    | DearestLineCondition
    | UnitPriceCondition
)
OrderCircumstance = (
    ChannelCondition | SourceCondition | LocationCondition | TenderCondition | CodeCondition
)
OrderCondition = Annotated[
    Annotated[AmountCondition, Tag("amount")]
    | Annotated[UnitsCondition, Tag("units")]
    | Annotated[DistinctSkusCondition, Tag("distinct_skus")]
    | Annotated[DearestLineCondition, Tag("dearest_line")]
    | Annotated[UnitPriceCondition, Tag("unit_price")]
    | Annotated[ChannelCondition, Tag("channel")]
    | Annotated[SourceCondition, Tag("source")]
    | Annotated[LocationCondition, Tag("location")]
    | Annotated[TenderCondition, Tag("tender")]
    | Annotated[CodeCondition, Tag("code")]
    | Annotated[AllOfOrder, Tag("(all)")]
    | Annotated[AnyOfOrder, Tag("(any)")]
    | Annotated[NotOfOrder, Tag("(not)")],
    Discriminator(
        condition_tag,
        custom_error_type="unknown_fact",
        custom_error_message=(
            "This must be all, any or not of other conditions, or name a fact of an order: amount, "
            "units, distinct_skus, dearest_line, unit_price, channel, source, location, tender, "
            "code"
        ),
    ),
]
