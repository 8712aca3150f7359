"""A queue with a clock of its own, to live through an outage of an hour in a moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from loyalty.edge.aws.queues import backoff
from loyalty.edge.aws.queues.record import QueueRecord
from tests.support.http import Context
from tests.support.queues import Consumer

AT_ONCE_MAX: Final = 10


@dataclass(slots=True, kw_only=True)
class _Waiting:
    body: str
    visible_at: datetime
    receives: int = 0


class SimulatedQueue:
    """Hands messages to a function as SQS and Lambda do, with the waits that the function asks for.

    `set_time` moves the clock of the functions. `attempts` is how often a message was handed out,
    the one that was so most often.
    """

    def __init__(
        self,
        handler: Consumer,
        *,
        now: datetime,
        set_time: Callable[[datetime], None],
        monkeypatch: pytest.MonkeyPatch,
        receives_max: int = 30,
        visibility: timedelta = timedelta(minutes=3),
    ) -> None:
        self._handler = handler
        self._now = now
        self._set_time = set_time
        self._receives_max = receives_max
        self._visibility = visibility
        self._waiting: list[_Waiting] = []
        self._hidden: dict[str, timedelta] = {}
        self.dead_letters: list[str] = []
        self.attempts = 0
        monkeypatch.setattr(backoff, "hide", self._hide)

    def send(self, *bodies: str) -> None:
        self._waiting += [_Waiting(body=body, visible_at=self._now) for body in bodies]

    def run(self, duration: timedelta) -> None:
        """Let time pass; messages are handed out when they are visible."""
        ends_at = self._now + duration
        while self._waiting:
            first = min(each.visible_at for each in self._waiting)
            if first > ends_at:
                break
            self._now = max(self._now, first)
            self._set_time(self._now)
            self._hand_out([each for each in self._waiting if each.visible_at <= self._now])
        self._now = ends_at
        self._set_time(ends_at)

    def _hand_out(self, visible: Sequence[_Waiting]) -> None:
        batch = visible[:AT_ONCE_MAX]
        self._hidden.clear()
        for message in batch:
            message.receives += 1
            self.attempts = max(self.attempts, message.receives)
        records = [_record(number, message) for number, message in enumerate(batch)]
        failed: set[str] = set()
        try:
            answer = self._handler({"Records": records}, Context())
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        except Exception:  # noqa: BLE001  # Lambda puts the whole batch back
            failed = {str(number) for number in range(len(batch))}
        for number, message in enumerate(batch):
            if str(number) not in failed:
                self._waiting.remove(message)
            elif message.receives >= self._receives_max:
                self._waiting.remove(message)
                self.dead_letters.append(message.body)
            else:
                delay = self._hidden.get(str(number), self._visibility)
                message.visible_at = self._now + delay

    def _hide(self, record: QueueRecord, *, delay: timedelta) -> None:
        self._hidden[record.message_id] = delay


def _record(number: int, message: _Waiting) -> dict[str, Any]:
    return {
        "messageId": str(number),
        "receiptHandle": str(number),
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receives), "MessageGroupId": "g"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:simulated",
    }
