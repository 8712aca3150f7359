"""Directed histories: orders only add points, change in versions, and reach levels."""

from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.entries import Accrual
from loyalty.domain.program.earning_rules import EarningRule
from tests.simulation import programs
from tests.simulation.requests.members import Grant, Merge
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.points import Adjust
from tests.simulation.scene import (
    DAY,
    NOON,
    TODAY,
    account,
    done,
    earned,
    entry_of,
    kinds,
    living,
    order,
    refund,
    scene,
    shop_order,
    spent,
    swept,
    writing,
    writing_to,
)
from tests.simulation.world import Attempt, Fault

SPEND: Final = next(each for each in programs.PLAIN_TIERS if each.basis == "spend")
AT_ONCE: Final = SPEND.model_copy(update={"applies_at_once": True})


class TestEarning:
    def test_an_order_may_be_decided_from_a_stale_account(self) -> None:
        world = scene(expiry=living(3))
        earned(world, 10)
        attempt = world.start(Earn(order("o2", 20), "ann"))

        attempt.step(Fault.STALE)
        answer = attempt.finish()

        assert not done(answer).replayed
        assert account(world).balance == 30

    def test_a_member_who_has_just_enrolled_is_found_by_a_stale_read(self) -> None:
        world = scene()
        world.images[Earn(order("o1", 1), "ann").cause] = []
        key = next(key for key in world.table.items if key.sk == "ACCOUNT")
        world.images[key] = [None]
        attempt = world.start(Earn(order("o1", 50), "ann"))

        attempt.step(Fault.STALE)

        done(attempt.finish())
        assert account(world).balance == 50

    def test_an_order_pays_a_debt_that_arose_while_it_was_decided(self) -> None:
        world = scene()
        of = earned(world, 30)
        spent(world, 30)
        attempt = world.start(Earn(order("o2", 50), "ann"))
        attempt.run_to(writing)
        done(world.finish(refund(of)))
        assert account(world).holding.debt == 30

        answer = attempt.finish()

        assert entry_of(answer).effect.debt == -30
        assert (account(world).holding.debt, account(world).balance) == (0, 20)

    def test_an_order_of_a_member_who_is_merged_meanwhile_earns_for_the_survivor(self) -> None:
        world = scene("ann", "bob")
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        done(world.finish(Merge("ann", "bob", "m1")))

        answer = attempt.finish()

        assert entry_of(answer).member_id == "bob"
        assert account(world, "bob").balance == 50

    def test_points_recorded_after_their_last_day_never_enter_a_lot(self) -> None:
        world = scene(expiry=living(1))

        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 2 * DAY), "ann")))

        assert account(world).holding.lots == {}
        assert kinds(world) == ["accrual", "expiry"]

    def test_points_recorded_after_their_last_day_still_pay_a_debt(self) -> None:
        world = scene(expiry=living(1))
        done(world.finish(Adjust("ann", -20, "j1", below_zero=True)))

        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 2 * DAY), "ann")))

        assert (account(world).holding.debt, account(world).balance) == (0, 0)

    def test_beyond_60_lots_points_join_the_lot_with_the_next_later_date(self) -> None:
        world = scene()
        for months in range(61):
            day = add_months(TODAY, months)
            done(world.finish(Adjust("ann", 1, f"j{months}", expiring_on=day)))

        done(world.finish(Adjust("ann", 7, "odd", expiring_on=TODAY + DAY)))

        assert len(account(world).holding.lots) == 61
        assert account(world).holding.lots[add_months(TODAY, 1)] == 8


class TestVersionsOfAnOrder:
    def test_a_changed_order_gives_or_takes_the_difference(self) -> None:
        world = scene()

        balances = []
        for seconds, amount in enumerate((50, 80, 30)):
            done(world.finish(Record(shop_order("o1", amount, seconds=seconds), "ann")))
            balances.append(account(world).balance)

        assert balances == [50, 80, 30]

    def test_an_older_version_changes_nothing_after_a_later_one(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50, seconds=2), "ann")))

        done(world.finish(Record(shop_order("o1", 80, seconds=1), "ann")))

        assert account(world).balance == 50

    def test_an_unchanged_later_version_outdates_those_before_it(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50), "ann")))
        done(world.finish(Record(shop_order("o1", 50, seconds=2), "ann")))

        done(world.finish(Record(shop_order("o1", 80, seconds=1), "ann")))

        assert account(world).balance == 50
        assert kinds(world) == ["accrual"]

    def test_a_version_that_is_decided_while_a_later_one_is_written_does_not_count(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50), "ann")))
        attempt = world.start(Record(shop_order("o1", 80, seconds=1), "ann"))
        attempt.run_to(writing_to("ORDER"))
        done(world.finish(Record(shop_order("o1", 50, seconds=2), "ann")))

        done(attempt.finish())

        assert account(world).balance == 50

    def test_a_refund_that_arrives_while_its_order_is_sent_again_counts(self) -> None:
        world = scene()
        of = shop_order("o1", 50)
        done(world.finish(Record(of, "ann")))
        attempt = world.start(Record(shop_order("o1", 50, seconds=1), "ann"))
        attempt.run_to(writing_to("ORDER"))
        done(world.finish(refund(of, amount=20)))

        done(attempt.finish())
        done(world.finish(refund(of, "r2", amount=20)))

        assert account(world).balance == 10

    def test_an_order_to_which_only_tax_was_added_earns_the_same_and_is_refunded_with_tax(
        self,
    ) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 100), "ann")))

        done(world.finish(Record(shop_order("o1", 100, seconds=1, tax_percent=20), "ann")))
        done(world.finish(refund(order("o1", 100), money={"l0": 60})))

        assert account(world).balance == 50


