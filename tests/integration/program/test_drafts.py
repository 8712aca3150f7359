"""Versions, their differences, and drafts: what a manager does before and after publishing."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from functions.program.handler import handler
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.program.drafts import DRAFTS_MAX
from tests.support import till
from tests.support.documents import document, reward
from tests.support.http import Answer, Claims, call, person, staff

BOSS: Final = staff("bean", "manager", subject="boss")
BEA: Final = staff("bean", "manager", subject="bea")
FIRST: Final = {"If-None-Match": "*"}


def ask(method: str, path: str, **sent: Any) -> Answer:
    return call(handler, method, f"{till.PROGRAM}{path}", **({"as_": BOSS} | sent))


def publish_over(
    version: int, *, as_: Claims = BOSS, note: str | None = None, **parts: Any
) -> Answer:
    return ask(
        "PUT",
        "",
        body=document(**parts),
        headers={"If-Match": f'"{version}"'},
        as_=as_,
        query={"note": note} if note else {},
    )


def save(
    content: dict[str, Any], *, revision: int = 0, draft_id: str = "winter", as_: Claims = BOSS
) -> Answer:
    headers = {"If-Match": f'"{revision}"'} if revision else FIRST
    body = {"document": content, "based_on": 1}
    return ask("PUT", f"/drafts/{draft_id}", body=body, headers=headers, as_=as_)


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(rewards=[reward(cost_points=40)])


class TestVersions:
    def test_a_version_says_when_by_whom_and_why_it_was_published(self) -> None:
        assert publish_over(1, hold_minutes=20, note="Busy Fridays").status == 200

        newest, first = ask("GET", "/versions").body["items"]

        assert newest == {
            "version": 2,
            "published_at": "2026-11-21T10:00:00Z",
            "published_by": "boss",
            "published_by_name": None,
            "note": "Busy Fridays",
        }
        assert (first["version"], first["note"]) == (1, None)

    def test_versions_are_in_order_of_their_numbers(self) -> None:
        for version in range(1, 11):
            publish_over(version, hold_minutes=15 + version)
        seen: list[int] = []
        query: dict[str, str] = {"limit": "4"}
        while True:
            page = ask("GET", "/versions", query=query).body
            seen += [each["version"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]

        assert seen == list(range(11, 0, -1))

    def test_an_analyst_does_not_see_who_published(self) -> None:
        publish_over(1, hold_minutes=20)

        newest, _ = ask("GET", "/versions", as_=staff("bean", "analyst")).body["items"]

        assert (newest["version"], newest["published_by"]) == (2, None)

    def test_a_check_says_what_is_different_from_the_version_in_force(self) -> None:
        answer = ask("POST", "/check", body=document(rewards=[reward(cost_points=45)]))

        assert answer.body["compared_with"] == 1
        assert answer.body["differences"] == ["The reward “Latte” costs 45 instead of 40 points."]
        assert answer.body["changes"] == [
            {
                "pointer": "/rewards/0/cost_points",
                "kind": "changed",
                "before": 40,
                "after": 45,
                "text": "The reward “Latte” costs 45 instead of 40 points.",
            }
        ]

    def test_a_document_can_be_compared_with_any_version(self) -> None:
        proposed = document(rewards=[reward(cost_points=45)])
        publish_over(1, rewards=[reward(cost_points=45)])

        newest, first = (
            ask("POST", "/check", body=proposed, query=query).body
            for query in ({}, {"version": "1"})
        )

        assert (newest["compared_with"], newest["differences"]) == (2, [])
        assert (first["compared_with"], len(first["differences"])) == (1, 1)
        missing = ask("POST", "/check", body=proposed, query={"version": "9"})
        assert (missing.status, missing.code) == (404, "not_found")

    def test_a_first_document_is_compared_with_nothing(self) -> None:
        other = staff("leaf", "manager")
        answer = call(handler, "POST", "/v1/programs/leaf/check", body=document(), as_=other)

        assert (answer.body["compared_with"], answer.body["differences"]) == (None, [])
        assert answer.body["warnings"] == []

    def test_a_check_warns_of_what_publishing_would_do_to_what_is_in_force(self) -> None:
        publish_over(1)

        same, other = (
            ask("POST", "/check", body=document(**part), query={"version": "1"})
            for part in ({}, {"clawback": "unlimited"})
        )

        assert same.body["warnings"] == []
        assert other.body["warnings"] == [
            {
                "pointer": "/clawback",
                "code": "earlier_orders_too",
                "detail": "This also applies to refunds of orders that were made before.",
            }
        ]

    def test_a_version_is_compared_with_the_one_before_or_any_other(self) -> None:
        publish_over(1, rewards=[reward(cost_points=45)])
        publish_over(2, rewards=[reward(cost_points=45)], hold_minutes=20)

        last, whole, back, first = (
            ask("GET", f"/versions/{version}", query=query).body
            for version, query in ((3, {}), (3, {"with": "1"}), (1, {"with": "3"}), (1, {}))
        )

        assert (last["version"], last["published_by"], last["compared_with"]) == (3, "boss", 2)
        assert [each["pointer"] for each in last["changes"]] == ["/hold_minutes"]
        assert len(whole["differences"]) == len(back["differences"]) == 2
        assert back["changes"][0]["before"] == whole["changes"][0]["after"]
        assert (first["compared_with"], first["differences"]) == (None, [])

    @pytest.mark.parametrize("path", ["/9", "/0", "/one"])
    def test_a_version_that_does_not_exist_is_not_found(self, path: str) -> None:
        assert ask("GET", f"/versions{path}").code == "not_found"
        assert ask("GET", "/versions/1", query={"with": "9"}).code == "not_found"


class TestDrafts:
    def test_a_draft_is_kept_with_its_mistakes(self) -> None:
        wrong = {"name": "", "rewards": "none", "rate": 1.5}

        saved = save(wrong)
        found = ask("GET", "/drafts/winter")

        assert (saved.status, saved.headers["etag"]) == (201, '"1"')
        assert (found.status, found.headers["etag"]) == (200, '"1"')
        assert found.body == {
            "id": "winter",
            "revision": 1,
            "based_on": 1,
            "changed_at": "2026-11-21T10:00:00Z",
            "changed_by": "boss",
            "changed_by_name": None,
            "document": wrong,
        }

    def test_a_draft_and_a_version_have_the_names_of_their_authors(self) -> None:
        eva = person("eva", email="eva@example.com", groups=("bean/manager",)) | {"name": "Eva"}
        kim = person("kim", email="kim@example.com", groups=("bean/manager",))

        saved = save({"name": "Bean"}, as_=eva)
        publish_over(1, hold_minutes=20, as_=kim)

        assert saved.body["changed_by_name"] == "Eva"
        assert [each["changed_by_name"] for each in ask("GET", "/drafts").body["items"]] == ["Eva"]
        versions = ask("GET", "/versions").body["items"]
        assert [each["published_by_name"] for each in versions] == ["kim@example.com", None]
        assert ask("GET", "/versions/2").body["published_by_name"] == "kim@example.com"
        analyst = staff("bean", "analyst")
        (newest, _) = ask("GET", "/versions", as_=analyst).body["items"]
        assert (newest["published_by"], newest["published_by_name"]) == (None, None)

    def test_nobody_overwrites_what_a_colleague_saved(self) -> None:
        save({"name": "Bean"})

        mine = save({"name": "Leaf"}, revision=1)
        hers = save({"name": "Tree"}, revision=1, as_=BEA)

        assert (mine.status, mine.body["revision"]) == (200, 2)
        assert (hers.status, hers.code) == (412, "stale_version")
        assert ask("GET", "/drafts/winter").body["document"] == {"name": "Leaf"}

    def test_a_request_whose_answer_was_lost_can_be_repeated(self) -> None:
        first, again = save({"name": "Bean"}), save({"name": "Bean"})
        second, once_more = save({"name": "Leaf"}, revision=1), save({"name": "Leaf"}, revision=1)

        assert first.body == again.body
        assert second.body == once_more.body
        assert save({"name": "Other"}).code == "stale_version"

    def test_a_draft_is_begun_or_replaced_on_purpose(self) -> None:
        body: dict[str, Any] = {"document": {}, "based_on": None}

        answer = ask("PUT", "/drafts/winter", body=body)

        assert (answer.status, answer.code) == (428, "precondition_required")

    def test_drafts_are_listed_without_their_documents_and_can_be_deleted(self) -> None:
        save({}, draft_id="winter")
        save({}, draft_id="summer", as_=BEA)

        listed = ask("GET", "/drafts").body["items"]
        gone = [ask("DELETE", "/drafts/winter").status for _ in range(2)]

        assert {(each["id"], each["changed_by"]) for each in listed} == {
            ("winter", "boss"),
            ("summer", "bea"),
        }
        assert all("document" not in each for each in listed)
        assert gone == [204, 204]
        assert [each["id"] for each in ask("GET", "/drafts").body["items"]] == ["summer"]
        assert ask("GET", "/drafts/winter").code == "not_found"

    def test_a_program_has_a_bounded_number_of_drafts(self) -> None:
        for number in range(DRAFTS_MAX):
            assert save({}, draft_id=f"draft-{number}").status == 201

        refused = save({}, draft_id="one-more")

        assert (refused.status, refused.code) == (409, "limit_reached")
        assert save({"name": "Leaf"}, draft_id="draft-1", revision=1).status == 200

    def test_a_draft_can_be_as_large_as_a_document(self) -> None:
        large = {"name": "x" * 200_000}

        assert save(large).status == 201
        assert ask("GET", "/drafts/winter").body["document"] == large
        too_large = save({"name": "x" * 500_000}, draft_id="larger")
        assert (too_large.status, too_large.code) == (413, "too_large")
