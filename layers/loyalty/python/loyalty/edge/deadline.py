"""How long the current invocation may still take.

Lambda kills a function that runs out of time: the caller gets the gateway's own 500, and a whole
batch of a queue counts as failed. So a function asks before each call to a service whether there is
time for the call to fail, and otherwise answers that the caller should try again.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Final

from loyalty.domain.kernel.errors import TryAgain

# Kept for the response after a call that failed.
ANSWER_S: Final = 1.0
# The gateway gives up after 30 s, whatever time the function has.
REQUEST_S_MAX: Final = 29.0


# When each invocation that is under way must end. Lambda runs one at a time in an environment; the
# local cloud's stand-ins and the bench run several side by side.
_ends: Final[list[float]] = []


@contextmanager
def keep(context: object, *, seconds_max: float = math.inf) -> Iterator[None]:
    """Keep to the time that Lambda gives an invocation, and to `seconds_max`."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    seconds = min(remaining() / 1000 if remaining else math.inf, seconds_max)
    ends_at = time.monotonic() + seconds
    _ends.append(ends_at)
    try:
        yield
    finally:
        _ends.remove(ends_at)


def keeping_time[E, C, A](handler: Callable[[E, C], A]) -> Callable[[E, C], A]:
    """Make a handler keep to the time of its invocation."""

    @wraps(handler)
    def handle(event: E, context: C) -> A:
        with keep(context):
            return handler(event, context)

    return handle


def left_s() -> float:
    """The seconds until the response must be on its way; outside an invocation, infinite."""
    return min(_ends, default=math.inf) - time.monotonic() - ANSWER_S


def require(seconds: float) -> None:
    """Require that this many seconds are left.

    Raises:
        TryAgain: fewer are left.
    """
    if left_s() < seconds:
        raise TryAgain("There was no time left to ask a service; send the same request again")
