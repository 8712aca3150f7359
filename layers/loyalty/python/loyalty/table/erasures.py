"""Erasures in the table: the unfinished ones, and what they delete here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final, cast

from loyalty.domain.ledger.entries import Placeholder
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.erasure import (
    Erasure,
    ErasureRef,
    ErasureRequest,
    GuestOrder,
    Unfinished,
)
from loyalty.domain.people.identity import Identity
from loyalty.table import keys, records
from loyalty.table.engine import Engine, every, key_of
from loyalty.table.operations import (
    TRANSACTION_ITEMS_MAX,
    Absent,
    Assign,
    Compare,
    Delete,
    Item,
    Key,
    Missing,
    Operation,
    Put,
    Query,
    Refused,
    Remove,
    Update,
    equal,
)
from loyalty.table.referrals import TableReferrals
from loyalty.usecases.ports import Listed, Raced

VERSION = 1
# A finished request stays listed as long as a stored delivery could repeat it: the inbox keeps
# deliveries for 30 days.
ENDED_FOR: Final = timedelta(days=40)


class TableErasures:
    """Implements `Erasures` and `Traces` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def begin(self, erasure: Erasure) -> None:
        self._engine.write([begun(erasure, self._program)])

    def request(self, erasure: Erasure) -> Erasure:
        put = replace(begun(erasure, self._program), conditions=(Absent(),))
        try:
            self._engine.write([put])
        except Refused:
            return self.find(erasure.erasure_id) or erasure
        return erasure

    def requested(self, storefront_id: str, *, limit: int, after: str | None) -> Listed[Erasure]:
        partition = keys.erasure(self._program, "").pk
        # Of all texts after an id, the id followed by a space is the first.
        first = None if after is None else f"{after} "
        found: list[Erasure] = []
        for item in every(self._engine, Query(pk=partition, first=first)):
            asked_by = cast("dict[str, Any]", item.get("request") or {})
            if asked_by.get("storefront") != storefront_id:
                continue
            if len(found) == limit:
                return Listed(found, found[-1].erasure_id)
            found.append(erasure_from_item(item))
        return Listed(found, None)

    def some(self, *, limit: int) -> Listed[Erasure]:
        """Unfinished erasures, and requested ones that ended a while ago; in no order."""
        page = self._engine.query(Query(pk=keys.erasure(self._program, "").pk, limit=limit))
        found = [erasure_from_item(item) for item in page]
        return Listed(found, found[-1].erasure_id if page.next else None)

    def start(self, erasure: Erasure) -> bool:
        seen = (_as_asked(erasure), Missing(("ended",)))
        try:
            starts = (Assign(("is_begun",), value=True),)
            self._engine.write([Update(self._key(erasure), starts, seen)])
        except Refused:
            return False
        return True

    def stop(self, erasure: Erasure, *, stopped_at: datetime, by: str) -> None:
        seen = (_as_asked(erasure), Missing(("is_begun",)), Missing(("ended",)))
        stops = (
            Assign(("request", "stopped_at"), keys.instant(stopped_at)),
            Assign(("request", "stopped_by"), by),
            *_ends(erasure, "stopped"),
        )
        try:
            self._engine.write([Update(self._key(erasure), stops, seen)])
        except Refused as refused:
            raise Raced from refused

    def unfinished(self, *, begun_by: datetime) -> Sequence[Unfinished]:
        """Reads only these fields of each, so an unreadable one cannot hide the others."""
        query = Query(pk=keys.erasure(self._program, "").pk, strong=True)
        found = [
            unfinished_from_item(item) for item in every(self._engine, query) if "ended" not in item
        ]
        return [each for each in found if each.ref.begun_at <= begun_by]

    def find(self, erasure_id: str) -> Erasure | None:
        item = self._engine.get(keys.erasure(self._program, erasure_id), strong=True)
        return erasure_from_item(item) if item else None

    def current(self, refs: Sequence[ErasureRef]) -> Sequence[Erasure]:
        keys_of = [keys.erasure(self._program, each.erasure_id) for each in refs]
        found = [
            erasure_from_item(item)
            for item in self._engine.get_many(keys_of, strong=True).values()
            if "ended" not in item
        ]
        return [each for each in found if each.ref in refs]

    def add_orders(self, erasure: Erasure, orders: Collection[OrderRef]) -> None:
        more = replace(erasure, orders=erasure.orders | set(orders), revision=erasure.revision + 1)
        seen = (_as_asked(erasure), equal(("revision",), erasure.revision))
        try:
            self._engine.write([replace(begun(more, self._program), conditions=seen)])
        except Refused as refused:
            raise Raced from refused

    def note_traces_gone(self, erasure: Erasure) -> None:
        gone = (Assign(("are_traces_gone",), value=True),)
        # Refused: another run was faster, or the erasure was requested again since then.
        with suppress(Refused):
            self._engine.write([Update(self._key(erasure), gone, (_as_asked(erasure),))])

    def done(self, erasure: Erasure) -> None:
        seen = (_as_asked(erasure),)
        key = self._key(erasure)
        operation: Operation = Delete(key, seen)
        if erasure.request is not None:
            operation = Update(key, _ends(erasure, "done"), seen)
        # Refused: done before, or requested again since then.
        with suppress(Refused):
            self._engine.write([operation])

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
        placeholder = records.entry_from_item(item) if item else None
        if not isinstance(placeholder, Placeholder) or not placeholder.guest:
            # Claimed, or separated before: only the item that lists it is left.
            listed = keys.guest_order(self._program, order.guest, "", "", "").pk
            self._engine.write([Delete(Key(listed, order.listed_as))])
            return
        parted = replace(placeholder, guest="", also=(), count=placeholder.count + 1)
        seen = (equal(("kind",), "placeholder"), equal(("count",), placeholder.count))
        found_by = records.guest_orders_of(placeholder, self._program)
        operations: list[Operation] = [
            Put(key, records.placeholder_to_item(parted, self._program), seen),
            *(Delete(key_of(each)) for each in found_by),
        ]
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Raced from refused

    def forget_messages(self, member_id: str) -> None:
        """Delete a member's messages and the plan for the next ones."""
        partition = keys.member_partition(self._program, member_id)
        query = Query(pk=partition, begins_with=keys.MESSAGES)
        self._delete(key_of(item) for item in every(self._engine, query))
        self._engine.write([Delete(keys.correspondence(self._program, member_id))])

    def forget_targeting(self, member_id: str) -> None:
        self._engine.write([Delete(keys.targeting(self._program, member_id))])

    def forget_plans(self, member_id: str) -> None:
        self._engine.write([Delete(keys.member_plans(self._program, member_id))])

    def forget_signals(self, member_id: str) -> None:
        TableReferrals(self._engine, program_id=self._program).forget(member_id)

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


