"""The reports: one `.sql` file each, run by DuckDB over facts on the function's own disk.

The head of a file says what the report answers, which facts it reads, which chart suits it, and
what its columns are. Parameters are bound, never pasted into the SQL.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.kernel.errors import NotFound, TooLarge
from loyalty.lake import narrowing, sql_views

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.program.document import Program
    from loyalty.lake.narrowing import SegmentMembers

type Cell = int | float | str | None
type ReportStep = Literal["day", "week", "month"]
type Connect = Callable[..., AbstractContextManager[DuckDBPyConnection]]
type ChartKind = Literal["figures", "column", "bar", "line", "funnel", "heatmap"]

WITHIN_DAYS: Final = 14
# The gateway waits for 30 s, and fetching the facts takes part of that.
QUERY_SECONDS_MAX: Final = 20.0
# Lambda allows a response of 6 MB.
ANSWER_BYTES_MAX: Final = 5_000_000

_TITLE: Final = re.compile(r"^-- (.+)$", re.MULTILINE)
_CHART: Final = re.compile(r"^-- Chart: (.+)$", re.MULTILINE)
_TOTAL: Final = re.compile(r"^-- Total: (.+)$", re.MULTILINE)
_FOR_MANAGERS: Final = re.compile(r"^-- For: managers$", re.MULTILINE)
_NEVER_NARROWED: Final = re.compile(r"^-- Not of segments: (.+)$", re.MULTILINE)
_COLUMN: Final = re.compile(r"^-- \| ([a-z0-9_]*) +\| ([a-z %]*?) +\| (.+?) +\|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    unit: str
    description: str


OF_SEGMENT: Final = Column(
    "of_segment", "string", "group", "the segment of the program whose members the row is about"
)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that a report returns, and their columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def total(self, name: str) -> int | None:
        """The sum of a column of whole numbers; None if one of its values is not known."""
        place = [column.name for column in self.columns].index(name)
        found = [row[place] for row in self.rows]
        numbers = [value for value in found if isinstance(value, int)]
        return sum(numbers) if len(numbers) == len(found) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The chart that suits a report.

    `x` is the column along the horizontal axis, `series` the column that splits each `x` (in a
    heatmap, the vertical axis), and `y` are the measured columns. Rows that share `x` and `series`
    are summed; `a / b` is the sum of `a` over the sum of `b`. Each value of `facet` has a chart of
    its own, for columns over which sums mean nothing.
    """

    kind: ChartKind
    x: str | None
    y: tuple[str, ...]
    series: str | None
    facet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    name: str
    title: str
    sql: str
    reads: tuple[str, ...]
    about: str = ""
    """Further explanation, in Markdown."""
    chart: Chart
    units: Mapping[str, str]
    """The description of each column, in the columns' order."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    is_for_managers: bool = False
    """Whether analysts cannot read it, because it is about colleagues."""
    totals: tuple[str, ...] = ()
    """The columns whose sum over all rows means something."""
    never_narrowed: str | None = None
    """Why it cannot be asked for the members of a segment, where it cannot."""

    @property
    def has_steps(self) -> bool:
        """Whether it has a row for each day, week or month."""
        return "$by" in self.sql

    @property
    def counts_days(self) -> bool:
        """Whether it counts what follows within some days."""
        return "$within_days" in self.sql


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPeriod:
    """Days of a program, both included, as recorded `as_of` a moment, in steps of `by`."""

    first: date
    last: date
    zone: ZoneInfo
    as_of: datetime
    by: ReportStep = "month"
    within_days: int = WITHIN_DAYS

    @property
    def today(self) -> date:
        return self.as_of.astimezone(self.zone).date()

    def parameters(self) -> dict[str, Any]:
        """The parameters that a report may bind; instants are UTC.

        The report looks back from the end of `last_day` and of `day_before`. Neither is in the
        future: points that expire next week have not expired just because a period ends next month.
        `final_day` is the period's last day, even in the future. `within_days` is for how many days
        an action counts as following what came before it.
        """
        return {
            "as_of": self.as_of.astimezone(UTC).replace(tzinfo=None),
            "by": self.by,
            "day_before": min(self.first - timedelta(days=1), self.today),
            "final_day": self.last,
            "first_day": self.first,
            "first_month": self.first.replace(day=1),
            "from_at": midnight(self.first, self.zone).replace(tzinfo=None),
            "last_day": min(self.last, self.today),
            "until_at": midnight(self.last + timedelta(days=1), self.zone).replace(tzinfo=None),
            "within_days": self.within_days,
        }


@cache
def report(name: str) -> Report:
    """The report with this name.

    Raises:
        NotFound: there is no such report.
    """
    found = {path.name: path for path in files("loyalty").joinpath("reports").iterdir()}
    path = found.get(f"{name}.sql")
    if path is None:
        raise NotFound(f"There is no such report. There are {', '.join(names())}.")
    sql = path.read_text(encoding="utf-8")
    title = _TITLE.search(sql)
    if title is None:
        raise ValueError(f"the head of {path.name} has no title")
    return Report(
        name=name,
        title=title[1],
        sql=sql,
        reads=sql_views.reads(sql),
        about=_about(sql),
        chart=_chart(sql),
        is_for_managers=_FOR_MANAGERS.search(sql) is not None,
        totals=_totals(sql),
        never_narrowed=why[1] if (why := _NEVER_NARROWED.search(sql)) else None,
        units={name: unit for name, unit, _ in _COLUMN.findall(sql) if name},
        descriptions=_descriptions(sql),
    )


def _chart(sql: str) -> Chart:
    """Read the head's chart line: kind, `x`, the `y` columns, `series` and `facet`."""
    found = _CHART.search(sql)
    if found is None:
        raise ValueError(f"the head does not name a chart: {sql[:100]}")
    kind, *columns = re.split(r" *\| *", found[1])
    x = None if kind == "figures" else columns.pop(0)
    measured, series, facet, *_ = (*columns, "", "")
    return Chart(
        kind=cast("ChartKind", kind),
        x=x,
        y=tuple(measured.split(", ")),
        series=series or None,
        facet=facet or None,
    )


