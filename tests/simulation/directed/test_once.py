"""Directed histories: a cause counts once, and no repetition is refused."""

from collections.abc import Callable

import pytest

from local.memory import Reported
from tests.simulation import programs
from tests.simulation.requests.members import Merge
from tests.simulation.requests.orders import Earn
from tests.simulation.requests.points import Adjust, Give
from tests.simulation.requests.rewards import Redeem
from tests.simulation.scene import (
    DAY,
    TODAY,
    account,
    done,
    earned,
    entry_of,
    living,
    order,
    refund,
    refused,
    scene,
    spent,
    writing,
)
from tests.simulation.world import Answer, Fault, Request


class TestACauseCountsOnce:
    def test_an_order_that_arrives_twice_at_once_earns_once(self) -> None:
        world = scene()
        earn = Earn(order("o1", 50), "ann")
        first, second = world.start(earn), world.start(earn)
        first.run_to(writing)
        second.run_to(writing)

        answers = (first.finish(), second.finish())

        assert entry_of(answers[0]) == entry_of(answers[1])
        assert account(world).balance == 50

    def test_an_order_whose_answer_was_lost_is_found_by_the_next_attempt(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        attempt.step(Fault.ANSWER_LOST)

        answer = attempt.finish()

        assert done(answer).replayed
        assert account(world).balance == 50

    def test_a_write_that_arrives_after_its_repetition_counts_once(self) -> None:
        world = scene()
        late = world.start(Earn(order("o1", 50), "ann"))
        late.run_to(writing)
        late.step(Fault.LATE)
        done(late.finish())

        world.deliver()

        assert account(world).balance == 50

    def test_a_write_that_conflicts_is_repeated_with_the_same_cause(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        for _ in range(4):
            attempt.step(Fault.CONFLICT)

        answer = attempt.finish()

        assert not done(answer).replayed
        assert account(world).balance == 50

    def test_after_too_many_conflicts_the_caller_has_to_try_again(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        for _ in range(5):
            attempt.step(Fault.CONFLICT)

        assert attempt.answer == Answer("try_again")

    def test_a_repeated_redemption_gets_the_first_answer_even_if_other_lots_would_be_taken_now(
        self,
    ) -> None:
        world = scene(expiry=living(2))
        earned(world, 10)
        world.now += DAY
        earned(world, 10)
        first = spent(world, 10)
        before = entry_of(world.finish(first))
        earned(world, 30)
        world.now += 5 * DAY

        again = entry_of(world.finish(first))

        assert again == before
        assert again.effect.lots == {TODAY + 2 * DAY: -10}

    def test_an_order_with_different_content_is_refused(self) -> None:
        world = scene()
        earned(world, 50, name="o1")

        assert refused(world, Earn(order("o1", 51), "ann")) == "order_conflict"
        assert account(world).balance == 50

    def test_a_request_with_different_content_is_refused(self) -> None:
        world = scene()
        earned(world, 100)
        spent(world, 10)

        assert refused(world, Redeem("ann", "for-30", "k1")) == "idempotency_conflict"
        assert account(world).balance == 90

    def test_a_refund_with_different_content_is_refused(self) -> None:
        world = scene()
        of = earned(world, 50)
        done(world.finish(refund(of, amount=10)))

        assert refused(world, refund(of, amount=20)) == "idempotency_conflict"
        assert account(world).balance == 40


class TestNothingIsRefusedThatSucceededBefore:
    def test_a_redemption_that_took_the_last_points_and_lost_its_answer_is_not_refused(
        self,
    ) -> None:
        world = scene()
        earned(world, 10)
        attempt = world.start(Redeem("ann", "for-10", "k1"))
        attempt.run_to(writing)
        attempt.step(Fault.CRASH_AFTER)

        assert entry_of(world.finish(Redeem("ann", "for-10", "k1"))).points == -10

    def test_a_redemption_that_took_the_last_unit_in_stock_is_not_refused(self) -> None:
        world = scene()
        earned(world, 100)
        spent_twice = [Redeem("ann", programs.STOCKED, name) for name in ("k1", "k2")]
        for each in spent_twice:
            done(world.finish(each))

        assert entry_of(world.finish(spent_twice[1])).points == -5
        assert refused(world, Redeem("ann", programs.STOCKED, "k3")) == "out_of_stock"

    def test_an_adjustment_that_used_up_the_daily_limit_is_not_refused(self) -> None:
        world = scene()
        adjusted = Adjust("ann", 10, "k1", points_max=10)
        attempt = world.start(adjusted)
        attempt.run_to(writing)
        attempt.step(Fault.CRASH_AFTER)

        assert entry_of(world.finish(adjusted)).points == 10
        assert refused(world, Adjust("ann", 1, "k2", points_max=10)) == "limit_reached"


class TestTheDailyLimitOfAClerk:
    def test_two_adjustments_at_once_do_not_exceed_it_together(self) -> None:
        world = scene()
        attempts = [world.start(Adjust("ann", 6, name, points_max=10)) for name in ("k1", "k2")]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish() for attempt in attempts]

        assert account(world).balance == 6
        assert [getattr(answer, "code", "done") for answer in answers] == ["done", "limit_reached"]

    def test_an_adjustment_repeated_after_a_lost_answer_uses_it_once(self) -> None:
        world = scene()
        attempt = world.start(Adjust("ann", 6, "k1", points_max=10))
        attempt.run_to(writing)
        attempt.step(Fault.CRASH_AFTER)
        done(world.finish(Adjust("ann", 6, "k1", points_max=10)))

        done(world.finish(Adjust("ann", -4, "k2", points_max=10)))

        assert account(world).balance == 2

    def test_a_repeated_redemption_that_reached_the_limit_of_its_reward_is_not_refused(
        self,
    ) -> None:
        world = scene()
        earned(world, 100)
        done(world.finish(Redeem("ann", programs.LIMITED, "k1")))

        assert entry_of(world.finish(Redeem("ann", programs.LIMITED, "k1"))).points == -5
        assert refused(world, Redeem("ann", programs.LIMITED, "k2")) == "limit_reached"

    def test_a_repeated_correction_is_not_refused_for_the_points_that_it_took(self) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        requests = (
            Adjust("ann", -10, "j1"),
            Give("ann", "bob", 20, "t1"),
            Merge("ann", "bob", "m1"),
        )
        first = [entry_of(world.finish(each)) for each in requests]

        assert [entry_of(world.finish(each)) for each in requests] == first

    def test_a_repeated_order_that_is_too_old_by_now_is_not_refused(self) -> None:
        world = scene()
        earn = Earn(earned(world, 50), "ann")
        world.now += 91 * DAY

        assert done(world.finish(earn)).replayed
        assert refused(world, Earn(order("o2", 50), "ann")) == "validation_failed"

    @pytest.mark.parametrize("reported", ["all", "first", "last"])
    @pytest.mark.parametrize(
        "request_of",
        [
            lambda: Adjust("ann", 10, "x", expiring_on=TODAY - DAY),
            lambda: Give("ann", "bob", 5, "x"),
            lambda: Merge("ann", "bob", "x"),
        ],
    )
    def test_a_repetition_is_recognized_by_any_of_the_refused_writes_that_the_table_reports(
        self, request_of: Callable[[], Request], reported: Reported
    ) -> None:
        world = scene("ann", "bob")
        world.table._reports = reported
        earned(world, 30)
        attempt = world.start(request_of())
        attempt.run_to(writing)
        attempt.step(Fault.ANSWER_LOST)

        assert done(attempt.finish()).replayed
        assert done(world.finish(request_of())).replayed
