"""Actions of staff, as the table stores them."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.staff.actions import ActionTarget, Change, StaffAction
from loyalty.table import keys
from loyalty.table.records.parts import VERSION

if TYPE_CHECKING:
    from loyalty.table.operations import Item


def action_to_item(action: StaffAction, program: str) -> Item:
    """Everything but the state is in `about`, because the index carries it and lists show it."""
    about: Item = {
        "id": action.action_id,
        "name": action.name,
        "by": action.by,
        "roles": list(action.roles),
        "target": [action.target.kind, action.target.id],
        "request": action.request_id,
    }
    if action.code is not None:
        about["code"] = action.code
    if action.changes:
        about["changes"] = [[each.field, each.before, each.after] for each in action.changes]
    if action.results:
        about["results"] = dict(action.results)
    return {
        "v": VERSION,
        "kind": "action",
        "state": action.state,
        "recorded_at": keys.instant(action.began_at),
        "about": about,
        "history_pk": keys.actions_partition(program, action.target.kind, action.target.id),
        "history_sk": sort_of(action),
    }


def action_from_item(item: Item) -> StaffAction:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    return StaffAction(
        action_id=about["id"],
        name=about["name"],
        began_at=datetime.fromisoformat(wire["recorded_at"]),
        by=about["by"],
        roles=tuple(about["roles"]),
        target=ActionTarget(*about["target"]),
        request_id=about["request"],
        state=wire["state"],
        code=about.get("code"),
        changes=tuple(
            Change(field=name, before=before, after=after)
            for name, before, after in about.get("changes", ())
        ),
        results=MappingProxyType(about.get("results", {})),
    )


def sort_of(action: StaffAction) -> str:
    return f"{keys.instant(action.began_at)}#{action.action_id}"
