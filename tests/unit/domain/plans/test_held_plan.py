"""The states of a plan follow from its days."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.plans.held_plan import HeldPlan, longer, plan_changes, replaced_plan

PRIME: Final = HeldPlan("prime", date(2026, 11, 1), date(2026, 12, 7), "active", grace_days=7)
DAYS: Final = st.dates(date(2026, 10, 1), date(2027, 3, 31))


def test_a_plan_runs_from_its_first_to_its_last_day_with_days_of_grace_at_the_end() -> None:
    states = {
        day: (PRIME.runs_on(day), PRIME.state_on(day))
        for day in (
            date(2026, 11, 1),
            date(2026, 11, 30),
            date(2026, 12, 1),
            date(2026, 12, 7),
            date(2026, 12, 8),
        )
    }

    assert states == {
        date(2026, 11, 1): (True, "active"),
        date(2026, 11, 30): (True, "active"),
        date(2026, 12, 1): (True, "grace"),
        date(2026, 12, 7): (True, "grace"),
        date(2026, 12, 8): (False, "ended"),
    }
    assert not PRIME.runs_on(date(2026, 10, 31))


def test_a_pause_interrupts_a_plan_and_does_not_lengthen_it() -> None:
    paused = PRIME._replace(paused_from=date(2026, 11, 10), paused_until=date(2026, 11, 12))

    assert [paused.runs_on(date(2026, 11, day)) for day in (9, 10, 12, 13)] == [
        True,
        False,
        False,
        True,
    ]
    assert paused._replace(paused_until=None).state_on(date(2026, 12, 7)) == "paused"
    assert paused._replace(paused_until=None).state_on(date(2026, 12, 8)) == "ended"


@given(
    until=DAYS,
    grace_days=st.integers(0, 30),
    paused_from=st.none() | DAYS,
    paused_until=st.none() | DAYS,
)
def test_a_state_changes_only_on_days_that_were_foretold(
    until: date, grace_days: int, paused_from: date | None, paused_until: date | None
) -> None:
    plan = HeldPlan(
        "prime", date(2026, 10, 1), until, "active", grace_days, paused_from, paused_until
    )
    first = date(2026, 10, 1)
    days = [first + timedelta(days=number) for number in range(200)]

    turns = set(plan.turns_after(first))

    for before, after in pairwise(days):
        assert plan.state_on(before) == plan.state_on(after) or after in turns


@pytest.mark.parametrize(
    ("before", "after", "announced"),
    [
        (None, PRIME, ["started"]),
        (PRIME, PRIME, []),
        (PRIME, PRIME._replace(until=date(2027, 1, 7)), ["renewed"]),
        (PRIME, PRIME._replace(until=date(2026, 12, 1)), []),
        (PRIME, PRIME._replace(announced="grace"), ["grace"]),
        (PRIME._replace(announced="grace"), PRIME, ["renewed"]),
        (PRIME, PRIME._replace(announced="paused"), ["paused"]),
        (PRIME._replace(announced="paused"), PRIME, ["renewed"]),
        (PRIME, PRIME._replace(announced="ended"), ["ended"]),
        (PRIME._replace(announced="ended"), PRIME, ["started"]),
        (None, PRIME._replace(announced="ended"), []),
        (None, PRIME._replace(announced="paused"), ["started", "paused"]),
        (PRIME._replace(plan_id="basic"), PRIME, ["started"]),
        (PRIME, None, []),
    ],
)
def test_each_change_of_a_plan_is_announced_once(
    before: HeldPlan | None, after: HeldPlan | None, announced: list[str]
) -> None:
    assert plan_changes(before, after) == announced


def test_a_plan_that_another_one_replaces_is_over() -> None:
    basic = PRIME._replace(plan_id="basic")

    assert replaced_plan(basic, PRIME) == basic
    assert replaced_plan(basic._replace(announced="ended"), PRIME) is None
    assert replaced_plan(PRIME, PRIME) is None
    assert replaced_plan(PRIME, None) == PRIME
    assert replaced_plan(None, PRIME) is None


def test_of_two_members_plans_the_one_that_holds_longer_remains() -> None:
    shorter = PRIME._replace(until=date(2026, 11, 7))

    assert longer(shorter, PRIME) == longer(PRIME, shorter) == longer(None, PRIME) == PRIME
    assert longer(None, None) is None
