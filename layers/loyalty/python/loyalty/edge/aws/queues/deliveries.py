"""The queue of deliveries that are to be tried: one message for each turn of each."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from loyalty.usecases.webhooks_out.endpoints import Turn

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# As long as SQS can hold a message back; who waits longer is put back when it comes.
DELAY_MAX: Final = timedelta(minutes=15)


class TurnQueue:
    """Implements `Queue` over a standard queue.

    A message's group is its endpoint: SQS then serves the endpoints that have little in the queue
    before one that does not answer and fills it.
    """

    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, turn: Turn, *, delay: timedelta) -> None:
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=to_message(turn),
            MessageGroupId=f"{turn.program_id}/{turn.endpoint_id}",
            # Rounded up: a message that comes a moment early has to be put back.
            DelaySeconds=-(-min(delay, DELAY_MAX) // timedelta(seconds=1)),
        )


def to_message(turn: Turn) -> str:
    told = {
        "v": 1,
        "program_id": turn.program_id,
        "endpoint_id": turn.endpoint_id,
        "event_id": turn.event_id,
        "turn": turn.turn,
    }
    return json.dumps(told, separators=(",", ":"))


def read_turn(message: str) -> Turn | None:
    """The turn that a message tells of; None where it tells of something else."""
    told = json.loads(message)
    if "turn" not in told:
        return None
    return Turn(
        program_id=told["program_id"],
        endpoint_id=told["endpoint_id"],
        event_id=told["event_id"],
        turn=told["turn"],
    )
