"""The queue of deliveries to merchants' endpoints: one message for each attempt."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from loyalty.usecases.webhooks_out.deliveries import Attempt

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# The longest delay of SQS; a message that has to wait longer is put back when it arrives.
DELAY_MAX: Final = timedelta(minutes=15)


class SqsAttemptQueue:
    """Implements `AttemptQueue` over a standard queue.

    A message's group is its endpoint: SQS then serves endpoints with few messages in the queue
    before one that does not answer and fills the queue.
    """

    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, attempt: Attempt, *, delay: timedelta) -> None:
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=to_message(attempt),
            MessageGroupId=f"{attempt.program_id}/{attempt.endpoint_id}",
            # The delay is rounded up: a message that arrives a moment early has to be put back.
            DelaySeconds=-(-min(delay, DELAY_MAX) // timedelta(seconds=1)),
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


def read_attempt(body: str) -> Attempt | None:
    """The attempt that a message asks for; None if it is a message of another kind."""
    message = json.loads(body)
    if "turn" not in message:
        return None
    return Attempt(
        program_id=message["program_id"],
        endpoint_id=message["endpoint_id"],
        event_id=message["event_id"],
        turn=message["turn"],
    )
