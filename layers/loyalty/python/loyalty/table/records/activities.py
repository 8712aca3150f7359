"""Activities of members, as the table stores them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.engagement.activities import (
    ActivityContent,
    ActivityRef,
    MovingEntry,
    RecordedActivity,
)
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.table.operations import Item


def activity_to_item(recorded: RecordedActivity, program: str) -> Item:
    """The item; what lists of the `history` index show is in attributes that the index carries."""
    about: Item = {
        "changed_at": keys.instant(recorded.changed_at),
        "first_recorded_at": keys.instant(recorded.first_recorded_at),
        "revision": recorded.revision,
    }
    if recorded.reason:
        about["reason"] = recorded.reason
    if recorded.moved_by:
        about["moved_by"] = [*recorded.moved_by]
    item: Item = {
        "v": VERSION,
        "kind": "activity",
        "state": recorded.state,
        "points": recorded.points,
        "recorded_at": keys.instant(recorded.recorded_at),
        "about": about,
        "uses": [*recorded.uses],
        "revision": recorded.revision,
    }
    if recorded.program_version is not None:
        item["program_version"] = recorded.program_version
    if recorded.recorded_by is not None:
        about["recorded_by"] = recorded.recorded_by
    if (content := recorded.content) is not None:
        item["member_id"] = content.member_id
        item["happened_at"] = keys.instant(content.occurred_at)
        about["activity"] = content.activity
        about["attributes"] = [*sorted(content.attributes)]
        if content.subject is not None:
            about["subject"] = content.subject
        item["history_pk"] = keys.activities_partition(program, content.member_id)
        item["history_sk"] = "#".join(
            (keys.instant(content.occurred_at), f"{recorded.ref.source}/{recorded.ref.activity_id}")
        )
    return item


def activity_from_item(item: Item) -> RecordedActivity:
    """An activity; `uses` are empty if the item comes from the `history` index."""
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    ref = ActivityRef(*wire["pk"].split("#")[3:5])
    moved_by = about.get("moved_by")
    return RecordedActivity(
        ref=ref,
        content=_content(wire) if "member_id" in wire else None,
        changed_at=instant_from(about["changed_at"]),
        state=wire["state"],
        reason=about.get("reason"),
        points=wire["points"],
        uses=tuple(wire.get("uses", ())),
        program_version=wire.get("program_version"),
        moved_by=MovingEntry(*moved_by) if moved_by else None,
        first_recorded_at=instant_from(about["first_recorded_at"]),
        recorded_at=instant_from(wire["recorded_at"]),
        recorded_by=about.get("recorded_by"),
        revision=about["revision"],
    )


def _content(wire: dict[str, Any]) -> ActivityContent:
    about = wire["about"]
    return ActivityContent(
        activity=about["activity"],
        member_id=wire["member_id"],
        occurred_at=instant_from(wire["happened_at"]),
        subject=about.get("subject"),
        attributes=frozenset(about["attributes"]),
    )
