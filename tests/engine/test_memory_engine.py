"""Compare the simulation's table with a real one: same operations, same results and reasons."""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final, cast

import pytest
from botocore.exceptions import ClientError

from local.memory import Invalid, MemoryEngine
from loyalty.table.engine import Engine, Persistent
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
    Refused,
    Remove,
    Update,
    Value,
)

HISTORIES: Final = 550
WRITES_MAX: Final = 5

VALUES: Final[tuple[Value, ...]] = (
    0,
    1,
    2,
    7,
    -3,
    10**12,
    "",
    "1",
    "a",
    "b",
    "ä",
    True,
    False,
    None,
)
ORDERED: Final[tuple[Value, ...]] = (0, 1, 2, 7, -3, 10**12, "1", "a", "b", "ä")
DEEPEST: Final = ("deep", "er", "x")
PATHS: Final[tuple[Path, ...]] = (
    ("n",),
    ("s",),
    ("kind",),
    ("lots", "2026-01-31"),
    ("lots", "2026-02-28"),
    ("lots", "2026-03-31/2026-04-30"),
    DEEPEST,
    ("deep", "y"),
    ("shallow", "x"),
    ("lots",),
)


type Request = Sequence[Operation] | Query | Collection[Key]
type Outcome = tuple[str, object]


def outcome(engine: Engine, request: Request) -> Outcome:
    """The result of a call, in a form in which two engines can be compared."""
    try:
        match request:
            case frozenset():
                return "items", engine.get_many(tuple(request), strong=True)
            case Query():
                return "pages", _pages(engine, request)
            case _:
                engine.write(cast("Sequence[Operation]", request))
                return "written", None
    except Refused as refused:
        return "refused", dict(refused.found)
    except Invalid:
        return "invalid", None
    except ClientError as error:
        if _is_validation(error):
            return "invalid", None
        raise


def _is_validation(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons") or [{}]
    return error.response["Error"]["Code"] == "ValidationException" or any(
        reason.get("Code") == "ValidationError" for reason in reasons
    )


def _pages(engine: Engine, query: Query) -> list[Item]:
    """Every item of a query, page by page; engines may cut pages differently."""
    items: list[Item] = []
    page = engine.query(query)
    items.extend(page)
    while page.next:
        page = engine.query(replace(query, start=page.next))
        items.extend(page)
    return items


def history(seed: int) -> Iterator[Request]:
    """Some writes on a few items of one partition, then every way to read them."""
    draw = random.Random(seed)
    partition = f"HISTORY#{seed}"
    keys = [Key(partition, sort) for sort in ("A", "B#1", "B#2", "C")]
    for _ in range(draw.randint(2, WRITES_MAX)):
        chosen = draw.sample(keys, draw.choice((1, 1, 2, 3)))
        operations = [_operation(draw, key) for key in chosen]
        if len(operations) > 1 or not isinstance(operations[0], Check):
            yield operations
    yield frozenset(keys)
    match draw.choice(("prefix", "range", "history", "expiring", "nothing")):
        case "prefix":
            yield Query(pk=partition, begins_with=draw.choice(("B#", "A", "Z")), strong=True)
        case "range":
            yield Query(pk=partition, first="B#1", last=draw.choice((None, "B#2")), strong=True)
        case "nothing":
            yield Query(pk=partition, index="reminding")
        case index:
            newest_first = draw.random() < 0.5
            limit = draw.choice((1, 2, 50))
            yield Query(pk=partition, index=index, newest_first=newest_first, limit=limit)


def _operation(draw: random.Random, key: Key) -> Operation:
    conditions = tuple(_condition(draw) for _ in range(draw.choice((0, 0, 0, 0, 1, 1, 2))))
    match draw.choice(("put", "put", "update", "update", "update", "delete", "check")):
        case "put":
            return Put(key, _item(draw, key), conditions)
        case "delete":
            return Delete(key, conditions)
        case "check" if conditions:
            return Check(key, conditions)
        case _:
            return _update(draw, key, conditions)


def _item(draw: random.Random, key: Key) -> Item:
    item: Item = {
        "n": draw.choice(VALUES),
        "kind": draw.choice(("placeholder", "accrual")),
        "lots": {"2026-01-31": draw.choice((0, 1, 7)), "2026-02-28": draw.choice(VALUES)},
        "deep": {"er": {"x": draw.choice((1, 2))}} if draw.random() < 0.5 else "shallow",
        "points": [1, {"a": None}],
    }
    if draw.random() < 0.5:
        item |= {"history_pk": key.pk, "history_sk": f"{draw.randint(0, 9)}#{key.sk}"}
    if draw.random() < 0.5:
        item |= {"expiring_pk": key.pk, "expiring_sk": f"{draw.randint(0, 9)}#{key.sk}"}
    return item


def _update(draw: random.Random, key: Key, conditions: tuple[Condition, ...]) -> Update:
    paths = draw.sample(PATHS, draw.choice((1, 2, 3)))
    if ("lots",) in paths:
        # A path together with one below it is refused before an engine sees it.
        paths = [path for path in paths if path[0] != "lots"] or [("lots",)]
    actions = tuple(_action(draw, path) for path in paths)
    guards = tuple(guard for action in actions for guard in _lenient_without(action))
    return Update(key, actions, conditions + guards, creates=True)


def _lenient_without(action: Action) -> Iterator[Condition]:
    """Conditions that exclude updates which the local cloud accepts and DynamoDB refuses.

    These are: removing below a missing map, setting below something that is no map, and adding to
    something that is no number.
    """
    path = action.path
    if isinstance(action, Remove) and len(path) > 1:
        yield Compare(("lots", "2026-01-31") if path[0] == "lots" else DEEPEST, ">=", -10)
    if path[0] == "deep":
        yield AnyOf((Missing(("deep",)), Compare(DEEPEST, ">=", -10)))
    if isinstance(action, Increase):
        yield AnyOf((Missing(path), Compare(path, ">=", -(10**15))))


def _action(draw: random.Random, path: Path) -> Action:
    match draw.choice(("assign", "increase", "increase", "remove")):
        case "assign":
            return Assign(path, {"2026-02-28": 5} if path == ("lots",) else draw.choice(VALUES))
        case "increase":
            return Increase(path, draw.choice((1, -2, 10**12)))
        case _:
            return Remove(path)


def _condition(draw: random.Random) -> Condition:
    match draw.choice(("absent", "missing", "compare", "compare", "compare", "any", "map")):
        case "absent":
            return Absent()
        case "missing":
            return Missing(draw.choice(PATHS))
        case "any":
            return AnyOf((Missing(draw.choice(PATHS)), _compare(draw)))
        case "map":
            return Compare(("lots",), "=", {"2026-01-31": 1, "2026-02-28": draw.choice((1, True))})
        case _:
            return _compare(draw)


def _compare(draw: random.Random) -> Compare:
    relation = draw.choice(("=", "=", "<", "<=", ">", ">="))
    return Compare(
        draw.choice(PATHS), relation, draw.choice(VALUES if relation == "=" else ORDERED)
    )


@pytest.mark.parametrize("part", range(5))
def test_memory_answers_as_the_table_does(engine: Persistent, part: int) -> None:
    real = engine._engine

    for seed in range(part, HISTORIES, 5):
        memory = MemoryEngine()
        for request in history(seed):
            answer = outcome(memory, request)
            if answer[0] == "invalid":
                # DynamoDB refuses a path through something that is no map; the emulator may not.
                continue
            assert answer == outcome(real, request), f"history {seed}: {request}"
