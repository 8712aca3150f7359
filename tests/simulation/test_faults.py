"""Every use case, every call in it, every fault, and every two of them: the books end up the same.

Whatever goes wrong, a request that is sent again until it is answered leaves the books exactly as
if nothing had gone wrong, item by item.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pytest

from loyalty.domain.account import TierFloor
from tests.simulation import programs
from tests.simulation.requests import (
    Adjust,
    Cancel,
    Complete,
    Earn,
    Erase,
    Give,
    Grant,
    Merge,
    Redeem,
    Sweep,
    Use,
)
from tests.simulation.scene import (
    DAY,
    NOON,
    TODAY,
    done,
    earned,
    living,
    order,
    refund,
    scene,
    spent,
)
from tests.simulation.world import CRASHED, TRY_AGAIN, Fault, Request, World

FAULTS: Final = (
    Fault.STALE,
    Fault.CONFLICT,
    Fault.ANSWER_LOST,
    Fault.LATE,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
)

type Stage = Callable[[], tuple[World, Request]]
# What goes wrong with which of the calls that a request makes over all its attempts.
type Plan = Mapping[int, Fault]


def an_order_earns() -> tuple[World, Request]:
    return scene(expiry=living(1)), Earn(order("o1", 50), "ann")


def an_order_pays_a_debt() -> tuple[World, Request]:
    world = scene()
    done(world.finish(Adjust("ann", -20, "j0", below_zero=True)))
    return world, Earn(order("o1", 50), "ann")


def an_order_of_a_merged_member() -> tuple[World, Request]:
    world = scene("ann", "bob")
    done(world.finish(Merge("ann", "bob", "m0")))
    return world, Earn(order("o1", 50), "ann")


def an_order_whose_points_have_expired() -> tuple[World, Request]:
    return scene(expiry=living(1)), Earn(order("o1", 50, at=NOON - 3 * DAY), "ann")


def an_order_after_its_refunds() -> tuple[World, Request]:
    world, of = scene(pending_days=1), order("o1", 50)
    for name in ("r1", "r2"):
        done(world.finish(refund(of, name, amount=20)))
    return world, Earn(of, "ann")


def a_guests_order() -> tuple[World, Request]:
    return scene(), Earn(order("o1", 50), None)


def a_guests_order_once_they_are_known() -> tuple[World, Request]:
    world, of = scene(), order("o1", 50)
    done(world.finish(Earn(of, None)))
    return world, Earn(of, "ann")


def an_order_after_points_expired_by_inactivity() -> tuple[World, Request]:
    world = scene(expiry=programs.QUIET, inactivity_since=TODAY)
    earned(world, 10, name="o0")
    world.now += 40 * DAY
    return world, Earn(order("o1", 50, at=world.now), "ann")


def a_refund() -> tuple[World, Request]:
    world = scene(expiry=living(1))
    return world, refund(earned(world, 50), amount=20)


def a_refund_of_pending_points_that_have_become_available() -> tuple[World, Request]:
    world = scene(expiry=living(3), pending_days=1)
    of = earned(world, 50)
    world.now += DAY
    return world, refund(of, amount=20)


def a_refund_that_makes_a_debt() -> tuple[World, Request]:
    world = scene()
    of = earned(world, 50)
    spent(world, 30, name="k0")
    return world, refund(of)


def a_refund_of_which_a_part_is_forgiven() -> tuple[World, Request]:
    world = scene(clawback="within_balance")
    of = earned(world, 50)
    spent(world, 30, name="k0")
    return world, refund(of)


def a_refund_of_points_that_have_expired() -> tuple[World, Request]:
    world = scene("ann", "bob", expiry=living(1))
    of = earned(world, 50)
    world.now += 3 * DAY
    done(world.finish(Merge("ann", "bob", "m0")))
    return world, refund(of)


def a_refund_before_its_order() -> tuple[World, Request]:
    return scene(), refund(order("o1", 50))


def another_refund_before_its_order() -> tuple[World, Request]:
    world, of = scene(), order("o1", 50)
    done(world.finish(refund(of, "r1", amount=20)))
    return world, refund(of, "r2")


def a_redemption() -> tuple[World, Request]:
    world = scene(expiry=living(2))
    earned(world, 20)
    world.now += DAY
    earned(world, 20)
    return world, Redeem("ann", "for-30", "k1")


def a_redemption_of_a_limited_piece() -> tuple[World, Request]:
    world = scene()
    earned(world, 5)
    return world, Redeem("ann", programs.STOCKED, "k1")


def a_redemption_after_something_expired() -> tuple[World, Request]:
    world = scene(expiry=living(1))
    earned(world, 20)
    world.now += 2 * DAY
    earned(world, 10)
    return world, Redeem("ann", "for-10", "k1", hold=True)


def a_redemption_that_is_completed() -> tuple[World, Request]:
    world = scene()
    earned(world, 10)
    return world, Complete(spent(world, 10, hold=True))


def a_redemption_that_is_cancelled() -> tuple[World, Request]:
    world = scene()
    earned(world, 10)
    redeemed = Redeem("ann", programs.LIMITED, "k1")
    done(world.finish(redeemed))
    return world, Cancel(redeemed)


def a_redemption_of_expired_points_that_is_cancelled() -> tuple[World, Request]:
    world = scene("ann", "bob", expiry=living(1))
    earned(world, 10)
    redeemed = spent(world, 10)
    done(world.finish(Merge("ann", "bob", "m0")))
    world.now += 3 * DAY
    return world, Cancel(redeemed)


def a_voucher_that_is_used() -> tuple[World, Request]:
    world = scene()
    earned(world, 10)
    return world, Use(spent(world, 10), "u1")


def points_added_by_hand() -> tuple[World, Request]:
    return scene(), Adjust("ann", 10, "j1", expiring_on=TODAY - DAY)


def points_taken_by_hand_below_zero() -> tuple[World, Request]:
    world = scene(expiry=living(1))
    earned(world, 10)
    return world, Adjust("ann", -30, "j1", below_zero=True)


def points_given_to_someone_with_a_debt() -> tuple[World, Request]:
    world = scene("ann", "bob", expiry=living(1))
    earned(world, 50)
    done(world.finish(Adjust("bob", -10, "j0", below_zero=True)))
    return world, Give("ann", "bob", 40, "t1")


def two_members_who_become_one() -> tuple[World, Request]:
    world = scene("ann", "bob", expiry=living(1), pending_days=1)
    for member_id in ("ann", "bob"):
        earned(world, 50, by=member_id, name=f"o-{member_id}")
    world.now += DAY
    return world, Merge("ann", "bob", "m1")


def a_level_that_is_granted() -> tuple[World, Request]:
    world = scene(expiry=living(1), tiers=programs.ROLLING, rules=programs.TIERED)
    earned(world, 40)
    world.now += 3 * DAY
    return world, Grant("ann", TierFloor("gold", TODAY + 9 * DAY))


def a_member_who_is_erased() -> tuple[World, Request]:
    world = scene("ann", "bob", expiry=living(1))
    earned(world, 50, by="ann", name="o1")
    done(world.finish(Merge("bob", "ann", "m0")))
    world.now += 3 * DAY
    earned(world, 10, by="ann", name="o2")
    return world, Erase("ann")


def a_sweep() -> tuple[World, Request]:
    world = scene("ann", "bob", "cho", pending_days=1)
    earned(world, 50, by="ann", name="o1")
    done(world.finish(Adjust("ann", 10, "j1", expiring_on=TODAY)))
    for member_id, reward_id in (("bob", "for-10"), ("cho", "dated")):
        done(world.finish(Adjust(member_id, 20, f"j-{member_id}")))
        hold = reward_id == "for-10"
        done(world.finish(Redeem(member_id, reward_id, f"k-{member_id}", hold=hold)))
    world.now += 3 * DAY
    return world, Sweep()


STAGES: Final[tuple[Stage, ...]] = (
    an_order_earns,
    an_order_pays_a_debt,
    an_order_of_a_merged_member,
    an_order_whose_points_have_expired,
    an_order_after_its_refunds,
    a_guests_order,
    a_guests_order_once_they_are_known,
    an_order_after_points_expired_by_inactivity,
    a_refund,
    a_refund_of_pending_points_that_have_become_available,
    a_refund_that_makes_a_debt,
    a_refund_of_which_a_part_is_forgiven,
    a_refund_of_points_that_have_expired,
    a_refund_before_its_order,
    another_refund_before_its_order,
    a_redemption,
    a_redemption_of_a_limited_piece,
    a_redemption_after_something_expired,
    a_redemption_that_is_completed,
    a_redemption_that_is_cancelled,
    a_redemption_of_expired_points_that_is_cancelled,
    a_voucher_that_is_used,
    points_added_by_hand,
    points_taken_by_hand_below_zero,
    points_given_to_someone_with_a_debt,
    two_members_who_become_one,
    a_level_that_is_granted,
    a_member_who_is_erased,
    a_sweep,
)


@dataclass(frozen=True, slots=True)
class Run:
    """A request sent until it is answered, while things go wrong by plan."""

    books: str
    calls: int


def run(stage: Stage, plan: Plan) -> Run:
    world, request = stage()
    calls = 0
    for _ in range(len(plan) + 2):
        attempt = world.start(request)
        while attempt.call is not None:
            attempt.step(plan.get(calls, Fault.NONE))
            calls += 1
        if attempt.answer not in (CRASHED, TRY_AGAIN):
            break
    else:
        raise AssertionError(f"{request.name} is never answered")
    done(attempt.answer)
    while world.in_limbo:
        world.deliver()
    # Whatever was late may have changed nothing, and the answer stays what it was.
    done(world.finish(request))
    return Run(_books(world), calls)


def _books(world: World) -> str:
    """All items, told so that a difference can be read.

    Which code was drawn does not matter, nor the shard of the index that the code leads to.
    """
    lines = sorted(f"{key.pk} {key.sk} {item}" for key, item in world.table.items.items())
    return re.sub(r"CODE\d+|(?<=EXPIRING#....-..-..)#\d\d", "", "\n".join(lines))


def singles(stage: Stage) -> Iterator[tuple[Plan, Run]]:
    for call in range(run(stage, {}).calls):
        for fault in FAULTS:
            plan = {call: fault}
            yield plan, run(stage, plan)


@pytest.mark.parametrize("stage", STAGES)
def test_one_fault_at_any_call_leaves_the_books_as_if_there_were_none(stage: Stage) -> None:
    books = run(stage, {}).books

    for plan, ran in singles(stage):
        assert ran.books == books, plan


@pytest.mark.parametrize("stage", STAGES)
def test_two_faults_at_any_two_calls_leave_the_books_as_if_there_were_none(stage: Stage) -> None:
    books = run(stage, {}).books

    for first, after_one in singles(stage):
        (at,) = first
        for call in range(at + 1, after_one.calls):
            for fault in FAULTS:
                plan = {**first, call: fault}
                assert run(stage, plan).books == books, plan
