"""The engine of the reports: DuckDB, over one program's facts on the function's own disk.

Each kind of facts is a view that has every fact once. On top of these come the macros and views
that reports share (`reports/shared`) and the settings of the program's document. The engine can
access only the folder of the facts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, TypeAliasType, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from loyalty.domain.campaigns.holdouts import LOTS_OF_A_PERCENT
from loyalty.domain.campaigns.limits import budget_of
from loyalty.domain.campaigns.member_facts import needs_first_order
from loyalty.domain.earning.qualifying import LETTERS
from loyalty.domain.facts import ALL, EntryFact, Fact, MemberFact
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.level_periods import LevelPeriods
from loyalty.domain.ledger.level_ranks import looks_back, needed_to_keep, rank_below
from loyalty.lake import day_sums
from loyalty.lake.local_days import local_day, midnights
from loyalty.lake.objects import FOLDED, SUFFIX, shared_days

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.program.document import Program

# Out of the function's 3 GB; Python and reading files need the rest.
MEMORY_LIMIT: Final = "2200MiB"
# Out of its 4 GB on disk, beside the facts.
SPILL_LIMIT: Final = "900MiB"
THREADS: Final = 2
# The shared views, in the order in which they build on each other.
SHARED: Final = (
    "heirs", "membership", "movements", "daily", "rules", "purchases", "sales", "standings",
    "campaign_points", "member_orders",
)  # fmt: skip

KINDS: Final = {fact.kind: fact for fact in ALL}
_TYPES: Final = {
    str: "VARCHAR",
    int: "BIGINT",
    bool: "BOOLEAN",
    datetime: "TIMESTAMP",
    date: "DATE",
}
# Reports join and group by numbers that stand for these ids, because texts take several times as
# long. Folded files have the numbers as columns. Two of a million members share a number once in
# eighteen million lakes.
_NUMBERED: Final = ("fact_id", "member_id", "guest_id")
_NUMBER_OF: Final = "CREATE MACRO number_of(id) AS (md5_number_lower(id) >> 1)::BIGINT"
# The place of a fact in the folded files; the engine gives it for every row.
_PLACE: Final = {"filename": "VARCHAR", "file_row_number": "BIGINT"}
_READS: Final = re.compile(r"^-- Reads: (.+)$", re.MULTILINE)


def reads(sql: str) -> tuple[str, ...]:
    """The kinds of facts that the head of a file names."""
    found = _READS.search(sql)
    if found is None:
        raise ValueError(f"the head does not name the facts it reads: {sql[:100]}")
    return tuple(found[1].split(", "))


@cache
def shared(name: str) -> str:
    path = files("loyalty").joinpath("reports", "shared", f"{name}.sql")
    return path.read_text(encoding="utf-8")


def connection(
    facts: Path,
    *,
    kinds: Collection[str],
    document: Program,
    zone: ZoneInfo,
    until: date,
    spill_limit: str = SPILL_LIMIT,
) -> DuckDBPyConnection:
    """An engine that has loaded these kinds of facts and the program, and can access nothing else.

    Days are local to `zone`; `until` is the last day that a report may ask for.
    """
    connected = _connect(facts, in_order=False, spill_limit=spill_limit)
    firsts = midnights(zone, until)
    _set_program(connected, document, midnights=firsts)
    connected.execute(shared("macros"))
    connected.execute(local_day(firsts))
    extend(connected, facts, kinds=kinds)
    connected.execute("SET lock_configuration = true")
    return connected


def extend(
    connected: DuckDBPyConnection,
    facts: Path,
    *,
    kinds: Collection[str],
    loaded: Collection[str] = (),
) -> None:
    """Load further kinds of facts into an engine."""
    for kind in set(kinds) - set(loaded):
        if kind == day_sums.DAILY:
            _load_sums(connected, facts / kind)
        else:
            _load(connected, KINDS[kind], facts / kind)
    share(connected, kinds, loaded=loaded)


def outline(kinds: Collection[str]) -> DuckDBPyConnection:
    """An engine for planning only: these kinds of facts as empty tables, and the shared views."""
    # `_connect` says why it is imported here.
    import duckdb  # noqa: PLC0415  # see above

    connected = duckdb.connect(":memory:", config={"threads": 1})
    connected.execute(_NUMBER_OF)
    connected.execute(shared("macros"))
    connected.execute("CREATE MACRO local_day(moment) AS moment::DATE")
    _catalogue(connected)
    tables = {kind: stored_columns(KINDS[kind]) for kind in kinds if kind != day_sums.DAILY}
    if day_sums.DAILY in kinds:
        tables |= {"sums": day_sums.COLUMNS, "unsummed": stored_columns(EntryFact)}
    for name, typed in tables.items():
        declared = ", ".join(f'"{column}" {sql_type}' for column, sql_type in typed.items())
        connected.execute(f"CREATE TABLE {name} ({declared})")
    share(connected, kinds)
    return connected


def share(
    connected: DuckDBPyConnection, kinds: Collection[str], *, loaded: Collection[str] = ()
) -> None:
    """Make the views that reports share over these kinds of facts, but those over `loaded` ones."""
    for name in SHARED:
        needed = set(reads(shared(name)))
        if needed <= {*kinds, *loaded} and not needed <= set(loaded):
            connected.execute(shared(name))


def workshop(folder: Path) -> DuckDBPyConnection:
    """An engine that reads and writes a folder, and can access nothing else."""
    connected = _connect(folder, in_order=True, spill_limit=SPILL_LIMIT)
    connected.execute("SET lock_configuration = true")
    return connected


def _connect(folder: Path, *, in_order: bool, spill_limit: str) -> DuckDBPyConnection:
    # Loading the engine takes longer than everything else here combined.
    import duckdb  # noqa: PLC0415  # see above

    connected = duckdb.connect(
        ":memory:",
        config={
            "allow_community_extensions": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY_LIMIT,
            "preserve_insertion_order": "true" if in_order else "false",
            "threads": THREADS,
            "temp_directory": str(folder / "spill"),
            "max_temp_directory_size": spill_limit,
        },
    )
    connected.execute(_NUMBER_OF)
    connected.execute("SET allowed_directories = [$folder]", {"folder": str(folder)})
    connected.execute("SET enable_external_access = false")
    return connected


def _set_program(
    connected: DuckDBPyConnection, document: Program, *, midnights: list[datetime]
) -> None:
    """Set what reports need from the program's document, as variables and tables."""
    tiers, value, margin = document.tiers, document.point_value, document.economics
    for name, setting in {
        "midnights": midnights,
        "claim_days": document.claim_days,
        "point_minor": value.amount_minor if value else None,
        "point_points": value.per_points if value else None,
        "gross_margin_percent": margin.gross_margin_percent if margin else None,
        **_level_settings(document),
    }.items():
        connected.execute(f"SET VARIABLE {name} = $setting", {"setting": setting})
    _catalogue(connected)
    for rank, level in enumerate(tiers.levels if tiers else (), 1):
        row = (level.id, rank, level.reached_at, needed_to_keep(level))
        connected.execute("INSERT INTO levels VALUES (?, ?, ?, ?)", row)
    for reward in document.rewards:
        # What a percentage took off certain products only is not in the facts of their orders.
        of_goods = None if reward.skus else reward.percent
        costs = (reward.id, reward.cost_minor, reward.amount_minor, of_goods)
        connected.execute("INSERT INTO catalog VALUES (?, ?, ?, ?)", costs)
    for campaign in document.campaigns:
        # How much a budget has does not depend on the day.
        if (budget := budget_of(campaign, value, date.min)) and campaign.limits.budget:
            of_campaign = (campaign.id, budget.points, campaign.limits.budget.per)
            connected.execute("INSERT INTO campaign_budgets VALUES (?, ?, ?)", of_campaign)
    for experiment in _experiments(document):
        connected.execute("INSERT INTO holdouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", experiment)


