"""Paid plans over HTTP and on the bus: given by a manager, earning, and announced."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.enrollment.handler import handler
from functions.relay.handler import handler as relay
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.documents import rule
from tests.support.eventbridge import EventBridge
from tests.support.http import Answer, Context, call, staff
from tests.support.levels import LEVELS
from tests.support.stream import batch, records

MEMBERS: Final = "/v1/programs/bean/members"
MANAGER: Final = staff("bean", "manager")
LEVELED: Final = [{**LEVELS[0], "reached_at": 1, "multiplier_percent": 150}]
PRIME: Final = {
    "id": "prime",
    "name": "Bean Prime",
    "grace_days": 7,
    "benefits": {"multiplier_percent": 125, "stacks": "product", "level": "silver"},
}


@pytest.fixture(autouse=True)
def program(publish: Callable[..., PublishedProgram]) -> PublishedProgram:
    tiers = {"basis": "orders", "period": "calendar_year", "levels": LEVELED}
    return publish(plans=[PRIME], tiers=tiers, earning_rules=[rule()])


def plan(member_id: str, method: str = "GET", **body: Any) -> Answer:
    path = f"{MEMBERS}/{member_id}/plan"
    return call(handler, method, path, body=body or None, as_=MANAGER)


def give(member_id: str, until: str = "2026-12-31", **parts: Any) -> Answer:
    body = {"plan": "prime", "until": until, "reason": "paid at the counter"} | parts
    return plan(member_id, "PUT", **body)


def test_a_manager_gives_a_plan_that_its_member_sees(time: Clock) -> None:
    ana = till.enroll()
    assert plan(ana).body == {"member_id": ana, "plan": None}

    given = give(ana, renews=True)

    assert given.status == 200
    assert given.body["plan"] == {
        "id": "prime",
        "name": "Bean Prime",
        "state": "active",
        "since": "2026-11-21",
        "until": "2027-01-07",
        "trial_until": None,
        "paid_until": "2026-12-31",
        "paused_until": None,
        "ends_on": None,
        "told_by": "hand",
        "told_at": time.now.isoformat().replace("+00:00", "Z"),
        "reason": "paid at the counter",
    }
    assert plan(ana).body == given.body
    member = till.member(ana)
    assert member["tier"] == "silver"
    assert member["plan"] == {
        "id": "prime",
        "name": "Bean Prime",
        "state": "active",
        "since": "2026-11-21",
        "until": "2027-01-07",
        "paid_until": "2026-12-31",
        "multiplier_percent": 125,
    }


def test_an_order_earns_by_level_and_plan_and_a_refund_later_takes_exactly_that(
    time: Clock,
) -> None:
    ana = till.enroll()
    give(ana)
    paid = till.order(4999, order_id="1001")

    quoted = till.quote({**paid, "identities": [{"kind": "email", "value": "ana@example.com"}]})
    earned = till.earn(ana, 4999, order_id="1001")

    # 49.99 x 1.5 x 1.25, once rounded down.
    assert (quoted.body["plan"], quoted.body["points"]) == ("prime", 93)
    assert earned.body["entry"]["points"] == 93
    assert earned.body["entry"]["breakdown"][0]["rate"] == {
        "points": 1,
        "per_minor": 100,
        "multiplier_percent": 150,
        "plan_percent": 125,
    }
    assert plan(ana, "DELETE").status == 204
    time.now += timedelta(days=3)
    explained = till.explain_order("1001").body
    assert explained["plan"] == "prime"
    assert "times 1.5 for the level times 1.25 for the plan" in explained["rules"][0]["text"]
    assert till.refund("1001", amount=till.money(2499)).status == 201
    assert till.member(ana)["balance"] == 46  # 25.00 x 1.5 x 1.25
    assert till.refund("1001", "r2", amount=till.money(2500)).status == 201
    assert till.member(ana)["balance"] == 0
    assert till.member(ana)["plan"] is None


@pytest.mark.parametrize(
    ("wrong", "pointers"),
    [
        ({"plan": "gold"}, {"/plan": "unknown_plan"}),
        ({"until": "2026-11-20"}, {"/until": "date_out_of_range"}),
    ],
)
def test_no_plan_is_given_that_is_none_or_is_over(
    wrong: dict[str, str], pointers: dict[str, str]
) -> None:
    answer = give(till.enroll(), **wrong)

    assert answer.status == 422
    assert answer.pointers == pointers


def test_what_happens_to_a_plan_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = EventBridge()
    monkeypatch.setattr(clients, "eventbridge", lambda: bus)
    ana = till.enroll()
    give(ana)
    give(ana, "2027-01-31")
    plan(ana, "DELETE")

    relay(batch(records(TABLE)), Context())

    announced = [each for each in bus.entries if each["DetailType"].startswith("Plan")]
    assert [each["DetailType"] for each in announced] == ["PlanStarted", "PlanRenewed", "PlanEnded"]
    details = [json.loads(each["Detail"]) for each in announced]
    assert [each["until"] for each in details] == ["2026-12-31", "2027-01-31", "2026-11-20"]
    assert len({each["id"] for each in details}) == 3
