"""Moto's transactions, undone item by item.

Moto copies the whole table, and its stream, before each transaction. The more a test has written,
the longer each of its next writes took: half of the time of all tests on moto.
"""

import copy
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

_transact_write_items: Final = DynamoDBBackend.transact_write_items


@dataclass(frozen=True, slots=True)
class _Before:
    """What an item was before a transaction, and how many changes its table's stream had."""

    table: Table
    partition: DynamoType
    sort: DynamoType
    item: Item | None
    stream_length: int

    def put_back(self) -> None:
        items = self.table.items[self.partition]
        if self.item is None:
            items.pop(self.sort, None)
        else:
            items[self.sort] = self.item
        if self.table.stream_shard is not None:
            del self.table.stream_shard.items[self.stream_length :]


def _before(backend: DynamoDBBackend, operation: dict[str, Any]) -> _Before | None:
    """None: moto refuses the transaction before it gets to this operation's item."""
    table = backend.tables.get(operation.get("TableName", ""))
    named = operation.get("Key") or operation.get("Item") or {}
    if table is None or not {"pk", "sk"} <= named.keys():
        return None
    partition, sort = DynamoType(named["pk"]), DynamoType(named["sk"])
    item = copy.deepcopy(table.get_item(partition, sort))
    shard = table.stream_shard
    return _Before(table, partition, sort, item, len(shard.items) if shard else 0)


def transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """In place of `DynamoDBBackend.transact_write_items`, for tables with a `pk` and an `sk`."""
    operations = [operation for each in transact_items for operation in each.values()]
    before = [_before(backend, each) for each in operations]
    try:
        with patch.object(Table, "__deepcopy__", lambda table, _memo: table, create=True):
            _transact_write_items(backend, transact_items)
    except Exception:
        for each in before:
            if each is not None:
                each.put_back()
        raise
