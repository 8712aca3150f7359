"""Where goals stand, and the figures of past months, as the table stores them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.goals.standing import GoalStanding
from loyalty.domain.program.goal_reach import FigureHistory
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.domain.program.goal_reach import Figure
    from loyalty.table.operations import Item


def goal_standing_to_item(standing: GoalStanding) -> Item:
    return {
        "kind": "goal",
        "v": VERSION,
        "goal_id": standing.goal_id,
        "of": standing.of,
        "day": standing.day.isoformat(),
        "value": standing.value,
        "target": standing.target,
        "by": standing.by.isoformat(),
        "expected": standing.expected,
        "forecast": standing.forecast,
        "per_day": standing.per_day,
        "basis": standing.basis,
        "state": standing.state,
        "changes": standing.changes,
        "evaluated_at": keys.instant(standing.evaluated_at),
    }


def goal_standing_from_item(item: Item) -> GoalStanding:
    wire = cast("dict[str, Any]", item)
    return GoalStanding(
        goal_id=wire["goal_id"],
        of=wire["of"],
        day=date.fromisoformat(wire["day"]),
        value=wire["value"],
        target=wire["target"],
        by=date.fromisoformat(wire["by"]),
        expected=wire["expected"],
        forecast=wire["forecast"],
        per_day=wire["per_day"],
        basis=wire["basis"],
        state=wire["state"],
        changes=wire["changes"],
        evaluated_at=instant_from(wire["evaluated_at"]),
    )


def figures_to_item(history: FigureHistory) -> Item:
    """Fractions are texts: the table knows whole numbers only."""
    return {
        "kind": "figures",
        "v": VERSION,
        "day": history.day.isoformat(),
        "months": {
            f"{report}/{column}": [
                repr(each) if isinstance(each, float) else each for each in months
            ]
            for (report, column), months in history.months.items()
        },
    }


def figures_from_item(item: Item) -> FigureHistory:
    wire = cast("dict[str, Any]", item)

    def figure(stored: int | str | None) -> Figure:
        return float(stored) if isinstance(stored, str) else stored

    return FigureHistory(
        day=date.fromisoformat(wire["day"]),
        months={
            cast("tuple[str, str]", tuple(name.split("/"))): [figure(each) for each in months]
            for name, months in wire["months"].items()
        },
    )
