"""The queues of webhooks out: one of events, and one with a message for each attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.webhooks_out.deliveries import Attempt
from loyalty.edge.aws.publishing import publish_in_order

if TYPE_CHECKING:
    from loyalty.domain.events import Event
    from loyalty.sdk.services import AwsService

# The longest delay of SQS; a message that has to wait longer is put back when it arrives.
DELAY_MAX: Final = timedelta(minutes=15)


class SqsAttemptQueue:
    """Implements `AttemptQueue` over a standard queue.

    A message's group is its endpoint: SQS then serves endpoints with few messages in the queue
    before one that does not answer and fills the queue.
    """

    def __init__(self, sqs: AwsService, *, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, attempt: Attempt, *, delay: timedelta) -> None:
        self._sqs.call(
            "SendMessage",
            {
                "QueueUrl": self._url,
                "MessageBody": to_message(attempt),
                "MessageGroupId": f"{attempt.program_id}/{attempt.endpoint_id}",
                # Rounded up: a message that arrives a moment early has to be put back.
                "DelaySeconds": -(-min(delay, DELAY_MAX) // timedelta(seconds=1)),
            },
        )


def to_message(attempt: Attempt) -> str:
    message = {
        "v": 1,
        "program_id": attempt.program_id,
        "endpoint_id": attempt.endpoint_id,
        "event_id": attempt.event_id,
        "turn": attempt.turn,
    }
    return json.dumps(message, separators=(",", ":"))


def read_attempt(message: Mapping[str, Any]) -> Attempt | None:
    """The attempt that a message asks for; None if it is a message of another kind."""
    if "turn" not in message:
        return None
    return Attempt(
        program_id=message["program_id"],
        endpoint_id=message["endpoint_id"],
        event_id=message["event_id"],
        turn=message["turn"],
    )


class EventQueue:
    """The queue of events to fan out to endpoints."""

    def __init__(self, sqs: AwsService, *, url: str, pause: Callable[[int], None]) -> None:
        self._sqs = sqs
        self._url = url
        self._pause = pause

    def publish(self, events: Sequence[Event]) -> int:
        """Send events in order; returns how many arrived before the first that did not."""
        return publish_in_order(
            [_entry(event) for event in events],
            size_bytes=lambda entry: len(entry["MessageBody"].encode()),
            send=self._send,
            pause=self._pause,
        )

    def _send(self, entries: Sequence[Mapping[str, str]]) -> list[bool]:
        numbered = [{"Id": f"{number}", **entry} for number, entry in enumerate(entries)]
        answer = self._sqs.call("SendMessageBatch", {"QueueUrl": self._url, "Entries": numbered})
        refused = {each["Id"] for each in answer.get("Failed", ())}
        return [entry["Id"] in refused for entry in numbered]


def _entry(event: Event) -> Mapping[str, str]:
    body = f'{{"v":1,"event":{json.dumps(event.name)},"detail":{event.to_json()}}}'
    return {"MessageBody": body, "MessageGroupId": event.program_id}
