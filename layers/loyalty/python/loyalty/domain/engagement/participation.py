"""When a member takes part in something that they join: one or more stays, each with an end."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from loyalty.domain.kernel.errors import WrongState

# Leaving and joining again counts for orders in between. So all of it is kept, and has an end.
STAYS_MAX: Final = 50


class Stay(NamedTuple):
    """A time in which a member takes part; `left_at` is the first moment after it, None: no end."""

    joined_at: datetime
    left_at: datetime | None = None


type Stays = tuple[Stay, ...]


def joined_since(stays: Stays) -> datetime | None:
    """Since when a member takes part; None: they do not."""
    return stays[-1].joined_at if stays and stays[-1].left_at is None else None


def takes_part_at(stays: Stays, moment: datetime) -> bool:
    """Whether what occurs at a moment counts."""
    return any(
        stay.joined_at <= moment and (stay.left_at is None or moment < stay.left_at)
        for stay in stays
    )


def joining(stays: Stays, *, now: datetime) -> Stays:
    """The stays of a member who joins now. To join again changes nothing.

    Raises:
        WrongState: they joined and left too often.
    """
    if joined_since(stays):
        return stays
    if len(stays) == STAYS_MAX:
        raise WrongState(f"A member can join this {STAYS_MAX} times")
    return (*stays, Stay(now))


def leaving(stays: Stays, *, now: datetime) -> Stays:
    """The stays of a member who leaves now. To leave again changes nothing."""
    if joined_since(stays) is None:
        return stays
    return (*stays[:-1], Stay(stays[-1].joined_at, now))
