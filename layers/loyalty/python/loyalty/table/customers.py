"""The latest state of shops' customers, in the table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.customers import CustomerOnFile
from loyalty.table import keys
from loyalty.table.operations import Absent, Condition, Item, Key, Put, Refused, equal

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity, Keyring
    from loyalty.table.engine import Engine


class TableCustomers:
    """Implements `Customers`, of one program."""

    def __init__(self, engine: Engine, *, program_id: str, keyring: Callable[[], Keyring]) -> None:
        self._engine = engine
        self._program = program_id
        self._keyring = keyring

    def find(self, customer: Identity) -> CustomerOnFile:
        item = self._engine.get(self._key(customer), strong=True)
        return customer_from_item(item) if item else CustomerOnFile()

    def note(self, customer: Identity, on_file: CustomerOnFile) -> None:
        seen = on_file.counter - 1
        condition: tuple[Condition, ...] = (equal(("counter",), seen),) if seen else (Absent(),)
        try:
            self._engine.write([Put(self._key(customer), customer_to_item(on_file), condition)])
        except Refused as refused:
            raise TryAgain("Another delivery changed this customer at the same time") from refused

    def _key(self, customer: Identity) -> Key:
        made = self._keyring().digest(customer, program_id=self._program)
        return keys.customer(self._program, made.version, made.digest)


def customer_to_item(on_file: CustomerOnFile) -> Item:
    item: Item = {
        "kind": "customer",
        "v": 1,
        "told_at": keys.instant(on_file.told_at) if on_file.told_at else None,
        "erased": on_file.is_erased,
        "counter": on_file.counter,
    }
    return {name: value for name, value in item.items() if value is not None}


def customer_from_item(item: Item) -> CustomerOnFile:
    wire = cast("dict[str, Any]", item)
    told_at = wire.get("told_at")
    return CustomerOnFile(
        told_at=datetime.fromisoformat(told_at) if told_at else None,
        is_erased=wire["erased"],
        counter=wire["counter"],
    )
