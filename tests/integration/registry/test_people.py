"""Managers decide who works with their program, at an issuer that has no transactions."""

import time as real_time
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.program import handler as program_api
from functions.registry.handler import handler as registry
from loyalty.table.engine import DynamoEngine
from loyalty.table.staff import TableStaff
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.cognito import FakeCognito
from tests.support.http import Answer, Claims, call, operator, person, staff

BOSS: Final = staff("bean", "manager", subject="boss")
BEA: Final = "bea@example.com"


@pytest.fixture(autouse=True)
def bean(program: object) -> None:
    """The program whose people these are."""


def people(
    method: str, path: str = "", *, body: Any = None, as_: Claims = BOSS, **query: Any
) -> Answer:
    path = f"{till.PROGRAM}/people{path}"
    return call(registry, method, path, body=body, as_=as_, query=query)


def invite(email: str = BEA, *roles: str, as_: Claims = BOSS, **more: Any) -> Answer:
    body = {"email": email, "roles": list(roles or ("cashier",))} | more
    return people("POST", body=body, as_=as_)


def token(subject: str, *roles: str, issued: timedelta = timedelta()) -> Claims:
    """A token as the issuer would write it, now or at another time."""
    issued_at = int(real_time.time() + issued.total_seconds())
    return staff("bean", *roles, subject=subject) | {"iat": str(issued_at)}


def is_let_in(claims: Claims) -> int:
    """The status of a request that every role may send."""
    return call(program_api.handler, "GET", till.PROGRAM, as_=claims, kinds=("staff",)).status


class TestInviting:
    def test_makes_an_account_in_a_group_and_sends_a_mail(self, cognito: FakeCognito) -> None:
        answer = invite(BEA, "cashier", "analyst", name="Bea")

        assert (answer.status, answer.body) == (
            201,
            {
                "subject": answer.body["subject"],
                "email": BEA,
                "name": "Bea",
                "roles": ["cashier", "analyst"],
                "state": "invited",
                "second_factor": False,
                "invitation_expires_at": "2026-11-04T10:00:00Z",
                "invitation_sent": True,
            },
        )
        assert cognito.groups_of(answer.body["subject"]) == {"bean/cashier", "bean/analyst"}
        assert cognito.mails == [BEA]

    def test_twice_makes_one_person_and_sends_another_mail_only_when_asked(
        self, cognito: FakeCognito
    ) -> None:
        first = invite()
        second = invite("Bea@Example.com")
        again = invite(send_again=True)
        cognito.sign_in(first.body["subject"])
        too_late = invite(send_again=True)

        assert [each.status for each in (first, second, again, too_late)] == [201, 200, 200, 200]
        sent = [each.body["invitation_sent"] for each in (first, second, again, too_late)]
        assert sent == [True, False, True, False]
        assert len(cognito.users) == 1
        assert cognito.mails == [BEA, BEA]
        assert again.body["invitation_expires_at"] > first.body["invitation_expires_at"]
        assert too_late.body["invitation_expires_at"] is None

    @pytest.mark.parametrize(
        "lost", ["admin_create_user", "create_group", "admin_add_user_to_group"]
    )
    def test_is_completed_by_a_second_request_if_an_answer_was_lost(
        self, cognito: FakeCognito, lost: str
    ) -> None:
        cognito.lose_answer(lost)

        assert invite().code == "try_again"
        answer = invite()

        assert answer.status in (200, 201)
        assert answer.body["roles"] == ["cashier"]
        assert (len(cognito.users), cognito.mails) == (1, [BEA])

    def test_gives_a_person_of_another_program_a_role_and_no_new_account(
        self, cognito: FakeCognito
    ) -> None:
        subject = cognito.add(BEA, "leaf/manager")

        answer = invite()

        assert (answer.status, answer.body["invitation_sent"]) == (201, False)
        assert answer.body["roles"] == ["cashier"]
        assert cognito.groups_of(subject) == {"leaf/manager", "bean/cashier"}

    def test_adds_to_the_roles_that_a_person_has(self, cognito: FakeCognito) -> None:
        cognito.add(BEA, "bean/manager")

        assert invite().body["roles"] == ["cashier", "manager"]

    def test_by_an_operator_gives_a_program_its_first_manager(self, cognito: FakeCognito) -> None:
        answer = invite(BEA, "manager", as_=operator())

        assert answer.status == 201
        assert cognito.groups_of(answer.body["subject"]) == {"bean/manager"}

    def test_ends_where_the_issuer_takes_no_more_groups(self, cognito: FakeCognito) -> None:
        cognito.groups_max = 0

        assert invite().code == "limit_reached"

    def test_ends_where_a_person_is_in_as_many_groups_as_they_can(
        self, cognito: FakeCognito
    ) -> None:
        cognito.add(BEA, *(f"p{number}/cashier" for number in range(100)))

        assert invite().code == "limit_reached"

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"email": "bea"}, "/email"),
            ({"roles": ["operator"]}, "/roles/0"),
            ({"roles": []}, "/roles"),
            ({"name": "Bea\n"}, "/name"),
        ],
    )
    def test_names_what_is_wrong(self, body: dict[str, Any], pointer: str) -> None:
        answer = people("POST", body={"email": BEA, "roles": ["cashier"]} | body)

        assert (answer.status, list(answer.pointers)) == (422, [pointer])

    def test_reaches_no_group_of_another_program_or_of_all(self, cognito: FakeCognito) -> None:
        body = {"email": BEA, "roles": ["manager"]}
        everywhere = staff("*", "manager", subject="chief")

        for program_id in ("*", "bean/x", "operator"):
            path = f"/v1/programs/{program_id}/people"
            for caller in (BOSS, everywhere):
                answer = call(registry, "POST", path, body=body, as_=caller)
                assert answer.status in (201, 404), (program_id, answer.text)

        assert set(cognito.groups) <= {"operator/manager"}


