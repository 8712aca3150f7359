"""Days and months as a program counts them, in its own time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.calendar import add_months, end_of_week, midnight

DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@given(DAYS, st.integers(0, 120))
def test_adding_months_gives_the_same_day_or_the_end_of_the_month(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@given(DAYS)
def test_a_week_ends_on_its_sunday(day: date) -> None:
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
