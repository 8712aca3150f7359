"""Redemptions: what a reward costs, and the steps of its voucher, each once."""

from datetime import timedelta
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    InsufficientPoints,
    LimitReached,
    NotFound,
    OutOfStock,
    RewardUnavailable,
    VoucherAlreadyUsed,
    VoucherIssued,
    WrongState,
)
from loyalty.domain.ledger.entries import Redemption
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.ledger.order_vouchers import cancel_vouchers
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    complete,
    end_cancelling,
    give_code,
    redeem_reward,
    redemption_of,
    release,
    rewards_for,
    use_voucher,
    voucher_of,
)
from tests.support.club import Club
from tests.support.documents import reward
from tests.support.memory import NOW, BusyTable, Shop

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
ORDER: Final = OrderRef("pos", "1001")


def shop(*, points: int = 100, engine: BusyTable | None = None, **terms: Any) -> Shop:
    """A café where a latte costs 40 points."""
    cafe = Shop(ANA, BEN, engine=engine, rewards=[reward(**terms)], hold_minutes=15)
    if points:
        cafe.adjust_balance(ANA, points)
    return cafe


def redeem(of: Shop, key: str = "k1", **request: Any) -> Recorded:
    requested = RequestedReward(**{"reward_id": "latte"} | request)
    return redeem_reward(ANA, request=requested, request_id=key, desk=of.desk)


def redeemed(of: Shop, key: str = "k1", **request: Any) -> Voucher:
    entry = redeem(of, key, **request).entry
    assert isinstance(entry.detail, Redemption)
    return voucher_of(entry.detail.code, desk=of.desk)


class TestRedeeming:
    def test_a_redemption_takes_the_points_and_issues_a_voucher(self) -> None:
        cafe = shop()

        voucher = redeemed(cafe)

        assert cafe.account(ANA).balance == 60
        assert (voucher.state, voucher.points, voucher.member_id) == ("issued", 40, ANA)

    def test_the_points_that_expire_first_are_spent_first(self) -> None:
        cafe = shop(points=0)
        soon = NOW.date() + timedelta(days=1)
        cafe.adjust_balance(ANA, 50)
        cafe.adjust_balance(ANA, 30, expiring_on=soon)

        redeem(cafe)

        assert soon not in cafe.account(ANA).holding.lots
        assert cafe.account(ANA).balance == 40

    def test_the_same_request_again_issues_the_same_voucher(self) -> None:
        cafe = shop()

        first, again = redeem(cafe), redeem(cafe)

        assert again == Recorded(entry=first.entry, replayed=True)
        assert cafe.account(ANA).balance == 60

    def test_a_request_key_belongs_to_one_reward(self) -> None:
        cafe = shop()
        redeem(cafe)

        with pytest.raises(IdempotencyConflict):
            redeem(cafe, hold=True)

    def test_points_are_not_spent_twice_by_requests_at_once(self) -> None:
        table = BusyTable()
        cafe = shop(points=40, engine=table)
        table.rivals.append(lambda: redeem(cafe, "k2"))

        with pytest.raises(InsufficientPoints):
            redeem(cafe, "k1")
        assert cafe.account(ANA).balance == 0

    def test_nobody_redeems_a_reward_that_the_program_does_not_have(self) -> None:
        with pytest.raises(NotFound):
            redeem(shop(), reward_id="mocha")

    def test_a_reward_is_sold_as_often_as_it_is_in_stock(self) -> None:
        cafe = shop(stock=1)
        redeem(cafe, "k1")

        with pytest.raises(OutOfStock):
            redeem(cafe, "k2")

    def test_a_member_redeems_a_reward_no_more_often_than_it_allows(self) -> None:
        cafe = shop(per_member_max=1)
        redeem(cafe, "k1")

        with pytest.raises(LimitReached):
            redeem(cafe, "k2")

    def test_a_reward_of_other_levels_is_refused(self) -> None:
        cafe = Shop(
            ANA,
            rewards=[reward(tiers=["gold"])],
            tiers={
                "basis": "spend",
                "period": "calendar_year",
                "levels": [
                    {"id": "gold", "name": "Gold", "reached_at": 1, "multiplier_percent": 100}
                ],
            },
        )
        cafe.adjust_balance(ANA, 100)

        with pytest.raises(RewardUnavailable):
            redeem(cafe)

    def test_a_reward_is_for_the_members_that_it_names(self) -> None:
        oat = {"fact": "attribute", "name": "milk", "is_in": ["oat"]}
        named = {"fact": "segment", "is_in": ["oat"]}
        cafe = Club(
            rewards=[reward(**{"for": named})],
            segments=[{"id": "oat", "name": "Oat drinkers", "who": oat}],
            members=(),
        )
        cafe.enrolls(ANA, attributes={"milk": "oat"})
        cafe.enrolls(BEN, attributes={"milk": "soy"})
        for member_id in (ANA, BEN):
            cafe.adjust_balance(member_id, 40)

        refusals = {
            member_id: rewards_for(member_id, desk=cafe.desk)[0].refusal for member_id in (ANA, BEN)
        }

        assert refusals[ANA] is None
        assert redeem(cafe).entry.points == -40
        assert isinstance(refusals[BEN], RewardUnavailable)
        with pytest.raises(RewardUnavailable, match="for other members"):
            redeem_reward(
                BEN, request=RequestedReward(reward_id="latte"), request_id="k2", desk=cafe.desk
            )

    def test_an_offer_says_what_is_missing_and_why_it_is_refused(self) -> None:
        (offer,) = rewards_for(ANA, desk=shop(points=30).desk)

        assert (offer.cost_points, offer.missing_points) == (40, 10)
        assert isinstance(offer.refusal, InsufficientPoints)

    def test_an_offer_that_can_be_redeemed_has_no_refusal(self) -> None:
        (offer,) = rewards_for(ANA, desk=shop().desk)

        assert (offer.missing_points, offer.refusal) == (0, None)


