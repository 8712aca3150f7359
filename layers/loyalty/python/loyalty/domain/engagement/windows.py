"""Windows of the calendar by name: `2026-11-30`, `2026-W48`, `2026-11`, `2026-Q4`, `2026`, `ever`.

Names are stored and never change. A window of fixed days is named by both: `2026-11-01/2026-11-30`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import NEVER, end_of_month

if TYPE_CHECKING:
    from loyalty.domain.program.challenges import CalendarWindow, FixedWindow, StreakPeriod

EVER: Final = "ever"


def window_on(kind: CalendarWindow | FixedWindow, day: date) -> str | None:
    """The name of the window that a day lies in; None if it lies outside of fixed days."""
    match kind:
        case "ever":
            return EVER
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
        case fixed:
            is_inside = fixed.starts_on <= day <= fixed.ends_on
            return f"{fixed.starts_on}/{fixed.ends_on}" if is_inside else None


def last_day(window: str) -> date:
    """The last day of a window; `NEVER` if it does not end."""
    if window == EVER:
        return NEVER
    if "/" in window:
        return date.fromisoformat(window.partition("/")[2])
    year, _, rest = window.partition("-")
    if not rest:
        return date(int(year), 12, 31)
    if rest.startswith("W"):
        return date.fromisocalendar(int(year), int(rest[1:]), 7)
    if rest.startswith("Q"):
        return end_of_month(date(int(year), 3 * int(rest[1:]), 1))
    return (
        date.fromisoformat(window) if len(rest) > 2 else end_of_month(date(int(year), int(rest), 1))
    )


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
