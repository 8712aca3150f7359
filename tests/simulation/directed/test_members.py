"""Directed histories: members are merged and erased while others write."""

from datetime import timedelta

import pytest

from tests.simulation import programs
from tests.simulation.requests.members import Erase, Merge
from tests.simulation.requests.orders import Earn
from tests.simulation.requests.points import Adjust
from tests.simulation.requests.rewards import Cancel, Redeem
from tests.simulation.scene import (
    DAY,
    account,
    done,
    earned,
    entry_of,
    kinds,
    living,
    order,
    refused,
    scene,
    spent,
    swept,
    writing,
    writing_to,
)
from tests.simulation.world import Fault


class TestMerging:
    def test_the_survivor_gets_everything_and_points_pay_debts(self) -> None:
        world = scene("ann", "bob", pending_days=0)
        done(world.finish(Adjust("ann", -20, "j1", below_zero=True)))
        done(world.finish(Adjust("bob", 50, "j2")))

        done(world.finish(Merge("ann", "bob", "m1")))

        assert (account(world, "bob").balance, account(world, "bob").holding.debt) == (30, 0)
        assert account(world, "ann").balance == 0

    @pytest.mark.parametrize("member_id", ["ann", "bob"])
    def test_points_that_either_member_earns_meanwhile_are_not_lost(self, member_id: str) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        attempt = world.start(Merge("ann", "bob", "m1"))
        attempt.run_to(writing)
        earned(world, 10, by=member_id)

        done(attempt.finish())

        assert account(world, "bob").balance == 40

    def test_a_merge_that_is_repeated_after_the_survivor_was_erased_is_done_as_before(self) -> None:
        world, merge = scene("ann", "bob"), Merge("ann", "bob", "m1")
        first = done(world.finish(merge))
        done(world.finish(Erase("bob")))

        assert done(world.finish(merge)).entry == first.entry

    def test_a_member_cannot_be_merged_into_themselves(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Merge("ann", "bob", "m1")))

        assert refused(world, Merge("bob", "bob", "m2")) == "validation_failed"
        assert refused(world, Merge("bob", "ann", "m3")) == "validation_failed"

    def test_two_merges_in_opposite_directions_leave_one_member(self) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        attempts = [world.start(Merge("ann", "bob", "m1")), world.start(Merge("bob", "ann", "m2"))]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish().code for attempt in attempts]

        assert answers == ["done", "validation_failed"]
        assert account(world, "bob").balance == 30

    def test_a_redemption_repeated_after_the_merge_gets_its_first_answer(self) -> None:
        world = scene("ann", "bob")
        earned(world, 10)
        redeemed = spent(world, 10)
        done(world.finish(Merge("ann", "bob", "m1")))

        assert entry_of(world.finish(redeemed)).member_id == "ann"

    def test_a_hold_of_the_merged_member_returns_its_points_to_the_survivor(self) -> None:
        world = scene("ann", "bob")
        earned(world, 10)
        held = spent(world, 10, hold=True)
        done(world.finish(Merge("ann", "bob", "m1")))

        done(world.finish(Cancel(held)))

        assert account(world, "bob").balance == 10

    def test_a_redemption_is_found_by_the_merged_members_id_even_by_a_stale_read(
        self,
    ) -> None:
        world = scene("ann", "bob")
        done(world.finish(Merge("ann", "bob", "m1")))
        earned(world, 10, by="bob")
        redeemed = spent(world, 10, by="ann")
        attempt = world.start(Cancel(redeemed))

        while attempt.call is not None:
            attempt.step(Fault.STALE)

        done(attempt.answer)
        assert account(world, "bob").balance == 10

    def test_the_survivor_cannot_redeem_again_what_the_merged_member_redeemed_once(self) -> None:
        world = scene("ann", "bob")
        earned(world, 100)
        done(world.finish(Redeem("ann", programs.LIMITED, "k1")))
        done(world.finish(Merge("ann", "bob", "m1")))

        assert refused(world, Redeem("bob", programs.LIMITED, "k2")) == "limit_reached"


class TestErasing:
    def test_an_erased_member_owes_nothing_and_is_owed_nothing(self) -> None:
        world = scene(pending_days=1)
        earned(world, 50)
        done(world.finish(Adjust("ann", -20, "j1", below_zero=True)))

        done(world.finish(Erase("ann")))

        assert (account(world).balance, account(world).holding.pending_points) == (0, 0)
        assert kinds(world) == ["accrual", "adjustment", "adjustment"]

    def test_erasing_a_merged_member_again_is_no_error(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Merge("ann", "bob", "m1")))
        done(world.finish(Erase("ann")))

        done(world.finish(Erase("ann")))
        done(world.finish(Erase("bob")))

    def test_an_order_recorded_before_the_erasure_gets_its_first_answer(self) -> None:
        world = scene()
        earn = Earn(earned(world, 50), "ann")
        done(world.finish(Erase("ann")))

        assert done(world.finish(earn)).replayed
        assert refused(world, Earn(order("o2", 50), "ann")) == "not_found"

    def test_points_earned_during_the_erasure_are_removed_too(self) -> None:
        world = scene()
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        earned(world, 50)

        done(attempt.finish())

        assert account(world).balance == 0

    def test_a_member_who_is_merged_during_the_erasure_is_erased_with_the_survivor(self) -> None:
        world = scene("ann", "bob", expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        done(world.finish(Merge("ann", "bob", "m1")))

        done(attempt.finish())

        assert account(world, "bob").status == "closed"
        assert [key for key in world.table.items if key.sk == "PROFILE"] == []

    def test_the_survivor_of_a_half_done_merge_is_not_erased_instead_of_the_merged_member(
        self,
    ) -> None:
        world = scene("ann", "bob", expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        merging = world.start(Merge("ann", "bob", "m1"))
        merging.run_to(writing_to("PROFILE"))

        done(attempt.finish())

        assert account(world, "bob").status == "closed"
        assert [key for key in world.table.items if key.sk == "PROFILE"] == []

    def test_a_member_who_is_merged_into_them_during_the_erasure_is_erased_too(self) -> None:
        world = scene("ann", "bob", expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        done(world.finish(Merge("bob", "ann", "m1")))

        done(attempt.finish())

        assert account(world).status == "closed"
        assert [key for key in world.table.items if key.sk == "PROFILE"] == []

    def test_a_member_who_is_erased_twice_at_once_is_erased_once(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        done(world.finish(Erase("ann")))

        done(attempt.finish())

        assert account(world).status == "closed"

    def test_a_hold_of_an_erased_member_ends_without_returning_points(self) -> None:
        world = scene()
        earned(world, 10)
        spent(world, 10, hold=True)
        done(world.finish(Erase("ann")))
        world.now += timedelta(minutes=15)

        swept(world)

        assert "return" not in kinds(world)
