"""What members bought in a period and in the one before it, as sums over all members."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.campaigns.visible_effects import SIDE_MIN, Purchases
from loyalty.domain.kernel.calendar import midnight

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from duckdb import DuckDBPyConnection

KINDS: Final = ("entries", "members", "orders")
# Those who are members now and were before it all began.
SQL: Final = """
WITH bought AS (
    SELECT
        member_number AS fact_number,
        sum(amount_minor) FILTER (sold_at < $from_at)::HUGEINT AS x,
        sum(amount_minor) FILTER (sold_at >= $from_at)::HUGEINT AS y
    FROM sales
    WHERE sold_at >= $before_at AND sold_at < $until_at
    GROUP BY ALL
),

everybody AS (
    SELECT enrolled_at, coalesce(x, 0) AS x, coalesce(y, 0) AS y
    FROM members LEFT JOIN bought USING (fact_number)
    WHERE status = 'active'
)

SELECT
    count(*) AS members_now,
    count(*) FILTER (enrolled_at < $before_at) AS members,
    sum(x) FILTER (enrolled_at < $before_at) AS x,
    sum(y) FILTER (enrolled_at < $before_at) AS y,
    sum(x * x) FILTER (enrolled_at < $before_at) AS xx,
    sum(x * y) FILTER (enrolled_at < $before_at) AS xy,
    sum(y * y) FILTER (enrolled_at < $before_at) AS yy
FROM everybody
"""


def parameters(first: date, last: date, *, zone: ZoneInfo) -> dict[str, object]:
    """What the query binds for a period of these days."""
    days = (last - first).days + 1
    bounds = {
        "before_at": first - timedelta(days=days),
        "from_at": first,
        "until_at": last + timedelta(days=1),
    }
    return {name: midnight(day, zone).replace(tzinfo=None) for name, day in bounds.items()}


class Compared(NamedTuple):
    """What members bought in these days and just before them, and how many there are now."""

    days: tuple[date, date]
    purchases: Purchases
    members_now: int


def compared(
    connected: DuckDBPyConnection,
    periods: tuple[tuple[date, date], tuple[date, date]],
    *,
    zone: ZoneInfo,
) -> Compared:
    """Purchases of the first of two periods, or of the other if hardly anybody was there then."""
    preferred, other = periods
    found = _compared(connected, preferred, zone=zone)
    is_enough = found.purchases.members >= 2 * SIDE_MIN
    return found if is_enough else _compared(connected, other, zone=zone)


def _compared(
    connected: DuckDBPyConnection, days: tuple[date, date], *, zone: ZoneInfo
) -> Compared:
    first, last = days
    row = connected.execute(SQL, parameters(first, last, zone=zone)).fetchone()
    if row is None:
        raise AssertionError("sums have a row")
    members_now, members, *sums = row
    x, y, xx, xy, yy = (int(each or 0) for each in sums)
    return Compared(
        days=days,
        purchases=Purchases(members=members, x=x, y=y, xx=xx, xy=xy, yy=yy),
        members_now=members_now,
    )
