"""Messages to members, with their states."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.messaging.messages import Message, Row
from loyalty.domain.recommendations.ending import PaidReward
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, maybe_instant

if TYPE_CHECKING:
    from loyalty.domain.program.kinds import MessageKind
    from loyalty.table.operations import Item, Value
# The correspondence records reminders; a message itself is stored so that members can ask for it.
KEPT_FOR: Final = timedelta(days=400)


def message_to_item(message: Message) -> Item:
    rows: list[Value] = [[row.day.isoformat(), row.points, row.label] for row in message.rows]
    item: Item = {
        "v": VERSION,
        "kind": "message",
        "state": "waiting",
        "member_id": message.member_id,
        "message_kind": message.kind,
        "day": message.day.isoformat(),
        "written_at": keys.instant(message.written_at),
        "until": message.until.isoformat(),
        "points": message.points,
        "missing": message.missing,
        "rows": rows,
        "ttl": int((message.written_at + KEPT_FOR).timestamp()),
    }
    if message.about:
        item["about"] = message.about.isoformat()
    if message.pays_for:
        item["pays_for"] = [message.pays_for.reward_id, message.pays_for.cost_points]
    if message.segment:
        item["segment"] = message.segment
    if message.level:
        item["level"] = message.level
    return item


def message_from_item(item: Item) -> Message:
    wire = cast("dict[str, Any]", item)
    return Message(
        member_id=wire["member_id"],
        kind=cast("MessageKind", wire["message_kind"]),
        day=date.fromisoformat(wire["day"]),
        written_at=datetime.fromisoformat(wire["written_at"]),
        until=date.fromisoformat(wire["until"]),
        about=date.fromisoformat(wire["about"]) if "about" in wire else None,
        points=wire["points"],
        level=wire.get("level"),
        segment=wire.get("segment"),
        missing=wire["missing"],
        rows=tuple(
            Row(day=date.fromisoformat(day), points=points, label=label)
            for day, points, label in wire["rows"]
        ),
        pays_for=PaidReward(*wire["pays_for"]) if "pays_for" in wire else None,
        state=wire["state"],
        sent_at=maybe_instant(wire.get("sent_at")),
        settled_at=maybe_instant(
            wire.get("came_back_at") or wire.get("sent_at") or wire.get("dropped_at")
        ),
    )
