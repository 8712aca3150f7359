"""A batch: which messages go back to the queue, and which go on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws.queues.batches import GroupHeldUp, handle_messages, log_failure

if TYPE_CHECKING:
    from loyalty.edge.aws.queues.record import QueueRecord


def batch(*messages: str) -> dict[str, Any]:
    """Messages named `<group>-<what happens>`, as an event."""
    return {
        "Records": [
            {
                "messageId": each,
                "body": json.dumps({"named": each}),
                "attributes": {
                    "ApproximateReceiveCount": "3",
                    "MessageGroupId": each.partition("-")[0],
                },
            }
            for each in messages
        ]
    }


class Worker:
    """Fails for each message that is named to fail, and keeps what it was given."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.failures: list[tuple[str, type[Exception]]] = []

    def handle(self, record: QueueRecord) -> None:
        if record.content["named"].endswith("fails"):
            raise LookupError
        self.handled.append(record.content["named"])

    def on_failure(self, record: QueueRecord, error: Exception) -> None:
        self.failures.append((record.content["named"], type(error)))


def test_a_message_that_fails_goes_back_and_the_others_go_on() -> None:
    worker = Worker()

    answer = handle_messages(
        batch("a-1", "a-fails", "a-2"), worker.handle, on_failure=worker.on_failure
    )

    assert answer == {"batchItemFailures": [{"itemIdentifier": "a-fails"}]}
    assert worker.handled == ["a-1", "a-2"]
    assert worker.failures == [("a-fails", LookupError)]


def test_a_batch_of_failures_only_is_answered_and_raises_nothing() -> None:
    worker = Worker()

    answer = handle_messages(
        batch("a-fails", "b-fails"), worker.handle, on_failure=worker.on_failure
    )

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == [
        "a-fails",
        "b-fails",
    ]


def test_in_order_the_rest_of_a_group_waits_behind_its_failure() -> None:
    worker = Worker()

    answer = handle_messages(
        batch("a-1", "a-fails", "b-1", "a-2"),
        worker.handle,
        on_failure=worker.on_failure,
        in_order=True,
    )

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["a-fails", "a-2"]
    assert worker.handled == ["a-1", "b-1"]
    assert worker.failures == [("a-fails", LookupError), ("a-2", GroupHeldUp)]


def test_a_failure_is_logged_without_its_text_and_one_that_only_waits_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class ComesLater(Exception):
        """Nothing is wrong."""

    def handle(record: QueueRecord) -> None:
        raise ComesLater if record.content["named"] == "a-later" else LookupError("ana@example.com")

    answer = handle_messages(
        batch("a-later", "a-fails"),
        handle,
        on_failure=log_failure("not sent", quietly=(ComesLater,)),
    )

    assert len(answer["batchItemFailures"]) == 2
    (line,) = capsys.readouterr().out.splitlines()
    logged = json.loads(line)
    assert (logged["message"], logged["message_id"]) == ("not sent", "a-fails")
    assert logged["failure"]["kind"] == "LookupError"
    assert "ana@example.com" not in line


def test_a_message_waits_longer_the_longer_a_service_is_out(hidden: dict[str, timedelta]) -> None:
    def handle(record: QueueRecord) -> None:
        raise TryAgain if record.content["named"] == "a-outage" else LookupError

    handle_messages(batch("a-outage", "a-fails"), handle, on_failure=log_failure("failed"))

    # The third attempt: four times 30 s, less up to a half.
    assert timedelta(minutes=1) <= hidden["a-outage"] <= timedelta(minutes=2)
    assert hidden["a-fails"] == timedelta(minutes=1)


def test_in_order_a_group_waits_as_long_as_its_failure(hidden: dict[str, timedelta]) -> None:
    worker = Worker()

    handle_messages(
        batch("a-fails", "b-1", "a-2"),
        worker.handle,
        on_failure=worker.on_failure,
        in_order=True,
        wait=lambda _error, attempt: timedelta(hours=attempt),
    )

    assert hidden == {"a-fails": timedelta(hours=3), "a-2": timedelta(hours=3)}
