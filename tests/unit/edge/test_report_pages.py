"""The pages of the reports: what they declare, what they let in, and how they write figures."""

import base64
import hashlib
import html
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from loyalty.edge import report_pages
from loyalty.lake import reports
from loyalty.lake.reports import ChartKind, Column, Table
from tests.support.browser import running_browser
from tests.support.documents import program
from tests.support.pages import Parts, directives

FILES: Final = Path(report_pages.__file__).parents[1] / "console"
NODE: Final = Path(sys.prefix) / "bin" / "node"
# The scripts that draw reports, as far as they need no chart library.
DRAWING: Final = ("draw", "report_measures", "report_tables", "report_words")
# What they know how to write, or write as it is.
UNITS: Final = {
    "action", "actions", "activities", "activity", "answers", "campaign", "challenge",
    "completions", "customers", "day", "days", "level", "member", "members", "messages",
    "minor units", "month", "months", "offers", "orders",
    "person", "points", "rate", "ratio", "redemptions", "reviews", "reward", "rule", "score",
    "segment", "source", "state", "status", "survey", "vouchers", "word",
}  # fmt: skip
HOSTILE: Final = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & “קפה”"

# Opens a page on disk and gives what it has drawn.
type Dom = Callable[[dict[str, Any]], str]

EURO: Final = {
    "name": "Bean & Leaf",
    "time_zone": "Europe/Paris",
    "currency": "EUR",
    "currency_digits": 2,
    "points_one": "bean",
    "points_many": "beans",
    "names": {"level": {"gold": "Gold"}, "reward": {"latte": "Latte", "tote": HOSTILE}},
}


def answer(**parts: Any) -> dict[str, Any]:
    """What the API answers of a report, as far as a page needs it."""
    columns = [
        ("source", "string", "source"),
        ("revenue_minor", "integer", "minor units"),
        ("orders", "integer", "orders"),
    ]
    answered: dict[str, Any] = {
        "report": "sources",
        "title": "Sources: what each shop or till brought in.",
        "about": "The sums over all rows are the `summary`'s.",
        "program": EURO,
        "first_day": "2026-11-01",
        "last_day": "2026-11-30",
        "by": "month",
        "as_of": "2026-11-21T10:00:00Z",
        "columns": [
            {"name": name, "type": kind, "unit": unit, "description": f"the {name}"}
            for name, kind, unit in columns
        ],
        "chart": chart(),
        "rows": [["till", 4999, 2], ["shop", 1000, 1]],
        "totals": {},
        "segments": [],
        "by_segment": False,
    }
    return answered | parts


def chart(**parts: Any) -> dict[str, Any]:
    bars = {"kind": "bar", "x": "source", "y": ["revenue_minor"], "series": None, "facet": None}
    return bars | parts


class TestWhatReportsDeclare:
    @pytest.mark.parametrize("name", reports.names())
    def test_a_report_has_a_chart_of_its_own_columns(self, name: str) -> None:
        report = reports.report(name)

        assert report.chart.kind in get_args(ChartKind.__value__)
        measured = {part for each in report.chart.y for part in each.split(" / ")}
        placed = {report.chart.x, report.chart.series, report.chart.facet} - {None}
        assert measured | placed <= set(report.units)
        assert (report.chart.x is None) == (report.chart.kind == "figures")
        assert report.chart.series or report.chart.kind != "heatmap"

    @pytest.mark.parametrize("name", reports.names())
    def test_a_report_says_what_each_column_is_and_how_it_counts(self, name: str) -> None:
        report = reports.report(name)

        assert list(report.descriptions) == list(report.units)
        assert all(report.descriptions.values())
        assert set(report.units.values()) <= UNITS
        assert report.about
        assert "| Column" not in report.about

    def test_columns_that_are_stacked_share_a_unit(self) -> None:
        for name in reports.names():
            report = reports.report(name)
            if report.chart.kind != "figures":
                units = {report.units[each.split(" / ")[0]] for each in report.chart.y}
                assert len(units) == 1, name

    @pytest.mark.parametrize("name", reports.names())
    def test_a_report_of_several_surveys_adds_none_up(self, name: str) -> None:
        """Stars and points out of ten, and answers to two questions, have no sum."""
        report = reports.report(name)

        if "survey" in report.units.values():
            assert report.chart.facet == "survey_id"

    def test_a_description_goes_on_over_lines(self) -> None:
        description = reports.report("summary").descriptions["redemption_rate"]

        assert description == "points_redeemed / points_earned; null when nothing was earned"


