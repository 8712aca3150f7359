"""Orders exceed safeguards, and managers decide about them."""

from datetime import timedelta
from typing import Any, Final

from loyalty.domain.program.safeguards import Safeguard
from tests.simulation.requests.orders import Earn
from tests.simulation.requests.points import Adjust
from tests.simulation.requests.reviews import Decide
from tests.simulation.scene import Stage, done, earned, order, refund, scene
from tests.simulation.world import Request, World


def safeguard(
    safeguard_id: str = "one-a-day", *, count: Any = "orders", at_most: int = 1, hold_days: int = 3
) -> Safeguard:
    """A limit beyond which orders are held; with no days, they are flagged."""
    return Safeguard(
        id=safeguard_id,
        count=count,
        at_most=at_most,
        then="hold" if hold_days else "flag",
        hold_days=hold_days or None,
    )


HELD: Final = (safeguard(),)
FLAGGED: Final = (safeguard(hold_days=0),)


def an_order_beyond_a_limit() -> tuple[World, Request]:
    world = scene(safeguards=(*HELD, safeguard("points", count="points", at_most=60, hold_days=5)))
    earned(world, 50, name="o0")
    return world, Earn(order("o1", 50), "ann")


def an_order_beyond_a_limit_after_its_refund() -> tuple[World, Request]:
    world = scene(safeguards=HELD)
    earned(world, 50, name="o0")
    done(world.finish(refund(order("o1", 50), amount=20)))
    return world, Earn(order("o1", 50), "ann")


def a_refund_of_a_held_order() -> tuple[World, Request]:
    world = scene(safeguards=HELD)
    earned(world, 50, name="o0")
    return world, refund(earned(world, 40, name="o1"), amount=15)


def a_release() -> tuple[World, Request]:
    world = scene(safeguards=HELD)
    earned(world, 50, name="o0")
    held = earned(world, 40, name="o1")
    done(world.finish(refund(held, amount=15)))
    done(world.finish(Adjust("ann", -60, "j0", below_zero=True)))
    return world, Decide(held, "released")


def a_rejection() -> tuple[World, Request]:
    world = scene(safeguards=HELD)
    earned(world, 50, name="o0")
    held = earned(world, 40, name="o1")
    done(world.finish(refund(held, amount=15)))
    return world, Decide(held, "rejected")


def a_rejection_of_an_order_whose_points_are_available() -> tuple[World, Request]:
    world = scene(safeguards=HELD, clawback="within_balance")
    earned(world, 50, name="o0")
    held = earned(world, 40, name="o1")
    world.now += timedelta(days=3)
    done(world.finish(Adjust("ann", -70, "j0")))
    return world, Decide(held, "rejected")


STAGES: Final[tuple[Stage, ...]] = (
    an_order_beyond_a_limit,
    an_order_beyond_a_limit_after_its_refund,
    a_refund_of_a_held_order,
    a_release,
    a_rejection,
    a_rejection_of_an_order_whose_points_are_available,
)
