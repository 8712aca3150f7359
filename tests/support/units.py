"""What a call on the table costs, by DynamoDB's own rules.

The rules are those of the Amazon DynamoDB Developer Guide: "DynamoDB item sizes and formats",
"DynamoDB read and write operations" (capacity unit consumption), "Amazon DynamoDB Transactions:
How it works" (capacity management) and "Using Global Secondary Indexes" (provisioned throughput
considerations). No local engine counts all of it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched
from typing import Final, Self

from loyalty.table.engine import BATCH_GET_MAX, Engine
from loyalty.table.operations import Item, Key, Operation, Query, QueryPage, Refused, Value
from tests.support.table import INDEXES

READ_UNIT_BYTES: Final = 4096
WRITE_UNIT_BYTES: Final = 1024


def item_size(item: Mapping[str, Value]) -> int:
    """The sum of the sizes of its attributes: of each its name in UTF-8, and its value."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Value) -> int:
    """Bytes of a value.

    Text: its UTF-8. Bytes: as many as there are. Numbers: a byte for two significant digits, zeros
    on both ends trimmed, and one more; a negative one yet another. Null and Boolean: one. Lists and
    maps: 3, and of each element one beside its own size.
    """
    match value:
        case None | bool():
            return 1
        case bytes():
            return len(value)
        case int():
            digits = str(abs(value)).rstrip("0")
            return (len(digits) + 1) // 2 + 1 + (value < 0)
        case str():
            return len(value.encode())
        case list():
            return 3 + sum(1 + value_size(each) for each in value)
        case dict():
            return 3 + len(value) + item_size(value)


def read_units(size: int, *, strong: bool) -> float:
    """A strong read of up to 4 KB is a unit, an ordinary one half of it; so is one of nothing."""
    return _units(size, READ_UNIT_BYTES) * (1.0 if strong else 0.5)


def write_units(before: Item | None, after: Item | None, *, in_transaction: bool) -> int:
    """A write of up to 1 KB is a unit, of the larger of what was there and what is.

    In a transaction twice that: it is prepared, then committed.
    """
    size = max(item_size(item or {}) for item in (before, after))
    return _units(size, WRITE_UNIT_BYTES) * (2 if in_transaction else 1)


def index_units(index: str, before: Item | None, after: Item | None) -> int:
    """What a write costs in an index, which follows the table and knows no transactions.

    An entry that comes, goes or changes is one write of its size; one whose key changes is
    deleted and put: two. What an index does not carry costs it nothing.
    """
    was, becomes = _entry(index, before), _entry(index, after)
    if was == becomes:
        return 0
    if was and becomes and _key(index, was) == _key(index, becomes):
        return _units(max(item_size(was), item_size(becomes)), WRITE_UNIT_BYTES)
    return sum(_units(item_size(entry), WRITE_UNIT_BYTES) for entry in (was, becomes) if entry)


def _entry(index: str, item: Item | None) -> Item:
    """An item as an index carries it: nothing without the index's keys."""
    if not item or f"{index}_pk" not in item or f"{index}_sk" not in item:
        return {}
    carried = {"pk", "sk", f"{index}_pk", f"{index}_sk"}
    carried |= set(INDEXES[index].get("NonKeyAttributes", ()))
    return {name: value for name, value in item.items() if name in carried}


def _key(index: str, entry: Item) -> tuple[Value, Value]:
    return entry[f"{index}_pk"], entry[f"{index}_sk"]


def _units(size: int, unit: int) -> int:
    return max(1, -(-size // unit))


@dataclass(slots=True)
class Cost:
    """Round trips, read units, write units of the table, and of each index that was written."""

    round_trips: int = 0
    read: float = 0
    write: int = 0
    indexes: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: Self) -> "Cost":
        return Cost(
            self.round_trips + other.round_trips,
            self.read + other.read,
            self.write + other.write,
            dict(Counter(self.indexes) + Counter(other.indexes)),
        )


class MeteredEngine:
    """An engine that counts what is asked of another one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.cost = Cost()

    def get(self, key: Key, *, strong: bool) -> Item | None:
        item = self._engine.get(key, strong=strong)
        self._read([item], strong=strong)
        return item

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        """Of a batch, each item is rounded up by itself."""
        found = self._engine.get_many(keys, strong=strong)
        for some in batched(dict.fromkeys(keys), BATCH_GET_MAX, strict=False):
            self._read([found.get(key) for key in some], strong=strong)
        return found

    def query(self, query: Query) -> QueryPage:
        """Of a query, all items together are rounded up."""
        page = self._engine.query(query)
        self.cost.round_trips += 1
        self.cost.read += read_units(sum(map(item_size, page)), strong=query.strong)
        return page

    def write(self, operations: Sequence[Operation]) -> None:
        """A write that is refused costs the table what it would have, and its indexes nothing."""
        before = self._items(operations)
        try:
            self._engine.write(operations)
        except Refused:
            self._written(before, before)
            raise
        self._written(before, self._items(operations))

    def _read(self, items: Sequence[Item | None], *, strong: bool) -> None:
        self.cost.round_trips += 1
        self.cost.read += sum(read_units(item_size(item or {}), strong=strong) for item in items)

    def _written(self, before: Sequence[Item | None], after: Sequence[Item | None]) -> None:
        self.cost.round_trips += 1
        for was, becomes in zip(before, after, strict=True):
            self.cost.write += write_units(was, becomes, in_transaction=len(before) > 1)
            for index in INDEXES:
                if units := index_units(index, was, becomes):
                    self.cost.indexes[index] = self.cost.indexes.get(index, 0) + units

    def _items(self, operations: Sequence[Operation]) -> list[Item | None]:
        return [self._engine.get(operation.key, strong=True) for operation in operations]


@contextmanager
def metered(engine: MeteredEngine) -> Iterator[Cost]:
    """What is asked of the engine from here on, alone."""
    engine.cost = Cost()
    yield engine.cost
