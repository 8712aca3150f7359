"""Schedules record what the calendar did."""

from typing import Final

from loyalty.domain.ledger.account import TierFloor
from tests.simulation import programs
from tests.simulation.requests.members import Grant, Merge
from tests.simulation.requests.points import Adjust
from tests.simulation.requests.rewards import (
    Redeem,
)
from tests.simulation.requests.sweeps import Sweep
from tests.simulation.scene import (
    DAY,
    TODAY,
    Stage,
    done,
    earned,
    living,
    scene,
    spent,
)
from tests.simulation.world import Request, World


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
    a_sweep_that_makes_points_available,
    a_sweep_that_lowers_a_level,
    a_sweep_of_points_that_expire_by_inactivity,
    a_sweep_that_releases_a_hold,
    a_sweep,
)
