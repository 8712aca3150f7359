"""Lists that are spread over partitions of the `history` index, one for each merged member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from loyalty.table.operations import Item, Query
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.table.engine import Engine


def newest(
    engine: Engine, partitions: Sequence[str], *, limit: int, start: str | None
) -> Listed[Item]:
    """The items of these partitions together, newest first; `start` is the last one's position."""
    found: list[Item] = []
    for partition in partitions:
        # One more than the page shows, to know whether it is the last, and `start` itself.
        query = Query(pk=partition, index="history", newest_first=True, limit=limit + 2, last=start)
        found += (item for item in engine.query(query) if _position(item) != start)
    found.sort(key=_position, reverse=True)
    shown = found[:limit]
    return Listed(shown, _position(shown[-1]) if len(found) > limit else None)


def _position(item: Item) -> str:
    """Where an item stands in a list: when it counted, then a part of its id."""
    return cast("str", item["history_sk"])