def _experiments(document: Program) -> Iterator[tuple[object, ...]]:
    """The rows of `holdouts`: the program's own, and those of campaigns in their order."""
    everywhere = document.universal_holdout
    elsewhere = (everywhere.salt, everywhere.percent * LOTS_OF_A_PERCENT) if everywhere else None
    if elsewhere:
        yield (0, None, *elsewhere, None, None, False, None, None)
    for number, campaign in enumerate(document.campaigns, 1):
        if campaign.holdout is None:
            continue
        when = campaign.when
        yield (
            number,
            campaign.id,
            campaign.salt,
            campaign.holdout.percent * LOTS_OF_A_PERCENT,
            *(elsewhere or (None, None)),
            needs_first_order(campaign),
            _first_moment(when.starts_on, document.zone),
            _first_moment(
                when.ends_on + timedelta(days=1) if when.ends_on else None, document.zone
            ),
        )


def _first_moment(day: date | None, zone: ZoneInfo) -> datetime | None:
    return midnight(day, zone).replace(tzinfo=None) if day else None


# A level for life holds for more periods than a program lives.
_FOR_LIFE: Final = 240


def _level_settings(document: Program) -> dict[str, object]:
    """The settings of `standings.sql`: how periods count, and for how many more a level holds."""
    tiers = document.tiers
    if tiers is None:
        return dict.fromkeys(
            (
                "tier_letter",
                "tier_period",
                "tier_spans",
                "tier_holds",
                "tier_model",
                "tier_months",
                "tier_steps",
                "tier_below",
            )
        )
    spans = LevelPeriods(tiers, date.min).spans
    return {
        "tier_letter": LETTERS[tiers.basis],
        "tier_period": tiers.period,
        "tier_spans": spans,
        "tier_holds": {"next_period": spans, "for_life": _FOR_LIFE}.get(tiers.holds.model, 0),
        "tier_months": tiers.holds.months if tiers.holds.model == "months" else None,
        "tier_model": tiers.holds.model,
        # A level for life is the best of all periods: no need to go through them one by one.
        "tier_steps": looks_back(tiers) and tiers.holds.model in {"next_period", "while_enough"},
        # By rank, from 1: the next lower rank that a member falls to, where that is the policy.
        "tier_below": [
            rank_below(tiers, rank) if tiers.one_step_down else 0
            for rank in range(1, len(tiers.levels) + 1)
        ],
    }