class TestChangingRoles:
    def test_gives_these_and_no_others(self, cognito: FakeCognito) -> None:
        subject = cognito.add(BEA, "bean/cashier", "bean/analyst", "leaf/cashier", "operator")

        answer = people("PUT", f"/{subject}", body={"roles": ["analyst", "manager"]})

        assert answer.body["roles"] == ["analyst", "manager"]
        assert cognito.groups_of(subject) == {
            "bean/analyst", "bean/manager", "leaf/cashier", "operator",
        }  # fmt: skip

    @pytest.mark.parametrize("lost", ["admin_add_user_to_group", "admin_remove_user_from_group"])
    def test_is_completed_by_a_second_request_if_an_answer_was_lost(
        self, cognito: FakeCognito, lost: str
    ) -> None:
        subject = cognito.add(BEA, "bean/cashier")
        cognito.groups["bean/analyst"] = []
        cognito.lose_answer(lost)

        assert people("PUT", f"/{subject}", body={"roles": ["analyst"]}).code == "try_again"
        assert people("PUT", f"/{subject}", body={"roles": ["analyst"]}).status == 200

        assert cognito.groups_of(subject) == {"bean/analyst"}
        assert is_let_in(token(subject, "cashier")) == 401

    def test_of_somebody_without_a_role_is_refused(self, cognito: FakeCognito) -> None:
        subject = cognito.add(BEA, "leaf/cashier")

        for unknown in (subject, "nobody"):
            answer = people("PUT", f"/{unknown}", body={"roles": ["cashier"]})
            assert answer.code == "not_found"

    def test_outdates_tokens_with_a_role_that_is_gone(
        self, cognito: FakeCognito, time: Clock
    ) -> None:
        cognito.add("boss@example.com", "bean/manager")
        subject = cognito.add(BEA, "bean/manager")
        before = token(subject, "manager", issued=timedelta(minutes=-5))
        assert is_let_in(before) == 200

        people("PUT", f"/{subject}", body={"roles": ["cashier"]})
        time.now += timedelta(seconds=30)

        assert is_let_in(before) == 401
        assert is_let_in(token(subject, "cashier")) == 200

    def test_back_and_forth_makes_older_tokens_count_again(
        self, cognito: FakeCognito, time: Clock
    ) -> None:
        subject = cognito.add(BEA, "bean/cashier", "bean/analyst")
        before = token(subject, "cashier", "analyst")
        people("PUT", f"/{subject}", body={"roles": ["cashier"]})
        people("PUT", f"/{subject}", body={"roles": ["cashier", "analyst"]})

        assert is_let_in(before) == 200


