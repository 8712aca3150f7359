"""How long it takes each hour to rank a million members on a board, by the orders of a month."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from bench.apart import draw, figures_apart, measure
from bench.figures import Figure
from bench.lake import MEMBERS
from loyalty.lake.board_scores import scores_in
from loyalty.lake.sql_views import workshop

# A year of orders that count, of which a quarter are of the month.
ORDERS: Final = 8_000_000
SHOWS: Final = 100

_ORDERS: Final = f"""
    CREATE MACRO u(row_id, n) AS (hash(row_id * 16 + n) >> 11)::DOUBLE / 9007199254740992.0;
    COPY (
        SELECT 'pos' AS source, id::VARCHAR AS order_id, 'challenge' AS counts_for,
            'cups' AS rule_id, 1 + floor(4 * u(id, 0))::BIGINT AS amount,
            CASE WHEN id % 4 = 0 THEN TIMESTAMP '2026-11-10' ELSE TIMESTAMP '2026-06-10' END
                AS occurred_at
        FROM range({ORDERS}) AS drawn (id)
    ) TO '{{folder}}/counted_orders.parquet';
    COPY (
        -- A few members buy often. Every member has an order in the month.
        SELECT number_of('pos/' || id) AS fact_number,
            CASE WHEN id % 4 = 0 AND id < 4 * {MEMBERS} THEN id // 4
                ELSE floor({MEMBERS} * pow(u(id, 1), 2))::BIGINT END AS member_number
        FROM range({ORDERS}) AS drawn (id)
    ) TO '{{folder}}/orders.parquet';
"""  # noqa: S608  # numbers of our own
_PROGRAM: Final = f"""
    CREATE VIEW counted_orders AS FROM '{{folder}}/counted_orders.parquet';
    CREATE VIEW orders AS FROM '{{folder}}/orders.parquet';
    CREATE TABLE members AS
        SELECT range AS fact_number, 'mem_' || range AS fact_id, 'active' AS status
        FROM range({MEMBERS});
    CREATE TABLE heirs (member_number BIGINT, person_number BIGINT);
"""  # noqa: S608  # as above
_NOVEMBER: Final = {
    "challenge": "cups",
    "from_at": datetime(2026, 11, 1),  # noqa: DTZ001  # in UTC, as the engine compares it
    "until_at": datetime(2026, 12, 1),  # noqa: DTZ001  # as above
}


def board_figures(scratch: Path) -> Iterator[Figure]:
    """Measure the SQL of a run, after another process drew the orders."""
    bench = f"a board of {MEMBERS} members, {ORDERS} orders"
    yield from figures_apart(
        "bench.boards",
        "rank",
        folder=scratch / "boards",
        bench=bench,
        done="ranked",
        counted=("ranked", "members"),
    )


def _draw(folder: str) -> None:
    draw(_ORDERS, folder=folder)


def _rank(folder: str) -> None:
    with workshop(Path(folder)) as connected:
        connected.execute(_PROGRAM.replace("{folder}", folder))
        measure(lambda: scores_in(connected, _NOVEMBER, shows=SHOWS).members)


if __name__ == "__main__":
    {"draw": _draw, "rank": _rank}[sys.argv[1]](sys.argv[2])
