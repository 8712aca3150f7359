"""A queue that receives the events of a local cloud's bus, as a subscriber's would."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.aws import Aws

_MESSAGES_MAX = 10


class Listener:
    """Every event of one name since the listener started."""

    def __init__(self, aws: Aws, *, queue_url: str) -> None:
        self._aws = aws
        self._queue_url = queue_url
        self._heard: dict[str, dict[str, Any]] = {}

    def heard(self, **like: object) -> list[dict[str, Any]]:
        """Return the details of the events with these parts, each once."""
        self._receive()
        return [each for each in self._heard.values() if like.items() <= each.items()]

    def _receive(self) -> None:
        while messages := self._aws.sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=_MESSAGES_MAX
        ).get("Messages", []):
            for message in messages:
                detail = json.loads(message["Body"])["detail"]
                self._heard[detail["id"]] = detail
                self._aws.sqs.delete_message(
                    QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
                )


@contextmanager
def listening(aws: Aws, *, bus: str, to: str) -> Iterator[Listener]:
    """Listen to the events of one name; remove the queue and its rule at the end."""
    name = f"heard-{to}"
    url = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = json.dumps({"detail-type": [to]})
    aws.events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
    aws.events.put_targets(
        Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}]
    )
    try:
        yield Listener(aws, queue_url=url)
    finally:
        aws.events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
        aws.events.delete_rule(Name=name, EventBusName=bus)
        aws.sqs.delete_queue(QueueUrl=url)
