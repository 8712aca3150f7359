"""Corrections by people: limits of adjustments and transfers, and the books afterwards."""

from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import (
    Forbidden,
    InsufficientPoints,
    LimitReached,
    NotFound,
    PointsTooNew,
    ValidationFailed,
)
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.usecases.ledger.corrections import (
    Allowance,
    adjust,
    give,
    grant_tier,
    merge_members,
)
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.orders.accrual import Customer, earn
from tests.support.memory import NOW, WHY, BusyTable, Shop
from tests.support.orders import line, order

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
TODAY: Final = NOW.date()
CLERK: Final = Allowance("clerk", 50)
TRANSFERS: Final = {"points_min": 10, "points_max": 100, "per_month_max": 2}
LEVELS: Final = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [{"id": "gold", "name": "Gold", "reached_at": 20000, "multiplier_percent": 150}],
}


def shop(**parts: Any) -> Shop:
    return Shop(ANA, BEN, **{"transfers": TRANSFERS} | parts)


def correct(
    of: Shop, points: int, *, key: str, allowance: Allowance | None = None, **parts: Any
) -> Recorded:
    return adjust(
        ANA,
        adjustment=RequestedAdjustment(points=points, why=WHY, **parts),
        request_id=key,
        allowance=allowance,
        desk=of.desk,
    )


def transfer(of: Shop, points: int, *, key: str, taker: str = BEN) -> Recorded:
    return give(ANA, taker_id=taker, points=points, request_id=key, desk=of.desk)


class TestAdjusting:
    def test_points_that_are_added_expire_like_points_earned_today(self) -> None:
        cafe = shop(expiry={"model": "after_earning", "months": 1, "round_to": "none"})

        correct(cafe, 30, key="k1")

        assert cafe.account(ANA).holding.lots == {date(2026, 12, 21): 30}

    def test_points_that_are_added_may_have_a_last_day_of_their_own(self) -> None:
        cafe = shop()

        correct(cafe, 30, key="k1", expiring_on=TODAY + timedelta(days=3))

        assert cafe.account(ANA).holding.lots == {TODAY + timedelta(days=3): 30}

    def test_no_more_points_are_taken_than_there_are(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 30)

        with pytest.raises(InsufficientPoints):
            correct(cafe, -31, key="k1")
        correct(cafe, -30, key="k2")

        assert cafe.account(ANA).balance == 0

    def test_points_may_be_taken_below_zero_if_that_is_requested(self) -> None:
        cafe = shop()

        correct(cafe, -30, key="k1", below_zero=True)

        assert cafe.account(ANA).balance == -30
        cafe.must_add_up(ANA)

    def test_nothing_is_added_above_the_highest_balance(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, POINTS_MAX - 1)

        with pytest.raises(LimitReached):
            correct(cafe, 2, key="k1")
        correct(cafe, 1, key="k2")

        assert cafe.account(ANA).balance == POINTS_MAX

    def test_a_caller_adjusts_only_so_many_points_a_day_added_and_taken_together(self) -> None:
        cafe = shop()
        correct(cafe, 30, key="k1", allowance=CLERK)

        with pytest.raises(LimitReached):
            correct(cafe, -21, key="k2", allowance=CLERK)
        correct(cafe, -20, key="k3", allowance=CLERK)
        cafe.now += timedelta(days=1)
        correct(cafe, 50, key="k4", allowance=CLERK)

        assert cafe.account(ANA).balance == 60

    def test_a_repeated_adjustment_does_not_use_the_allowance_again(self) -> None:
        cafe = shop()
        correct(cafe, 50, key="k1", allowance=CLERK)

        assert correct(cafe, 50, key="k1", allowance=CLERK).replayed

    def test_a_single_adjustment_may_not_exceed_the_allowance(self) -> None:
        cafe = shop()

        with pytest.raises(LimitReached):
            correct(cafe, 51, key="k1", allowance=CLERK)

    @pytest.mark.parametrize("points", [21, -21])
    def test_a_single_adjustment_has_a_limit_of_its_own(self, points: int) -> None:
        cafe = shop()
        careful = Allowance("clerk", per_day_max=50, each_max=20)

        with pytest.raises(LimitReached):
            correct(cafe, points, key="k1", allowance=careful)
        correct(cafe, 20, key="k2", allowance=careful)
        correct(cafe, -20, key="k3", allowance=careful)
        with pytest.raises(LimitReached):
            correct(cafe, 11, key="k4", allowance=careful)

    def test_without_a_limit_for_a_day_nothing_is_counted(self) -> None:
        cafe = shop()

        for number in range(5):
            correct(cafe, 20, key=f"k{number}", allowance=Allowance("clerk", each_max=20))

        assert not [item for item in cafe.engine.items.values() if "ADJUSTED" in str(item["sk"])]


