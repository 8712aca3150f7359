"""Every night, compare what each person of the staff moved by hand with what is usual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.staff.staff_days import COMPARED_DAYS, StaffDay, days_to_review, review

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from loyalty.domain.staff.actions import StaffAction
    from loyalty.usecases.work_pages import Progress

# An action begins on its day and ends within a request.
DAY_CLOSES_AFTER: Final = timedelta(minutes=30)


class StaffDays(Protocol):
    """The reviewed days of one program."""

    def between(self, first: date, last: date) -> Sequence[StaffDay]:
        """The days on which points were moved; both days are included."""
        ...

    def put(self, staff_day: StaffDay) -> None:
        """Store a day, unless it is stored already."""
        ...


class ActionLog(Protocol):
    def during(self, since: datetime, until: datetime) -> Iterable[StaffAction]:
        """The actions from `since` up to, not including, `until`."""
        ...


def review_days(
    *,
    actions: ActionLog,
    days: StaffDays,
    progress: Progress,
    zone: ZoneInfo,
    now: datetime,
) -> int:
    """Review each day that is over and was not reviewed; return how many hands were unusual.

    A run that stops anywhere is completed by the next: a day is stored once, with what is reported
    of it, and then the mark moves forward.
    """
    reached = progress.reached()
    last = (now - DAY_CLOSES_AFTER).astimezone(zone).date() - timedelta(days=1)
    unusual = 0
    for day in days_to_review(date.fromisoformat(reached) if reached else None, last=last):
        begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        before = days.between(day - timedelta(days=COMPARED_DAYS), day - timedelta(days=1))
        reviewed = review(day, actions.during(begins, ends), before=before)
        if reviewed.moved:
            days.put(reviewed)
        unusual += len(reviewed.unusual)
        progress.advance(day.isoformat())
    return unusual
