"""What a role is not for: moving other people's points, seeing people, one's own account."""

from typing import Any, Final

import pytest

from functions.accrual.handler import handler as accrual
from functions.enrollment.handler import handler as enrollment
from loyalty.domain.program.document import PublishedProgram
from tests.support import till
from tests.support.http import Answer, Claims, call, person, service, staff
from tests.support.till import PROGRAM

DOCUMENT: Final[dict[str, Any]] = {
    "adjustments": {"cashier": {"per_day": 1000}},
    "transfers": {"points_max": 100, "min_age_days": 0},
    "tiers": {
        "basis": "spend",
        "period": "calendar_year",
        "levels": [{"id": "gold", "name": "Gold", "reached_at": 1000}],
    },
    "surveys": [
        {
            "id": "mood",
            "kind": "nps",
            "question": "How are we doing?",
            "bonus_points": 5,
            "per": "month",
        }
    ],
}


@pytest.fixture
def program(publish: Any) -> PublishedProgram:
    document: PublishedProgram = publish(**DOCUMENT)
    return document


@pytest.fixture
def victim(program: PublishedProgram) -> str:
    member_id = till.enroll("victim@example.com")
    till.earn(member_id, 50_000)
    return member_id


def sign_up(claims: Claims) -> str:
    """The member that somebody is themselves, with points."""
    answer = call(enrollment, "POST", f"{PROGRAM}/members", body={}, as_=claims)
    assert answer.status == 201, answer.text
    member_id = str(answer.body["id"])
    till.earn(member_id, 50_000)
    return member_id


def answer_survey(as_: Claims, **body: Any) -> Answer:
    path = f"{PROGRAM}/surveys/mood/responses"
    return call(accrual, "POST", path, body={"score": 9} | body, as_=as_)


@pytest.mark.parametrize("role", ["analyst", "manager"])
class TestStaffWhoAreAllowedOnlyAsMembers:
    def test_spend_no_points_of_others(self, role: str, victim: str) -> None:
        answer = till.redeem(victim, as_=staff("bean", role))

        assert (answer.status, answer.code) == (403, "forbidden")

    def test_move_no_points_of_others(self, role: str, victim: str) -> None:
        caller = staff("bean", role)
        own = sign_up(caller)

        answer = till.transfer(victim, own, 100, as_=caller)

        assert (answer.status, answer.code) == (403, "forbidden")
        assert till.member(victim)["balance"] == 500

    def test_spend_and_move_their_own(self, role: str, victim: str) -> None:
        caller = staff("bean", role)
        own = sign_up(caller)

        assert till.redeem("me", as_=caller).status == 201
        assert till.redeem(own, as_=caller).status == 201
        assert till.transfer("me", victim, 10, as_=caller).status == 201


class TestAnAnalyst:
    ANALYST: Final = staff("bean", "analyst")

    def test_answers_surveys_for_nobody_else(self, victim: str) -> None:
        own = sign_up(self.ANALYST)

        refused = answer_survey(self.ANALYST, member_id=victim)

        assert (refused.status, refused.code) == (403, "forbidden")
        assert answer_survey(self.ANALYST).body["member_id"] == own
        assert answer_survey(staff("bean", "manager"), member_id=victim).status == 201

    def test_settles_no_redemption_of_others(self, victim: str) -> None:
        held = till.redeem(victim, hold=True).body["id"]

        for step in ("complete", "cancel"):
            assert till.step(victim, held, step, as_=self.ANALYST).code == "forbidden"

    def test_sees_no_voucher_codes_of_others(self, victim: str) -> None:
        own = sign_up(self.ANALYST)
        code = till.redeem(victim).body["voucher"]["code"]
        own_code = till.redeem(own).body["voucher"]["code"]

        seen = till.redemptions(victim, as_=self.ANALYST)

        assert seen.body["items"][0]["voucher"] == {"code": None, "expires_at": None}
        assert till.redemptions(victim).body["items"][0]["voucher"]["code"] == code
        assert (
            till.redemptions("me", as_=self.ANALYST).body["items"][0]["voucher"]["code"] == own_code
        )

    def test_sees_figures_without_personal_data(self, victim: str) -> None:
        path = f"{PROGRAM}/members/{victim}"
        profile = {"name": "Vic", "birthday": "1990-02-28", "attributes": {"milk": "oat"}}
        body = {"profile": profile, "consents": {"email": True}}
        call(enrollment, "PATCH", path, body=body, as_=till.CASHIER)

        seen = till.member(victim, as_=self.ANALYST)

        whole = till.member(victim)
        hidden = {
            "profile": {"name": None, "locale": None, "birthday": None, "attributes": {}},
            "identities": [],
            "consents": {},
        }
        assert whole["profile"]["name"] == "Vic"
        assert seen == whole | hidden

    def test_an_analyst_who_is_also_a_cashier_sees_people(self, victim: str) -> None:
        both = staff("bean", "analyst", "cashier")

        assert till.member(victim, as_=both) == till.member(victim)

    def test_exports_only_their_own_data(self, victim: str) -> None:
        own = sign_up(self.ANALYST)
        path = f"{PROGRAM}/members/{victim}/export"

        assert call(enrollment, "GET", path, as_=self.ANALYST).code == "forbidden"
        exported = call(enrollment, "GET", f"{PROGRAM}/members/me/export", as_=self.ANALYST)
        assert exported.body["member"]["id"] == own


@pytest.mark.parametrize("named", ["me", "by id", "merged"])
class TestOnTheirOwnAccount:
    """However it is named: staff give themselves nothing."""

    @pytest.fixture
    def caller(self) -> Claims:
        return staff("bean", "cashier", "manager", subject="clerk")

    @pytest.fixture
    def own(self, named: str, caller: Claims, program: PublishedProgram) -> str:
        member_id = sign_up(caller)
        match named:
            case "me":
                return "me"
            case "merged":
                survivor = till.enroll("survivor@example.com")
                assert till.merge(member_id, survivor).status == 201
                return survivor
            case _:
                return member_id

    def test_staff_adjust_nothing(self, own: str, caller: Claims) -> None:
        for points in (10, -10):
            answer = till.adjust(own, points, as_=caller)

            assert (answer.status, answer.code) == (403, "own_account")

    def test_a_manager_grants_no_level(self, own: str, caller: Claims) -> None:
        answer = till.grant(own, "gold", until="2027-12-31", as_=caller)

        assert (answer.status, answer.code) == (403, "own_account")

    def test_a_manager_cannot_merge_a_member_into_it(
        self, own: str, caller: Claims, victim: str
    ) -> None:
        assert till.merge(victim, own, as_=caller).code == "own_account"
        assert till.merge(own, victim, as_=caller).code == "own_account"
        assert till.member(victim)["balance"] == 500

    def test_a_cashier_transfers_nothing_there(self, own: str, caller: Claims, victim: str) -> None:
        answer = till.transfer(victim, own, 10, as_=caller)

        assert (answer.status, answer.code) == (403, "own_account")


def test_a_service_may_correct_any_member(publish: Any) -> None:
    publish(**DOCUMENT | {"adjustments": {"service": {"per_day": 1000}}})
    member_id = till.enroll()

    assert till.adjust(member_id, 10, as_=service("bean")).status == 201


def test_a_person_sends_no_access_token(victim: str) -> None:
    claims = person("eve") | {"token_use": "access"}

    answer = call(enrollment, "GET", f"{PROGRAM}/members/{victim}", as_=claims)

    assert (answer.status, answer.code) == (403, "forbidden")
    assert "ID token" in answer.body["detail"]
