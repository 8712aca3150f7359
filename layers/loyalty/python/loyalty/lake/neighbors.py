"""Which things of a program go together and which are popular, by SQL over its lake.

The likeness of two things is their cosine, shrunk for things that few members had, so that two
rare things which three members had together are not taken for twins. What fewer than ten members
had together is left out.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.program.kinds import CHARGES
from loyalty.domain.recommendations.things import (
    LIKENESS_MAX,
    MEMBERS_MIN,
    Neighbor,
    Neighborhood,
    Thing,
)
from loyalty.lake import columns, sql_views
from loyalty.lake.neighbor_objects import KIND, from_bytes, key, to_bytes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.program.document import Program
    from loyalty.lake.mirror import Mirror
    from loyalty.lake.objects import Lake

# What was popular longer ago is out of fashion.
SINCE_DAYS: Final = 365
# Of each kind, the latest of one member: who has more is a shop, and costs the square of it.
THINGS_OF_MEMBER_MAX: Final = 30
# Of each kind, the most popular: what fewer members had has few neighbors anyway.
THINGS_MAX: Final = 1_000
NEIGHBORS_MAX: Final = 20
# So many members are added to those who had a thing, who had nothing else.
SHRINKAGE: Final = 50

_READS: Final = ("entries", "members", "orders", "vouchers")
# The persons who had a thing in the last year, and when last. A merged member is who they became.
_HAD: Final = """
    WITH goods AS (
        SELECT person_number, day, line.sku, line.categories FROM (
            SELECT
                coalesce(person_number, member_number) AS person_number,
                local_day(occurred_at) AS day,
                unnest(sold) AS line
            FROM orders LEFT JOIN heirs USING (member_number)
            WHERE member_number IS NOT NULL
        )
        WHERE line.category IS NULL OR NOT list_contains($charges, line.category)
    ),
    had AS (
        SELECT person_number, day, 'sku' AS kind, sku AS id FROM goods WHERE sku IS NOT NULL
        UNION ALL
        SELECT person_number, day, 'category', unnest(categories) FROM goods
        UNION ALL
        SELECT coalesce(person_number, member_number), local_day(issued_at), 'reward', reward_id
        FROM vouchers LEFT JOIN heirs USING (member_number)
        WHERE state NOT IN ('held', 'cancelled') AND granted_for IS NULL
    )
    SELECT person_number, kind, id, max(day) AS last_on
    FROM had
    SEMI JOIN (SELECT fact_number FROM members WHERE status = 'active')
        ON fact_number = person_number
    WHERE day > $today - $since_days
    GROUP BY ALL
"""
_LEVELS: Final = """
    SELECT member_number AS person_number, level FROM standings('entries', $today, $now)
    WHERE level IS NOT NULL
"""
# Both together, for the columns that have to be fetched.
_READ: Final = f"""
    WITH had AS ({_HAD}), levels_of AS ({_LEVELS})
    FROM had FULL JOIN levels_of USING (person_number)
"""
_THINGS: Final = f"""
    CREATE TABLE things AS
    SELECT kind, id, count(*) AS members, row_number() OVER (ORDER BY kind, id)::INTEGER AS number
    FROM had
    GROUP BY kind, id
    HAVING members >= {MEMBERS_MIN}
    QUALIFY row_number() OVER (PARTITION BY kind ORDER BY members DESC, id) <= {THINGS_MAX}
"""  # noqa: S608  # numbers of our own
_POPULARITY: Final = f"""
    SELECT NULL AS level, kind, id, members FROM things
    UNION ALL
    SELECT level, kind, id, count(*) AS members
    FROM had JOIN levels_of USING (person_number) SEMI JOIN things USING (kind, id)
    GROUP BY level, kind, id
    HAVING members >= {MEMBERS_MIN}
    ORDER BY level NULLS FIRST, kind, id
