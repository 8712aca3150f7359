"""The time. A cloud on one machine may be told another one; no deployed stage can be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from loyalty.edge.local_cloud import is_on_one_machine
from loyalty.edge.settings import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """The file that holds by how many seconds the clock is moved.

    Only the local cloud sets it; no template does.
    """

    clock_file: str = ""


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
    if not is_on_one_machine():
        raise ClockRefused("LOYALTY_CLOCK_FILE is for a cloud on one machine")
    try:
        with open(file, encoding="ascii") as seconds:  # noqa: PTH123  # pathlib is no cold start's need
            return timedelta(seconds=float(seconds.read()))
    except FileNotFoundError:
        return timedelta()