class TestLevels:
    def test_a_refund_that_ends_a_level_earlier_makes_the_due_time_earlier(self) -> None:
        silver = programs.ROLLING.model_copy(update={"levels": programs.ROLLING.levels[:1]})
        world = scene(tiers=silver, rules=programs.TIERED)
        march = earned(world, 40)
        done(world.finish(Earn(order("january", 40, occurred_at=NOON - 40 * DAY), "ann")))
        before = account(world).due

        done(world.finish(refund(march)))

        # Twelve months count together, and what they reach holds for twelve more.
        assert (before, account(world).due) == (date(2028, 3, 1), date(2028, 1, 1))

    @pytest.mark.parametrize("before", [0, 5])
    def test_two_orders_at_once_reach_a_level_that_neither_reaches_alone(self, before: int) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        earned(world, before, name="before")
        attempts = [world.start(Earn(order(f"o{n}", 20), "ann")) for n in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).tier_announced == "silver"

    def test_orders_of_two_months_at_once_reach_a_level_that_neither_reaches_alone(self) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        times = (NOON, NOON - 40 * DAY)
        attempts = [
            world.start(Earn(order(f"o{moment}", 20, occurred_at=moment), "ann"))
            for moment in times
        ]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).tier_announced == "silver"

    def test_an_order_decided_before_a_refund_took_a_level_announces_that_it_is_reached_again(
        self,
    ) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        first = earned(world, 70)
        attempt = world.start(Earn(order("o2", 60), "ann"))
        attempt.run_to(writing)
        done(world.finish(refund(first)))
        lost = account(world).tier_announced

        done(attempt.finish())

        assert (lost, account(world).tier_announced) == (None, "gold")

    def test_a_level_whose_last_day_ends_while_it_is_granted_ends_with_the_next_sweep(
        self,
    ) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        attempt = world.start(Grant("ann", TierFloor("gold", TODAY)))
        attempt.run_to(writing)
        world.now += DAY
        earned(world, 10)
        done(attempt.finish())
        due = account(world).due

        swept(world)

        assert due == TODAY + DAY
        assert account(world).tier_announced is None

    def test_what_was_decided_before_a_granted_level_ended_sets_no_due_time_for_it(self) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        gold = earned(world, 60)
        done(world.finish(Grant("ann", TierFloor("gold", TODAY))))
        late = world.start(Adjust("ann", 5, "j1"))
        late.run_to(writing)
        world.now += DAY
        done(world.finish(refund(gold)))

        done(late.finish())

        assert (account(world).tier_announced, account(world).due) == (None, date(2028, 3, 1))

    def test_an_order_that_counts_nothing_earns_at_the_level_that_a_refund_left(self) -> None:
        rule = EarningRule(id="base", on="order", points=1, per_minor=1, also_earn_on=("tip",))
        world = scene(tiers=SPEND, rules=(rule,))
        first = earned(world, 60)
        tip = replace(order("o2", 40).lines[0], category="tip")
        attempt = world.start(Earn(replace(order("o2"), lines=(tip,)), "ann"))
        attempt.run_to(writing)
        done(world.finish(refund(first)))

        accrual = entry_of(attempt.finish())

        assert accrual.effect.points == 40

    def test_an_order_that_was_returned_before_it_arrived_earns_at_the_level_that_a_refund_left(
        self,
    ) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        first = earned(world, 60)
        returned = order("o2", 40)
        done(world.finish(refund(returned)))
        attempt = world.start(Earn(returned, "ann"))
        decide_with_what_waits(attempt)
        done(world.finish(refund(first)))

        accrual = entry_of(attempt.finish()).detail

        assert isinstance(accrual, Accrual)
        assert (accrual.tier, accrual.points) == (None, 40)

    def test_an_order_with_a_waiting_refund_earns_at_once_at_the_level_that_it_reaches_by_itself(
        self,
    ) -> None:
        world = scene(tiers=AT_ONCE, rules=programs.TIERED)
        earned(world, 30)
        bought = order("o2", 25)
        done(world.finish(refund(bought, amount=20)))
        attempt = world.start(Earn(bought, "ann"))
        decide_with_what_waits(attempt)
        earned(world, 10, name="o3")

        accrual = entry_of(attempt.finish()).detail

        assert isinstance(accrual, Accrual)
        assert accrual.tier == "gold"


def decide_with_what_waits(attempt: Attempt) -> None:
    """Go on to the second write: the first was decided without the refund, and is refused."""
    attempt.run_to(writing)
    attempt.step()
    attempt.run_to(writing)
