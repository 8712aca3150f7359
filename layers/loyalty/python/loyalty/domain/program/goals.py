"""Goals: a figure of a report that is to reach a target by a day."""

from typing import Annotated, Final

from pydantic import Field, StrictInt

from loyalty.domain.kernel.fields import Day, ExternalId, Label
from loyalty.domain.program.measures import (
    MEASURES,
    GoalDirection,
    MeasuredColumn,
    MeasuredReport,
    MeasureKind,
)
from loyalty.domain.program.parts import DocumentPart

GOALS_MAX: Final = 20
# As far as a report looks back for the shape of the year before.
GOAL_DAYS_MAX: Final = 366


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
