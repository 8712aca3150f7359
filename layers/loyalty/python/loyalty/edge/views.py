"""The engine of the reports: DuckDB, over one program's facts on the function's own disk.

Each kind of facts is a view that has every fact once. On top comes what reports share
(`reports/shared`): macros, further views, and what the program's document says. The engine reaches
nothing but the folder of the facts.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, TypeAliasType, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from loyalty.domain.calendar import midnight
from loyalty.domain.facts import ALL, Fact
from loyalty.domain.program import Program
from loyalty.domain.qualifying import LETTERS
from loyalty.edge.lake import SUFFIX

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Of the function's 3 GB; the rest is for Python and for reading files.
MEMORY_LIMIT: Final = "2200MiB"
SPILL_LIMIT: Final = "128MiB"
THREADS: Final = 2
# Nothing that a fact tells happened before; `macros.sql` counts from here.
FIRST_MIDNIGHT: Final = date(2000, 1, 1)
# In the order in which they build on each other.
SHARED: Final = (
    "heirs", "membership", "movements", "rules", "purchases", "sales", "standings",
)  # fmt: skip

_KINDS: Final = {fact.kind: fact for fact in ALL}
_TYPES: Final = {str: "VARCHAR", int: "BIGINT", datetime: "TIMESTAMP", date: "DATE"}
_READS: Final = re.compile(r"^-- Reads: (.+)$", re.MULTILINE)


def reads(sql: str) -> tuple[str, ...]:
    """The kinds of facts that the head of a file names."""
    found = _READS.search(sql)
    if found is None:
        raise ValueError(f"it does not say what it reads: {sql[:100]}")
    return tuple(found[1].split(", "))


@cache
def shared(name: str) -> str:
    path = files("loyalty").joinpath("reports", "shared", f"{name}.sql")
    return path.read_text(encoding="utf-8")


def connection(
    facts: Path, *, kinds: Collection[str], document: Program, zone: ZoneInfo, until: date
) -> "DuckDBPyConnection":
    """An engine that knows the facts of these kinds and the program, and reaches nothing else.

    Days are those of `zone`; `until` is the last that is asked for.
    """
    # Loading the engine takes longer than everything else here together.
    import duckdb  # noqa: PLC0415  # as said

    connected = duckdb.connect(
        ":memory:",
        config={
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY_LIMIT,
            "preserve_insertion_order": "false",
            "threads": THREADS,
            "temp_directory": str(facts / "spill"),
            "max_temp_directory_size": SPILL_LIMIT,
        },
    )
    _tell(connected, document, midnights=_midnights(zone, until))
    connected.execute(shared("macros"))
    connected.execute("SET allowed_directories = [$facts]", {"facts": str(facts)})
    connected.execute("SET enable_external_access = false")
    for kind in kinds:
        connected.execute(_view(_KINDS[kind], facts / kind))
    for name in SHARED:
        if set(reads(shared(name))) <= set(kinds):
            connected.execute(shared(name))
    connected.execute("SET lock_configuration = true")
    return connected


def _tell(connected: "DuckDBPyConnection", document: Program, *, midnights: list[datetime]) -> None:
    """What reports need of the program's document, as variables and tables."""
    tiers, value = document.tiers, document.point_value
    spans = 12 if tiers and tiers.period == "rolling_12_months" else 1
    for name, told in {
        "midnights": midnights,
        "claim_days": document.claim_days,
        "point_minor": value.amount_minor if value else None,
        "point_points": value.per_points if value else None,
        "tier_letter": LETTERS[tiers.basis] if tiers else None,
        "tier_period": tiers.period if tiers else None,
        "tier_spans": spans,
    }.items():
        connected.execute(f"SET VARIABLE {name} = $told", {"told": told})
    connected.execute("CREATE TABLE levels (level VARCHAR, reached_at BIGINT)")
    connected.execute("CREATE TABLE catalog (reward_id VARCHAR, amount_minor BIGINT)")
    for level in tiers.levels if tiers else ():
        connected.execute("INSERT INTO levels VALUES (?, ?)", (level.id, level.reached_at))
    for reward in document.rewards:
        connected.execute("INSERT INTO catalog VALUES (?, ?)", (reward.id, reward.amount_minor))


@cache
def _midnights(zone: ZoneInfo, until: date) -> list[datetime]:
    """The first moment of each local day, in UTC, to some days after the last that matters."""
    days = (until - FIRST_MIDNIGHT).days + 4
    return [
        midnight(FIRST_MIDNIGHT + timedelta(days=day), zone).replace(tzinfo=None)
        for day in range(days)
    ]


def _view(fact: type[Fact], folder: Path) -> str:
    """A kind of facts as a table of that name, each fact once."""
    columns = dict(_columns(fact))
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
        QUALIFY row_number() OVER (
            PARTITION BY fact_id ORDER BY revision DESC, recorded_at DESC
        ) = 1
    """  # noqa: S608  # names of our own classes and folders


def _columns(told: type) -> Iterator[tuple[str, str]]:
    """The columns of a kind of facts, or the fields of what lies within one."""
    for name, hint in get_type_hints(told).items():
        if name != "kind":
            yield name, _sql_type(hint)


def _sql_type(hint: Any) -> str:
    """The column type for a field: its type, or that of its alternatives beside none."""
    if isinstance(hint, TypeAliasType):
        return _sql_type(hint.__value__)
    if isinstance(hint, UnionType):
        return _sql_type(next(each for each in get_args(hint) if each is not type(None)))
    if get_origin(hint) is tuple:
        return f"{_sql_type(get_args(hint)[0])}[]"
    if is_dataclass(hint) and isinstance(hint, type):
        fields = ", ".join(f'"{name}" {sql_type}' for name, sql_type in _columns(hint))
        return f"STRUCT({fields})"
    # What is left are literals, and those are words.
    return _TYPES.get(hint, "VARCHAR")
