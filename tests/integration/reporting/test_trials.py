"""Trials over HTTP: a proposed document on what the lake knows."""

from dataclasses import replace
from typing import Any, Final

import pytest

from functions.reporting import handler as reporting
from loyalty.domain.facts import OrderFact
from loyalty.lake.objects import Lake
from tests.integration.lakeside import archived, compact
from tests.support import till
from tests.support.documents import document, rule
from tests.support.http import Answer, call

pytestmark = pytest.mark.usefixtures("program", "disk")

NOVEMBER: Final = {"from": "2026-11-01", "to": "2026-11-30"}


def try_on(proposed: Any, **more: Any) -> Answer:
    body = {"document": proposed, **NOVEMBER, **more}
    return call(reporting.handler, "POST", f"{till.PROGRAM}/trials", as_=till.MANAGER, body=body)


def doubled() -> dict[str, Any]:
    rules = [{**each, "points": 2 * each["points"]} for each in document()["earning_rules"]]
    return document(earning_rules=rules)


@pytest.fixture(params=["fresh", "folded"])
def ana(request: pytest.FixtureRequest) -> str:
    """Ana bought for 49.99 and 20.00, and half of the second order was refunded."""
    member = till.enroll("ana@example.com")
    till.enroll("ben@example.com")
    till.earn(member, 4999)
    till.earn(member, 2000, order_id="second")
    till.refund("second", amount=till.money(1000))
    archived()
    if request.param == "folded":
        compact()
    return member


def test_twice_the_points_cost_twice_the_points(ana: str) -> None:
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
