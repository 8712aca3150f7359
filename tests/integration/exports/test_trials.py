"""Trials over HTTP: a proposed document on what the lake knows."""

import gzip
from dataclasses import replace
from typing import Any, Final

import boto3
import pytest

from functions.exports import handler as exports
from loyalty.domain.facts import OrderFact
from loyalty.lake import trial_parts
from loyalty.lake.objects import Lake
from tests.integration.lakeside import archived, compact
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.documents import document, rule
from tests.support.http import Answer, Claims, call, staff
from tests.support.queues import work_off

pytestmark = pytest.mark.usefixtures("program", "disk")

NOVEMBER: Final = {"from": "2026-11-01", "to": "2026-11-30"}


def try_on(proposed: Any, **more: Any) -> Answer:
    """Try a document on a sample."""
    return ask(proposed, **{"members_max": 1_000} | more)


def ask(proposed: Any, **more: Any) -> Answer:
    body = {"document": proposed, **NOVEMBER, **more}
    return call(exports.handler, "POST", f"{till.PROGRAM}/trials", as_=till.MANAGER, body=body)


def doubled() -> dict[str, Any]:
    rules = [{**each, "points": 2 * each["points"]} for each in document()["earning_rules"]]
    return document(earning_rules=rules)


@pytest.fixture
def ana() -> str:
    """Ana bought for 49.99 and 20.00, and half of the second order was refunded."""
    member = till.enroll("ana@example.com")
    till.enroll("ben@example.com")
    till.earn(member, 4999)
    till.earn(member, 2000, order_id="second")
    till.refund("second", amount=till.money(1000))
    archived()
    return member


@pytest.mark.parametrize("is_folded", [False, True])
def test_twice_the_points_cost_twice_the_points(ana: str, is_folded: bool) -> None:
    if is_folded:
        compact()

    answer = try_on(doubled())

    assert answer.status == 200, answer.text
    found = answer.body
    assert found["fidelity"] | {"points_booked": 0} == {
        "orders": 2,
        "orders_exact": 2,
        "points_booked": 0,
        "points_off": 0,
    }
    worlds = found["points"]
    assert (worlds["in_force"]["issued"], worlds["proposed"]["issued"]) == (69, 139)
    assert (worlds["in_force"]["taken_back"], worlds["proposed"]["taken_back"]) == (10, 20)
    assert found["gain"] == {"points": 60, "low": 60, "high": 60}
    assert found["furthest_up"] == [{"member_id": ana, "points": 60}]
    assert (found["members_tried"], found["members"]) == (2, 2)
    assert found["by_month"] == [{"id": "2026-11", "issued_in_force": 69, "issued_proposed": 139}]


def test_a_sample_of_the_members_has_an_interval(ana: str) -> None:
    found = try_on(doubled(), members_max=1).body

    assert (found["members_tried"], found["members"]) == (1, 2)
    assert found["gain"]["points"] in {0, 120}


def test_the_same_trial_again_is_the_same(ana: str) -> None:
    assert try_on(doubled()).body == try_on(doubled()).body


def test_a_document_with_mistakes_gets_all_of_them_with_their_places() -> None:
    broken = document(earning_rules=[rule(points=0)], currency="XYZ")
    twice = document(earning_rules=[rule(), rule()])
    other = document(currency="USD")

    answers = [try_on(each) for each in (broken, twice, other)]

    assert [answer.status for answer in answers] == [422, 422, 422]
    pointers = [[fault["pointer"] for fault in answer.body["errors"]] for answer in answers]
    assert pointers == [
        ["/document/earning_rules/0/points", "/document/currency"],
        ["/document/earning_rules/1/id"],
        ["/document/currency"],
    ]


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    answer = try_on(document(), to="2026-10-31")

    assert answer.code == "validation_failed"
    assert answer.body["errors"][0]["pointer"] == "/to"


def test_a_program_without_members_has_nothing_to_try_on() -> None:
    found = try_on(doubled()).body

    assert (found["members"], found["gain"]["points"]) == (0, 0)


def test_orders_without_their_lines_are_not_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member = till.enroll("ana@example.com")
    till.earn(member, 4999)
    write = Lake.write

    def without_lines(self: Lake, facts: Any, **more: Any) -> Any:
        older = [replace_lines(each) if isinstance(each, OrderFact) else each for each in facts]
        return write(self, older, **more)

    monkeypatch.setattr(Lake, "write", without_lines)
    archived()

    answer = try_on(doubled())

    assert (answer.status, answer.code) == (409, "wrong_state")


def replace_lines(fact: OrderFact) -> OrderFact:
    return replace(fact, sold=None, v=1)


def read(trial_id: str, *, as_: Claims = till.MANAGER) -> Answer:
    return call(exports.handler, "GET", f"{till.PROGRAM}/trials/{trial_id}", as_=as_)


class TestAllMembers:
    def test_what_comes_out_is_what_a_sample_of_all_says(
        self, ana: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The members are divided into parts, which come together again."""
        monkeypatch.setattr(trial_parts, "parts_for", lambda _orders: 3)

        accepted = ask(doubled())
        trial_id = accepted.body["id"]

        assert (accepted.status, accepted.body["state"]) == (202, "queued")
        assert accepted.headers["location"] == f"{till.PROGRAM}/trials/{trial_id}"
        assert ask(doubled()).body == read(trial_id).body == accepted.body

        found = worked_off(trial_id)

        assert found["answer"] == try_on(doubled()).body
        assert found["progress"] == {"parts_done": 3, "parts": 3, "round": 1}
        assert found["document"]["earning_rules"][0]["points"] == 2
        listed = call(exports.handler, "GET", f"{till.PROGRAM}/trials", as_=till.MANAGER).body
        assert listed["items"] == [found | {"answer": None, "document": None, "progress": None}]
        assert_anonymous()

        assert [each["member_id"] for each in found["answer"]["furthest_up"]] == [ana]
        till.erase(ana)
        assert read(trial_id).body["answer"]["furthest_up"] == []

    def test_a_budget_that_ends_is_tried_once_more(self, ana: str) -> None:
        short = campaign(
            id="short",
            effect={"kind": "fixed", "points": 40},
            limits={"budget": {"points": 40, "per": "campaign"}},
        )

        found = worked_off(ask(document(campaigns=[short])).body["id"])

        assert found["progress"]["round"] == 2
        (budget,) = found["answer"]["budgets"]
        assert (budget["points"], budget["ends_on"]) == (40, "2026-11-21")

    def test_only_managers_of_the_program_read_it(self) -> None:
        trial_id = ask(doubled()).body["id"]

        assert read(trial_id, as_=staff("leaf", "manager")).status == 404
        assert read(trial_id, as_=staff("bean", "analyst")).code == "forbidden"


def worked_off(trial_id: str) -> dict[str, Any]:
    """What came out of a trial, once the queue is empty."""
    assert work_off(exports.handler, exports.pages()._url) == []
    found: dict[str, Any] = read(trial_id).body
    assert found["state"] == "done"
    return found


def assert_anonymous() -> None:
    """No personal data is in the files of a trial."""
    s3 = boto3.client("s3")
    objects = s3.list_objects_v2(Bucket="exports")["Contents"]
    bodies = [s3.get_object(Bucket="exports", Key=each["Key"])["Body"].read() for each in objects]
    unpacked = [gzip.decompress(each) if each[:2] == b"\x1f\x8b" else each for each in bodies]
    assert len(objects) >= 6
    assert not any(b"example.com" in each for each in (*bodies, *unpacked))
