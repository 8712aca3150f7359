"""Enrollment and members through the HTTP edge."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from functions.enrollment.handler import handler
from loyalty.domain.ledger.audit import audit
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.desk import open_desk
from loyalty.edge.logs import logger
from loyalty.table.engine import DynamoEngine
from loyalty.usecases.orders import accrual
from loyalty.usecases.orders.accrual import Customer, Earned
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.http import Answer, Claims, call, person, service, staff
from tests.support.orders import line, order

MEMBERS = "/v1/programs/bean/members"
ANA = {"kind": "email", "value": "ana@example.com"}
CARD = {"kind": "card", "value": "6034-1"}
CUSTOMER = {"kind": "customer", "source": "shop", "value": "207119551"}

pytestmark = pytest.mark.usefixtures("program")


def enroll(*identities: dict[str, Any], as_: Claims | None = None, **rest: Any) -> Answer:
    headers = rest.pop("headers", None)
    body = {"identities": list(identities)} | rest
    return call(
        handler,
        "POST",
        MEMBERS,
        body=body,
        as_=as_ or staff("bean", "cashier"),
        headers=headers,
    )


def read(member_id: str, as_: Claims | None = None) -> Answer:
    return call(handler, "GET", f"{MEMBERS}/{member_id}", as_=as_ or staff("bean", "cashier"))


def look_up(identity: dict[str, Any], as_: Claims | None = None) -> Answer:
    body = {"identity": identity}
    cashier = staff("bean", "cashier")
    return call(handler, "POST", f"{MEMBERS}/lookup", body=body, as_=as_ or cashier)


def change(member_id: str, as_: Claims | None = None, **body: Any) -> Answer:
    cashier = staff("bean", "cashier")
    return call(handler, "PATCH", f"{MEMBERS}/{member_id}", body=body, as_=as_ or cashier)


def erase(member_id: str, as_: Claims | None = None) -> Answer:
    return call(handler, "DELETE", f"{MEMBERS}/{member_id}", as_=as_ or staff("bean", "cashier"))


def history(member_id: str, as_: Claims | None = None, **query: str) -> Answer:
    path = f"{MEMBERS}/{member_id}/history"
    return call(handler, "GET", path, as_=as_ or staff("bean", "cashier"), query=query)


def earn(member_id: str, order_id: str, *, amount_minor: int = 5000, occurred_at: datetime) -> None:
    paid = order(line(amount_minor), order_id=order_id, occurred_at=occurred_at)
    customer = Customer(member_id=member_id, named=member_id)

    earned = accrual.earn(paid, customer=customer, desk=open_desk("bean", table=TABLE))

    assert isinstance(earned, Earned)


class TestEnrollingSomebody:
    def test_a_till_enrolls_a_customer_and_gets_the_whole_member(self, time: Clock) -> None:
        answer = enroll(
            ANA | {"verified": True},
            CUSTOMER,
            profile={"name": "Ana", "locale": "fr-FR", "birthday": "1990-02-28"},
            consents={"email": True},
        )

        assert answer.status == 201
        member_id = answer.body["id"]
        assert re.fullmatch(r"mem_[0-9A-Z]{26}", member_id)
        assert answer.body == {
            "id": member_id,
            "status": "active",
            "balance": 0,
            "debt": 0,
            "lots": [],
            "pending": [],
            "profile": {
                "name": "Ana",
                "locale": "fr-FR",
                "birthday": "1990-02-28",
                "attributes": {},
            },
            "identities": [
                ANA | {"source": None, "verified": False},
                CUSTOMER | {"verified": False},
            ],
            "identity_moves": [],
            "consents": {"email": True},
            "enrolled_at": "2026-11-21T10:00:00Z",
            "tier": None,
            "progress": None,
            "plan": None,
            "household": None,
        }
        assert read(member_id).body == answer.body

    def test_an_identity_is_verified_if_a_service_says_so(self) -> None:
        answer = enroll(ANA | {"verified": True}, CARD, as_=service("bean"))

        verified = {each["kind"]: each["verified"] for each in answer.body["identities"]}
        assert verified == {"email": True, "card": False}

    @pytest.mark.parametrize("caller", [staff("bean", "cashier"), service("bean")])
    def test_staff_and_services_see_which_member_has_a_taken_identity(self, caller: Claims) -> None:
        first = enroll(ANA)

        second = enroll(CARD, {"kind": "email", "value": "ANA@Example.com"}, as_=caller)

        assert (second.status, second.code) == (409, "identity_taken")
        assert second.body["member_id"] == first.body["id"]
        assert second.pointers == {"/identities/1": "identity_taken"}

    def test_nothing_is_claimed_when_one_identity_is_taken(self) -> None:
        enroll(ANA)

        enroll(CARD, ANA)

        assert look_up(CARD).status == 404

    def test_an_identity_named_twice_is_claimed_once(self) -> None:
        answer = enroll(ANA, {"kind": "email", "value": "Ana@EXAMPLE.com"})

        assert answer.status == 201
        assert len(answer.body["identities"]) == 1

    def test_another_program_has_members_of_its_own(
        self, publish: Callable[..., PublishedProgram]
    ) -> None:
        publish(program_id="leaf")
        here = enroll(ANA)

        there = call(
            handler,
            "POST",
            "/v1/programs/leaf/members",
            body={"identities": [ANA]},
            as_=staff("leaf", "cashier"),
        )

        assert there.status == 201
        assert read(there.body["id"]).status == 404
        assert read(here.body["id"], as_=staff("leaf", "cashier")).status == 404

    def test_a_service_must_name_an_identity_to_enroll(self) -> None:
        answer = enroll(as_=service("bean"))

        assert (answer.status, answer.pointers) == (422, {"/identities": "too_short"})

    def test_an_unknown_program_is_not_found(self) -> None:
        answer = call(
            handler,
            "POST",
            "/v1/programs/unknown/members",
            body={"identities": [ANA]},
            as_=staff("unknown", "cashier"),
        )

        assert (answer.status, answer.code) == (404, "not_found")


KEY = {"Idempotency-Key": "till-7-0001"}


class TestSendingAnEnrollmentAgain:
    def test_the_same_key_and_body_get_the_member_again(self, time: Clock) -> None:
        first = enroll(ANA, CARD, headers=KEY)
        time.now += timedelta(seconds=5)

        again = enroll(CARD, ANA, headers=KEY)

        assert (first.status, again.status) == (201, 200)
        assert again.body == first.body

    def test_the_same_key_with_a_different_body_is_a_conflict(self) -> None:
        enroll(ANA, headers=KEY)

        again = enroll(CARD, headers=KEY)

        assert (again.status, again.code) == (409, "idempotency_conflict")

    def test_the_same_key_from_another_caller_is_a_separate_request(self) -> None:
        enroll(ANA, headers=KEY)

        other = enroll(CARD, headers=KEY, as_=staff("bean", "cashier", subject="staff-2"))

        assert other.status == 201

    def test_without_a_key_it_is_a_second_enrollment(self) -> None:
        first = enroll(ANA)

        again = enroll(ANA)

        assert (again.status, again.body["member_id"]) == (409, first.body["id"])

    def test_a_member_erased_before_a_retry_does_not_come_back(self) -> None:
        first = enroll(ANA, headers=KEY)
        erase(first.body["id"])

        again = enroll(ANA, headers=KEY)

        assert (again.status, again.code) == (409, "wrong_state")
        assert look_up(ANA).status == 404


class TestEnrollingOneself:
    def test_a_token_enrolls_its_owner_with_the_identities_it_proves(self) -> None:
        ana = person("sub-ana", email="Ana@example.com", phone="+33612345678")

        answer = enroll(as_=ana, profile={"name": "Ana"})

        assert answer.status == 201
        assert answer.body["identities"] == [
            {"kind": kind, "value": value, "source": None, "verified": True}
            for kind, value in (
                ("subject", "sub-ana"),
                ("email", "ana@example.com"),
                ("phone", "+33612345678"),
            )
        ]
        assert read("me", as_=ana).body == answer.body

    def test_signing_in_again_finds_the_same_member(self) -> None:
        ana = person("sub-ana", email="ana@example.com")
        first = enroll(as_=ana)

        again = enroll(ANA, as_=ana)

        assert again.status == 200
        assert again.body == first.body

    def test_an_unverified_email_belongs_to_nobody(self) -> None:
        ana = person("sub-ana", email="ana@example.com", verified=False)

        answer = enroll(as_=ana)

        assert [each["kind"] for each in answer.body["identities"]] == ["subject"]

    @pytest.mark.parametrize("proof", [{"email": "ANA@example.com"}, {"phone": "+33612345678"}])
    def test_someone_whom_a_till_enrolled_is_linked_at_their_first_sign_in(
        self, proof: dict[str, Any]
    ) -> None:
        phone = {"kind": "phone", "value": "+33 6 12 34 56 78"}
        enrolled_before = enroll(ANA, phone, profile={"name": "A."}, consents={"sms": True})
        ana = person("sub-ana", **proof)

        answer = enroll(as_=ana, profile={"locale": "fr-FR"}, consents={"email": True})

        assert answer.status == 200
        assert answer.body["id"] == enrolled_before.body["id"]
        assert answer.body["profile"]["name"] == "A."
        assert answer.body["profile"]["locale"] == "fr-FR"
        assert answer.body["consents"] == {"sms": True, "email": True}
        proven = {each["kind"] for each in answer.body["identities"] if each["verified"]}
        assert proven == {"subject", *proof}
        assert read("me", as_=ana).body == answer.body

    def test_a_second_login_is_not_linked_to_a_member_who_signs_in_already(self) -> None:
        enroll(as_=person("sub-ana", phone="+33612345678"))

        # The number was given to somebody else.
        answer = enroll(as_=person("sub-bob", phone="+33612345678"))

        assert (answer.status, answer.code) == (409, "identity_taken")
        assert "member_id" not in answer.body

    def test_a_stranger_who_claims_a_taken_identity_learns_nothing(self) -> None:
        enroll(ANA)
        mallory = person("sub-mallory", email="mallory@example.com")

        taken = enroll(ANA, as_=mallory)
        free = enroll({"kind": "email", "value": "nobody@example.com"}, as_=mallory)

        assert (taken.status, taken.code) == (409, "identity_taken")
        assert taken.body == free.body
        assert "member_id" not in taken.body
        assert read("me", as_=mallory).status == 404

    def test_an_email_that_was_verified_later_is_added_then(self) -> None:
        first = enroll(as_=person("sub-ana", email="ana@example.com", verified=False))

        again = enroll(as_=person("sub-ana", email="ana@example.com"))

        assert (again.status, again.body["id"]) == (200, first.body["id"])
        assert look_up(ANA).body["id"] == first.body["id"]

    def test_the_email_decides_between_two_members_enrolled_for_one_person(self) -> None:
        by_email = enroll(ANA)
        by_phone = enroll({"kind": "phone", "value": "+33612345678"})

        answer = enroll(as_=person("sub-ana", email="ana@example.com", phone="+33612345678"))

        assert (answer.status, answer.body["id"]) == (200, by_email.body["id"])
        left = read(by_phone.body["id"]).body
        assert left["identities"] == []
        (move,) = left["identity_moves"]
        assert (move["kind"], move["direction"]) == ("phone", "lost")
        assert move["counterpart_id"] == by_email.body["id"]

    def test_staff_who_name_no_one_enroll_themselves(self) -> None:
        barista = staff("bean", "cashier", subject="sub-barista")

        answer = enroll(as_=barista)

        assert answer.status == 201
        assert read("me", as_=barista).body["id"] == answer.body["id"]


@pytest.mark.parametrize(
    ("profile", "pointer"),
    [
        ({"name": "A\0na"}, "/profile/name"),
        ({"name": "A\x1b[31mna"}, "/profile/name"),
        ({"name": "\u202eana"}, "/profile/name"),
        ({"name": "Ana\nLund"}, "/profile/name"),
        ({"attributes": {"milk": "o\0at"}}, "/profile/attributes/milk"),
    ],
)
def test_text_with_characters_that_are_not_shown_is_refused(
    profile: dict[str, Any], pointer: str
) -> None:
    answer = enroll(ANA, profile=profile)

    assert answer.status == 422
    (fault,) = answer.body["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, "unprintable_text")


class TestSomebodyElsesAddress:
    MALLORY = person("sub-mallory", email="mallory@example.com")
    OWNER = person("sub-ana", email="ana@example.com")

    @pytest.fixture
    def mallory(self) -> str:
        """A member who signs in, to whom a cashier added an address of Ana's."""
        member_id: str = enroll(as_=self.MALLORY).body["id"]
        assert change(member_id, identities=[ANA]).status == 200
        return member_id

    def test_its_owner_is_not_locked_out(self, mallory: str) -> None:
        answer = enroll(as_=self.OWNER)

        assert answer.status == 201
        assert look_up(ANA).body["id"] == answer.body["id"] != mallory
        left = {each["value"] for each in read(mallory).body["identities"]}
        assert left == {"mallory@example.com", "sub-mallory"}

    def test_it_finds_no_member_and_an_order_naming_it_is_a_guest_order(self, mallory: str) -> None:
        bought = till.post_order(till.order(5000, identities=[ANA]))

        assert (bought.status, bought.body["status"]) == (202, "guest")
        assert look_up(ANA).status == 404
        assert till.member(mallory)["balance"] == 0

    def test_its_owner_gets_the_orders_made_in_the_meantime(self, mallory: str) -> None:
        till.post_order(till.order(5000, identities=[ANA]))

        owner = enroll(as_=self.OWNER)

        assert owner.body["balance"] == 50
        assert till.member(mallory)["balance"] == 0

    def test_a_till_enrolls_its_owner_all_the_same(self, mallory: str) -> None:
        answer = enroll(ANA)

        assert answer.status == 201
        assert look_up(ANA).body["id"] == answer.body["id"] != mallory

    def test_staff_see_which_member_it_moved_with_and_members_see_only_the_move(
        self, mallory: str
    ) -> None:
        owner = enroll(as_=self.OWNER).body["id"]

        for member_id, other, direction in ((owner, mallory, "gained"), (mallory, owner, "lost")):
            (move,) = read(member_id).body["identity_moves"]
            assert (move["kind"], move["direction"]) == ("email", direction)
            assert move["counterpart_id"] == other
        for caller in (self.OWNER, self.MALLORY):
            (move,) = read("me", as_=caller).body["identity_moves"]
            assert move["counterpart_id"] is None

    def test_an_identity_entered_at_a_till_counts_for_a_member_who_never_signs_in(self) -> None:
        ben = enroll(ANA, CARD).body["id"]

        bought = till.post_order(till.order(5000, identities=[ANA]))

        assert (bought.status, bought.body["member_id"]) == (201, ben)
        assert look_up(ANA).body["id"] == ben

    def test_two_members_who_proved_it_do_not_take_it_from_each_other(self) -> None:
        first = enroll(as_=self.OWNER)

        second = enroll(as_=person("sub-other", email="ana@example.com"))
        added = change(first.body["id"], as_=service("bean"), identities=[ANA | {"verified": True}])

        assert (second.status, second.code) == (409, "identity_taken")
        assert (added.status, added.body["identity_moves"]) == (200, [])


