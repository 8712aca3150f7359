"""The figures of reports that goals are measured by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.program.goal_reach import FigureHistory
from loyalty.domain.program.measures import MEASURES
from loyalty.lake import reports
from loyalty.lake.reports import Connect, Report, ReportPeriod, Table

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.goal_reach import Figure

# Two years show each season twice.
HISTORY_MONTHS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeFigures:
    """Implements `Figures` over the facts that `fetch` brings to this disk for a report."""

    document: Program
    now: datetime
    fetch: Callable[[Report], Path]
    connect: Connect
    _tables: dict[tuple[str, date, date], Table] = field(default_factory=dict)

    def figure(self, report: str, column: str, *, first: date, last: date) -> Figure:
        table = self._table(report, first, last)
        if reports.report(report).chart.kind != "figures":
            return table.total(column)
        place = [each.name for each in table.columns].index(column)
        return _number(table.rows[0][place])

    def history(self, *, last: date) -> FigureHistory:
        """The summary's figures of whole months, since the program has members."""
        end = (last + timedelta(days=1)).replace(day=1) - timedelta(days=1)
        table = self._table("trend", add_months(end.replace(day=1), 1 - HISTORY_MONTHS), end)
        names = [each.name for each in table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in table.rows]
        began = next((n for n, row in enumerate(rows) if row["members"]), len(rows))
        return FigureHistory(
            day=last,
            months={
                ("summary", name): [_number(row[name]) for row in rows[began:]]
                for name in names
                if name in MEASURES["summary"]
            },
        )

    def _table(self, name: str, first: date, last: date) -> Table:
        key = (name, first, last)
        if key not in self._tables:
            report = reports.report(name)
            period = ReportPeriod(first=first, last=last, zone=self.document.zone, as_of=self.now)
            self._tables[key] = reports.run(
                report,
                period,
                facts=self.fetch(report),
                document=self.document,
                connect=self.connect,
            )
        return self._tables[key]


def _number(cell: reports.Cell) -> Figure:
    return cell if isinstance(cell, int | float) else None
