"""The queue of deliveries to apply, and the bucket for contents that the table does not take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.deliveries import StoredDelivery, read_name
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine
from loyalty.table.inbox import InboxSearch, TableInbox

if TYPE_CHECKING:
    from loyalty.sdk.services import AwsService

# The most messages that SQS accepts in one call.
SENT_AT_ONCE_MAX: Final = 10


class QueuedDelivery(NamedTuple):
    """A message of the queue: where a delivery lies, and when its replay was requested, if ever."""

    stored: StoredDelivery
    asked_at: datetime | None


class LargeDeliveriesBucket:
    """Implements `LargeDeliveries`. The SDK is imported for the first large delivery only."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def keep(self, delivery: StoredDelivery, content: bytes) -> None:
        clients.inbox().put_object(Bucket=self._bucket, Key=_where(delivery), Body=content)

    def read(self, delivery: StoredDelivery) -> bytes | None:
        s3 = clients.inbox()
        try:
            return s3.get_object(Bucket=self._bucket, Key=_where(delivery))["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None

    def erase(self, delivery: StoredDelivery) -> None:
        clients.inbox().delete_object(Bucket=self._bucket, Key=_where(delivery))


class SqsIntakeQueue:
    """The queue of deliveries to apply; deliveries about the same order are applied in order."""

    def __init__(self, sqs: AwsService, *, queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def send(self, stored: StoredDelivery) -> None:
        self._sqs.call(
            "SendMessage",
            {
                "QueueUrl": self._queue_url,
                "MessageBody": _message(stored),
                "MessageGroupId": stored.group,
                # Every delivery is applied and listed, even a second one with the same content: the
                # ledger ignores what already counted. The queue drops only a retry of this call.
                "MessageDeduplicationId": stored.log_id,
            },
        )

    def send_again(self, stored: Iterable[StoredDelivery], *, asked_at: datetime) -> None:
        """Queue deliveries again; the same request repeated within five minutes sends them once.

        Raises:
            TryAgain: some could not be sent.
        """
        for some in batched(stored, SENT_AT_ONCE_MAX, strict=False):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": _message(each, asked_at=asked_at.isoformat()),
                    "MessageGroupId": each.group,
                    "MessageDeduplicationId": _request_digest(each, asked_at),
                }
                for number, each in enumerate(some)
            ]
            batch = {"QueueUrl": self._queue_url, "Entries": entries}
            if self._sqs.call("SendMessageBatch", batch).get("Failed"):
                raise TryAgain("The queue did not accept every delivery; repeat the request")


def open_inbox(*, table: str, bucket: str) -> TableInbox:
    """Return the inbox in a table, with a bucket for what is large."""
    return TableInbox(engine(table), large=LargeDeliveriesBucket(bucket))


def search_inbox(program_id: str, *, table: str, bucket: str) -> InboxSearch:
    """Return a search through a program's part of the inbox."""
    large = LargeDeliveriesBucket(bucket)
    return InboxSearch(engine(table), large=large, program_id=program_id)


def read_message(message: Mapping[str, Any]) -> QueuedDelivery:
    program_id, storefront_id, name = str(message["where"]).split("/")
    stored = read_name(name, program_id=program_id, storefront_id=storefront_id)
    if stored is None:
        raise ValueError("This is not the name of a delivery")
    asked_at = message.get("asked_at")
    return QueuedDelivery(stored, datetime.fromisoformat(asked_at) if asked_at else None)


def _request_digest(stored_delivery: StoredDelivery, asked_at: datetime) -> str:
    return hashlib.sha256(f"{stored_delivery.log_id}\0{asked_at.isoformat()}".encode()).hexdigest()


def _where(stored: StoredDelivery) -> str:
    return f"{stored.program_id}/{stored.storefront_id}/{stored.name}"


def _message(stored_delivery: StoredDelivery, **more: str) -> str:
    return json.dumps({"v": 1, "where": _where(stored_delivery), **more})
