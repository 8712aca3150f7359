"""Quiet hours: when nobody is written to, across midnight and changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty.domain.program.messages import QuietHours


def end_of_quiet(moment: datetime, quiet: QuietHours | None, zone: tzinfo) -> datetime:
    """The first moment, not before the given one, outside the quiet hours of a zone.

    When clocks go back, the same hours can be quiet twice. When clocks skip the end of the quiet
    hours, they end later by the skipped hour.
    """
    if quiet is None or not is_quiet(moment, quiet, zone):
        return moment
    day = moment.astimezone(zone).date()
    ends = (
        datetime.combine(day + timedelta(days=ahead), quiet.ends_at, zone).replace(fold=fold)
        for ahead in (0, 1, 2)
        for fold in (0, 1)
    )
    return min(end.astimezone(UTC) for end in ends if end.astimezone(UTC) > moment)


def is_quiet(moment: datetime, quiet: QuietHours, zone: tzinfo) -> bool:
    """Whether nobody may be written to at a moment."""
    time = moment.astimezone(zone).time()
    if quiet.starts_at < quiet.ends_at:
        return quiet.starts_at <= time < quiet.ends_at
    return time >= quiet.starts_at or time < quiet.ends_at
