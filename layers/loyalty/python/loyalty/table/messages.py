"""Messages in the table: a correspondence for each member, and an item for each message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from loyalty.domain.messaging.correspondence import Correspondence, Reminded, Stopped, Written
from loyalty.table import keys
from loyalty.table.operations import (
    Absent,
    AnyOf,
    Assign,
    Check,
    Delete,
    Item,
    Key,
    Missing,
    Operation,
    Put,
    Refused,
    Update,
    at_most,
    equal,
)
from loyalty.table.records.messages import message_from_item, message_to_item
from loyalty.usecases.messaging.notifications import AlreadyBeingSent, Why
from loyalty.usecases.ports import Raced

if TYPE_CHECKING:
    from loyalty.domain.messaging.messages import Message
    from loyalty.table.engine import Engine

VERSION: Final = 1


class TableLetters:
    """Implements `Letters`."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def correspondence(self, member_id: str) -> Correspondence | None:
        item = self._engine.get(keys.correspondence(self._program, member_id), strong=True)
        return correspondence_from_item(item) if item else None

    def write(
        self, before: Correspondence, after: Correspondence, messages: Sequence[Message]
    ) -> None:
        item = correspondence_to_item(after, self._program, revision=before.revision + 1)
        seen = equal(("revision",), before.revision) if before.revision else Absent()
        key = keys.correspondence(self._program, before.member_id)
        operations: list[Operation] = [Put(key, item, (seen,))]
        if before.revision == 0:
            # If the member is erased at this moment, the write must leave nothing behind.
            profile = keys.profile(self._program, before.member_id)
            operations.append(Check(profile, (equal(("kind",), "profile"),)))
        operations += (
            Put(
                keys.message(
                    self._program, message.member_id, message.day.isoformat(), message.kind
                ),
                message_to_item(message),
                (Absent(),),
            )
            for message in messages
        )
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Raced from refused

    def forget(self, member_id: str) -> None:
        self._engine.write((Delete(keys.correspondence(self._program, member_id)),))


def correspondence_to_item(correspondence: Correspondence, program: str, *, revision: int) -> Item:
    item: Item = {
        "v": VERSION,
        "kind": "correspondence",
        "member_id": correspondence.member_id,
        "revision": revision,
        "told": {
            name: [each.stage, each.until.isoformat()]
            for name, each in correspondence.reminded.items()
        },
        "written": [[each.day.isoformat(), each.kind] for each in correspondence.written],
    }
    if correspondence.bought_on:
        item["bought_on"] = correspondence.bought_on.isoformat()
    if correspondence.stopped:
        why, address, stopped_at = correspondence.stopped
        item["stopped"] = [why, address, keys.instant(stopped_at)]
    if correspondence.look_at:
        item |= keys.due_keys(
            "reminding", program, correspondence.member_id, correspondence.look_at
        )
    return item


def correspondence_from_item(item: Item) -> Correspondence:
    wire = cast("dict[str, Any]", item)
    stopped, listed = wire.get("stopped"), wire.get("reminding_sk")
    return Correspondence(
        member_id=wire["member_id"],
        revision=wire["revision"],
        reminded={
            name: Reminded(stage, date.fromisoformat(until))
            for name, (stage, until) in wire["told"].items()
        },
        written=tuple(Written(date.fromisoformat(day), kind) for day, kind in wire["written"]),
        bought_on=date.fromisoformat(wire["bought_on"]) if "bought_on" in wire else None,
        look_at=datetime.fromisoformat(listed.partition("#")[0]) if listed else None,
        stopped=(
            Stopped(stopped[0], stopped[1], datetime.fromisoformat(stopped[2])) if stopped else None
        ),
    )


def _moment(wire: str | None) -> datetime | None:
    return datetime.fromisoformat(wire) if wire else None


class TableOutbox:
    """Implements `Outbox`: a message's item holds its state."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def waiting(self, member_id: str, message_id: str) -> Message | None:
        item = self._engine.get(self._key(member_id, message_id), strong=True)
        return message_from_item(item) if item and item["state"] == "waiting" else None

    def claim(self, message: Message, *, now: datetime, until: datetime) -> None:
        path = ("claimed_until",)
        is_free = AnyOf((Missing(path), at_most(path, keys.instant(now))))
        claimed = Update(
            self._key(message.member_id, message.id),
            actions=(Assign(path, keys.instant(until)),),
            conditions=(equal(("state",), "waiting"), is_free),
        )
        try:
            self._engine.write((claimed,))
        except Refused as refused:
            raise AlreadyBeingSent from refused

    def sent(self, message: Message, *, sent_at: datetime) -> None:
        self._settle(
            message, Assign(("state",), "sent"), Assign(("sent_at",), keys.instant(sent_at))
        )

    def dropped(self, message: Message, why: Why, *, dropped_at: datetime) -> None:
        self._settle(
            message,
            Assign(("state",), "dropped"),
            Assign(("why",), why),
            Assign(("dropped_at",), keys.instant(dropped_at)),
        )

    def came_back(
        self,
        member_id: str,
        message_id: str,
        why: Literal["bounced", "complained"],
        *,
        came_back_at: datetime,
    ) -> None:
        came_back = Update(
            self._key(member_id, message_id),
            (Assign(("state",), why), Assign(("came_back_at",), keys.instant(came_back_at))),
            # The mail may come back before the sending worker has recorded it as sent.
            (equal(("kind",), "message"), Missing(("came_back_at",))),
        )
        try:
            self._engine.write((came_back,))
        except Refused:
            # The bounce was already recorded, or the member has been erased.
            return

    def _settle(self, message: Message, *actions: Assign) -> None:
        is_waiting = equal(("state",), "waiting")
        key = self._key(message.member_id, message.id)
        try:
            self._engine.write((Update(key, actions, (is_waiting,)),))
        except Refused:
            # Another worker assumed this one had died, sent the message too, and recorded it.
            return

    def _key(self, member_id: str, message_id: str) -> Key:
        day, _, kind = message_id.partition("/")
        return keys.message(self._program, member_id, day, kind)
