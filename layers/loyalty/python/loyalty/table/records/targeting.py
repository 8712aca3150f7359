"""What members are targeted by, as the table stores it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.campaigns.targeting import Targeting
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Value


def targeting_to_item(targeting: Targeting) -> Item:
    return {
        "kind": "targeting",
        "v": VERSION,
        "member_id": targeting.member_id,
        "joined": joined_to_map(targeting.joined),
    }


def targeting_from_item(item: Item) -> Targeting:
    wire = cast("dict[str, Any]", item)
    found_at = wire.get("segments_as_of")
    return Targeting(
        member_id=wire["member_id"],
        joined={name: instant_from(since) for name, since in wire.get("joined", {}).items()},
        segments=wire.get("segments", {}),
        segments_as_of=instant_from(found_at) if found_at else None,
    )


def joined_to_map(joined: Mapping[str, datetime]) -> dict[str, Value]:
    return {name: keys.instant(since) for name, since in joined.items()}


def segments_to_map(segments: Mapping[str, str]) -> dict[str, Value]:
    return dict(segments)
