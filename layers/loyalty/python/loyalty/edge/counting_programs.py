"""Which programs count orders for challenges, as read a few seconds ago."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from loyalty.usecases.engagement.waking import CountingSince

PROGRAMS_MAX: Final = 1000


class KnowsCounting(Protocol):
    def counting(self, program_id: str) -> CountingSince | None: ...


class RememberedCounting:
    """Implements `CountingPrograms`. `clock` counts seconds from any starting point.

    A version that is newer than what is remembered is never answered from memory, so the first
    order under a new version counts.
    """

    def __init__(
        self, programs: KnowsCounting, *, remembered_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._programs = programs
        self._remembered_seconds = remembered_seconds
        self._clock = clock
        self._remembered: dict[str, tuple[float, CountingSince]] = {}

    def counts(self, program_id: str, version: int) -> bool:
        """Whether a program that is in this version, or a later one, ever counted anything."""
        now = self._clock()
        until, counting = self._remembered.get(program_id, (now, None))
        if counting is None or now >= until or counting.version < version:
            if len(self._remembered) >= PROGRAMS_MAX:
                self._remembered.clear()
            counting = self._programs.counting(program_id)
            if counting is None:
                return False
            self._remembered[program_id] = (now + self._remembered_seconds, counting)
        return counting.since is not None and (version == 0 or version >= counting.since)
