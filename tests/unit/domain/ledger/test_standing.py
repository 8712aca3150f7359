"""A member's standing: the level, how long it holds, and what is missing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.postings import summed
from loyalty.domain.ledger.standing import Standing, standing
from loyalty.domain.ledger.tiers import counter, level_on
from tests.support.levels import (
    FOR_LIFE,
    LEVELS,
    PERIODS,
    WHILE_ENOUGH,
    kept_at,
    member,
    with_tiers,
)


def test_a_standing_says_what_is_missing_to_rise_and_to_stay_and_by_when() -> None:
    found = standing(member(p2025=700, p2026=450), with_tiers(), day=date(2026, 11, 21))

    assert found is not None
    assert found.level is not None
    assert (found.level.id, found.holds_until, found.amount) == ("silver", date(2026, 12, 31), 450)
    assert found.next is not None
    assert (found.next.level.id, found.next.missing, found.next.by) == (
        "gold",
        550,
        date(2026, 12, 31),
    )
    assert found.keep is not None
    assert (found.keep.level.id, found.keep.missing) == ("silver", 50)


def test_a_newcomer_has_a_year_to_reach_a_rolling_level() -> None:
    rules = with_tiers("rolling_months")

    found = standing(member(), rules, day=date(2026, 11, 29))

    assert found is not None
    assert found.next is not None
    assert (found.next.missing, found.next.by) == (500, date(2027, 10, 31))


def test_more_is_missing_to_a_rolling_level_once_the_oldest_month_no_longer_counts() -> None:
    rules = with_tiers("rolling_months")
    months = {"p" + str(2026 * 12 + month - 1): 100 for month in (2, 10)}

    found = standing(member(**months), rules, day=date(2026, 11, 29))

    assert found is not None
    assert found.next is not None
    assert (found.next.missing, found.next.by) == (300, date(2027, 1, 31))


@given(
    period=st.sampled_from(PERIODS),
    ago=st.dictionaries(st.integers(0, 13), st.integers(-50, 200), max_size=4),
    day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    later=st.integers(0, 400),
)
def test_what_is_missing_reaches_the_next_level_until_its_last_day_and_not_after(
    period: str, ago: dict[int, int], day: date, later: int
) -> None:
    rules = with_tiers(period)
    levels = rules.tiers
    assert levels is not None
    now = int(counter(levels, member(), rules, day=day)[1:])
    ana = member(**{f"p{now - number}": amount for number, amount in ago.items()})
    found = standing(ana, rules, day=day)
    assert found is not None
    if found.next is None:
        return
    step = found.next

    def reaches(spent_on: date) -> bool:
        name = counter(levels, ana, rules, day=spent_on)
        qualifying = summed(ana.qualifying, {name: step.missing})
        reached = level_on(replace(ana, qualifying=qualifying), rules, day=spent_on)
        return reached is not None and levels.rank(reached.id) >= levels.rank(step.level.id)

    assert reaches(min(day + timedelta(days=later), step.by))
    if found.amount > 0:
        assert not reaches(step.by + timedelta(days=1))


def test_a_rolling_level_is_kept_by_what_counts_in_its_last_twelve_months() -> None:
    january = 2026 * 12
    rules, ana = (
        with_tiers("rolling_months"),
        member(**{f"p{january}": 700, f"p{january + 13}": 80}),
    )

    early = standing(ana, rules, day=date(2026, 12, 31))
    found = standing(ana, rules, day=date(2027, 3, 15))

    assert early is not None
    assert early.keep is None
    assert found is not None
    assert found.keep is not None
    assert (found.holds_until, found.keep.by) == (date(2027, 12, 31), date(2027, 12, 31))
    assert found.keep.missing == 500 - 80


def test_a_granted_level_is_kept_beyond_its_day_by_earning_what_is_missing() -> None:
    granted = replace(member(p2026=700), tier_floor=TierFloor("gold", date(2026, 12, 24)))

    found = standing(granted, with_tiers(), day=date(2026, 11, 21))

    assert found is not None
    assert found.keep is not None
    assert (found.keep.level.id, found.keep.missing, found.keep.by) == (
        "gold",
        300,
        date(2026, 12, 24),
    )


def found_on(day: date, *, policies: dict[str, object], **counted: int) -> Standing:
    found = standing(member(**counted), with_tiers(**policies), day=day)  # type: ignore[arg-type]  # as in the document
    assert found is not None
    return found


def test_less_is_missing_to_keep_a_level_that_less_keeps() -> None:
    policies: dict[str, object] = {"levels": kept_at(300, None)}

    found = found_on(date(2026, 11, 21), policies=policies, p2025=700, p2026=180)

    assert found.keep is not None
    assert (found.keep.missing, found.keep.by) == (120, date(2026, 12, 31))


def test_over_rolling_months_the_month_after_the_last_decides_what_keeps_a_level() -> None:
    policies: dict[str, object] = {
        "period": "rolling_months",
        "rolling_months": 2,
        "holds": WHILE_ENOUGH,
    }
    october = 2026 * 12 + 9

    found = found_on(
        date(2026, 11, 21), policies=policies, **{f"p{october}": 450, f"p{october + 1}": 80}
    )

    assert (found.holds_until, found.is_lost) == (date(2026, 11, 30), False)
    assert found.keep is not None
    # October no longer counts in December.
    assert (found.keep.missing, found.keep.by) == (420, date(2026, 11, 30))


@pytest.mark.parametrize("missing", [80, 0])
def test_nothing_keeps_a_level_that_holds_to_the_end_of_its_year(missing: int) -> None:
    policies: dict[str, object] = {"holds": WHILE_ENOUGH}

    found = found_on(date(2026, 11, 21), policies=policies, p2026=580 - missing)

    assert (found.holds_until, found.keep, found.is_lost) == (date(2026, 12, 31), None, True)


def test_a_level_for_life_has_no_last_day() -> None:
    found = found_on(date(2026, 11, 21), policies={"holds": FOR_LIFE}, p2026=580)

    assert (found.holds_until, found.keep, found.is_lost) == (None, None, False)


def test_a_level_that_only_a_grant_gives_is_never_missing() -> None:
    friend = {"id": "friend", "name": "Friend", "reached_at": None}
    rules = with_tiers(levels=[LEVELS[0], friend])
    granted = replace(member(p2026=580), tier_floor=TierFloor("friend", date(2026, 12, 24)))

    reached = standing(member(p2026=580), rules, day=date(2026, 11, 21))
    has_it = standing(granted, rules, day=date(2026, 11, 21))

    assert reached is not None
    assert reached.level is not None
    assert (reached.level.id, reached.next) == ("silver", None)
    assert has_it is not None
    assert has_it.level is not None
    assert (has_it.level.id, has_it.next, has_it.keep, has_it.is_lost) == (
        "friend",
        None,
        None,
        True,
    )
