"""Reports and facts as files: asked for, made off the queue, fetched by a link that lapses."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import boto3
import duckdb
import pytest

from functions.exports import handler as exports
from functions.reporting import handler as reporting
from loyalty.domain.facts import ALL
from loyalty.domain.kernel.errors import TooLarge, TryAgain
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.models.report_exports import FileWorkshop
from loyalty.lake import sql_views
from tests.integration.conftest import Clock
from tests.integration.lakeside import archived
from tests.support import till
from tests.support.http import Answer, Claims, call, person, service, staff
from tests.support.queues import Message, consume, receive, work_off

pytestmark = pytest.mark.usefixtures("program", "disk")

PATH: Final = f"{till.PROGRAM}/reports/exports"
ANALYST: Final = staff("bean", "analyst")
SUMMARY: Final = {"report": "summary", "from": "2026-11-01", "to": "2026-11-30", "format": "csv"}
ORDERS: Final = {"facts": "orders", "from": "2026-11-01", "to": "2026-11-30", "format": "csv"}


@pytest.fixture
def story(program: PublishedProgram) -> None:
    """Ana earns 49 and has a latte, Ben's shop has an id that a spreadsheet would run."""
    ana, ben = till.enroll("ana@example.com"), till.enroll("ben@example.com")
    till.earn(ana, 4999)
    till.earn(ben, 1000, order_id="-23")
    till.use(till.redeem(ana).body["voucher"]["code"])
    till.refund("-23", amount=till.money(500))
    till.post_order(till.order(700, identities=[{"kind": "email", "value": "guest@example.com"}]))
    archived()


def ask(body: dict[str, Any] = SUMMARY, *, key: str = "k1", as_: Claims = ANALYST) -> Answer:
    headers = {"Idempotency-Key": key}
    return call(exports.handler, "POST", PATH, body=body, as_=as_, headers=headers)


def read(export_id: str, *, as_: Claims = ANALYST) -> Answer:
    return call(exports.handler, "GET", f"{PATH}/{export_id}", as_=as_)


def listed(**query: str) -> Answer:
    return call(exports.handler, "GET", PATH, as_=ANALYST, query=query)


@pytest.mark.parametrize("what", [{"report": "actions"}, {"facts": "actions"}])
def test_only_managers_get_a_file_of_what_their_colleagues_did(what: dict[str, str]) -> None:
    period = {"from": "2026-11-01", "to": "2026-11-30", "format": "csv"}

    requested = ask(what | period, as_=till.MANAGER)

    assert ask(what | period, key="k2").code == "forbidden"
    assert requested.status == 202
    assert read(requested.body["id"]).code == "forbidden"
    assert read(requested.body["id"], as_=till.MANAGER).status == 200


def queue_url() -> str:
    return exports.orders()._url


def export(
    body: dict[str, Any] = SUMMARY, *, key: str = "k1", as_: Claims = ANALYST
) -> dict[str, Any]:
    """Request an export, work off the queue, and read the result."""
    response = ask(body, key=key, as_=as_)
    assert response.status == 202, response.text
    assert work_off(exports.handler, queue_url()) == []
    answer = read(response.body["id"], as_=as_)
    assert answer.status == 200, answer.text
    exported: dict[str, Any] = answer.body
    return exported


def fetched(exported: dict[str, Any]) -> bytes:
    """The file that a link leads to, read past the link: what is signed is tested by itself."""
    key = urlsplit(exported["download"]["url"]).path.removeprefix("/")
    body = boto3.client("s3").get_object(Bucket="exports", Key=key)["Body"].read()
    assert (len(body), hashlib.sha256(body).hexdigest()) == (
        exported["size_bytes"],
        exported["sha256"],
    )
    return bytes(body)


def rows_of(exported: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(fetched(exported).decode("utf-8"))))


