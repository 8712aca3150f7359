"""What a warm function read from the table a short while ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Final

# A right that was withdrawn is refused everywhere within 30 s. A read may lag by a second or two.
REMEMBERED_FOR: Final = timedelta(seconds=25)
REMEMBERED_MAX: Final = 500


class Recent[K: Hashable, T]:
    """Reads something by name, and remembers it for a while."""

    def __init__(self, read: Callable[[K], T]) -> None:
        self._read = read
        self._remembered: OrderedDict[K, tuple[T, datetime]] = OrderedDict()

    def get(self, name: K, *, now: datetime) -> T:
        value, until = self._remembered.get(name, (None, now))
        # If the clock was set back, a withdrawn right must not stay in force.
        if value is None or not now < until <= now + REMEMBERED_FOR:
            value = self._read(name)
            self._remembered[name] = (value, now + REMEMBERED_FOR)
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(name)
        return value
