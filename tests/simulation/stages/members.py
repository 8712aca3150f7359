"""Members are known, merged and erased, and get points by hand."""

from typing import Final

from loyalty.domain.ledger.account import TierFloor
from tests.simulation import programs
from tests.simulation.requests.campaigns import JoinCampaign
from tests.simulation.requests.common import EMAIL, PHONE
from tests.simulation.requests.members import Erase, Grant, Join, Link, Merge, Note, Respond, SignIn
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.points import Adjust, Give
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
)
from tests.simulation.world import Request, World


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
    first = programs.campaign("first", members={"fact": "first_order"})
    capped = programs.campaign(limits={"per_member": {"points": 15}})
    world = scene(expiry=living(1), campaigns=(first, capped))
    for name in ("o1", "o2"):
        done(world.finish(Earn(order(name, 50, occurred_at=NOON - 2 * DAY), None, (EMAIL,))))
    done(world.finish(refund(order("o1", 50), amount=20)))
    return world, Join("dan")


def a_member_who_turns_out_to_be_a_guest() -> tuple[World, Request]:
    world = scene()
    done(world.finish(Adjust("ann", -20, "j0", below_zero=True)))
    done(world.finish(Record(shop_order("o1", 50), None, (PHONE, EMAIL))))
    return world, Link("ann", PHONE)


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
    capped = programs.campaign(limits={"per_member": {"points": 15, "orders": 3, "per": "month"}})
    world = scene("ann", "bob", expiry=living(1), pending_days=1, campaigns=(capped,))
    for member_id in ("ann", "bob"):
        earned(world, 50, by=member_id, name=f"o-{member_id}")
    world.now += DAY
    return world, Merge("ann", "bob", "m1")


def two_members_of_whom_one_is_known() -> tuple[World, Request]:
    world = scene("ann", "bob", campaigns=(programs.campaign("to-join", activation="join"),))
    done(world.finish(Link("ann")))
    done(world.finish(JoinCampaign("ann", "to-join")))
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


STAGES: Final[tuple[Stage, ...]] = (
    somebody_who_proves_what_another_noted,
    somebody_whom_a_till_enrolled_and_who_signs_in,
    somebody_who_bought_before_they_enroll,
    a_member_who_turns_out_to_be_a_guest,
    points_added_by_hand,
    points_taken_by_hand_below_zero,
    points_given_to_someone_with_a_debt,
    two_members_who_become_one,
    two_members_of_whom_one_is_known,
    a_level_that_is_granted,
    an_answer_to_a_survey,
    an_answer_that_is_given_a_bonus,
    a_member_who_is_erased,
)
