"""SES takes no more mail: at this second, or for days. Every mail is sent later, and once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.notifications import handler as notifications
from infra.capabilities.messages import NOTIFICATIONS_RECEIVES_MAX
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.messaging.messages import Message
from loyalty.edge.aws import clients
from loyalty.table.messages import TableLetters
from tests.support import till
from tests.support.hour import SimulatedQueue
from tests.support.http import call
from tests.support.mailroom import refusal
from tests.support.queues import consume, handed_over

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_sesv2 import SESV2Client

    from loyalty.table.engine import DynamoEngine
    from tests.integration.conftest import Clock

RATE_EXCEEDED = refusal("TooManyRequestsException", "Maximum sending rate exceeded.")
QUOTA_EXCEEDED = refusal("LimitExceededException", "Daily message quota exceeded.")


class Ses:
    """An account that takes `quota` mails in any 24 hours, and `at_once` at any one moment."""

    def __init__(self, time: Clock, *, quota: int, at_once: int) -> None:
        self._time = time
        self._quota = quota
        self._at_once = at_once
        self.sent: list[tuple[datetime, str]] = []
        self.refused = 0

    def send_email(self, **mail: Any) -> dict[str, Any]:
        now = self._time.now
        sent_at = [moment for moment, _ in self.sent]
        trouble = None
        if sum(now - moment < timedelta(days=1) for moment in sent_at) >= self._quota:
            trouble = QUOTA_EXCEEDED
        elif sent_at.count(now) >= self._at_once:
            trouble = RATE_EXCEEDED
        if trouble:
            self.refused += 1
            raise trouble
        self.sent.append((now, mail["Destination"]["ToAddresses"][0]))
        return {"MessageId": f"ses-{len(self.sent)}"}


@pytest.fixture
def due(
    publish: Callable[..., object], engine: DynamoEngine, time: Clock
) -> Callable[[int], list[str]]:
    """Write a message to each of some members; gives the events that it is due."""
    publish(reminders={"welcome": {}})

    def write(number: int) -> list[str]:
        letters = TableLetters(engine, program_id="bean")
        events = []
        for index in range(number):
            member_id = till.enroll(f"member{index}@example.com")
            path = f"{till.PROGRAM}/members/{member_id}"
            body = {"consents": {"email": True}}
            assert call(enrollment, "PATCH", path, body=body, as_=till.CASHIER).status == 200
            message = Message(
                member_id=member_id,
                kind="welcome",
                day=time.now.date(),
                written_at=time.now,
                until=time.now.date() + timedelta(days=30),
            )
            nothing = Correspondence(member_id=member_id)
            letters.write(nothing, nothing, (message,))
            detail = {"program_id": "bean", "member_id": member_id, "message_id": message.id}
            events.append(json.dumps({"detail-type": "MessageDue", "detail": detail}))
        return events

    return write


@pytest.mark.parametrize(
    "takes", [{"quota": 100, "at_once": 2}, {"quota": 2, "at_once": 100}], ids=["rate", "quota"]
)
def test_mail_that_ses_throttles_is_sent_once_and_never_given_up(
    takes: dict[str, int],
    due: Callable[[int], list[str]],
    time: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ses = Ses(time, **takes)
    monkeypatch.setattr(clients, "ses", lambda: cast("SESV2Client", ses))

    def set_time(now: datetime) -> None:
        time.now = now

    queue = SimulatedQueue(
        notifications.handler,
        now=time.now,
        set_time=set_time,
        monkeypatch=monkeypatch,
        receives_max=NOTIFICATIONS_RECEIVES_MAX,
    )
    queue.send(*due(6))

    queue.run(timedelta(days=4))

    assert ses.refused > 0
    assert queue.dead_letters == []
    assert Counter(to for _, to in ses.sent) == {f"member{n}@example.com": 1 for n in range(6)}


def test_each_worker_keeps_the_pause_that_the_deployment_gives_it(
    due: Callable[[int], list[str]], time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOYALTY_MAIL_PAUSE_MS", "159")
    pauses: list[float] = []
    still = SimpleNamespace(monotonic=lambda: 0.0, sleep=pauses.append)
    monkeypatch.setattr("functions.notifications.handler.time", still)
    ses = Ses(time, quota=100, at_once=100)
    monkeypatch.setattr(clients, "ses", lambda: cast("SESV2Client", ses))
    records = [handed_over(f"m{number}", event) for number, event in enumerate(due(4))]

    assert consume(notifications.handler, records) == []

    assert pauses == pytest.approx([0.159, 0.318, 0.477])
