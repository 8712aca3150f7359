"""Which columns of the facts a report reads: what the engine's own plan of it projects.

So nothing has to be declared beside the SQL, and nothing declared can be wrong. The plan is made
over tables without a row, and of the optimizer's steps only the one that leaves out columns is
taken: what it projects is what the report names, whatever is in the facts and in the document.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from loyalty.domain.facts import ALL, MemberFact
from loyalty.lake import reports, sql_views
from loyalty.lake.objects import IDENTITY

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A plan needs something bound; the columns are those of any period.
SOME_PERIOD: Final = reports.ReportPeriod(
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
    zone=ZoneInfo("UTC"),
    as_of=datetime(2026, 12, 31, tzinfo=UTC),
)
_STEP: Final = "unused_columns"


@cache
def read_by(name: str) -> Mapping[str, frozenset[str]]:
    """The columns that a report needs, by the kind of facts.

    Copies of a fact are told apart in some files only, by `IDENTITY`; revisions in all of a kind
    that has some.
    """
    report = reports.report(name)
    with sql_views.outline(report.reads) as outline:
        planned = _planned(outline, report.sql)
    needed = {}
    for fact in (each for each in ALL if each.kind in report.reads):
        # The engine keeps members as a table of all that is known of them.
        own = set(sql_views.columns(fact)) if fact is MemberFact else planned[fact.kind]
        needed[fact.kind] = frozenset(own | IDENTITY if fact.final_revision > 1 else own)
    return needed


def _planned(outline: "DuckDBPyConnection", sql: str) -> Mapping[str, set[str]]:
    """The columns that a query projects, by table."""
    steps = [step for (step,) in outline.execute("SELECT name FROM duckdb_optimizers()").fetchall()]
    others = ",".join(step for step in steps if step != _STEP)
    outline.execute(f"SET disabled_optimizers = '{others}'")
    explained = outline.execute(
        f"EXPLAIN (FORMAT json)\n{sql}", reports.bound(sql, SOME_PERIOD)
    ).fetchall()
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
    """One is told as itself."""
    return [kinds] if isinstance(kinds, str) else kinds
