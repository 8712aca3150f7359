"""Directed histories: a redemption relies on the lots that it takes."""

import pytest

from tests.simulation import programs
from tests.simulation.requests.points import Adjust, Give
from tests.simulation.requests.rewards import Cancel, Redeem
from tests.simulation.scene import (
    DAY,
    TODAY,
    account,
    done,
    earned,
    entry_of,
    living,
    refund,
    scene,
    spent,
    writing,
)


class TestSpending:
    def test_redemptions_from_one_large_lot_at_once_need_no_second_attempt(self) -> None:
        world = scene()
        earned(world, 100)
        attempts = [world.start(Redeem("ann", "for-30", f"k{n}")) for n in range(3)]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            attempt.step()

        assert [attempt.answer is not None for attempt in attempts] == [True] * 3
        assert account(world).balance == 10

    def test_one_of_two_redemptions_of_the_last_points_is_refused(self) -> None:
        world = scene()
        earned(world, 45)
        attempts = [world.start(Redeem("ann", "for-30", f"k{n}")) for n in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish() for attempt in attempts]

        assert [answer.code for answer in answers] == ["done", "insufficient_points"]
        assert account(world).balance == 15

    def test_of_two_redemptions_at_once_one_is_refused_if_the_reward_is_allowed_once(self) -> None:
        world = scene()
        earned(world, 100)
        attempts = [world.start(Redeem("ann", programs.LIMITED, f"k{n}")) for n in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish() for attempt in attempts]

        assert [answer.code for answer in answers] == ["done", "limit_reached"]

    def test_points_added_to_a_lot_while_it_is_emptied_are_not_lost(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += DAY
        earned(world, 30)
        attempt = world.start(Redeem("ann", "for-30", "k1"))
        attempt.run_to(writing)
        done(world.finish(Adjust("ann", 5, "j1", expiring_on=TODAY + DAY)))

        answer = attempt.finish()

        assert entry_of(answer).effect.lots == {TODAY + DAY: -15, TODAY + 2 * DAY: -15}
        assert account(world).balance == 15

    def test_a_redemption_takes_the_points_that_expire_first(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 20)
        world.now += DAY
        earned(world, 20)

        answer = world.finish(Redeem("ann", "for-30", "k1"))

        assert entry_of(answer).effect.lots == {TODAY + DAY: -20, TODAY + 2 * DAY: -10}

    @pytest.mark.parametrize("points", [80, 90])
    def test_a_redemption_can_spend_more_lots_than_one_write_can_name(self, points: int) -> None:
        world = scene("ann", "bob")
        for days in range(45):
            given = Adjust("ann", 2, f"j{days}", expiring_on=TODAY + days * DAY)
            done(world.finish(given))
        spend = Redeem("ann", "for-90", "k1") if points == 90 else Give("ann", "bob", 80, "t1")

        done(world.finish(spend))

        assert account(world).balance == 90 - points
        assert account(world, "bob").balance == (0 if points == 90 else 80)

    def test_a_redemption_of_many_lots_is_decided_again_if_one_of_them_changes(self) -> None:
        world = scene()
        for days in range(45):
            given = Adjust("ann", 2, f"j{days}", expiring_on=TODAY + days * DAY)
            done(world.finish(given))
        attempt = world.start(Redeem("ann", "for-90", "k1"))
        attempt.run_to(writing)
        spent(world, 1, name="k2")

        assert attempt.finish().code == "insufficient_points"
        assert account(world).balance == 89

    def test_a_cancelled_redemption_of_many_lots_returns_every_slice(self) -> None:
        world = scene()
        for days in range(45):
            given = Adjust("ann", 2, f"j{days}", expiring_on=TODAY + days * DAY)
            done(world.finish(given))
        before = account(world).holding.lots
        redeemed = spent(world, 90)

        done(world.finish(Cancel(redeemed)))

        assert account(world).holding.lots == before

    @pytest.mark.parametrize(
        ("reward_id", "code"),
        [
            (programs.LESS_FOR_GOLD, "insufficient_points"),
            (programs.FOR_GOLD, "reward_unavailable"),
        ],
    )
    def test_a_redemption_relies_on_the_level_that_decides_its_price_and_whose_it_is(
        self, reward_id: str, code: str
    ) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        gold = earned(world, 60)
        attempt = world.start(Redeem("ann", reward_id, "k1"))
        attempt.run_to(writing)
        done(world.finish(refund(gold, amount=40)))

        assert attempt.finish().code == code
