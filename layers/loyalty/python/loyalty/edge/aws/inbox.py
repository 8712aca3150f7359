"""The inbox: deliveries as they were received, in S3, and the queue of deliveries to apply.

An object's key holds the time of receipt, the delivery's id, and the group within which deliveries
are applied in order. So S3 lists deliveries in order of time, and a message of the queue needs only
the key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.deliveries import StoredDelivery, log_time, read_log_id
from loyalty.domain.shops.storefront import Delivery
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from loyalty.sdk.services import AwsService

# The most objects that S3 lists, and messages that SQS accepts, in one call.
LISTED_AT_ONCE_MAX: Final = 1000
SENT_AT_ONCE_MAX: Final = 10
# A month of microseconds can be halved 42 times before a single one is left.
HALVINGS_MAX: Final = 44

# Whoever guesses secrets causes at most one write in this time and execution environment.
REFUSED_EVERY: Final = timedelta(minutes=10)

# Erasing a delivery leaves this in its place, so that the log still shows that it arrived.
ERASED: Final = b'{"v": 1, "erased": true}'

_NAME: Final = re.compile(r"(?P<log_id>\w+\.\w+)\.(?P<group>\w+)\.json", re.ASCII)


class QueuedDelivery(NamedTuple):
    """A message of the queue: where a delivery lies, and when its replay was requested, if ever."""

    stored: StoredDelivery
    asked_at: datetime | None


class S3Inbox:
    """Deliveries as they were received, in order of time."""

    def __init__(self, s3: S3Client, *, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._refused: dict[str, datetime] = {}

    def keep(self, stored: StoredDelivery, delivery: Delivery) -> None:
        self._s3.put_object(
            Bucket=self._bucket,
            Key=_where(stored),
            Body=_to_json(delivery),
            ContentType="application/json",
        )

    def note_refused(self, program_id: str, storefront_id: str, *, received_at: datetime) -> None:
        """Note the time of a refused delivery, so that a check can tell of it.

        Anyone can send such a delivery, so it is noted rarely, and nothing of it is kept.
        """
        where = _refused(program_id, storefront_id)
        noted_at = self._refused.get(where)
        if noted_at and received_at - noted_at < REFUSED_EVERY:
            return
        self._refused[where] = received_at
        # The delivery is refused, whether that is noted or not.
        with suppress(ClientError, BotoCoreError):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=where,
                Body=received_at.isoformat().encode(),
                ContentType="text/plain",
            )

    def refused_at(self, program_id: str, storefront_id: str) -> datetime | None:
        try:
            found = self._s3.get_object(
                Bucket=self._bucket, Key=_refused(program_id, storefront_id)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return datetime.fromisoformat(found["Body"].read().decode())

    def read(self, stored: StoredDelivery) -> Delivery | None:
        """Read a delivery; None if it has expired or its content was erased."""
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=_where(stored))
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return delivery_from_json(found["Body"].read())

    def find(self, program_id: str, storefront_id: str, log_id: str) -> StoredDelivery | None:
        prefix = f"{_folder(program_id, storefront_id)}{log_id}."
        found = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=1)
        keys = (each["Key"] for each in found.get("Contents", ()))
        return next(filter(None, map(_stored_at, keys)), None)

    def oldest(
        self, program_id: str, storefront_id: str, *, since: str, before: str, limit: int
    ) -> Listed[StoredDelivery]:
        """Deliveries, oldest first; `since` and `before` are times or ids of the log."""
        found, is_all = self._between(program_id, storefront_id, since, before, limit)
        return Listed(found, found[-1].log_id if found and not is_all else None)

    def newest(
        self,
        program_id: str,
        storefront_id: str,
        *,
        since: datetime,
        before: datetime,
        before_id: str | None,
        limit: int,
    ) -> Listed[StoredDelivery]:
        """Deliveries, newest first. A page may be shorter than its limit even if more follow.

        S3 lists forward only. If a span of time holds more deliveries than one call lists, the span
        is halved until one call lists all: about twenty calls for the end of a burst in a month.
        """
        bound = before_id or log_time(before)
        low, high, from_ = since, before, since
        for _ in range(HALVINGS_MAX):
            found, is_all = self._between(
                program_id, storefront_id, log_time(from_), bound, LISTED_AT_ONCE_MAX
            )
            if is_all and (found or from_ == since):
                return _page(found, limit=limit, is_all=from_ == since)
            if is_all:
                high = from_
            else:
                low = from_
            from_ = low + (high - low) / 2
        raise TryAgain("The inbox changes too fast to be listed")

    def _between(
        self, program_id: str, storefront_id: str, since: str, before: str, limit: int
    ) -> tuple[list[StoredDelivery], bool]:
        """The first deliveries from `since` until before `before`, and whether these are all."""
        folder = _folder(program_id, storefront_id)
        listed = self._s3.list_objects_v2(
            Bucket=self._bucket, Prefix=folder, StartAfter=folder + since, MaxKeys=limit
        )
        keys = [each["Key"] for each in listed.get("Contents", ())]
        before_key = folder + before
        within = [key for key in keys if key < before_key]
        is_all = len(within) < len(keys) or not listed["IsTruncated"]
        return [stored for stored in map(_stored_at, within) if stored], is_all


def _page(found: list[StoredDelivery], *, limit: int, is_all: bool) -> Listed[StoredDelivery]:
    """The last `limit` of these deliveries, newest first."""
    page = found[-limit:][::-1]
    return Listed(page, None if is_all and len(found) <= limit else page[-1].log_id)


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


def read_message(message: str) -> QueuedDelivery:
    content = json.loads(message)
    stored = _stored_at(str(content["where"]))
    if stored is None:
        raise ValueError("This is not the key of a delivery")
    asked_at = content.get("asked_at")
    return QueuedDelivery(stored, datetime.fromisoformat(asked_at) if asked_at else None)


def _request_digest(stored_delivery: StoredDelivery, asked_at: datetime) -> str:
    return hashlib.sha256(f"{stored_delivery.log_id}\0{asked_at.isoformat()}".encode()).hexdigest()


def _folder(program_id: str, storefront_id: str) -> str:
    return f"{program_id}/{storefront_id}/"


def _refused(program_id: str, storefront_id: str) -> str:
    # No program's id begins like this, so no list of deliveries has it.
    return f"_refused/{program_id}/{storefront_id}"


def _where(stored: StoredDelivery) -> str:
    folder = _folder(stored.program_id, stored.storefront_id)
    return f"{folder}{stored.log_id}.{stored.group}.json"


def _stored_at(where: str) -> StoredDelivery | None:
    """The delivery that a key of the inbox names; None if the key is not a delivery's."""
    program_id, _, rest = where.partition("/")
    storefront_id, _, name = rest.partition("/")
    parts = _NAME.fullmatch(name)
    named = read_log_id(parts["log_id"]) if parts else None
    if parts is None or named is None:
        return None
    received_at, delivery_id = named
    return StoredDelivery(
        program_id=program_id,
        storefront_id=storefront_id,
        received_at=received_at,
        delivery_id=delivery_id,
        group=parts["group"],
    )


def _message(stored_delivery: StoredDelivery, **more: str) -> str:
    return json.dumps({"v": 1, "where": _where(stored_delivery), **more})


def _to_json(delivery: Delivery) -> bytes:
    """Encode a delivery, with its body in base64: signatures cover bytes, which may be anything."""
    content = {
        "v": 1,
        "program_id": delivery.program_id,
        "storefront_id": delivery.storefront_id,
        "platform": delivery.platform,
        "source": delivery.source,
        "received_at": delivery.received_at.isoformat(),
        "headers": dict(delivery.headers),
        "body": base64.b64encode(delivery.body).decode(),
    }
    return json.dumps(content).encode()


def delivery_from_json(stored: bytes) -> Delivery | None:
    """A delivery as it was received; None if its content was erased."""
    if stored == ERASED:
        return None
    content = json.loads(stored)
    return Delivery(
        program_id=content["program_id"],
        storefront_id=content["storefront_id"],
        platform=content["platform"],
        source=content["source"],
        received_at=datetime.fromisoformat(content["received_at"]),
        headers=content["headers"],
        body=base64.b64decode(content["body"]),
    )