def parquet(exported: dict[str, Any], tmp_path: Path) -> duckdb.DuckDBPyRelation:
    path = tmp_path / "fetched.parquet"
    path.write_bytes(fetched(exported))
    return duckdb.read_parquet(str(path))


class TestAsking:
    def test_it_is_queued_and_says_where_to_look(self) -> None:
        answer = ask()

        assert answer.status == 202
        assert answer.body["state"] == "queued"
        assert answer.headers["location"] == f"{PATH}/{answer.body['id']}"
        assert read(answer.body["id"]).body == answer.body

    def test_the_same_request_again_is_the_same_export(self) -> None:
        first = ask()

        again = ask()

        assert again.body == first.body
        assert len(listed().body["items"]) == 1

    def test_the_same_key_for_something_else_is_refused(self) -> None:
        ask()

        answer = ask(ORDERS)

        assert (answer.status, answer.code) == (409, "idempotency_conflict")

    def test_a_request_whose_message_was_lost_is_queued_when_it_is_made_again(self) -> None:
        ask()
        boto3.client("sqs").purge_queue(QueueUrl=queue_url())

        ask()

        assert len(receive(queue_url())) == 1

    def test_a_program_has_three_under_way_and_more_when_these_are_done(self, story: None) -> None:
        responses = [ask(key=f"k{number}") for number in range(4)]
        assert [answer.status for answer in responses] == [202, 202, 202, 409]
        assert responses[3].code == "limit_reached"

        work_off(exports.handler, queue_url())

        assert ask(key="k3").status == 202

    def test_a_lost_export_does_not_block_new_ones_forever(self, time: Clock) -> None:
        for number in range(3):
            ask(key=f"k{number}")
        boto3.client("sqs").purge_queue(QueueUrl=queue_url())

        time.now += timedelta(days=1)

        assert ask(key="another").status == 202

    @pytest.mark.parametrize(
        ("parts", "pointer"),
        [
            ({"facts": "orders"}, "/report"),
            ({"report": None}, "/report"),
            ({"report": "nothing"}, "/report"),
            ({"report": "../summary"}, "/report"),
            ({"report": None, "facts": "profiles"}, "/facts"),
            ({"report": None, "facts": "orders", "by": "day"}, "/by"),
            ({"report": None, "facts": "orders", "within_days": 3}, "/within_days"),
            ({"to": "2026-10-01"}, "/to"),
            ({"from": "2016-01-01"}, "/to"),
            ({"from": "1999-12-31"}, "/from"),
            ({"format": "xlsx"}, "/format"),
        ],
    )
    def test_an_invalid_request_is_refused_and_its_mistake_named(
        self, parts: dict[str, Any], pointer: str
    ) -> None:
        answer = ask(SUMMARY | parts)

        assert (answer.status, answer.code) == (422, "validation_failed")
        assert set(answer.pointers) == {pointer}


class TestAccess:
    @pytest.mark.parametrize("who", [staff("bean", "cashier"), person(), service("bean")])
    def test_only_analysts_and_managers_may(self, who: Claims) -> None:
        export_id = ask().body["id"]

        answers = [
            ask(as_=who),
            read(export_id, as_=who),
            call(exports.handler, "GET", PATH, as_=who),
        ]

        assert {(answer.status, answer.code) for answer in answers} == {(403, "forbidden")}

    def test_another_program_s_export_is_not_there(self) -> None:
        export_id = ask().body["id"]

        strangers = read(export_id, as_=staff("leaf", "manager"))
        theirs = call(
            exports.handler,
            "GET",
            f"/v1/programs/leaf/reports/exports/{export_id}",
            as_=staff("leaf", "manager"),
        )

        assert (strangers.status, theirs.status) == (404, 404)


