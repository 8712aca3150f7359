"""Reviewed days of the staff, in the table: one item for each day on which points were moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from loyalty.table import keys
from loyalty.table.engine import every
from loyalty.table.operations import Absent, Put, Query, Refused
from loyalty.table.records.staff_days import staff_day_from_item, staff_day_to_item

if TYPE_CHECKING:
    from loyalty.domain.staff.staff_days import StaffDay
    from loyalty.table.engine import Engine


class TableStaffDays:
    """Implements `StaffDays` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def between(self, first: date, last: date) -> Sequence[StaffDay]:
        partition = keys.staff_day(self._program, "").pk
        query = Query(pk=partition, first=first.isoformat(), last=last.isoformat(), strong=True)
        return [staff_day_from_item(item) for item in every(self._engine, query)]

    def put(self, staff_day: StaffDay) -> None:
        """Store a day, unless it is stored already: what was reported of it stays so."""
        key = keys.staff_day(self._program, staff_day.day.isoformat())
        try:
            self._engine.write([Put(key, staff_day_to_item(staff_day), (Absent(),))])
        except Refused:
            return
