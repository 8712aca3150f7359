"""Where the goals of a program stand, as the API answers it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from loyalty.domain.goals.standing import ForecastBasis, GoalStanding, GoalState, digest_of
from loyalty.domain.program.goals import Goal
from loyalty.domain.program.measures import GoalDirection, MeasureKind
from loyalty.edge.http.schemas import AnswerPart


class GoalAnswer(AnswerPart):
    """A goal, and where it stands after the last day that is over.

    Figures are in the unit of the report's column; those of a rate are in percent. They are null
    until the goal was evaluated.
    """

    id: Annotated[str, Field(description="The goal's id.")]
    name: Annotated[str, Field(description="What it is called.")]
    report: Annotated[str, Field(description="The report that measures it.")]
    column: Annotated[str, Field(description="The column of the report.")]
    kind: Annotated[
        MeasureKind,
        Field(
            description="`flow` adds up over the goal's days, `level` is what it is at their end, "
            "`rate` is a share of them."
        ),
    ]
    direction: Annotated[
        GoalDirection, Field(description="Whether to reach the target, or not to pass it.")
    ]
    starts_on: Annotated[date, Field(description="The first day that counts.")]
    by: Annotated[date, Field(description="The last day that counts.")]
    target: Annotated[int, Field(description="What it is to reach.")]
    day: Annotated[date | None, Field(description="The day after which it was evaluated.")]
    value: Annotated[int | None, Field(description="The figure after that day.")]
    expected: Annotated[
        int | None, Field(description="What the figure would be by now on the way to the target.")
    ]
    forecast: Annotated[
        int | None, Field(description="Where it will end if it goes on as it does.")
    ]
    forecast_by: Annotated[
        ForecastBasis | None,
        Field(
            description="How the rest is expected to go: as the same days of `last_year`, or "
            "`even` with those that are over."
        ),
    ]
    per_day: Annotated[
        int | None,
        Field(
            description="What has to come on each day that is left, or may come without passing "
            "the target; null for a rate, and when no day is left."
        ),
    ]
    state: Annotated[
        GoalState | None,
        Field(
            description="`at_risk`: the forecast misses the target. `reached` and `missed`: it is "
            "decided."
        ),
    ]
    evaluated_at: Annotated[datetime | None, Field(description="When it was evaluated, in UTC.")]


class Goals(AnswerPart):
    """The goals of a program."""

    items: Annotated[
        tuple[GoalAnswer, ...], Field(description="The goals, in the order of the document.")
    ]


def goals_answer(goals: tuple[Goal, ...], stood: Mapping[str, GoalStanding]) -> Goals:
    return Goals(items=tuple(_goal(goal, stood.get(goal.id)) for goal in goals))


def _goal(goal: Goal, found: GoalStanding | None) -> GoalAnswer:
    # Of a goal that was changed since, nothing is known before the next day.
    standing = found if found and found.of == digest_of(goal) else None
    return GoalAnswer(
        id=goal.id,
        name=goal.name,
        report=goal.report,
        column=goal.column,
        kind=goal.kind,
        direction=goal.direction,
        starts_on=goal.starts_on,
        by=goal.by,
        target=goal.target,
        day=standing.day if standing else None,
        value=standing.value if standing else None,
        expected=standing.expected if standing else None,
        forecast=standing.forecast if standing else None,
        forecast_by=standing.basis if standing else None,
        per_day=standing.per_day if standing else None,
        state=standing.state if standing else None,
        evaluated_at=standing.evaluated_at if standing else None,
    )
