"""What goes together in programs, read from the lake and remembered for some minutes."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from loyalty.edge.aws import clients
from loyalty.lake import neighbor_objects

if TYPE_CHECKING:
    from loyalty.domain.recommendations.things import Neighborhood

# It is computed once a day.
REMEMBERED_FOR: Final = timedelta(minutes=10)
# A large program's takes some megabytes.
PROGRAMS_MAX: Final = 8


class Neighborhoods:
    """The neighborhoods of the programs that were asked for last."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._remembered: OrderedDict[str, tuple[datetime, Neighborhood]] = OrderedDict()

    def of(self, program_id: str, *, now: datetime) -> Neighborhood:
        read_at, found = self._remembered.get(program_id, (None, None))
        if found is None or read_at is None or not read_at <= now < read_at + REMEMBERED_FOR:
            found = neighbor_objects.fetched(clients.neighbors(), program_id, bucket=self._bucket)
            self._remembered[program_id] = (now, found)
        self._remembered.move_to_end(program_id)
        while len(self._remembered) > PROGRAMS_MAX:
            self._remembered.popitem(last=False)
        return found


@cache
def neighborhoods(bucket: str) -> Neighborhoods:
    return Neighborhoods(bucket)
