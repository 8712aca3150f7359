"""Reports over facts: what they answer, and that nothing but one program's facts is in reach."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.kernel.errors import NotFound, TooLarge
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import CalendarCause, Placeholder
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.lake import columns, reports, sql_views
from loyalty.lake.day_sums import DAILY
from loyalty.lake.reports import Chart, Report, Table
from tests.support.documents import program
from tests.support.lake import KINDS, NOVEMBER, PARIS, Home
from tests.support.ledger import NOON, accrual, change, entry, order

ROOT: Final = Path(__file__).parents[3]


def read_by(sql: str) -> set[str]:
    """The kinds of facts that a statement reads or names, also through what reports share."""
    statement = re.sub(r"--.*", "", sql)
    named = (*KINDS, DAILY)
    found = {kind for kind in named if re.search(rf"\b(FROM|JOIN) (\w+\(')?{kind}\b", statement)}
    for name in sql_views.SHARED:
        if re.search(rf"\b(FROM|JOIN) {name}\b", statement):
            found |= read_by(sql_views.shared(name))
    return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def ask(sql: str, *, facts: Path, **limits: Any) -> Table:
    report = Report(
        name="ask",
        title="Ask",
        sql=sql,
        reads=("entries",),
        chart=Chart(kind="figures", x=None, y=("value",), series=None),
        units={"value": "units"},
    )
    return reports.run(report, NOVEMBER, facts=facts, document=program(), **limits)


class TestEngine:
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT content AS value FROM read_text('/etc/hostname')",
            "SELECT count(*) AS value FROM glob('/etc/*')",
            "SELECT 1 AS value FROM read_csv('https://example.com/facts.csv')",
            "COPY (SELECT 1) TO '/tmp/stolen.csv'",
            "ATTACH '/tmp/other.db'",
            "INSTALL httpfs",
            "LOAD httpfs",
        ],
    )
    def test_nothing_outside_the_facts_is_in_reach(self, home: Home, sql: str) -> None:
        with pytest.raises(duckdb.Error, match=r"disabled|extension"):
            ask(sql, facts=home.fetch())

    def test_another_program_s_facts_are_out_of_reach(self, home: Home) -> None:
        home.write([change(accrual())], name="1-1")
        facts = home.fetch()
        other = facts.with_name("bean-2")
        other.mkdir()
        (other / "secret.json").write_text('{"value": 1}')

        with pytest.raises(duckdb.PermissionException):
            ask(f"SELECT value FROM read_json('{other}/secret.json')", facts=facts)  # noqa: S608

    @pytest.mark.parametrize(
        "sql", ["SET enable_external_access = true", "SET memory_limit = '8GB'", "RESET threads"]
    )
    def test_a_report_cannot_change_its_bounds(self, home: Home, sql: str) -> None:
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            ask(sql, facts=home.fetch())

    def test_a_report_that_takes_too_long_is_ended(self, home: Home) -> None:
        endless = "SELECT count(*) AS value FROM range(10000000000) a, range(10000000000) b"

        with pytest.raises(TooLarge):
            ask(endless, facts=home.fetch(), seconds_max=0.2)

    def test_an_answer_that_is_too_long_to_hand_on_is_refused(self, home: Home) -> None:
        long = "SELECT repeat('x', 1000) AS value FROM range({rows})"

        assert len(ask(long.format(rows=4_900), facts=home.fetch()).rows) == 4_900
        with pytest.raises(TooLarge):
            ask(long.format(rows=5_000), facts=home.fetch())

    def test_what_does_not_fit_into_memory_while_facts_are_told_apart_is_refused(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.write([change(accrual())], name="1-1")
        monkeypatch.setattr(sql_views, "MEMORY_LIMIT", "1KiB")

        with pytest.raises(TooLarge):
            ask("SELECT 1 AS value", facts=home.fetch())

    @pytest.mark.parametrize(
        ("part", "total", "rate"),
        [
            (1, 3, 0.333333),
            (2, 3, 0.666667),
            (1, 2_000_000, 0.000001),
            (-1, 2_000_000, -0.000001),
            (1, 2_000_001, 0.0),
            (40, 49, 0.816327),
            (10**18, 1, 1e18),
            (5, 0, None),
        ],
    )
    def test_a_ratio_has_six_decimals_and_halves_go_away_from_zero(
        self, home: Home, part: int, total: int, rate: float | None
    ) -> None:
        table = ask(f"SELECT ratio({part}, {total}) AS value", facts=home.fetch())

        assert table.rows == ((rate,),)
        assert table.columns[0].type == "decimal"

    def test_dates_and_instants_are_told_as_text(self, home: Home) -> None:
        sql = "SELECT $last_day AS value UNION ALL SELECT NULL ORDER BY 1"
        days = ask(sql, facts=home.fetch())
        moments = ask("SELECT $from_at::TIMESTAMP AS value", facts=home.fetch())

        assert days.rows == (("2026-11-30",), (None,))
        assert moments.rows == (("2026-10-31T23:00:00Z",),)

    def test_the_highest_revision_of_a_repeated_fact_counts(self, home: Home) -> None:
        guest = Placeholder(source="pos", order_id="1001", recorded_at=NOON, count=1, order=order())
        home.write([change(accrual(), guest)], name="2-2")
        home.write([change(guest)], name="1-1")
        home.write([change(guest)], name="1-3")

        answer = home.answer()

        assert (answer["orders"], answer["guest_orders"]) == (1, 0)


def test_the_engine_is_loaded_by_the_first_report_and_not_before() -> None:
    """It takes longer to load than all the rest of the function."""
    program = "import sys, functions.reporting.handler; print('duckdb' in sys.modules)"

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert printed.stdout.strip() == "False"


class TestReports:
    def test_there_is_no_report_of_another_name(self) -> None:
        for name in ("nothing", "../edge/lake", "summary.sql", ""):
            with pytest.raises(NotFound):
                reports.report(name)

    @pytest.mark.parametrize("name", reports.names())
    def test_a_report_says_what_its_columns_are(self, home: Home, name: str) -> None:
        report = reports.report(name)

        table = reports.run(report, NOVEMBER, facts=home.fetch(), document=program())

        assert [column.name for column in table.columns] == list(report.units)

    @pytest.mark.parametrize("name", reports.names())
    def test_a_report_says_which_facts_it_reads(self, name: str) -> None:
        report = reports.report(name)

        assert set(report.reads) == read_by(report.sql)

    def test_what_tells_copies_of_an_order_apart_is_read_only_where_there_may_be_copies(
        self,
    ) -> None:
        assert columns.read_by("retention")["orders"].isdisjoint({"fact_id", "recorded_at"})


def test_a_program_without_facts_has_brought_in_nothing(home: Home) -> None:
    answer = home.answer()

    assert answer.pop("redemption_rate") is None
    # The program does not say what a point is worth.
    assert answer.pop("liability_minor") is None
    assert set(answer.values()) == {0}


def test_the_days_of_a_period_are_the_program_s(home: Home) -> None:
    """Paris is an hour ahead of UTC in November."""
    moments = ("2026-10-31T22:59:59", "2026-10-31T23:00:00", "2026-11-30T22:59:59")
    late = "2026-11-30T23:00:00"
    for number, moment in enumerate((*moments, late)):
        instant = datetime.fromisoformat(f"{moment}+00:00")
        sold = accrual(order(str(number), occurred_at=instant), recorded_at=instant)
        home.write([change(sold)], name=f"{number}-{number}")

    answer = home.answer()

    assert (answer["orders"], answer["points_earned"]) == (2, 2 * 49)


def test_a_member_who_left_just_after_a_period_counts_to_its_end(home: Home) -> None:
    until = midnight(date(2026, 12, 1), PARIS)
    just_before = until - timedelta(microseconds=1)
    for number, ended_at in enumerate((just_before, until, None)):
        status: Any = "closed" if ended_at else "active"
        member = Account(
            member_id=f"mem_{number}", status=status, enrolled_at=NOON, ended_at=ended_at
        )
        home.write([change(member)], name=f"{number}")
    home.write([change(Account(member_id="mem_9", enrolled_at=until))], name="9")

    answer = home.answer()

    assert (answer["members"], answer["new_members"]) == (2, 3)


def test_a_period_that_ends_ahead_expires_nothing_early(home: Home) -> None:
    lot = date(2026, 11, 25)
    home.write([change(accrual(lots={lot: 49}))], name="1-1")
    on_the_21st = replace(NOVEMBER, as_of=NOON)

    today, later = home.answer(on_the_21st), home.answer()

    assert (today["points_outstanding"], today["points_expired"]) == (49, 0)
    assert (later["points_outstanding"], later["points_expired"]) == (0, 49)


def test_an_expiry_is_counted_alike_before_and_after_it_was_recorded(home: Home) -> None:
    lot = date(2026, 11, 25)
    home.write([change(accrual(lots={lot: 49}))], name="1-1")
    before = home.answer()
    expiry = entry(
        CalendarCause("mem_1", "expiry", (lot,), 1),
        Holding(lots={lot: -49}),
        happened_at=midnight(lot + timedelta(days=1), PARIS),
        recorded_at=datetime(2026, 12, 24, tzinfo=UTC),
    )

    home.write([change(expiry)], name="2-2")

    assert home.answer() == before


def test_pending_points_can_be_spent_from_their_day_on(home: Home) -> None:
    lot = date(2027, 11, 30)
    pending = {PendingDates(date(2026, 11, 25), lot): 7, PendingDates(date(2026, 12, 1), lot): 5}
    home.write([change(accrual(lots={}, pending=pending))], name="1-1")

    answer = home.answer()

    assert (answer["points_earned"], answer["points_outstanding"]) == (12, 7)
    assert answer["points_pending"] == 5
