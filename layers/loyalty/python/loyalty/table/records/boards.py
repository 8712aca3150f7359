"""How members stand on boards, as the table stores it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.engagement.standings import BoardStanding, Ranked
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.table.operations import Item


def board_standing_to_item(standing: BoardStanding) -> Item:
    return {
        "kind": "standing",
        "v": VERSION,
        "board_id": standing.board_id,
        "window": standing.window,
        "as_of": keys.instant(standing.as_of),
        "program_version": standing.version,
        "members": standing.members,
        "head": [list(each) for each in standing.head],
        "cuts": list(standing.cuts),
        "is_final": standing.is_final,
        "has_given": standing.has_given,
    }


def board_standing_from_item(item: Item) -> BoardStanding:
    wire = cast("dict[str, Any]", item)
    return BoardStanding(
        board_id=wire["board_id"],
        window=wire["window"],
        as_of=instant_from(wire["as_of"]),
        version=wire["program_version"],
        members=wire["members"],
        head=tuple(Ranked(*each) for each in wire["head"]),
        cuts=tuple(wire["cuts"]),
        is_final=wire["is_final"],
        has_given=wire["has_given"],
    )
