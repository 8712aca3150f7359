"""Deciding again where others wrote first: nothing is locked, writes rely on what was read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast

from loyalty.domain.kernel.errors import TryAgain
from loyalty.usecases.ports import DECISIONS_MAX, Desk, Overtaken, Raced


class Attempts:
    """Attempts at a decision that carries something over from one attempt to the next."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._begun = 0

    def begin(self) -> bool:
        """Begin an attempt: the first at once, each further one after a pause.

        Gives whether it is a further one.

        Raises:
            TryAgain: others were quicker every time.
        """
        if self._begun == DECISIONS_MAX:
            raise TryAgain("Too many others wrote at the same time; nothing was changed")
        if self._begun:
            self._desk.pause(self._begun)
        self._begun += 1
        return self._begun > 1


def until_saved[**P, T](decide: Callable[P, T]) -> Callable[P, T]:
    """Call a use case again, after a pause, as long as `Overtaken` or `Raced` says to look again.

    It must take its `desk` by name, and read anew whatever it decides from.

    Raises:
        TryAgain: others were quicker every time.
    """

    @wraps(decide)
    def decided(*args: P.args, **kwargs: P.kwargs) -> T:
        attempts = Attempts(cast("Desk", kwargs["desk"]))
        while True:
            attempts.begin()
            try:
                return decide(*args, **kwargs)
            except (Overtaken, Raced):
                continue

    return decided
