"""Who is in which computed segment, as one object of the lake for each program.

    facts/segments/program=<p>/snapshot.parquet

It has a row for each membership, and says by `is_changed` of whom it changed with this run: their
pages can be handed out again from the object alone. A member who left all segments has a row
without a segment, and one row without a member says as of when the object is. A definition has one
such row too: who is in a segment when it is found by a definition for the first time did not enter
it then (`was_there`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.campaigns.targeting import MemberSegments
from loyalty.lake import columns, sql_views
from loyalty.lake.objects import FOLDED, Lake, Stored, prefix
from loyalty.lake.segment_sql import SegmentQuery

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.program.document import Program
    from loyalty.domain.program.segments import Segment
    from loyalty.lake.mirror import Mirror

KIND: Final = "segments"
_ROWS: Final = (
    "as_of TIMESTAMP, member_id VARCHAR, segment_id VARCHAR, definition VARCHAR, since TIMESTAMP, "
    "is_changed BOOLEAN, was_there BOOLEAN"
)
_FETCHED: Final = 10_000


class SegmentMember(NamedTuple):
    """A member of a segment, and since when they are known to be in it by its definition."""

    member_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Who was in which segment as of a moment; `stored` is None before it was stored.

    `left_lists` are members who are on lists although they left the program, by segment.
    """

    path: Path
    as_of: datetime
    stored: Stored | None
    left_lists: tuple[tuple[str, str], ...] = ()

    def changes(self) -> Iterator[MemberSegments]:
        """The members whose segments changed with it, each with all that they are in now."""
        with sql_views.workshop(self.path.parent) as connected:
            rows = connected.execute(
                """
                SELECT member_id, list(segment_id ORDER BY segment_id),
                    list(definition ORDER BY segment_id),
                    list(CASE WHEN NOT was_there THEN since END ORDER BY segment_id)
                FROM read_parquet($path)
                WHERE is_changed AND member_id IS NOT NULL
                GROUP BY member_id
                ORDER BY member_id
                """,
                {"path": str(self.path)},
            )
            while some := rows.fetchmany(_FETCHED):
                for member_id, segments, definitions, moments in some:
                    found = [
                        each
                        for each in zip(segments, definitions, moments, strict=True)
                        if each[0] is not None
                    ]
                    yield MemberSegments(
                        member_id=member_id,
                        as_of=self.as_of,
                        segments={name: definition for name, definition, _ in found},
                        since={name: each.replace(tzinfo=UTC) for name, _, each in found if each},
                    )

    def sizes(self) -> Mapping[str, int]:
        """How many members each segment has that has any."""
        with sql_views.workshop(self.path.parent) as connected:
            rows = connected.execute(
                """
                SELECT segment_id, count(*) FROM read_parquet($path)
                WHERE segment_id IS NOT NULL AND member_id IS NOT NULL
                GROUP BY segment_id
                """,
                {"path": str(self.path)},
            )
            return dict(rows.fetchall())

    def members(
        self, segment: Segment, *, limit: int, after: str | None
    ) -> tuple[SegmentMember, ...]:
        """Members who are in a segment by its definition, in the order of their ids."""
        with sql_views.workshop(self.path.parent) as connected:
            rows = connected.execute(
                """
                SELECT member_id, since FROM read_parquet($path)
                WHERE segment_id = $segment AND definition = $definition AND member_id > $after
                ORDER BY member_id
                LIMIT $limit
                """,
                {
                    "path": str(self.path),
                    "segment": segment.id,
                    "definition": segment.fingerprint,
                    "after": after or "",
                    "limit": limit,
                },
            )
            return tuple(
                SegmentMember(member_id, since.replace(tzinfo=UTC))
                for member_id, since in rows.fetchall()
            )