def _totals(sql: str) -> tuple[str, ...]:
    found = _TOTAL.search(sql)
    return tuple(found[1].split(", ")) if found else ()


def _about(sql: str) -> str:
    """The prose of a head: the text between the lines for the engine and the table."""
    head = "\n".join(line[2:].removeprefix(" ") for line in _head(sql))
    _, _, rest = head.partition("\n\n")
    _, _, prose = rest.partition("\n\n")
    return prose.partition("\n| Column")[0].strip()


def _head(sql: str) -> Iterator[str]:
    return takewhile(lambda line: line.startswith("--"), sql.splitlines())


def _descriptions(sql: str) -> dict[str, str]:
    """The description of each column; a line without a name continues the line before it."""
    descriptions: dict[str, str] = {}
    last = ""
    for name, _, words in _COLUMN.findall(sql):
        last = name or last
        descriptions[last] = f"{descriptions[last]} {words}" if last in descriptions else words
    return descriptions


def names() -> list[str]:
    """The names of all reports."""
    paths = files("loyalty").joinpath("reports").iterdir()
    return sorted(path.name.removesuffix(".sql") for path in paths if path.name.endswith(".sql"))


def run(
    report: Report,
    period: ReportPeriod,
    *,
    facts: Path,
    document: Program,
    among: SegmentMembers | None = None,
    seconds_max: float = QUERY_SECONDS_MAX,
    connect: Connect = sql_views.connection,
) -> Table:
    """Run a report over the facts in a folder, on an engine that `connect` lends.

    It is of all members, or `among` those of a segment.

    Raises:
        TooLarge: it took too long, needed too much memory, or its answer is too long.
    """
    with querying(
        facts,
        kinds=narrowing.kinds_for(report.reads) if among else report.reads,
        document=document,
        zone=period.zone,
        until=max(period.last, period.today),
        seconds_max=seconds_max,
        connect=connect,
    ) as connected:
        within = narrowing.narrowed(connected, report.reads, among) if among else nullcontext()
        with within:
            table = _answered(connected, report, period)
    return _checked(table)


