"""Watches over the lake: one `.sql` file each, run by the engine of the reports.

The head of a file says what is looked for and which facts it reads. Its columns are the member and
the person of the staff whom a finding is about, its cause, and the number that was found.
Thresholds are bound, never pasted into the SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loyalty.lake import columns, reports, sql_views
from loyalty.lake.reports import Connect, ReportPeriod
from loyalty.usecases.program.watches import Found

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.watches import AnyWatch, WatchKind

# Members who left are nobody's concern any more.
_WHO: Final = """
SELECT members.fact_id AS member_id, staff_member, cause, found
FROM (
{sql}
) AS findings
LEFT JOIN members ON members.fact_number = findings.member_number
WHERE findings.member_number IS NULL OR members.status = 'active'
ORDER BY member_id, staff_member, cause
"""

type Columns = Mapping[str, frozenset[str]]
type Fetch = Callable[[Collection[str], Columns], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeFindings:
    """Implements `Findings` over the facts that `fetch` brings to this disk."""

    document: Program
    now: datetime
    fetch: Fetch
    connect: Connect

    def find(self, watch: AnyWatch, *, last: date) -> Sequence[Found]:
        period = ReportPeriod(
            first=last - timedelta(days=watch.looks_back_days - 1),
            last=last,
            zone=self.document.zone,
            as_of=self.now,
        )
        sql = _sql_of(watch.kind)
        kinds = sorted({*sql_views.reads(sql), "members"})
        query = _WHO.format(sql=sql)
        bound = _bound(query, watch, period)
        with reports.querying(
            self.fetch(kinds, columns.of_query(query, kinds, bound)),
            kinds=kinds,
            document=self.document,
            zone=self.document.zone,
            until=period.today,
            connect=self.connect,
        ) as connected:
            return [Found(*row) for row in connected.execute(query, bound).fetchall()]


@cache
def _sql_of(kind: WatchKind) -> str:
    path = files("loyalty").joinpath("watches", f"{kind}.sql")
    return path.read_text(encoding="utf-8")


def _bound(sql: str, watch: AnyWatch, period: ReportPeriod) -> dict[str, Any]:
    """The parameters that a watch names; the engine rejects any others."""
    parameters = watch.parameters() | period.parameters()
    named = set(re.findall(r"\$([a-z_]+)", sql))
    return {name: parameters[name] for name in named}
