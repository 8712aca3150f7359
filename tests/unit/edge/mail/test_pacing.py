"""The pace of mail: never faster than its pause, and never slower than it has to be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loyalty.edge.mail.pacing import Pace

# Milliseconds, as whole numbers so that sums are exact.
PAUSE_MS = 160


class Time:
    """A clock that only passes when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, duration: float) -> None:
        assert duration > 0
        self.now += duration


@given(st.lists(st.integers(min_value=0, max_value=500), min_size=1, max_size=30))
def test_mails_are_a_pause_apart_and_wait_only_if_they_come_too_soon(work: list[int]) -> None:
    time = Time()
    pace = Pace(PAUSE_MS, clock=lambda: time.now, sleep=time.sleep)
    sent: list[float] = []
    for each in work:
        time.now += each
        ready = time.now
        pace.wait()
        soonest = sent[-1] + PAUSE_MS if sent else ready
        assert time.now == max(ready, soonest)
        sent.append(time.now)
