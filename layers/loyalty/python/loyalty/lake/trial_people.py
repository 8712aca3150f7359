"""People for trials: all facts of a person together, from the lake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.facts import EntryFact, Fact, MemberFact, OrderFact, OrderStateFact
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.trials.happenings import PersonFacts
from loyalty.lake import sql_views
from loyalty.lake.fact_rows import facts_from

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class PeopleSample(NamedTuple):
    """How many people a program has, and those of a sample, who are read as they are asked for."""

    people_all: int
    people: Iterator[PersonFacts]


# What is read of a fact in a trial.
KINDS: Final[tuple[type[Fact], ...]] = (EntryFact, OrderFact, OrderStateFact, MemberFact)
COLUMNS: Final[Mapping[str, Collection[str]]] = {
    kind.kind: frozenset(sql_views.stored_columns(kind)) for kind in KINDS
}
# How many people are read at once: enough for the engine, and few in memory.
PEOPLE_AT_ONCE: Final = 500

# A person is the member whom a member became by merges. The numbers of ids have nothing to do with
# what people do, so the first people by number are a sample.
PERSONS: Final = """
    CREATE TEMP TABLE trial_persons AS
    SELECT members.fact_number AS member_number,
        coalesce(heirs.person_number, members.fact_number) AS person_number
    FROM members LEFT JOIN heirs ON heirs.member_number = members.fact_number
"""
_PEOPLE: Final = """
    CREATE TEMP TABLE trial_people AS
    SELECT member_number, dense_rank() OVER (ORDER BY person_number) AS place FROM trial_persons
"""
# What has the facts of a kind, with the columns of `trial_people` for each.
SOURCES: Final[Mapping[type[Fact], str]] = {
    EntryFact: "entries JOIN trial_people USING (member_number)",
    OrderFact: "orders JOIN trial_people USING (member_number)",
    OrderStateFact: (
        "order_states JOIN (SELECT fact_number, member_number FROM orders) USING (fact_number) "
        "JOIN trial_people USING (member_number)"
    ),
    MemberFact: "members JOIN trial_people ON trial_people.member_number = members.fact_number",
}


@contextmanager
def sample(connected: DuckDBPyConnection, *, people_max: int) -> Iterator[PeopleSample]:
    """The first people in an order that has nothing to do with them, with all their facts."""
    connected.execute(PERSONS)
    connected.execute(_PEOPLE)
    try:
        for kind, source in SOURCES.items():
            connected.execute(
                f"CREATE TEMP TABLE trial_{kind.kind} AS "  # noqa: S608  # our own names
                f"SELECT place, {names_of(kind, kind.kind)} FROM {source} "
                "WHERE place <= $people_max ORDER BY place",
                {"people_max": people_max},
            )
        row = connected.execute("SELECT coalesce(max(place), 0) FROM trial_people").fetchone()
        people_all = int(row[0]) if row else 0
        yield PeopleSample(people_all, people_in(connected, min(people_max, people_all)))
    finally:
        # The engine is kept for the next request, and this is of no use to it.
        for kind in KINDS:
            connected.execute(f"DROP TABLE IF EXISTS trial_{kind.kind}")
        for table in ("trial_people", "trial_persons"):
            connected.execute(f"DROP TABLE IF EXISTS {table}")


def names_of(kind: type[Fact], table: str) -> str:
    """The columns of a kind of facts in a table, in the order of its fields."""
    return ", ".join(f'{table}."{field.name}"' for field in fields(kind))


def people_in(connected: DuckDBPyConnection, people_max: int) -> Iterator[PersonFacts]:
    """The people in the tables of a sample or a part, by their places from 1 on."""
    for first in range(1, people_max + 1, PEOPLE_AT_ONCE):
        yield from _people_between(connected, first, min(first + PEOPLE_AT_ONCE, people_max + 1))


def _people_between(connected: DuckDBPyConnection, first: int, end: int) -> Iterator[PersonFacts]:
    entries = _by_place(connected, EntryFact, first, end)
    orders = _by_place(connected, OrderFact, first, end)
    states = _by_place(connected, OrderStateFact, first, end)
    members = _by_place(connected, MemberFact, first, end)
    for place in sorted(members):
        yield PersonFacts(
            members=members[place],
            entries=entries[place],
            orders={OrderRef(each.source, each.order_id): each for each in orders[place]},
            states={OrderRef(each.source, each.order_id): each for each in states[place]},
        )


def _by_place[F: Fact](
    connected: DuckDBPyConnection, kind: type[F], first: int, end: int
) -> defaultdict[int, list[F]]:
    rows = connected.execute(
        f"FROM trial_{kind.kind} WHERE place >= $first AND place < $end",
        {"first": first, "end": end},
    ).fetchall()
    found: defaultdict[int, list[F]] = defaultdict(list)
    for row, fact in zip(rows, facts_from(kind, (row[1:] for row in rows)), strict=True):
        found[row[0]].append(fact)
    return found
