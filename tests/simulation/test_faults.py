"""Every fault, and every pair of faults, at every call of every use case.

A request that is repeated until it is answered leaves the books, item by item, exactly as if
nothing had gone wrong.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import pytest

from tests.simulation.scene import Stage, done
from tests.simulation.stages import campaigns, members, orders, reviews, rewards, sweeps
from tests.simulation.world import CRASHED, TRY_AGAIN, Call, Fault, Read, World

# A read changes nothing, so it does not matter whether it fails before or after it happened.
OF_STRONG_READS: Final = (Fault.CONFLICT, Fault.CRASH_BEFORE)
OF_READS: Final = (Fault.STALE, *OF_STRONG_READS)
OF_WRITES: Final = (
    Fault.CONFLICT,
    Fault.ANSWER_LOST,
    Fault.LATE,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
)

# The faults by the number of the call, counted over all attempts of a request.
type Plan = Mapping[int, Fault]


STAGES: Final[tuple[Stage, ...]] = (
    *orders.STAGES,
    *rewards.STAGES,
    *members.STAGES,
    *sweeps.STAGES,
    *campaigns.STAGES,
    *reviews.STAGES,
)


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a request that is repeated until it is answered, with planned faults."""

    books: str
    # The faults that could have happened at each call.
    faults: tuple[tuple[Fault, ...], ...]


def run(stage: Stage, plan: Plan) -> Run:
    world, request = stage()
    faults: list[tuple[Fault, ...]] = []
    for _ in range(len(plan) + 2):
        attempt = world.start(request)
        while attempt.call is not None:
            fault = plan.get(len(faults), Fault.NONE)
            faults.append(_faults(attempt.call))
            attempt.step(fault)
        if attempt.answer not in (CRASHED, TRY_AGAIN):
            break
    else:
        raise AssertionError(f"{request.name} is never answered")
    done(attempt.answer)
    while world.in_limbo:
        world.deliver()
    # Late writes must have changed nothing, and the answer stays the same.
    done(world.finish(request))
    return Run(_books(world), tuple(faults))


def _faults(call: Call) -> tuple[Fault, ...]:
    if isinstance(call, Read):
        return OF_STRONG_READS if call.strong else OF_READS
    return OF_WRITES


def _books(world: World) -> str:
    """All items as text, so that a difference can be read.

    Random codes are left out, and so are index shards, which depend on the code.
    """
    lines = sorted(f"{key.pk} {key.sk} {item}" for key, item in world.table.items.items())
    return re.sub(r"CODE\d+|(?<=EXPIRING#....-..-..)#\d\d", "", "\n".join(lines))


def singles(stage: Stage) -> Iterator[tuple[Plan, Run]]:
    for call, faults in enumerate(run(stage, {}).faults):
        for fault in faults:
            plan = {call: fault}
            yield plan, run(stage, plan)


@pytest.mark.parametrize("stage", STAGES)
def test_one_fault_at_any_call_leaves_the_books_as_if_there_were_none(stage: Stage) -> None:
    books = run(stage, {}).books

    for plan, ran in singles(stage):
        assert ran.books == books, plan


@pytest.mark.parametrize("stage", STAGES)
def test_two_faults_at_any_two_calls_leave_the_books_as_if_there_were_none(stage: Stage) -> None:
    books = run(stage, {}).books

    for first, after_one in singles(stage):
        (first_call,) = first
        for call in range(first_call + 1, len(after_one.faults)):
            for fault in after_one.faults[call]:
                plan = {**first, call: fault}
                assert run(stage, plan).books == books, plan


@pytest.mark.parametrize("stage", STAGES)
def test_the_same_request_twice_at_once_leaves_the_books_as_after_one(stage: Stage) -> None:
    alone = run(stage, {})
    calls = range(len(alone.faults))

    for first, second in product(calls, calls):
        assert _overlapping(stage, first, second) == alone.books, (first, second)


def _overlapping(stage: Stage, first: int, second: int) -> str:
    """The books after two attempts ran for some calls each, and then both to the end."""
    world, request = stage()
    attempts = (world.start(request), world.start(request))
    for attempt, calls in zip(attempts, (first, second), strict=True):
        for _ in range(calls):
            if attempt.call is not None:
                attempt.step()
    for attempt in attempts:
        done(attempt.finish())
    return _books(world)
