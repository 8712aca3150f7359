"""Drafts in the table: what a list shows, and the document beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from loyalty.domain.program.drafts import Draft
from loyalty.table import keys
from loyalty.table.engine import Engine, every
from loyalty.table.operations import Absent, Condition, Delete, Item, Put, Query, Refused, equal
from loyalty.usecases.ports import Raced

VERSION: Final = 1


class TableDrafts:
    """Implements `Drafts` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def find(self, draft_id: str) -> Draft | None:
        head = keys.draft(self._program, draft_id)
        document = keys.draft_document(self._program, draft_id)
        found = self._engine.get_many((head, document), strong=True)
        if head not in found or document not in found:
            return None
        return _from_item(found[head], cast("str", found[document]["document"]))

    def all(self) -> Sequence[Draft]:
        start = keys.draft(self._program, "")
        query = Query(pk=start.pk, begins_with=start.sk, strong=True)
        drafts = [_from_item(item) for item in every(self._engine, query)]
        return sorted(drafts, key=lambda draft: draft.changed_at, reverse=True)

    def save(self, draft: Draft) -> None:
        same: Condition = (
            equal(("revision",), draft.revision - 1) if draft.revision > 1 else Absent()
        )
        document: Item = {"v": VERSION, "kind": "draft_document", "document": draft.document}
        try:
            self._engine.write(
                [
                    Put(keys.draft(self._program, draft.draft_id), _to_item(draft), (same,)),
                    Put(keys.draft_document(self._program, draft.draft_id), document),
                ]
            )
        except Refused as refused:
            raise Raced from refused

    def delete(self, draft_id: str) -> None:
        self._engine.write(
            [
                Delete(keys.draft(self._program, draft_id)),
                Delete(keys.draft_document(self._program, draft_id)),
            ]
        )


def _to_item(draft: Draft) -> Item:
    return {
        "v": VERSION,
        "kind": "draft",
        "id": draft.draft_id,
        "revision": draft.revision,
        "based_on": draft.based_on,
        "changed_at": keys.instant(draft.changed_at),
        "changed_by": draft.changed_by,
    }


def _from_item(item: Item, document: str = "") -> Draft:
    return Draft(
        draft_id=cast("str", item["id"]),
        revision=cast("int", item["revision"]),
        based_on=cast("int | None", item["based_on"]),
        changed_at=datetime.fromisoformat(cast("str", item["changed_at"])),
        changed_by=cast("str", item["changed_by"]),
        document=document,
    )