class SegmentSnapshots:
    """The snapshots of one program, on the function's disk beside the facts of the mirror."""

    def __init__(self, lake: Lake, *, program_id: str, mirror: Mirror) -> None:
        self._lake = lake
        self._program = program_id
        self._mirror = mirror
        self._folder = mirror.root / program_id / KIND

    def latest(self) -> Snapshot | None:
        """The snapshot that is stored; None if none ever was, or if it was just replaced."""
        listed = self._lake.listed(self._program, KIND)
        if not listed:
            return None
        (stored,) = listed
        path = self._folder / stored.file_name
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            for other in self._folder.iterdir():
                other.unlink()
            if not self._lake.fetch(stored, to=path):
                return None
        return Snapshot(path=path, as_of=_as_of(path), stored=stored)

    def computed(
        self,
        program: Program,
        *,
        before: Snapshot | None,
        now: datetime,
        listed: Mapping[str, Iterable[str]] = MappingProxyType({}),
    ) -> Snapshot:
        """Who is in which segment by the facts that the lake has now; nothing is stored yet.

        `listed` are the members on each list, by segment.

        Raises:
            TooLarge: the facts do not fit on the disk.
            TryAgain: the lake was being folded all the time.
        """
        as_of = max(now, before.as_of + timedelta(microseconds=1)) if before else now
        segments = [each for each in program.segments if each.is_computed]
        target = self._folder / f"next{FOLDED}"
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._over(program, segments, now=now, listed=listed) as connected:
            _compare(connected, segments, before=before, as_of=as_of, into=target)
            left = connected.execute("""
                SELECT segment_id, member_id FROM listed
                SEMI JOIN (SELECT fact_id FROM members WHERE status = 'closed')
                    ON fact_id = member_id
            """).fetchall()
        return Snapshot(path=target, as_of=as_of, stored=None, left_lists=tuple(left))

    def counted(self, program: Program, segment: Segment, *, now: datetime) -> int:
        """How many members a segment would have that need not be in the document."""
        with self._over(program, [segment], now=now) as connected:
            found = connected.execute("SELECT count(*) FROM belongs").fetchone()
            return found[0] if found else 0

    def replace(self, before: Snapshot | None, after: Snapshot) -> bool:
        """Store a snapshot if the one before is still stored; returns whether it was."""
        key = f"{prefix(KIND, self._program)}snapshot{FOLDED}"
        seen = before.stored if before else None
        return self._lake.replace(key, after.path, seen=seen, will_be_replaced=True)

    def _over(
        self,
        program: Program,
        segments: list[Segment],
        *,
        now: datetime,
        listed: Mapping[str, Iterable[str]] = MappingProxyType({}),
    ) -> DuckDBPyConnection:
        """An engine in which `belongs` has the members of these segments."""
        query = SegmentQuery(lists=program.lists)
        sql = query.sql(segments)
        today = program.today(now)
        parameters = query.parameters | {
            "today": today,
            "now": now.astimezone(UTC).replace(tzinfo=None),
        }
        bound = {name: value for name, value in parameters.items() if f"${name}" in sql}
        facts = self._mirror.fetch(
            self._program, query.reads, columns=columns.of_query(sql, query.reads, bound)
        )
        connected = sql_views.connection(
            facts, kinds=query.reads, document=program, zone=program.zone, until=today
        )
        for segment_id, members in listed.items():
            for some in batched(members, _FETCHED, strict=False):
                connected.execute(
                    "INSERT INTO listed SELECT $segment, unnest($some::VARCHAR[])",
                    {"segment": segment_id, "some": list(some)},
                )
        connected.execute("CREATE TABLE belongs (member_id VARCHAR, segment_id VARCHAR)")
        connected.execute(f"INSERT INTO belongs {sql}", bound)
        return connected


def _compare(
    connected: DuckDBPyConnection,
    segments: list[Segment],
    *,
    before: Snapshot | None,
    as_of: datetime,
    into: Path,
) -> None:
    """Write who is in which segment into a file, beside what was known before."""
    moment = as_of.astimezone(UTC).replace(tzinfo=None)
    connected.execute("CREATE TABLE definitions (segment_id VARCHAR, definition VARCHAR)")
    for segment in segments:
        connected.execute(
            "INSERT INTO definitions VALUES (?, ?)", (segment.id, segment.fingerprint)
        )
    connected.execute(f"CREATE TABLE known ({_ROWS})")
    if before:
        # Objects from before have no column `was_there`: who is in them was there.
        connected.execute(
            "INSERT INTO known BY NAME FROM read_parquet($path) WHERE segment_id IS NOT NULL",
            {"path": str(before.path)},
        )
    connected.execute("""
        CREATE TABLE changed AS
        WITH after AS (FROM belongs JOIN definitions USING (segment_id)),
        differing AS (
            SELECT member_id FROM after ANTI JOIN known USING (member_id, segment_id, definition)
            UNION ALL
            SELECT member_id FROM known ANTI JOIN after USING (member_id, segment_id, definition)
        )
        -- Nothing is kept of a member who has left, and nothing may come into being again.
        SELECT DISTINCT member_id FROM differing
        SEMI JOIN (SELECT fact_id FROM members WHERE status = 'active') ON fact_id = member_id
    """)
    connected.execute(
        "CREATE TABLE found_before AS SELECT DISTINCT segment_id, definition, 1 AS once FROM known"
    )
    connected.execute(f"CREATE TABLE next_rows ({_ROWS})")
    connected.execute(
        """
        INSERT INTO next_rows
        SELECT $as_of, belongs.member_id, belongs.segment_id, definitions.definition,
            coalesce(known.since, $as_of), changed.member_id IS NOT NULL,
            coalesce(known.was_there, known.member_id IS NOT NULL OR found_before.once IS NULL)
        FROM belongs
        JOIN definitions USING (segment_id)
        LEFT JOIN known USING (member_id, segment_id, definition)
        LEFT JOIN found_before USING (segment_id, definition)
        LEFT JOIN changed ON changed.member_id = belongs.member_id
        UNION ALL
        SELECT $as_of, member_id, NULL, NULL, NULL, true, NULL
        FROM changed ANTI JOIN belongs USING (member_id)
        UNION ALL
        SELECT $as_of, NULL, segment_id, definition, NULL, false, NULL FROM definitions
        UNION ALL
        SELECT $as_of, NULL, NULL, NULL, NULL, false, NULL
        """,
        {"as_of": moment},
    )
    connected.execute(f"""
        COPY (FROM next_rows ORDER BY segment_id, member_id)
        TO '{into}' (FORMAT parquet, COMPRESSION zstd)
    """)


def _as_of(path: Path) -> datetime:
    with sql_views.workshop(path.parent) as connected:
        found = connected.execute(
            "SELECT as_of FROM read_parquet($path) LIMIT 1", {"path": str(path)}
        ).fetchone()
    if found is None:
        raise ValueError("a snapshot says as of when it is")
    moment: datetime = found[0]
    return moment.replace(tzinfo=UTC)
