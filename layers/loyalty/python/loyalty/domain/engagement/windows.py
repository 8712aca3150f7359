"""Windows by name: a period of the calendar, `ever`, or fixed days, as `2026-11-01/2026-11-30`.

Names are stored and never change.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import NEVER, add_months, last_day_of, period_on

if TYPE_CHECKING:
    from loyalty.domain.program.challenges import CalendarWindow, FixedWindow, StreakPeriod

EVER: Final = "ever"


def window_on(kind: CalendarWindow | FixedWindow, day: date) -> str | None:
    """The name of the window that a day lies in; None if it lies outside of fixed days."""
    match kind:
        case "ever":
            return EVER
        case "day" | "week" | "month" | "quarter" | "year":
            return period_on(kind, day)
        case fixed:
            is_inside = fixed.starts_on <= day <= fixed.ends_on
            return f"{fixed.starts_on}/{fixed.ends_on}" if is_inside else None


def last_day(window: str) -> date:
    """The last day of a window; `NEVER` if it does not end."""
    if window == EVER:
        return NEVER
    if "/" in window:
        return date.fromisoformat(window.partition("/")[2])
    return last_day_of(window)


def first_day(window: str) -> date:
    """The first day of a window; `date.min` if it has always been running."""
    if window == EVER:
        return date.min
    if "/" in window:
        return date.fromisoformat(window.partition("/")[0])
    last, kind = last_day(window), _kind_of(window)
    if kind == "day":
        return last
    if kind == "week":
        return last - timedelta(days=6)
    months = {"month": 1, None: 3}[kind] if "-" in window else 12
    return add_months(last.replace(day=1), 1 - months)


def number_of(period: str) -> int:
    """The number of a period of a streak: the next day, week or month has the next number."""
    day = last_day(period)
    match _kind_of(period):
        case "day":
            return day.toordinal()
        case "week":
            return day.toordinal() // 7
        case "month":
            return day.year * 12 + day.month
        case None:
            raise ValueError(f"{period} is no period of a streak")


def is_period(window: str, every: StreakPeriod) -> bool:
    """Whether a window is one of the periods of a streak."""
    return window != EVER and "/" not in window and _kind_of(window) == every


def _kind_of(period: str) -> StreakPeriod | None:
    rest = period.partition("-")[2]
    if rest.startswith("W"):
        return "week"
    if not rest or rest.startswith("Q"):
        return None
    return "day" if len(rest) > 2 else "month"
