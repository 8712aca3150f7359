"""The sparse indexes: what is due when, and how far the schedules have come."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, cast

from loyalty.table import keys
from loyalty.table.operations import (
    AnyOf,
    Assign,
    Condition,
    Missing,
    Put,
    Query,
    Refused,
    Remove,
    Update,
    equal,
    less,
)
from loyalty.usecases.ledger.sweeps import DueItem, Shard
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.table.engine import Engine

Index = Literal["expiring", "reminding"]

# Keys of some 250 bytes: a quarter of what one query may read.
PAGE_MAX: Final = 1000


class TableDues:
    """Implements `DueList` over one of the indexes."""

    def __init__(self, engine: Engine, *, program_id: str, index: Index = "expiring") -> None:
        self._engine = engine
        self._program = program_id
        self._index = index

    @property
    def shards(self) -> int:
        return keys.SHARDS

    def page(
        self, shard: Shard, *, since: datetime | None, until: datetime, after: str | None = None
    ) -> Listed[DueItem]:
        partition = keys.due_partition(
            self._program, self._index, shard.day.isoformat(), shard.number
        )
        page = self._engine.query(
            Query(
                pk=partition,
                index=self._index,
                first=keys.instant(since) if since else None,
                last=f"{keys.instant(until)}#~",
                limit=PAGE_MAX,
                start=keys.due_position(self._index, self._program, partition, after)
                if after
                else None,
            )
        )
        sort = f"{self._index}_sk"
        found = [DueItem(cast("str", item[sort])) for item in page]
        return Listed(found, cast("str", page.next[sort]) if page.next else None)

    def relist(self, due: DueItem, moment: datetime | None, *, seen: Account | None = None) -> None:
        partition, sort = f"{self._index}_pk", f"{self._index}_sk"
        listed = keys.due_keys(self._index, self._program, due.owner, moment) if moment else {}
        conditions: list[Condition] = [equal((sort,), due.name)]
        if seen is not None:
            day = seen.due
            conditions.append(equal(("due",), day.isoformat()) if day else Missing(("due",)))
        update = Update(
            keys.owner(self._index, self._program, due.owner),
            actions=tuple(
                Assign((name,), listed[name]) if listed else Remove((name,))
                for name in (partition, sort)
            ),
            conditions=tuple(conditions),
        )
        try:
            self._engine.write((update,))
        except Refused:
            # Another write has listed it since it was read, so leave it there.
            return


class TableProgress:
    """Implements `Progress`."""

    def __init__(self, engine: Engine, *, program_id: str, of: str) -> None:
        self._engine = engine
        self._key = keys.progress(program_id, of)

    def reached(self) -> str | None:
        item = self._engine.get(self._key, strong=True)
        return cast("str", item["mark"]) if item else None

    def advance(self, mark: str) -> None:
        is_behind = AnyOf((Missing(("mark",)), less(("mark",), mark)))
        try:
            self._engine.write((Put(self._key, {"v": 1, "mark": mark}, (is_behind,)),))
        except Refused:
            # Another run was faster.
            return
