"""A shop that delivers, and the queue between `webhooks` and `intake`."""

import os
from typing import Any

import boto3

from functions.intake.handler import handler as intake
from functions.program.handler import handler as program
from functions.webhooks.handler import handler as webhooks
from tests.support.http import Answer, Context, call, staff
from tests.support.shopify import SECRET, encoded, headers

PROGRAM_ID = "bean"
STOREFRONT_ID = "online"
MANAGER = staff(PROGRAM_ID, "manager")
CONNECTION = {"platform": "shopify", "source": "shop", "secrets": [SECRET]}


def connect(
    storefront_id: str = STOREFRONT_ID, *, as_: dict[str, str] | None = None, **changes: Any
) -> Answer:
    return call(
        program,
        "PUT",
        f"/v1/programs/{PROGRAM_ID}/storefronts/{storefront_id}",
        body=CONNECTION | changes,
        as_=as_ or MANAGER,
    )


def post(
    raw: bytes,
    signed: dict[str, str],
    *,
    program_id: str = PROGRAM_ID,
    storefront_id: str = STOREFRONT_ID,
) -> Answer:
    """Bytes as they are, in base64, as the gateway passes on what is not text to it."""
    path = f"/v1/programs/{program_id}/webhooks/{storefront_id}"
    return call(webhooks, "POST", path, raw=raw, headers=signed)


def deliver(body: dict[str, Any], **told: str) -> Answer:
    raw = encoded(body)
    return post(raw, headers(raw, **told))


def queued() -> list[dict[str, Any]]:
    """The messages that wait, as the event source hands them over."""
    received = boto3.client("sqs").receive_message(
        QueueUrl=os.environ["LOYALTY_INTAKE_QUEUE_URL"],
        MaxNumberOfMessages=10,
        AttributeNames=["All"],
    )
    return [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:intake.fifo",
            "awsRegion": "eu-west-1",
        }
        for message in received.get("Messages", [])
    ]


def apply(messages: list[dict[str, Any]]) -> list[str]:
    """Let `intake` take a batch; gives the ids of those that failed."""
    answer = intake({"Records": messages}, Context())  # type: ignore[arg-type]  # all it reads of it
    return [str(failed["itemIdentifier"]) for failed in answer["batchItemFailures"]]


def drain() -> None:
    """Apply everything that waits; nothing may fail."""
    queue_url = os.environ["LOYALTY_INTAKE_QUEUE_URL"]
    while messages := queued():
        assert apply(messages) == []
        for message in messages:
            boto3.client("sqs").delete_message(
                QueueUrl=queue_url, ReceiptHandle=message["receiptHandle"]
            )
