"""Where goals stand, in the table: an item for each, and one for the figures of past months."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from loyalty.table import keys
from loyalty.table.engine import every
from loyalty.table.operations import Absent, Delete, Put, Query, Refused, equal
from loyalty.table.records.goals import (
    figures_from_item,
    figures_to_item,
    goal_standing_from_item,
    goal_standing_to_item,
)

if TYPE_CHECKING:
    from loyalty.domain.goals.standing import GoalStanding
    from loyalty.domain.program.goal_reach import FigureHistory
    from loyalty.table.engine import Engine


class TableGoals:
    """Implements `GoalBook` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def standings(self) -> Mapping[str, GoalStanding]:
        query = Query(pk=keys.goal(self._program, "").pk, strong=True)
        found = map(goal_standing_from_item, every(self._engine, query))
        return {standing.goal_id: standing for standing in found}

    def put(self, standing: GoalStanding, *, replacing: GoalStanding | None) -> None:
        """Store where a goal stands, unless another evaluation was faster."""
        seen = equal(("evaluated_at",), keys.instant(replacing.evaluated_at)) if replacing else None
        key = keys.goal(self._program, standing.goal_id)
        try:
            self._engine.write([Put(key, goal_standing_to_item(standing), (seen or Absent(),))])
        except Refused:
            return

    def drop(self, goal_id: str) -> None:
        self._engine.write([Delete(keys.goal(self._program, goal_id))])

    def history(self) -> FigureHistory | None:
        item = self._engine.get(keys.figures(self._program), strong=False)
        return figures_from_item(item) if item else None

    def keep_history(self, history: FigureHistory) -> None:
        self._engine.write([Put(keys.figures(self._program), figures_to_item(history))])