class TestRemoving:
    def test_takes_away_every_role_here_and_none_elsewhere(
        self, cognito: FakeCognito, time: Clock
    ) -> None:
        cognito.add("boss@example.com", "bean/manager")
        subject = cognito.add(BEA, "bean/cashier", "bean/manager", "leaf/manager")
        before = token(subject, "cashier", "manager", issued=timedelta(minutes=-5))
        elsewhere = staff("leaf", "manager", subject=subject)

        assert people("DELETE", f"/{subject}").status == 204
        time.now += timedelta(seconds=30)

        assert cognito.groups_of(subject) == {"leaf/manager"}
        assert is_let_in(before) == 401
        assert call(registry, "GET", "/v1/programs/leaf/people", as_=elsewhere).status == 200

    def test_twice_is_no_error_and_of_a_stranger_it_is_one(self, cognito: FakeCognito) -> None:
        subject = cognito.add(BEA, "bean/cashier")
        stranger = cognito.add("eva@example.com", "leaf/cashier")

        statuses = [people("DELETE", f"/{each}").status for each in (subject, subject, stranger)]

        assert statuses == [204, 204, 404]

    def test_a_token_that_the_issuer_wrote_while_it_happened_counts_no_more(
        self, cognito: FakeCognito
    ) -> None:
        subject = cognito.add(BEA, "bean/cashier")
        people("DELETE", f"/{subject}")

        assert is_let_in(token(subject, "cashier", issued=timedelta(seconds=30))) == 401

    def test_leaves_a_name_to_those_who_read_about_them(self, cognito: FakeCognito) -> None:
        subject = invite(name="Bea").body["subject"]
        people("DELETE", f"/{subject}")

        answer = people("GET", f"/{subject}")

        assert (answer.status, answer.body["name"], answer.body["roles"]) == (200, "Bea", [])

    def test_and_erasing_deletes_name_and_account(self, cognito: FakeCognito) -> None:
        subject = invite(name="Bea").body["subject"]

        assert people("DELETE", f"/{subject}", erase="true").status == 204
        assert people("DELETE", f"/{subject}", erase="true").status == 204

        assert cognito.users == {}
        assert people("GET", f"/{subject}").status == 404

    def test_and_erasing_later_is_possible(self, cognito: FakeCognito) -> None:
        subject = invite().body["subject"]
        people("DELETE", f"/{subject}")
        people("DELETE", f"/{subject}", erase="true")

        assert people("GET", f"/{subject}").status == 404

    def test_and_erasing_keeps_an_account_that_has_a_role_elsewhere(
        self, cognito: FakeCognito
    ) -> None:
        subject = cognito.add(BEA, "bean/cashier", "operator")

        people("DELETE", f"/{subject}", erase="true")

        assert cognito.groups_of(subject) == {"operator"}

    def test_and_inviting_again_begins_anew(self, cognito: FakeCognito, time: Clock) -> None:
        first = invite().body["subject"]
        people("DELETE", f"/{first}", erase="true")
        again = invite()
        time.now += timedelta(seconds=30)

        assert (again.status, again.body["invitation_sent"]) == (201, True)
        assert is_let_in(token(again.body["subject"], "cashier")) == 200


class TestWhoMayNotBeRemoved:
    def test_is_oneself(self, cognito: FakeCognito) -> None:
        boss = cognito.add("boss@example.com", "bean/manager")
        cognito.add(BEA, "bean/manager")
        own = token(boss, "manager")

        removed = people("DELETE", f"/{boss}", as_=own)
        demoted = people("PUT", f"/{boss}", body={"roles": ["cashier"]}, as_=own)
        promoted = people("PUT", f"/{boss}", body={"roles": ["cashier", "manager"]}, as_=own)

        assert (removed.code, demoted.code) == ("own_account", "own_account")
        assert promoted.status == 200

    def test_is_the_last_manager(self, cognito: FakeCognito) -> None:
        last = cognito.add(BEA, "bean/manager")
        disabled = cognito.add("eva@example.com", "bean/manager")
        cognito.users[disabled]["Enabled"] = False

        assert people("DELETE", f"/{last}").code == "wrong_state"
        assert people("PUT", f"/{last}", body={"roles": ["cashier"]}).code == "wrong_state"
        assert people("DELETE", f"/{disabled}").status == 204
        assert people("DELETE", f"/{last}", as_=operator()).status == 204

    def test_is_who_has_just_removed_the_caller(self, cognito: FakeCognito) -> None:
        """Two managers who remove each other would leave none."""
        ann, bea = (cognito.add(f"{who}@example.com", "bean/manager") for who in "ab")
        ann_in, bea_in = token(ann, "manager"), token(bea, "manager")
        assert people("GET", as_=bea_in).status == 200

        assert people("DELETE", f"/{bea}", as_=ann_in).status == 204
        assert people("DELETE", f"/{ann}", as_=bea_in).code == "unauthenticated"

        assert cognito.groups["bean/manager"] == [ann]


def test_one_request_at_a_time_changes_roles(
    cognito: FakeCognito, engine: DynamoEngine, time: Clock
) -> None:
    subject = cognito.add(BEA, "bean/cashier")
    turn = TableStaff(engine, program_id="bean").turn("another request", now=time.now)

    with turn:
        refused = [invite(), people("DELETE", f"/{subject}")]
    assert [each.code for each in refused] == ["try_again", "try_again"]
    assert people("DELETE", f"/{subject}").status == 204


