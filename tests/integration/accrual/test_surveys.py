"""Answers to surveys: one for each order or period, kept as they were given, and thanked for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.accrual.handler import handler
from functions.enrollment.handler import handler as enrollment
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.erasures import TableErasures
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.http import Answer, Claims, call, person, service, staff

VISIT: Final = {"id": "visit", "kind": "csat", "question": "How was it?", "bonus_points": 5}
RECOMMEND: Final = {
    "id": "recommend",
    "kind": "nps",
    "question": "Would you recommend us?",
    "per": "quarter",
}
CLOSED: Final = {"id": "closed", "kind": "nps", "question": "?", "ends_on": "2026-11-20"}
ORDER: Final = {"source": "pos", "order_id": "o-1"}
ANA: Final = person("ana", email="ana@example.com")
BOB: Final = person("bob", email="bob@example.com")
SERVICE: Final = service("bean")


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(surveys=[VISIT, RECOMMEND, CLOSED])


@pytest.fixture
def ana() -> str:
    """A member with an order and 49 points."""
    member_id = till.enroll()
    till.earn(member_id, 4999, order_id="o-1")
    return member_id


def sign_in(claims: Claims) -> str:
    """The id of the member who signs in."""
    return str(call(enrollment, "POST", f"{till.PROGRAM}/members", body={}, as_=claims).body["id"])


def answer(survey_id: str = "visit", *, as_: Claims = SERVICE, **body: Any) -> Answer:
    path = f"{till.PROGRAM}/surveys/{survey_id}/responses"
    return call(handler, "POST", path, body={"score": 4} | body, as_=as_)


def listed(survey_id: str = "visit", *, as_: Claims = till.MANAGER, **query: str) -> Answer:
    path = f"{till.PROGRAM}/surveys/{survey_id}/responses"
    return call(handler, "GET", path, as_=as_, query=query)


class TestAnswering:
    def test_an_answer_about_an_order_is_its_member_s(self, ana: str) -> None:
        response = answer(order=ORDER, score=2, comment="It was cold")

        assert response.status == 201
        assert response.body == {
            "id": f"visit/{ana}/pos/o-1",
            "survey_id": "visit",
            "member_id": ana,
            "order": ORDER,
            "period": None,
            "score": 2,
            "is_low": True,
            "comment": "It was cold",
            "answered_at": "2026-11-21T10:00:00Z",
            "bonus_points": 5,
        }

    def test_an_answer_is_given_its_bonus_which_expires_as_points_earned_today(
        self, ana: str
    ) -> None:
        answer(order=ORDER)

        assert till.member(ana)["lots"] == [{"expires_on": "2027-11-30", "points": 49 + 5}]

    def test_the_history_says_which_survey_a_bonus_was_given_for(self, ana: str) -> None:
        answer(order=ORDER)

        statement = till.statement(ana, "2026-11-21", "2026-11-21").body

        for entries in (till.history(ana), statement["entries"]):
            # The order was recorded in the same instant.
            (entry,) = (each for each in entries if each["kind"] == "bonus")
            assert (entry["given_for"], entry["survey_id"]) == ("survey", "visit")
            assert entry["order"] == ORDER

    def test_a_repeated_answer_gets_the_first_response_and_a_different_one_is_a_conflict(
        self, ana: str
    ) -> None:
        first = answer(order=ORDER, comment="Good")

        again = answer(order=ORDER, comment="Good")
        others = (answer(order=ORDER), answer(order=ORDER, comment="Good", score=5))

        assert (again.status, again.body) == (200, first.body)
        assert [(each.status, each.code) for each in others] == [(409, "response_conflict")] * 2
        assert till.member(ana)["balance"] == 49 + 5

    def test_a_survey_per_period_has_one_answer_in_each(self, ana: str, time: Clock) -> None:
        first = answer("recommend", member_id=ana, score=9)
        early = answer("recommend", member_id=ana, score=8)
        time.now += timedelta(days=45)
        later = answer("recommend", member_id=ana, score=8)

        assert (first.status, first.body["period"]) == (201, "2026-Q4")
        assert (early.status, early.code) == (409, "response_conflict")
        assert (later.status, later.body["period"]) == (201, "2027-Q1")

    def test_members_answer_for_themselves(self, ana: str) -> None:
        assert sign_in(ANA) == ana

        response = answer(order=ORDER, as_=ANA)
        of_mine = answer("recommend", as_=ANA)

        assert (response.status, response.body["member_id"]) == (201, ana)
        assert (of_mine.status, of_mine.body["member_id"]) == (201, ana)

    def test_nobody_answers_about_somebody_else_s_order(self, ana: str) -> None:
        bob = sign_in(BOB)

        by_bob = answer(order=ORDER, as_=BOB)
        for_bob = answer(order=ORDER, member_id=bob)

        assert (by_bob.status, by_bob.code) == (404, "not_found")
        assert (for_bob.status, for_bob.code) == (404, "not_found")
        assert listed().body["items"] == []

    def test_a_survivor_answers_about_the_orders_of_both(self, ana: str) -> None:
        bob = till.enroll("bob@example.com")
        till.merge(ana, bob)

        response = answer(order=ORDER, member_id=bob)

        assert (response.status, response.body["member_id"]) == (201, ana)
        assert till.member(bob)["balance"] == 49 + 5

    @pytest.mark.parametrize(
        ("survey_id", "body", "pointer"),
        [
            ("visit", {}, "/order"),
            ("visit", {"order": ORDER, "score": 0}, "/score"),
            ("visit", {"order": ORDER, "score": 6}, "/score"),
            ("visit", {"order": ORDER, "score": 11}, "/score"),
            ("visit", {"order": ORDER, "comment": ""}, "/comment"),
            ("recommend", {}, "/member_id"),
            ("recommend", {"order": ORDER}, "/order"),
        ],
    )
    def test_a_mistake_is_named(
        self, ana: str, survey_id: str, body: dict[str, Any], pointer: str
    ) -> None:
        response = answer(survey_id, **body)

        assert (response.status, response.code) == (422, "validation_failed")
        assert [each["pointer"] for each in response.body["errors"]] == [pointer]
        assert till.member(ana)["balance"] == 49

    def test_a_survey_that_has_ended_takes_no_answers_but_keeps_those_it_has(
        self, ana: str, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        first = answer(order=ORDER)
        publish(version=2, surveys=[VISIT | {"ends_on": "2026-11-20"}])
        time.now += timedelta(minutes=1)
        till.earn(ana, 100, order_id="o-2")

        again = answer(order=ORDER)
        late = answer(order=ORDER | {"order_id": "o-2"})

        assert (again.status, again.body) == (200, first.body)
        assert (late.status, late.code) == (409, "wrong_state")

    def test_there_has_to_be_such_a_survey_and_such_an_order(self, ana: str) -> None:
        till.post_order(till.order(order_id="guests"))

        refused = (
            answer("nothing", order=ORDER),
            answer(order=ORDER | {"order_id": "never"}),
            answer(order=ORDER | {"order_id": "guests"}),
            answer("recommend", member_id="mem_nobody"),
        )

        assert [(each.status, each.code) for each in refused] == [(404, "not_found")] * 4

    def test_an_erased_member_can_no_longer_answer(self, ana: str) -> None:
        till.erase(ana)

        response = answer(order=ORDER)

        assert (response.status, response.code) == (404, "not_found")


class TestReading:
    def test_answers_are_listed_newest_first_page_by_page(self, ana: str, time: Clock) -> None:
        for number in range(2, 4):
            till.earn(ana, 100, order_id=f"o-{number}")
        for number in range(1, 4):
            answer(order=ORDER | {"order_id": f"o-{number}"}, comment=f"No. {number}")
            time.now += timedelta(seconds=1)

        first = listed(limit="2").body
        rest = listed(limit="2", cursor=first["next_cursor"]).body

        comments = [each["comment"] for each in (*first["items"], *rest["items"])]
        assert comments == ["No. 3", "No. 2", "No. 1"]
        assert rest["next_cursor"] is None

    @pytest.mark.parametrize(
        "claims", [staff("bean", "cashier"), staff("bean", "analyst"), SERVICE, ANA]
    )
    def test_only_managers_read_what_members_wrote(self, claims: Claims) -> None:
        response = listed(as_=claims)

        assert (response.status, response.code) == (403, "forbidden")

    def test_erasing_a_member_deletes_their_comments_and_keeps_their_scores(
        self, ana: str, engine: DynamoEngine
    ) -> None:
        answer(order=ORDER, score=1, comment="My number is 0612345678")

        TableErasures(engine, program_id="bean").forget_comments(ana)

        (stored,) = listed().body["items"]
        assert (stored["score"], stored["comment"]) == (1, None)
        key = keys.survey_response("bean", ana, "visit", "pos#o-1")
        assert "0612345678" not in str(engine.get(key, strong=True))

    def test_a_member_s_export_has_what_they_wrote(self, ana: str) -> None:
        answer(order=ORDER, score=1, comment="It was cold")

        path = f"{till.PROGRAM}/members/{ana}/export"
        response = call(enrollment, "GET", path, as_=till.CASHIER).body["survey_responses"]

        assert response == [
            {
                "survey_id": "visit",
                "about": "pos/o-1",
                "score": 1,
                "comment": "It was cold",
                "answered_at": "2026-11-21T10:00:00Z",
                "bonus_points": 5,
            }
        ]

    def test_no_log_contains_a_comment(self, ana: str, capsys: pytest.CaptureFixture[str]) -> None:
        answer(order=ORDER, comment="My number is 0612345678")

        assert "0612345678" not in capsys.readouterr().out


class TestLinks:
    def test_a_link_opens_the_question_and_takes_an_answer(self, ana: str) -> None:
        link = made(order=ORDER)

        page = call(handler, "GET", link)
        thanks = sent(link, "score=5&comment=Lovely+%26+warm")
        again = sent(link, "score=5&comment=Lovely+%26+warm")

        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "How was it?" in page.text
        # The address is the permission to answer: no other site may learn it.
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert (thanks.status, again.status) == (200, 200)
        (stored,) = listed().body["items"]
        assert (stored["member_id"], stored["score"], stored["comment"]) == (
            ana,
            5,
            "Lovely & warm",
        )
        assert till.member(ana)["balance"] == 49 + 5

    def test_opening_a_link_changes_nothing(self, ana: str) -> None:
        call(handler, "GET", made(order=ORDER))

        assert listed().body["items"] == []
        assert till.member(ana)["balance"] == 49

    def test_a_link_may_be_made_before_its_order_is_known(self) -> None:
        link = made(order=ORDER | {"order_id": "late"})
        early = sent(link, "score=5")
        till.earn(till.enroll(), 100, order_id="late")

        assert (early.status, sent(link, "score=5").status) == (404, 200)

    def test_a_link_to_a_survey_of_a_period_names_the_member(self, ana: str) -> None:
        assert sent(made("recommend", member_id=ana), "score=10").status == 200
        (stored,) = listed("recommend").body["items"]
        assert (stored["member_id"], stored["score"]) == (ana, 10)

    def test_a_link_that_is_changed_or_of_another_program_is_none(self, ana: str) -> None:
        link = made(order=ORDER)
        name, seal = link.split("/")[-1].split(".")
        other = made(order=ORDER | {"order_id": "o-2"}).split("/")[-1].split(".")[0]

        for wrong in (
            link.replace(name, other),
            link.replace(seal, f"{'B' if seal[0] == 'A' else 'A'}{seal[1:]}"),
        ):
            assert sent(wrong, "score=5").status == 404
        assert listed().body["items"] == []

    def test_the_pages_are_in_the_language_of_the_orders_member(self, ana: str) -> None:
        path = f"{till.PROGRAM}/members/{ana}"
        till_sets = {"profile": {"locale": "fr-CA"}}
        assert call(enrollment, "PATCH", path, body=till_sets, as_=till.CASHIER).status == 200
        link = made(order=ORDER)

        page, thanks = call(handler, "GET", link), sent(link, "score=5")

        assert '<html lang="fr">' in page.text
        assert "1: très insatisfait" in page.text
        assert "<h1>Merci</h1>" in thanks.text

    def test_the_page_of_an_order_that_has_not_arrived_is_in_the_programs_language(self) -> None:
        page = call(handler, "GET", made(order=ORDER | {"order_id": "not-yet"}))

        assert '<html lang="en">' in page.text

    def test_a_link_ends(self, ana: str, time: Clock) -> None:
        link = made(order=ORDER, days=2)
        time.now += timedelta(days=2)

        assert (call(handler, "GET", link).status, sent(link, "score=5").status) == (404, 404)

    @pytest.mark.parametrize(
        "form",
        [
            "",
            "score=",
            "score=nine",
            "score=0",
            "score=6",
            "comment=x",
            "score=5" * 20,
            f"score=5&comment={'x' * 2001}",
            "&" * 50,
            "%00=%ff",
        ],
    )
    def test_a_form_that_the_page_would_not_send_is_refused(self, ana: str, form: str) -> None:
        response = sent(made(order=ORDER), form)

        assert (response.status, response.code) == (422, "validation_failed")
        assert listed().body["items"] == []

    def test_a_survey_link_has_to_name_its_order_or_member(self) -> None:
        path = f"{till.PROGRAM}/surveys/visit/links"

        response = call(handler, "POST", path, body={}, as_=SERVICE)

        assert (response.status, response.code) == (422, "validation_failed")

    def test_members_make_no_links(self, ana: str) -> None:
        path = f"{till.PROGRAM}/surveys/visit/links"

        assert call(handler, "POST", path, body={"order": ORDER}, as_=ANA).status == 403


def made(survey_id: str = "visit", **request: Any) -> str:
    """The path of a new link."""
    path = f"{till.PROGRAM}/surveys/{survey_id}/links"
    response = call(handler, "POST", path, body=request, as_=SERVICE)
    assert response.status == 201, response.text
    return str(response.body["path"])


def sent(link: str, form: str) -> Answer:
    return call(handler, "POST", link, raw=form)