class TestLookingUp:
    @pytest.mark.parametrize(
        ("shown", "searched"),
        [
            (ANA, {"kind": "email", "value": " ANA@EXAMPLE.COM "}),
            (
                {"kind": "phone", "value": "+33 (0)6 12 34 56 78"},
                {"kind": "phone", "value": "+33612345678"},
            ),
            (CUSTOMER, CUSTOMER),
            (CARD, CARD),
        ],
    )
    def test_a_member_is_found_by_each_kind_of_identity(
        self, shown: dict[str, str], searched: dict[str, str]
    ) -> None:
        enrolled = enroll(shown)

        found = look_up(searched)

        assert found.status == 200
        assert found.body == enrolled.body

    @pytest.mark.parametrize(
        "searched",
        [
            {"kind": "email", "value": "207119551@example.com"},
            {"kind": "card", "value": "207119551"},
            CUSTOMER | {"source": "other-shop"},
        ],
    )
    def test_nobody_else_is_found(self, searched: dict[str, str]) -> None:
        enroll(CUSTOMER)

        assert (look_up(searched).status, look_up(searched).code) == (404, "not_found")

    def test_members_cannot_look_up_others(self) -> None:
        enroll(ANA)

        answer = look_up(ANA, as_=person("sub-ana", email="ana@example.com"))

        assert (answer.status, answer.code) == (403, "forbidden")

    def test_a_token_of_another_program_finds_no_such_program(self) -> None:
        enroll(ANA)

        answer = look_up(ANA, as_=staff("leaf", "cashier"))

        assert (answer.status, answer.code) == (404, "not_found")