class TestNames:
    def table(self, *columns: tuple[str, str], rows: list[tuple[str | None, ...]]) -> Table:
        made = tuple(Column(name, "string", unit, "") for name, unit in columns)
        return Table(made, tuple(rows))

    def test_what_a_table_holds_is_called_as_the_document_calls_it(self) -> None:
        tiers = {
            "basis": "spend",
            "period": "calendar_year",
            "levels": [
                {"id": "silver", "name": "Silver", "reached_at": 100},
                {"id": "gold", "name": "Gold", "reached_at": 200},
            ],
        }
        table = self.table(
            ("level_before", "level"),
            ("level_after", "level"),
            ("reward_id", "reward"),
            ("survey_id", "survey"),
            rows=[("none", "gold", "latte", "visit"), (None, "silver", "retired", "visit")],
        )

        names = report_pages.names(table, program(tiers=tiers))

        assert names == {
            "level": {"silver": "Silver", "gold": "Gold"},
            "reward": {"latte": "Latte"},
            "survey": {"visit": "How happy were you with your order?"},
        }

    def test_rules_and_members_are_called_by_their_ids(self) -> None:
        table = self.table(
            ("rule_id", "rule"), ("member_id", "member"), rows=[("base", "latte"), ("new", "base")]
        )

        assert report_pages.names(table, program()) == {}

    def test_a_table_without_rows_names_nothing(self) -> None:
        assert report_pages.names(self.table(("reward_id", "reward"), rows=[]), program()) == {}


class TestPageToKeep:
    def test_it_loads_nothing(self) -> None:
        page = report_pages.page(answer())
        parts = Parts(page)

        assert [*parts.attributes("src"), *parts.attributes("href")] == []
        assert set(directives(page)) == {
            "default-src", "script-src", "style-src", "base-uri", "form-action", "frame-ancestors",
        }  # fmt: skip
        assert directives(page)["default-src"] == ["'none'"]

    def test_its_policy_names_what_it_runs_by_digest_and_nothing_else(self) -> None:
        page = report_pages.page(answer())

        run = [
            (tag, text)
            for tag, attributes, text in Parts(page).inline
            if attributes.get("type") != "application/json"
        ]

        sources = {"script": directives(page)["script-src"], "style": directives(page)["style-src"]}
        for kind, allowed in sources.items():
            digests = [hashlib.sha256(text.encode()).digest() for tag, text in run if tag == kind]
            assert allowed == [f"'sha256-{base64.b64encode(each).decode()}'" for each in digests]

    def test_a_copy_on_disk_is_bound_by_the_same_policy(self) -> None:
        page = report_pages.page(answer())

        (policy,) = (
            attributes["content"]
            for tag, attributes in Parts(page).elements
            if attributes.get("http-equiv") == "Content-Security-Policy"
        )

        assert f"{policy}; frame-ancestors 'none'" == page.policy

    def test_hostile_names_stay_text(self) -> None:
        hostile = answer(program=EURO | {"name": HOSTILE}, rows=[[HOSTILE, 1, 1]])

        page = report_pages.page(hostile)

        parts = Parts(page)
        assert [tag for tag, _ in parts.elements].count("script") == 3
        assert "img" not in {tag for tag, _ in parts.elements}
        (carried,) = (text for _, each, text in parts.inline if each.get("id") == "answer")
        assert json.loads(carried) == hostile

    def test_it_is_light(self) -> None:
        assert len(report_pages.page(answer()).html.encode()) < 320_000


