"""Keeps mail within the rate that the account may send at."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """Keeps a pause between the mails of one execution environment, which sends one at a time.

    The deployment divides the account's rate by the number of environments. So no coordination
    between them is needed, and mail is late instead of refused.
    """

    def __init__(
        self, pause_s: float, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._pause_s = pause_s
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Wait until the next mail may be sent."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
            now = self._next
        self._next = now + self._pause_s
