"""How long it takes each night to find what goes together among a million members."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.apart import draw, figures_apart, measure
from bench.figures import Figure
from bench.lake import MEMBERS, TODAY
from loyalty.lake.neighbors import found_in
from loyalty.lake.sql_views import workshop

ORDERS: Final = 8_000_000
SKUS: Final = 5_000
CATEGORIES: Final = 40

# A year of orders of two articles; a few members and a few articles have most of them.
_ORDERS: Final = f"""
    CREATE MACRO u(row_id, n) AS (hash(row_id * 16 + n) >> 11)::DOUBLE / 9007199254740992.0;
    CREATE MACRO article(number) AS {{
        'sku': 'SKU-' || number, 'category': 'C' || number % {CATEGORIES},
        'categories': ['C' || number % {CATEGORIES}]
    }};
    CREATE MACRO drawn(row_id, n) AS floor({SKUS} * pow(u(row_id, n), 2))::INTEGER;
    COPY (
        SELECT floor({MEMBERS} * pow(u(id, 0), 2))::BIGINT AS member_number,
            (DATE '{TODAY}' - floor(365 * u(id, 1))::INTEGER)::TIMESTAMP AS occurred_at,
            [article(drawn(id, 2)), article(drawn(id, 3))] AS sold
        FROM range({ORDERS}) AS drawn_orders (id)
    ) TO '{{folder}}/orders.parquet';
"""  # noqa: S608  # numbers of our own
_PROGRAM: Final = f"""
    CREATE VIEW orders AS FROM '{{folder}}/orders.parquet';
    CREATE TABLE members AS
        SELECT range AS fact_number, 'active' AS status FROM range({MEMBERS});
    CREATE TABLE heirs (member_number BIGINT, person_number BIGINT);
    CREATE VIEW vouchers AS
        SELECT range * 3 AS member_number, occurred_at AS issued_at, 'used' AS state,
            NULL::VARCHAR AS granted_for, 'R' || range % 20 AS reward_id
        FROM range({MEMBERS} // 3), (SELECT TIMESTAMP '{TODAY}' AS occurred_at);
    CREATE MACRO local_day(moment) AS moment::DATE;
    CREATE MACRO standings(counting, day, until_at) AS TABLE
        SELECT fact_number AS member_number, 'L' || fact_number % 3 AS level FROM members;
"""  # noqa: S608  # as above


def neighbors(scratch: Path) -> Iterator[Figure]:
    """Measure the SQL of a night, after another process drew the orders."""
    bench = f"what goes together, {ORDERS} orders of {MEMBERS} members"
    yield from figures_apart(
        "bench.neighbors",
        "find",
        folder=scratch / "neighbors",
        bench=bench,
        done="found",
        counted=("pairs", "pairs"),
    )


def _draw(folder: str) -> None:
    draw(_ORDERS, folder=folder)


def _find(folder: str) -> None:
    now = datetime.combine(TODAY, datetime.max.time(), UTC)
    with workshop(Path(folder)) as connected:
        connected.execute(_PROGRAM.replace("{folder}", folder))
        measure(lambda: sum(map(len, found_in(connected, today=TODAY, now=now).neighbors.values())))


if __name__ == "__main__":
    {"draw": _draw, "find": _find}[sys.argv[1]](sys.argv[2])