def _catalogue(connected: DuckDBPyConnection) -> None:
    # Who is on which list; a query for the members of segments fills it.
    connected.execute("CREATE TABLE listed (segment_id VARCHAR, member_id VARCHAR)")
    connected.execute(
        "CREATE TABLE levels (level VARCHAR, rank INTEGER, reached_at BIGINT, keeps_at BIGINT)"
    )
    connected.execute(
        "CREATE TABLE catalog (reward_id VARCHAR, cost_minor BIGINT, amount_minor BIGINT, "
        "percent_of_goods BIGINT)"
    )
    connected.execute(
        "CREATE TABLE campaign_budgets (campaign_id VARCHAR, points BIGINT, per VARCHAR)"
    )
    # Lots below `held_below` are held out; members who are held out by the other salt do not count.
    connected.execute("""
        CREATE TABLE holdouts (
            number INTEGER, campaign_id VARCHAR, salt VARCHAR, held_below INTEGER,
            other_salt VARCHAR, other_below INTEGER, is_for_first_orders BOOLEAN,
            starts_at TIMESTAMP, ends_at TIMESTAMP
        )
    """)


def _load_sums(connected: DuckDBPyConnection, folder: Path) -> None:
    """Make `sums` a view of the months that are summed up, and `unsummed` of all other entries."""
    paths = [path for path in sorted(folder.glob("*~*")) if is_whole(path)]
    sums = [path for path in paths if day_sums.is_sums(path.name)]
    settled, disputed = _parted([path for path in paths if path not in sums])
    months = f" UNION ALL BY NAME FROM read_parquet({_listed(sums)})" if sums else ""
    connected.execute(f"""
        CREATE VIEW unsummed AS
        {recorded(EntryFact, settled)} UNION ALL {_once(EntryFact, disputed)};

        CREATE VIEW sums AS {no_rows(day_sums.COLUMNS)}{months}
    """)  # names of our own classes and folders