@pytest.mark.usefixtures("story")
class TestFiles:
    def test_a_report_is_what_reporting_answers(self, time: Clock) -> None:
        exported = export()

        assert exported["state"] == "done"
        assert exported["progress"]["rows_written"] == 1
        assert exported["progress"]["objects_read"] == exported["progress"]["objects_total"] > 0
        assert (exported["as_of"], exported["reason"]) == ("2026-11-21T10:00:00Z", None)
        assert exported["lapses_at"] == "2026-11-28T10:00:00Z"
        answered = call(
            reporting.handler,
            "GET",
            f"{till.PROGRAM}/reports/summary",
            as_=ANALYST,
            query={"from": "2026-11-01", "to": "2026-11-30"},
            headers={"Accept": "text/csv"},
        )
        assert fetched(exported).decode().splitlines() == answered.text.splitlines()

    @pytest.mark.parametrize("name", ["trend", "rewards", "top_members", "sources"])
    def test_its_parquet_has_the_same_rows_in_their_order_and_types(
        self, name: str, tmp_path: Path
    ) -> None:
        exported = export(SUMMARY | {"report": name, "format": "parquet"})

        answered = call(
            reporting.handler,
            "GET",
            f"{till.PROGRAM}/reports/{name}",
            as_=ANALYST,
            query={"from": "2026-11-01", "to": "2026-11-30"},
        ).body
        table = parquet(exported, tmp_path)
        assert table.columns == [column["name"] for column in answered["columns"]]
        cells = [[_as_json(cell) for cell in row] for row in table.fetchall()]
        assert cells == answered["rows"]
        assert cells

    def test_facts_add_up_to_the_report(self, tmp_path: Path) -> None:
        rows = rows_of(export(ORDERS))

        assert sum(int(row["amount_minor"]) for row in rows if row["member_id"]) == 4999 + 1000
        assert [row["amount_minor"] for row in rows if not row["member_id"]] == ["700"]

    def test_facts_written_three_times_are_in_the_file_once(self) -> None:
        archived()
        archived()

        rows = rows_of(export(ORDERS))

        assert len(rows) == 3
        assert len({row["fact_id"] for row in rows}) == 3

    def test_a_fact_is_there_by_its_last_revision(self) -> None:
        rows = rows_of(export(ORDERS | {"facts": "vouchers"}))

        assert [(row["state"], row["revision"]) for row in rows] == [("used", "3")]

    def test_facts_of_other_days_are_not_there(self) -> None:
        assert rows_of(export(ORDERS | {"to": "2026-11-20"})) == []

    def test_text_that_a_spreadsheet_would_run_is_text(self) -> None:
        rows = rows_of(export(ORDERS))

        assert {row["order_id"] for row in rows if row["order_id"].startswith("'")} == {"'-23"}

    def test_a_negative_number_stays_a_number(self) -> None:
        rows = rows_of(export(ORDERS | {"facts": "entries"}))

        assert sorted(int(row["points"]) for row in rows) == [-40, -5, 10, 49]

    def test_nested_values_are_json_in_csv_and_lists_in_parquet(self, tmp_path: Path) -> None:
        in_csv = rows_of(export(ORDERS | {"facts": "entries"}))
        exported = export(ORDERS | {"facts": "entries", "format": "parquet"}, key="k2")

        table = parquet(exported, tmp_path)
        (rules,) = table.filter("points = 49").project("rules").fetchall()[0]
        assert [rule["points"] for rule in rules] == [49]
        (row,) = [row for row in in_csv if row["points"] == "49"]
        assert json.loads(row["rules"]) == rules

    def test_instants_are_utc(self, tmp_path: Path) -> None:
        (row, *_) = rows_of(export(ORDERS))
        table = parquet(export(ORDERS | {"format": "parquet"}, key="k2"), tmp_path)

        assert row["recorded_at"].endswith("Z")
        kinds = dict(zip(table.columns, map(str, table.types), strict=True))
        assert kinds["recorded_at"] == "TIMESTAMP WITH TIME ZONE"
        assert kinds["amount_minor"] == "BIGINT"

    def test_no_personal_data_is_in_a_file_or_its_name(self) -> None:
        exported = export(ORDERS)

        assert b"example.com" not in fetched(exported)
        assert "example.com" not in exported["download"]["url"]


