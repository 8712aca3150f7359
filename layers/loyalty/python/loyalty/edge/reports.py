"""The reports: one `.sql` file each, run by DuckDB over facts on the function's own disk.

The head of a file says what the report answers, which facts it reads, and what its columns are.
The engine reaches nothing but the folder of one program's facts, and parameters are bound.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, TypeAliasType, get_args, get_type_hints
from zoneinfo import ZoneInfo

from loyalty.domain.calendar import midnight
from loyalty.domain.errors import NotFound, TooLarge
from loyalty.domain.facts import ALL, Fact
from loyalty.edge.lake import SUFFIX

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

type Cell = int | float | str | None

# Of the function's 3 GB; the rest is for Python and for reading files.
MEMORY_LIMIT: Final = "2200MiB"
SPILL_LIMIT: Final = "128MiB"
THREADS: Final = 2
# The gateway waits for 30 s, and the facts have to be fetched first.
QUERY_SECONDS_MAX: Final = 20.0

_TYPES: Final = {str: "VARCHAR", int: "BIGINT", datetime: "TIMESTAMP", date: "DATE"}
_KINDS: Final = {fact.kind: fact for fact in ALL}
_COLUMN: Final = re.compile(r"^-- \| ([a-z][a-z_]*) +\| ([a-z %]+?) +\|", re.MULTILINE)
_READS: Final = re.compile(r"^-- Reads: (.+)$", re.MULTILINE)

# Sums of nothing are nothing, and sums of 64-bit integers are wider than that. A ratio rounds to
# six decimals, halves away from zero, over integers alone.
_MACROS: Final = """
CREATE MACRO whole(total) AS coalesce(total, 0)::BIGINT;
CREATE MACRO ratio(part, total) AS CASE WHEN total > 0 THEN
    (sign(part) * ((2000000 * abs(part)::HUGEINT + total) // (2 * total::HUGEINT)))::DECIMAL(32, 0)
    * 0.000001::DECIMAL(6, 6)
END;
"""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    unit: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a report answers."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    sql: str
    reads: tuple[str, ...]
    units: Mapping[str, str]
    """By column, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days of a program, both included, as they are known `as_of` a moment."""

    first: date
    last: date
    zone: ZoneInfo
    as_of: datetime

    def parameters(self) -> dict[str, date]:
        """What a report may bind; instants are UTC.

        `last_day` and `day_before` are the days whose end the report looks back from. Neither lies
        ahead: what expires next week has not expired because a period ends next month.
        """
        today = self.as_of.astimezone(self.zone).date()
        return {
            "from_at": midnight(self.first, self.zone).replace(tzinfo=None),
            "until_at": midnight(self.last + timedelta(days=1), self.zone).replace(tzinfo=None),
            "last_day": min(self.last, today),
            "day_before": min(self.first - timedelta(days=1), today),
        }


@cache
def report(name: str) -> Report:
    """The report of a name.

    Raises:
        NotFound: there is none.
    """
    found = {path.name: path for path in files("loyalty").joinpath("reports").iterdir()}
    path = found.get(f"{name}.sql")
    if path is None:
        raise NotFound("There is no report of this name.")
    sql = path.read_text(encoding="utf-8")
    reads = _READS.search(sql)
    if reads is None:
        raise ValueError(f"{path.name} does not say what it reads")
    return Report(name, sql, tuple(reads[1].split(", ")), dict(_COLUMN.findall(sql)))


def names() -> list[str]:
    """All reports there are."""
    paths = files("loyalty").joinpath("reports").iterdir()
    return sorted(path.name.removesuffix(".sql") for path in paths if path.name.endswith(".sql"))


def run(
    asked: Report,
    period: Period,
    *,
    facts: Path,
    seconds_max: float = QUERY_SECONDS_MAX,
) -> Table:
    """Answer a report over the facts in a folder.

    Raises:
        TooLarge: it took too long, or more memory than there is.
    """
    # Loading the engine takes longer than everything else here together.
    import duckdb  # noqa: PLC0415  # as said

    with connection(facts, kinds=asked.reads) as connected:
        timer = threading.Timer(seconds_max, connected.interrupt)
        timer.start()
        try:
            answer = connected.execute(asked.sql, _bound(asked.sql, period))
            columns = tuple(
                _column(asked, name, str(kind)) for name, kind, *_ in answer.description
            )
            rows = answer.fetchall()
        except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
            raise TooLarge("The report is too much to compute in one go.") from error
        finally:
            timer.cancel()
    return Table(columns, tuple(tuple(_cell(value) for value in row) for row in rows))


def connection(facts: Path, *, kinds: tuple[str, ...]) -> "DuckDBPyConnection":
    """An engine that knows the facts of these kinds and reaches nothing else."""
    import duckdb  # noqa: PLC0415  # as above

    connected = duckdb.connect(
        ":memory:",
        config={
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY_LIMIT,
            "threads": THREADS,
            "temp_directory": str(facts / "spill"),
            "max_temp_directory_size": SPILL_LIMIT,
        },
    )
    connected.execute(_MACROS)
    connected.execute("SET allowed_directories = [$facts]", {"facts": str(facts)})
    connected.execute("SET enable_external_access = false")
    for kind in kinds:
        connected.execute(_view(_KINDS[kind], facts / kind))
    connected.execute("SET lock_configuration = true")
    return connected


def _view(fact: type[Fact], folder: Path) -> str:
    """A kind of facts as a table of that name, each fact once."""
    columns = {name: _sql_type(hint) for name, hint in get_type_hints(fact).items()}
    del columns["kind"]
    if any(folder.glob(f"*{SUFFIX}")):
        typed = ", ".join(f"\"{name}\": '{sql_type}'" for name, sql_type in columns.items())
        source = (
            f"read_json('{folder}/*{SUFFIX}', format = 'newline_delimited', columns = {{{typed}}})"
        )
    else:
        typed = ", ".join(f'NULL::{sql_type} AS "{name}"' for name, sql_type in columns.items())
        source = f"(SELECT {typed} WHERE false)"
    return f"""
        CREATE VIEW {fact.kind} AS SELECT * FROM {source}
        QUALIFY row_number() OVER (PARTITION BY fact_id ORDER BY revision DESC) = 1
    """  # noqa: S608  # names of our own classes and folders


def _sql_type(hint: Any) -> str:
    """The column type for a field: its type, or that of its alternatives beside none."""
    if isinstance(hint, TypeAliasType):
        return _sql_type(hint.__value__)
    if isinstance(hint, UnionType):
        return _sql_type(next(each for each in get_args(hint) if each is not type(None)))
    # What is left are literals, and those are words.
    return _TYPES.get(hint, "VARCHAR")


def _bound(sql: str, period: Period) -> dict[str, date]:
    """The parameters that a report names; the engine refuses others."""
    named = set(re.findall(r"\$([a-z_]+)", sql))
    return {name: value for name, value in period.parameters().items() if name in named}


def _column(asked: Report, name: str, sql_type: str) -> Column:
    return Column(name, _told_type(sql_type), asked.units[name])


def _told_type(sql_type: str) -> str:
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
            # Six decimals survive: it takes a float seventeen digits to lose one.
            return float(value)
        case datetime():
            return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"a report answers with {type(value).__name__}")
