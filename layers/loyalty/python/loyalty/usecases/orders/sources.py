"""Note the sources of a program's orders, so that an order is found by its id alone.

Orders do not note their source themselves: a further item would make each of them dearer. Whoever
reads the table's changes anyway notes a source when it first sees one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.ledger.entries import Entry, Placeholder

if TYPE_CHECKING:
    from loyalty.domain.changes import TableChange

# More tills and shops than a search can ask. A client that makes up a source for each order does
# not fill the table with them.
SOURCES_MAX: Final = 100
PROGRAMS_MAX: Final = 1000


class OrderSources(Protocol):
    """The sources of every program."""

    def all(self, program_id: str) -> Sequence[str]: ...

    def note(self, program_id: str, source: str) -> None:
        """Note a source; one that is noted already stays."""
        ...


class SourceNotes:
    """Notes each source once, and remembers those of the programs that it has seen."""

    def __init__(self, sources: OrderSources) -> None:
        self._sources = sources
        self._noted: dict[str, set[str]] = {}

    def note(self, changes: Iterable[TableChange]) -> None:
        """Note the sources of the orders among these changes.

        Raises:
            TryAgain: the table does not answer. The same changes can be noted again.
        """
        seen: dict[str, set[str]] = defaultdict(set)
        for change in changes:
            if (source := _source_of(change)) is not None:
                seen[change.program_id].add(source)
        for program_id, sources in seen.items():
            noted = self._of(program_id)
            for source in sorted(sources - noted):
                if len(noted) >= SOURCES_MAX:
                    break
                self._sources.note(program_id, source)
                noted.add(source)

    def _of(self, program_id: str) -> set[str]:
        if program_id not in self._noted:
            if len(self._noted) >= PROGRAMS_MAX:
                self._noted.clear()
            self._noted[program_id] = set(self._sources.all(program_id))
        return self._noted[program_id]


def _source_of(change: TableChange) -> str | None:
    """The source of an order that was recorded, or whose refund was."""
    match change.after:
        case Placeholder(source=source):
            return source
        case Entry(kind="accrual", order=order) if order is not None:
            return order.source
        case _:
            return None
