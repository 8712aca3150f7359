"""How long levels hold, over years: announced on the day by the sweep, and right without it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.program.levels import Tiers
from tests.simulation import programs
from tests.simulation.requests.members import Grant, Merge
from tests.simulation.requests.orders import Earn
from tests.simulation.scene import (
    DAY,
    NOON,
    account,
    done,
    earned,
    entry_of,
    living,
    order,
    refund,
    scene,
    swept,
)
from tests.simulation.world import World

FOURTEEN_MONTHS = {"model": "months", "months": 14}


def tiers(period: str = "calendar_year", **policies: Any) -> Tiers:
    return programs.tiers("spend", period, **policies)


def on(year: int, month: int = 6, day: int = 15) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def level(world: World, member_id: str = "ann") -> str | None:
    """The level today, whether or not anything was recorded of it."""
    today = world.now.date()
    found = level_on(account(world, member_id), world.program().document, day=today)
    return found.id if found else None


def course(world: World, *years: int, sweeps: bool = True) -> list[str | None]:
    """The level in the middle of each year, with a sweep before it or with none at all."""
    levels = []
    for year in years:
        world.now = on(year)
        if sweeps:
            swept(world)
            assert account(world).tier_announced == level(world)
        levels.append(level(world))
    return levels


@pytest.mark.parametrize("sweeps", [True, False])
@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({}, ["gold", None, None]),
        (programs.WHILE_ENOUGH, [None, None, None]),
        (programs.FOR_LIFE, ["gold", "gold", "gold"]),
        ({"one_step_down": True}, ["gold", "silver", None]),
        ({"one_step_down": True, **programs.WHILE_ENOUGH}, ["silver", None, None]),
    ],
)
def test_a_level_holds_as_its_policy_says(
    policies: dict[str, Any], expected: list[str | None], *, sweeps: bool
) -> None:
    world = scene(tiers=tiers(**policies))
    earned(world, 60)

    assert course(world, 2027, 2028, 2029, sweeps=sweeps) == expected


def test_a_smaller_amount_keeps_a_level_year_after_year() -> None:
    world = scene(tiers=tiers(keeps_at=40))
    earned(world, 60)
    levels = []
    for year in (2027, 2028, 2029):
        world.now = on(year)
        earned(world, 40)
        levels += course(world, year)

    assert levels == ["gold", "gold", "gold"]
    assert course(world, 2030, 2031) == ["gold", None]


def test_a_refund_takes_a_level_for_life_that_its_order_gave() -> None:
    world = scene(tiers=tiers(**programs.FOR_LIFE))
    gold = earned(world, 60)
    world.now += 30 * DAY

    done(world.finish(refund(gold)))

    assert account(world).tier_announced is None
    assert course(world, 2027, 2028) == [None, None]


@pytest.mark.parametrize(("at_once", "tier"), [(True, "gold"), (False, None)])
def test_the_order_that_reaches_a_level_has_its_rate_where_levels_apply_at_once(
    *, at_once: bool, tier: str | None
) -> None:
    world = scene(tiers=tiers(applies_at_once=at_once))

    entry = entry_of(world.finish(Earn(order("o1", 60), "ann")))

    assert getattr(entry.detail, "tier", "") == tier
    assert entry.points == (90 if at_once else 60)


def test_two_orders_at_once_of_which_only_one_reaches_a_level_earn_as_if_one_after_the_other() -> (
    None
):
    world = scene(tiers=tiers(applies_at_once=True))
    earned(world, 5)
    attempts = [world.start(Earn(order(f"at{number}", 30), "ann")) for number in range(2)]
    for attempt in attempts:
        attempt.run_to(lambda call: type(call).__name__ == "Write")

    tiers_of = [getattr(entry_of(each.finish()).detail, "tier", "") for each in attempts]

    # The auditor compares each order with the level that it reached.
    assert tiers_of == ["silver", "gold"]


def test_no_amount_reaches_a_level_that_only_a_grant_gives() -> None:
    world = scene(tiers=tiers())
    earned(world, 35)
    assert account(world).tier_announced == "silver"

    done(world.finish(Grant("ann", TierFloor("friend", NOON.date() + 3 * DAY))))
    swept(world)
    assert account(world).tier_announced == "friend"
    world.now += 4 * DAY
    swept(world)

    assert account(world).tier_announced == "silver"


def test_rolling_months_hold_a_level_only_while_their_sum_is_enough() -> None:
    world = scene(tiers=tiers("rolling_months", rolling_months=2, **programs.WHILE_ENOUGH))
    world.now = on(2026, 3, 31)
    earned(world, 20)
    world.now = on(2026, 4, 1)
    earned(world, 20)
    levels = []
    for month, day in ((4, 30), (5, 1)):
        world.now = on(2026, month, day)
        swept(world)
        levels.append(account(world).tier_announced)

    assert levels == ["silver", None]


def test_a_merge_keeps_a_level_for_life_whose_counters_are_gone() -> None:
    world = scene("ann", "bob", expiry=living(1), tiers=tiers(**programs.FOR_LIFE))
    earned(world, 60)
    for year in (2027, 2028):
        world.now = on(year)
        earned(world, 1)
        world.now += 2 * DAY
        swept(world)
    assert account(world).qualifying == {"s2027": 1, "s2028": 1}

    done(world.finish(Merge("ann", "bob", "m0")))
    swept(world)

    assert level(world, "bob") == "gold"
    world.now = on(2032)
    swept(world)
    assert level(world, "bob") == "gold"


class TestMonths:
    def test_a_level_holds_for_months_from_the_day_it_was_reached(self) -> None:
        world = scene(tiers=tiers(holds=FOURTEEN_MONTHS))
        earned(world, 60)
        levels = []
        for day in (10, 11):
            world.now = on(2027, 5, day)
            swept(world)
            levels.append(account(world).tier_announced)

        assert levels == ["gold", None]

    def test_an_order_that_reaches_it_again_while_it_holds_starts_the_months_again(self) -> None:
        world = scene(tiers=tiers(holds=FOURTEEN_MONTHS))
        earned(world, 60)
        world.now = on(2027, 1, 20)
        earned(world, 60)

        world.now = on(2028, 3, 20)
        swept(world)

        assert level(world) == "gold"
        world.now += DAY
        assert level(world) is None

    def test_a_refund_takes_back_the_day(self) -> None:
        world = scene(tiers=tiers(holds=FOURTEEN_MONTHS))
        gold = earned(world, 60)
        world.now += 3 * DAY

        done(world.finish(refund(gold, amount=20)))

        assert account(world).tier_announced == "silver"
        world.now = on(2027, 1, 20)
        swept(world)
        assert account(world).tier_announced == "silver"

    def test_sweeps_keep_the_day_when_the_counters_of_its_year_are_gone(self) -> None:
        world = scene(expiry=living(1), tiers=tiers(holds={"model": "months", "months": 30}))
        earned(world, 60)
        for year in (2027, 2028):
            world.now = on(year, 1, 20)
            earned(world, 1)
            world.now += 2 * DAY
            swept(world)

        assert account(world).qualifying == {"s2027": 1, "s2028": 1}
        world.now = on(2028, 9, 10)
        assert level(world) == "gold"
        world.now += DAY
        assert level(world) is None

    def test_a_merge_does_not_start_the_months_again(self) -> None:
        world = scene("ann", "bob", tiers=tiers(holds=FOURTEEN_MONTHS))
        earned(world, 60)
        world.now = on(2026, 11, 20)

        done(world.finish(Merge("ann", "bob", "m0")))

        world.now = on(2027, 5, 10)
        assert level(world, "bob") == "gold"
        world.now += DAY
        assert level(world, "bob") is None

    def test_two_orders_at_once_reach_a_level_on_the_day_of_the_second(self) -> None:
        world = scene(tiers=tiers(holds=FOURTEEN_MONTHS))
        earned(world, 5)
        attempts = [world.start(Earn(order(f"at{number}", 20), "ann")) for number in range(2)]
        for attempt in attempts:
            attempt.run_to(lambda call: type(call).__name__ == "Write")

        for attempt in attempts:
            done(attempt.finish())

        assert [each.level for each in account(world).tier_reached] == ["silver"]