class TestReading:
    def test_members_see_themselves_and_nobody_else(self) -> None:
        ana, bob = person("sub-ana"), person("sub-bob")
        of_ana, of_bob = enroll(as_=ana), enroll(as_=bob)

        assert read(of_ana.body["id"], as_=ana).status == 200
        assert read(of_bob.body["id"], as_=ana).status == 404
        assert read("me", as_=person("sub-nobody")).status == 404

    @pytest.mark.parametrize("member_id", ["mem_01JUNKNOWN", "x%23ACCOUNT", "me"])
    def test_an_unknown_member_is_not_found(self, member_id: str) -> None:
        answer = read(member_id)

        assert (answer.status, answer.code) == (404, "not_found")

    def test_every_lot_is_shown_until_its_last_day_is_over(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        expiry = {"model": "after_earning", "months": 1, "round_to": "none"}
        publish(version=2, expiry=expiry, pending_days=0, time_zone="Europe/Paris")
        member_id = enroll(ANA).body["id"]
        earn(member_id, "1001", occurred_at=time.now)
        time.now = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
        earn(member_id, "1002", occurred_at=time.now, amount_minor=2000)
        points = read(member_id).body["lots"][0]["points"]

        time.now = datetime(2026, 12, 21, 22, 59, 59, tzinfo=UTC)
        before = read(member_id).body
        time.now += timedelta(seconds=1)
        after = read(member_id).body

        assert [lot["expires_on"] for lot in before["lots"]] == ["2026-12-21", "2027-01-01"]
        assert [lot["expires_on"] for lot in after["lots"]] == ["2027-01-01"]
        assert before["balance"] - after["balance"] == points > 0

    def test_pending_points_are_shown_with_their_dates_and_become_available(
        self, publish: Callable[..., PublishedProgram], time: Clock
    ) -> None:
        expiry = {"model": "never"}
        publish(version=2, expiry=expiry, pending_days=10)
        member_id = enroll(ANA).body["id"]
        earn(member_id, "1001", occurred_at=time.now)

        before = read(member_id).body
        time.now += timedelta(days=10)
        after = read(member_id).body

        points = after["balance"]
        assert before["balance"] == 0
        assert before["pending"] == [
            {"available_on": "2026-12-01", "expires_on": None, "points": points}
        ]
        assert after["pending"] == []
        assert after["lots"] == [{"expires_on": None, "points": points}]


class TestReadingMergedMembers:
    def test_both_logins_and_both_ids_lead_to_the_survivor(self) -> None:
        ana, also_ana = person("sub-1", email="ana@example.com"), person("sub-2")
        first, second = enroll(as_=ana).body["id"], enroll(as_=also_ana).body["id"]
        stranger = person("sub-3")
        enroll(as_=stranger)

        till.merge(first, second)

        for login in (ana, also_ana):
            for named in ("me", first, second):
                assert read(named, as_=login).body["id"] == second
        for named in (first, second):
            assert read(named, as_=stranger).status == 404
        kinds = [each["kind"] for each in read("me", as_=ana).body["identities"]]
        assert sorted(kinds) == ["email", "subject", "subject"]
        assert look_up(ANA).body["id"] == second


class TestChanging:
    def test_only_the_fields_given_are_changed(self) -> None:
        profile = {"name": "Ana", "locale": "fr-FR", "attributes": {"milk": "oat", "size": "L"}}
        member_id = enroll(ANA, profile=profile, consents={"email": True, "sms": True}).body["id"]

        answer = change(
            member_id,
            profile={"locale": None, "attributes": {"milk": "soy", "size": None}},
            consents={"sms": False},
            identities=[CARD],
        )

        assert answer.status == 200
        assert answer.body["profile"] == {
            "name": "Ana",
            "locale": None,
            "birthday": None,
            "attributes": {"milk": "soy"},
        }
        assert answer.body["consents"] == {"email": True, "sms": False}
        assert look_up(CARD).body == answer.body

    def test_an_identity_of_another_member_cannot_be_added(self) -> None:
        other = enroll(CARD)
        member_id = enroll(ANA).body["id"]

        answer = change(member_id, identities=[CARD], profile={"name": "Ana"})

        assert (answer.status, answer.code) == (409, "identity_taken")
        assert answer.body["member_id"] == other.body["id"]
        assert read(member_id).body["profile"]["name"] is None

    def test_a_member_adds_only_identities_their_token_proves(self) -> None:
        enroll(as_=person("sub-ana"))
        ana = person("sub-ana", phone="+33612345678")

        proven = change("me", as_=ana, identities=[{"kind": "phone", "value": "+33612345678"}])
        guessed = change("me", as_=ana, identities=[CARD])

        assert proven.status == 200
        assert (guessed.status, guessed.code) == (409, "identity_taken")
        assert "member_id" not in guessed.body

    def test_staff_remove_an_identity_and_it_is_free_again(self) -> None:
        member_id = enroll(ANA, CARD).body["id"]

        answer = change(member_id, remove_identities=[CARD])

        assert [each["kind"] for each in answer.body["identities"]] == ["email"]
        assert enroll(CARD).status == 201

    def test_a_member_cannot_remove_identities(self) -> None:
        ana = person("sub-ana", email="ana@example.com")
        enroll(as_=ana)

        answer = change("me", as_=ana, remove_identities=[ANA])

        assert (answer.status, answer.code) == (403, "forbidden")

    def test_someone_with_a_new_login_is_linked_after_the_old_one_was_parted(self) -> None:
        member_id = enroll(as_=person("sub-old", email="ana@example.com")).body["id"]
        change(member_id, unlink=True)

        answer = enroll(as_=person("sub-new", email="ana@example.com"))

        assert (answer.status, answer.body["id"]) == (200, member_id)
        assert read("me", as_=person("sub-old")).status == 404

    def test_a_member_has_a_bounded_number_of_identities(self) -> None:
        cards = [{"kind": "card", "value": f"card-{number}"} for number in range(21)]
        member_id = enroll(*cards[:10]).body["id"]
        change(member_id, identities=cards[10:20])

        answer = change(member_id, identities=cards[20:])

        assert (answer.status, answer.code) == (409, "limit_reached")

    def test_an_analyst_changes_nobody_else(self) -> None:
        member_id = enroll(ANA).body["id"]
        analyst = staff("bean", "analyst")

        assert read(member_id, as_=analyst).status == 200
        assert change(member_id, as_=analyst, profile={"name": "X"}).code == "forbidden"
        assert erase(member_id, as_=analyst).code == "forbidden"


class TestErasing:
    def test_the_person_is_forgotten_and_the_entries_stay(
        self, engine: DynamoEngine, time: Clock, dynamodb: Any
    ) -> None:
        ana = person("sub-ana", email="ana@example.com")
        member_id = enroll(as_=ana, profile={"name": "Ana"}).body["id"]
        earn(member_id, "1001", occurred_at=time.now)

        answer = erase("me", as_=ana)

        assert (answer.status, answer.text) == (204, "")
        assert read(member_id).status == 404
        assert read("me", as_=ana).status == 404
        assert history(member_id).status == 404
        # A note lists what else has to be erased, until that is done.
        left = [
            item
            for item in dynamodb.scan(TableName=TABLE)["Items"]
            if not item["pk"]["S"].endswith("#ERASURES")
        ]
        assert "ENTRY#accrual" in str(left)
        assert not re.search("ana@example|Ana'|sub-ana|IDENTITY", str(left))

    def test_erasing_again_is_no_error(self) -> None:
        member_id = enroll(ANA).body["id"]
        erase(member_id)

        assert erase(member_id).status == 204
        assert erase("mem_unknown").status == 404

    def test_their_identities_can_be_enrolled_again(self) -> None:
        member_id = enroll(ANA).body["id"]
        erase(member_id)

        answer = enroll(ANA)

        assert answer.status == 201
        assert answer.body["id"] != member_id


class TestHistory:
    def test_entries_come_newest_first_page_by_page(self, time: Clock) -> None:
        member_id = enroll(ANA).body["id"]
        for number in range(6):
            time.now += timedelta(minutes=1)
            earn(member_id, f"order-{number}", occurred_at=time.now)

        seen: list[str] = []
        query = {"limit": "2"}
        pages = 0
        while True:
            page = history(member_id, None, **query).body
            seen += [item["order"]["order_id"] for item in page["items"]]
            pages += 1
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]

        assert seen == [f"order-{number}" for number in (5, 4, 3, 2, 1, 0)]
        assert pages == 3

    def test_an_entry_has_its_points_and_dates(self, time: Clock) -> None:
        member_id = enroll(ANA).body["id"]
        earn(member_id, "1001", occurred_at=time.now)

        (entry,) = history(member_id).body["items"]

        assert entry["kind"] == "accrual"
        assert entry["points"] == read(member_id).body["balance"] > 0
        assert entry["order"] == {"source": "pos", "order_id": "1001"}
        assert entry["recorded_at"] == "2026-11-21T10:00:00Z"

    def test_a_cursor_that_was_changed_or_is_of_another_list_is_refused(self, time: Clock) -> None:
        ana, bob = enroll(ANA).body["id"], enroll(CARD).body["id"]
        for number in range(2):
            earn(ana, f"order-{number}", occurred_at=time.now)
        cursor = history(ana, limit="1").body["next_cursor"]

        changed = history(ana, cursor=("B" if cursor[0] == "A" else "A") + cursor[1:])
        of_another = history(bob, cursor=cursor)
        nonsense = history(ana, cursor="%%%")

        for refused in (changed, of_another, nonsense):
            assert (refused.status, refused.code) == (422, "invalid_cursor")

    @pytest.mark.parametrize("limit", ["0", "101", "ten"])
    def test_a_page_has_1_to_100_items(self, limit: str) -> None:
        answer = history(enroll(ANA).body["id"], limit=limit)

        assert (answer.status, list(answer.pointers)) == (422, ["/query/limit"])


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"identities": [{"kind": "email", "value": "ana"}]}, "/identities/0/value"),
            ({"identities": [{"kind": "phone", "value": "0612345678"}]}, "/identities/0/value"),
            ({"identities": [{"kind": "card", "value": "60 34"}]}, "/identities/0/value"),
            ({"identities": [{"kind": "customer", "value": "1"}]}, "/identities/0/source"),
            ({"identities": [ANA | {"source": "shop"}]}, "/identities/0/value"),
            ({"identities": [{"kind": "subject", "value": "x"}]}, "/identities/0/kind"),
            ({"identities": [ANA | {"verified": "yes"}]}, "/identities/0/verified"),
            ({"identities": [ANA | {"value": 5}]}, "/identities/0/value"),
            ({"identities": [ANA] * 11}, "/identities"),
            ({"identities": [ANA], "profile": {"nickname": "A"}}, "/profile/nickname"),
            ({"identities": [ANA], "profile": {"birthday": "28.2.1990"}}, "/profile/birthday"),
            ({"identities": [ANA], "profile": {"birthday": "2026-11-22"}}, "/profile/birthday"),
            ({"identities": [ANA], "profile": {"locale": "French!"}}, "/profile/locale"),
            ({"identities": [ANA], "consents": {"email": 1}}, "/consents/email"),
        ],
    )
    def test_a_mistake_is_named_by_its_place(self, body: dict[str, Any], pointer: str) -> None:
        answer = call(handler, "POST", MEMBERS, body=body, as_=staff("bean", "cashier"))

        assert (answer.status, answer.code) == (422, "validation_failed")
        assert list(answer.pointers) == [pointer]

    @pytest.mark.parametrize(
        ("raw", "status", "code"),
        [
            (None, 400, "malformed_json"),
            ("{", 400, "malformed_json"),
            ("[]", 422, "validation_failed"),
            ('{"profile": {"name": "' + "x" * 262_144 + '"}}', 413, "too_large"),
        ],
    )
    def test_a_body_that_cannot_be_read_is_refused(
        self, raw: str | None, status: int, code: str
    ) -> None:
        answer = call(handler, "POST", MEMBERS, raw=raw, as_=staff("bean", "cashier"))

        assert (answer.status, answer.code) == (status, code)


