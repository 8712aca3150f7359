"""The calculator of DynamoDB's units, held against the rules that it is made of."""

from typing import Any

import pytest

from loyalty.table.operations import Item, Key, Put, Query, QueryPage, Refused
from tests.support.units import (
    Cost,
    MeteredEngine,
    index_units,
    item_size,
    metered,
    read_units,
    value_size,
    write_units,
)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("é€", 5),
        (None, 1),
        (True, 1),
        (0, 1),
        (7, 2),
        (42, 2),
        (100, 2),
        (4999, 3),
        (-4999, 4),
        (10**12, 2),
        (123456789012, 7),
        ([], 3),
        ({}, 3),
        (["ab", 1], 3 + (1 + 2) + (1 + 2)),
        ({"a": "bc"}, 3 + 1 + 1 + 2),
        ([[1], {}], 3 + (1 + 3 + 1 + 2) + (1 + 3)),
    ],
)
def test_the_size_of_a_value(value: Any, size: int) -> None:
    assert value_size(value) == size


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    assert item_size({"pk": "PROGRAM", "points": 4999}) == 2 + 7 + 6 + 3


@pytest.mark.parametrize(
    ("size", "strong", "units"),
    [(0, True, 1), (0, False, 0.5), (4096, True, 1), (4097, True, 2), (4097, False, 1)],
)
def test_reads_are_counted_in_4_kb(size: int, strong: bool, units: float) -> None:
    assert read_units(size, strong=strong) == units


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [(None, 1024, 1), (None, 1025, 2), (1025, 1, 2), (1, 1025, 2), (1, None, 1), (None, None, 1)],
)
def test_writes_are_counted_in_1_kb_of_the_larger_of_before_and_after_and_twice_in_transactions(
    before: int | None, after: int | None, units: int
) -> None:
    was, becomes = (item_of(size) if size else None for size in (before, after))

    assert write_units(was, becomes, in_transaction=False) == units
    assert write_units(was, becomes, in_transaction=True) == 2 * units


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        ({}, {}, 0),
        ({}, {"due": "1"}, 1),
        ({"due": "1"}, {}, 1),
        ({"due": "1"}, {"due": "2"}, 2),
        ({"due": "1"}, {"due": "1", "balance": 5}, 0),
    ],
)
def test_a_sparse_index_of_keys_is_written_when_its_key_comes_goes_or_moves(
    before: Item, after: Item, units: int
) -> None:
    assert index_units("expiring", due(before), due(after)) == units


def test_attributes_that_an_index_does_not_have_cost_it_nothing() -> None:
    before: Item = {"pk": "p", "sk": "s", "history_pk": "h", "history_sk": "1"}

    assert index_units("history", before, before | {"points": 5}) == 1
    assert index_units("history", before, before | {"shares": ["x" * 3000]}) == 0
    assert index_units("history", None, before | {"about": {"why": "x" * 3000}}) == 3


def test_every_call_on_the_table_is_counted_by_its_own_rule() -> None:
    large: Item = {"pk": "a", "sk": "1", "text": "x" * 5000}
    engine = MeteredEngine(Holding(large, {"pk": "b", "sk": "1"}))
    a, b, c = Key("a", "1"), Key("b", "1"), Key("c", "1")

    def cost(call: Any) -> tuple[float, ...]:
        with metered(engine) as cost:
            call()
        return cost.round_trips, cost.read, cost.write

    assert cost(lambda: engine.get(a, strong=False)) == (1, 1, 0)
    assert cost(lambda: engine.get(c, strong=True)) == (1, 1, 0)
    assert cost(lambda: engine.get_many([a, b, c], strong=True)) == (1, 2 + 1 + 1, 0)
    assert cost(lambda: engine.query(Query(pk="a", strong=True))) == (1, 2, 0)
    assert cost(lambda: engine.write([Put(a, large)])) == (1, 0, 5)
    assert cost(lambda: engine.write([Put(a, large), Put(b, {})])) == (1, 0, 10 + 2)


def test_a_refused_write_is_paid_as_well_but_not_by_the_indexes() -> None:
    entry: Item = {"pk": "a", "sk": "1", "history_pk": "h", "history_sk": "1"}
    engine = MeteredEngine(Holding(entry, refuses=True))

    with metered(engine) as cost, pytest.raises(Refused):
        engine.write([Put(Key("a", "1"), entry), Put(Key("b", "1"), {})])

    assert cost == Cost(round_trips=1, write=4)


class Holding:
    """An engine with some fixed items."""

    def __init__(self, *items: Item, refuses: bool = False) -> None:
        self._items = {Key(str(item["pk"]), str(item["sk"])): item for item in items}
        self._refuses = refuses

    def get(self, key: Key, *, strong: bool) -> Item | None:
        return self._items.get(key)

    def get_many(self, keys: Any, *, strong: bool) -> dict[Key, Item]:
        return {key: self._items[key] for key in keys if key in self._items}

    def query(self, query: Query) -> QueryPage:
        return QueryPage(tuple(item for key, item in self._items.items() if key.pk == query.pk))

    def write(self, operations: Any) -> None:
        if self._refuses:
            raise Refused({})


def item_of(size: int) -> Item:
    return {"t": "x" * (size - 1)}


def due(parts: Item) -> Item:
    attributes = {name: value for name, value in parts.items() if name != "due"}
    if "due" in parts:
        attributes |= {"expiring_pk": "EXPIRING", "expiring_sk": parts["due"]}
    return {"pk": "p", "sk": "ACCOUNT"} | attributes