def drawn_by_node(expression: str, answered: dict[str, Any]) -> Any:
    """What an expression over what draws reports gives; `answered` is `answer` in it."""
    addresses = [(FILES / f"{name}.js").as_uri() for name in DRAWING]
    script = (
        f"const modules = await Promise.all({json.dumps(addresses)}.map((each) => import(each)));"
        "const draw = Object.assign({}, ...modules);"
        f"const answer = {json.dumps(answered)};"
        f"const write = draw.writing(answer, 'en-US');"
        f"console.log(JSON.stringify({expression}));"
    )
    run = subprocess.run(
        [NODE, "--input-type=module", "--eval", script], capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


class TestDrawing:
    @pytest.mark.parametrize(
        ("program", "unit", "value", "written"),
        [
            (EURO, "minor units", 499950, "€4,999.50"),
            (EURO | {"currency": "JPY", "currency_digits": 0}, "minor units", 4999, "¥4,999"),
            (EURO | {"currency": "KWD", "currency_digits": 3}, "minor units", 4999, "KWD 4.999"),
            (EURO, "minor units", -50, "-€0.50"),
            (EURO, "ratio", 0.123456, "12.3%"),
            (EURO, "rate", 0.01, "1 / EUR"),
            (EURO, "points", 1234567, "1,234,567"),
            (EURO, "orders", 2.5, "2.5"),
            (EURO, "month", "2026-11-01", "Nov 2026"),
            (EURO, "day", "2026-11-21", "Nov 21, 2026"),
            (EURO, "month", None, "No date"),
            (EURO, "level", None, "None"),
            (EURO, "days", None, "\u2013"),
            (EURO, "segment", "cannot_lose", "Cannot lose"),
            (EURO, "source", "cannot_lose", "cannot_lose"),
            (EURO, "word", "nps", "NPS"),
            (EURO, "reward", "latte", "Latte"),
            (EURO, "reward", "gold", "gold"),
            (EURO, "reward", "constructor", "constructor"),
            (EURO, "level", "gold", "Gold"),
            (EURO, "level", "retired", "retired"),
            (EURO, "level", "none", "None"),
            (EURO, "level", "gone", "Gone"),
            (EURO, "survey", "none", "none"),
        ],
    )
    def test_a_value_is_written_by_its_unit(
        self, program: dict[str, Any], unit: str, value: Any, written: str
    ) -> None:
        expression = f"write.value({json.dumps(unit)}, {json.dumps(value)})"

        drawn = drawn_by_node(expression, answer(program=program))

        assert drawn.replace("\u00a0", " ") == written

    def test_a_column_is_called_what_the_program_calls_its_points(self) -> None:
        names = ["points_earned", "revenue_minor", "new_members", "point_minor"]

        drawn = drawn_by_node(f"{json.dumps(names)}.map(write.label)", answer())

        assert drawn == ["Beans earned", "Revenue", "New members", "Beans"]

    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("reward_id", "Reward"),
            ("identity", "Identity"),
            ("usual_gap_days", "Usual gap (days)"),
            ("age_months", "Age (months)"),
            ("days_median", "Days (median)"),
            ("days_p25", "Days (25th percentile)"),
            ("nps", "NPS"),
        ],
    )
    def test_a_column_is_called_as_people_speak(self, name: str, label: str) -> None:
        assert drawn_by_node(f"write.label({json.dumps(name)})", answer()) == label

    @pytest.mark.parametrize(
        ("unit", "kind", "value", "written"),
        [
            ("minor units", "decimal", 130217.5, "€1,302.18"),
            ("ratio", "decimal", 0.640001, "64.0%"),
            ("orders", "decimal", 60, "60.00"),
            ("orders", "integer", 60, "60"),
            ("score", "decimal", None, "\u2013"),
        ],
    )
    def test_a_mean_has_the_decimals_of_its_neighbors(
        self, unit: str, kind: str, value: float | None, written: str
    ) -> None:
        column = json.dumps({"unit": unit, "type": kind})

        assert drawn_by_node(f"write.cell({column}, {json.dumps(value)})", answer()) == written

    @pytest.mark.parametrize(("length", "shown"), [(80, "é" * 80), (81, "é" * 79 + "…")])
    def test_a_long_name_is_abridged(self, length: int, shown: str) -> None:
        named = answer(program=EURO | {"names": {"survey": {"visit": "é" * length}}})

        assert drawn_by_node("write.value('survey', 'visit')", named) == shown

    def test_an_axis_says_a_year_once(self) -> None:
        steps = ["2026-11-01", "2026-12-01", "2027-01-01", None]
        expression = f"{json.dumps(steps)}.map((step, n, all) => write.tick('day', step, all[n-1]))"

        assert drawn_by_node(expression, answer()) == ["Nov\n2026", "Dec", "Jan\n2027", "\u2013"]

    def test_an_axis_of_weeks_says_days(self) -> None:
        expression = "write.tick('day', '2026-11-09', '2026-11-02')"

        assert drawn_by_node(expression, answer(by="week")) == "Nov 9"

    def test_a_name_from_right_to_left_turns_no_neighbor_around(self) -> None:
        right_to_left = answer(program=EURO | {"points_many": "קפה"})

        drawn = drawn_by_node("write.label('points_earned')", right_to_left)

        assert drawn == "\u2068קפה\u2069 earned"

    @pytest.mark.parametrize(
        ("unit", "found", "steps"),
        [
            ("month", ["2027-01-01", "2026-11-01"], ["2026-11-01", "2026-12-01", "2027-01-01"]),
            ("month", [None, "2026-11-01"], ["2026-11-01", None]),
            ("months", [3, 0], [0, 1, 2, 3]),
            ("level", ["none", "silver", "gold", "none"], ["none", "silver", "gold"]),
            ("month", [], []),
        ],
    )
    def test_steps_have_no_gap_and_an_order(
        self, unit: str, found: list[Any], steps: list[Any]
    ) -> None:
        expression = f"draw.steps({json.dumps(unit)}, {json.dumps(found)})"

        assert drawn_by_node(expression, answer()) == steps

    def test_a_quotient_is_of_sums_and_not_of_quotients(self) -> None:
        lines = chart(kind="line", y=["revenue_minor / orders"])
        rows = [["till", 100, 1], ["till", 500, 3], ["shop", 0, 0], ["web", None, 2]]

        cases = drawn_by_node("draw.measured(answer)", answer(chart=lines, rows=rows))

        assert [(each["x"], each["value"]) for each in cases] == [
            ("till", 150), ("shop", None), ("web", None),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("measure", "unit"),
        [
            ("buyers / reached", "ratio"),
            ("new_members / reached", "ratio"),
            ("revenue_minor / reached", "minor units"),
            ("orders / reached", "orders"),
            ("revenue_minor / orders", "rate"),
            ("revenue_minor", "minor units"),
        ],
    )
    def test_a_quotient_counts_in_what_its_column_or_its_parts_do(
        self, measure: str, unit: str
    ) -> None:
        columns = [
            ("reached", "members", "reached"),
            ("buyers", "members", "who bought"),
            ("new_members", "members", "who came"),
            ("buyer_rate", "ratio", "buyers / reached"),
            ("orders", "orders", "theirs"),
            ("revenue_minor", "minor units", "of these"),
            ("price", "rate", "revenue_minor / orders"),
        ]
        described = [
            {"name": name, "unit": unit, "description": text} for name, unit, text in columns
        ]

        expression = f"draw.measureUnit(answer, {json.dumps(measure)})"
        found = drawn_by_node(expression, answer(columns=described))

        assert found == unit

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("points_redeemed / points_earned", "beans redeemed / beans earned"),
            ("points earned; null: none", "beans earned; empty: none"),
            ("revenue_minor / orders, without debts", "revenue / orders, without debts"),
        ],
    )
    def test_a_column_is_explained_in_the_words_of_the_page(self, text: str, plain: str) -> None:
        assert drawn_by_node(f"write.plain({json.dumps(text)})", answer()) == plain

    @pytest.mark.parametrize(
        ("room", "parts"),
        [
            (400, [[0, 1, 2, 3, 4]]),
            (399, [[0, 1, 2, 3], [0, 1, 4]]),
            (260, [[0, 1, 2], [0, 1, 3], [0, 1, 4]]),
            (10, [[0, 1, 2], [0, 1, 3], [0, 1, 4]]),
        ],
    )
    def test_columns_without_room_go_on_below_with_what_their_rows_are_about(
        self, room: int, parts: list[list[int]]
    ) -> None:
        kinds = ["string", "date", "integer", "decimal", "string"]
        columns = [{"name": str(number), "type": kind} for number, kind in enumerate(kinds)]
        widths = [100, 50, 100, 100, 50]

        expression = f"draw.split(answer, {json.dumps(widths)}, {room})"

        assert drawn_by_node(expression, answer(columns=columns)) == parts

    def test_every_report_says_what_it_means_that_there_is_nothing(self) -> None:
        drawn = drawn_by_node("draw.NOTHING", answer())

        assert sorted(drawn) == reports.names()
        assert all(re.fullmatch(r"[A-Z][^.]+\.", each) for each in drawn.values())

    @pytest.mark.parametrize(
        ("now", "before", "unit", "shown"),
        [
            (110, 100, "orders", "+10% on the period before"),
            (90, 100, "minor units", "-10% on the period before"),
            (0.5, 0.45, "ratio", "+5 pp on the period before"),
            (0, 100, "orders", "-100% on the period before"),
            (100, 0, "orders", "none in the period before"),
            (0, 0, "orders", "none in the period before either"),
            (5000, 1, "orders", "more than ten times the period before"),
            (None, 0.4, "ratio", "no value in this period"),
            (0.4, None, "ratio", "no value in the period before"),
        ],
    )
    def test_a_key_figure_has_its_change_or_why_it_has_none(
        self, now: float | None, before: float | None, unit: str, shown: str
    ) -> None:
        arguments = ", ".join(json.dumps(each) for each in (now, before, unit, "en-US"))

        assert drawn_by_node(f"draw.changed({arguments})", answer()) == shown


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


