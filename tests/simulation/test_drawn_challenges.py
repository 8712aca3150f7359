"""Challenges and activities of simulated programs could be published, and every kind is drawn."""

import random
from typing import get_args

from loyalty.domain.program import activity_checks, challenge_checks
from loyalty.domain.program.challenges import (
    CalendarWindow,
    CountedThing,
    FixedWindow,
)
from loyalty.domain.program.document import Program
from tests.simulation.drawing.activities import with_activities
from tests.simulation.drawing.challenges import with_challenges
from tests.simulation.scene import scene

SEEDS = range(100)


def drawn(seed: int) -> list[Program]:
    """The versions of a program."""
    world = scene()
    with_challenges(random.Random(seed), world)
    return [each.document for each in world.programs]


def with_activities_drawn(seed: int) -> list[Program]:
    """The versions of a program with challenges and activities."""
    world = scene()
    with_challenges(random.Random(seed), world)
    with_activities(random.Random(seed), world)
    return [each.document for each in world.programs]


def is_faulty(program: Program) -> bool:
    checks = (
        *challenge_checks.checks(program, program.challenges, program.badges),
        *activity_checks.checks(program.activities),
    )
    return any(fault for check in checks for fault in check)


def test_every_drawn_program_could_be_published() -> None:
    for versions in (drawn, with_activities_drawn):
        assert [seed for seed in SEEDS for each in versions(seed) if is_faulty(each)] == []


def test_challenges_of_every_kind_are_drawn() -> None:
    challenges = [each for seed in SEEDS for program in drawn(seed) for each in program.challenges]

    # Those that count what members do besides buying are drawn with the activities.
    assert {each.counts.what for each in challenges} == {*get_args(CountedThing)} - {"activities"}
    windows = {each.window for each in challenges if not isinstance(each.window, FixedWindow)}
    assert windows == set(get_args(CalendarWindow))
    assert any(isinstance(each.window, FixedWindow) for each in challenges)
    assert {each.streak.every for each in challenges if each.streak} == {"day", "week"}
    assert {each.if_undone for each in challenges} == {"take_back", "keep"}


def test_activities_of_every_kind_are_drawn() -> None:
    programs = [program for seed in SEEDS for program in with_activities_drawn(seed)]
    activities = [each for program in programs for each in program.activities]

    for limit in ("per_day_max", "ever_max", "needs_order_days"):
        assert {getattr(each, limit) is None for each in activities} == {True, False}
    assert {each.per_subject for each in activities} == {True, False}
    assert {each.if_undone for each in activities} == {"take_back", "keep"}
    assert any(
        each.counts.what == "activities" for program in programs for each in program.challenges
    )
