"""Windows of the calendar, by their names."""

from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.engagement.windows import is_period, last_day, number_of, window_on
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.program.challenges import CalendarWindow, FixedWindow, StreakPeriod

PERIODS: Final[tuple[StreakPeriod, ...]] = ("day", "week", "month")
KINDS: Final[tuple[CalendarWindow, ...]] = ("day", "week", "month", "quarter", "year")


@pytest.mark.parametrize(
    ("kind", "day", "name", "ends_on"),
    [
        ("ever", date(2026, 11, 21), "ever", NEVER),
        ("day", date(2026, 11, 21), "2026-11-21", date(2026, 11, 21)),
        # 2026 has 53 weeks, and the last one ends in the next year.
        ("week", date(2027, 1, 3), "2026-W53", date(2027, 1, 3)),
        ("week", date(2027, 1, 4), "2027-W01", date(2027, 1, 10)),
        ("month", date(2028, 2, 1), "2028-02", date(2028, 2, 29)),
        ("quarter", date(2026, 12, 31), "2026-Q4", date(2026, 12, 31)),
        ("year", date(2026, 1, 1), "2026", date(2026, 12, 31)),
    ],
)
def test_a_day_lies_in_a_window_with_a_name_and_an_end(
    kind: CalendarWindow, day: date, name: str, ends_on: date
) -> None:
    assert (window_on(kind, day), last_day(name)) == (name, ends_on)


def test_fixed_days_are_a_window_only_on_those_days() -> None:
    november = FixedWindow(starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30))

    name = window_on(november, date(2026, 11, 30))

    assert name == "2026-11-01/2026-11-30"
    assert last_day(name) == date(2026, 11, 30)
    assert window_on(november, date(2026, 12, 1)) is None


@given(st.dates(date(1900, 1, 1), date(9998, 12, 31)), st.sampled_from(KINDS))
def test_a_window_begins_after_the_last_day_of_the_one_before(
    day: date, kind: CalendarWindow
) -> None:
    window, before = window_on(kind, day), window_on(kind, day - timedelta(days=1))

    assert window is not None
    assert before is not None
    assert day <= last_day(window)
    assert (before == window) == (last_day(before) >= day)


@given(st.dates(date(1900, 1, 1), date(9998, 12, 31)), st.sampled_from(PERIODS))
def test_the_next_period_has_the_next_number(day: date, every: StreakPeriod) -> None:
    window = window_on(every, day)
    assert window is not None
    following = window_on(every, last_day(window) + timedelta(days=1))
    assert following is not None

    assert number_of(following) == number_of(window) + 1
    assert [each for each in PERIODS if is_period(window, each)] == [every]
