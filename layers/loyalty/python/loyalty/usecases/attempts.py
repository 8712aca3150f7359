"""Repeat a decision if another writer was first.

Nothing is locked: each write is conditional on what its decision read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import cast

from loyalty.domain.kernel.errors import TryAgain
from loyalty.usecases.ports import DECISIONS_MAX, Desk, Overtaken, Raced


class Attempts:
    """Counts attempts, for decisions that carry something over from one attempt to the next."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._begun = 0

    def begin(self) -> bool:
        """Begin an attempt: the first at once, each later one after a pause.

        Returns whether it is a later one.

        Raises:
            TryAgain: other writers were faster every time.
        """
        if self._begun == DECISIONS_MAX:
            raise TryAgain("Too many others wrote at the same time; nothing was changed")
        if self._begun:
            self._desk.pause(self._begun)
        self._begun += 1
        return self._begun > 1


def until_saved[**P, T](decide: Callable[P, T]) -> Callable[P, T]:
    """Decorate a use case: repeat it, after a pause, while it raises `Overtaken` or `Raced`.

    The use case must take its `desk` by keyword, and must read everything again that it decides
    from.

    Raises:
        TryAgain: other writers were faster every time.
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
