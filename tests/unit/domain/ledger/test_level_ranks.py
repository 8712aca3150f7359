"""How long levels hold: each policy by example, and what all of them have in common."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.account import Account, TierCarried, TierFloor
from loyalty.domain.ledger.tiers import changes_on, counter, level_on, tidied
from loyalty.domain.program.document import Program
from tests.support.levels import (
    FOR_LIFE,
    LEVELS,
    WHILE_ENOUGH,
    kept_at,
    level,
    levels_in,
    member,
    with_tiers,
)

YEARS = range(2025, 2031)
NOVEMBER = 2026 * 12 + 10


def test_to_the_end_of_the_next_period() -> None:
    ana = member(p2025=1000, p2026=500)

    assert levels_in(ana, with_tiers(), YEARS) == ["gold", "gold", "silver", None, None, None]


def test_while_enough_is_to_the_end_of_the_year() -> None:
    ana = member(p2025=1000, p2026=500)

    found = levels_in(ana, with_tiers(holds=WHILE_ENOUGH), YEARS)

    assert found == ["gold", "silver", None, None, None, None]


def test_while_enough_over_rolling_months_is_as_long_as_their_sum_is() -> None:
    rules = with_tiers("rolling_months", rolling_months=3, holds=WHILE_ENOUGH)
    ana = member(**{f"p{NOVEMBER}": 450, f"p{NOVEMBER + 1}": 60})

    assert level(ana, rules, date(2026, 11, 30)) is None
    assert level(ana, rules, date(2027, 1, 31)) == "silver"
    assert level(ana, rules, date(2027, 2, 1)) is None
    assert changes_on(ana, rules, day=date(2027, 1, 5)) == date(2027, 2, 1)


def test_for_life() -> None:
    rules = with_tiers(holds=FOR_LIFE)
    ana = member(p2025=500, p2027=1000)

    assert levels_in(ana, rules, YEARS) == ["silver", "silver", "gold", "gold", "gold", "gold"]
    assert changes_on(ana, rules, day=date(2028, 1, 1)) is None


def test_less_keeps_a_level_than_reaches_it_year_after_year() -> None:
    rules = with_tiers(levels=kept_at(200, 600))
    ana = member(p2025=1000, p2026=600, p2027=599, p2028=200)

    assert levels_in(ana, rules, YEARS) == ["gold", "gold", "gold", "silver", "silver", None]
    # Who does not have the level has to reach it.
    assert levels_in(member(p2025=600, p2026=600), rules, YEARS)[:2] == ["silver", "silver"]


def test_less_keeps_a_level_over_rolling_months() -> None:
    rules = with_tiers(
        "rolling_months", rolling_months=2, holds=WHILE_ENOUGH, levels=kept_at(200, None)
    )
    months = {f"p{NOVEMBER + number}": amount for number, amount in enumerate((500, 0, 200, 0, 0))}

    found = [
        level(member(**months), rules, date(2026 + month // 13, month % 13 + month // 13, 28))
        for month in (11, 12)
    ]
    later = [level(member(**months), rules, date(2027, month, 28)) for month in (1, 2, 3)]

    assert found + later == ["silver", "silver", "silver", "silver", None]


def test_one_step_down_at_a_time() -> None:
    rules = with_tiers(one_step_down=True)

    assert levels_in(member(p2025=1000), rules, YEARS) == [
        "gold",
        "gold",
        "silver",
        None,
        None,
        None,
    ]
    assert levels_in(
        member(p2025=1000), with_tiers(one_step_down=True, holds=WHILE_ENOUGH), YEARS
    ) == [
        "gold",
        "silver",
        None,
        None,
        None,
        None,
    ]


def test_a_step_down_is_kept_by_what_keeps_that_level() -> None:
    rules = with_tiers(one_step_down=True, levels=kept_at(200, None))
    ana = member(p2025=1000, p2027=200)

    assert levels_in(ana, rules, YEARS) == ["gold", "gold", "silver", "silver", None, None]


def test_a_step_down_passes_over_levels_that_only_a_grant_gives() -> None:
    friend = {"id": "friend", "name": "Friend", "reached_at": None}
    rules = with_tiers(one_step_down=True, levels=[LEVELS[0], friend, LEVELS[1]])

    assert levels_in(member(p2025=1000), rules, YEARS)[:3] == ["gold", "gold", "silver"]


def test_a_level_that_only_a_grant_gives_is_reached_by_no_amount() -> None:
    friend = {"id": "friend", "name": "Friend", "reached_at": None}
    rules = with_tiers(levels=[LEVELS[0], friend])
    granted = replace(member(p2026=600), tier_floor=TierFloor("friend", date(2026, 12, 24)))

    assert level(member(p2026=9999), rules, date(2026, 12, 1)) == "silver"
    assert level(granted, rules, date(2026, 12, 24)) == "friend"
    assert level(granted, rules, date(2026, 12, 25)) == "silver"


POLICIES: list[dict[str, Any]] = [
    {},
    {"holds": WHILE_ENOUGH},
    {"holds": FOR_LIFE},
    {"one_step_down": True},
    {"one_step_down": True, "holds": WHILE_ENOUGH},
    {"levels": kept_at(200, 600)},
    {"levels": kept_at(200, 600), "one_step_down": True},
]
ROLLING: list[dict[str, Any]] = [
    {"period": "rolling_months", "rolling_months": months, "holds": WHILE_ENOUGH, **more}
    for months in (1, 3, 12)
    for more in ({}, {"levels": kept_at(200, 600)}, {"one_step_down": True})
]
MEMBERSHIP: list[dict[str, Any]] = [policy | {"period": "membership_year"} for policy in POLICIES]
EVERY = st.sampled_from([*POLICIES, *ROLLING, *MEMBERSHIP])
AMOUNTS = st.dictionaries(st.integers(0, 30), st.integers(-200, 1200), max_size=8)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def counted(rules: Program, ago: dict[int, int], day: date) -> Account:
    """A member with amounts, by how many periods ago they counted."""
    assert rules.tiers is not None
    ana = member()
    now = int(counter(rules.tiers, ana, rules, day=day)[1:])
    amounts = {f"p{now + 1 - number}": ago[number] for number in ago if number <= now + 1}
    return replace(ana, qualifying=amounts)


@given(EVERY, AMOUNTS, DAYS)
def test_what_settling_keeps_of_old_counters_gives_the_same_levels_ever_after(
    policy: dict[str, Any], ago: dict[int, int], day: date
) -> None:
    rules = with_tiers(**policy)
    ana = counted(rules, ago, day)
    settled = tidied(ana, rules, day=day)

    for days in (0, 1, 40, 200, 400, 800, 1200):
        then = day + timedelta(days=days)
        assert level_on(settled, rules, day=then) == level_on(ana, rules, day=then)
    later = day + timedelta(days=500)
    again = tidied(settled, rules, day=later)
    for days in (500, 900, 1300):
        then = day + timedelta(days=days)
        assert level_on(again, rules, day=then) == level_on(ana, rules, day=then)


@given(EVERY, AMOUNTS, DAYS, st.integers(1, 1500))
def test_a_level_changes_only_on_the_days_that_are_told_before(
    policy: dict[str, Any], ago: dict[int, int], day: date, later: int
) -> None:
    rules = with_tiers(**policy)
    ana = counted(rules, ago, day)
    then = day + timedelta(days=later)
    turn: date | None = day
    while turn is not None and (ahead := changes_on(ana, rules, day=turn)) and ahead <= then:
        turn = ahead

    assert turn is not None
    assert level_on(ana, rules, day=then) == level_on(ana, rules, day=turn)


@given(EVERY, AMOUNTS, DAYS, st.integers(1, 500))
def test_more_never_gives_a_lower_level(
    policy: dict[str, Any], ago: dict[int, int], day: date, more: int
) -> None:
    rules = with_tiers(**policy)
    assert rules.tiers is not None
    ana = counted(rules, ago, day)
    name = counter(rules.tiers, ana, rules, day=day)
    richer = replace(
        ana, qualifying=dict(ana.qualifying) | {name: ana.qualifying.get(name, 0) + more}
    )

    for days in (0, 100, 400, 800):
        then = day + timedelta(days=days)
        before, after = level(ana, rules, then), level(richer, rules, then)
        assert rules.tiers.rank(after) >= rules.tiers.rank(before)


@pytest.mark.parametrize("gone", ["platinum", ""])
def test_a_level_that_was_carried_and_is_no_more_is_none(gone: str) -> None:
    ana = replace(member(), tier_carried=(TierCarried(gone, date(2025, 1, 1)),))

    assert levels_in(ana, with_tiers(holds=FOR_LIFE), YEARS)[:2] == [None, None]


def test_levels_for_life_begin_with_what_counted_in_this_period_and_the_last() -> None:
    """The policy is switched; what counters were dropped before says nothing any more."""
    ana = member(p2025=500, p2026=20)

    assert level(ana, with_tiers(holds=FOR_LIFE), date(2040, 1, 1)) == "silver"


def test_a_policy_that_looks_back_no_more_forgets_what_was_carried() -> None:
    ana = replace(member(), tier_carried=(TierCarried("gold", date(2025, 1, 1)),))

    assert tidied(ana, with_tiers(), day=date(2026, 11, 21)).tier_carried == ()
    assert level(ana, with_tiers(), date(2026, 11, 21)) is None
