"""The days of a program's time zone, as the engine of the reports finds them for an instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from loyalty.domain.kernel.calendar import midnight

# No fact is about an earlier time; `macros.sql` counts from here.
FIRST_MIDNIGHT: Final = date(2000, 1, 1)


def local_day(firsts: Sequence[datetime]) -> str:
    """A macro for the local day of an instant; it chooses between spans of one offset from UTC.

    A report asks for the days of ten million instants many times. Looking each one up in the list
    of midnights would cost five times as much.
    """
    days = [FIRST_MIDNIGHT + timedelta(days=number) for number in range(len(firsts))]
    offsets = [
        (datetime.combine(day, time.min) - midnight) // timedelta(seconds=1)
        for day, midnight in zip(days, firsts, strict=True)
    ]
    begins = [0, *(n for n in range(1, len(days)) if offsets[n] != offsets[n - 1])]

    def chosen(first: int, last: int) -> str:
        if first < last:
            middle = (first + last + 1) // 2
            return (
                f"CASE WHEN moment < TIMESTAMP '{firsts[begins[middle]]}' "
                f"THEN {chosen(first, middle - 1)} ELSE {chosen(middle, last)} END"
            )
        day = f"(moment + to_seconds({offsets[begins[first]]}))::DATE"
        if first == len(begins) - 1:
            return day
        # The last day before the clocks change may be longer than others.
        return f"least({day}, DATE '{days[begins[first + 1] - 1]}')"

    return f"CREATE MACRO local_day(moment) AS {chosen(0, len(begins) - 1)}"


@cache
def midnights(zone: ZoneInfo, until: date) -> list[datetime]:
    """The first moment of each local day, in UTC, until a few days after `until`."""
    days = (until - FIRST_MIDNIGHT).days + 4
    return [
        midnight(FIRST_MIDNIGHT + timedelta(days=day), zone).replace(tzinfo=None)
        for day in range(days)
    ]
