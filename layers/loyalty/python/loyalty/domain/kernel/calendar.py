"""Days and months as a program counts them: in its own time zone, clamped at the month's end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final, Literal

type CalendarPeriod = Literal["day", "week", "month", "quarter", "year"]

# The last day of points that never expire. It sorts after every other day.
NEVER: Final = date.max


def add_months(day: date, months: int) -> date:
    """The same day some months later; 31 January + 1 month is the end of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, end_of_month(first).day))


def local_day(moment: datetime, zone: tzinfo) -> date:
    """The day of a moment in a zone."""
    # Only an instant in UTC is the same moment as all that equal it.
    return _day_of_utc(moment, zone) if moment.tzinfo is UTC else moment.astimezone(zone).date()


# A write asks for the day of the same few moments dozens of times.
@lru_cache(maxsize=1024)
def _day_of_utc(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def end_of_month(day: date) -> date:
    if day.month == 12:
        return day.replace(day=31)
    return day.replace(month=day.month + 1, day=1) - timedelta(days=1)


def end_of_week(day: date) -> date:
    """The Sunday that ends the (ISO) week of a day."""
    return day + timedelta(days=7 - day.isoweekday())


def period_on(kind: CalendarPeriod, day: date) -> str:
    """The name of the period that a day lies in. Names are stored and never change.

    They are `2026-11-30`, `2026-W48` for an ISO week, `2026-11`, `2026-Q4`, and `2026`.
    """
    match kind:
        case "day":
            return day.isoformat()
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return day.isoformat()[:7]
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case "year":
            return f"{day.year}"


def last_day_of(period: str) -> date:
    """The last day of a period by its name."""
    year, _, rest = period.partition("-")
    if not rest:
        return date(int(year), 12, 31)
    if rest.startswith("W"):
        return date.fromisocalendar(int(year), int(rest[1:]), 7)
    if rest.startswith("Q"):
        return end_of_month(date(int(year), 3 * int(rest[1:]), 1))
    return (
        date.fromisoformat(period) if len(rest) > 2 else end_of_month(date(int(year), int(rest), 1))
    )


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first moment of a local day, in UTC.

    Where daylight saving skips midnight, it is the moment of the change; where it repeats
    midnight, the first of the two. `fold=0` gives both.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)
