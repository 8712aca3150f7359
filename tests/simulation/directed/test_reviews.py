"""Safeguards hold or flag orders; a review releases their points, or takes them back."""

from typing import Any

import pytest

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.refunds import OrderState
from loyalty.domain.orders.order import Order
from loyalty.table import keys
from loyalty.table.records.orders import order_state_from_item
from tests.simulation.programs import campaign
from tests.simulation.requests.members import Erase, Merge
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.reviews import Decide
from tests.simulation.scene import (
    DAY,
    NOON,
    TODAY,
    account,
    done,
    earned,
    kinds,
    living,
    order,
    refund,
    refused,
    scene,
    shop_order,
    shown,
    spent,
    swept,
    writing,
)
from tests.simulation.stages.reviews import FLAGGED, HELD, safeguard
from tests.simulation.world import PROGRAM_ID, Request, World

HELD_UNTIL = TODAY + 3 * DAY


def held_order(points: int = 40, **fields: Any) -> tuple[World, Order]:
    """A world where a second order of the day is held."""
    world = scene(safeguards=HELD, **fields)
    earned(world, 10, name="o0")
    return world, earned(world, points, name="o1")


def state(world: World, of: Order) -> OrderState:
    return order_state_from_item(
        world.table.items[keys.order_state(PROGRAM_ID, of.source, of.order_id)]
    )


def pending(world: World) -> dict[Any, int]:
    return {dates.available_on: points for dates, points in account(world).holding.pending.items()}


def balance(world: World) -> tuple[int, int]:
    """What can be spent, and what is pending."""
    held: Account = shown(world)
    return held.balance, held.holding.pending_points


class TestHolding:
    def test_the_first_order_beyond_a_limit_is_held_and_nobody_is_refused(self) -> None:
        world, _ = held_order()

        assert balance(world) == (10, 40)
        assert pending(world) == {HELD_UNTIL: 40}

    def test_held_points_become_available_by_themselves(self) -> None:
        world, _ = held_order()

        world.now += 3 * DAY
        swept(world)

        assert balance(world) == (50, 0)

    def test_of_two_orders_at_once_the_later_one_is_held(self) -> None:
        world = scene(safeguards=(safeguard(at_most=2),))
        earned(world, 10)
        attempts = [world.start(Earn(order(f"at-once-{n}", 10), "ann")) for n in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)
        for attempt in attempts:
            done(attempt.finish())

        assert balance(world) == (20, 10)

    def test_orders_of_another_day_count_by_themselves(self) -> None:
        world = scene(safeguards=HELD)
        earned(world, 10, name="o0")
        done(world.finish(Earn(order("o1", 10, occurred_at=NOON - DAY), "ann")))
        world.now += DAY
        earned(world, 10, name="o2")

        assert balance(world) == (30, 0)

    def test_orders_that_come_days_late_are_not_counted(self) -> None:
        world = scene(safeguards=HELD)
        for number in range(3):
            done(world.finish(Earn(order(f"o{number}", 10, occurred_at=NOON - 2 * DAY), "ann")))

        assert balance(world) == (30, 0)

    def test_an_account_forgets_what_it_counted_before_yesterday(self) -> None:
        world = scene(safeguards=(safeguard(), safeguard("p", count="points")))
        for _ in range(5):
            earned(world, 1)
            world.now += DAY

        assert len(account(world).redeemed) == 4

    def test_a_refund_does_not_make_room_for_another_order(self) -> None:
        world = scene(safeguards=HELD)
        done(world.finish(refund(earned(world, 10, name="o0"))))
        earned(world, 10, name="o1")

        assert balance(world) == (0, 10)

    def test_points_are_never_held_beyond_their_last_day(self) -> None:
        world, _ = held_order(expiry=living(1))

        assert pending(world) == {TODAY + DAY: 40}
        world.now += DAY
        assert balance(world) == (50, 0)

    def test_points_that_are_pending_for_longer_wait_as_long_as_they_would(self) -> None:
        world, held = held_order(pending_days=7)
        done(world.finish(Decide(held, "released")))

        assert pending(world) == {TODAY + 7 * DAY: 50}

    def test_the_strictest_of_several_limits_decides_for_how_long(self) -> None:
        limits = (safeguard(), safeguard("points", count="points", at_most=45, hold_days=9))
        world = scene(safeguards=limits)
        earned(world, 10, name="o0")
        earned(world, 30, name="o1")
        earned(world, 30, name="o2")

        assert pending(world) == {HELD_UNTIL: 30, TODAY + 9 * DAY: 30}