# Tests talk to a browser of their own over a pair of sockets. The page may load nothing.
@pytest.mark.enable_socket
class TestInABrowser:
    @pytest.fixture
    def dom(self, browser: Browser, tmp_path: Path) -> Iterator[Dom]:
        page = browser.new_page(locale="en-US")

        def drawn(answered: dict[str, Any]) -> str:
            file = tmp_path / "page.html"
            file.write_text(report_pages.page(answered).html, encoding="utf-8")
            page.goto(file.as_uri())
            page.wait_for_selector("main .chart > *")
            return page.locator("main").inner_html()

        yield drawn
        page.close()

    def test_a_page_on_disk_draws_its_chart_and_table_under_its_own_policy(self, dom: Dom) -> None:
        drawn = dom(answer(rows=[[HOSTILE, 4999, 2], ["shop", 1000, 1]]))

        assert drawn.count("<svg") == 1
        assert drawn.count("<rect") >= 2
        assert drawn.count("<tr>") == 3
        assert "€49.99" in drawn
        assert "<style" not in drawn
        assert "<img" not in drawn
        assert "&lt;img" in drawn

    def test_a_table_ends_with_the_sums_that_mean_something(self, dom: Dom) -> None:
        drawn = dom(answer(totals={"revenue_minor": 5999}))

        (line,) = re.findall("<tfoot>(.+?)</tfoot>", drawn)
        assert re.findall("<t[hd][^>]*>(.*?)</t[hd]>", line) == ["Total", "€59.99", ""]

    def test_a_sum_of_something_unknown_is_not_known(self, dom: Dom) -> None:
        drawn = dom(answer(totals={"revenue_minor": None}))

        assert '<th scope="row">Total</th><td class="figure">\u2013</td>' in drawn

    def test_an_axis_of_days_to_come_says_what_they_are(self, dom: Dom) -> None:
        months = {
            "name": "expires_in",
            "type": "date",
            "unit": "month",
            "description": "month in which points expire; null: never",
        }
        points = {"name": "points", "type": "integer", "unit": "points", "description": "points"}
        bars = chart(kind="column", x="expires_in", y=["points"])
        rows = [["2026-12-01", 40], [None, 2]]

        drawn = dom(answer(columns=[months, points], chart=bars, rows=rows))

        assert "Expires in: month in which beans expire; empty: never</figcaption>" in drawn

    def test_nothing_to_show_is_said_without_an_empty_table(self, dom: Dom) -> None:
        drawn = dom(answer(rows=[]))

        assert "Nobody ordered in this period." in drawn
        assert "<table" not in drawn

    def test_what_a_report_says_of_itself_has_no_markup_in_it(self, dom: Dom) -> None:
        about = "As in [surveys](#surveys), within `within_days` days.\n\n    a = b"

        drawn = dom(answer(about=about))

        assert "As in surveys, within <code>within_days</code> days." in drawn
        assert "<pre>a = b</pre>" in drawn

    def test_bars_of_a_quotient_are_told_in_percent(self, dom: Dom) -> None:
        columns = [
            {"name": name, "type": "integer", "unit": "members", "description": name}
            for name in ("buyers", "reached")
        ]
        kind = {"name": "kind", "type": "string", "unit": "word", "description": "kind"}
        bars = chart(x="kind", y=["buyers / reached"])
        rows = [["points_expiring", 64, 100], ["lapsed", 1, 8]]

        drawn = dom(answer(columns=[kind, *columns], chart=bars, rows=rows))

        assert ">64.0%<" in drawn
        assert ">12.5%<" in drawn
        assert "Buyers / reached" in drawn
        assert ">Points expiring<" in drawn

    def test_each_value_of_a_facet_has_a_chart_under_its_name(self, dom: Dom) -> None:
        columns = [
            {"name": name, "type": kind, "unit": unit, "description": name}
            for name, kind, unit in (
                ("reward_id", "string", "reward"),
                ("state", "string", "state"),
                ("vouchers", "integer", "vouchers"),
            )
        ]
        bars = chart(x="state", y=["vouchers"], facet="reward_id")
        rows = [["tote", "used", 3], ["tote", "open", 1], ["mug", "used", 2]]

        drawn = dom(answer(columns=columns, chart=bars, rows=rows))

        assert drawn.count("<svg") == 2
        titles = re.findall("<h3>(.+?)</h3>", drawn)
        assert titles == [f"\u2068{html.escape(HOSTILE, quote=False)}\u2069", "mug"]
        assert drawn.count(">Used</") == 4
        assert "<img" not in drawn


