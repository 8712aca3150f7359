"""The time. A cloud on one machine may be told another one; no deployed stage can be."""

import os
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from loyalty.edge.settings import ClockSettings, settings

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class ClockRefused(RuntimeError):
    """A deployment says that its clock can be moved, and it is no cloud on one machine."""


def now() -> datetime:
    real = datetime.now(UTC)
    file = settings(ClockSettings).clock_file
    return real + _moved_by(file) if file else real


def _moved_by(file: str) -> timedelta:
    """How far the clock is moved, read each time: it is moved while functions are warm.

    Raises:
        ClockRefused: AWS answers here, or whoever else is not on this machine.
    """
    if urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname not in LOOPBACK:
        raise ClockRefused("LOYALTY_CLOCK_FILE is for a cloud on one machine")
    try:
        with open(file, encoding="ascii") as told:  # noqa: PTH123  # pathlib is no cold start's need
            return timedelta(seconds=float(told.read()))
    except FileNotFoundError:
        return timedelta()