def test_no_log_line_holds_personal_data(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = StringIO()
    monkeypatch.setattr(logger, "stream", log)
    ana = person("sub-ana", email="ana@example.com", phone="+33612345678")

    enroll(as_=ana, profile={"name": "Ana Quispe"})
    enroll(ANA)
    look_up(ANA)
    enroll({"kind": "email", "value": "not an address of ana"})

    shown = log.getvalue() + capsys.readouterr().out
    assert shown.count('"message":"answered"') == 4
    for personal in ("ana@example", "612345678", "Quispe", "sub-ana", "not an address"):
        assert personal not in shown


def test_erasing_empties_the_account_with_an_entry_that_says_so(
    program: PublishedProgram, time: Clock
) -> None:
    member_id = str(enroll(ANA).body["id"])
    earn(member_id, "1", occurred_at=time.now)

    erase(member_id)

    serving = open_desk("bean", table=TABLE)
    account = serving.books.account(member_id, strong=True)
    entries = serving.books.entries(member_id)
    assert account is not None
    assert (account.status, account.balance, dict(account.holding.lots)) == ("closed", 0, {})
    assert sorted((entry.kind, entry.points) for entry in entries) == [
        ("accrual", 50),
        ("adjustment", -50),
    ]
    assert audit(account, entries, program=program) == []
