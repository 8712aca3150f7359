"""Conditions on what a member did in the past, which only the lake knows.

They are decided by an hourly run over all members. `days` counts back from the run's day in the
program's time zone, which is included: an order of 90 days ago is one of the last 90 days.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import ExternalId
from loyalty.domain.program.conditions import (
    ConditionPart,
    CountBound,
    Counted,
    Priced,
)
from loyalty.domain.program.line_selectors import LineSelector

DaysBack = Annotated[StrictInt, Field(ge=1, le=3660)]
Quintile = Annotated[StrictInt, Field(ge=1, le=5)]
Quintiles = Annotated[
    tuple[Quintile, ...],
    Field(
        min_length=1,
        max_length=5,
        description="Fifths of the members who ordered in these days: 5 is the highest.",
    ),
]
ComparedDays = Annotated[
    DaysBack, Field(description="The days whose orders are compared, back from today.")
]


class SpentCondition(Priced):
    """What the member spent in the last days: the value of orders, less refunds."""

    fact: Annotated[
        Literal["spent"],
        Field(description="The value of the member's orders in these days, less refunds in them."),
    ]
    days: Annotated[DaysBack, Field(description="How many days back.")]


class OrdersCondition(Counted):
    """How often the member ordered in the last days."""

    fact: Annotated[
        Literal["orders"], Field(description="The number of the member's orders in these days.")
    ]
    days: Annotated[DaysBack, Field(description="How many days back.")]


class BoughtCondition(Counted):
    """How many units of some goods the member bought in the last days, refunded ones included."""

    fact: Annotated[
        Literal["bought"],
        Field(description="The units of these goods that the member bought in these days."),
    ]
    of: Annotated[LineSelector, Field(description="The goods.")]
    days: Annotated[DaysBack, Field(description="How many days back.")]
    at_least: Annotated[
        CountBound | None, Field(description="The lowest number, included; null: no bound.")
    ] = 1


class RecencyCondition(ConditionPart):
    """How recently the member ordered, compared with the others who did."""

    fact: Annotated[
        Literal["recency"], Field(description="By how recently the member ordered last.")
    ]
    is_in: Quintiles
    days: ComparedDays = 365


class FrequencyCondition(ConditionPart):
    """How often the member ordered, compared with the others who did."""

    fact: Annotated[Literal["frequency"], Field(description="By how often the member ordered.")]
    is_in: Quintiles
    days: ComparedDays = 365


class MonetaryCondition(ConditionPart):
    """How much the member spent, less refunds, compared with the others who ordered."""

    fact: Annotated[
        Literal["monetary"], Field(description="By how much the member spent, less refunds.")
    ]
    is_in: Quintiles
    days: ComparedDays = 365


class ListedCondition(ConditionPart):
    """The member is on the segment's list, which is kept through the API."""

    fact: Annotated[
        Literal["listed"],
        Field(description="The member is on the segment's list, which is kept through the API."),
    ]


class SilentCondition(ConditionPart):
    """The member has not ordered for longer than is usual for them.

    The usual gap is the mean number of days between their orders; it needs three orders.
    """

    fact: Annotated[
        Literal["silent"],
        Field(description="The member has been silent for longer than their usual gap."),
    ]
    percent_of_gap: Annotated[
        StrictInt,
        Field(
            ge=100,
            le=10_000,
            description="How long, in percent of the mean days between their orders: with 200, "
            "longer than twice the usual gap.",
        ),
    ] = 200


class ScoreCondition(Counted):
    """The member's latest answer to a survey."""

    fact: Annotated[
        Literal["score"], Field(description="The score of the member's latest answer to a survey.")
    ]
    survey: Annotated[ExternalId, Field(description="The survey's id.")]


class RedeemedCondition(Counted):
    """How many rewards the member redeemed in the last days; cancelled ones do not count."""

    fact: Annotated[
        Literal["redeemed"],
        Field(description="The number of rewards that the member redeemed in these days."),
    ]
    days: Annotated[DaysBack, Field(description="How many days back.")]


LakeCount = OrdersCondition | RedeemedCondition | ScoreCondition | BoughtCondition | SpentCondition
LakeRank = RecencyCondition | FrequencyCondition | MonetaryCondition
