"""Between a queue and the function that consumes it: what an event source mapping does."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3

from tests.support.http import Context

type Message = dict[str, Any]
type Consumer = Callable[[dict[str, Any], Any], Any]

# A queue that never empties is a mistake of the function's.
ROUNDS_MAX = 100


def receive(queue_url: str) -> list[Message]:
    """The messages that wait, at most ten, as the event source hands them over."""
    received = boto3.client("sqs").receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]
    )
    return [record_of(message, queue_url) for message in received.get("Messages", [])]


def record_of(message: Mapping[str, Any], queue_url: str) -> Message:
    """A message as the event source hands it over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{queue_url.rpartition('/')[2]}",
        "awsRegion": "eu-west-1",
    }


def handed_over(message_id: str, body: str, *, receipt: str = "r") -> Message:
    """A message that is handed over for the first time."""
    received = {
        "MessageId": message_id,
        "ReceiptHandle": receipt,
        "Body": body,
        "Attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "g"},
    }
    return record_of(received, "https://sqs/123456789012/queue")


def consume(handler: Consumer, messages: list[Message]) -> list[str]:
    """Let a function take a batch; gives the ids of those that failed."""
    answer = handler({"Records": messages}, Context())
    return [str(failed["itemIdentifier"]) for failed in answer["batchItemFailures"]]


def work_off(handler: Consumer, queue_url: str) -> list[Message]:
    """Let a function take all that waits, and what it sends itself; gives what failed."""
    failed: list[Message] = []
    for _ in range(ROUNDS_MAX):
        messages = receive(queue_url)
        if not messages:
            return failed
        ids = consume(handler, messages)
        for message in messages:
            if message["messageId"] in ids:
                failed.append(message)
            else:
                boto3.client("sqs").delete_message(
                    QueueUrl=queue_url, ReceiptHandle=message["receiptHandle"]
                )
    raise AssertionError("the queue does not empty")