def _load(connected: DuckDBPyConnection, fact: type[Fact], folder: Path) -> None:
    """Make a kind of facts a view of that name: each fact once, in its last revision."""
    settled, disputed = _parted([path for path in sorted(folder.glob("*~*")) if is_whole(path)])
    if fact.final_revision == 1:
        connected.execute(f"""
            CREATE VIEW {fact.kind} AS {recorded(fact, settled)} UNION ALL {_once(fact, disputed)}
        """)
        return
    # The lake has the final revision of most facts, and later revisions are rare. So few facts have
    # to be compared, and the superseded ones are found only once.
    final, place = fact.final_revision, ", ".join(_PLACE)
    revision = ", ".join(["fact_number", "revision", *_shared_by(fact)])
    is_later = "later.revision > recorded.revision" + "".join(
        f" OR (later.revision = recorded.revision AND later.{moment} > recorded.{moment})"
        for moment in _shared_by(fact)
    )
    connected.execute(f"""
        CREATE VIEW recorded_{fact.kind} AS
        SELECT {revision}, {place}
        FROM ({recorded(fact, settled, also=_PLACE)})
        UNION ALL
        SELECT {revision}, NULL, NULL FROM ({_once(fact, disputed)});

        CREATE TABLE later_{fact.kind} AS
        SELECT {revision} FROM recorded_{fact.kind}
        WHERE revision > {final} OR (
            revision > 1
            AND fact_number IN (
                SELECT fact_number FROM recorded_{fact.kind} WHERE revision < {final}
            )
        )
    """)  # noqa: S608  # names of our own classes and folders
    beyond = connected.execute(f"FROM later_{fact.kind} WHERE revision > {final} LIMIT 1")
    # Superseded facts are excluded by their place in a file: reading the numbers of all facts would
    # take as long as some reports do. Members are few, and every part of a report reads them.
    connected.execute(f"""
        CREATE TABLE superseded_{fact.kind} AS
        SELECT * FROM recorded_{fact.kind} AS recorded
        SEMI JOIN later_{fact.kind} AS later
            ON later.fact_number = recorded.fact_number AND ({is_later})
        WHERE {"true" if beyond.fetchone() else f"recorded.revision < {final}"};

        CREATE {"TABLE" if fact is MemberFact else "VIEW"} {fact.kind} AS
        SELECT {_names(fact)} FROM ({recorded(fact, settled, also=_PLACE)})
        ANTI JOIN superseded_{fact.kind} USING ({place})
        UNION ALL
        SELECT {_names(fact)} FROM ({_once(fact, disputed)})
        ANTI JOIN superseded_{fact.kind} USING ({revision});

        DROP TABLE later_{fact.kind}
    """)  # noqa: S608  # as above


def _shared_by(fact: type[Fact]) -> tuple[str, ...]:
    """The column by which facts with one revision differ, where several may have one."""
    return ("recorded_at",) if fact.shares_revisions else ()


