"""Compaction: who is in a segment by the lake earns by a campaign for it, until they leave it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from functions.campaigns.handler import handler as campaigns
from functions.enrollment.handler import handler as messages
from functions.reporting.handler import handler as reporting
from tests.integration.conftest import Clock
from tests.integration.lakeside import archived, compact
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.http import Answer, call, staff

pytestmark = pytest.mark.usefixtures("disk")

SEGMENT: Final = {
    "id": "regulars",
    "name": "Regulars",
    "who": {"fact": "orders", "days": 7, "at_least": 2},
}
ANALYST: Final = staff("bean", "analyst")
FOR_REGULARS: Final = campaign(
    id="thanks",
    **{"for": {"fact": "segment", "is_in": ["regulars"]}},
    effect={"kind": "fixed", "points": 500},
)


def earned(member_id: str, time: Clock) -> int:
    answer = till.earn(member_id, 4999, occurred_at=f"{time.now:%Y-%m-%dT%H:%M:%SZ}")
    return int(answer.body["entry"]["points"])


def test_members_enter_and_leave_a_segment(publish: Callable[..., Any], time: Clock) -> None:
    publish(segments=[SEGMENT], campaigns=[FOR_REGULARS])
    ana, bob = till.enroll(), till.enroll("bob@example.com")
    plain = earned(ana, time)
    assert (earned(ana, time), earned(bob, time)) == (plain, plain)
    archived()

    assert compact() == []
    assert (earned(ana, time), earned(bob, time)) == (plain + 500, plain)

    time.now += timedelta(days=9)
    assert compact() == []
    assert earned(ana, time) == plain


def test_a_member_who_enters_a_segment_is_written_to(
    publish: Callable[..., Any], time: Clock
) -> None:
    publish(
        segments=[SEGMENT],
        reminders={"segment_entered": [{"segment": "regulars"}]},
        messages={"quiet_hours": None},
    )
    ana = till.enroll()
    till.change(ana, consents={"email": True})
    earned(ana, time)
    archived()
    assert compact() == []
    time.now += timedelta(hours=1)
    earned(ana, time)
    archived()

    assert (compact(), compact()) == ([], [])

    path = f"{till.PROGRAM}/members/{ana}/messages"
    (message,) = call(messages, "GET", path, as_=till.CASHIER).body["items"]
    assert message["kind"] == "segment_entered"


def test_members_on_a_list_earn_by_a_campaign_for_it(
    publish: Callable[..., Any], time: Clock
) -> None:
    publish(segments=[SEGMENT | {"who": {"fact": "listed"}}], campaigns=[FOR_REGULARS])
    ana, bob = till.enroll(), till.enroll("bob@example.com")
    plain = earned(ana, time)
    archived()
    assert compact() == []

    def sends(method: str, **body: Any) -> Answer:
        path = f"{till.PROGRAM}/lists/regulars"
        return call(campaigns, method, path, as_=staff("bean", "manager"), body=body)

    assert sends("POST", add=[ana]).body == {"added": 1, "removed": 0, "unknown": []}
    assert compact() == []
    assert (earned(ana, time), earned(bob, time)) == (plain + 500, plain)

    assert sends("PUT", members=[bob, "mem_0"]).body == {
        "added": 1,
        "removed": 1,
        "unknown": ["mem_0"],
    }
    assert compact() == []
    assert (earned(ana, time), earned(bob, time)) == (plain, plain + 500)
    for body, pointer, code in (
        ({"add": [ana], "remove": [bob, ana]}, "/remove/1", "contradictory"),
        ({}, "", "empty"),
    ):
        (error,) = sends("POST", **body).body["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
    (error,) = sends("PUT", members=["mem_2"], after="mem_2").body["errors"]
    assert (error["pointer"], error["code"]) == ("/members/0", "out_of_stretch")


def test_a_run_that_is_not_due_stores_nothing(publish: Callable[..., Any], time: Clock) -> None:
    publish(segments=[SEGMENT])
    archived()
    assert compact() == []
    stored = snapshot()

    time.now += timedelta(minutes=5)
    assert compact() == []

    assert snapshot() == stored


def ask(method: str, path: str, **what: Any) -> Answer:
    return call(reporting, method, f"{till.PROGRAM}/segments{path}", as_=ANALYST, **what)


class TestAsking:
    @pytest.fixture
    def ana(self, publish: Callable[..., Any], time: Clock) -> str:
        """A program in which Ana and Bob have ordered twice, and a run was done."""
        oat = {"fact": "attribute", "name": "milk", "is_in": ["oat"]}
        publish(segments=[SEGMENT, {"id": "oat", "name": "Oat", "who": oat}])
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        for member_id in (ana, bob, ana, bob):
            earned(member_id, time)
        archived()
        assert compact() == []
        return ana

    def test_segments_say_how_many_members_they_have_and_as_of_when(self, ana: str) -> None:
        regulars, oat = ask("GET", "").body["items"]

        assert regulars["in_words"] == "the number of orders in the last 7 days is at least 2"
        assert (regulars["live"], regulars["members"]) == (False, 2)
        assert regulars["as_of"] == "2026-11-21T10:00:00Z"
        assert (oat["live"], oat["members"], oat["as_of"]) == (True, None, None)

    def test_members_are_listed_page_by_page(self, ana: str) -> None:
        first = ask("GET", "/regulars/members", query={"limit": "1"}).body
        query = {"limit": "1", "cursor": first["next_cursor"]}
        second = ask("GET", "/regulars/members", query=query).body

        assert [each["member_id"] for each in (*first["items"], *second["items"])] == sorted(
            each["member_id"] for each in ask("GET", "/regulars/members").body["items"]
        )
        assert ana in (first["items"][0]["member_id"], second["items"][0]["member_id"])
        assert second["next_cursor"] is None
        assert first["as_of"] == first["items"][0]["since"] == "2026-11-21T10:00:00Z"

    def test_a_report_is_about_the_members_of_a_segment(self, ana: str, time: Clock) -> None:
        till.enroll("cy@example.com")
        archived()

        def members(segment: str | None, name: str = "summary") -> Answer:
            query = {"from": "2026-11-01", "to": "2026-11-30"}
            if segment:
                query["segment"] = segment
            path = f"{till.PROGRAM}/reports/{name}"
            return call(reporting, "GET", path, as_=ANALYST, query=query)

        def column(answer: Answer, name: str) -> list[Any]:
            place = [each["name"] for each in answer.body["columns"]].index(name)
            return [row[place] for row in answer.body["rows"]]

        assert column(members(None), "members") == [3]
        one, each = members("regulars"), members("*")
        assert column(one, "members") == column(each, "members") == [2]
        assert column(each, "of_segment") == ["regulars"]
        assert each.body["program"]["names"]["group"] == {"regulars": "Regulars"}
        assert (one.body["by_segment"], each.body["by_segment"]) == (False, True)
        assert one.body["segments"] == [
            {"id": "regulars", "name": "Regulars", "members": 2, "as_of": "2026-11-21T10:00:00Z"}
        ]
        for segment, name, code in (
            ("gone", "summary", "unknown_segment"),
            ("oat", "summary", "not_countable"),
            ("regulars", "guests", "not_of_segments"),
        ):
            answer = members(segment, name)
            assert answer.status == 422
            assert [(each["pointer"], each["code"]) for each in answer.body["errors"]] == [
                ("/query/segment", code)
            ]

    def test_nobody_lists_who_fits_a_profile(self, ana: str) -> None:
        assert ask("GET", "/oat/members").code == "wrong_state"
        assert ask("GET", "/gone/members").code == "not_found"

    def test_members_are_counted_before_a_definition_is_published(self, ana: str) -> None:
        def counted(who: Any) -> Answer:
            return ask("POST", "/count", body={"who": who})

        assert counted(SEGMENT["who"]).body == {"members": 2}
        assert ask("POST", "/count", body=SEGMENT).body == {"members": 2}
        assert counted({"fact": "orders", "days": 7, "at_least": 3}).body == {"members": 0}
        assert counted({"not": {"fact": "spent", "days": 7, "at_least_minor": 1}}).body == {
            "members": 0
        }

    @pytest.mark.parametrize(
        ("who", "pointer", "code"),
        [
            ({"fact": "orders", "days": 7}, "/who", "no_bound"),
            ({"all": [{"fact": "orders", "days": 0}]}, "/who/all/0/days", "greater_than_equal"),
            ({"all": [{"fact": "moon"}]}, "/who/all/0", "unknown_fact"),
            ({"not": {"fact": "tier", "is_in": ["gold"]}}, "/who/not/is_in/0", "unknown_level"),
            ({"fact": "consent", "name": "email"}, "/who", "not_countable"),
            (7, "/who", "unknown_fact"),
        ],
    )
    def test_a_mistake_in_a_definition_is_named_at_its_place(
        self, ana: str, who: Any, pointer: str, code: str
    ) -> None:
        answer = ask("POST", "/count", body={"who": who})

        assert answer.status == 422
        assert (pointer, code) in [
            (each["pointer"], each["code"]) for each in answer.body["errors"]
        ]


def snapshot() -> str:
    (stored,) = boto3.client("s3").list_objects_v2(Bucket="lake", Prefix="facts/segments/")[
        "Contents"
    ]
    return stored["ETag"]