def _ends(erasure: Erasure, how: str) -> tuple[Assign, ...]:
    """End a request. The item stays for a while, without any identity."""
    return (
        Assign(("ended",), how),
        Assign(("identities",), []),
        Assign(("orders",), []),
        Assign(("ttl",), int((erasure.begun_at + ENDED_FOR).timestamp())),
    )


def _as_asked(erasure: Erasure) -> Compare:
    return equal(("begun_at",), keys.instant(erasure.begun_at))


def begun(erasure: Erasure, program: str) -> Put:
    """The operation that begins an erasure, alone or together with the deletion of a member."""
    return Put(keys.erasure(program, erasure.erasure_id), erasure_to_item(erasure))


def erasure_to_item(erasure: Erasure) -> Item:
    item: Item = {
        "v": VERSION,
        "kind": "erasure",
        "erasure": erasure.erasure_id,
        "begun_at": keys.instant(erasure.begun_at),
        "identities": [[each.kind, each.value, each.source] for each in erasure.identities],
        "member_ids": list(erasure.member_ids),
        "orders": [[each.source, each.order_id] for each in sorted(erasure.orders)],
        "revision": erasure.revision,
    }
    if erasure.source is not None:
        item["source"] = erasure.source
    if erasure.storefront_id is not None:
        item["storefront"] = erasure.storefront_id
    if erasure.is_begun:
        item["is_begun"] = True
    if erasure.request is not None:
        item["request"] = {
            "storefront": erasure.request.storefront_id,
            "delivery": erasure.request.delivery_id,
            "received_at": keys.instant(erasure.request.received_at),
        }
    return item


def erasure_from_item(item: Item) -> Erasure:
    wire = cast("dict[str, Any]", item)
    return Erasure(
        erasure_id=wire["erasure"],
        begun_at=datetime.fromisoformat(wire["begun_at"]),
        identities=tuple(Identity(*each) for each in wire["identities"]),
        member_ids=tuple(wire["member_ids"]),
        orders=frozenset(OrderRef(*each) for each in wire["orders"]),
        source=wire.get("source"),
        storefront_id=wire.get("storefront"),
        revision=wire["revision"],
        request=_request_from_item(wire["request"]) if "request" in wire else None,
        is_begun=bool(wire.get("is_begun", False)),
        is_done=wire.get("ended") == "done",
    )


def _request_from_item(wire: dict[str, Any]) -> ErasureRequest:
    stopped_at = wire.get("stopped_at")
    return ErasureRequest(
        storefront_id=wire["storefront"],
        delivery_id=wire["delivery"],
        received_at=datetime.fromisoformat(wire["received_at"]),
        stopped_at=datetime.fromisoformat(stopped_at) if stopped_at else None,
        stopped_by=wire.get("stopped_by"),
    )


def unfinished_from_item(item: Item) -> Unfinished:
    begun_at = datetime.fromisoformat(cast("str", item["begun_at"]))
    return Unfinished(
        ref=ErasureRef(cast("str", item["erasure"]), begun_at),
        are_traces_gone=bool(item.get("are_traces_gone", False)),
    )
