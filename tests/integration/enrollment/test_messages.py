"""A member's messages over HTTP: what was written, what became of it, and what waits until when."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.reminders import handler as reminders
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws.table import engine
from loyalty.table.messages import TableOutbox
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.http import call

# In Paris, half an hour before midnight, and when the quiet hours end.
NIGHT: Final = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
MORNING: Final = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
HOURS: Final = {"starts_at": "21:00", "ends_at": "08:00"}


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(reminders={"welcome": {}}, messages={"quiet_hours": HOURS, "per_week_max": 1})


def enroll(time: Clock, now: datetime) -> str:
    """A newcomer who agrees to mail."""
    time.now = now
    member_id = till.enroll()
    till.change(member_id, consents={"email": True})
    return member_id


def messages(member_id: str) -> dict[str, Any]:
    path = f"{till.PROGRAM}/members/{member_id}/messages"
    answer = call(enrollment, "GET", path, as_=till.CASHIER)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def test_a_welcome_of_the_night_is_seen_to_wait_until_the_morning(time: Clock) -> None:
    ana = enroll(time, NIGHT)
    reminders.check("bean", ana)

    assert messages(ana) == {
        "items": [],
        "held_back": [
            {"kind": "welcome", "reason": "quiet_hours", "until": "2026-11-22T07:00:00Z"}
        ],
        "next_cursor": None,
    }


def test_looking_at_what_waits_writes_nothing(time: Clock) -> None:
    ana = enroll(time, MORNING)

    for _ in range(2):
        assert messages(ana)["items"] == []
    reminders.check("bean", ana)

    assert [each["kind"] for each in messages(ana)["items"]] == ["welcome"]


def test_a_written_message_that_is_late_in_the_evening_waits_until_the_morning(
    time: Clock,
) -> None:
    ana = enroll(time, MORNING)
    reminders.check("bean", ana)

    (by_day,) = messages(ana)["items"]
    time.now = NIGHT.replace(day=22)
    (at_night,) = messages(ana)["items"]

    assert (by_day["state"], by_day["waits_until"]) == ("waiting", None)
    assert (at_night["state"], at_night["waits_until"]) == ("waiting", "2026-11-23T07:00:00Z")


def test_a_sent_message_says_when_it_was_sent_and_waits_for_nothing(time: Clock) -> None:
    ana = enroll(time, MORNING)
    reminders.check("bean", ana)
    outbox = TableOutbox(engine(TABLE), program_id="bean")
    message = outbox.waiting(ana, "2026-11-22/welcome")
    assert message is not None
    outbox.sent(message, sent_at=MORNING)
    time.now = NIGHT

    (sent,) = messages(ana)["items"]

    assert (sent["state"], sent["at"], sent["waits_until"]) == (
        "sent",
        "2026-11-22T07:00:00Z",
        None,
    )


def test_a_message_over_the_weekly_limit_waits_for_its_week_to_end(
    publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    ana = enroll(time, MORNING)
    reminders.check("bean", ana)
    till.change(ana, profile={"birthday": "1990-11-24"})
    publish(
        version=2,
        reminders={"birthday": {}},
        messages={"quiet_hours": HOURS, "per_week_max": 1},
    )
    time.now = datetime(2026, 11, 24, 9, tzinfo=UTC)

    assert messages(ana)["held_back"] == [
        {"kind": "birthday", "reason": "weekly_limit", "until": "2026-11-29T07:00:00Z"}
    ]


def test_a_merged_members_messages_are_those_of_the_survivor(time: Clock) -> None:
    ana = enroll(time, MORNING)
    reminders.check("bean", ana)
    twin = till.enroll(email="twin@example.com")
    till.merge(twin, into=ana)

    assert messages(twin)["items"] == messages(ana)["items"] != []
