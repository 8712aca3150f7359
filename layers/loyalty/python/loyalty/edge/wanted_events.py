"""Which events the endpoints of each program want, as read a few seconds ago.

A new endpoint gets what happens from a few seconds later on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from loyalty.domain.events import Event
    from loyalty.domain.webhooks_out.endpoints import Endpoint

PROGRAMS_MAX: Final = 1000


class KnowsEndpoints(Protocol):
    def all(self, program_id: str) -> Sequence[Endpoint]: ...


class WantedEvents:
    """Remembers the endpoints of each program for some seconds.

    `clock` counts seconds from any starting point.
    """

    def __init__(
        self, endpoints: KnowsEndpoints, *, remembered_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._endpoints = endpoints
        self._remembered_seconds = remembered_seconds
        self._clock = clock
        self._remembered: dict[str, tuple[float, Sequence[Endpoint]]] = {}

    def ask_for(self, event: Event) -> bool:
        """Whether some endpoint of the event's program wants it."""
        return any(each.wants(event.name) for each in self._of(event.program_id))

    def _of(self, program_id: str) -> Sequence[Endpoint]:
        now = self._clock()
        until, endpoints = self._remembered.get(program_id, (now, ()))
        if now < until:
            return endpoints
        if len(self._remembered) >= PROGRAMS_MAX:
            self._remembered.clear()
        endpoints = self._endpoints.all(program_id)
        self._remembered[program_id] = (now + self._remembered_seconds, endpoints)
        return endpoints
