"""The runs that compute segments, in the table: one item for each program, of the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.table import keys
from loyalty.table.operations import Absent, Put, Refused, less
from loyalty.table.records.parts import VERSION, instant_from
from loyalty.usecases.segments import SegmentRun, SegmentSize

if TYPE_CHECKING:
    from loyalty.table.engine import Engine
    from loyalty.table.operations import Condition, Item

_AS_OF: Final = ("as_of",)


class TableSegmentRuns:
    """Implements `SegmentRuns`."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._key = keys.progress(program_id, "segments")

    def last(self) -> SegmentRun | None:
        item = self._engine.get(self._key, strong=True)
        return _from_item(item) if item else None

    def note(self, run: SegmentRun) -> None:
        before = self._engine.get(self._key, strong=True)
        is_behind: Condition = less(_AS_OF, keys.instant(run.as_of)) if before else Absent()
        try:
            self._engine.write((Put(self._key, _to_item(run), (is_behind,)),))
        except Refused:
            # Another run was faster. If it was an earlier one, the next run comes sooner.
            return


def _to_item(run: SegmentRun) -> Item:
    return {
        "v": VERSION,
        "as_of": keys.instant(run.as_of),
        "lists_changed": run.lists_changed,
        "segments": {name: [each.definition, each.members] for name, each in run.sizes.items()},
    }


def _from_item(item: Item) -> SegmentRun:
    wire = cast("dict[str, Any]", item)
    return SegmentRun(
        as_of=instant_from(wire["as_of"]),
        lists_changed=int(wire.get("lists_changed", 0)),
        sizes={
            name: SegmentSize(definition=definition, members=int(members))
            for name, (definition, members) in wire["segments"].items()
        },
    )
