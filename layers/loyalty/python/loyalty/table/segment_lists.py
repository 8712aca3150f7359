"""The lists of segments, in the table: an item for each member on one, and how often they changed.

A list is written without conditions, so writing it again changes nothing. Whoever is erased while
they are put on a list is taken off it by the next run, as everybody who leaves the program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import batched
from typing import TYPE_CHECKING, Final, cast

from loyalty.table import keys
from loyalty.table.operations import Delete, Increase, Item, Put, Query, Update
from loyalty.table.records import account_from_item
from loyalty.table.records.parts import VERSION

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.table.engine import Engine

# The most that a transaction takes.
_WRITTEN_AT_ONCE: Final = 100
_PAGE: Final = 10_000
_MEMBER: Final = "MEMBER#"


class TableSegmentLists:
    """Implements `SegmentLists` and `KeptLists`."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def changes(self) -> int:
        item = self._engine.get(keys.list_changes(self._program), strong=True)
        return cast("int", item["changes"]) if item else 0

    def note_change(self) -> None:
        self._engine.write(
            (Update(keys.list_changes(self._program), (Increase(("changes",), 1),), creates=True),)
        )

    def accounts(self, member_ids: Collection[str]) -> dict[str, Account]:
        """The accounts that there are, by member."""
        by_key = {keys.account(self._program, each): each for each in member_ids}
        found = self._engine.get_many(by_key, strong=True)
        return {by_key[key]: account_from_item(item) for key, item in found.items()}

    def members(
        self, segment_id: str, *, after: str | None = None, up_to: str | None = None
    ) -> Iterator[str]:
        """The members on a list in the order of their ids: beyond `after`, to `up_to` included."""
        first = keys.listed_member(self._program, segment_id, after or "")
        last = keys.listed_member(self._program, segment_id, up_to or "\uffff")
        start: Item | None = None
        while True:
            page = self._engine.query(
                Query(
                    pk=first.pk,
                    first=first.sk,
                    last=last.sk,
                    limit=_PAGE,
                    start=start,
                    strong=True,
                )
            )
            for item in page.items:
                member_id = str(item["sk"]).removeprefix(_MEMBER)
                if member_id != after:
                    yield member_id
            start = page.next
            if start is None:
                return

    def add(self, segment_id: str, member_ids: Collection[str]) -> None:
        for some in batched(member_ids, _WRITTEN_AT_ONCE, strict=False):
            self._engine.write(
                [
                    Put(
                        keys.listed_member(self._program, segment_id, each),
                        {"kind": "listed_member", "v": VERSION},
                    )
                    for each in some
                ]
            )

    def remove(self, segment_id: str, member_ids: Collection[str]) -> None:
        for some in batched(member_ids, _WRITTEN_AT_ONCE, strict=False):
            self._engine.write(
                [Delete(keys.listed_member(self._program, segment_id, each)) for each in some]
            )
