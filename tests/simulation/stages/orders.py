"""Orders arrive, change and are refunded."""

from typing import Final

from tests.simulation import programs
from tests.simulation.requests.common import EMAIL, PHONE
from tests.simulation.requests.members import Join, Merge
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.points import Adjust
from tests.simulation.scene import (
    DAY,
    NOON,
    TODAY,
    Stage,
    done,
    earned,
    living,
    order,
    refund,
    scene,
    shop_order,
    spent,
)
from tests.simulation.world import Request, World


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


def an_order_that_is_worth_more() -> tuple[World, Request]:
    limits = {"per_member": {"points": 25}, "budget": {"points": 20}}
    each = programs.campaign(effect={"kind": "per_unit", "points": 14}, limits=limits)
    world = scene(campaigns=(each,))
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


def an_order_in_force_before() -> tuple[World, Request]:
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
    an_order_that_is_worth_more,
    an_order_that_is_worth_less_than_what_was_spent,
    an_order_that_a_storefront_tells_again,
    an_order_in_force_before,
    an_order_after_points_expired_by_inactivity,
    a_refund,
    a_refund_of_money_of_a_line,
    a_refund_of_pending_points_that_have_become_available,
    a_refund_that_makes_a_debt,
    a_refund_of_which_a_part_is_forgiven,
    a_refund_of_points_that_have_expired,
    a_refund_before_its_order,
    another_refund_before_its_order,
)
