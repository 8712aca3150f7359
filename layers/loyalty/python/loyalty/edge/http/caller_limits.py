"""Keeps one caller from using up a function's time.

A bucket for each caller holds seconds of this execution environment's time. A request takes out the
time that it took to answer, and the bucket refills by a share of the time that passes. So a caller
can handle a rush or make a few expensive requests, but cannot keep an environment busy for longer.

The buckets exist only in memory: nothing is read or written, and each environment has its own
(`docs/adr/0021-callers-are-limited-in-memory.md`).
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from loyalty.domain.kernel.errors import TooManyRequests

CALLERS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimitSettings:
    """How much of an execution environment's time one caller may use: a burst, and a steady share.

    A share of 0 means no limit. The local cloud sets it, because its own slowness would count
    against callers.
    """

    caller_burst_seconds: str = "20"
    caller_share_percent: str = "20"


@dataclass(slots=True)
class _Bucket:
    seconds: float
    filled_at: float


class CallerLimits:
    """Buckets by caller; `share` is the part of an environment's time that one may always use.

    All times are seconds of one clock that never goes back.
    """

    def __init__(self, *, burst_seconds: float, share: float) -> None:
        self._burst = burst_seconds
        self._share = share
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def require(self, caller: str, *, now: float) -> None:
        """Let a caller's request begin.

        Raises:
            TooManyRequests: the caller used up their time; it says when to try again.
        """
        bucket = self._bucket(caller, now)
        if bucket.seconds <= 0:
            raise TooManyRequests(retry_after=max(1, math.ceil(-bucket.seconds / self._share)))

    def charge(self, caller: str, *, seconds: float, now: float) -> None:
        """Take the time of a request out of its caller's bucket."""
        self._bucket(caller, now).seconds -= seconds

    def _bucket(self, caller: str, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(caller, _Bucket(self._burst, now))
        filled = bucket.seconds + (now - bucket.filled_at) * self._share
        bucket.seconds, bucket.filled_at = min(filled, self._burst), now
        self._buckets.move_to_end(caller)
        if len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        return bucket
