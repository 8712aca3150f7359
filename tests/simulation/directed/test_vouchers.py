"""Directed histories: a voucher ends once, and its points return at most once."""

from datetime import timedelta

import pytest

from loyalty.domain.ledger.account import redemptions_counter
from loyalty.domain.ledger.redemptions import REDEMPTIONS_A_DAY_MAX
from loyalty.domain.ledger.vouchers import Voucher
from tests.simulation import programs
from tests.simulation.requests.members import Merge
from tests.simulation.requests.points import Give
from tests.simulation.requests.rewards import Cancel, Complete, GiveCode, LetGo, Redeem, Use
from tests.simulation.requests.sweeps import Sweep
from tests.simulation.scene import (
    DAY,
    TODAY,
    account,
    done,
    earned,
    kinds,
    living,
    refund,
    refused,
    scene,
    shown,
    spent,
    swept,
    writing,
)


class TestVouchers:
    def test_a_cancelled_redemption_returns_each_slice_to_its_lot(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 20)
        world.now += DAY
        earned(world, 20)
        redeemed = spent(world, 30)

        done(world.finish(Cancel(redeemed)))

        assert account(world).holding.lots == {TODAY + DAY: 20, TODAY + 2 * DAY: 20}

    def test_points_returned_after_their_last_day_expire_again_at_once(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        redeemed = spent(world, 10)
        world.now += 2 * DAY

        done(world.finish(Cancel(redeemed)))

        assert account(world).balance == 0
        assert kinds(world)[-2:] == ["return", "expiry"]

    def test_points_returned_after_their_last_day_stay_valid_if_the_program_allows(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        redeemed = spent(world, 10)
        world.now += 2 * DAY

        done(world.finish(Cancel(redeemed)))

        assert shown(world).holding.lots == {TODAY + 4 * DAY: 10}

    def test_returned_points_get_their_extra_days_from_their_last_day_and_not_from_the_cancellation(
        self,
    ) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        redeemed = spent(world, 10)
        world.now += 5 * DAY

        done(world.finish(Cancel(redeemed)))

        assert account(world).balance == 0
        assert kinds(world)[-2:] == ["return", "expiry"]

    def test_points_get_extra_days_once_however_often_they_are_spent_and_returned(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        first = spent(world, 10)
        world.now += 2 * DAY
        done(world.finish(Cancel(first)))
        second = spent(world, 10, name="k2")
        world.now += 3 * DAY

        done(world.finish(Cancel(second)))

        assert account(world).balance == 0

    def test_points_given_to_another_member_get_no_second_extra_days(self) -> None:
        world = scene("ann", "bob", expiry=living(1), reinstate_days=3)
        earned(world, 10)
        first = spent(world, 10)
        world.now += 2 * DAY
        done(world.finish(Cancel(first)))
        done(world.finish(Give("ann", "bob", 10, "t1")))
        second = spent(world, 10, by="bob", name="k2")
        world.now += 3 * DAY

        done(world.finish(Cancel(second)))

        assert account(world, "bob").balance == 0

    def test_points_of_a_merged_member_get_no_second_extra_days(self) -> None:
        world = scene("ann", "bob", expiry=living(1), reinstate_days=3)
        earned(world, 10)
        first = spent(world, 10)
        world.now += 2 * DAY
        done(world.finish(Cancel(first)))
        done(world.finish(Merge("ann", "bob", "m1")))
        second = spent(world, 10, by="bob", name="k2")
        world.now += 3 * DAY

        done(world.finish(Cancel(second)))

        assert account(world, "bob").balance == 0

    def test_a_member_redeems_only_as_often_a_day_as_is_allowed(self) -> None:
        world = scene()
        earned(world, 100)
        first = spent(world, 1, name="k0")
        for number in range(1, REDEMPTIONS_A_DAY_MAX):
            done(world.finish(Cancel(spent(world, 1, name=f"k{number}"))))

        assert refused(world, Redeem("ann", "for-1", "one-more")) == "limit_reached"
        assert done(world.finish(first)).replayed
        world.now += DAY
        spent(world, 1, name="tomorrow")
        assert account(world).redeemed == {redemptions_counter(TODAY + DAY): 1}

    def test_two_redemptions_at_once_do_not_both_get_the_last_one_of_a_day(self) -> None:
        world = scene()
        earned(world, 100)
        for number in range(REDEMPTIONS_A_DAY_MAX - 1):
            spent(world, 1, name=f"k{number}")
        attempts = [world.start(Redeem("ann", "for-1", f"last-{number}")) for number in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        assert [attempt.finish().code for attempt in attempts] == ["done", "limit_reached"]

    def test_points_get_no_extra_days_if_the_member_cancels(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3, hold_minutes=3 * 24 * 60)
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += 2 * DAY

        done(world.finish(Cancel(held, by_member=True)))

        assert account(world).balance == 0

    def test_a_member_who_cancels_an_expired_hold_gets_what_its_expiry_would_return(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += 2 * DAY

        done(world.finish(Cancel(held, by_member=True)))

        assert shown(world).holding.lots == {TODAY + 4 * DAY: 10}

    def test_points_are_returned_only_after_the_shop_has_deactivated_the_code(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(GiveCode(redeemed)))

        done(world.finish(Cancel(redeemed)))
        assert account(world).balance == 0
        for _ in range(2):
            done(world.finish(LetGo(redeemed, was_used=False)))

        assert account(world).balance == 30

    def test_a_code_that_is_used_during_its_cancellation_returns_no_points(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(GiveCode(redeemed)))
        done(world.finish(Cancel(redeemed)))

        done(world.finish(LetGo(redeemed, was_used=True)))

        assert account(world).balance == 0
        assert world.finish(Cancel(redeemed)).code == "wrong_state"

    def test_a_cancellation_notices_a_shop_that_gets_the_code_meanwhile(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        cancel = world.start(Cancel(redeemed))
        cancel.run_to(writing)
        done(world.finish(GiveCode(redeemed)))

        done(cancel.finish())

        assert account(world).balance == 0

    def test_two_shops_that_deactivate_a_code_at_once_return_the_points_once(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(GiveCode(redeemed)))
        done(world.finish(Cancel(redeemed)))
        attempts = [world.start(LetGo(redeemed, was_used=used)) for used in (False, True)]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 30

    def test_returned_points_pay_a_debt_first(self) -> None:
        world = scene()
        of = earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(refund(of)))

        done(world.finish(Cancel(redeemed)))

        assert (account(world).holding.debt, account(world).balance) == (0, 0)

    def test_a_cancellation_and_the_end_of_the_hold_at_once_return_the_points_once(self) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += timedelta(minutes=15)
        attempts = [world.start(Cancel(held)), world.start(Sweep())]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 10

    @pytest.mark.parametrize(("seconds", "code"), [(-1, "done"), (0, "wrong_state")])
    def test_a_hold_is_completed_before_it_ends_or_not_at_all(
        self, seconds: int, code: str
    ) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += timedelta(minutes=15, seconds=seconds)

        assert world.finish(Complete(held)).code == code

    @pytest.mark.parametrize(("seconds", "balance"), [(-1, 0), (0, 10)])
    def test_a_hold_is_released_when_it_ends_and_not_before(
        self, seconds: int, balance: int
    ) -> None:
        world = scene()
        earned(world, 10)
        spent(world, 10, hold=True)
        world.now += timedelta(minutes=15, seconds=seconds)

        swept(world)

        assert account(world).balance == balance

    def test_a_completed_hold_is_not_released(self) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        done(world.finish(Complete(held)))
        world.now += timedelta(minutes=15)

        swept(world)

        assert account(world).balance == 0

    def test_of_completing_and_releasing_at_once_one_succeeds_and_the_other_is_told(self) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += timedelta(minutes=14)
        late = world.start(Complete(held))
        late.run_to(writing)
        world.now += timedelta(minutes=1)
        swept(world)

        assert late.finish().code == "wrong_state"
        assert account(world).balance == 10

    def test_of_using_and_cancelling_at_once_one_succeeds_and_the_other_is_told(self) -> None:
        world = scene()
        earned(world, 10)
        redeemed = spent(world, 10)
        cancelling = world.start(Cancel(redeemed))
        cancelling.run_to(writing)
        done(world.finish(Use(redeemed, "u1")))

        assert cancelling.finish().code == "wrong_state"
        assert account(world).balance == 0

    def test_a_voucher_is_used_once_and_the_same_request_again_gets_the_same_answer(self) -> None:
        world = scene()
        earned(world, 10)
        redeemed = spent(world, 10)
        first: Voucher = done(world.finish(Use(redeemed, "u1")))
        world.now += DAY

        assert done(world.finish(Use(redeemed, "u1"))).used_at == first.used_at
        assert refused(world, Use(redeemed, "u2")) == "voucher_used"

    def test_an_expired_voucher_returns_no_points(self) -> None:
        world = scene()
        earned(world, 10)
        dated = Redeem("ann", "dated", "k1")
        done(world.finish(dated))
        # It is good until the end of its last day, which has begun.
        world.now += 2 * DAY

        assert refused(world, Use(dated, "u1")) == "wrong_state"
        swept(world)

        assert account(world).balance == 3
        assert refused(world, Cancel(dated)) == "wrong_state"

    def test_a_unit_of_a_cancelled_redemption_is_back_in_stock(self) -> None:
        world = scene()
        earned(world, 100)
        first, second, third = (Redeem("ann", programs.STOCKED, name) for name in ("a", "b", "c"))
        done(world.finish(first))
        done(world.finish(second))
        assert refused(world, third) == "out_of_stock"

        done(world.finish(Cancel(first)))

        done(world.finish(third))

    def test_a_cancelled_redemption_does_not_count_against_the_limit(self) -> None:
        world = scene()
        earned(world, 100)
        first = Redeem("ann", programs.LIMITED, "k1")
        done(world.finish(first))

        done(world.finish(Cancel(first)))

        done(world.finish(Redeem("ann", programs.LIMITED, "k2")))