def run_beside(
    report: Report,
    period: ReportPeriod,
    *,
    facts: Path,
    document: Program,
    segments: Sequence[SegmentMembers],
    connect: Connect = sql_views.connection,
) -> Table:
    """Run a report for each of several segments; the first column says of which one a row is.

    Raises:
        TooLarge: it took too long, needed too much memory, or its answer is too long.
    """
    columns: tuple[Column, ...] = ()
    rows: list[tuple[Cell, ...]] = []
    with querying(
        facts,
        kinds=narrowing.kinds_for(report.reads),
        document=document,
        zone=period.zone,
        until=max(period.last, period.today),
        connect=connect,
    ) as connected:
        for segment in segments:
            with narrowing.narrowed(connected, report.reads, segment):
                table = _answered(connected, report, period)
            columns = (OF_SEGMENT, *table.columns)
            rows += [(segment.segment_id, *row) for row in table.rows]
    return _checked(Table(columns, tuple(rows)))


def _answered(connected: DuckDBPyConnection, report: Report, period: ReportPeriod) -> Table:
    answer = connected.execute(report.sql, bound(report.sql, period))
    described = [(name, str(kind)) for name, kind, *_ in answer.description]
    return Table(
        tuple(_column(report, name, kind) for name, kind in described),
        tuple(tuple(_cell(value) for value in row) for row in answer.fetchall()),
    )


def _checked(table: Table) -> Table:
    if sum(len(str(cell)) + 2 for row in table.rows for cell in row) > ANSWER_BYTES_MAX:
        raise TooLarge("The report has more rows than one answer can hold; ask for fewer days.")
    return table


@contextmanager
def querying(
    facts: Path,
    *,
    kinds: Collection[str],
    document: Program,
    zone: ZoneInfo,
    until: date,
    seconds_max: float = QUERY_SECONDS_MAX,
    connect: Connect = sql_views.connection,
) -> Iterator[DuckDBPyConnection]:
    """An engine over the facts in a folder, for so many seconds.

    Raises:
        TooLarge: it took too long, or needed too much memory.
    """
    # Loading the engine takes longer than everything else here combined.
    import duckdb  # noqa: PLC0415  # see above

    try:
        with connect(facts, kinds=kinds, document=document, zone=zone, until=until) as connected:
            timer = threading.Timer(seconds_max, connected.interrupt)
            timer.start()
            try:
                yield connected
            finally:
                timer.cancel()
    except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
        raise TooLarge("This takes too much time or memory for one request.") from error


def bound(sql: str, period: ReportPeriod) -> dict[str, Any]:
    """The parameters that a report names; the engine rejects any others."""
    named = set(re.findall(r"\$([a-z_]+)", sql))
    return {name: value for name, value in period.parameters().items() if name in named}


def _column(report: Report, name: str, sql_type: str) -> Column:
    return Column(name, _type_name(sql_type), report.units[name], report.descriptions.get(name, ""))


def _type_name(sql_type: str) -> str:
    if sql_type.startswith("DECIMAL"):
        return "decimal"
    return {
        "BIGINT": "integer",
        "VARCHAR": "string",
        "DATE": "date",
        "TIMESTAMP": "date-time",
    }[sql_type]


def _cell(value: object) -> Cell:
    match value:
        case None | int() | str():
            return value
        case Decimal():
            # All six decimals survive: a float loses digits only from the seventeenth on.
            return float(value)
        case datetime():
            return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"a report has a cell of type {type(value).__name__}")
