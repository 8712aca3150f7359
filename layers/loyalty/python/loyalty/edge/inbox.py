"""The inbox: deliveries as they were received, in S3, and the queue of those to be applied."""

import base64
import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

from loyalty.domain.storefront import (
    Delivery,
    Envelope,
    Handled,
    delivery_id,
    group_of,
    ordered_with,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


class Inbox:
    """Where `webhooks` leaves deliveries."""

    def __init__(self, s3: "S3Client", sqs: "SQSClient", *, bucket: str, queue_url: str) -> None:
        self._s3 = s3
        self._sqs = sqs
        self._bucket = bucket
        self._queue_url = queue_url

    def keep(self, delivery: Delivery, envelope: Envelope) -> str:
        """Gives where it is kept; the same delivery on the same day is kept in one place."""
        where = _where(
            delivery.program_id,
            delivery.storefront_id,
            received_at=delivery.received_at,
            delivery_id=delivery_id(envelope, delivery.body),
        )
        self._s3.put_object(
            Bucket=self._bucket,
            Key=where,
            Body=_to_json(delivery),
            ContentType="application/json",
        )
        return where

    def enqueue(self, where: str, delivery: Delivery, envelope: Envelope) -> None:
        """In order with what else is told of its order. The message only says where it lies."""
        self._sqs.send_message(
            QueueUrl=self._queue_url,
            MessageBody=_message(where),
            MessageGroupId=ordered_with(delivery, envelope),
            MessageDeduplicationId=delivery_id(envelope, delivery.body),
        )


class Replays:
    """The queue, for deliveries that lie in the inbox already."""

    def __init__(self, sqs: "SQSClient", *, queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def again(
        self, handled: Handled, *, program_id: str, storefront_id: str, now: datetime
    ) -> None:
        """In order with what else is told of its order, and no duplicate of the first time."""
        where = _where(
            program_id,
            storefront_id,
            received_at=handled.received_at,
            delivery_id=handled.delivery_id,
        )
        what = handled.order_id or handled.delivery_id
        asked = f"{where}\0{now.isoformat()}".encode()
        self._sqs.send_message(
            QueueUrl=self._queue_url,
            MessageBody=_message(where),
            MessageGroupId=group_of(program_id, handled.source, what),
            MessageDeduplicationId=hashlib.sha256(asked).hexdigest(),
        )


def read_delivery(s3: "S3Client", *, bucket: str, message: str) -> Delivery:
    """The delivery that a message of the queue points to."""
    where = json.loads(message)["where"]
    return _from_json(s3.get_object(Bucket=bucket, Key=where)["Body"].read())


def _where(program_id: str, storefront_id: str, *, received_at: datetime, delivery_id: str) -> str:
    return f"{program_id}/{storefront_id}/{received_at:%Y/%m/%d}/{delivery_id}.json"


def _message(where: str) -> str:
    return json.dumps({"v": 1, "where": where})


def _to_json(delivery: Delivery) -> bytes:
    """The body in base64: signatures are made over bytes, and these may be any."""
    told = {
        "v": 1,
        "program_id": delivery.program_id,
        "storefront_id": delivery.storefront_id,
        "platform": delivery.platform,
        "source": delivery.source,
        "received_at": delivery.received_at.isoformat(),
        "headers": dict(delivery.headers),
        "body": base64.b64encode(delivery.body).decode(),
    }
    return json.dumps(told).encode()


def _from_json(stored: bytes) -> Delivery:
    told = json.loads(stored)
    return Delivery(
        program_id=told["program_id"],
        storefront_id=told["storefront_id"],
        platform=told["platform"],
        source=told["source"],
        received_at=datetime.fromisoformat(told["received_at"]),
        headers=told["headers"],
        body=base64.b64decode(told["body"]),
    )
