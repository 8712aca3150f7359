"""How members stand on boards, in the table: an item for each board and window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loyalty.table import keys
from loyalty.table.operations import Absent, Put, Refused, equal
from loyalty.table.records.boards import board_standing_from_item, board_standing_to_item
from loyalty.table.records.members import member_from_item

if TYPE_CHECKING:
    from loyalty.domain.engagement.standings import BoardStanding
    from loyalty.domain.people.member import Member
    from loyalty.table.engine import Engine


class TableBoards:
    """Implements `BoardShelf` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def standing(self, board_id: str, window: str, *, strong: bool) -> BoardStanding | None:
        key = keys.board_standing(self._program, board_id, window)
        item = self._engine.get(key, strong=strong)
        return board_standing_from_item(item) if item else None

    def put(self, standing: BoardStanding, *, replacing: BoardStanding | None) -> None:
        seen = (
            (
                equal(("as_of",), keys.instant(replacing.as_of)),
                equal(("has_given",), replacing.has_given),
            )
            if replacing
            else (Absent(),)
        )
        key = keys.board_standing(self._program, standing.board_id, standing.window)
        try:
            self._engine.write([Put(key, board_standing_to_item(standing), seen)])
        except Refused:
            return

    def members(self, member_ids: Sequence[str]) -> Mapping[str, Member]:
        profiles = [keys.profile(self._program, member_id) for member_id in member_ids]
        found = self._engine.get_many(profiles, strong=False).values()
        return {member.member_id: member for member in map(member_from_item, found)}
