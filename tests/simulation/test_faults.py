"""Every fault, and every pair of faults, at every call of every use case.

A request that is repeated until it is answered leaves the books, item by item, exactly as if
nothing had gone wrong.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import pytest

from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.orders.order import OrderRef
from tests.simulation import programs
from tests.simulation.requests import (
    EMAIL,
    PHONE,
    Adjust,
    Cancel,
    CancelVouchers,
    Complete,
    Earn,
    Erase,
    Give,
    Grant,
    Join,
    Link,
    Merge,
    Note,
    Record,
    Redeem,
    Respond,
    SignIn,
    Sweep,
    TellVouchers,
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
    shop_order,
    spent,
)
from tests.simulation.world import CRASHED, TRY_AGAIN, Call, Fault, Read, Request, World

# A read changes nothing, so it does not matter whether it fails before or after it happened.
OF_STRONG_READS: Final = (Fault.CONFLICT, Fault.CRASH_BEFORE)
OF_READS: Final = (Fault.STALE, *OF_STRONG_READS)
OF_WRITES: Final = (
    Fault.CONFLICT,
    Fault.ANSWER_LOST,
    Fault.LATE,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
)

type Stage = Callable[[], tuple[World, Request]]
# The faults by the number of the call, counted over all attempts of a request.
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
    return scene(expiry=living(1)), Earn(order("o1", 50, occurred_at=NOON - 3 * DAY), "ann")


def an_order_after_its_refunds() -> tuple[World, Request]:
    world, of = scene(pending_days=1), order("o1", 50)
    for name in ("r1", "r2"):
        done(world.finish(refund(of, name, amount=20)))
    return world, Earn(of, "ann")


def an_order_of_nobody() -> tuple[World, Request]:
    return scene(), Earn(order("o1", 50), None)


def a_guests_order() -> tuple[World, Request]:
    return scene(), Earn(order("o1", 50), None, (EMAIL, PHONE))


def a_guests_order_once_they_are_known() -> tuple[World, Request]:
    world, of = scene(), order("o1", 50)
    done(world.finish(Earn(of, None)))
    return world, Earn(of, "ann")


def a_guests_order_of_who_has_just_enrolled() -> tuple[World, Request]:
    world, request = scene(), Earn(order("o1", 50), None, (EMAIL, PHONE))
    done(world.finish(request))
    done(world.finish(Join("dan")))
    return world, request


def a_guests_order_that_changes() -> tuple[World, Request]:
    world, known_by = scene(), (EMAIL,)
    done(world.finish(Record(shop_order("o1", 50), None, known_by)))
    done(world.finish(refund(order("o1", 50), amount=20)))
    return world, Record(shop_order("o1", 40, 30, seconds=1), None, known_by)


def a_refund_of_a_guests_order() -> tuple[World, Request]:
    world, of = scene(), order("o1", 50)
    done(world.finish(Earn(of, None, (EMAIL,))))
    return world, refund(of, units={"l0": 1})


def somebody_who_proves_what_another_noted() -> tuple[World, Request]:
    world = scene("ann", "bob")
    done(world.finish(Link("ann", PHONE)))
    done(world.finish(Note("ann", EMAIL)))
    return world, Link("bob", EMAIL)


def somebody_whom_a_till_enrolled_and_who_signs_in() -> tuple[World, Request]:
    world = scene()
    done(world.finish(Note("ann", EMAIL)))
    done(world.finish(Note("ann", PHONE)))
    return world, SignIn("pia", (EMAIL,))


def somebody_who_bought_before_they_enroll() -> tuple[World, Request]:
    world = scene(expiry=living(1))
    for name in ("o1", "o2"):
        done(world.finish(Earn(order(name, 50, occurred_at=NOON - 2 * DAY), None, (EMAIL,))))
    done(world.finish(refund(order("o1", 50), amount=20)))
    return world, Join("dan")


def a_member_who_turns_out_to_be_a_guest() -> tuple[World, Request]:
    world = scene()
    done(world.finish(Adjust("ann", -20, "j0", below_zero=True)))
    done(world.finish(Record(shop_order("o1", 50), None, (PHONE, EMAIL))))
    return world, Link("ann", PHONE)


def an_order_that_is_worth_more() -> tuple[World, Request]:
    world = scene()
    done(world.finish(Record(shop_order("o1", 50), "ann")))
    return world, Record(shop_order("o1", 50, 30, seconds=1), "ann")


def an_order_that_is_worth_less_than_what_was_spent() -> tuple[World, Request]:
    world = scene(rules=programs.TIERED, tiers=programs.ROLLING)
    done(world.finish(Record(shop_order("o1", 50, tax_percent=20), "ann")))
    spent(world, 30, name="k0")
    return world, Record(shop_order("o1", 10, tax_percent=20, seconds=1), "ann")


def an_order_that_a_storefront_tells_again() -> tuple[World, Request]:
    world = scene()
    done(world.finish(Record(shop_order("o1", 50), "ann")))
    return world, Record(shop_order("o1", 50, seconds=1), "ann")


def an_order_as_it_was_before() -> tuple[World, Request]:
    world = scene()
    done(world.finish(Record(shop_order("o1", 50, seconds=1), "ann")))
    return world, Record(shop_order("o1", 60), "ann")


def an_order_after_points_expired_by_inactivity() -> tuple[World, Request]:
    world = scene(inactivity=programs.QUIET, inactivity_since=TODAY)
    earned(world, 10, name="o0")
    world.now += 40 * DAY
    return world, Earn(order("o1", 50, occurred_at=world.now), "ann")


def a_refund() -> tuple[World, Request]:
    world = scene(expiry=living(1))
    return world, refund(earned(world, 50), amount=20)


def a_refund_of_money_of_a_line() -> tuple[World, Request]:
    world, of = scene(), shop_order("o1", 50, 30, tax_percent=20, quantity=2)
    done(world.finish(Record(of, "ann")))
    done(world.finish(refund(of, units={"l0": 1})))
    return world, refund(of, "r2", money={"l0": 12, "l1": 40})


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


def a_voucher_that_a_till_uses_for_an_order() -> tuple[World, Request]:
    world = scene()
    earned(world, 10)
    return world, Use(spent(world, 10), "u1", OrderRef("shop", "o9"))


def vouchers_that_an_order_uses() -> tuple[World, Request]:
    world = scene()
    earned(world, 50)
    held = spent(world, 10, name="k1", hold=True)
    return world, TellVouchers("o9", (held, spent(world, 10, name="k2")))


def vouchers_of_which_an_order_has_others_now() -> tuple[World, Request]:
    world = scene()
    earned(world, 50)
    one, other = spent(world, 10, name="k1"), spent(world, 10, name="k2")
    done(world.finish(TellVouchers("o9", (one,))))
    return world, TellVouchers("o9", (other,))


def vouchers_of_an_order_that_is_cancelled() -> tuple[World, Request]:
    world = scene()
    earned(world, 50)
    both = (spent(world, 10, name="k1"), spent(world, 10, name="k2"))
    done(world.finish(TellVouchers("o9", both)))
    return world, CancelVouchers("o9")


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


def an_answer_to_a_survey() -> tuple[World, Request]:
    world = scene(surveys=(programs.ASKED_OF_ALL,))
    earned(world, 50, name="o1")
    return world, Respond("o1", 2)


def an_answer_that_is_given_a_bonus() -> tuple[World, Request]:
    world = scene("ann", "bob", expiry=living(3), surveys=(programs.THANKED,))
    earned(world, 50, name="o1")
    done(world.finish(Merge("ann", "bob", "m0")))
    world.now += 5 * DAY
    return world, Respond("o1", 5)


def a_member_who_is_erased() -> tuple[World, Request]:
    world = scene("ann", "bob", expiry=living(1))
    earned(world, 50, by="ann", name="o1")
    done(world.finish(Merge("bob", "ann", "m0")))
    world.now += 3 * DAY
    earned(world, 10, by="ann", name="o2")
    return world, Erase("ann")


def two_members_of_whom_one_is_known() -> tuple[World, Request]:
    world = scene("ann", "bob")
    done(world.finish(Link("ann")))
    return world, Merge("ann", "bob", "m1")


def a_sweep_that_makes_points_available() -> tuple[World, Request]:
    world = scene("ann", "bob", pending_days=1)
    for member_id in ("ann", "bob"):
        earned(world, 50, by=member_id, name=f"o-{member_id}")
    done(world.finish(Adjust("bob", -20, "j1", below_zero=True)))
    world.now += DAY
    return world, Sweep()


def a_sweep_that_lowers_a_level() -> tuple[World, Request]:
    world = scene(tiers=programs.ROLLING, rules=programs.TIERED, expiry=living(9))
    done(world.finish(Grant("ann", TierFloor("gold", TODAY + 3 * DAY))))
    earned(world, 40)
    world.now += 4 * DAY
    return world, Sweep()


def a_sweep_of_points_that_expire_by_inactivity() -> tuple[World, Request]:
    world = scene(inactivity=programs.QUIET, inactivity_since=TODAY)
    earned(world, 50)
    world.now += 40 * DAY
    return world, Sweep()


def a_sweep_that_releases_a_hold() -> tuple[World, Request]:
    world = scene("ann", "bob")
    earned(world, 10)
    spent(world, 10, hold=True)
    done(world.finish(Merge("ann", "bob", "m0")))
    world.now += DAY
    return world, Sweep()


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
    an_order_of_nobody,
    a_guests_order,
    a_guests_order_once_they_are_known,
    a_guests_order_of_who_has_just_enrolled,
    a_guests_order_that_changes,
    a_refund_of_a_guests_order,
    somebody_who_proves_what_another_noted,
    somebody_whom_a_till_enrolled_and_who_signs_in,
    somebody_who_bought_before_they_enroll,
    a_member_who_turns_out_to_be_a_guest,
    an_order_that_is_worth_more,
    an_order_that_is_worth_less_than_what_was_spent,
    an_order_that_a_storefront_tells_again,
    an_order_as_it_was_before,
    an_order_after_points_expired_by_inactivity,
    a_refund,
    a_refund_of_money_of_a_line,
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
    a_voucher_that_a_till_uses_for_an_order,
    vouchers_that_an_order_uses,
    vouchers_of_which_an_order_has_others_now,
    vouchers_of_an_order_that_is_cancelled,
    points_added_by_hand,
    points_taken_by_hand_below_zero,
    points_given_to_someone_with_a_debt,
    two_members_who_become_one,
    two_members_of_whom_one_is_known,
    a_level_that_is_granted,
    an_answer_to_a_survey,
    an_answer_that_is_given_a_bonus,
    a_member_who_is_erased,
    a_sweep_that_makes_points_available,
    a_sweep_that_lowers_a_level,
    a_sweep_of_points_that_expire_by_inactivity,
    a_sweep_that_releases_a_hold,
    a_sweep,
)


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a request that is repeated until it is answered, with planned faults."""

    books: str
    # The faults that could have happened at each call.
    faults: tuple[tuple[Fault, ...], ...]


