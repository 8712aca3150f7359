"""Whom something may be offered to, by SQL over the lake of a program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

from loyalty.lake import columns, sql_views

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.lake.mirror import Mirror

# On so many days after their latest order, somebody who stays away is looked at again.
AWAY_DAYS: Final = (30, 60, 90, 180)
_READS: Final = ("members", "orders")
_FETCHED: Final = 10_000
# A merged member is who they became.
_SQL: Final = """
    WITH latest AS (
        SELECT
            coalesce(person_number, member_number) AS number,
            max(local_day(occurred_at)) AS bought_on,
            max(local_day(recorded_at)) AS known_on
        FROM orders LEFT JOIN heirs USING (member_number)
        WHERE member_number IS NOT NULL
        GROUP BY ALL
    )
    SELECT fact_id
    FROM members LEFT JOIN latest ON number = fact_number
    WHERE status = 'active' AND (
        known_on >= $since
        OR local_day(enrolled_at) >= $since
        OR list_bool_or([bought_on + away BETWEEN $since AND $today FOR away IN $away])
    )
    ORDER BY fact_id
"""


class LakeShoppers:
    """Implements `Shoppers` over the facts of the lake."""

    def __init__(self, mirror: Mirror, *, program_id: str, document: Program) -> None:
        self._mirror = mirror
        self._program = program_id
        self._document = document

    def members(self, *, since: date, today: date) -> Iterator[str]:
        bound = {"since": since, "today": today, "away": list(AWAY_DAYS)}
        facts = self._mirror.fetch(
            self._program, _READS, columns=columns.of_query(_SQL, _READS, bound)
        )
        with sql_views.connection(
            facts, kinds=_READS, document=self._document, zone=self._document.zone, until=today
        ) as connected:
            rows = connected.execute(_SQL, bound)
            while some := rows.fetchmany(_FETCHED):
                yield from (member_id for (member_id,) in some)
