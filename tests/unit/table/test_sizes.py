"""What is larger than DynamoDB takes is refused by us, which the local cloud would let pass."""

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import TooLarge
from loyalty.table.engine import DynamoEngine, Persistent
from loyalty.table.operations import Assign, Item, Key, Operation, Put, Update, Value, equal
from loyalty.table.sizes import ITEM_BYTES_MAX, item_size
from tests.support.planned_service import PlannedService, refusal

KEY = Key("p", "s")
# "pk" and "sk" with a letter each, and the name of what fills the item.
FRAME = 2 + 1 + 2 + 1 + len("text")


def table() -> tuple[Persistent, MemoryEngine]:
    memory = MemoryEngine()
    return Persistent(memory, pause=lambda _attempt: None), memory


def filled(size: int) -> Item:
    """An item of this many bytes, its keys included."""
    return {"text": "x" * (size - FRAME)}


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
        (1_000, 2),
        (12_345, 4),
        (-12, 3),
        ([], 3),
        (["ab", None], 3 + (1 + 2) + (1 + 1)),
        ({}, 3),
        ({"ab": "c"}, 3 + 1 + 2 + 1),
    ],
)
def test_a_value_is_as_large_as_dynamodb_counts_it(value: Value, size: int) -> None:
    assert item_size({"name": value}) == 4 + size


def test_an_item_of_exactly_400_kb_is_written() -> None:
    persistent, memory = table()

    persistent.write([Put(KEY, filled(ITEM_BYTES_MAX))])

    assert item_size(memory.items[KEY]) == ITEM_BYTES_MAX == 409_600


def test_an_item_of_one_byte_more_is_refused_and_nothing_is_written() -> None:
    persistent, memory = table()

    with pytest.raises(TooLarge, match="400 KB"):
        persistent.write([Put(Key("p", "t"), {}), Put(KEY, filled(ITEM_BYTES_MAX + 1))])

    assert memory.items == {}


@pytest.mark.parametrize(("more", "is_refused"), [(0, False), (1, True)])
def test_a_transaction_over_4_mb_is_refused(more: int, *, is_refused: bool) -> None:
    persistent, memory = table()
    sizes = [ITEM_BYTES_MAX] * 10 + [4 * 1024 * 1024 - 10 * ITEM_BYTES_MAX + more]
    operations = [
        Put(Key("p", chr(ord("a") + number)), filled(size)) for number, size in enumerate(sizes)
    ]

    if is_refused:
        with pytest.raises(TooLarge, match="4096 KB"):
            persistent.write(operations)
    else:
        persistent.write(operations)

    assert len(memory.items) == (0 if is_refused else 11)


@pytest.mark.parametrize("operations", [1, 2])
def test_an_update_that_makes_an_item_too_large_is_refused_too(operations: int) -> None:
    update = Update(KEY, (Assign(("text",), "x"),), (equal(("v",), 1),))
    written: list[Operation] = [update, Put(Key("p", "t"), {})]
    message = "Item size to update has exceeded the maximum allowed size"
    reasons = [{"Code": "ValidationError", "Message": message}, {"Code": "None"}]
    answer = (
        refusal("ValidationException", message=message)
        if operations == 1
        else refusal("TransactionCanceledException", CancellationReasons=reasons)
    )

    with pytest.raises(TooLarge):
        DynamoEngine(PlannedService(answer), table="t").write(written[:operations])