def run(stage: Stage, plan: Plan) -> Run:
    world, request = stage()
    faults: list[tuple[Fault, ...]] = []
    for _ in range(len(plan) + 2):
        attempt = world.start(request)
        while attempt.call is not None:
            fault = plan.get(len(faults), Fault.NONE)
            faults.append(_faults(attempt.call))
            attempt.step(fault)
        if attempt.answer not in (CRASHED, TRY_AGAIN):
            break
    else:
        raise AssertionError(f"{request.name} is never answered")
    done(attempt.answer)
    while world.in_limbo:
        world.deliver()
    # Late writes must have changed nothing, and the answer stays the same.
    done(world.finish(request))
    return Run(_books(world), tuple(faults))


def _faults(call: Call) -> tuple[Fault, ...]:
    if isinstance(call, Read):
        return OF_STRONG_READS if call.strong else OF_READS
    return OF_WRITES


def _books(world: World) -> str:
    """All items as text, so that a difference can be read.

    Random codes are left out, and so are index shards, which depend on the code.
    """
    lines = sorted(f"{key.pk} {key.sk} {item}" for key, item in world.table.items.items())
    return re.sub(r"CODE\d+|(?<=EXPIRING#....-..-..)#\d\d", "", "\n".join(lines))


def singles(stage: Stage) -> Iterator[tuple[Plan, Run]]:
    for call, faults in enumerate(run(stage, {}).faults):
        for fault in faults:
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
        (first_call,) = first
        for call in range(first_call + 1, len(after_one.faults)):
            for fault in after_one.faults[call]:
                plan = {**first, call: fault}
                assert run(stage, plan).books == books, plan


@pytest.mark.parametrize("stage", STAGES)
def test_the_same_request_twice_at_once_leaves_the_books_as_after_one(stage: Stage) -> None:
    alone = run(stage, {})
    calls = range(len(alone.faults))

    for first, second in product(calls, calls):
        assert _overlapping(stage, first, second) == alone.books, (first, second)


def _overlapping(stage: Stage, first: int, second: int) -> str:
    """The books after two attempts ran for some calls each, and then both to the end."""
    world, request = stage()
    attempts = (world.start(request), world.start(request))
    for attempt, calls in zip(attempts, (first, second), strict=True):
        for _ in range(calls):
            if attempt.call is not None:
                attempt.step()
    for attempt in attempts:
        done(attempt.finish())
    return _books(world)
