"""Activities over HTTP: recorded, edited, retracted and listed."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.campaigns.handler import handler
from functions.enrollment.handler import handler as enrollment
from loyalty.domain.program.document import PublishedProgram
from tests.support import till
from tests.support.activities import activity
from tests.support.http import Answer, call


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(activities=[activity(), activity(id="visit", points=5, needs_order_days=30)])


def record(**parts: Any) -> Answer:
    body = {
        "source": "reviews",
        "activity_id": "r-81",
        "activity": "review",
        "occurred_at": "2026-11-21T09:00:00Z",
        "subject": "SKU-1",
    }
    return call(handler, "POST", f"{till.PROGRAM}/activities", body=body | parts, as_=till.CASHIER)


def retract() -> Answer:
    return call(handler, "DELETE", f"{till.PROGRAM}/activities/reviews/r-81", as_=till.CASHIER)


def of_member(member_id: str, **query: str) -> Answer:
    path = f"{till.PROGRAM}/members/{member_id}/activities"
    return call(handler, "GET", path, as_=till.CASHIER, query=query)


def test_a_review_is_recorded_edited_retracted_and_shown() -> None:
    ana = till.enroll()

    first = record(member_id=ana)
    again = record(member_id=ana)
    photo = {"member_id": ana, "attributes": {"photo": True, "video": False}}
    conflict = record(**photo)
    edited = record(**photo, changed_at="2026-11-21T09:30:00Z")

    assert (first.status, first.body["status"]) == (201, "awarded"), first.text
    assert first.body["entry"]["points"] == 20
    assert (again.status, again.body) == (200, first.body)
    assert (conflict.status, conflict.body["code"]) == (409, "activity_conflict")
    assert (edited.status, edited.body["entry"]["points"]) == (201, 10)
    shown = of_member(ana).body["items"]
    assert [(each["points"], each["attributes"], each["name"]) for each in shown] == [
        (30, ["photo"], "A review")
    ]
    explained = call(enrollment, "GET", f"{till.PROGRAM}/members/{ana}/explain", as_=till.CASHIER)
    assert "as a bonus for an activity" in explained.text

    gone = retract()

    assert (gone.status, gone.body["status"], gone.body["activity"]["points"]) == (
        200,
        "retracted",
        0,
    )
    assert gone.body["entry"]["bonus_clawback"]["clawed"] == 30
    assert retract().body["activity"]["points"] == 0
    assert record(member_id=ana).body["status"] == "retracted"


def test_a_guest_is_no_member_until_they_enroll() -> None:
    guest: dict[str, Any] = {"identities": [{"kind": "email", "value": "eva@example.com"}]}

    answer = record(**guest)
    assert (answer.status, answer.body) == (202, {"status": "ignored", "reason": "no_member"})

    till.enroll("eva@example.com")
    assert record(**guest).status == 201


def test_what_nobody_can_have_done_is_refused_by_name() -> None:
    ana = till.enroll()

    assert record(member_id="mem_nobody").status == 404
    for parts, code in (
        ({"member_id": ana, "activity": "dance"}, "unknown_activity"),
        ({"member_id": ana, "occurred_at": "2026-11-22T09:00:00Z"}, "time_out_of_range"),
        ({}, "missing"),
    ):
        refused = record(**parts)
        assert (refused.status, refused.body["errors"][0]["code"]) == (422, code)


def test_a_visit_waits_for_an_order_and_a_removal_may_come_first() -> None:
    ana = till.enroll()

    waiting = record(member_id=ana, activity="visit", activity_id="v-1")
    assert (waiting.status, waiting.body["status"], waiting.body["entry"]) == (
        201,
        "waiting",
        None,
    )
    assert retract().body["status"] == "retracted"
    assert record(member_id=ana).body["status"] == "retracted"
