"""Directed histories: points that people add, take or give away."""

import pytest

from loyalty.domain.kernel.limits import POINTS_MAX
from tests.simulation.requests.members import Merge
from tests.simulation.requests.points import Adjust, Give
from tests.simulation.scene import (
    DAY,
    FOR_EVER,
    TODAY,
    account,
    done,
    earned,
    kinds,
    living,
    refund,
    refused,
    scene,
    spent,
    writing,
)
from tests.simulation.world import Request


class TestGiving:
    def test_given_points_keep_their_dates_and_pay_the_takers_debt_first(self) -> None:
        world = scene("ann", "bob", expiry=living(3))
        earned(world, 30)
        done(world.finish(Adjust("bob", -10, "j1", below_zero=True)))

        done(world.finish(Give("ann", "bob", 25, "t1")))

        assert account(world, "bob").holding.lots == {TODAY + 3 * DAY: 15}
        assert account(world, "ann").balance == 5

    def test_a_member_cannot_give_points_to_themselves_even_after_a_merge(self) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        done(world.finish(Merge("ann", "bob", "m1")))

        assert refused(world, Give("ann", "bob", 5, "t1")) == "validation_failed"

    def test_a_transfer_notices_that_one_of_the_two_is_merged_meanwhile(self) -> None:
        world = scene("ann", "bob", "cho")
        earned(world, 30)
        attempt = world.start(Give("ann", "bob", 5, "t1"))
        attempt.run_to(writing)
        done(world.finish(Merge("bob", "cho", "m1")))

        done(attempt.finish())

        assert account(world, "cho").balance == 5

    def test_points_of_an_order_are_given_away_once_they_are_old_enough(self) -> None:
        world = scene("ann", "bob", min_age_days=3)
        earned(world, 30)

        assert refused(world, Give("ann", "bob", 1, "t1")) == "points_too_new"
        world.now += 2 * DAY
        assert refused(world, Give("ann", "bob", 1, "t1")) == "points_too_new"
        world.now += DAY
        done(world.finish(Give("ann", "bob", 30, "t1")))

        assert account(world, "bob").balance == 30

    def test_the_age_of_pending_points_counts_from_the_day_they_become_available(self) -> None:
        world = scene("ann", "bob", min_age_days=3, pending_days=2)
        earned(world, 30)
        world.now += 4 * DAY

        assert refused(world, Give("ann", "bob", 1, "t1")) == "points_too_new"
        world.now += DAY
        done(world.finish(Give("ann", "bob", 30, "t1")))

    def test_older_points_can_be_given_away_while_newer_ones_can_only_be_spent(self) -> None:
        world = scene("ann", "bob", min_age_days=3)
        earned(world, 30)
        world.now += 3 * DAY
        earned(world, 20)

        assert refused(world, Give("ann", "bob", 31, "t1")) == "points_too_new"
        done(world.finish(Give("ann", "bob", 30, "t2")))
        spent(world, 10)

        assert (account(world).balance, account(world, "bob").balance) == (10, 30)

    def test_two_transfers_at_once_do_not_give_away_the_same_points(self) -> None:
        world = scene("ann", "bob", min_age_days=3)
        earned(world, 30)
        world.now += 3 * DAY
        earned(world, 30)
        attempts = [world.start(Give("ann", "bob", 30, f"t{number}")) for number in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        assert [attempt.finish().code for attempt in attempts] == ["done", "points_too_new"]

    def test_days_that_have_passed_are_removed_by_the_next_orders(self) -> None:
        world = scene(min_age_days=3)
        for _ in range(40):
            earned(world, 1)
            world.now += DAY

        assert len(account(world).giveable_from) <= 4

    def test_a_long_minimum_age_is_stored_in_a_few_blocks_of_days(self) -> None:
        world = scene(min_age_days=90)
        for _ in range(200):
            earned(world, 1)
            world.now += DAY

        assert len(account(world).giveable_from) <= 12


class TestAdjusting:
    def test_points_are_not_taken_below_zero_unless_requested(self) -> None:
        world = scene()
        earned(world, 10)

        assert refused(world, Adjust("ann", -11, "j1")) == "insufficient_points"
        done(world.finish(Adjust("ann", -11, "j2", below_zero=True)))

        assert account(world).holding.debt == 1

    def test_points_are_added_only_up_to_the_highest_balance(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Adjust("ann", POINTS_MAX - 10, "j1")))
        done(world.finish(Adjust("bob", 100, "j2")))

        assert refused(world, Adjust("ann", 11, "j3")) == "limit_reached"
        assert refused(world, Give("bob", "ann", 11, "t1")) == "limit_reached"

        done(world.finish(Give("bob", "ann", 10, "t2")))
        assert account(world).balance == POINTS_MAX

    @pytest.mark.parametrize(
        "second", [Adjust("ann", 6, "j2"), Give("bob", "ann", 6, "t2")], ids=["adjust", "give"]
    )
    def test_two_adjustments_at_once_do_not_exceed_the_highest_balance_together(
        self, second: Request
    ) -> None:
        world = scene("ann", "bob")
        done(world.finish(Adjust("ann", POINTS_MAX - 10, "j0")))
        done(world.finish(Adjust("bob", 100, "b0")))
        attempts = [world.start(Adjust("ann", 6, "j1")), world.start(second)]
        for attempt in attempts:
            attempt.run_to(writing)

        assert [attempt.finish().code for attempt in attempts] == ["done", "limit_reached"]

    def test_an_order_may_exceed_the_highest_balance(self) -> None:
        world = scene()
        done(world.finish(Adjust("ann", POINTS_MAX, "j1")))
        of = earned(world, 30)

        assert account(world).balance == POINTS_MAX + 30
        done(world.finish(refund(of)))
        assert account(world).balance == POINTS_MAX

    def test_taking_points_below_zero_relies_on_the_balance_seen(self) -> None:
        world = scene()
        earned(world, 10)
        attempt = world.start(Adjust("ann", -30, "j1", below_zero=True))
        attempt.run_to(writing)
        earned(world, 15, name="meanwhile")

        done(attempt.finish())

        assert (account(world).holding.debt, account(world).holding.lots) == (5, {})

    def test_points_added_with_a_past_last_day_expire_at_once(self) -> None:
        world = scene(expiry=FOR_EVER)

        done(world.finish(Adjust("ann", 10, "j1", expiring_on=TODAY - DAY)))

        assert kinds(world) == ["adjustment", "expiry"]
        assert account(world).balance == 0
