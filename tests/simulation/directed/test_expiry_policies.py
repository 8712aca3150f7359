"""Points that expire by what they were given for, and by age and inactivity together."""

from datetime import date

import pytest

from loyalty.domain.program.expiry_policies import Inactivity
from loyalty.domain.program.kinds import Activity
from tests.simulation import programs
from tests.simulation.requests.members import Respond
from tests.simulation.requests.points import Adjust, Give
from tests.simulation.scene import (
    DAY,
    NOON,
    TODAY,
    account,
    done,
    earned,
    living,
    scene,
    shown,
    spent,
    swept,
)


def test_a_bonus_an_adjustment_and_a_transfer_have_days_of_their_own() -> None:
    world = scene(
        "ann",
        "bob",
        expiry=living(30),
        surveys=(programs.THANKED,),
        expiry_by_source={"survey": living(3), "adjustment": living(5), "transfer": living(9)},
    )
    earned(world, 10, name="o1")
    done(world.finish(Respond("o1", 5)))
    done(world.finish(Adjust("ann", 7, "j1")))
    done(world.finish(Give("ann", "bob", 22, "t1")))

    days = [TODAY + number * DAY for number in (3, 5, 9)]
    assert account(world, "bob").holding.lots == dict(zip(days, (5, 7, 10), strict=True))
    world.now += 4 * DAY
    swept(world)
    assert account(world, "bob").balance == 17


@pytest.mark.parametrize(("days", "balance"), [(20, 10), (21, 0)])
def test_age_ends_points_of_an_active_member(days: int, balance: int) -> None:
    world = scene(expiry=living(20), inactivity=programs.QUIET, inactivity_since=TODAY)
    earned(world, 10, name="o1")
    world.now += 15 * DAY
    done(world.finish(Adjust("ann", 1, "j1", expiring_on=date(2026, 3, 26))))

    world.now = NOON + days * DAY
    swept(world)

    assert account(world).balance == balance


@pytest.mark.parametrize(("days", "balance"), [(31, 10), (32, 0)])
def test_inactivity_ends_points_before_their_day(days: int, balance: int) -> None:
    world = scene(expiry=living(300), inactivity=programs.QUIET, inactivity_since=TODAY)
    earned(world, 10)

    world.now += days * DAY
    assert shown(world).balance == balance
    swept(world)

    assert account(world).balance == balance


@pytest.mark.parametrize("activities", [("order",), ("order", "redemption")])
def test_only_what_the_program_names_is_an_activity(activities: tuple[Activity, ...]) -> None:
    inactivity = Inactivity(months=1, activities=activities)
    world = scene(inactivity=inactivity, inactivity_since=TODAY)
    earned(world, 20)
    world.now += 20 * DAY
    done(world.finish(Adjust("ann", 5, "j1")))
    spent(world, 10)

    world.now = NOON + 40 * DAY
    swept(world)

    assert account(world).balance == (15 if "redemption" in activities else 0)


def test_the_answer_to_a_survey_without_a_bonus_can_keep_points_alive() -> None:
    world = scene(
        inactivity=Inactivity(months=1, activities=("survey",)),
        inactivity_since=TODAY,
        surveys=(programs.ASKED_OF_ALL,),
    )
    earned(world, 20, name="o1")
    world.now += 20 * DAY
    done(world.finish(Respond("o1", 4)))

    world.now = NOON + 40 * DAY
    swept(world)

    assert account(world).balance == 20