class TestReleasing:
    def test_released_points_can_be_spent_at_once(self) -> None:
        world, held = held_order()

        done(world.finish(Decide(held, "released")))
        spent(world, 30)

        assert balance(world) == (20, 0)
        assert kinds(world) == ["accrual", "accrual", "activation", "redemption"]

    def test_released_points_pay_a_debt_first(self) -> None:
        world, held = held_order()
        first = order("o0", 10)
        spent(world, 10)
        done(world.finish(refund(first)))

        done(world.finish(Decide(held, "released")))

        assert (account(world).holding.debt, account(world).balance) == (0, 30)

    def test_released_points_wait_as_long_as_the_rules_say(self) -> None:
        world, held = held_order(pending_days=1)

        done(world.finish(Decide(held, "released")))

        assert pending(world) == {TODAY + DAY: 50}

    @pytest.mark.parametrize("first", ["refund", "release"])
    def test_a_partial_refund_takes_the_same_before_and_after(self, first: str) -> None:
        world, held = held_order()
        steps: list[Request] = [refund(held, amount=15), Decide(held, "released")]
        for step in steps if first == "refund" else steps[::-1]:
            done(world.finish(step))

        assert balance(world) == (35, 0)
        assert state(world, held).clawed == 15

    def test_a_refund_of_a_released_order_leaves_what_another_has_pending(self) -> None:
        world, released = held_order()
        held = earned(world, 25, name="o2")
        done(world.finish(Decide(released, "released")))

        done(world.finish(refund(released)))
        assert balance(world) == (10, 25)
        done(world.finish(refund(held)))
        assert balance(world) == (10, 0)

    def test_nothing_is_left_to_release_of_an_order_that_was_refunded(self) -> None:
        world, held = held_order()
        done(world.finish(refund(held)))

        done(world.finish(Decide(held, "released")))

        assert balance(world) == (10, 0)

    def test_what_an_edit_adds_is_held_until_the_release_and_not_after(self) -> None:
        world = scene(safeguards=HELD)
        earned(world, 10, name="o0")
        done(world.finish(Record(shop_order("o1", 40), "ann")))
        done(world.finish(Record(shop_order("o1", 60, seconds=1), "ann")))
        assert balance(world) == (10, 60)

        done(world.finish(Decide(order("o1", 60), "released")))
        done(world.finish(Record(shop_order("o1", 65, seconds=2), "ann")))

        assert balance(world) == (75, 0)

    def test_points_that_lapsed_meanwhile_are_excused_by_a_later_refund(self) -> None:
        world, held = held_order(expiry=living(1))
        world.now += DAY
        done(world.finish(Decide(held, "released")))
        world.now += DAY
        swept(world)

        done(world.finish(refund(held)))

        assert state(world, held).excused == 40

    def test_the_release_of_a_merged_member_is_the_survivors(self) -> None:
        world = scene("ann", "bob", safeguards=HELD)
        earned(world, 10, name="o0")
        held = earned(world, 40, name="o1")
        done(world.finish(Merge("ann", "bob", "m1")))

        done(world.finish(Decide(held, "released")))

        assert account(world, "bob").balance == 50

    def test_of_an_erased_member_only_the_decision_is_noted(self) -> None:
        world, held = held_order()
        done(world.finish(Erase("ann")))

        review = done(world.finish(Decide(held, "released")))

        assert (review.state, review.decision.entry_id) == ("released", None)


class TestRejecting:
    def test_a_rejected_order_keeps_none_of_its_points(self) -> None:
        world, held = held_order()

        done(world.finish(Decide(held, "rejected")))

        assert balance(world) == (10, 0)
        assert state(world, held).clawed == 40

    def test_later_refunds_take_nothing_more(self) -> None:
        world, rejected = held_order()
        held = earned(world, 25, name="o2")
        done(world.finish(Decide(rejected, "rejected")))

        done(world.finish(refund(rejected, "r1", amount=15)))
        done(world.finish(refund(rejected, "r2")))

        assert balance(world) == (10, 25)
        done(world.finish(refund(held)))
        assert balance(world) == (10, 0)

    def test_it_takes_what_refunds_left(self) -> None:
        world, held = held_order()
        done(world.finish(refund(held, amount=15)))

        done(world.finish(Decide(held, "rejected")))

        assert balance(world) == (10, 0)
        assert state(world, held).clawed == 40

    def test_an_order_that_is_changed_later_still_earns_nothing(self) -> None:
        world = scene(safeguards=HELD)
        earned(world, 10, name="o0")
        done(world.finish(Record(shop_order("o1", 40), "ann")))
        done(world.finish(Decide(order("o1", 40), "rejected")))

        done(world.finish(Record(shop_order("o1", 90, seconds=1), "ann")))
        done(world.finish(Record(shop_order("o1", 20, seconds=2), "ann")))

        assert balance(world) == (10, 0)

    @pytest.mark.parametrize(
        ("policy", "left", "debt"), [("unlimited", 0, 10), ("within_balance", 0, 0)]
    )
    def test_points_of_a_flagged_order_that_were_spent_are_owed_or_forgiven(
        self, policy: str, left: int, debt: int
    ) -> None:
        world = scene(safeguards=FLAGGED, clawback=policy)
        earned(world, 10, name="o0")
        flagged = earned(world, 30, name="o1")
        spent(world, 10)

        spent(world, 10, name="k2")
        done(world.finish(Decide(flagged, "rejected")))

        assert (account(world).holding.spendable, account(world).holding.debt) == (left, debt)

    def test_limits_of_campaigns_get_back_what_was_taken(self) -> None:
        limited = campaign(limits={"per_member": {"points": 15, "per": "month"}})
        world = scene(safeguards=HELD, campaigns=(limited,))
        earned(world, 10, name="o0")
        held = earned(world, 40, name="o1")
        done(world.finish(Decide(held, "rejected")))

        earned(world, 20, name="o2")

        assert balance(world) == (20, 25)

    def test_a_decision_is_made_once(self) -> None:
        world, held = held_order()
        first = done(world.finish(Decide(held, "rejected")))

        assert done(world.finish(Decide(held, "rejected"))) == first
        assert refused(world, Decide(held, "released")) == "wrong_state"
        assert balance(world) == (10, 0)

    def test_an_order_within_the_limits_has_no_review(self) -> None:
        world, _ = held_order()

        assert refused(world, Decide(order("o0", 10), "released")) == "not_found"

    def test_a_decision_notices_a_refund_that_comes_first(self) -> None:
        world, held = held_order()
        attempt = world.start(Decide(held, "released"))
        attempt.run_to(writing)
        done(world.finish(refund(held, amount=15)))

        done(attempt.finish())

        assert balance(world) == (35, 0)
