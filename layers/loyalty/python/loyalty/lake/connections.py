"""The engine of the reports, kept while a function is warm.

What it was told of the facts (who the members are, who merged into whom, which orders were told
again later) holds as long as the files do, and a file's name says its content. So it is told anew
only when the listing changed, or what it knows of the program.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from loyalty.domain.program.document import Program
from loyalty.lake import sql_views

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

type Listing = frozenset[str]


@dataclass(slots=True)
class OpenConnection:
    """An engine, and what it was told."""

    connected: "DuckDBPyConnection"
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
    """Lends one engine at a time, the same one as long as it knows what is so."""

    def __init__(self) -> None:
        self._kept: OpenConnection | None = None

    @contextmanager
    def over(
        self,
        facts: Path,
        *,
        kinds: Collection[str],
        document: Program,
        zone: ZoneInfo,
        until: date,
    ) -> Iterator["DuckDBPyConnection"]:
        """An engine as `views.connection` makes it; not lent again once a query failed on it."""
        # So that most periods are asked of one engine.
        until = until.replace(month=12, day=31)
        listings = {kind: _listing(facts / kind) for kind in kinds}
        kept, self._kept = self._kept, None
        if kept and not kept.still_holds(
            facts, listings=listings, document=document, zone=zone, until=until
        ):
            kept.connected.close()
            kept = None
        if kept is None:
            connected = sql_views.connection(
                facts, kinds=kinds, document=document, zone=zone, until=until
            )
            kept = OpenConnection(connected, facts, document, zone, until, listings)
        else:
            sql_views.extend(kept.connected, facts, kinds=kinds, known=kept.listings)
            kept.listings |= listings
        try:
            yield kept.connected
            self._kept = kept
        finally:
            if self._kept is None:
                kept.connected.close()


def _listing(folder: Path) -> Listing:
    return frozenset(path.name for path in folder.iterdir() if sql_views.is_whole(path))
