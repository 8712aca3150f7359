"""Members who may get offers, and what offers led to, by SQL over a program's lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.recommendations.offer_worth import NO_OUTCOME, OfferOutcome
from loyalty.lake import columns, reports, sql_views
from loyalty.lake.reports import ReportPeriod

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.lake.mirror import Mirror

# How many days after their latest order an absent member is looked at again.
AWAY_DAYS: Final = (30, 60, 90, 180)
_READS: Final = ("members", "orders")
_REPORT: Final = "offers"
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
    """Implements `Shoppers` over the facts of the lake, as of a moment."""

    def __init__(
        self, mirror: Mirror, *, program_id: str, document: Program, now: datetime
    ) -> None:
        self._mirror = mirror
        self._program = program_id
        self._document = document
        self._now = now

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

    def outcomes(self, *, first: date, last: date) -> Mapping[str, OfferOutcome]:
        """As the report on offers says, over chosen and drawn offers."""
        report, zone = reports.report(_REPORT), self._document.zone
        table = reports.run(
            report,
            ReportPeriod(first=first, last=last, zone=zone, as_of=self._now),
            facts=self._mirror.fetch(
                self._program, report.reads, columns=columns.read_by(_REPORT), zone=zone
            ),
            document=self._document,
        )
        names = [column.name for column in table.columns]
        found: dict[str, OfferOutcome] = {}
        for cells in table.rows:
            row: dict[str, Any] = dict(zip(names, cells, strict=True))
            before = found.get(row["campaign_id"], NO_OUTCOME)
            found[row["campaign_id"]] = before.with_more(
                OfferOutcome(row["members"], row["used"], row["revenue_minor"], row["cost_minor"])
            )
        return found
