"""Points buy rewards over HTTP, and tills use the vouchers, each once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.redemption.handler import handler
from loyalty.edge.desk import open_desk
from loyalty.usecases.ledger.redemption import release
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.http import Answer, call, person, service, staff

pytestmark = pytest.mark.usefixtures("program")


class TestRedeeming:
    def test_points_buy_a_reward_and_a_voucher_comes_back(self, ana: str) -> None:
        answer = till.redeem(ana)

        assert answer.status == 201, answer.text
        body = answer.body
        assert body["id"].startswith("red_")
        assert (body["reward_id"], body["points"], body["state"]) == ("latte", 40, "issued")
        assert len(body["voucher"]["code"]) == 16
        assert body["voucher"]["expires_at"] is None
        assert body["slices"] == [{"expires_on": "2027-11-30", "points": 40}]
        assert till.member(ana)["balance"] == 9

    def test_the_same_request_again_is_answered_with_the_same_body(self, ana: str) -> None:
        first = till.redeem(ana, key="once")

        again = till.redeem(ana, key="once")

        assert (first.status, again.status) == (201, 200)
        assert again.body == first.body
        assert till.member(ana)["balance"] == 9

    def test_a_retry_of_the_redemption_that_took_the_last_points_hears_no_refusal(
        self, ana: str
    ) -> None:
        first = till.redeem(ana, key="once")
        assert till.redeem(ana, key="another").code == "insufficient_points"

        again = till.redeem(ana, key="once")

        assert (again.status, again.body) == (200, first.body)

    def test_the_same_key_with_different_content_is_a_conflict(self, ana: str) -> None:
        till.redeem(ana, key="once")

        answer = till.redeem(ana, "five-off", key="once")

        assert (answer.status, answer.code) == (409, "idempotency_conflict")

    def test_the_same_key_from_another_caller_is_a_separate_request(self, ana: str) -> None:
        till.earn(ana, 4000)
        first = till.redeem(ana, key="once")

        other = till.redeem(ana, key="once", as_=staff("bean", "cashier", subject="staff-2"))

        assert (first.status, other.status) == (201, 201)
        assert first.body["id"] != other.body["id"]

    def test_the_soonest_expiry_is_spent_first(self, ana: str, time: Clock) -> None:
        time.now = datetime(2026, 12, 20, 10, 0, tzinfo=UTC)
        till.earn(ana, 3000, occurred_at="2026-12-20T09:00:00Z")

        slices = till.redeem(ana, key="a").body["slices"]
        till.earn(ana, 2000, occurred_at="2026-12-20T09:30:00Z")
        across = till.redeem(ana, key="b").body["slices"]

        assert slices == [{"expires_on": "2027-11-30", "points": 40}]
        assert across == [
            {"expires_on": "2027-11-30", "points": 9},
            {"expires_on": "2027-12-31", "points": 31},
        ]

    @pytest.mark.parametrize(
        ("now", "status"),
        [
            (datetime(2027, 11, 30, 22, 59, 59, tzinfo=UTC), 201),
            (datetime(2027, 11, 30, 23, 0, 0, tzinfo=UTC), 409),
        ],
    )
    def test_a_lot_pays_to_the_last_second_of_its_last_day_in_the_programs_time_zone(
        self, ana: str, time: Clock, now: datetime, status: int
    ) -> None:
        time.now = now

        answer = till.redeem(ana)

        assert answer.status == status

    def test_expired_points_neither_count_nor_pay_though_no_sweep_ever_ran(
        self, ana: str, time: Clock
    ) -> None:
        time.now = datetime(2027, 12, 1, 9, 0, tzinfo=UTC)

        seen = till.member(ana)
        refused = till.redeem(ana)

        assert (seen["balance"], seen["lots"]) == (0, [])
        assert refused.code == "insufficient_points"

    @pytest.mark.parametrize(
        ("parts", "code"),
        [
            ({"available_from": "2026-11-22"}, "reward_unavailable"),
            ({"available_until": "2026-11-20"}, "reward_unavailable"),
            ({"stock": 0}, "out_of_stock"),
            ({"cost_points": 50}, "insufficient_points"),
        ],
    )
    def test_the_reason_a_reward_is_unavailable_is_listed_and_returned_on_redeeming(
        self, ana: str, offer: Callable[..., None], parts: dict[str, object], code: str
    ) -> None:
        offer(**parts)

        shown = till.rewards(ana)["latte"]
        refused = till.redeem(ana)

        assert (shown["redeemable"], shown["why_not"]) == (False, code)
        assert (refused.status, refused.code) == (409, code)
        assert till.member(ana)["balance"] == 49

    def test_a_reward_that_opens_in_steps_says_when_it_opens_for_the_member(
        self, ana: str, offer: Callable[..., None], time: Clock
    ) -> None:
        french = {"fact": "locale", "is_in": ["fr"]}
        offer(
            opens=[
                {"at": "2026-12-01T09:00:00+01:00", "for": french},
                {"at": "2026-12-02"},
            ]
        )

        for_all = till.rewards(ana)["latte"]
        till.change(ana, profile={"locale": "fr"})
        for_french = till.rewards(ana)["latte"]
        refused = till.redeem(ana)
        time.now = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
        opened = till.rewards(ana)["latte"]

        assert (for_all["why_not"], for_all["opens_at"]) == (
            "reward_unavailable",
            "2026-12-01T23:00:00Z",
        )
        assert for_french["opens_at"] == "2026-12-01T08:00:00Z"
        assert (refused.status, refused.code) == (409, "reward_unavailable")
        assert (opened["redeemable"], opened["opens_at"]) == (True, None)
        assert till.redeem(ana).status == 201

    def test_a_reward_is_listed_by_its_name_in_the_members_language(
        self, ana: str, offer: Callable[..., None]
    ) -> None:
        offer(translations={"fr": {"name": "Café au lait"}})
        in_english = till.rewards(ana)["latte"]["name"]
        till.change(ana, profile={"locale": "fr-CA"})

        assert (in_english, till.rewards(ana)["latte"]["name"]) == ("Latte", "Café au lait")

    def test_the_last_unit_is_sold_once(self, ana: str, offer: Callable[..., None]) -> None:
        offer(stock=1, cost_points=10)

        first, second = till.redeem(ana), till.redeem(ana)

        assert (first.status, second.code) == (201, "out_of_stock")
        assert till.rewards(ana)["latte"]["why_not"] == "out_of_stock"
        assert till.member(ana)["balance"] == 39

    def test_a_member_gets_a_limited_reward_no_more_often_than_allowed(
        self, ana: str, offer: Callable[..., None]
    ) -> None:
        offer(per_member_max=2, cost_points=10)

        codes = [till.redeem(ana).status for _ in range(3)]

        assert codes == [201, 201, 409]
        assert till.rewards(ana)["latte"]["why_not"] == "limit_reached"

    def test_an_unknown_reward_or_member_is_not_found(self, ana: str) -> None:
        assert till.redeem(ana, "nothing").status == 404
        assert till.redeem("mem_nobody").status == 404

    def test_a_request_without_its_key_is_refused(self, ana: str) -> None:
        answer = call(
            handler,
            "POST",
            f"{till.PROGRAM}/members/{ana}/redemptions",
            body={"reward_id": "latte"},
            as_=till.CASHIER,
        )

        assert (answer.status, answer.code) == (400, "missing_idempotency_key")


PAY: Final = {
    "kind": "amount_off",
    "cost_points": 10,
    "pay": {"amount_minor": 5, "per_points": 2},
}


class TestATillThatWasOffline:
    def test_reports_late_what_it_gave(
        self, ana: str, publish: Callable[..., object], time: Clock
    ) -> None:
        publish(version=2, late_redemption_minutes=60)
        time.now += timedelta(minutes=30)

        answer = till.redeem(ana, redeemed_at="2026-11-21T10:05:00Z", key="late")
        time.now += timedelta(days=2)
        again = till.redeem(ana, redeemed_at="2026-11-21T10:05:00Z", key="late")

        assert (answer.status, again.status) == (201, 200)
        assert answer.body == again.body
        assert answer.body["redeemed_at"] == "2026-11-21T10:05:00Z"

    @pytest.mark.parametrize(
        ("what", "faults"),
        [
            ({"redeemed_at": "2026-11-21T08:59:00Z"}, {"/redeemed_at": "time_out_of_range"}),
            ({"redeemed_at": "2026-11-21T10:07:00Z"}, {"/redeemed_at": "time_out_of_range"}),
            ({"redeemed_at": "2026-11-21T10:00:00Z", "hold": True}, {"/hold": "contradiction"}),
        ],
    )
    def test_not_too_late_not_from_the_future_and_no_hold(
        self,
        ana: str,
        publish: Callable[..., object],
        time: Clock,
        what: dict[str, Any],
        faults: dict[str, str],
    ) -> None:
        publish(version=2, late_redemption_minutes=60)
        time.now += timedelta(minutes=1)

        answer = till.redeem(ana, **what)

        assert (answer.status, answer.pointers) == (422, faults)

    def test_is_not_a_member(self, publish: Callable[..., object], time: Clock) -> None:
        publish(version=2, late_redemption_minutes=60)
        time.now += timedelta(minutes=1)

        ben = person("ben", email="ben@example.com")
        member_id = till.enroll_oneself(ben)

        answer = till.redeem(member_id, redeemed_at="2026-11-21T10:00:00Z", as_=ben)

        assert (answer.status, answer.pointers) == (422, {"/redeemed_at": "not_allowed"})


class TestRewardsThatAreGiven:
    def test_cost_nothing_and_say_why(self, ana: str) -> None:
        def give() -> Answer:
            return till.grant_reward(
                ana, "latte", key="case-12", reason="a cold latte", reference="case 12"
            )

        answer, again = give(), give()

        assert (answer.status, again.status) == (201, 200)
        assert answer.body == again.body
        assert (answer.body["points"], answer.body["granted_for"]) == (0, "manager")
        assert till.member(ana)["balance"] == 49
        assert till.use(answer.body["voucher"]["code"]).status == 200
        (given,) = [each for each in till.history(ana) if each["kind"] == "redemption"]
        assert (given["granted_for"], given["points"]) == ("manager", 0)
        assert (given["reason"], given["reference"]) == ("a cold latte", "case 12")

    def test_may_not_be_offered_to_members(self, ana: str, offer: Callable[..., None]) -> None:
        offer(offered=False, cost_points=0)

        assert till.rewards(ana) == {}
        assert till.redeem(ana).code == "reward_unavailable"
        assert till.grant_reward(ana, "latte").status == 201


class TestPayingWithPoints:
    def test_a_member_chooses_how_many_points_pay(
        self, ana: str, offer: Callable[..., None]
    ) -> None:
        offer(**PAY)

        answer = till.redeem(ana, points=15, order_amount=till.money(2000))

        assert answer.status == 201, answer.text
        assert (answer.body["points"], answer.body["amount"]) == (15, till.money(37))
        assert till.member(ana)["balance"] == 34

    @pytest.mark.parametrize(
        ("redeemed", "status", "code"),
        [
            ({}, 422, {"/points": "missing"}),
            ({"points": 9, "order_amount": till.money(2000)}, 422, {"/points": "below_minimum"}),
            ({"points": 15}, 422, {"/order_amount": "missing"}),
            ({"points": 15, "order_amount": till.money(36)}, 422, {"/points": "beyond_order"}),
            ({"points": 50, "order_amount": till.money(2000)}, 409, {}),
        ],
    )
    def test_an_invalid_choice_of_points_is_refused(
        self,
        ana: str,
        offer: Callable[..., None],
        redeemed: dict[str, Any],
        status: int,
        code: dict[str, str],
    ) -> None:
        offer(**PAY)

        answer = till.redeem(ana, **redeemed)

        assert (answer.status, answer.pointers) == (status, code)

    def test_points_that_are_worth_no_whole_cent_stay_with_the_member(
        self, ana: str, offer: Callable[..., None]
    ) -> None:
        offer(**PAY | {"cost_points": 1, "pay": {"amount_minor": 1, "per_points": 3}})

        nothing = till.redeem(ana, points=2, order_amount=till.money(2000))
        paid = till.redeem(ana, points=10, order_amount=till.money(2000))

        assert (nothing.status, nothing.pointers) == (422, {"/points": "worth_nothing"})
        assert (paid.body["points"], paid.body["amount"]) == (9, till.money(3))
        assert till.member(ana)["balance"] == 40

    def test_points_pay_from_an_order_amount_on_and_up_to_a_sum(
        self, ana: str, offer: Callable[..., None]
    ) -> None:
        pay = {"amount_minor": 5, "per_points": 2, "order_minor_min": 500, "amount_minor_max": 50}
        offer(**PAY | {"pay": pay})

        small = till.redeem(ana, points=10, order_amount=till.money(499))
        much = till.redeem(ana, points=22, order_amount=till.money(2000))
        most = till.redeem(ana, points=20, order_amount=till.money(500))

        assert (small.status, small.pointers) == (422, {"/order_amount": "below_minimum"})
        assert (much.status, much.pointers) == (422, {"/points": "beyond_maximum"})
        assert (most.status, most.body["amount"]) == (201, till.money(50))

    def test_a_partial_refund_returns_its_share_of_the_points(
        self, ana: str, offer: Callable[..., None]
    ) -> None:
        offer(**PAY)
        paid = till.redeem(ana, points=40, order_amount=till.money(2000)).body
        codes = [paid["voucher"]["code"]]
        till.post_order(till.order(900, order_id="paid", member_id=ana, voucher_codes=codes))
        before = till.member(ana)["balance"]

        half = till.refund("paid", amount=till.money(450))
        again = till.refund("paid", amount=till.money(450))
        rest = till.refund("paid", "r2", whole=True)

        step = {"redemption_id": paid["id"], "reason": None, "replayed": False}
        assert half.body["vouchers"] == [step | {"status": "points_returned", "points": 20}]
        assert again.body["vouchers"] == []
        assert [(each["status"], each["points"]) for each in rest.body["vouchers"]] == [
            ("kept", 0),
            ("points_returned", 20),
        ]
        assert till.member(ana)["balance"] == before - 9 + 40

    def test_a_fixed_price_is_not_for_choosing(self, ana: str) -> None:
        answer = till.redeem(ana, points=41)

        assert (answer.status, answer.pointers) == (422, {"/points": "fixed_price"})


class TestVouchers:
    def test_a_voucher_is_used_once(self, ana: str) -> None:
        code = till.redeem(ana).body["voucher"]["code"]
        order = {"source": "pos", "order_id": "1002"}
        assert till.check(code).body["state"] == "issued"

        used = till.use(code, key="use-1", order=order)
        again = till.use(code, key="use-1", order=order)
        other = till.use(code, key="use-2", order=order)

        assert (used.status, used.body["state"]) == (200, "used")
        assert used.body["used_at"] == "2026-11-21T10:00:00Z"
        assert (again.status, again.body) == (200, used.body)
        assert (other.status, other.code) == (409, "voucher_used")

    def test_staff_see_who_redeemed_and_used_it_and_the_member_does_not(self, ana: str) -> None:
        herself = person("ana", email="ana@example.com")
        assert till.enroll_oneself(herself) == ana
        cashier, server = staff("bean", "cashier", subject="till-1"), service("bean")
        code = till.redeem(ana, as_=cashier).body["voucher"]["code"]
        used = till.use(code, as_=server).body

        assert (used["recorded_by"], used["use_recorded_by"]) == ("till-1", server["sub"])
        (shown,) = till.redemptions(ana, as_=till.MANAGER).body["items"]
        assert (shown["recorded_by"], shown["use_recorded_by"]) == ("till-1", server["sub"])
        (redeemed,) = [each for each in till.history(ana) if each["kind"] == "redemption"]
        assert redeemed["recorded_by"] == "till-1"
        for claims in (herself, staff("bean", "analyst")):
            (shown,) = till.redemptions(ana, as_=claims).body["items"]
            assert (shown["recorded_by"], shown["use_recorded_by"]) == (None, None)
            assert {entry["recorded_by"] for entry in till.history(ana, as_=claims)} == {None}

    def test_the_same_key_for_another_order_is_a_conflict(self, ana: str) -> None:
        code = till.redeem(ana).body["voucher"]["code"]
        till.use(code, key="use-1", order={"source": "pos", "order_id": "1"})

        answer = till.use(code, key="use-1", order={"source": "pos", "order_id": "2"})

        assert (answer.status, answer.code) == (409, "idempotency_conflict")

    def test_a_code_may_be_typed_in_lower_case(self, ana: str) -> None:
        code = till.redeem(ana).body["voucher"]["code"]

        assert till.use(code.lower()).status == 200

    def test_an_unknown_code_is_not_found(self) -> None:
        assert till.check("AAAABBBBCCCCDDDD").status == 404
        assert till.use("AAAABBBBCCCCDDDD").status == 404

    def test_a_voucher_past_its_date_is_not_taken(
        self, ana: str, offer: Callable[..., None], time: Clock
    ) -> None:
        offer(voucher_days=30)
        code = till.redeem(ana).body["voucher"]["code"]
        # The program's zone is an hour ahead of UTC: the 30th day after ends at 23:00.
        time.now = datetime(2026, 12, 21, 23, tzinfo=UTC)

        answer = till.use(code)

        assert (answer.status, answer.code) == (409, "wrong_state")
        assert till.check(code).body["state"] == "expired"

    def test_a_voucher_can_be_used_to_the_end_of_its_last_day_in_the_programs_zone(
        self, ana: str, offer: Callable[..., None], time: Clock
    ) -> None:
        offer(voucher_days=30)
        voucher = till.redeem(ana).body["voucher"]
        time.now = datetime(2026, 12, 21, 22, 59, tzinfo=UTC)

        answer = till.use(voucher["code"])

        assert voucher["expires_at"] == "2026-12-21T23:00:00Z"
        assert answer.status == 200

    def test_redemptions_are_listed_newest_first_page_by_page(
        self, ana: str, offer: Callable[..., None], time: Clock
    ) -> None:
        offer(cost_points=10)
        made = []
        for _ in range(3):
            time.now += timedelta(seconds=1)
            made.append(till.redeem(ana).body["id"])

        first = till.redemptions(ana, limit="2").body
        rest = till.redemptions(ana, limit="2", cursor=first["next_cursor"]).body

        listed = [item["id"] for item in first["items"] + rest["items"]]
        assert listed == made[::-1]
        assert rest["next_cursor"] is None

    def test_a_tampered_cursor_is_refused(self, ana: str, offer: Callable[..., None]) -> None:
        offer(cost_points=10)
        till.redeem(ana)
        till.redeem(ana)
        cursor = till.redemptions(ana, limit="1").body["next_cursor"]
        tampered = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]

        answer = till.redemptions(ana, cursor=tampered)

        assert (answer.status, answer.code) == (422, "invalid_cursor")


class TestHolds:
    def test_a_hold_reserves_points_until_it_is_completed(self, ana: str) -> None:
        held = till.redeem(ana, hold=True).body
        assert (held["state"], held["held_until"]) == ("held", "2026-11-21T10:15:00Z")
        assert till.use(held["voucher"]["code"]).code == "wrong_state"

        completed = till.step(ana, held["id"], "complete")

        assert (completed.status, completed.body["state"]) == (200, "issued")
        assert till.step(ana, held["id"], "complete").body == completed.body
        assert till.use(held["voucher"]["code"]).status == 200

    def test_a_hold_that_ran_out_cannot_be_completed(self, ana: str, time: Clock) -> None:
        held = till.redeem(ana, hold=True).body
        time.now += timedelta(minutes=15)

        answer = till.step(ana, held["id"], "complete")

        assert (answer.status, answer.code) == (409, "wrong_state")

    def test_a_cancelled_redemption_returns_its_points_to_their_lots_once(self, ana: str) -> None:
        redeemed = till.redeem(ana).body

        first = till.step(ana, redeemed["id"], "cancel")
        again = till.step(ana, redeemed["id"], "cancel")

        assert (first.status, first.body["state"]) == (200, "cancelled")
        assert (again.status, again.body) == (200, first.body)
        seen = till.member(ana)
        assert (seen["balance"], seen["lots"]) == (
            49,
            [{"expires_on": "2027-11-30", "points": 49}],
        )
        assert till.use(redeemed["voucher"]["code"]).code == "wrong_state"

    def test_a_member_cancels_only_a_held_redemption(self) -> None:
        herself = person("eve", email="eve@example.com")
        eve = till.enroll_oneself(herself)
        till.earn(eve, 4900)
        held = till.redeem(eve, hold=True).body
        cancelled = till.step("me", held["id"], "cancel", as_=herself)
        assert (cancelled.status, cancelled.body["state"]) == (200, "cancelled")
        issued = till.redeem(eve).body

        answer = till.step("me", issued["id"], "cancel", as_=herself)

        assert (answer.status, answer.code) == (409, "voucher_issued")
        assert till.check(issued["voucher"]["code"]).body["state"] == "issued"
        assert till.member(eve)["balance"] == 9
        assert till.step(eve, issued["id"], "cancel").body["state"] == "cancelled"

    def test_a_used_voucher_cannot_be_cancelled(self, ana: str) -> None:
        redeemed = till.redeem(ana).body
        till.use(redeemed["voucher"]["code"])

        answer = till.step(ana, redeemed["id"], "cancel")

        assert (answer.status, answer.code) == (409, "wrong_state")

    def test_a_cancel_gives_back_the_unit_of_stock_and_the_turn(
        self, ana: str, offer: Callable[..., None]
    ) -> None:
        offer(stock=1, per_member_max=1, cost_points=10)
        redeemed = till.redeem(ana).body

        till.step(ana, redeemed["id"], "cancel")

        assert till.rewards(ana)["latte"]["redeemable"]
        assert till.redeem(ana).status == 201

    def test_points_of_an_expired_lot_come_back_for_the_programs_reinstate_days(
        self, ana: str, time: Clock
    ) -> None:
        redeemed = till.redeem(ana).body
        time.now = datetime(2027, 12, 2, 9, 0, tzinfo=UTC)

        till.step(ana, redeemed["id"], "cancel")

        assert till.member(ana)["lots"] == [{"expires_on": "2027-12-14", "points": 40}]

    @pytest.mark.parametrize("who", ["me", "id"])
    def test_a_member_who_cancels_themself_gains_no_day(self, who: str, time: Clock) -> None:
        herself = person("ana", email="ana@example.com")
        ana = till.enroll()
        till.enroll_oneself(herself)
        till.earn(ana, 4999)
        # In Paris the lot's last day ends at 23:00 UTC, while the reward is held.
        time.now = datetime(2027, 11, 30, 22, 55, tzinfo=UTC)
        redeemed = till.redeem(ana, hold=True).body
        time.now = datetime(2027, 11, 30, 23, 5, tzinfo=UTC)

        answer = till.step({"me": "me", "id": ana}[who], redeemed["id"], "cancel", as_=herself)

        assert answer.body["state"] == "cancelled"
        assert till.member(ana)["lots"] == []


class TestWhoMay:
    def test_somebody_else_does_not_learn_of_a_members_redemptions(self, ana: str) -> None:
        stranger = person("stranger", email="eve@example.com")

        assert till.redemptions(ana, as_=stranger).status == 404
        assert till.redeem(ana, as_=stranger).status == 404
        assert till.redemptions("me", as_=stranger).status == 404

    def test_another_members_redemption_is_not_found(self, ana: str) -> None:
        redeemed = till.redeem(ana).body
        bob = till.enroll("bob@example.com")

        answer = till.step(bob, redeemed["id"], "cancel")

        assert (answer.status, answer.code) == (404, "not_found")

    def test_members_do_not_use_vouchers_themselves(self, ana: str) -> None:
        code = till.redeem(ana).body["voucher"]["code"]

        assert till.use(code, as_=person("ana")).code == "forbidden"


def test_the_hold_of_an_erased_member_ends_without_returning_points(ana: str, time: Clock) -> None:
    code = till.redeem(ana, hold=True).body["voucher"]["code"]
    till.erase(ana)
    time.now += timedelta(minutes=15)

    released = release(code, desk=open_desk("bean", table=TABLE))

    assert released.state == "cancelled"
    assert till.check(code).body["state"] == "cancelled"
