"""How members stand on boards, by SQL over the lake: what orders count for a challenge, by member.

Orders of a merged member count for the survivor, and members who left are on no board. Orders that
were refunded, changed or rejected count what the challenge counts of them now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.engagement.standings import CUTS, HEAD_MAX, Ranked
from loyalty.domain.engagement.windows import EVER, first_day, last_day
from loyalty.domain.kernel.calendar import midnight
from loyalty.lake import columns, reports
from loyalty.usecases.engagement.boards import Scores

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.program.document import Program
    from loyalty.lake.reports import Connect

type Columns = Mapping[str, frozenset[str]]
type Fetch = Callable[[Collection[str], Columns], Path]

# Before and after all orders.
_LONG_AGO: Final = date(2000, 1, 1)
_FAR_AWAY: Final = date(2999, 1, 1)
KINDS: Final = ("counted_orders", "members", "orders")
SCORES: Final = """
    SELECT member_number, score, rank() OVER (ORDER BY score DESC) AS place
    FROM (
        SELECT coalesce(person_number, member_number) AS member_number, sum(amount) AS score
        FROM (
            SELECT number_of(source || '/' || order_id) AS fact_number, amount
            FROM counted_orders
            WHERE counts_for = 'challenge' AND rule_id = $challenge AND amount > 0
                AND occurred_at >= $from_at AND occurred_at < $until_at
        )
        JOIN (SELECT fact_number, member_number FROM orders WHERE member_number IS NOT NULL)
            USING (fact_number)
        LEFT JOIN heirs USING (member_number)
        GROUP BY ALL
    )
    SEMI JOIN (SELECT fact_number FROM members WHERE status = 'active')
        ON fact_number = member_number
"""
# Whole places, as long as all who share one fit.
_HEAD: Final = f"""
    SELECT members.fact_id, score, place
    FROM (
        SELECT *, place + count(*) OVER (PARTITION BY place) - 1 AS filled FROM board_scores
        WHERE place <= $shows
    )
    JOIN members ON members.fact_number = member_number
    WHERE filled <= {HEAD_MAX}
    ORDER BY place, members.fact_id
"""  # noqa: S608  # a number of our own
# Among few members nobody is in the first percent: its score is higher than any member's.
_CUTS: Final = f"""
    SELECT coalesce(score, max(score) OVER () + 1)::BIGINT
    FROM (SELECT range AS cut, range * (SELECT count(*) FROM board_scores) // {CUTS} AS number
        FROM range(1, {CUTS} + 1))
    LEFT JOIN (
        SELECT score, row_number() OVER (ORDER BY score DESC) AS number FROM board_scores
    ) USING (number)
    ORDER BY cut
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeScores:
    """Implements `ScoresOfWindow` over the facts that `fetch` brings to this disk."""

    document: Program
    now: datetime
    fetch: Fetch
    connect: Connect

    def scores(self, challenge_id: str, *, window: str, shows: int) -> Scores:
        bound = self._bound(challenge_id, window)
        with reports.querying(
            self.fetch(KINDS, columns.of_query(SCORES, KINDS, bound)),
            kinds=KINDS,
            document=self.document,
            zone=self.document.zone,
            until=self.document.today(self.now),
            connect=self.connect,
        ) as connected:
            return scores_in(connected, bound, shows=shows)

    def _bound(self, challenge_id: str, window: str) -> dict[str, Any]:
        zone = self.document.zone
        first, last = first_day(window), last_day(window)
        if window == EVER:
            first, last = _LONG_AGO, _FAR_AWAY
        return {
            "challenge": challenge_id,
            "from_at": _utc(midnight(first, zone)),
            "until_at": _utc(midnight(last + timedelta(days=1), zone)),
        }


def scores_in(connected: DuckDBPyConnection, bound: Mapping[str, Any], *, shows: int) -> Scores:
    """How members stand, by an engine that has loaded the program's facts."""
    connected.execute(f"CREATE TEMP TABLE board_scores AS {SCORES}", dict(bound))
    try:
        members = connected.execute("SELECT count(*) FROM board_scores").fetchone()
        head = connected.execute(_HEAD, {"shows": shows}).fetchall()
        cuts = connected.execute(_CUTS).fetchall()
    finally:
        # The engine is kept for the next window.
        connected.execute("DROP TABLE board_scores")
    return Scores(
        members=members[0] if members else 0,
        head=tuple(Ranked(member_id, int(score), place) for member_id, score, place in head),
        cuts=tuple(cut for (cut,) in cuts if cut is not None),
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
