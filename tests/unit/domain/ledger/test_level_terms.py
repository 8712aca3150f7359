"""Levels that hold for months from the day on which they were reached."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.account import Account, TierReached
from loyalty.domain.ledger.corrections import merge
from loyalty.domain.ledger.postings import summed
from loyalty.domain.ledger.tiers import changes_on, counter, counting, level_on, tidied
from loyalty.domain.program.document import Program
from tests.support.documents import published
from tests.support.levels import PERIODS, level, member, tiers, with_tiers

NOVEMBER = date(2026, 11, 21)


def months(number: int = 12, period: str = "rolling_months", **policies: Any) -> Program:
    return with_tiers(period, holds={"model": "months", "months": number}, **policies)


def counted(account: Account, rules: Program, amount: int, *, day: date, name: str = "") -> Account:
    """The account once an order of a day was recorded on that day, or a refund of its counter."""
    assert rules.tiers is not None
    name = name or counter(rules.tiers, account, rules, day=day)
    decided = counting(account, rules, counted={name: amount}, day=day)
    announced = decided.announces.level if decided.announces else account.tier_announced
    return replace(
        account,
        qualifying=summed(account.qualifying, {name: amount}),
        tier_reached=decided.tier_reached or account.tier_reached,
        tier_announced=announced,
    )


@pytest.mark.parametrize("period", PERIODS)
def test_a_level_holds_so_many_months_from_the_day_it_was_reached(period: str) -> None:
    rules = months(14, period)
    ana = counted(member(), rules, 300, day=date(2026, 11, 1))
    assert level(ana, rules, NOVEMBER) is None
    ana = counted(ana, rules, 300, day=NOVEMBER)
    ana = counted(ana, rules, 10, day=date(2026, 12, 1))

    assert ana.tier_reached == (TierReached("silver", NOVEMBER),)
    assert level(ana, rules, date(2028, 1, 21)) == "silver"
    assert level(ana, rules, date(2028, 1, 22)) is None
    assert changes_on(ana, rules, day=date(2027, 12, 1)) == date(2028, 1, 22)


def test_it_holds_on_while_the_last_months_have_enough() -> None:
    rules = months(2, rolling_months=6)
    ana = counted(member(), rules, 500, day=NOVEMBER)

    assert level(ana, rules, date(2027, 4, 30)) == "silver"
    assert level(ana, rules, date(2027, 5, 1)) is None


def test_a_level_that_is_reached_again_starts_its_months_again() -> None:
    rules = months(12, "calendar_year")
    ana = counted(member(), rules, 500, day=NOVEMBER)
    ana = counted(ana, rules, 500, day=date(2027, 3, 1))

    assert level(ana, rules, date(2028, 3, 1)) == "silver"
    assert level(ana, rules, date(2028, 3, 2)) is None


def test_a_refund_takes_the_day_back_and_another_order_reaches_it_anew() -> None:
    rules = months()
    ana = counted(member(), rules, 600, day=NOVEMBER)
    less = counted(ana, rules, -200, day=NOVEMBER + timedelta(days=3))
    assert level(less, rules, date(2026, 12, 1)) is None

    again = counted(less, rules, 100, day=date(2026, 12, 5))

    assert level(again, rules, date(2027, 12, 5)) == "silver"
    assert level(again, rules, date(2027, 12, 6)) is None


def test_a_late_order_of_the_year_before_reaches_its_level_on_that_years_last_day() -> None:
    rules = months(12, "calendar_year")
    ana = member(p2026=400)

    decided = counting(ana, rules, counted={"p2026": 100}, day=date(2027, 1, 9))

    assert decided.tier_reached == (TierReached("silver", date(2026, 12, 31)),)


def test_one_step_down_for_as_many_months_again() -> None:
    rules = months(3, one_step_down=True, rolling_months=1)
    ana = counted(member(), rules, 1000, day=NOVEMBER)

    found = [level(ana, rules, date(2027, *day)) for day in ((2, 21), (2, 22), (5, 21), (5, 22))]

    assert found == ["gold", "silver", "silver", None]


def test_levels_of_another_policy_count_from_the_first_day_of_the_last_period_with_enough() -> None:
    """A program switches to months; nothing is recorded yet of members who had reached levels."""
    rules, ana = months(12, "calendar_year"), member(p2025=600, p2026=10)

    assert level(ana, rules, date(2025, 12, 31)) == "silver"
    assert level(ana, rules, date(2026, 1, 1)) == "silver"
    assert level(ana, rules, date(2026, 1, 2)) is None
    gold = counted(ana, rules, 990, day=NOVEMBER)
    assert TierReached("silver", date(2025, 1, 1)) in gold.tier_reached


def test_a_policy_without_months_forgets_the_days() -> None:
    ana = replace(member(p2026=600), tier_reached=(TierReached("silver", NOVEMBER),))

    assert tidied(ana, with_tiers(), day=NOVEMBER).tier_reached == ()


def test_a_merge_keeps_the_days_of_both_and_adds_what_only_both_together_reach() -> None:
    rules = published(tiers=tiers(holds={"model": "months", "months": 12}), time_zone="UTC")
    loser = counted(member(), rules.document, 600, day=date(2026, 3, 1))
    survivor = replace(counted(member(), rules.document, 450, day=NOVEMBER), member_id="mem_2")

    posting = merge(
        loser,
        survivor,
        program=rules,
        request_id="r1",
        fingerprint="f",
        now=datetime(2026, 11, 25, 12, tzinfo=UTC),
    )

    survives = posting.changes[1].becomes
    assert survives is not None
    assert set(survives.tier_reached) == {
        TierReached("silver", date(2026, 3, 1)),
        TierReached("gold", date(2026, 11, 25)),
    }
    assert posting.entries[1].tier_reached == survives.tier_reached


# Days with an order, of which some share is refunded on a later day.
ORDERS = st.lists(
    st.tuples(
        st.dates(date(2026, 1, 1), date(2027, 5, 1)),
        st.integers(1, 900),
        st.sampled_from([0, 0, 50, 100]),
    ),
    max_size=5,
)


def bought(rules: Program, orders: list[tuple[date, int, int]]) -> Account:
    """A member after these orders, each followed by its refund in the same month or later."""
    assert rules.tiers is not None
    ana = member()
    for day, amount, percent in sorted(orders):
        name = counter(rules.tiers, ana, rules, day=day)
        ana = counted(ana, rules, amount, day=day)
        if percent:
            later = day + timedelta(days=20)
            ana = counted(ana, rules, -amount * percent // 100, day=later, name=name)
    return ana


POLICIES = st.builds(
    months,
    st.sampled_from([1, 5, 14]),
    st.sampled_from(PERIODS),
    one_step_down=st.booleans(),
)


@given(POLICIES, ORDERS, st.integers(0, 900))
def test_what_settling_keeps_gives_the_same_levels_ever_after(
    rules: Program, orders: list[tuple[date, int, int]], later: int
) -> None:
    ana = bought(rules, orders)
    settled_on = date(2027, 6, 1) + timedelta(days=later)
    settled = tidied(ana, rules, day=settled_on)

    for days in (0, 1, 30, 100, 400, 800):
        then = settled_on + timedelta(days=days)
        assert level_on(settled, rules, day=then) == level_on(ana, rules, day=then)


@given(POLICIES, ORDERS, st.integers(1, 1500))
def test_a_level_changes_only_on_the_days_that_are_told_before(
    rules: Program, orders: list[tuple[date, int, int]], later: int
) -> None:
    ana = bought(rules, orders)
    turn, then = date(2027, 6, 1), date(2027, 6, 1) + timedelta(days=later)
    while (ahead := changes_on(ana, rules, day=turn)) and ahead <= then:
        turn = ahead

    assert level_on(ana, rules, day=then) == level_on(ana, rules, day=turn)
