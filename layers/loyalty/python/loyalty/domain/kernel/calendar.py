"""Days and months as a program counts them: in its own time zone, clamped at the month's end."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# The last day of points that never expire. It sorts after every other day.
NEVER: Final = date.max


def add_months(day: date, months: int) -> date:
    """The same day some months later; 31 January + 1 month is the end of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def end_of_week(day: date) -> date:
    """The Sunday that ends the (ISO) week of a day."""
    return day + timedelta(days=7 - day.isoweekday())


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, in UTC.

    Where daylight saving skips midnight, it is the moment of the change; where it repeats
    midnight, the first of the two. `fold=0` gives both.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)
