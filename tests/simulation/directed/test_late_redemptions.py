"""A till that was offline reports late what it gave: it counts by when it was made."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from loyalty.domain.kernel.calendar import midnight
from tests.simulation import programs
from tests.simulation.requests.points import Adjust
from tests.simulation.requests.rewards import Cancel, Redeem
from tests.simulation.scene import (
    DAY,
    NOON,
    account,
    done,
    earned,
    entry_of,
    kinds,
    living,
    refund,
    refused,
    scene,
    shown,
    spent,
    swept,
    writing,
)
from tests.simulation.world import World

WEEK = 7 * 24 * 60


def late(points: int = 10, name: str = "k1", *, by: str = "ann") -> Redeem:
    return Redeem(by, f"for-{points}", name, made_at=NOON)


def lapsed(points: int = 30, **fields: Any) -> World:
    """Points of Ann's that expired two days after the till gave something for them."""
    world = scene("ann", "bob", expiry=living(1), late_redemption_minutes=WEEK, **fields)
    earned(world, points)
    world.now += 3 * DAY
    return world


def test_a_program_takes_none_unless_it_says_so() -> None:
    world = scene()
    earned(world, 30)
    world.now += timedelta(seconds=1)

    assert refused(world, late()) == "validation_failed"


@pytest.mark.parametrize(("minutes", "code"), [(60, "done"), (61, "validation_failed")])
def test_it_is_taken_up_to_the_bound(minutes: int, code: str) -> None:
    world = scene(late_redemption_minutes=60)
    earned(world, 30)
    world.now += timedelta(minutes=minutes)

    assert world.finish(late()).code == code


def test_one_that_was_recorded_is_answered_after_the_bound() -> None:
    world = scene(late_redemption_minutes=60)
    earned(world, 30)
    first = entry_of(world.finish(late()))
    world.now += 9 * DAY

    assert entry_of(world.finish(late())) == first


def test_it_happened_when_it_was_made() -> None:
    world = lapsed()
    redeem = replace(late(7), reward_id="dated")

    entry = entry_of(world.finish(redeem))

    assert (entry.happened_at, entry.recorded_at) == (NOON, NOON + 3 * DAY)
    voucher = world.table.items[next(key for key in world.table.items if key.sk == "VOUCHER")]
    ends_at = midnight(NOON.date() + 2 * DAY, world.zone)
    assert str(voucher["about"]["expires_at"])[:10] == ends_at.date().isoformat()  # type: ignore[index,call-overload]  # a voucher


@pytest.mark.parametrize("is_swept", [False, True])
def test_points_that_expired_since_pay_for_it(is_swept: bool) -> None:
    world = lapsed()
    if is_swept:
        swept(world)

    done(world.finish(late(10)))

    assert shown(world).balance == 0
    assert sorted(kinds(world)) == ["accrual", "expiry", "expiry", "redemption"]
    assert refused(world, late(30, "k2")) == "insufficient_points"
    done(world.finish(late(10, "k3")))
    done(world.finish(late(10, "k4")))
    assert refused(world, late(1, "k5")) == "insufficient_points"


def test_points_that_had_expired_before_it_was_made_do_not() -> None:
    world = scene(expiry=living(1), late_redemption_minutes=WEEK)
    earned(world, 30)
    world.now += 3 * DAY

    redeem = replace(late(), made_at=NOON + 2 * DAY)

    assert refused(world, redeem) == "insufficient_points"


@pytest.mark.parametrize(("days", "code"), [(31, "done"), (33, "insufficient_points")])
def test_points_that_lapsed_by_inactivity_pay_for_what_was_given_before(
    days: int, code: str
) -> None:
    world = scene(
        inactivity=programs.QUIET,
        inactivity_since=NOON.date() - 40 * DAY,
        late_redemption_minutes=WEEK,
    )
    earned(world, 30)
    world.now += 34 * DAY

    assert world.finish(replace(late(), made_at=NOON + days * DAY)).code == code


def test_those_that_expired_go_first_and_later_ones_pay_the_rest() -> None:
    world = lapsed(4)
    earned(world, 20)

    done(world.finish(late(10)))

    assert shown(world).balance == 14


def test_what_was_spent_elsewhere_since_is_not_spent_again() -> None:
    world = scene(late_redemption_minutes=WEEK)
    earned(world, 15)
    world.now += timedelta(hours=1)
    spent(world, 10, name="k0")

    assert refused(world, late()) == "insufficient_points"


def test_two_at_once_do_not_restore_the_same_points() -> None:
    world = lapsed(10)
    attempts = [world.start(late(10, f"k{number}")) for number in range(2)]
    for attempt in attempts:
        attempt.run_to(writing)

    codes = sorted(attempt.finish().code for attempt in attempts)

    assert codes == ["done", "insufficient_points"]


def test_two_decided_from_different_accounts_do_not_restore_the_same_points() -> None:
    world = lapsed(10)
    swept(world)
    attempt = world.start(late(10, "k1"))
    attempt.run_to(writing)
    # Another entry, so that what the two undo has different keys.
    done(world.finish(Adjust("ann", 1, "j1")))
    done(world.finish(late(10, "k2")))

    assert attempt.finish().code == "insufficient_points"


def test_a_cancelled_one_does_not_revive_the_points() -> None:
    world = lapsed(10, reinstate_days=14)
    redeem = late(10)
    done(world.finish(redeem))

    done(world.finish(Cancel(redeem)))

    assert shown(world).balance == 0
    assert refused(world, Redeem("ann", "for-1", "k2")) == "insufficient_points"


def test_a_refund_does_not_take_the_points_for_expired() -> None:
    world = scene(expiry=living(1), late_redemption_minutes=WEEK, clawback="unlimited")
    order = earned(world, 30)
    world.now += 3 * DAY
    done(world.finish(late(30)))

    done(world.finish(refund(order)))

    assert account(world).balance == -30


def test_a_reward_of_its_day_is_given_although_it_is_over() -> None:
    document = programs.document("UTC", expiry=living(9), late_redemption_minutes=WEEK)
    without = programs.changed(document, {"rewards": ()})
    world = World(
        programs.published(document, published_at=NOON - DAY),
        programs.published(without, published_at=NOON + DAY / 2, version=2),
        now=NOON,
    )
    world.enroll("ann")
    earned(world, 30)
    world.now += DAY

    assert refused(world, Redeem("ann", "for-10", "k0")) == "not_found"
    assert entry_of(world.finish(late())).program_version == 1