def test_a_request_that_died_holds_up_nobody_for_long(engine: DynamoEngine, time: Clock) -> None:
    turn = TableStaff(engine, program_id="bean").turn("dead", now=time.now)
    turn.__enter__()
    assert invite().code == "try_again"

    time.now += timedelta(seconds=16)

    assert invite().status == 201


def test_the_list_has_everybody_once_page_by_page(cognito: FakeCognito) -> None:
    for number in range(5):
        cognito.add(f"p{number}@example.com", "bean/cashier", "bean/analyst")
    cognito.add("boss@example.com", "bean/manager")
    cognito.add("elsewhere@example.com", "leaf/cashier", "*/manager")
    invited = invite("new@example.com").body["email"]

    seen: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        page = people("GET", limit="3", **more).body
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        more = {"cursor": page["next_cursor"]}

    assert [each["email"] for each in seen] == [
        *(f"p{number}@example.com" for number in range(5)), "boss@example.com", invited,
    ]  # fmt: skip
    assert seen[0]["roles"] == ["cashier", "analyst"]
    assert [each["second_factor"] for each in seen] == [True] * 6 + [False]


@pytest.mark.parametrize(
    "operation",
    ["list_users_in_group", "admin_get_user", "admin_create_user", "admin_add_user_to_group"],
)
def test_a_busy_issuer_is_asked_again_later(cognito: FakeCognito, operation: str) -> None:
    cognito.add("eva@example.com", "bean/cashier")
    cognito.refuse(operation, "TooManyRequestsException")

    answer = people("GET") if operation == "list_users_in_group" else invite()

    assert (answer.status, answer.code) == (503, "try_again")
    assert answer.headers["retry-after"] == "1"


def test_with_another_issuer_of_staff_the_answer_says_where_roles_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOYALTY_STAFF_POOL", "")
    monkeypatch.setenv("LOYALTY_STAFF_ISSUER", "https://login.example.com")

    for answer in (people("GET"), invite(), people("DELETE", "/bea")):
        assert (answer.status, answer.code) == (409, "roles_kept_elsewhere")
        assert "https://login.example.com" in answer.body["detail"]


class TestActions:
    def listed(self) -> list[dict[str, Any]]:
        answer = call(program_api.handler, "GET", f"{till.PROGRAM}/actions", as_=BOSS)
        items: list[dict[str, Any]] = answer.body["items"]
        return sorted(items, key=lambda each: str(each["action"]))

    def test_say_who_was_given_and_lost_which_role(self) -> None:
        bea = invite(BEA, "cashier").body["subject"]
        people("PUT", f"/{bea}", body={"roles": ["analyst"]})
        people("DELETE", f"/{bea}")

        changed, invited, removed = self.listed()

        added = {"before": None, "after": "added"}
        lost = {"before": "removed", "after": None}
        assert {each["target"]["id"] for each in (changed, invited, removed)} == {bea}
        assert invited["changes"] == [{"field": "roles.cashier"} | added]
        assert changed["changes"] == [
            {"field": "roles.analyst"} | added,
            {"field": "roles.cashier"} | lost,
        ]
        assert removed["changes"] == [{"field": "roles.analyst"} | lost]
        assert BEA not in str(self.listed())

    def test_show_the_name_under_which_somebody_acted_until_it_is_erased(
        self, cognito: FakeCognito, time: Clock
    ) -> None:
        eva = cognito.add("eva@example.com", "bean/manager")
        named = {"email": "eva@example.com", "email_verified": "true", "name": "Eva"}
        invite(as_=token(eva, "manager") | named)

        (action,) = self.listed()
        assert (action["by"], action["by_name"], action["by_email"]) == (
            eva, "Eva", "eva@example.com",
        )  # fmt: skip

        people("DELETE", f"/{eva}", as_=operator(), erase="true")
        assert [each["by_name"] for each in self.listed()] == [None, None]

    def test_of_somebody_erased_bring_no_name_back(
        self, cognito: FakeCognito, engine: DynamoEngine
    ) -> None:
        """Their token may open the program for some seconds."""
        eva = cognito.add("eva@example.com", "bean/manager")
        still_in = token(eva, "manager") | person("", email="eva@example.com") | {"sub": eva}
        still_in |= {"cognito:groups": "[bean/manager]"}
        people("GET", as_=still_in)
        people("DELETE", f"/{eva}", as_=operator(), erase="true")

        till.enroll(as_=still_in)

        assert TableStaff(engine, program_id="bean").find(eva, strong=True).email is None
