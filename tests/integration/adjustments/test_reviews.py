"""An order beyond a limit is held, and a manager who did not record it decides about it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.adjustments.handler import handler
from functions.overview.handler import handler as overview
from functions.program.handler import handler as program
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.http import Answer, Claims, call, person, staff

CHIEF = staff("bean", "manager", subject="chief")
BOTH = person("both", groups=("bean/manager", "bean/cashier"))
LIMIT = {"id": "two-a-day", "count": "orders", "at_most": 1, "then": "hold", "hold_days": 14}


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., object]) -> None:
    publish(safeguards=[LIMIT], adjustments={"manager": {}})


@pytest.fixture
def ana() -> str:
    member_id = till.enroll("ana@example.com")
    till.earn(member_id, 1000, order_id="first")
    return member_id


def reviews(path: str = "", *, as_: Claims = CHIEF, **query: str) -> Answer:
    return call(handler, "GET", f"{till.PROGRAM}/reviews{path}", as_=as_, query=query)


def held(member_id: str, order_id: str = "second", *, as_: Claims = till.CASHIER) -> Any:
    """The review of another order of the day, of 20 points."""
    body = till.order(2000, member_id=member_id, order_id=order_id)
    answer = till.post_order(body, as_=as_)
    assert answer.status == 201, answer.text
    assert answer.body["entry"]["pending_points"] == 20
    return next(each for each in reviews().body["items"] if each["order"]["order_id"] == order_id)


def decide(review: Any, decision: str, *, as_: Claims = CHIEF) -> Answer:
    path = f"{till.PROGRAM}/reviews/{review['id']}/decision"
    return call(handler, "POST", path, body={"decision": decision, "reason": "called"}, as_=as_)


def holds(member_id: str) -> tuple[int, int]:
    found = till.member(member_id)
    return found["balance"], sum(each["points"] for each in found["pending"])


def test_a_held_order_is_released_by_a_manager(ana: str) -> None:
    review = held(ana)
    assert holds(ana) == (10, 20)
    assert (review["state"], review["held_until"]) == ("open", "2026-12-05")
    assert review["caused_by"] == "staff-1"
    assert review["excesses"] == [
        {"safeguard_id": "two-a-day", "counts": "orders", "at_most": 1, "reached": 2}
    ]

    released = decide(review, "release")

    assert released.status == 200, released.text
    assert holds(ana) == (30, 0)
    assert released.body == review | {
        "state": "released",
        "decided_by": "chief",
        "decided_at": "2026-11-21T10:00:00Z",
        "decision_reason": "called",
        "entry_id": released.body["entry_id"],
    }
    latest = till.history(ana)[0]
    assert (latest["kind"], latest["id"]) == ("activation", released.body["entry_id"])
    assert latest["recorded_by"] == "chief"
    assert decide(review, "release").body == released.body
    assert decide(review, "reject").code == "wrong_state"


def test_a_rejected_order_keeps_nothing_and_its_refund_takes_nothing_more(ana: str) -> None:
    review = held(ana)

    assert decide(review, "reject").body["state"] == "rejected"
    assert holds(ana) == (10, 0)
    refunded = till.refund("second", amount=till.money(2000))

    assert (refunded.status, refunded.body["entry"]["points"]) == (201, 0)
    assert holds(ana) == (10, 0)


def test_held_points_become_available_by_themselves(ana: str, time: Clock) -> None:
    held(ana)

    time.now += timedelta(days=14)

    assert holds(ana) == (30, 0)


def test_whoever_recorded_the_order_does_not_decide(ana: str) -> None:
    review = held(ana, as_=BOTH)

    assert decide(review, "release", as_=BOTH).code == "second_manager"
    assert decide(review, "release").status == 200


def test_nobody_decides_about_their_own_order() -> None:
    boss = person("boss", email="boss@example.com", groups=("bean/manager",))
    member_id = till.enroll_oneself(boss)
    till.earn(member_id, 1000)
    review = held(member_id)

    assert decide(review, "release", as_=boss).code == "own_account"


def test_the_list_shows_those_in_a_state_a_page_at_a_time(ana: str) -> None:
    first, second, third = (held(ana, f"{number}") for number in range(3))
    decide(second, "release")

    page = reviews(state="open", limit="1")
    rest = reviews(state="open", limit="1", cursor=page.body["next_cursor"])

    found = [each["id"] for each in (*page.body["items"], *rest.body["items"])]
    assert sorted(found) == sorted([first["id"], third["id"]])
    assert [each["id"] for each in reviews(state="released").body["items"]] == [second["id"]]
    assert reviews(f"/{third['id']}").body == third
    assert reviews("/unseen").status == 404


def test_home_counts_what_others_recorded_and_the_decision_is_an_action(ana: str) -> None:
    review = held(ana, as_=BOTH)

    def waiting(as_: Claims) -> list[Any]:
        items = call(overview, "GET", f"{till.PROGRAM}/home", as_=as_).body["items"]
        return [each for each in items if each["kind"] == "reviews_open"]

    assert waiting(BOTH) == []
    (concern,) = waiting(CHIEF)
    assert (concern["count"], concern["path"]) == (1, "/reviews")
    decide(review, "release")
    assert waiting(CHIEF) == []

    query = {"action": "review.decide"}
    actions = call(program, "GET", f"{till.PROGRAM}/actions", as_=CHIEF, query=query)
    (action,) = actions.body["items"]
    assert action["target"] == {"kind": "review", "id": review["id"]}
    assert action["changes"] == [{"field": "state", "before": "open", "after": "released"}]
