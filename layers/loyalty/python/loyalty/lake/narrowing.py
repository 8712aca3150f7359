"""Reports on the members of one segment: the same views, over the facts of these members alone.

The views get a schema of their own, which the engine looks into first. So a report is asked for
some members by the SQL that is asked for all, and no report knows of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loyalty.domain.facts import (
    ActionFact,
    CountedOrderFact,
    EntryFact,
    MemberFact,
    OrderFact,
    OrderStateFact,
)
from loyalty.lake import sql_views
from loyalty.lake.day_sums import COLUMNS, DAILY

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SCHEMA: Final = "narrowed"
# Kinds of facts that have no member: what staff did is about nobody in particular.
UNNARROWED: Final = frozenset({ActionFact.kind})
# Kinds of facts whose members are those of their orders.
_OF_ORDERS: Final = frozenset({CountedOrderFact.kind, OrderStateFact.kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMembers:
    """The members of a segment by a definition, in the file of a snapshot."""

    segment_id: str
    definition: str
    path: Path


def kinds_for(kinds: Collection[str]) -> tuple[str, ...]:
    """The kinds of facts that are needed to narrow these: who became who, and whose orders.

    Sums of entries are of all members, so the entries are needed instead.
    """
    of_orders = set() if _OF_ORDERS.isdisjoint(kinds) else {OrderFact.kind}
    of_entries = {EntryFact.kind} if DAILY in kinds else set()
    return tuple(sorted({*kinds, MemberFact.kind, *of_orders, *of_entries} - {DAILY}))


@contextmanager
def narrowed(
    connected: DuckDBPyConnection, kinds: Collection[str], members: SegmentMembers
) -> Iterator[None]:
    """Narrow an engine that has loaded `kinds_for(kinds)` to the members of a segment."""
    connected.execute(f"CREATE SCHEMA {_SCHEMA}; USE {_SCHEMA}")
    connected.execute(
        f"""
        CREATE TABLE {_SCHEMA}.chosen AS
        SELECT number_of(member_id) AS member_number FROM read_parquet($path)
        WHERE segment_id = $segment AND definition = $definition
        """,  # noqa: S608  # our own name; what is not is bound
        {
            "path": str(members.path),
            "segment": members.segment_id,
            "definition": members.definition,
        },
    )
    _share_narrowed(connected, kinds)
    yield
    # An engine of which a query failed is not used again.
    connected.execute(f"USE main; DROP SCHEMA {_SCHEMA} CASCADE")


def outline(kinds: Collection[str]) -> DuckDBPyConnection:
    """As `sql_views.outline`, for queries that are narrowed."""
    connected = sql_views.outline(kinds_for(kinds))
    connected.execute(f"CREATE SCHEMA {_SCHEMA}; USE {_SCHEMA}")
    connected.execute(f"CREATE TABLE {_SCHEMA}.chosen (member_number BIGINT)")
    _share_narrowed(connected, kinds)
    return connected


def _share_narrowed(connected: DuckDBPyConnection, kinds: Collection[str]) -> None:
    """Make the views of the members in `chosen`, and of all who were merged into them."""
    connected.execute(f"""
        -- A member who was merged since is the other one now, who may be in no segment.
        DELETE FROM {_SCHEMA}.chosen WHERE member_number IN (SELECT member_number FROM main.heirs);

        INSERT INTO {_SCHEMA}.chosen
        SELECT member_number FROM main.heirs
        SEMI JOIN {_SCHEMA}.chosen ON chosen.member_number = heirs.person_number;

        -- What is left of a budget is no matter of some members.
        CREATE TABLE {_SCHEMA}.campaign_budgets AS FROM main.campaign_budgets WHERE false
    """)  # noqa: S608  # as above
    needed = kinds_for(kinds)
    # What has the members of its orders comes after the orders are narrowed.
    for kind in sorted(needed, key=lambda each: each in _OF_ORDERS):
        connected.execute(f"CREATE VIEW {_SCHEMA}.{kind} AS FROM main.{kind} {_semi_join(kind)}")
    if DAILY in kinds:
        connected.execute(f"""
            CREATE VIEW {_SCHEMA}.unsummed AS FROM {_SCHEMA}.entries;
            CREATE VIEW {_SCHEMA}.sums AS {sql_views.no_rows(COLUMNS)}
        """)
    sql_views.share(connected, {*needed, *kinds})


def _semi_join(kind: str) -> str:
    match kind:
        case MemberFact.kind:
            return f"SEMI JOIN {_SCHEMA}.chosen ON chosen.member_number = {kind}.fact_number"
        case CountedOrderFact.kind | OrderStateFact.kind:
            return f"SEMI JOIN {_SCHEMA}.orders USING (source, order_id)"
        case _:
            return f"SEMI JOIN {_SCHEMA}.chosen USING (member_number)"
