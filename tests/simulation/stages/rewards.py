"""Rewards are redeemed, and vouchers used and cancelled."""

from typing import Final

from loyalty.domain.orders.order import OrderRef
from tests.simulation import programs
from tests.simulation.requests.members import Merge
from tests.simulation.requests.rewards import (
    Cancel,
    CancelVouchers,
    Complete,
    Redeem,
    TellVouchers,
    Use,
)
from tests.simulation.scene import (
    DAY,
    Stage,
    done,
    earned,
    living,
    scene,
    spent,
)
from tests.simulation.world import Request, World


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


STAGES: Final[tuple[Stage, ...]] = (
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
)
