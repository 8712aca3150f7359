"""What sources report of activities meets orders, merges, removals and other reports."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from loyalty.domain.program.activities import RewardedActivity
from loyalty.domain.program.challenges import Challenge
from tests.simulation.auditing.seen import Violation
from tests.simulation.requests.activities import ReportActivity, RetractActivity
from tests.simulation.requests.members import Erase, Merge
from tests.simulation.rest_of_activities import check_activities, check_waiting
from tests.simulation.rest_of_challenges import check_challenges
from tests.simulation.scene import NOON, SECOND, account, done, earned, scene, writing, writing_to
from tests.simulation.waking import Worker
from tests.simulation.world import Fault, Request, World

REVIEW: Final = ReportActivity(
    activity_id="a0",
    activity="review",
    member_id="ann",
    occurred_at=NOON - timedelta(hours=1),
    changed_at=NOON - timedelta(hours=1),
    subject="A",
)


def reviewing(*members: str, **terms: Any) -> World:
    """A program with reviews for 20 points, and 10 more for a photo."""
    fields = {"id": "review", "name": "Review", "points": 20, "more": {"photo": 10}} | terms
    counts = {"what": "activities", "activity": "review"}
    critic = {"id": "k", "name": "K", "counts": counts, "target": 2, "gives": [{"points": 50}]}
    return scene(
        *members,
        activities=(RewardedActivity.model_validate(fields),),
        challenges=(Challenge.model_validate(critic),),
    )


def edited(*attributes: str, seconds: int = 1, of: ReportActivity = REVIEW) -> ReportActivity:
    changed_at = of.changed_at + seconds * SECOND
    return replace(of, changed_at=changed_at, attributes=frozenset(attributes))


def removed(*, seconds: int = 1, of: ReportActivity = REVIEW) -> RetractActivity:
    changed_at = of.changed_at + seconds * SECOND
    return RetractActivity(activity_id=of.activity_id, changed_at=changed_at)


def finished(world: World, worker: Worker, *requests: Request) -> None:
    """Answer requests and look at all that they changed."""
    for request in requests:
        done(world.finish(request))
    while look := worker.waits_longest():
        done(world.finish(look))


def worker_of(world: World) -> Worker:
    return Worker(random.Random(0), world)


def test_a_removal_that_overtakes_a_slow_edit_takes_all_points_back() -> None:
    world = reviewing()
    slow, removal = edited("photo"), removed(seconds=2)
    done(world.finish(REVIEW))
    late = world.start(slow)
    late.run_to(writing)

    done(world.finish(removal))
    done(late.finish())

    check_activities(world, [REVIEW, slow, removal])
    assert account(world).balance == 0


def test_two_reports_at_once_do_not_exceed_a_limit() -> None:
    world = reviewing(ever_max=1)
    one, other = (world.start(replace(REVIEW, activity_id=name)) for name in ("a0", "a1"))
    for each in (one, other):
        each.run_to(writing)

    done(one.finish())
    done(other.finish())

    assert account(world).balance == 20


def test_an_order_while_a_report_is_about_to_wait_for_it_is_noticed() -> None:
    world = reviewing(needs_order_days=3)
    worker = worker_of(world)
    late = world.start(REVIEW)
    late.run_to(writing)
    earned(world, 10)

    done(late.finish())
    finished(world, worker)

    check_waiting(world)
    assert account(world).balance == 30


def test_a_merge_lets_what_waits_count_by_the_orders_of_the_survivor() -> None:
    world = reviewing("ann", "bob", needs_order_days=3)
    worker = worker_of(world)
    earned(world, 10, by="bob")
    done(world.finish(REVIEW))

    finished(world, worker, Merge("ann", "bob", "m0"))

    check_waiting(world)
    assert account(world, "bob").balance == 30


def test_places_of_a_merged_member_stay_taken_and_can_be_given_back() -> None:
    world = reviewing("ann", "bob", ever_max=1)
    second, third = (replace(REVIEW, activity_id=name, member_id="bob") for name in ("a1", "a2"))
    done(world.finish(REVIEW))
    done(world.finish(Merge("ann", "bob", "m0")))

    done(world.finish(second))
    limited = account(world, "bob").balance
    done(world.finish(removed()))
    done(world.finish(third))

    assert (limited, account(world, "bob").balance) == (20, 20)
    check_activities(world, [REVIEW, second, removed(), third])


def test_a_killed_worker_counts_an_activity_once() -> None:
    world = reviewing()
    worker = worker_of(world)
    finished(world, worker, REVIEW)
    done(world.finish(replace(REVIEW, activity_id="a1")))
    look = worker.waits_longest()
    assert look
    killed = world.start(look)
    killed.run_to(writing_to("PROGRESS"))
    killed.step(Fault.CRASH_AFTER)

    finished(world, worker, look)

    check_challenges(world)
    assert account(world).balance == 90


def test_nothing_moves_for_a_member_who_was_erased_meanwhile() -> None:
    world = reviewing()
    late = world.start(REVIEW)
    late.run_to(writing)

    done(world.finish(Erase("ann")))

    assert late.finish().code == "not_found"
    assert not [key for key in world.table.items if key.sk in {"ACTIVITY", "AWARD"}]


def test_a_report_that_is_lost_is_found() -> None:
    world = reviewing()
    done(world.finish(REVIEW))

    with pytest.raises(Violation, match="not as report a0"):
        check_activities(world, [REVIEW, edited("photo")])
