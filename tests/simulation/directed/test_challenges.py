"""Workers who count orders for challenges meet refunds, merges and each other."""

import random
from typing import Any, Final

from loyalty.domain.program.challenges import Challenge
from tests.simulation.requests.engagement import Look, UseAwarded
from tests.simulation.requests.members import Erase, Merge
from tests.simulation.requests.orders import Record
from tests.simulation.rest_of_challenges import check_challenges
from tests.simulation.scene import (
    DAY,
    account,
    done,
    earned,
    living,
    refund,
    scene,
    shop_order,
    spent,
    swept,
    writing,
    writing_to,
)
from tests.simulation.waking import Worker
from tests.simulation.world import Fault, World

AT_O0: Final = Look("orders", "till#o0")


def challenge(**parts: Any) -> Challenge:
    """A challenge that each order completes, for 50 points."""
    fields = {"id": "k", "name": "K", "counts": {"what": "orders"}, "target": 1, "times_max": 1000}
    return Challenge.model_validate(fields | {"gives": [{"points": 50}]} | parts)


def collecting(*members: str, **fields: Any) -> World:
    return scene(*members, **{"challenges": (challenge(),)} | fields)


def awards(world: World) -> list[Any]:
    return [item for key, item in world.table.items.items() if key.sk == "AWARD"]


def test_a_look_that_began_before_a_refund_does_not_count_what_is_gone() -> None:
    world = collecting()
    order = earned(world, 10, name="o0")
    late = world.start(AT_O0)
    late.run_to(writing)

    done(world.finish(refund(order)))
    done(world.finish(AT_O0))
    done(late.finish())

    check_challenges(world)
    assert awards(world) == []


def test_two_workers_who_look_at_once_give_once() -> None:
    world = collecting()
    earned(world, 10, name="o0")
    one, other = world.start(AT_O0), world.start(AT_O0)
    for each in (one, other):
        each.run_to(writing_to("PROGRESS"))

    done(one.finish())
    done(other.finish())

    check_challenges(world)
    assert account(world).balance == 60


def test_what_a_killed_worker_counted_is_given_by_the_next_one() -> None:
    world = collecting()
    earned(world, 10, name="o0")
    killed = world.start(AT_O0)
    killed.run_to(writing)
    killed.step(Fault.CRASH_AFTER)
    assert awards(world) == []

    done(world.finish(AT_O0))

    check_challenges(world)
    assert account(world).balance == 60


def test_what_expired_unspent_of_an_award_is_not_taken_back() -> None:
    world = collecting(expiry=living(1))
    order = earned(world, 10, name="o0")
    done(world.finish(AT_O0))
    world.now += 3 * DAY
    swept(world)
    earned(world, 100, name="o1")

    done(world.finish(refund(order)))
    done(world.finish(AT_O0))

    (award,) = awards(world)
    assert (award["clawed"], award["owed"], award["excused"]) == (0, 0, 50)
    assert account(world).balance == 100


def test_what_was_spent_of_an_award_and_forgiven_is_not_given_a_second_time() -> None:
    world = collecting(challenges=(challenge(target=2),), clawback="within_balance")
    order = earned(world, 10, name="o0")
    earned(world, 30, name="o1")
    done(world.finish(AT_O0))
    done(world.finish(Look("orders", "till#o1")))
    spent(world, 90)
    done(world.finish(refund(order)))
    done(world.finish(AT_O0))
    earned(world, 10, name="o2")

    done(world.finish(Look("orders", "till#o2")))

    (award,) = awards(world)
    assert (award["forgiven"], award["target"]) == (0, 50)
    assert account(world).balance == 10


def test_what_is_counted_during_a_merge_is_the_survivors() -> None:
    world = collecting("ann", "bob", challenges=(challenge(target=2),))
    earned(world, 10, name="o0")
    earned(world, 10, name="o1", by="bob")
    done(world.finish(Look("orders", "till#o1")))
    late = world.start(AT_O0)
    late.run_to(writing)

    done(world.finish(Merge("ann", "bob", "m0")))
    done(world.finish(Look("members", "ann")))
    done(late.finish())

    check_challenges(world)
    assert account(world, "bob").balance == 70


def test_nothing_is_counted_for_a_member_who_is_erased_meanwhile() -> None:
    world = collecting()
    earned(world, 10, name="o0")
    late = world.start(AT_O0)
    late.run_to(writing)

    done(world.finish(Erase("ann")))
    done(late.finish())

    assert not [key for key in world.table.items if key.sk.startswith(("SHARE#", "PROGRESS#"))]


def test_a_reward_that_was_used_is_not_given_a_second_time() -> None:
    gives = [{"reward_id": "for-10"}]
    world = collecting(challenges=(challenge(target=2, gives=gives),))
    order = earned(world, 10, name="o0")
    earned(world, 10, name="o1")
    done(world.finish(AT_O0))
    done(world.finish(Look("orders", "till#o1")))
    done(world.finish(UseAwarded()))
    done(world.finish(refund(order)))
    done(world.finish(AT_O0))
    undone = awards(world)
    earned(world, 10, name="o2")

    done(world.finish(Look("orders", "till#o2")))

    assert undone[0]["reward_kept"]
    (award,) = awards(world)
    assert (award["state"], award["code"]) == ("standing", undone[0]["code"])


def test_a_version_of_an_order_that_earns_as_before_is_counted_anew() -> None:
    world = collecting(challenges=(challenge(counts={"what": "units"}, target=3),))
    worker = Worker(random.Random(0), world)
    for seconds, quantity in enumerate((1, 3)):
        version = shop_order("o0", 10, seconds=seconds, quantity=quantity)
        done(world.finish(Record(version, "ann")))
        while look := worker.waits_longest():
            done(world.finish(look))

    check_challenges(world)
    assert account(world).balance == 60