class TestTransferring:
    def test_points_move_and_keep_their_last_day(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 30, expiring_on=TODAY + timedelta(days=3))

        transfer(cafe, 20, key="k1")

        assert cafe.account(ANA).holding.lots == {TODAY + timedelta(days=3): 10}
        assert cafe.account(BEN).holding.lots == {TODAY + timedelta(days=3): 20}

    def test_a_program_without_transfers_refuses_them(self) -> None:
        with pytest.raises(Forbidden):
            transfer(shop(transfers=None), 20, key="k1")

    @pytest.mark.parametrize("points", [9, 101])
    def test_a_transfer_moves_as_many_points_as_the_program_allows(self, points: int) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 200)

        with pytest.raises(ValidationFailed):
            transfer(cafe, points, key="k1")

    def test_a_member_cannot_transfer_more_than_they_have(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 19)

        with pytest.raises(InsufficientPoints):
            transfer(cafe, 20, key="k1")

    def test_a_member_makes_only_so_many_transfers_a_month(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 100)
        transfer(cafe, 10, key="k1")
        transfer(cafe, 10, key="k2")

        with pytest.raises(LimitReached):
            transfer(cafe, 10, key="k3")
        cafe.now += timedelta(days=30)
        transfer(cafe, 10, key="k3")

        assert cafe.account(BEN).balance == 30

    def test_points_of_an_order_are_given_only_when_they_are_old_enough(self) -> None:
        cafe = shop(transfers=TRANSFERS | {"min_age_days": 14})
        paid = order(line(5000), occurred_at=NOW)
        earn(paid, customer=Customer(member_id=ANA, named=ANA), desk=cafe.desk)

        with pytest.raises(PointsTooNew):
            transfer(cafe, 10, key="k1")
        cafe.now += timedelta(days=20)
        transfer(cafe, 10, key="k1")

        assert cafe.account(BEN).balance == 10

    def test_a_member_cannot_transfer_points_to_themselves_or_to_a_member_merged_into_them(
        self,
    ) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 50)
        with pytest.raises(ValidationFailed):
            transfer(cafe, 10, key="k1", taker=ANA)
        merge_members(BEN, into=ANA, request_id="k2", desk=cafe.desk)

        with pytest.raises(ValidationFailed):
            transfer(cafe, 10, key="k3")

    def test_points_are_not_given_to_an_unknown_member(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 50)

        with pytest.raises(NotFound):
            transfer(cafe, 10, key="k1", taker="mem_nobody")


class TestMerging:
    def test_the_survivor_of_a_merge_holds_what_both_held(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 30)
        correct(cafe, -40, key="k1", below_zero=True)
        cafe.adjust_balance(BEN, 25)

        merge_members(ANA, into=BEN, request_id="k2", desk=cafe.desk)

        assert cafe.account(BEN).balance == 15
        assert cafe.account(ANA).into == BEN

    def test_a_member_is_merged_once(self) -> None:
        cafe = shop()
        cafe.adjust_balance(ANA, 30)
        merge_members(ANA, into=BEN, request_id="k1", desk=cafe.desk)

        assert merge_members(ANA, into=BEN, request_id="k1", desk=cafe.desk).replayed
        with pytest.raises(ValidationFailed):
            merge_members(ANA, into=BEN, request_id="k2", desk=cafe.desk)
        assert cafe.account(BEN).balance == 30

    def test_points_earned_while_members_are_merged_are_not_lost(self) -> None:
        table = BusyTable()
        cafe = Shop(ANA, BEN, engine=table)
        table.rivals.append(lambda: cafe.adjust_balance(ANA, 30))

        merge_members(ANA, into=BEN, request_id="k1", desk=cafe.desk)

        assert cafe.account(BEN).balance == 30


class TestGrantingALevel:
    def test_a_granted_level_is_on_the_account_until_its_day(self) -> None:
        cafe = shop(tiers=LEVELS)
        floor = TierFloor("gold", TODAY)

        grant_tier(ANA, floor, desk=cafe.desk)

        assert cafe.account(ANA).tier_floor == floor

    def test_granting_the_same_level_again_writes_nothing(self) -> None:
        cafe = shop(tiers=LEVELS)
        grant_tier(ANA, TierFloor("gold", TODAY), desk=cafe.desk)
        before = dict(cafe.engine.items)

        grant_tier(ANA, TierFloor("gold", TODAY), desk=cafe.desk)

        assert cafe.engine.items == before

    def test_a_grant_can_be_ended(self) -> None:
        cafe = shop(tiers=LEVELS)
        grant_tier(ANA, TierFloor("gold", TODAY), desk=cafe.desk)

        grant_tier(ANA, None, desk=cafe.desk)

        assert cafe.account(ANA).tier_floor is None

    @pytest.mark.parametrize(
        "floor",
        [
            TierFloor("platinum", TODAY),
            TierFloor("gold", TODAY - timedelta(days=1)),
            TierFloor("gold", date(2037, 1, 1)),
        ],
        ids=["no such level", "a day in the past", "more than ten years ahead"],
    )
    def test_only_a_level_of_the_program_is_granted_and_for_ten_years_at_most(
        self, floor: TierFloor
    ) -> None:
        with pytest.raises(ValidationFailed):
            grant_tier(ANA, floor, desk=shop(tiers=LEVELS).desk)
