"""The rounds that offer campaigns, in the table: the day of the last one of a program."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from loyalty.table import keys
from loyalty.table.operations import Put
from loyalty.table.records.parts import VERSION, maybe_date

if TYPE_CHECKING:
    from loyalty.table.engine import Engine


class TableOffers:
    """Implements `OfferBook` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._key = keys.progress(program_id, "offers")

    def offered_on(self) -> date | None:
        item = self._engine.get(self._key, strong=True)
        return maybe_date(cast("str", item["day"])) if item else None

    def note_offered(self, day: date) -> None:
        self._engine.write([Put(self._key, {"v": VERSION, "day": day.isoformat()})])
