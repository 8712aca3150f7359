"""The time. The local cloud can move its clock; no deployed stage can."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from loyalty.edge.local_cloud import is_on_one_machine
from loyalty.edge.settings import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """The file with the number of seconds by which the clock is moved.

    Only the local cloud sets it; no template does.
    """

    clock_file: str = ""


class ClockRefused(RuntimeError):
    """The settings name a clock file, but this is not the local cloud."""


def now() -> datetime:
    real = datetime.now(UTC)
    file = settings(ClockSettings).clock_file
    return real + _moved_by(file) if file else real


def _moved_by(file: str) -> timedelta:
    """How far the clock is moved. The file is read each time, because it changes at run time.

    Raises:
        ClockRefused: this is not the local cloud.
    """
    if not is_on_one_machine():
        raise ClockRefused("LOYALTY_CLOCK_FILE is only for the local cloud")
    try:
        with open(file, encoding="ascii") as seconds:  # noqa: PTH123  # pathlib would slow cold starts
            return timedelta(seconds=float(seconds.read()))
    except FileNotFoundError:
        return timedelta()
