"""The sources of a program's orders: its tills and shops, as orders name them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from loyalty.table import keys
from loyalty.table.operations import Absent, Item, Put, Query, Refused
from loyalty.usecases.orders.sources import SOURCES_MAX

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

VERSION: Final = 1


class TableSources:
    """Implements `OrderSources`, of every program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self, program_id: str) -> Sequence[str]:
        partition = keys.program_partition(program_id)
        # Readers of the stream that see a source at the same moment may pass the maximum by a few.
        query = Query(pk=partition, begins_with=keys.SOURCES, limit=2 * SOURCES_MAX)
        return [cast("str", item["source"]) for item in self._engine.query(query)]

    def note(self, program_id: str, source: str) -> None:
        with suppress(Refused):
            self._engine.write(
                [Put(keys.source(program_id, source), source_to_item(source), (Absent(),))]
            )


def source_to_item(source: str) -> Item:
    return {"v": VERSION, "kind": "source", "source": source}
