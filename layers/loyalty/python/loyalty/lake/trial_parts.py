"""The people of a program in parts, for trials on everybody: a file for each kind of facts.

All facts of a person are in the same part. Which one has nothing to do with what they did.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.trials.whole import parts_for
from loyalty.lake import sql_views
from loyalty.lake.trial_people import KINDS, PERSONS, SOURCES, names_of, people_in

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.trials.happenings import PersonFacts


class Divided(NamedTuple):
    """How many people there are, and into how many parts they were divided."""

    people: int
    parts: int


def divide(connected: DuckDBPyConnection, folder: Path) -> Divided:
    """Write the facts of all people into files of a folder, as `part_files` names them.

    A part has no file of a kind of which its people have no facts.
    """
    connected.execute(PERSONS)
    orders, people = _counted(connected)
    parts = parts_for(orders)
    connected.execute(
        "CREATE TEMP TABLE trial_people AS "
        "SELECT member_number, person_number AS place, person_number % $parts AS part "
        "FROM trial_persons",
        {"parts": parts},
    )
    for kind, source in SOURCES.items():
        connected.execute(
            f"COPY (SELECT part, place, {names_of(kind, kind.kind)} FROM {source}) "  # noqa: S608  # our own names
            f"TO '{folder / kind.kind}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (part))"
        )
    return Divided(people, parts)


def part_files(folder: Path, part: int) -> dict[str, Path]:
    """The files of a part in a folder of `divide`, by kind of facts."""
    paths = {kind.kind: folder / kind.kind / f"part={part}" / "data_0.parquet" for kind in KINDS}
    return {kind: path for kind, path in paths.items() if path.exists()}


@contextmanager
def people_of_part(folder: Path) -> Iterator[Iterator[PersonFacts]]:
    """The people of a part, whose files are in a folder and called as their kinds of facts."""
    with sql_views.workshop(folder) as connected:
        for kind in KINDS:
            path = folder / f"{kind.kind}.parquet"
            columns = f"(place BIGINT, {_typed(kind)})"
            source = f"AS FROM read_parquet('{path}')" if path.exists() else columns
            connected.execute(f"CREATE TABLE of_{kind.kind} {source}")
        # Numbers that follow each other, so that people can be read a few at a time.
        connected.execute(
            "CREATE TABLE places AS SELECT place, row_number() OVER (ORDER BY place) AS number "
            "FROM (SELECT DISTINCT place FROM of_members)"
        )
        for kind in KINDS:
            connected.execute(
                f"CREATE TEMP TABLE trial_{kind.kind} AS "  # noqa: S608  # as above
                f"SELECT number AS place, {names_of(kind, f'of_{kind.kind}')} FROM of_{kind.kind} "
                "JOIN places USING (place) ORDER BY number"
            )
            connected.execute(f"DROP TABLE of_{kind.kind}")
        found = connected.execute("SELECT count(*) FROM places").fetchone()
        yield people_in(connected, int(found[0]) if found else 0)


def _typed(kind: type) -> str:
    return ", ".join(f'"{name}" {each}' for name, each in sql_views.columns(kind).items())


def _counted(connected: DuckDBPyConnection) -> tuple[int, int]:
    found = connected.execute(
        "SELECT (SELECT count(*) FROM orders WHERE member_number IS NOT NULL), "
        "(SELECT count(DISTINCT person_number) FROM trial_persons)"
    ).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)