@pytest.mark.parametrize("kind", [fact.kind for fact in ALL])
def test_every_kind_of_facts_has_its_columns_even_where_there_are_none(kind: str) -> None:
    # Only managers read what their colleagues did.
    as_ = till.MANAGER if kind == "actions" else ANALYST
    exported = export(ORDERS | {"facts": kind, "from": "2020-01-01", "to": "2020-01-31"}, as_=as_)

    header = fetched(exported).decode().strip().split(",")
    assert {"fact_id", "revision", "program_id", "recorded_at"} <= set(header)
    assert exported["progress"]["rows_written"] == 0


def test_a_file_of_many_parts_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports.shelf(), "_part_bytes", 5 * 1024**2)
    path = Path(exports.mirror()._root) / "large.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bytes(range(256)) * 50_000
    path.write_bytes(content)

    size_bytes, sha256 = exports.shelf().put("large.csv", path, file_format="csv")

    there = boto3.client("s3").get_object(Bucket="exports", Key="large.csv")["Body"].read()
    assert there == content
    assert (size_bytes, sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.usefixtures("story")
class TestLinks:
    def test_a_link_lasts_a_quarter_of_an_hour_and_names_the_file(self, time: Clock) -> None:
        exported = export()

        query = parse_qs(urlsplit(exported["download"]["url"]).query)

        assert query["X-Amz-Expires"] == ["900"]
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert query["response-content-disposition"] == [
            'attachment; filename="summary_2026-11-01_2026-11-30.csv"'
        ]
        assert exported["download"]["expires_at"] == "2026-11-21T10:15:00Z"

    def test_after_a_week_the_export_is_listed_without_a_link(self, time: Clock) -> None:
        export_id = export()["id"]

        time.now += timedelta(days=7)

        exported = read(export_id).body
        assert (exported["state"], exported["download"]) == ("done", None)

    def test_a_list_has_the_newest_first_a_page_at_a_time_and_no_links(self, time: Clock) -> None:
        ids = []
        for number in range(3):
            time.now += timedelta(minutes=1)
            ids.append(export(key=f"k{number}")["id"])

        first = listed(limit="2").body
        second = listed(limit="2", cursor=first["next_cursor"]).body

        both = first["items"] + second["items"]
        assert [each["id"] for each in both] == ids[::-1]
        assert {each["state"] for each in both} == {"done"}
        assert {each["download"] for each in both} == {None}
        assert second["next_cursor"] is None

    def test_a_cursor_of_another_list_is_refused(self) -> None:
        answer = listed(cursor="bm90aGluZw")

        assert (answer.status, answer.code) == (422, "invalid_cursor")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """What is raised instead of making a file, one for each attempt; then files are made."""
    causes: list[BaseException] = []
    make = FileWorkshop.__call__

    def made(self: FileWorkshop, *given: Any, **keywords: Any) -> Any:
        if causes:
            raise causes.pop(0)
        return make(self, *given, **keywords)

    monkeypatch.setattr(FileWorkshop, "__call__", made)
    yield causes
    assert causes == []


def handed_over() -> list[Message]:
    """The waiting messages, as a queue delivers them again."""
    url, sqs = queue_url(), boto3.client("sqs")
    messages = receive(url)
    for message in messages:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["receiptHandle"], VisibilityTimeout=0
        )
    return messages


