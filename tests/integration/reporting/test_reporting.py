"""Reports over HTTP, for the roles that may read them."""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from functions.enrollment import handler as enrollment
from functions.reporting import handler as reporting
from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.integration.lakeside import archived
from tests.support import till
from tests.support.http import Answer, Claims, call, person, service, staff

pytestmark = pytest.mark.usefixtures("program", "disk")

ANALYST: Final = staff("bean", "analyst")
NOVEMBER: Final = {"from": "2026-11-01", "to": "2026-11-30"}


def ask(
    period: Mapping[str, str] = NOVEMBER,
    *,
    name: str = "summary",
    as_: Claims = ANALYST,
    accept: str = "*/*",
) -> Answer:
    path = f"{till.PROGRAM}/reports/{name}"
    headers = {"Accept": accept}
    return call(reporting.handler, "GET", path, as_=as_, query=period, headers=headers)


def summary(period: Mapping[str, str] = NOVEMBER) -> dict[str, Any]:
    answer = ask(period)
    assert answer.status == 200, answer.text
    (row,) = answer.body["rows"]
    return dict(zip((column["name"] for column in answer.body["columns"]), row, strict=True))


def test_only_managers_read_what_their_colleagues_did() -> None:
    till.enroll(as_=till.MANAGER)
    archived()

    assert ask(name="actions").code == "forbidden"
    (row,) = ask(name="actions", as_=till.MANAGER).body["rows"]
    assert row[:3] == ["staff-1", "member.enroll", 1]


class TestEntries:
    def find(
        self, entry_id: str, *, as_: Claims = till.MANAGER, program_id: str = "bean"
    ) -> Answer:
        path = f"/v1/programs/{program_id}/entries/{entry_id}"
        return call(reporting.handler, "GET", path, as_=as_)

    def test_an_entry_leads_to_its_member(self) -> None:
        ana, ben = till.enroll("ana@example.com"), till.enroll("ben@example.com")
        till.earn(ana, 4999)
        till.earn(ben, 1000, order_id="ben-1")
        till.refund("ben-1", amount=till.money(500))
        archived()
        entries = {entry["kind"]: entry for entry in till.history(ben)}
        refund = entries["clawback"]

        found = self.find(refund["id"])

        assert found.status == 200, found.text
        assert found.body == {
            "id": refund["id"],
            "member_id": ben,
            "kind": "clawback",
            "points": -5,
            "happened_at": refund["happened_at"],
        }
        accrual = entries["accrual"]["id"]
        assert self.find(accrual, as_=till.CASHIER).body["points"] == 10

    def test_one_that_the_lake_does_not_have_yet_is_not_found(self) -> None:
        ana = till.enroll("ana@example.com")
        archived()
        till.earn(ana, 4999)
        (entry,) = till.history(ana)

        for unknown in (entry["id"], "ent_", "x' OR true --"):
            assert self.find(unknown).code == "not_found"
        archived()
        assert self.find(entry["id"]).status == 200

    def test_it_stays_within_its_program(self, publish: Callable[..., object]) -> None:
        publish(program_id="leaf")
        ana = till.enroll("ana@example.com")
        till.earn(ana, 4999)
        archived()
        (entry,) = till.history(ana)

        leaf = staff("leaf", "manager")
        assert self.find(entry["id"], program_id="leaf", as_=leaf).code == "not_found"


@pytest.fixture
def story(program: PublishedProgram) -> None:
    """Ana earns 49 and has a latte, Ben earns 10 and returns half, Cleo leaves, a guest pays."""
    ana, ben = till.enroll("ana@example.com"), till.enroll("ben@example.com")
    cleo = till.enroll("cleo@example.com")
    till.earn(ana, 4999)
    till.earn(ben, 1000, order_id="ben-1")
    till.post_order(till.order(700, identities=[{"kind": "email", "value": "guest@example.com"}]))
    code = till.redeem(ana).body["voucher"]["code"]
    till.use(code)
    till.refund("ben-1", amount=till.money(500))
    gone = call(enrollment.handler, "DELETE", f"{till.PROGRAM}/members/{cleo}", as_=till.MANAGER)
    assert gone.status == 204, gone.text


