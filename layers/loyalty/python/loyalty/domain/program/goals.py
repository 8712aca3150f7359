"""Goals: a figure of a report that is to reach a target by a day.

`MEASURES` is every figure that can be a goal: the columns of reports that have one value for a
period, and how this value behaves over time.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import Day, ExternalId, Label
from loyalty.domain.program.parts import DocumentPart

GOALS_MAX: Final = 20
# As far as a report looks back for the shape of the year before.
GOAL_DAYS_MAX: Final = 366

MeasureKind = Literal["flow", "level", "rate"]
"""A flow adds up over a period, a level is what it is at its end, a rate is a share of a period."""
GoalDirection = Literal["at_least", "at_most"]
MeasuredReport = Literal[
    "summary", "sources", "campaigns", "rewards", "liability", "liability_age"
]  # fmt: skip
MeasuredColumn = Literal[
    "active_members", "cancelled", "cost_minor", "expired", "granted", "guest_orders",
    "guest_revenue_minor", "liability_minor", "members", "new_members", "open", "orders", "points",
    "points_adjusted", "points_clawed_back", "points_earned", "points_expired", "points_left",
    "points_outstanding", "points_pending", "points_redeemed", "points_worth_minor", "recovered",
    "redeemed", "redemption_rate", "redemptions", "refunded_minor", "revenue_minor", "used",
    "worth_minor",
]  # fmt: skip


def _all(kind: MeasureKind, *columns: MeasuredColumn) -> dict[MeasuredColumn, MeasureKind]:
    return dict.fromkeys(columns, kind)


MEASURES: Final[Mapping[MeasuredReport, Mapping[MeasuredColumn, MeasureKind]]] = {
    "summary": {
        **_all(
            "flow", "new_members", "active_members", "orders", "revenue_minor", "guest_orders",
            "guest_revenue_minor", "redemptions", "points_earned", "points_redeemed",
            "points_clawed_back", "points_expired", "points_adjusted",
        ),
        **_all("level", "members", "points_pending", "points_outstanding", "liability_minor"),
        "redemption_rate": "rate",
    },
    "sources": _all(
        "flow", "orders", "revenue_minor", "refunded_minor", "guest_orders", "guest_revenue_minor",
        "points_earned",
    ),
    "campaigns": _all("flow", "points", "recovered", "points_left", "cost_minor"),
    "rewards": _all(
        "flow", "redeemed", "granted", "used", "open", "expired", "cancelled", "points",
        "points_worth_minor", "cost_minor",
    ),
    "liability": _all("level", "points", "worth_minor"),
    "liability_age": _all("level", "points", "worth_minor"),
}  # fmt: skip

# What says how a program does. Other figures move for reasons that no manager steers.
KEY_FIGURES: Final = frozenset(
    {
        *(("summary", column) for column in (
            "members", "new_members", "active_members", "orders", "revenue_minor", "redemptions",
            "points_redeemed", "points_outstanding", "redemption_rate", "liability_minor",
        )),
        ("sources", "refunded_minor"),
        ("campaigns", "cost_minor"),
        ("rewards", "cost_minor"),
        ("rewards", "used"),
    }
)  # fmt: skip

# Worth by the program's `point_value`, and unknown without it.
WORTH_OF_POINTS: Final = frozenset(
    {
        ("summary", "liability_minor"),
        ("campaigns", "cost_minor"),
        ("rewards", "points_worth_minor"),
        ("liability", "worth_minor"),
        ("liability_age", "worth_minor"),
    }
)


class Goal(DocumentPart):
    """A figure of a report that is to reach a target by a day. Days are the program's."""

    id: Annotated[ExternalId, Field(description="The goal's id, unique among the goals.")]
    name: Annotated[Label, Field(description="What the goal is called.")]
    report: Annotated[MeasuredReport, Field(description="The report that measures it.")] = "summary"
    column: Annotated[
        MeasuredColumn, Field(description="The column of the report: its only value, or its sum.")
    ]
    target: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=10**15,
            description="What it is to reach, in the column's unit; of a rate, in percent.",
        ),
    ]
    direction: Annotated[
        GoalDirection,
        Field(description="Whether the target is to be reached, or not to be passed."),
    ] = "at_least"
    starts_on: Annotated[Day, Field(description="The first day that counts.")]
    by: Annotated[Day, Field(description="The last day that counts.")]

    @property
    def kind(self) -> MeasureKind:
        """How its figure behaves over time. The goal was checked: there is such a figure."""
        return MEASURES[self.report][self.column]

    @property
    def days(self) -> int:
        """The days from the first to the last, both included."""
        return (self.by - self.starts_on).days + 1
