"""Challenges of simulated programs could be published, and challenges of every kind are drawn."""

import random
from typing import get_args

from loyalty.domain.program import challenge_checks
from loyalty.domain.program.challenges import (
    CalendarWindow,
    CountedThing,
    FixedWindow,
)
from loyalty.domain.program.document import Program
from tests.simulation.drawing.challenges import with_challenges
from tests.simulation.scene import scene

SEEDS = range(100)


def drawn(seed: int) -> list[Program]:
    """The versions of a program."""
    world = scene()
    with_challenges(random.Random(seed), world)
    return [each.document for each in world.programs]


def is_faulty(program: Program) -> bool:
    checks = challenge_checks.checks(program, program.challenges, program.badges)
    return any(fault for check in checks for fault in check)


def test_every_drawn_program_could_be_published() -> None:
    assert [seed for seed in SEEDS for each in drawn(seed) if is_faulty(each)] == []


def test_challenges_of_every_kind_are_drawn() -> None:
    challenges = [each for seed in SEEDS for program in drawn(seed) for each in program.challenges]

    # What members do besides buying is not part of these histories.
    assert {each.counts.what for each in challenges} == {*get_args(CountedThing)} - {"activities"}
    windows = {each.window for each in challenges if not isinstance(each.window, FixedWindow)}
    assert windows == set(get_args(CalendarWindow))
    assert any(isinstance(each.window, FixedWindow) for each in challenges)
    assert {each.streak.every for each in challenges if each.streak} == {"day", "week"}
    assert {each.if_undone for each in challenges} == {"take_back", "keep"}
