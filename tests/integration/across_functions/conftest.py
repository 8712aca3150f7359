"""An hour in which a service is out, for what lives through one."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from loyalty.edge.aws import clients, table
from loyalty.edge.aws.clients import CallLimits
from loyalty.edge.outgoing.platform_client import PlatformClient, Timeout
from tests.support import cold, outages
from tests.support.hour import SimulatedQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from tests.integration.conftest import Clock
    from tests.support.outages import Failure
    from tests.support.queues import Consumer

# Attempts are at most a quarter of an hour apart.
SOON: Final = timedelta(minutes=20)


class Hour:
    """An hour in which a service is out, and a while in which it is back."""

    def __init__(
        self,
        failure: Failure,
        break_service: Callable[[str, Failure], AbstractContextManager[None]],
        time: Clock,
        patch: pytest.MonkeyPatch,
    ) -> None:
        self.failure = failure
        self._break_service = break_service
        self._time = time
        self._patch = patch

    def queue_of(self, handler: Consumer) -> SimulatedQueue:
        def set_time(now: datetime) -> None:
            self._time.now = now

        return SimulatedQueue(
            handler, now=self._time.now, set_time=set_time, monkeypatch=self._patch
        )

    def without(self, service_name: str) -> AbstractContextManager[None]:
        """A service of AWS, named as botocore does, or the platforms of shops (`platform`)."""
        if service_name == "platform":
            return self._without_platform()
        return self._break_service(service_name, self.failure)

    @contextmanager
    def _without_platform(self) -> Iterator[None]:
        with outages.outage(self.failure) as origin, self._patch.context() as patch:
            patch.setenv("LOYALTY_PLATFORM_ORIGIN", origin)
            cold.forget()
            yield
        cold.forget()

    def passes(self, queue: SimulatedQueue, without: AbstractContextManager[None]) -> None:
        with without:
            queue.run(timedelta(hours=1))
            assert 4 <= queue.attempts <= 20
        queue.run(SOON)
        assert queue.dead_letters == []


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give calls a tenth of their time, so that a silent service is known to be silent soon."""
    short = CallLimits(connect_s=0.1, read_s=0.1, attempts=1)
    for name in ("TABLE", "BUS", "QUEUE", "SECRET", "INBOX", "LAKE", "MAIL"):
        monkeypatch.setattr(clients, name, short)
    monkeypatch.setattr(table, "PAUSE_MAX_S", 0.001)
    monkeypatch.setattr(outages, "SLOW_S", 0.05)
    defaults = PlatformClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "timeout", Timeout(connect_s=0.1, read_s=0.1))


@pytest.fixture
def hour(
    failure: Failure,
    break_service: Callable[[str, Failure], AbstractContextManager[None]],
    time: Clock,
    monkeypatch: pytest.MonkeyPatch,
    short_limits: None,
) -> Hour:
    return Hour(failure, break_service, time, monkeypatch)