@pytest.mark.usefixtures("story")
class TestTrouble:
    def test_an_export_that_is_too_large_fails_at_once_with_the_reason(
        self, failing: list[BaseException]
    ) -> None:
        failing.append(TooLarge("The program's facts outgrow what one report can read."))

        exported = export()

        assert exported["state"] == "failed"
        assert exported["reason"] == {
            "code": "too_large",
            "detail": "The program's facts outgrow what one report can read.",
        }
        assert exported["download"] is None

    def test_an_export_that_outgrows_the_memory_fails(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sql_views, "MEMORY_LIMIT", "1KiB")

        exported = export()

        assert (exported["state"], exported["reason"]["code"]) == ("failed", "too_large")

    def test_an_export_is_tried_again_after_a_passing_fault(
        self, failing: list[BaseException]
    ) -> None:
        failing.append(TryAgain("The facts are being moved; try again soon."))
        export_id = ask().body["id"]
        messages = handed_over()

        assert len(consume(exports.handler, messages)) == 1
        assert consume(exports.handler, messages) == []

        assert read(export_id).body["state"] == "done"

    def test_an_export_that_fails_three_times_goes_to_the_dead_letters(
        self, failing: list[BaseException]
    ) -> None:
        failing += [RuntimeError("poison")] * 3
        export_id = ask().body["id"]
        messages = handed_over()

        failed = [len(consume(exports.handler, messages)) for _ in range(3)]
        meanwhile = read(export_id).body["state"]
        failed += [len(consume(exports.handler, messages)) for _ in range(2)]

        assert failed == [1] * 5
        exported = read(export_id).body
        assert (meanwhile, exported["state"]) == ("running", "failed")
        assert exported["reason"]["code"] == "gave_up"
        assert ask(key="room").status == 202

    def test_an_export_that_nothing_works_on_fails_after_a_day(self, time: Clock) -> None:
        export_id = ask().body["id"]

        time.now += timedelta(days=1)

        exported = read(export_id).body
        assert (exported["state"], exported["reason"]["code"]) == ("failed", "gave_up")
        assert listed().body["items"][0]["state"] == "failed"
        assert len(consume(exports.handler, receive(queue_url()))) == 1

    def test_an_export_killed_after_writing_its_file_is_made_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export_id = ask().body["id"]
        messages = handed_over()
        make = FileWorkshop.__call__

        def killed(self: FileWorkshop, *given: Any, **keywords: Any) -> Any:
            make(self, *given, **keywords)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(FileWorkshop, "__call__", killed)
            with pytest.raises(KeyboardInterrupt):
                consume(exports.handler, messages)

        assert consume(exports.handler, messages) == []

        exported = read(export_id).body
        assert exported["state"] == "done"
        assert len(rows_of(exported)) == 1

    def test_a_message_that_comes_twice_changes_nothing(self) -> None:
        export_id = ask().body["id"]
        messages = handed_over()
        consume(exports.handler, messages)
        once = read(export_id).body

        assert consume(exports.handler, messages) == []

        assert read(export_id).body | {"download": None} == once | {"download": None}

    def test_of_two_simultaneous_attempts_the_first_to_finish_wins(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export_id = ask().body["id"]
        messages = handed_over()
        make = FileWorkshop.__call__

        def overtaken(self: FileWorkshop, *given: Any, **keywords: Any) -> Any:
            monkeypatch.setattr(FileWorkshop, "__call__", make)
            consume(exports.handler, messages)
            return make(self, *given, **keywords)

        monkeypatch.setattr(FileWorkshop, "__call__", overtaken)

        assert consume(exports.handler, messages) == []

        exported = read(export_id).body
        assert urlsplit(exported["download"]["url"]).path.endswith("/2.csv")
        assert len(rows_of(exported)) == 1


def test_a_report_that_is_too_large_names_the_way_to_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loyalty.lake.reports.ANSWER_BYTES_MAX", 0)

    answer = call(
        reporting.handler,
        "GET",
        f"{till.PROGRAM}/reports/summary",
        as_=ANALYST,
        query={"from": "2026-11-01", "to": "2026-11-30"},
    )

    assert (answer.status, answer.code) == (413, "too_large")
    assert f"POST {PATH}" in answer.body["detail"]


def _as_json(cell: Any) -> Any:
    if cell is None or isinstance(cell, int | str):
        return cell
    return cell.isoformat() if hasattr(cell, "isoformat") else float(cell)
