"""How large items are, as DynamoDB counts, so that we refuse what it would refuse.

The local cloud enforces neither limit. Sizes follow the developer guide ("DynamoDB item sizes and
formats"); where it says "approximately", this counts the larger number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from loyalty.domain.kernel.errors import TooLarge
from loyalty.table.operations import Assign, Key, Operation, Put, Update, Value

ITEM_BYTES_MAX: Final = 400 * 1024
TRANSACTION_BYTES_MAX: Final = 4 * 1024 * 1024
# Of a list or a map, and of each of its elements.
_CONTAINER_BYTES: Final = 3
_ELEMENT_BYTES: Final = 1


def require_sizes(operations: Sequence[Operation]) -> None:
    """Refuse items and transactions that are larger than the table takes.

    How large an item is after an update only the table can tell.

    Raises:
        TooLarge: an item that is put is over 400 KB, or all together are over 4 MB.
    """
    total = 0
    for operation in operations:
        size = _operation_size(operation)
        if isinstance(operation, Put) and size > ITEM_BYTES_MAX:
            raise TooLarge(
                f"Its record would have {size // 1024} KB; {ITEM_BYTES_MAX // 1024} KB are possible"
            )
        total += size
    if total > TRANSACTION_BYTES_MAX:
        raise TooLarge(
            f"Its records would have {total // 1024} KB together; "
            f"{TRANSACTION_BYTES_MAX // 1024} KB are possible"
        )


def item_size(item: Mapping[str, Value]) -> int:
    """Bytes of an item, its keys included."""
    return sum(_text_size(name) + _value_size(value) for name, value in item.items())


def _operation_size(operation: Operation) -> int:
    match operation:
        case Put():
            return item_size(operation.item | operation.key._asdict())
        case Update():
            assigned = (each for each in operation.actions if isinstance(each, Assign))
            return _key_size(operation.key) + sum(
                _text_size(each.path[-1]) + _value_size(each.value) for each in assigned
            )
        case _:
            return _key_size(operation.key)


def _key_size(key: Key) -> int:
    return item_size(key._asdict())


def _value_size(value: Value) -> int:
    match value:
        case str():
            return _text_size(value)
        case bytes():
            return len(value)
        case None | bool():
            return 1
        case int():
            return _number_size(value)
        case list():
            return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + _value_size(each) for each in value)
        case dict():
            return _CONTAINER_BYTES + len(value) * _ELEMENT_BYTES + item_size(value)


def _text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _number_size(number: int) -> int:
    """A byte for two digits, zeros at the end left out, and one more; one for a minus."""
    digits = len(str(abs(number)).rstrip("0"))
    return (digits + 1) // 2 + 1 + (number < 0)
