"""Files of reports: cells that spreadsheets may have, and facts that have a place in time."""

from datetime import datetime
from typing import Final, get_type_hints

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.facts import ALL
from loyalty.edge.models.report_exports import REPORT_EVERY_S, paced
from loyalty.lake.report_files import DATED_BY
from loyalty.lake.spreadsheets import as_text, as_text_sql

FORMULAS: Final = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "\u00a0=1",
    "\n=1",
    "\r1",
    "\uff1d1",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(cell: str) -> None:
    assert as_text(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "latte", "a=b", "1-2", "'=1", "é"])
def test_other_text_is_left_alone(cell: str) -> None:
    assert as_text(cell) == cell


@pytest.mark.parametrize("cell", [-5, 0, -0.25, None])
def test_numbers_are_left_alone(cell: float | None) -> None:
    assert as_text(cell) == cell


@given(cell=st.text(alphabet="=+-@ \t\r\n\v'a1\u00a0\u2003\u3000\uff1d\uff0d\u00e9", max_size=4))
def test_the_engine_writes_the_same_cells(cell: str) -> None:
    sql = f"SELECT {as_text_sql('cell')} FROM (SELECT $cell AS cell)"  # noqa: S608  # no names of others

    # To the last row: others share this connection.
    ((written,),) = duckdb.execute(sql, {"cell": cell}).fetchall()

    assert written == as_text(cell)


def test_every_kind_of_facts_has_a_moment_that_puts_it_into_a_period() -> None:
    assert set(DATED_BY) == {fact.kind for fact in ALL}
    for fact in ALL:
        assert get_type_hints(fact)[DATED_BY[fact.kind]] is datetime


def test_progress_is_told_at_first_at_last_and_now_and_then() -> None:
    reported: list[tuple[int, int]] = []
    now = [0.0]
    report_progress = paced(lambda *progress: reported.append(progress), monotonic=lambda: now[0])

    for read in range(101):
        report_progress(read, 100)
        now[0] += REPORT_EVERY_S / 50

    assert reported == [(0, 100), (50, 100), (100, 100)]
