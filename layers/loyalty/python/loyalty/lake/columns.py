"""Finds which columns of the facts a report reads, from the engine's own query plan.

So no report declares its columns beside its SQL, and no declaration can be wrong. The plan is made
over empty tables with only one optimizer step, the one that removes unused columns. Its projections
are the columns that the report names, whatever the facts and the program's document contain.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from loyalty.domain.facts import ALL, MemberFact
from loyalty.lake import day_sums, narrowing, reports, sql_views
from loyalty.lake.objects import REVISION

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A plan needs bound parameters; every period reads the same columns.
SOME_PERIOD: Final = reports.ReportPeriod(
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
    zone=ZoneInfo("UTC"),
    as_of=datetime(2026, 12, 31, tzinfo=UTC),
)
_STEP: Final = "unused_columns"


@cache
def read_by(name: str, *, is_narrowed: bool = False) -> Mapping[str, frozenset[str]]:
    """The columns that a report needs, by the kind of facts; of all members, or narrowed to some.

    The columns of `IDENTITY`, which distinguish copies of a fact, are needed in some files only.
    The columns of `REVISION` are needed in all files of a kind that has revisions.
    """
    report = reports.report(name)
    return of_query(
        report.sql,
        report.reads,
        reports.bound(report.sql, SOME_PERIOD),
        is_narrowed=is_narrowed,
    )


def of_query(
    sql: str,
    kinds: Collection[str],
    parameters: Mapping[str, Any],
    *,
    is_narrowed: bool = False,
) -> Mapping[str, frozenset[str]]:
    """The columns of these kinds of facts that a query needs, as in `read_by`."""
    with (narrowing if is_narrowed else sql_views).outline(kinds) as outline:
        planned = _planned(outline, sql, parameters)
    if is_narrowed:
        kinds = narrowing.kinds_for(kinds)
    needed = {}
    for fact in (each for each in ALL if each.kind in kinds):
        # The engine materializes members as a table with all their columns.
        own = set(sql_views.stored_columns(fact)) if fact is MemberFact else planned[fact.kind]
        needed[fact.kind] = frozenset(own | REVISION if fact.final_revision > 1 else own)
    if day_sums.DAILY in kinds:
        needed[day_sums.DAILY] = frozenset(planned["unsummed"])
    return needed


def _planned(
    outline: DuckDBPyConnection, sql: str, parameters: Mapping[str, Any]
) -> Mapping[str, set[str]]:
    """The columns that a query projects, by table."""
    steps = [step for (step,) in outline.execute("SELECT name FROM duckdb_optimizers()").fetchall()]
    others = ",".join(step for step in steps if step != _STEP)
    outline.execute(f"SET disabled_optimizers = '{others}'")
    explained = outline.execute(f"EXPLAIN (FORMAT json)\n{sql}", dict(parameters)).fetchall()
    (plan,) = json.loads(explained[0][1])
    found: defaultdict[str, set[str]] = defaultdict(set)
    for scan in _scans(plan):
        found[scan["Table"].rpartition(".")[2]] |= set(_listed(scan.get("Projections", [])))
    return found


def _scans(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if node["name"].strip() == "SEQ_SCAN":
        yield node["extra_info"]
    for child in node["children"]:
        yield from _scans(child)


def _listed(kinds: str | Collection[str]) -> Collection[str]:
    """The plan gives a single column as a string instead of a list."""
    return [kinds] if isinstance(kinds, str) else kinds
