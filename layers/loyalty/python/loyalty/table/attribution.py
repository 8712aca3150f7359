"""Notes on every item what caused its last change, for events and for people who look into it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from loyalty.table.operations import Assign, Operation, Put, Remove, Update

if TYPE_CHECKING:
    from loyalty.table.engine import Engine
    from loyalty.table.operations import Item, Key, Query, QueryPage

CAUSED_BY: Final = "caused_by"


class Attributed:
    """An engine that notes on each item it writes what `cause` names at that moment.

    If it names nothing, the item says nothing: a cause of an earlier change would mislead.
    """

    def __init__(self, engine: Engine, *, cause: Callable[[], str | None]) -> None:
        self._engine = engine
        self._cause = cause

    def get(self, key: Key, *, strong: bool) -> Item | None:
        return self._engine.get(key, strong=strong)

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        return self._engine.get_many(keys, strong=strong)

    def query(self, query: Query) -> QueryPage:
        return self._engine.query(query)

    def write(self, operations: Sequence[Operation]) -> None:
        cause = self._cause()
        self._engine.write([_attributed(each, cause) for each in operations])


def _attributed(operation: Operation, cause: str | None) -> Operation:
    match operation:
        case Put() if cause:
            return replace(operation, item=operation.item | {CAUSED_BY: cause})
        case Update():
            path = (CAUSED_BY,)
            note = Assign(path, cause) if cause else Remove(path)
            return replace(operation, actions=(*operation.actions, note))
        case _:
            return operation
