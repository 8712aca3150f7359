"""The table in memory: it carries out operations as DynamoDB does, one after the other.

Items are values: a stored item is never changed in place. So an image taken earlier stays as it
was, and parts that do not change are not copied.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, cast

from loyalty.table.operations import (
    Absent,
    Action,
    AnyOf,
    Assign,
    Check,
    Compare,
    Condition,
    Delete,
    Increase,
    Item,
    Key,
    Missing,
    Operation,
    Path,
    Put,
    Query,
    QueryPage,
    Refused,
    Remove,
    Update,
    Value,
    validate_transaction,
)
from loyalty.table.records import HISTORY_ATTRIBUTES

# Which refused operations of a transaction an engine reports; our code must cope with any choice.
type Reported = Literal["all", "first", "last"]

INDEXES: Final[Mapping[str, tuple[str, ...]]] = {
    "history": HISTORY_ATTRIBUTES,
    "expiring": (),
    "reminding": (),
}
_INDEX_KEYS: Final = tuple(f"{index}_{part}" for index in INDEXES for part in ("pk", "sk"))
_PARTITIONS: Final = ("pk", *(f"{index}_pk" for index in INDEXES))
_ORDERED: Final = (int, str, bytes)
_NOTHING: Final = object()


class Invalid(Exception):
    """A mistake by the caller, for which DynamoDB raises a ValidationException."""


class Written(NamedTuple):
    """What a write did to one item; `before` or `after` is None where there is no item."""

    key: Key
    before: Item | None
    after: Item | None


class MemoryEngine:
    """Implements `Engine`. Every read is current; others simulate staleness and faults."""

    def __init__(self, *, reported: Reported = "all") -> None:
        self.items: dict[Key, Item] = {}
        self._partitions: defaultdict[tuple[str, Value], dict[Key, None]] = defaultdict(dict)
        self._reports = reported

    def get(self, key: Key, *, strong: bool) -> Item | None:  # noqa: ARG002  # always strong
        return self.items.get(key)

    def get_many(
        self,
        keys: Collection[Key],
        *,
        strong: bool,  # noqa: ARG002  # always strong
    ) -> dict[Key, Item]:
        return {key: self.items[key] for key in keys if key in self.items}

    def query(self, query: Query) -> QueryPage:
        partition = self._partitions.get((_partition(query), query.pk), ())
        return answer(query, [self.items[key] for key in partition])

    def write(self, operations: Sequence[Operation]) -> None:
        self.apply(operations)

    def apply(self, operations: Sequence[Operation]) -> tuple[Written, ...]:
        """Write all of it or nothing; returns what changed.

        Raises:
            Refused: a condition does not hold.
            Invalid: a path leads through a value that is not a map, or adds to one that is not a
                number.
        """
        validate_transaction(operations)
        if len(operations) == 1 and isinstance(operations[0], Check):
            raise ValueError("a check alone changes nothing")
        found = [self.items.get(operation.key) for operation in operations]
        refused = {
            number: item
            for number, (operation, item) in enumerate(zip(operations, found, strict=True))
            if not all(_holds(condition, item) for condition in operation.conditions)
        }
        if refused:
            raise Refused(self._reported(refused))
        written = tuple(
            Written(operation.key, item, _after(operation, item))
            for operation, item in zip(operations, found, strict=True)
            if type(operation) is not Check
        )
        for key, _, after in written:
            if after is None:
                self.items.pop(key, None)
            else:
                self.items[key] = after
        for each in written:
            self._file(each)
        return written

    def _file(self, written: Written) -> None:
        """Note the partitions of an item, because a query reads only its own partition."""
        key, before, after = written
        for name in _PARTITIONS:
            was, becomes = (item.get(name) if item else None for item in (before, after))
            if was == becomes:
                continue
            if was is not None:
                del self._partitions[name, was][key]
            if becomes is not None:
                self._partitions[name, becomes][key] = None

    def _reported(self, refused: dict[int, Item | None]) -> dict[int, Item | None]:
        if self._reports == "all":
            return refused
        number = min(refused) if self._reports == "first" else max(refused)
        return {number: refused[number]}


def answer(query: Query, items: Iterable[Item]) -> QueryPage:
    """A page of these items, as the table or one of its indexes gives it."""
    partition, sort = _partition(query), f"{query.index}_sk" if query.index else "sk"
    found = [
        item
        for item in items
        if item.get(partition) == query.pk and sort in item and _in_range(item[sort], query)
    ]
    # Within one sort key of an index, DynamoDB promises no order. Ours is always the same.
    order = (sort, "pk", "sk")
    found.sort(key=lambda item: _sort_key(item, order), reverse=query.newest_first)
    if query.start is not None:
        after = _sort_key(query.start, order)
        found = [item for item in found if _beyond(_sort_key(item, order), after, query)]
    page = found[: query.limit]
    if query.index:
        page = [_projected(item, query.index) for item in page]
    # DynamoDB stops at the limit without checking whether anything follows.
    more = len(page) == query.limit
    position = {name: page[-1][name] for name in {"pk", "sk", partition, sort}} if more else None
    return QueryPage(() if query.only_counts else tuple(page), position, len(page))


def _partition(query: Query) -> str:
    return f"{query.index}_pk" if query.index else "pk"


def _in_range(sort: Value, query: Query) -> bool:
    text = cast("str", sort)
    if query.begins_with is not None:
        return text.startswith(query.begins_with)
    return (query.first is None or text >= query.first) and (
        query.last is None or text <= query.last
    )


def _sort_key(item: Item, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cast("str", item[name]) for name in names)


def _beyond(one: tuple[str, ...], other: tuple[str, ...], query: Query) -> bool:
    return one < other if query.newest_first else one > other


def _projected(item: Item, index: str) -> Item:
    names = ("pk", "sk", f"{index}_pk", f"{index}_sk", *INDEXES[index])
    return {name: item[name] for name in names if name in item}


def _holds(condition: Condition, item: Item | None) -> bool:
    kind = type(condition)
    if kind is Compare:
        return _compares(cast("Compare", condition), item)
    if kind is Absent:
        return item is None
    if kind is Missing:
        return _value_at(item, cast("Missing", condition).path) is _NOTHING
    return any(_holds(each, item) for each in cast("AnyOf", condition).conditions)


def _value_at(item: Item | None, path: Path) -> object:
    there: object = item
    for name in path:
        if not isinstance(there, dict) or name not in there:
            return _NOTHING
        there = there[name]
    return there


def _compares(condition: Compare, item: Item | None) -> bool:
    relation, value = condition.relation, condition.value
    if relation != "=" and type(value) not in _ORDERED:
        raise Invalid(f"{type(value).__name__} has no order")
    there = _value_at(item, condition.path)
    if there is _NOTHING:
        return False
    if relation == "=":
        return _same(there, value)
    if type(there) is not type(value):
        return False
    one, other = cast("tuple[int, int]", (there, value))
    match relation:
        case ">=":
            return one >= other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case "<":
            return one < other
    raise Invalid(f"there is no relation {relation}")


def _same(one: object, other: object) -> bool:
    """Equal in type and value: True equals 1 in Python, but not in DynamoDB."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


