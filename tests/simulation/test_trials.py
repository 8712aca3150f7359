"""Trials over simulated histories: no point is lost, and what was booked comes out again.

Facts have only the totals of an order's refunds, its last version, and a member's last floor, and a
simulated history does much within one second. So not all of it can be decided again exactly; a
member's year, in which nothing of that happens twice, is (`tests/unit/domain/trials`).
"""

from collections import Counter
from datetime import date, timedelta
from functools import cache
from typing import Final

import pytest

from loyalty.domain.trials.happenings import PersonFacts, happenings
from loyalty.domain.trials.sums import Measure, TrialSums, WorldName, added_up
from loyalty.domain.trials.trial import Trial, try_on
from tests.simulation.history import History
from tests.simulation.world import World
from tests.support.trials import facts_in, people_of, versions_of

SEEDS: Final = range(19, 60)


@cache
def world_of(seed: int) -> World:
    history = History(seed)
    history.run()
    return history.world


def people(world: World) -> list[PersonFacts]:
    return people_of(facts_in(world.table.items.values(), now=world.now))


def trial_of(world: World, *, first: date = date(2020, 1, 1)) -> Trial:
    return Trial(
        proposed=world.programs[-1],
        versions=versions_of(*world.programs),
        first=first,
        last=date(2045, 12, 31),
    )


def test_the_document_in_force_gives_nearly_all_that_the_ledger_booked() -> None:
    fidelity = added_up(
        try_on(person, trial_of(world))
        for world in map(world_of, SEEDS)
        for person in people(world)
    ).fidelity

    assert fidelity.orders_exact > 0.93 * fidelity.orders
    assert fidelity.points_off < 0.03 * fidelity.points_booked


@pytest.mark.parametrize("later_days", [0, 1, 4])
def test_no_point_appears_or_disappears_without_a_sum(later_days: int) -> None:
    for world in map(world_of, SEEDS):
        began = world.programs[0].published_at.date() + timedelta(days=later_days)
        for person in people(world):
            sums = try_on(person, trial_of(world, first=began))

            for name in ("in_force", "proposed"):
                assert_balanced(sums, name)


def assert_balanced(sums: TrialSums, world: WorldName) -> None:
    total = total_of(sums, world)
    assert total["held_after"] == (
        total["held_before"]
        + total["issued"]
        - total["taken_back"]
        - total["expired"]
        - total["spent"]
        + total["returned"]
        + total["other"]
    )


def total_of(sums: TrialSums, world: WorldName) -> Counter[Measure]:
    total: Counter[Measure] = Counter()
    for cell, points in sums.cells.items():
        if cell.world == world and cell.dimension == "all":
            total[cell.measure] += points
    return total


def test_a_trial_that_begins_later_starts_from_what_the_ledger_held() -> None:
    """Where nobody decides anything in the period, both worlds end as the ledger does."""
    for world in map(world_of, SEEDS):
        for person in people(world):
            last = max((each.booked_at for each in happenings(person)), default=world.now)
            sums = try_on(person, trial_of(world, first=last.date() + timedelta(days=2)))

            was, would_be = (total_of(sums, name) for name in ("in_force", "proposed"))
            booked = sum(each.points + each.pending_points for each in person.entries)
            assert was["held_before"] == booked
            assert was["issued"] == would_be["issued"] == 0
