"""Erasures in the table: those that are not done yet, and what they delete there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import batched
from typing import Any, cast

from loyalty.domain.ledger.entries import Placeholder
from loyalty.domain.people.erasure import Asked, Erasure, GuestOrder, NamedOrder, Unfinished
from loyalty.domain.people.identity import Identity
from loyalty.table import keys, records
from loyalty.table.engine import BATCH_GET_MAX, Engine, every, key_of
from loyalty.table.operations import (
    TRANSACTION_ITEMS_MAX,
    Assign,
    Compare,
    Delete,
    Item,
    Key,
    Operation,
    Put,
    Query,
    Refused,
    Remove,
    Update,
    equal,
)
from loyalty.usecases.ports import Raced

VERSION = 1


class TableErasures:
    """Implements `Erasures` and `Traces` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def begin(self, erasure: Erasure) -> None:
        self._engine.write([begun(erasure, self._program)])

    def unfinished(self, *, begun_by: datetime) -> Sequence[Unfinished]:
        """Of each no more than this is read, so that one that cannot be read hides no other."""
        query = Query(pk=keys.erasure(self._program, "").pk, strong=True)
        found = [unfinished_from_item(item) for item in every(self._engine, query)]
        return [each for each in found if each.asked.begun_at <= begun_by]

    def find(self, erasure_id: str) -> Erasure | None:
        item = self._engine.get(keys.erasure(self._program, erasure_id), strong=True)
        return erasure_from_item(item) if item else None

    def still_asked(self, asked: Sequence[Asked]) -> Sequence[Erasure]:
        at = [keys.erasure(self._program, each.erasure_id) for each in asked]
        found = [
            erasure_from_item(item)
            for some in batched(at, BATCH_GET_MAX, strict=False)
            for item in self._engine.get_many(some, strong=True).values()
        ]
        return [each for each in found if each.asked in asked]

    def add_orders(self, erasure: Erasure, orders: Collection[NamedOrder]) -> None:
        more = replace(erasure, orders=erasure.orders | set(orders), revision=erasure.revision + 1)
        seen = (_as_asked(erasure), equal(("revision",), erasure.revision))
        try:
            self._engine.write([replace(begun(more, self._program), conditions=seen)])
        except Refused as refused:
            raise Raced from refused

    def note_traces_gone(self, erasure: Erasure) -> None:
        gone = (Assign(("are_traces_gone",), value=True),)
        # Refused: done by another run, or asked for once more since then.
        with suppress(Refused):
            self._engine.write([Update(self._key(erasure), gone, (_as_asked(erasure),))])

    def done(self, erasure: Erasure) -> None:
        # Refused: done before, or asked for once more since then.
        with suppress(Refused):
            self._engine.write([Delete(self._key(erasure), (_as_asked(erasure),))])

    def guest_orders(self, guest: str) -> Sequence[GuestOrder]:
        partition = keys.guest_order(self._program, guest, "", "", "").pk
        return [
            GuestOrder(
                guest,
                listed_as=cast("str", item["sk"]),
                source=cast("str", item["source"]),
                order_id=cast("str", item["order"]),
            )
            for item in every(self._engine, Query(pk=partition, strong=True))
        ]

    def forget_guest(self, order: GuestOrder) -> None:
        key = keys.accrual(self._program, order.source, order.order_id)
        item = self._engine.get(key, strong=True)
        kept = records.entry_from_item(item) if item else None
        if not isinstance(kept, Placeholder) or not kept.guest:
            # Claimed, or parted before: only what it was found by is left.
            listed = keys.guest_order(self._program, order.guest, "", "", "").pk
            self._engine.write([Delete(Key(listed, order.listed_as))])
            return
        parted = replace(kept, guest="", also=(), count=kept.count + 1)
        seen = (equal(("kind",), "placeholder"), equal(("count",), kept.count))
        found_by = records.guest_orders_of(kept, self._program)
        operations: list[Operation] = [
            Put(key, records.placeholder_to_item(parted, self._program), seen),
            *(Delete(key_of(each)) for each in found_by),
        ]
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Raced from refused

    def forget_messages(self, member_id: str) -> None:
        """What they were told, and what is to be told next."""
        partition = keys.member_partition(self._program, member_id)
        query = Query(pk=partition, begins_with=keys.MESSAGES)
        self._delete(key_of(item) for item in every(self._engine, query))
        self._engine.write([Delete(keys.correspondence(self._program, member_id))])

    def forget_comments(self, member_id: str) -> None:
        partition = keys.member_partition(self._program, member_id)
        for item in every(
            self._engine, Query(pk=partition, begins_with=keys.RESPONSES, strong=True)
        ):
            is_there = equal(("kind",), "survey_response")
            self._engine.write([Update(key_of(item), (Remove(("about", "comment")),), (is_there,))])

    def _key(self, erasure: Erasure) -> Key:
        return keys.erasure(self._program, erasure.erasure_id)

    def _delete(self, found: Iterator[Key]) -> None:
        for some in batched(list(found), TRANSACTION_ITEMS_MAX, strict=False):
            self._engine.write([Delete(key) for key in some])


def _as_asked(erasure: Erasure) -> Compare:
    return equal(("begun_at",), keys.instant(erasure.begun_at))


def begun(erasure: Erasure, program: str) -> Put:
    """What begins an erasure, alone or with the deletion that it finishes."""
    return Put(keys.erasure(program, erasure.erasure_id), erasure_to_item(erasure))


def erasure_to_item(erasure: Erasure) -> Item:
    item: Item = {
        "v": VERSION,
        "kind": "erasure",
        "erasure": erasure.erasure_id,
        "begun_at": keys.instant(erasure.begun_at),
        "identities": [[each.kind, each.value, each.source] for each in erasure.identities],
        "member_ids": list(erasure.member_ids),
        "orders": [list(order) for order in sorted(erasure.orders)],
        "revision": erasure.revision,
    }
    if erasure.source is not None:
        item["source"] = erasure.source
    if erasure.storefront_id is not None:
        item["storefront"] = erasure.storefront_id
    return item


def erasure_from_item(item: Item) -> Erasure:
    wire = cast("dict[str, Any]", item)
    return Erasure(
        erasure_id=wire["erasure"],
        begun_at=datetime.fromisoformat(wire["begun_at"]),
        identities=tuple(Identity(*each) for each in wire["identities"]),
        member_ids=tuple(wire["member_ids"]),
        orders=frozenset((source, order_id) for source, order_id in wire["orders"]),
        source=wire.get("source"),
        storefront_id=wire.get("storefront"),
        revision=wire["revision"],
    )


def unfinished_from_item(item: Item) -> Unfinished:
    begun_at = datetime.fromisoformat(cast("str", item["begun_at"]))
    return Unfinished(
        asked=Asked(cast("str", item["erasure"]), begun_at),
        are_traces_gone=bool(item.get("are_traces_gone", False)),
    )
