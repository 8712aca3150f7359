"""A lake in memory, a disk to bring it to, and a period to ask about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from loyalty.domain.changes import TableChange
from loyalty.domain.facts import ALL, Fact, facts_of
from loyalty.domain.program.document import Program
from loyalty.lake import reports, sql_views
from loyalty.lake.connections import ReportEngine
from loyalty.lake.day_sums import DAILY
from loyalty.lake.keeper import Keeper
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.reports import Cell, ReportPeriod, Table
from tests.support.bucket import Bucket
from tests.support.documents import program

type Row = dict[str, Cell]

KINDS: Final = tuple(kind.kind for kind in ALL)
PARIS: Final = ZoneInfo("Europe/Paris")
NOVEMBER: Final = ReportPeriod(
    first=date(2026, 11, 1),
    last=date(2026, 11, 30),
    zone=PARIS,
    as_of=datetime(2027, 1, 9, tzinfo=UTC),
)


@dataclass(frozen=True)
class Home:
    root: Path
    bucket: Bucket = field(default_factory=Bucket)
    engine: ReportEngine = field(default_factory=ReportEngine)

    def write(self, changes: Sequence[TableChange], *, name: str) -> None:
        facts = [fact for each in changes for fact in self.facts_of(each)]
        Lake(self.bucket.client, bucket="lake").write(facts, name=name)

    def facts_of(self, change: TableChange) -> list[Fact]:
        return list(facts_of(change))

    def fetch(self, *, zone: ZoneInfo | None = None) -> Path:
        mirror = Mirror(self.bucket.client, bucket="lake", root=self.root)
        return mirror.fetch("bean", (*KINDS, DAILY), zone=zone)

    def fold(self, *, now: datetime) -> None:
        """Let the keeper tidy up, all kinds, as an hourly run does."""
        self.root.mkdir(parents=True, exist_ok=True)
        keeper = Keeper(Lake(self.bucket.client, bucket="lake"), root=self.root, now=now)
        for kind in KINDS:
            keeper.fold("bean", kind)

    def sum_up(self, document: Program, *, now: datetime) -> int:
        """Let the keeper sum up the closed months of entries, however small they are."""
        keeper = Keeper(Lake(self.bucket.client, bucket="lake"), root=self.root, now=now)
        return keeper.sum_up("bean", document, from_bytes=0)

    def facts_by_kind(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that a reader finds, by kind."""
        zone, until = ZoneInfo("UTC"), date(2026, 12, 31)
        with sql_views.connection(
            self.fetch(), kinds=KINDS, document=program(), zone=zone, until=until
        ) as connected:
            return {
                kind: sorted(connected.execute(f"FROM {kind}").fetchall(), key=str)
                for kind in KINDS
            }

    def answer(self, period: ReportPeriod = NOVEMBER, *, name: str = "summary") -> Row:
        """The only row of a report, by column."""
        (row,) = self.rows(name, period)
        return row

    def rows(
        self, name: str, period: ReportPeriod = NOVEMBER, *, document: Program | None = None
    ) -> list[Row]:
        """The rows of a report, each by column."""
        table = reports.run(
            reports.report(name),
            period,
            facts=self.fetch(zone=period.zone),
            document=document or program(),
            connect=self.engine.over,
        )
        return by_column(table)


def by_column(table: Table) -> list[Row]:
    """The rows of an answer, each by column."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]
