"""Points given to another member, and two members made one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from functions.enrollment.handler import handler
from loyalty.domain.program.document import PublishedProgram
from loyalty.usecases.ledger import statements
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import rule
from tests.support.http import call, person, service, staff
from tests.support.till import money

pytestmark = pytest.mark.usefixtures("program")

type Rules = Callable[..., None]


@pytest.fixture
def rules(publish: Callable[..., PublishedProgram], time: Clock) -> Rules:
    """Change parts of the program."""

    def change(**parts: object) -> None:
        publish(version=2, earning_rules=[rule()], **parts)
        time.now += timedelta(minutes=1)

    return change


class TestTransfers:
    def test_lots_keep_their_expiry_soonest_first(self, rules: Rules) -> None:
        rules(transfers={"points_max": 100})
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.adjust(ana, 30, expires_on="2026-12-24")
        till.adjust(ana, 50)

        answer = till.transfer(ana, bob, 40)

        assert answer.status == 201
        entry = answer.body["entry"]
        assert (entry["kind"], entry["points"], entry["counterpart_id"]) == ("transfer", -40, bob)
        assert till.member(ana)["lots"] == [{"expires_on": "2027-11-30", "points": 40}]
        assert till.member(bob)["lots"] == [
            {"expires_on": "2026-12-24", "points": 30},
            {"expires_on": "2027-11-30", "points": 10},
        ]

    def test_the_same_request_again_moves_nothing(self, rules: Rules) -> None:
        rules(transfers={"points_max": 100})
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.adjust(ana, 40)
        first = till.transfer(ana, bob, 40, key="once")

        again = till.transfer(ana, bob, 40, key="once")

        assert (again.status, again.body) == (200, first.body)
        assert till.member(bob)["balance"] == 40

    def test_a_program_that_says_nothing_lets_no_points_be_given(self) -> None:
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.adjust(ana, 40)

        answer = till.transfer(ana, bob, 40)

        assert (answer.status, answer.code) == (403, "forbidden")

    def test_points_of_an_order_stay_until_it_can_no_longer_be_returned(
        self, rules: Rules, time: Clock
    ) -> None:
        rules(transfers={"points_max": 100})
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.earn(ana, 4000)

        answer = till.transfer(ana, bob, 40)

        assert (answer.status, answer.code) == (409, "points_too_new")
        time.now += timedelta(days=33)
        assert till.transfer(ana, bob, 40).status == 201

    def test_limits_hold(self, rules: Rules) -> None:
        rules(transfers={"points_min": 5, "points_max": 20, "per_month_max": 2})
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.adjust(ana, 100)

        assert till.transfer(ana, bob, 4).pointers == {"/points": "out_of_range"}
        assert till.transfer(ana, bob, 21).pointers == {"/points": "out_of_range"}
        assert [till.transfer(ana, bob, 20).status for _ in range(3)] == [201, 201, 409]
        assert till.transfer(ana, bob, 20).code == "limit_reached"
        assert till.transfer(bob, ana, 20).status == 201

    def test_a_member_cannot_transfer_to_themself_or_more_than_they_have(
        self, rules: Rules
    ) -> None:
        rules(transfers={"points_max": 100})
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.adjust(ana, 10)

        assert till.transfer(ana, ana, 5).code == "validation_failed"
        assert till.transfer(ana, bob, 11).code == "insufficient_points"
        assert till.transfer(ana, "mem_nobody", 5).status == 404

    def test_a_member_gives_only_what_is_their_own(self, rules: Rules) -> None:
        rules(transfers={"points_max": 100})
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.adjust(ana, 10)

        answer = till.transfer(ana, bob, 5, as_=person("bob", email="bob@example.com"))

        assert answer.status == 404


class TestMerging:
    def test_points_debts_and_pending_points_go_to_the_survivor(self, rules: Rules) -> None:
        rules(clawback="unlimited", pending_days=14)
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.earn(ana, 3000)
        till.adjust(ana, 50)
        till.adjust(bob, -20, below_zero=True)

        answer = till.merge(ana, bob)

        assert answer.status == 201, answer.text
        assert (answer.body["member_id"], answer.body["entry"]["points"]) == (bob, -50)
        seen = till.member(bob)
        assert (seen["balance"], seen["debt"]) == (30, 0)
        assert [each["points"] for each in seen["pending"]] == [30]
        assert till.member(ana) == seen

    def test_later_refunds_cancellations_and_retries_find_the_survivor(self, rules: Rules) -> None:
        rules(clawback="unlimited")
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        order = till.order(4000, member_id=ana)
        first = till.post_order(order)
        till.adjust(ana, 60)
        redeemed = till.redeem(ana, key="before").body
        till.merge(ana, bob)

        retried = till.post_order(order)
        again = till.redeem(ana, key="before")
        refunded = till.refund(order["order_id"], amount=money(1000))
        cancelled = till.step(ana, redeemed["id"], "cancel")

        assert (retried.status, retried.body) == (200, first.body)
        assert (again.status, again.body) == (200, redeemed)
        assert refunded.body["entry"]["points"] == -10
        assert cancelled.status == 200
        assert till.member(bob)["balance"] == 90

    def test_both_histories_are_one(self) -> None:
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        till.earn(ana, 3000)
        till.earn(bob, 2000)
        till.merge(ana, bob)

        answer = call(handler, "GET", f"{till.PROGRAM}/members/{bob}/history", as_=till.CASHIER)

        kinds = sorted((item["kind"], item["points"]) for item in answer.body["items"])
        assert kinds == [("accrual", 20), ("accrual", 30), ("merge", -30), ("merge", 30)]

    def test_redemptions_of_both_are_listed_page_by_page(self) -> None:
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        ids: set[str] = set()
        for member_id in (ana, bob, ana):
            till.earn(member_id, 4000, order_id=f"for-{len(ids)}")
            ids.add(till.redeem(member_id).body["id"])
        till.merge(ana, bob)

        first = till.redemptions(bob, limit="2").body
        rest = till.redemptions(ana, limit="2", cursor=first["next_cursor"]).body

        assert [len(page["items"]) for page in (first, rest)] == [2, 1]
        assert {each["id"] for page in (first, rest) for each in page["items"]} == ids
        assert rest["next_cursor"] is None

    def test_a_member_is_not_merged_into_themself_though_by_another_name(self) -> None:
        ana, bob = till.enroll(), till.enroll("bob@example.com")
        first = till.merge(ana, bob, key="once")

        assert till.merge(ana, ana).code == "validation_failed"
        assert till.merge(bob, ana).code == "validation_failed"
        assert till.merge(ana, bob, key="once").body == first.body

    def test_only_managers_and_services_merge(self) -> None:
        ana, bob = till.enroll(), till.enroll("bob@example.com")

        assert till.merge(ana, bob, as_=staff("bean", "cashier")).code == "forbidden"
        assert till.merge(ana, bob, as_=staff("other", "manager")).status == 404
        assert till.merge(ana, bob, as_=service("bean")).status == 201


class TestStatements:
    @pytest.fixture(autouse=True, params=["few", "many"])
    def entries_that_count_as(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Few are read whole; of many, one side of the period is read and the other counted."""
        if request.param == "many":
            monkeypatch.setattr(statements, "READ_WHOLE_MAX", 0)

    def test_a_statement_leads_from_the_opening_to_the_closing_balance_lot_by_lot(
        self, time: Clock
    ) -> None:
        ana = till.enroll()
        till.earn(ana, 4999)
        time.now = datetime(2026, 12, 5, 10, 0, tzinfo=UTC)
        till.earn(ana, 3000, occurred_at="2026-12-05T09:00:00Z")
        time.now += timedelta(seconds=1)
        till.redeem(ana)

        statement = till.statement(ana, "2026-12-01", "2026-12-31").body

        assert (statement["opening"]["balance"], statement["closing"]["balance"]) == (49, 39)
        assert [(each["kind"], each["points"]) for each in statement["entries"]] == [
            ("accrual", 30),
            ("redemption", -40),
        ]
        assert statement["lots"] == [
            {"expires_on": "2027-11-30", "opening": 49, "change": -40, "closing": 9},
            {"expires_on": "2027-12-31", "opening": 0, "change": 30, "closing": 30},
        ]

    def test_a_statement_shows_expired_points_that_no_sweep_recorded(self, time: Clock) -> None:
        ana = till.enroll()
        till.earn(ana, 4999)
        time.now = datetime(2027, 12, 2, 10, 0, tzinfo=UTC)

        statement = till.statement(ana, "2027-12-01", "2027-12-02").body

        assert (statement["opening"]["balance"], statement["closing"]["balance"]) == (49, 0)
        assert [(each["kind"], each["points"]) for each in statement["entries"]] == [
            ("expiry", -49)
        ]

    def test_the_balance_of_a_past_moment_is_what_was_shown_then(self, time: Clock) -> None:
        ana = till.enroll()
        shown: list[tuple[str, int]] = []

        def look() -> None:
            moment = time.now.isoformat().replace("+00:00", "Z")
            shown.append((moment, till.member(ana)["balance"]))

        look()
        till.earn(ana, 4999)
        look()
        time.now += timedelta(days=1)
        till.redeem(ana)
        look()
        time.now = datetime(2027, 11, 30, 22, 59, 59, tzinfo=UTC)
        look()
        time.now = datetime(2027, 11, 30, 23, 0, 0, tzinfo=UTC)
        look()
        time.now += timedelta(days=3)
        till.adjust(ana, 5)

        assert [balance for _, balance in shown] == [0, 49, 9, 9, 0]
        for moment, balance in shown[1:]:
            assert till.balance_at(ana, moment)["balance"] == balance

    @pytest.mark.parametrize(
        ("first", "last", "pointer"),
        [
            ("2026-12-02", "2026-12-01", "/query/to"),
            ("2025-01-01", "2026-12-01", "/query/to"),
            ("yesterday", "2026-12-01", "/query/from"),
        ],
    )
    def test_a_period_has_to_make_sense(self, first: str, last: str, pointer: str) -> None:
        answer = till.statement(till.enroll(), first, last)

        assert (answer.status, answer.code) == (422, "validation_failed")
        assert pointer in answer.pointers
