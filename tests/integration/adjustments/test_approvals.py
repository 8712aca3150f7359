"""What is large waits for a second manager, who sees it, decides, and leaves a trace."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.adjustments.handler import handler
from functions.program.handler import handler as program
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import reward
from tests.support.http import Answer, call, person, service, staff

CHIEF = staff("bean", "manager", subject="chief")
LIMITS = {
    "cashier": {"each": 8000},
    "service": {"per_day": None},
    "approval_above": 5000,
    "approval_days": 7,
}
MACHINE = reward(id="machine", name="Machine", cost_points=5001)


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., object]) -> None:
    publish(adjustments=LIMITS, rewards=[reward(), MACHINE])


@pytest.fixture
def ana() -> str:
    return till.enroll("ana@example.com")


def held(member_id: str, points: int = 6000, **parts: Any) -> dict[str, Any]:
    answer = till.adjust(member_id, points, **parts)
    assert answer.status == 202, answer.text
    assert answer.body["status"] == "held"
    approval: dict[str, Any] = answer.body["approval"]
    return approval


def read(path: str = "", **query: str) -> Answer:
    return call(handler, "GET", f"{till.PROGRAM}/approvals{path}", as_=CHIEF, query=query)


def actions(name: str) -> list[dict[str, Any]]:
    path, query = f"{till.PROGRAM}/actions", {"action": name}
    items: list[dict[str, Any]] = call(program, "GET", path, as_=CHIEF, query=query).body["items"]
    return items


def test_an_adjustment_of_many_points_waits_and_is_carried_out_by_a_second_manager(
    ana: str,
) -> None:
    approval = held(ana, reference="case 13")
    assert till.member(ana)["balance"] == 0
    assert (approval["state"], approval["requested_by"]) == ("held", "staff-1")
    assert approval["expires_at"] == "2026-11-28T10:00:00Z"

    approved = till.decide(approval["id"], "approve", as_=CHIEF)

    assert approved.status == 200, approved.text
    assert till.member(ana)["balance"] == 6000
    assert approved.body == approval | {
        "state": "approved",
        "decided_by": "chief",
        "decided_at": "2026-11-21T10:00:00Z",
        "decision_reason": "checked",
        "entry_id": approved.body["entry_id"],
    }
    assert approved.body == read(f"/{approval['id']}").body
    again = till.decide(approval["id"], "approve", as_=CHIEF)
    assert (again.body, till.member(ana)["balance"]) == (approved.body, 6000)


def test_it_has_the_names_of_who_requested_and_who_decided_it(ana: str) -> None:
    eva = person("eva", email="eva@example.com", groups=("bean/manager",)) | {"name": "Eva"}
    approval = held(ana, as_=eva)
    kim = person("kim", email="kim@example.com", groups=("bean/manager",))

    till.decide(approval["id"], "refuse", as_=kim)

    (listed,) = read().body["items"]
    assert approval["requested_by_name"] == "Eva"
    assert (listed["requested_by_name"], listed["decided_by_name"]) == ("Eva", "kim@example.com")


def test_whoever_requested_it_cannot_approve_or_refuse_it(ana: str) -> None:
    approval = held(ana)

    for to in ("approve", "refuse"):
        answer = till.decide(approval["id"], to)
        assert (answer.status, answer.code) == (403, "second_manager")


def test_nobody_decides_about_their_own_points(ana: str) -> None:
    boss = person("boss", email="boss@example.com", groups=("bean/manager",))
    approval = held(till.enroll_oneself(boss))

    for to in ("approve", "refuse"):
        assert till.decide(approval["id"], to, as_=boss).code == "own_account"


def test_the_same_request_learns_of_the_decision(ana: str) -> None:
    refused, approved = held(ana, key="a"), held(ana, key="b")
    assert held(ana, key="a") == refused
    till.decide(refused["id"], "refuse", as_=CHIEF)
    till.decide(approved["id"], "approve", as_=CHIEF)

    assert held(ana, key="a")["state"] == "refused"
    again = till.adjust(ana, 6000, key="b")
    assert (again.status, again.body["entry"]["points"]) == (200, 6000)
    assert till.adjust(ana, 7000, key="a").code == "idempotency_conflict"


def test_a_cashier_requests_what_a_manager_approves_and_a_service_waits_for_nobody(
    ana: str,
) -> None:
    approval = held(ana, as_=till.CASHIER)
    assert till.adjust(ana, 8001, as_=till.CASHIER).code == "limit_reached"
    other = staff("bean", "manager", subject="other")
    assert till.decide(approval["id"], "approve", as_=other).status == 200

    assert till.adjust(ana, 6000, as_=service("bean")).status == 201


def test_approvals_are_listed_newest_first_by_their_state(ana: str, time: Clock) -> None:
    ids = []
    for points in (6001, 6002, 6003):
        time.now += timedelta(seconds=1)
        ids.append(held(ana, points)["id"])
    till.decide(ids[1], "refuse", as_=CHIEF)

    def listed(**query: str) -> list[int]:
        return [each["points"] for each in read(**query).body["items"]]

    assert listed() == [6003, 6002, 6001]
    assert listed(state="held") == [6003, 6001]
    first = read(state="held", limit="1").body
    assert [each["points"] for each in first["items"]] == [6003]
    assert listed(state="held", limit="1", cursor=first["next_cursor"]) == [6001]
    time.now += timedelta(days=7)
    assert (listed(state="held"), listed(state="expired")) == ([], [6003, 6001])
    assert till.decide(ids[0], "approve", as_=CHIEF).code == "wrong_state"


def test_every_step_is_an_action(ana: str) -> None:
    first, second = held(ana, key="a"), held(ana, key="b")
    till.decide(first["id"], "approve", as_=CHIEF)
    till.decide(second["id"], "refuse", as_=CHIEF)
    till.decide(second["id"], "approve", as_=CHIEF)

    requested = [each["results"] for each in actions("points.adjust")]
    assert {"approval": first["id"]} in requested
    assert [each["state"] for each in actions("approval.approve")].count("done") == 1
    (refused,) = actions("approval.refuse")
    assert (refused["by"], refused["target"]) == (
        "chief",
        {"kind": "approval", "id": second["id"]},
    )


def test_a_dear_reward_is_given_once_a_second_manager_approves_it(ana: str) -> None:
    assert till.grant_reward(ana, "latte", key="a").status == 201
    waiting = till.grant_reward(ana, "machine", key="b")
    assert (waiting.status, waiting.body["status"]) == (202, "held")
    approval = waiting.body["approval"]
    assert (approval["kind"], approval["reward_id"], approval["points"]) == (
        "grant",
        "machine",
        5001,
    )
    assert till.decide(approval["id"], "approve").code == "second_manager"

    approved = till.decide(approval["id"], "approve", as_=CHIEF)

    assert (approved.status, approved.body["state"]) == (200, "approved")
    given = till.grant_reward(ana, "machine", key="b")
    assert (given.status, given.body["points"]) == (200, 0)
    assert given.body["voucher"]["code"]
    (done,) = [each for each in actions("approval.approve") if each["state"] == "done"]
    assert done["changes"] == [{"field": "reward", "before": None, "after": "machine"}]
    requested = [each["results"] for each in actions("reward.grant")]
    assert {"approval": approval["id"]} in requested
    assert till.grant_reward(ana, "machine", key="c", as_=service("bean")).status == 201


def test_nobody_approves_a_reward_for_themselves() -> None:
    boss = person("boss", email="boss@example.com", groups=("bean/manager",))
    waiting = till.grant_reward(till.enroll_oneself(boss), "machine")

    assert till.decide(waiting.body["approval"]["id"], "approve", as_=boss).code == "own_account"


def test_points_of_an_erased_member_are_not_adjusted(ana: str) -> None:
    approval = held(ana)
    till.erase(ana)

    assert till.decide(approval["id"], "approve", as_=CHIEF).status == 404
