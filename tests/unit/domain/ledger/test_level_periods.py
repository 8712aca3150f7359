"""Numbered periods: which one a day is in, when it begins, and what counts in it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.level_periods import LevelPeriods
from loyalty.domain.program.levels import Tiers
from tests.support.levels import PERIODS, tiers


def periods(period: str, *, rolling_months: int | None = None) -> LevelPeriods:
    document = tiers(period, rolling_months=rolling_months)
    return LevelPeriods(Tiers.model_validate(document), enrolled_on=date(2024, 2, 29))


@given(st.sampled_from(PERIODS), st.dates(date(2024, 3, 1), date(2040, 1, 1)))
def test_a_day_lies_between_the_first_and_the_last_day_of_its_period(
    period: str, day: date
) -> None:
    numbered = periods(period)
    number = numbered.number(day)

    assert numbered.begins(number) <= day <= numbered.ends(number)


@pytest.mark.parametrize(("months", "counted"), [(None, 111), (2, 110), (1, 100)])
def test_so_many_rolling_months_count_together(months: int | None, counted: int) -> None:
    november = 2026 * 12 + 10
    amounts = {f"p{november}": 100, f"p{november - 1}": 10, f"p{november - 11}": 1}

    rolling = periods("rolling_months", rolling_months=months)

    assert rolling.amount(amounts, november) == counted


def test_counters_of_another_basis_count_nothing() -> None:
    assert periods("calendar_year").amount({"s2026": 5, "p2026": 7}, 2026) == 7
