"""Activities of members in the table, and the uses of their limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from loyalty.domain.engagement.activities import ActivityRef
from loyalty.table import keys
from loyalty.table.engine import Engine, every
from loyalty.table.histories import newest
from loyalty.table.operations import (
    Absent,
    AnyOf,
    Condition,
    Delete,
    Increase,
    Missing,
    Operation,
    Put,
    Query,
    Update,
    equal,
    less,
)
from loyalty.table.records.activities import activity_from_item, activity_to_item
from loyalty.table.records.parts import VERSION
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.domain.engagement.activities import ActivityChange, RecordedActivity, UseTaken

_COUNT = ("count",)


class TableActivities:
    """Implements `ActivityShelf` and `MemberActivities`."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def activity(self, ref: ActivityRef) -> RecordedActivity | None:
        item = self._engine.get(keys.activity(self._program, *ref), strong=True)
        return activity_from_item(item) if item else None

    def uses(
        self, member_ids: Collection[str], activity: str, uses: Collection[str]
    ) -> Mapping[tuple[str, str], int]:
        places = {
            keys.activity_use(self._program, member_id, activity, use): (member_id, use)
            for member_id in member_ids
            for use in uses
        }
        found = self._engine.get_many(places, strong=True)
        return {places[key]: cast("int", item["count"]) for key, item in found.items()}

    def waiting(self, member_id: str) -> Sequence[ActivityRef]:
        partition = keys.member_partition(self._program, member_id)
        query = Query(pk=partition, begins_with=keys.WAITING_ACTIVITIES, strong=True)
        items = every(self._engine, query)
        return [ActivityRef(*cast("str", item["sk"]).split("#")[1:]) for item in items]

    def of_members(
        self, member_ids: Sequence[str], *, limit: int, start: str | None
    ) -> Listed[RecordedActivity]:
        partitions = [keys.activities_partition(self._program, each) for each in member_ids]
        page = newest(self._engine, partitions, limit=limit, start=start)
        return Listed([activity_from_item(item) for item in page.items], page.next)


def writes(program: str, change: ActivityChange) -> Iterator[Operation]:
    """The items of a change; see `ActivityChange` for what each relies on."""
    becomes = change.becomes
    before: Condition = (
        equal(("revision",), becomes.revision - 1) if becomes.revision > 1 else Absent()
    )
    yield Put(keys.activity(program, *becomes.ref), activity_to_item(becomes, program), (before,))
    for use in change.uses:
        yield _use(program, use)
    waits = becomes.state == "waiting"
    if becomes.content is not None and waits != change.waited:
        key = keys.waiting_activity(program, becomes.content.member_id, *becomes.ref)
        yield Put(key, {"kind": "waiting_activity", "v": VERSION}) if waits else Delete(key)


def _use(program: str, taken: UseTaken) -> Update:
    """Take up a use of a limit, or give it back; the first one makes the item."""
    room = () if taken.below is None else (AnyOf((Missing(_COUNT), less(_COUNT, taken.below))),)
    return Update(
        keys.activity_use(program, taken.member_id, taken.activity, taken.use),
        actions=(Increase(_COUNT, 1 if taken.below is not None else -1),),
        conditions=room,
        creates=True,
    )