@pytest.mark.usefixtures("story")
class TestSummary:
    def test_it_shows_the_revenue_of_the_program(self) -> None:
        archived()

        assert summary() == {
            "members": 2,
            "new_members": 3,
            "active_members": 2,
            "orders": 2,
            "revenue_minor": 4999 + 1000 - 500,
            "guest_orders": 1,
            "guest_revenue_minor": 700,
            "redemptions": 1,
            "points_earned": 49 + 10,
            "points_redeemed": 40,
            "points_clawed_back": 5,
            "points_expired": 0,
            "points_adjusted": 0,
            "points_pending": 0,
            "points_outstanding": 59 - 40 - 5,
            "liability_minor": None,
            "redemption_rate": 0.677966,
        }

    def test_it_describes_its_columns_and_names_its_time(self, time: Clock) -> None:
        archived()

        body = ask().body

        assert body["report"] == "summary"
        assert body["as_of"] == "2026-11-21T10:00:00Z"
        columns = {column["name"]: column for column in body["columns"]}
        assert columns["points_earned"]["unit"] == "points"
        assert columns["points_earned"]["type"] == "integer"
        assert columns["redemption_rate"]["type"] == "decimal"

    def test_another_month_has_nothing_new_in_it(self) -> None:
        archived()

        october = summary({"from": "2026-10-01", "to": "2026-10-31"})
        december = summary({"from": "2026-12-01", "to": "2026-12-31"})

        assert set(october.values()) == {0, None}
        assert (december["orders"], december["points_outstanding"]) == (0, 14)

    def test_a_stream_read_three_times_changes_nothing(self) -> None:
        archived()
        once = summary()

        archived(of=slice(7))
        archived(of=slice(4, None))
        archived()

        assert summary() == once

    def test_a_warm_function_sees_new_facts(self) -> None:
        archived()
        before = summary()
        till.earn(till.enroll("dora@example.com"), 2000)

        archived()

        after = summary()
        assert after["orders"] == before["orders"] + 1
        assert after["points_outstanding"] == before["points_outstanding"] + 20

    def test_csv_has_the_same_figures(self, time: Clock) -> None:
        archived()

        answer = ask(accept="text/csv")

        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["loyalty-as-of"] == "2026-11-21T10:00:00Z"
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert row == {
            name: "" if value is None else str(value) for name, value in summary().items()
        }

    def test_a_report_has_what_is_needed_to_format_its_figures(self) -> None:
        archived()

        body = ask().body

        assert body["program"] == {
            "name": "Bean & Leaf",
            "time_zone": "Europe/Paris",
            "currency": "EUR",
            "currency_digits": 2,
            "points_one": "bean",
            "points_many": "beans",
            "names": {},
        }
        assert (body["first_day"], body["last_day"]) == ("2026-11-01", "2026-11-30")
        assert body["chart"]["kind"] == "figures"
        assert all(column["description"] for column in body["columns"])

    def test_rewards_are_listed_by_id_with_their_current_names(self) -> None:
        archived()

        body = ask(name="rewards").body

        place = [column["unit"] for column in body["columns"]].index("reward")
        assert [row[place] for row in body["rows"]] == ["latte"]
        assert body["program"]["names"] == {"reward": {"latte": "Latte"}}

    def test_a_page_to_keep_carries_the_same_answer(self) -> None:
        archived()

        page = ask(accept="text/html")

        carried = re.search(r'id="answer">(.+)</script>', page.text)
        assert carried
        assert json.loads(carried[1]) == ask().body
        assert page.headers["content-security-policy"].startswith("default-src 'none';")
        assert page.headers["cache-control"] == "no-store"

    def test_no_personal_data_came_to_the_lake(self) -> None:
        archived()
        bean = reporting.mirror()._root / "bean"

        summary()

        written = b"".join(gzip.decompress(path.read_bytes()) for path in bean.rglob("*.gz"))
        assert written
        assert b"example.com" not in written


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/csv, application/json", "application/json"),
        ("Text/CSV", "text/csv; charset=utf-8"),
        ("text/csv, */*;q=0.1", "text/csv; charset=utf-8"),
        ("application/json;q=0.2, text/csv;q=0.8", "text/csv; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html; charset=utf-8",
        ),
        ("text/html;q=0.8, text/csv;q=0.9", "text/csv; charset=utf-8"),
        ("text/html, application/json", "application/json"),
    ],
)
def test_a_client_gets_the_format_that_it_prefers(accept: str, kind: str) -> None:
    assert ask(accept=accept).headers["content-type"] == kind


@pytest.mark.parametrize("role", ["analyst", "manager"])
def test_managers_and_analysts_may_read_reports(role: str) -> None:
    assert ask(as_=staff("bean", role)).status == 200


@pytest.mark.parametrize("who", [staff("bean", "cashier"), person(), service("bean")])
def test_others_may_not(who: Claims) -> None:
    answer = ask(as_=who)

    assert (answer.status, answer.code) == (403, "forbidden")


def test_another_program_s_report_is_not_there() -> None:
    answer = ask(as_=staff("leaf", "manager"))

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("name", ["nothing", "summary.sql", "%2e%2e", "Summary"])
def test_there_is_no_report_of_another_name(name: str) -> None:
    answer = ask(name=name)

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ({}, {"/query/from", "/query/to"}),
        ({"from": "2026-11-01"}, {"/query/to"}),
        ({"from": "yesterday", "to": "2026-11-30"}, {"/query/from"}),
        ({"from": "2026-02-30", "to": "2026-11-30"}, {"/query/from"}),
        ({"from": "2026-11-01T00:00:00Z", "to": "2026-11-30"}, {"/query/from"}),
        ({"from": "0001-01-01", "to": "0001-01-02"}, {"/query/from", "/query/to"}),
        ({"from": "9999-12-30", "to": "9999-12-31"}, {"/query/from", "/query/to"}),
        ({"from": "2026-11-30", "to": "2026-11-01"}, {"/query/to"}),
        ({"from": "2016-11-01", "to": "2026-11-30"}, {"/query/to"}),
        ({"from": "2026-11-01' OR 1=1", "to": "2026-11-30"}, {"/query/from"}),
    ],
)
def test_days_that_are_no_period_are_refused(query: dict[str, str], pointers: set[str]) -> None:
    answer = ask(query)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert set(answer.pointers) == pointers


def test_one_day_is_a_period() -> None:
    assert ask({"from": "2026-11-21", "to": "2026-11-21"}).status == 200