class TestHolding:
    def test_a_hold_is_completed_once(self) -> None:
        cafe = shop()
        held = redeemed(cafe, hold=True)

        assert held.state == "held"
        for _ in range(2):
            completed = complete(held.redemption_id, member_id=ANA, desk=cafe.desk)
            assert completed.state == "issued"

    def test_a_hold_that_ran_out_cannot_be_completed_and_returns_its_points(self) -> None:
        cafe = shop()
        held = redeemed(cafe, hold=True)
        cafe.now += timedelta(minutes=16)

        with pytest.raises(WrongState):
            complete(held.redemption_id, member_id=ANA, desk=cafe.desk)
        for _ in range(2):
            assert release(held.code, desk=cafe.desk).state == "cancelled"

        assert cafe.account(ANA).balance == 100
        cafe.must_add_up(ANA)

    def test_a_hold_that_has_not_run_out_is_not_released(self) -> None:
        cafe = shop()
        held = redeemed(cafe, hold=True)

        assert release(held.code, desk=cafe.desk) == held


class TestCancelling:
    def test_a_cancelled_redemption_returns_its_points_and_its_stock_once(self) -> None:
        cafe = shop(stock=1)
        voucher = redeemed(cafe)

        for _ in range(2):
            assert cancel(voucher.redemption_id, member_id=ANA, desk=cafe.desk).state == "cancelled"

        assert cafe.account(ANA).balance == 100
        assert redeemed(cafe, "k2").state == "issued"

    def test_members_cancel_holds_only(self) -> None:
        cafe = shop()
        held, issued = redeemed(cafe, "k1", hold=True), redeemed(cafe, "k2")

        cancel(held.redemption_id, member_id=ANA, by_member=True, desk=cafe.desk)
        with pytest.raises(VoucherIssued):
            cancel(issued.redemption_id, member_id=ANA, by_member=True, desk=cafe.desk)

        assert cafe.account(ANA).balance == 60

    def test_a_voucher_that_was_used_is_not_cancelled(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        use_voucher(voucher.code, request_id="sale", order=None, desk=cafe.desk)

        with pytest.raises(WrongState):
            cancel(voucher.redemption_id, member_id=ANA, desk=cafe.desk)

    def test_a_cancellation_waits_for_the_shops_that_have_the_code(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        give_code(voucher.code, storefront_id="online", desk=cafe.desk)

        cancelling = cancel(voucher.redemption_id, member_id=ANA, desk=cafe.desk)
        assert (cancelling.state, cafe.account(ANA).balance) == ("cancelling", 60)
        cancelled = end_cancelling(voucher.code, was_used=False, desk=cafe.desk)

        assert (cancelled.state, cafe.account(ANA).balance) == ("cancelled", 100)

    def test_a_code_that_a_shop_accepted_meanwhile_returns_no_points(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        give_code(voucher.code, storefront_id="online", desk=cafe.desk)
        cancel(voucher.redemption_id, member_id=ANA, desk=cafe.desk)

        used = end_cancelling(voucher.code, was_used=True, desk=cafe.desk)

        assert (used.state, cafe.account(ANA).balance) == ("used", 60)


class TestUsing:
    def test_a_voucher_is_used_once(self) -> None:
        cafe = shop()
        code = redeemed(cafe).code

        used = use_voucher(code, request_id="sale 1", order=ORDER, desk=cafe.desk)
        again = use_voucher(code, request_id="sale 1", order=ORDER, desk=cafe.desk)

        assert used == again
        assert (used.state, used.used_at, used.used_order) == ("used", NOW, ORDER)
        with pytest.raises(VoucherAlreadyUsed):
            use_voucher(code, request_id="sale 2", order=ORDER, desk=cafe.desk)

    def test_a_repeated_use_names_the_same_order(self) -> None:
        cafe = shop()
        code = redeemed(cafe).code
        use_voucher(code, request_id="sale 1", order=ORDER, desk=cafe.desk)

        with pytest.raises(IdempotencyConflict):
            use_voucher(code, request_id="sale 1", order=None, desk=cafe.desk)

    def test_a_voucher_is_used_until_its_last_day_is_over(self) -> None:
        cafe = shop(voucher_days=7)
        early, late = redeemed(cafe, "k1"), redeemed(cafe, "k2")
        assert early.expires_at is not None

        cafe.now = early.expires_at - timedelta(seconds=1)
        use_voucher(early.code, request_id="sale 1", order=None, desk=cafe.desk)
        cafe.now = early.expires_at
        with pytest.raises(WrongState):
            use_voucher(late.code, request_id="sale 2", order=None, desk=cafe.desk)

        assert release(late.code, desk=cafe.desk).state == "expired"

    def test_an_order_that_was_cancelled_uses_no_voucher(self) -> None:
        cafe = shop()
        code = redeemed(cafe).code
        cancel_vouchers(ORDER.source, ORDER.order_id, desk=cafe.desk)

        with pytest.raises(WrongState):
            use_voucher(code, request_id="sale 1", order=ORDER, desk=cafe.desk)

    def test_an_unknown_code_is_no_voucher(self) -> None:
        with pytest.raises(NotFound):
            use_voucher("UNKNOWN", request_id="sale 1", order=None, desk=shop().desk)


class TestFinding:
    def test_a_redemption_is_found_by_the_member_who_made_it(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)

        assert redemption_of(voucher.redemption_id, member_id=ANA, desk=cafe.desk) == voucher
        with pytest.raises(NotFound):
            redemption_of(voucher.redemption_id, member_id=BEN, desk=cafe.desk)

    def test_a_redemption_is_found_by_the_member_that_its_own_was_merged_into(self) -> None:
        cafe = shop()
        voucher = redeemed(cafe)
        merge_members(ANA, into=BEN, request_id="k9", desk=cafe.desk)

        assert redemption_of(voucher.redemption_id, member_id=BEN, desk=cafe.desk) == voucher
        cancel(voucher.redemption_id, member_id=BEN, desk=cafe.desk)
        assert cafe.account(BEN).balance == 100