def _after(operation: Operation, item: Item | None) -> Item | None:
    if isinstance(operation, Delete):
        return None
    after = (
        operation.item | {"pk": operation.key.pk, "sk": operation.key.sk}
        if isinstance(operation, Put)
        else _updated(operation.key, item, cast("Update", operation).actions)
    )
    for name in _INDEX_KEYS:
        if name in after and not (isinstance(after[name], str) and after[name]):
            raise Invalid(f"{name} is the key of an index and must be a string that is not empty")
    return after


def _updated(key: Key, item: Item | None, actions: Iterable[Action]) -> Item:
    after: Item = dict(item) if item else {"pk": key.pk, "sk": key.sk}
    # The maps that this update has copied, by path.
    own: dict[Path, Item] = {(): after}
    for action in actions:
        *_, name = path = action.path
        parent = _own(own, path[:-1])
        if isinstance(action, Assign):
            parent[name] = action.value
        elif isinstance(action, Increase):
            before = parent.get(name, 0)
            if type(before) is not int:
                raise Invalid(f"{path} is no number")
            parent[name] = before + action.amount
        elif isinstance(action, Remove):
            parent.pop(name, None)
    return after


def _own(own: dict[Path, Item], path: Path) -> Item:
    if path in own:
        return own[path]
    outer = _own(own, path[:-1])
    inner = outer.get(path[-1])
    if not isinstance(inner, dict):
        raise Invalid(f"there is no map at {path}")
    outer[path[-1]] = own[path] = dict(inner)
    return own[path]