def _parted(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files that share no day with any other, and files that may share facts with others.

    A folded file has every fact once. Files that share a day may hold a fact twice: files that are
    not folded yet, and for a moment during a fold. Copies of a fact always lie under the same day.
    """
    disputed_covers = shared_days([_cover(path) for path in paths])
    settled = [p for p in paths if p.name.endswith(FOLDED) and _cover(p) not in disputed_covers]
    return settled, [path for path in paths if path not in set(settled)]


def _once(fact: type[Fact], paths: Sequence[Path]) -> str:
    """A query over files that may share facts: each revision once."""
    return f"""
        FROM ({recorded(fact, paths)})
        QUALIFY row_number() OVER (
            PARTITION BY fact_id, revision ORDER BY recorded_at DESC, v DESC
        ) = 1
    """


def recorded(fact: type[Fact], paths: Sequence[Path], *, also: Collection[str] = ()) -> str:
    """A query for all facts in files of the lake, including duplicates.

    `also` are columns of `_PLACE`; facts that are not folded have no place.
    """
    types, numbered = columns(fact), numbers(fact)
    folded = [path for path in paths if path.name.endswith(FOLDED)]
    fresh = [path for path in paths if path.name.endswith(SUFFIX)]
    parts = [no_rows(stored_columns(fact) | _PLACE)]
    if folded:
        parts.append(
            f"FROM read_parquet({_listed(folded)}, "
            "union_by_name = true, filename = true, file_row_number = true)"
        )
    if fresh:
        typed = ", ".join(f"\"{name}\": '{sql_type}'" for name, sql_type in types.items())
        computed = "".join(f", number_of({id_}) AS {name}" for name, id_ in numbered.items())
        parts.append(
            f"SELECT *{computed} FROM read_json("  # noqa: S608  # as above
            f"{_listed(fresh)}, format = 'newline_delimited', columns = {{{typed}}})"
        )
    names = ", ".join([_names(fact), *also])
    return f"SELECT {names} FROM ({' UNION ALL BY NAME '.join(parts)})"  # noqa: S608  # as above


def _names(fact: type[Fact]) -> str:
    return ", ".join(f'"{name}"' for name in stored_columns(fact))


def no_rows(types: Mapping[str, str]) -> str:
    """A query for no rows, with these columns."""
    nulls = ", ".join(f'NULL::{sql_type} AS "{name}"' for name, sql_type in types.items())
    return f"SELECT {nulls} WHERE false"


def _listed(paths: Sequence[Path]) -> str:
    return "[" + ", ".join(f"'{path}'" for path in paths) + "]"


def is_whole(path: Path) -> bool:
    return path.name.endswith((SUFFIX, FOLDED))


def _cover(path: Path) -> str:
    return path.name.partition("~")[0]


def stored_columns(fact: type[Fact]) -> dict[str, str]:
    """The columns of a kind of facts with their types, and the numbers of its ids."""
    return columns(fact) | dict.fromkeys(numbers(fact), "BIGINT")


def numbers(fact: type[Fact]) -> dict[str, str]:
    """The column of each id's number, and the id; a fact without revisions needs no number."""
    named = {field.name for field in fields(fact)}
    ids = [name for name in _NUMBERED if name in named]
    if fact.final_revision == 1:
        ids.remove("fact_id")
    return {f"{name.removesuffix('_id')}_number": name for name in ids}


def columns(declared: type) -> dict[str, str]:
    """The columns of a kind of facts, or the fields of a nested value, with their types."""
    hints = get_type_hints(declared)
    return {field.name: _sql_type(hints[field.name]) for field in fields(declared)}


def _sql_type(hint: Any) -> str:
    """The column type for a field: its type, or for an optional field the type besides None."""
    if isinstance(hint, TypeAliasType):
        return _sql_type(hint.__value__)
    if isinstance(hint, UnionType):
        return _sql_type(next(each for each in get_args(hint) if each is not type(None)))
    if get_origin(hint) is tuple:
        return f"{_sql_type(get_args(hint)[0])}[]"
    if is_dataclass(hint) and isinstance(hint, type):
        within = ", ".join(f'"{name}" {sql_type}' for name, sql_type in columns(hint).items())
        return f"STRUCT({within})"
    # Only literals are left, and those are words.
    return _TYPES.get(hint, "VARCHAR")
