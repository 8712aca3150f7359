"""Erases a person's data outside the table: in the inbox, and on the suppression list of SES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws.inbox import ERASED, delivery_from_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client

    from loyalty.domain.shops.storefront import Delivery

# As many as a client's connections. A delivery of 4 MB takes about 20 MB while it is read.
READERS: Final = 10
READ_AT_ONCE: Final = 500


class InboxSearch:
    """Implements `Inbox` over one program's deliveries, in the order of their keys."""

    def __init__(self, s3: S3Client, *, bucket: str, program_id: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._program = program_id
        self.searched = 0
        self.erased = 0

    def erase(
        self, *, start: str | None, is_about: Callable[[Delivery], bool], until: Callable[[], bool]
    ) -> str | None:
        folder = f"{self._program}/"
        after = start or folder
        with ThreadPoolExecutor(max_workers=READERS) as readers:
            while True:
                listed = self._s3.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=folder,
                    StartAfter=after,
                    MaxKeys=READ_AT_ONCE,
                )
                # Only an erased delivery is this small.
                keys = [e["Key"] for e in listed.get("Contents", ()) if e["Size"] > len(ERASED)]
                self._erase(keys, is_about, readers)
                if not listed["IsTruncated"]:
                    return None
                after = listed["Contents"][-1]["Key"]
                if until():
                    return after

    def _erase(
        self, keys: Sequence[str], is_about: Callable[[Delivery], bool], readers: ThreadPoolExecutor
    ) -> None:
        def one(key: str) -> bool:
            return self._erase_one(key, is_about)

        self.searched += len(keys)
        self.erased += sum(readers.map(one, keys))

    def _erase_one(self, key: str, is_about: Callable[[Delivery], bool]) -> bool:
        try:
            stored = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            # Its thirty days have just ended.
            if error.response["Error"]["Code"] == "NoSuchKey":
                return False
            raise
        delivery = delivery_from_json(stored)
        if delivery is None or not is_about(delivery):
            return False
        self._s3.put_object(
            Bucket=self._bucket, Key=key, Body=ERASED, ContentType="application/json"
        )
        return True


class MailSuppressions:
    """Implements `Suppressions`: SES itself lists addresses whose mail bounced."""

    def __init__(self, client: SESV2Client) -> None:
        self._client = client

    def lift(self, address: str) -> None:
        """Raises `TryAgain`."""
        try:
            self._client.delete_suppressed_destination(EmailAddress=address)
        except ClientError as error:
            match error.response["Error"]["Code"]:
                # SES never lists what it cannot read as an address, so the erasure can go on.
                case "NotFoundException" | "BadRequestException":
                    return
                case "TooManyRequestsException" | "ThrottlingException":
                    raise TryAgain("SES is throttling requests") from error
            raise
        except (EndpointConnectionError, HTTPClientError) as error:
            raise TryAgain("SES does not answer") from error
