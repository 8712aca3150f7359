"""Operations on the table, as data: an engine carries them out, a simulation interprets them.

An operation that DynamoDB would refuse, but an emulator might accept, is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

type Value = None | bool | int | str | bytes | list[Value] | dict[str, Value]
type Item = dict[str, Value]
type Path = tuple[str, ...]

TRANSACTION_ITEMS_MAX: Final = 100
# DynamoDB allows 300 operators and 4 KB of expression. 40 paths of our longest names stay below,
# with one more that says what caused the update.
PATHS_MAX: Final = 41


class Key(NamedTuple):
    """The address of one item."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no item under this key."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The item, if there is one, has nothing at this path."""

    path: Path


@dataclass(frozen=True, slots=True)
class Compare:
    """The value at a path compares (`=`, `<`, `<=`, `>`, `>=`) with a given one.

    As in DynamoDB, a comparison with a missing value is false.
    """

    path: Path
    relation: str
    value: Value


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these holds."""

    conditions: tuple[Missing | Compare, ...]


type Condition = Absent | Missing | Compare | AnyOf


def equal(path: Path, value: Value) -> Compare:
    return Compare(path, "=", value)


def at_least(path: Path, value: Value) -> Compare:
    return Compare(path, ">=", value)


def at_most(path: Path, value: Value) -> Compare:
    return Compare(path, "<=", value)


def less(path: Path, value: Value) -> Compare:
    return Compare(path, "<", value)


def greater(path: Path, value: Value) -> Compare:
    return Compare(path, ">", value)


@dataclass(frozen=True, slots=True)
class Assign:
    """`SET path = value`."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Increase:
    """`SET path = if_not_exists(path, 0) + amount`; the amount may be negative."""

    path: Path
    amount: int


@dataclass(frozen=True, slots=True)
class Remove:
    """`REMOVE path`."""

    path: Path


type Action = Assign | Increase | Remove


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item, if its conditions hold."""

    key: Key
    item: Item
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """Change parts of an item, if its conditions hold.

    Raises:
        ValueError: two actions on one path or on a path and its parent, too many paths, or an
            update that could create an incomplete item by accident (`creates` allows it).
    """

    key: Key
    actions: tuple[Action, ...]
    conditions: tuple[Condition, ...] = ()
    creates: bool = False

    def __post_init__(self) -> None:
        paths = sorted(action.path for action in self.actions)
        if not paths:
            raise ValueError("an update needs an action")
        if len(paths) > PATHS_MAX:
            raise ValueError(f"{len(paths)} paths in one update, {PATHS_MAX} are allowed")
        for path, following in pairwise(paths):
            # In sorted order, a path comes right before the paths below it.
            if following[: len(path)] == path:
                raise ValueError(f"paths overlap: {path} and {following}")
        if not self.creates and not any(isinstance(c, Compare) for c in self.conditions):
            raise ValueError("an update must rely on something that only an existing item has")


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item, if its conditions hold."""

    key: Key
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Change nothing; fail the transaction unless the conditions hold."""

    key: Key
    conditions: tuple[Condition, ...]


type Operation = Put | Update | Delete | Check


def validate_transaction(operations: Sequence[Operation]) -> None:
    """Refuse a transaction that the table would refuse.

    Raises:
        ValueError: no operation, too many, or two on one item.
    """
    if not 0 < len(operations) <= TRANSACTION_ITEMS_MAX:
        raise ValueError(f"{len(operations)} operations in one transaction")
    keys = {operation.key for operation in operations}
    if len(keys) != len(operations):
        raise ValueError("two operations on one item in one transaction")


class Refused(Exception):
    """A condition did not hold; nothing was written.

    `found` maps the index of each operation whose condition failed to the item in its place
    (None: no item). An engine may report only some of them.
    """

    def __init__(self, found: Mapping[int, Item | None]) -> None:
        super().__init__(f"refused: operations {sorted(found)}")
        self.found = found


class Transient(Exception):
    """A conflict, a throttle or a lost answer: the write may have happened or not; repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Items of one partition in the order of their sort key.

    `index` names a secondary index (its keys are `<index>_pk`, `<index>_sk`). `begins_with`,
    or `first` and `last` (both included), bound the sort key; `start` is the last page's `next`.
    `only_counts` sends how many items there are, and none of them.
    """

    pk: str
    index: str | None = None
    begins_with: str | None = None
    first: str | None = None
    last: str | None = None
    newest_first: bool = False
    limit: int = 100
    start: Item | None = None
    strong: bool = False
    only_counts: bool = False


@dataclass(frozen=True, slots=True)
class QueryPage:
    """One page of a query; `next` is None on the last page. `count` is how many items it found."""

    items: tuple[Item, ...]
    next: Item | None = None
    count: int = 0

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)