# How much of a desk of 1280 pixels the console leaves to a report, beside its menu.
DESK: Final[ViewportSize] = {"width": 1280 - 15 * 16, "height": 900}
# A large value of each unit.
LARGE: Final[dict[str, Any]] = {
    "minor units": 123_456_789,
    "points": 98_765_432,
    "ratio": 0.123456,
    "rate": 0.012345,
    "month": "2026-09-01",
    "day": "2026-09-30",
}
NAMED: Final = {
    "action", "campaign", "customers", "level", "member", "person", "reward", "rule", "segment",
    "source", "state", "status", "survey", "word",
}  # fmt: skip


def large(name: str) -> dict[str, Any]:
    """A report with names of usual length and large figures."""
    report = reports.report(name)

    def value(unit: str, row: int) -> Any:
        if unit in NAMED:
            return f"autumn-{unit}-{row}"
        return LARGE.get(unit, 1_234_567)

    types = {str: "string", int: "integer", float: "decimal"}
    columns = [
        {
            "name": column,
            "type": "date" if unit in {"day", "month"} else types[type(value(unit, 1))],
            "unit": unit,
            "description": report.descriptions[column],
        }
        for column, unit in report.units.items()
    ]
    rows = [[value(column["unit"], row) for column in columns] for row in range(3)]
    drawn = {
        "kind": report.chart.kind,
        "x": report.chart.x,
        "y": list(report.chart.y),
        "series": report.chart.series,
        "facet": report.chart.facet,
    }
    if report.chart.kind == "figures":
        rows = rows[:1]
    return answer(report=name, title=report.title, columns=columns, rows=rows, chart=drawn)


@pytest.mark.enable_socket
class TestRoomOnADesk:
    @pytest.fixture
    def page(self, browser: Browser) -> Iterator[Page]:
        page = browser.new_page(locale="en-US", viewport=DESK)
        yield page
        page.close()

    @pytest.mark.parametrize("name", reports.names())
    def test_no_table_is_cut_off_and_every_column_is_shown(
        self, name: str, page: Page, tmp_path: Path
    ) -> None:
        file, answered = tmp_path / "page.html", large(name)
        file.write_text(report_pages.page(answered).html, encoding="utf-8")

        page.goto(file.as_uri())
        page.wait_for_selector("main .chart > *")

        hidden = "(all) => all.map((each) => each.scrollWidth - each.clientWidth)"
        assert set(page.eval_on_selector_all("html, .table", hidden)) == {0}
        heads = {each.strip() for each in page.locator("thead th").all_text_contents()}
        labels = drawn_by_node("answer.columns.map(({ name }) => write.label(name))", answered)
        assert heads == set(labels) or report_is_single(answered)


def report_is_single(answered: dict[str, Any]) -> bool:
    """A report with one row has a line for each column."""
    return len(answered["rows"]) == 1
