"""The engine of the reports, kept while a function is warm.

What the engine has loaded (the members, their merges, the orders with later revisions) stays valid
as long as the files do, and a file's name identifies its content. So the engine loads again only
after the listing or the program has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from loyalty.lake import sql_views

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.program.document import Program

type Listing = frozenset[str]


@dataclass(slots=True)
class OpenConnection:
    """An engine, and what it has loaded."""

    connected: DuckDBPyConnection
    facts: Path
    document: Program
    zone: ZoneInfo
    until: date
    listings: dict[str, Listing]

    def still_holds(
        self,
        facts: Path,
        *,
        listings: Mapping[str, Listing],
        document: Program,
        zone: ZoneInfo,
        until: date,
    ) -> bool:
        return (
            (self.facts, self.document, self.zone, self.until) == (facts, document, zone, until)
            and all(self.listings.get(kind, each) == each for kind, each in listings.items())
        )  # fmt: skip


class ReportEngine:
    """Lends one engine at a time, and the same one while what it has loaded is still valid."""

    def __init__(self) -> None:
        self._lendable: OpenConnection | None = None

    @contextmanager
    def over(
        self,
        facts: Path,
        *,
        kinds: Collection[str],
        document: Program,
        zone: ZoneInfo,
        until: date,
    ) -> Iterator[DuckDBPyConnection]:
        """An engine as `sql_views.connection` makes it; a failed query ends its reuse."""
        # Rounding lets most periods share one engine.
        until = until.replace(month=12, day=31)
        listings = {kind: _listing(facts / kind) for kind in kinds}
        open_connection, self._lendable = self._lendable, None
        if open_connection and not open_connection.still_holds(
            facts, listings=listings, document=document, zone=zone, until=until
        ):
            open_connection.connected.close()
            open_connection = None
        if open_connection is None:
            connected = sql_views.connection(
                facts, kinds=kinds, document=document, zone=zone, until=until
            )
            open_connection = OpenConnection(connected, facts, document, zone, until, listings)
        else:
            sql_views.extend(
                open_connection.connected, facts, kinds=kinds, loaded=open_connection.listings
            )
            open_connection.listings |= listings
        try:
            yield open_connection.connected
            self._lendable = open_connection
        finally:
            if self._lendable is None:
                open_connection.connected.close()


def _listing(folder: Path) -> Listing:
    return frozenset(path.name for path in folder.iterdir() if sql_views.is_whole(path))