"""  # noqa: S608  # as above
_NEIGHBORS: Final = f"""
    WITH latest AS (
        SELECT person_number, number, kind FROM had JOIN things USING (kind, id)
        QUALIFY row_number() OVER (
            PARTITION BY person_number, kind ORDER BY last_on DESC, number
        ) <= {THINGS_OF_MEMBER_MAX}
    ),
    pairs AS (
        SELECT one.number AS number, other.number AS other_number, count(*) AS together
        FROM latest AS one JOIN latest AS other USING (person_number)
        WHERE one.number <> other.number
            AND one.kind <> 'reward' AND other.kind IN (one.kind, 'reward')
        GROUP BY ALL
        HAVING together >= {MEMBERS_MIN}
    )
    SELECT one.kind, one.id, other.kind, other.id,
        -- Members who had more things than are looked at make it a little less, never more.
        least({LIKENESS_MAX}, round({LIKENESS_MAX} * together / sqrt(
            (one.members + {SHRINKAGE}) * (other.members + {SHRINKAGE})
        )))::INTEGER AS likeness
    FROM pairs
    JOIN things AS one ON one.number = pairs.number
    JOIN things AS other ON other.number = pairs.other_number
    QUALIFY row_number() OVER (
        PARTITION BY pairs.number, other.kind ORDER BY likeness DESC, other.id
    ) <= {NEIGHBORS_MAX}
    ORDER BY one.kind, one.id, likeness DESC, other.kind, other.id
"""  # noqa: S608  # as above


class NeighborhoodKeeper:
    """Computes what goes together in one program, and stores it."""

    def __init__(self, lake: Lake, *, program_id: str, mirror: Mirror) -> None:
        self._lake = lake
        self._program = program_id
        self._mirror = mirror

    def refresh(self, program: Program, *, now: datetime) -> Neighborhood | None:
        """Compute and store what goes together, unless that was done on this day of the program.

        Returns it; None if it was not stored. It may be killed anywhere and run twice at once:
        there is one object, which is stored whole.

        Raises:
            TooLarge: the facts do not fit on the disk.
            TryAgain: the lake was being folded all the time.
        """
        stored = next(iter(self._lake.listed(self._program, KIND)), None)
        folder = self._mirror.root / self._program / KIND
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "neighbors"
        if stored:
            if not self._lake.fetch(stored, to=path):
                return None
            as_of = from_bytes(path.read_bytes()).as_of
            if as_of and program.today(as_of) == program.today(now):
                return None
        found = self._computed(program, now=now)
        path.write_bytes(to_bytes(found))
        replaced = self._lake.replace(key(self._program), path, seen=stored, will_be_replaced=True)
        return found if replaced else None

    def _computed(self, program: Program, *, now: datetime) -> Neighborhood:
        today = program.today(now)
        parameters = _parameters(today, now)
        facts = self._mirror.fetch(
            self._program, _READS, columns=columns.of_query(_READ, _READS, parameters)
        )
        with sql_views.connection(
            facts, kinds=_READS, document=program, zone=program.zone, until=today
        ) as connected:
            return found_in(connected, today=today, now=now)


def found_in(connected: DuckDBPyConnection, *, today: date, now: datetime) -> Neighborhood:
    """What goes together on a day, by an engine that has loaded the program's facts."""
    bound = _parameters(today, now)
    for table, sql in (("had", _HAD), ("levels_of", _LEVELS)):
        named = {name: value for name, value in bound.items() if f"${name}" in sql}
        connected.execute(f"CREATE TABLE {table} AS {sql}", named)
    connected.execute(_THINGS)
    return Neighborhood(
        as_of=now, neighbors=_neighbors(connected), popularity=_popularity(connected)
    )


def _parameters(today: date, now: datetime) -> dict[str, Any]:
    return {
        "charges": list(CHARGES),
        "since_days": SINCE_DAYS,
        "today": today,
        "now": now.astimezone(UTC).replace(tzinfo=None),
    }


def _neighbors(connected: DuckDBPyConnection) -> dict[Thing, tuple[Neighbor, ...]]:
    found: defaultdict[Thing, list[Neighbor]] = defaultdict(list)
    for kind, id_, other_kind, other_id, likeness in connected.execute(_NEIGHBORS).fetchall():
        found[Thing(kind, id_)].append(Neighbor(Thing(other_kind, other_id), likeness))
    return {thing: tuple(neighbors) for thing, neighbors in found.items()}


def _popularity(connected: DuckDBPyConnection) -> dict[str | None, dict[Thing, int]]:
    found: defaultdict[str | None, dict[Thing, int]] = defaultdict(dict)
    for level, kind, id_, members in connected.execute(_POPULARITY).fetchall():
        found[level][Thing(kind, id_)] = members
    return dict(found)
