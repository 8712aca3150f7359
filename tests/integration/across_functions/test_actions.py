"""What staff do leaves a trace, before it happens and whatever comes of it."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.adjustments import handler as adjustments
from functions.enrollment import handler as enrollment
from functions.program import handler as program
from functions.registry.handler import handler as registry
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.staff.actions import ACTION_NAMES
from loyalty.table.actions import TableActions
from loyalty.table.operations import Transient
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import document
from tests.support.http import Answer, Claims, call, operator, person, service, staff
from tools.openapi import apis

BOSS: Final = staff("bean", "manager", subject="boss")

# Requests of staff that change something and are not actions.
NOT_ACTIONS: Final = {
    "record_order": "The entry says who recorded it.",
    "correct_order": "The entry says who recorded it.",
    "record_refund": "The entry says who recorded it.",
    "record_activity": "The activity and the entry say who recorded it.",
    "retract_activity": "The activity and the entry say who recorded it.",
    "redeem": "The entry and the voucher say who recorded it.",
    "complete_redemption": "The entry says who recorded it.",
    "cancel_redemption": "The entry says who recorded it.",
    "use_voucher": "The voucher says who used it.",
    "save_draft": "Nothing counts by it; it says who saved it.",
    "quote_order": "It changes nothing.",
    "quote_refund": "It changes nothing.",
    "quote_sample_order": "It changes nothing.",
    "check_program": "It changes nothing.",
    "count_segment_members": "It changes nothing.",
    "check_storefront": "It changes nothing.",
    "try_document": "Nothing counts by it.",
    "try_holdout": "It changes nothing.",
    "preview_message": "It changes nothing.",
    "preview_merge": "It changes nothing.",
    "make_survey_link": "It changes nothing, and the link shows nothing of the member.",
}


@pytest.fixture(autouse=True)
def bean(publish: Any) -> None:
    publish(
        adjustments={"cashier": {"each": 100}},
        transfers={"points_max": 100, "min_age_days": 0},
        surveys=[{"id": "visit", "kind": "csat", "question": "How was it?"}],
    )


def actions(**query: Any) -> Answer:
    return call(program.handler, "GET", f"{till.PROGRAM}/actions", as_=BOSS, query=query)


def listed(**query: Any) -> list[dict[str, Any]]:
    answer = actions(**query)
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.body["items"]
    return items


def adjust(member_id: str, points: int, *, key: str = "adjust-1", as_: Claims = BOSS) -> Answer:
    return call(
        adjustments.handler,
        "POST",
        f"{till.PROGRAM}/members/{member_id}/adjustments",
        body={"points": points, "reason": "The latte of Ana Gomez was cold"},
        as_=as_,
        headers={"Idempotency-Key": key},
    )


def look_up(email: str, *, as_: Claims = BOSS) -> Answer:
    body = {"identity": {"kind": "email", "value": email}}
    return call(enrollment.handler, "POST", f"{till.PROGRAM}/members/lookup", body=body, as_=as_)


def test_every_request_that_changes_something_is_an_action_or_has_a_reason() -> None:
    staff_roles = {"cashier", "analyst", "manager", "operator"}
    changing = {
        operation.handler.__name__: operation.acts
        for api in apis()
        for operation in api.operations
        if operation.method != "GET" and operation.allow & staff_roles
    }

    assert {name for name, acts in changing.items() if acts is None} == set(NOT_ACTIONS)


def test_every_action_is_that_of_one_request() -> None:
    named = [operation.acts for api in apis() for operation in api.operations if operation.acts]

    assert sorted(named) == sorted(ACTION_NAMES)


def test_an_action_says_who_did_what_to_whom_and_what_came_of_it() -> None:
    ana = till.enroll()

    entry = adjust(ana, 10).body["entry"]

    (action,) = listed(action="points.adjust")
    assert re.fullmatch(r"[0-9a-f]{16}", action.pop("id"))
    assert action == {
        "action": "points.adjust",
        "began_at": "2026-11-21T10:00:00Z",
        "by": "boss",
        "by_name": None,
        "by_email": None,
        "roles": ["manager"],
        "target": {"kind": "member", "id": ana},
        "state": "done",
        "code": None,
        "changes": [{"field": "points", "before": None, "after": 10}],
        "results": {"entry": entry["id"]},
        "request_id": "JKJaXmPLvHcESHA=",
    }


def test_what_was_refused_is_listed_with_the_reason() -> None:
    ana = till.enroll()

    assert adjust(ana, 101, as_=till.CASHIER).status == 409

    (action,) = listed(action="points.adjust")
    assert (action["state"], action["code"], action["roles"]) == (
        "refused",
        "limit_reached",
        ["cashier"],
    )


def test_a_lookup_leads_to_whom_it_found_and_does_not_repeat_the_address() -> None:
    ana = till.enroll()
    look_up("ana@example.com")
    look_up("nobody@example.com")

    found, nobody = sorted(listed(action="member.look_up"), key=lambda each: each["state"])

    assert found["target"] == {"kind": "member", "id": ana}
    assert (nobody["target"], nobody["code"]) == ({"kind": "member", "id": ""}, "not_found")
    assert "example.com" not in actions().text


def test_a_change_of_a_member_names_fields_and_no_values() -> None:
    ana = till.enroll()
    body = {"profile": {"name": "Ana Gomez"}, "consents": {"email": True}}
    call(enrollment.handler, "PATCH", f"{till.PROGRAM}/members/{ana}", body=body, as_=BOSS)

    (action,) = listed(action="member.change")

    assert action["changes"] == [
        {"field": "profile.name", "before": None, "after": None},
        {"field": "consents.email", "before": None, "after": True},
    ]
    assert "Gomez" not in actions().text


def test_members_and_services_leave_no_actions() -> None:
    ana = person("ana", email="ana@example.com")
    till.enroll_oneself(ana)
    till.enroll("bob@example.com", as_=service("bean"))
    call(enrollment.handler, "GET", f"{till.PROGRAM}/members/me/export", as_=ana)

    assert listed() == []


def test_nothing_is_done_that_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = till.enroll()

    def unavailable(*_: object) -> None:
        raise Transient

    monkeypatch.setattr(TableActions, "begin", unavailable)
    refused = adjust(ana, 10)

    assert (refused.status, refused.code) == (503, "try_again")
    assert till.member(ana)["balance"] == 0


def test_an_action_stays_begun_if_only_its_end_cannot_be_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana = till.enroll()

    def unavailable(*_: object) -> None:
        raise TryAgain

    with monkeypatch.context() as patched:
        patched.setattr(TableActions, "complete", unavailable)
        assert adjust(ana, 10).status == 201

    (action,) = listed(action="points.adjust")
    assert (action["state"], action["target"]["id"]) == ("begun", ana)


def test_a_request_that_fails_may_have_had_its_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = till.enroll()
    broken: Any = None
    monkeypatch.setattr("functions.adjustments.handler.approvals.adjust_or_hold", broken)

    assert adjust(ana, 10).status == 500

    (action,) = listed(action="points.adjust")
    assert action["state"] == "failed"


class TestLists:
    @pytest.fixture
    def ana(self, time: Clock) -> str:
        """A member whom three people looked up, on days of three months."""
        ana = till.enroll()
        for days, who in ((-40, "eve"), (-1, "bea"), (0, "eve")):
            time.now = till.NOW + timedelta(days=days)
            look_up("ana@example.com", as_=staff("bean", "cashier", subject=who))
        return ana

    def test_the_newest_comes_first_and_pages_lead_on(self, ana: str) -> None:
        query = {"from": "2026-10-01", "to": "2026-11-21", "action": "member.look_up"}
        seen: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = actions(limit="1", **query, **more).body
            seen += [each["began_at"][:10] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            more = {"cursor": page["next_cursor"]}

        assert seen == ["2026-11-21", "2026-11-20", "2026-10-12"]

    def test_a_list_has_30_days_unless_it_says_otherwise(self, ana: str) -> None:
        assert len(listed(action="member.look_up")) == 2

    def test_a_list_can_be_of_one_person(self, ana: str) -> None:
        query = {"from": "2026-10-01", "action": "member.look_up"}

        assert [each["began_at"][:10] for each in listed(by="eve", **query)] == [
            "2026-11-21",
            "2026-10-12",
        ]

    def test_a_list_can_be_about_one_target(self, ana: str) -> None:
        till.enroll("bob@example.com")
        about = listed(target=f"member:{ana}", **{"from": "2026-10-01"})

        assert sorted(each["action"] for each in about) == [
            "member.enroll",
            *["member.look_up"] * 3,
        ]

    def test_pages_about_one_target_lead_on(self, ana: str) -> None:
        query = {"target": f"member:{ana}", "from": "2026-10-01", "limit": "2"}
        first = actions(**query).body
        second = actions(cursor=first["next_cursor"], **query).body

        assert [len(first["items"]), len(second["items"])] == [2, 2]
        assert {each["id"] for each in first["items"]}.isdisjoint(
            each["id"] for each in second["items"]
        )

    def test_a_member_has_a_list_of_their_own_also_after_a_merge(
        self, ana: str, time: Clock
    ) -> None:
        bob = till.enroll("bob@example.com")
        till.merge(ana, bob, as_=BOSS)
        query = {"from": "2026-10-01", "limit": "4"}

        def about(member_id: str, **more: str) -> Any:
            path = f"{till.PROGRAM}/members/{member_id}/actions"
            return call(enrollment.handler, "GET", path, as_=BOSS, query=query | more).body

        first = about(ana)
        rest = about(ana, cursor=first["next_cursor"])

        found = [each["action"] for page in (first, rest) for each in page["items"]]
        assert sorted(found) == [*["member.enroll"] * 2, *["member.look_up"] * 3, "member.merge"]
        moments = [each["began_at"] for page in (first, rest) for each in page["items"]]
        assert moments == sorted(moments, reverse=True)
        assert [each["action"] for each in about(bob)["items"]] == ["member.enroll"]

    def test_a_search_that_reads_too_much_is_continued_by_its_cursor(
        self, ana: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("loyalty.table.actions.READ_MAX", 1)
        query = {"by": "eve", "from": "2026-10-01"}
        page, found = actions(**query).body, 0
        while page["next_cursor"]:
            found += len(page["items"])
            page = actions(cursor=page["next_cursor"], **query).body

        assert found + len(page["items"]) == 2

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ({"from": "2026-11-02", "to": "2026-11-01"}, "/query/to"),
            ({"action": "member.hug"}, "/query/action"),
            ({"target": "mem_1"}, "/query/target"),
            ({"cursor": "x"}, "/query/cursor"),
        ],
    )
    def test_bad_questions_are_refused(self, query: dict[str, str], pointer: str) -> None:
        answer = actions(**query)

        assert answer.status == 422
        assert list(answer.pointers) == [pointer]


def test_publishing_leaves_its_version() -> None:
    call(
        program.handler,
        "PUT",
        till.PROGRAM,
        body=document(name="Beans"),
        as_=BOSS,
        headers={"If-Match": '"1"'},
    )

    (action,) = listed(action="program.publish")

    assert (action["target"], action["results"]) == (
        {"kind": "program", "id": "bean"},
        {"version": "2"},
    )


def test_a_present_by_hand_a_transfer_an_answer_and_a_deleted_draft_are_actions() -> None:
    ana, bob = till.enroll(), till.enroll("bob@example.com")
    till.earn(ana, 5000, order_id="1")
    given = till.grant_reward(ana, "latte", as_=BOSS).body
    moved = till.transfer(ana, bob, 7).body["entry"]
    till.answer("visit", order="1", score=4)
    call(program.handler, "DELETE", f"{till.PROGRAM}/drafts/winter", as_=BOSS)

    found = {each["action"]: each for each in listed()}

    assert found["reward.grant"]["target"] == {"kind": "member", "id": ana}
    assert found["reward.grant"]["changes"][0]["after"] == given["reward_id"]
    assert found["points.transfer"]["results"] == {"entry": moved["id"], "into": bob}
    assert found["points.transfer"]["changes"][0]["after"] == -7
    assert found["member.answer_survey"]["target"] == {"kind": "member", "id": ana}
    assert found["draft.delete"]["target"] == {"kind": "draft", "id": "winter"}


class TestOfTheDeployment:
    def ask(self, as_: Claims, **query: str) -> Answer:
        return call(program.handler, "GET", "/v1/actions", as_=as_, query=query)

    def test_operators_see_what_they_did_for_no_one_program(self, time: Clock) -> None:
        eve = operator(subject="eve")
        for service_id in ("shop", "till"):
            time.now += timedelta(seconds=1)
            body = {"client_id": service_id}
            call(registry, "PUT", f"/v1/services/{service_id}", body=body, as_=eve)
        call(registry, "PUT", "/v1/services/shop/programs/bean", as_=eve)

        (last, first) = self.ask(eve).body["items"]
        (one,) = self.ask(eve, target="service:till", by="eve").body["items"]

        assert [each["target"]["id"] for each in (first, last, one)] == ["shop", "till", "till"]
        assert (last["action"], last["roles"]) == ("service.register", ["operator"])
        assert self.ask(eve, by="adam").body["items"] == []

    def test_managers_do_not_see_it(self) -> None:
        assert self.ask(BOSS).code == "forbidden"
