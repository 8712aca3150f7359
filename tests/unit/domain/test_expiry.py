"""When points expire."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.kernel.calendar import NEVER, add_months, end_of_week, midnight
from tests.support.documents import program, published

DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("policy", "available_on", "last_day"),
    [
        ({"months": 12, "round_to": "month"}, "2026-11-21", "2027-11-30"),
        ({"months": 12, "round_to": "none"}, "2028-02-29", "2029-02-28"),
        ({"months": 1, "round_to": "none"}, "2026-01-31", "2026-02-28"),
        ({"months": 1, "round_to": "week"}, "2026-11-21", "2026-12-27"),
        ({"days": 90, "round_to": "none"}, "2026-11-21", "2027-02-19"),
    ],
)
def test_a_lot_lives_its_time_from_the_day_it_is_available(
    policy: dict[str, Any], available_on: str, last_day: str
) -> None:
    document = program(expiry={"model": "after_earning"} | policy)

    ends = expires_on(document.expiry, available_on=date.fromisoformat(available_on))

    assert ends == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("month", "day", "available_on", "last_day"),
    [
        (12, 31, "2026-11-21", "2026-12-31"),
        (6, 30, "2026-11-21", "2027-06-30"),
        (11, 21, "2026-11-21", "2026-11-21"),
        (2, 29, "2026-11-21", "2027-02-28"),
        (2, 29, "2027-11-21", "2028-02-29"),
    ],
)
def test_a_fixed_date_is_the_next_of_its_name(
    month: int, day: int, available_on: str, last_day: str
) -> None:
    document = program(expiry={"model": "fixed_date", "month": month, "day": day})

    ends = expires_on(document.expiry, available_on=date.fromisoformat(available_on))

    assert ends == date.fromisoformat(last_day)


@pytest.mark.parametrize("model", [{"model": "never"}, {"model": "inactivity", "months": 12}])
def test_other_models_give_points_no_date_of_their_own(model: dict[str, Any]) -> None:
    document = program(expiry=model)

    assert expires_on(document.expiry, available_on=date(2026, 11, 21)) == NEVER


def test_inactivity_counts_from_the_last_activity_but_never_from_before_it_was_switched_on() -> (
    None
):
    switched_on = published(
        expiry={"model": "inactivity", "months": 6}, inactivity_since=date(2026, 11, 1)
    )

    quiet_for_years = switched_on.undated_until(date(2023, 1, 5))
    active_since = switched_on.undated_until(date(2026, 12, 31))

    assert quiet_for_years == date(2027, 5, 1)
    assert active_since == date(2027, 6, 30)


@given(DAYS, st.integers(0, 120))
def test_months_later_is_that_many_calendar_months_later(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@given(DAYS)
def test_a_week_ends_on_the_sunday_that_is_not_before_the_day(day: date) -> None:
    ends = end_of_week(day)

    assert ends.isoweekday() == 7
    assert timedelta(0) <= ends - day < timedelta(days=7)


ZONES = [
    "Pacific/Kiritimati",
    "Pacific/Chatham",
    "Asia/Kathmandu",
    "Europe/Paris",
    "America/St_Johns",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Asuncion",
    "Atlantic/Azores",
    "Etc/GMT+12",
]


@given(DAYS, st.sampled_from(ZONES))
def test_midnight_is_the_first_moment_of_its_day(day: date, name: str) -> None:
    zone = ZoneInfo(name)

    starts = midnight(day, zone)

    assert starts.tzinfo is UTC
    assert starts.astimezone(zone).date() == day
    assert (starts - timedelta(microseconds=1)).astimezone(zone).date() == day - timedelta(days=1)


def test_a_midnight_that_daylight_saving_skips_is_the_moment_of_the_change() -> None:
    starts = midnight(date(2026, 4, 24), ZoneInfo("Africa/Cairo"))

    assert starts == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)
