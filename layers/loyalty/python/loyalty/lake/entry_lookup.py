"""Finds an entry by its id. The table knows an entry by its cause, and the lake by its id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loyalty.domain.ledger.entries import EntryKind
    from loyalty.domain.program.document import Program
    from loyalty.lake.reports import Connect

KIND: Final = "entries"
COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    KIND: frozenset({"fact_id", "member_id", "entry_kind", "points", "happened_at"})
}
_SQL: Final = (
    "SELECT member_id, entry_kind, points, happened_at FROM entries WHERE fact_id = $entry_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """An entry, as far as it says whose it is."""

    entry_id: str
    member_id: str
    kind: EntryKind
    points: int
    happened_at: datetime


def find_entry(
    entry_id: str, *, facts: Path, document: Program, now: datetime, connect: Connect
) -> FoundEntry | None:
    """The entry with this id among the facts in a folder; None: the lake does not have it (yet)."""
    zone, today = document.zone, document.today(now)
    with connect(facts, kinds=(KIND,), document=document, zone=zone, until=today) as connected:
        row = connected.execute(_SQL, {"entry_id": entry_id}).fetchone()
    if row is None:
        return None
    member_id, kind, points, happened_at = row
    return FoundEntry(
        entry_id=entry_id,
        member_id=member_id,
        kind=kind,
        points=points,
        happened_at=happened_at.replace(tzinfo=UTC),
    )
