"""The hourly run that finishes erasures, and a look at all that is kept anywhere."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from functions.privacy.handler import handler as privacy
from loyalty.domain.people.erasure import STOPPABLE_FOR
from tests.support.http import Context
from tests.support.queues import work_off

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def finish() -> None:
    """Let an hour's run do all there is to do; nothing may fail."""
    context: Any = Context()
    privacy({}, context)
    assert work_off(privacy, os.environ["LOYALTY_PRIVACY_QUEUE_URL"]) == []


def wait_and_finish(time: Any) -> None:
    """Let an erasure that a shop requested wait for as long as it can be stopped, then do it."""
    time.now += STOPPABLE_FOR
    finish()


def items(dynamodb: "DynamoDBClient", table: str) -> list[dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return [dict(item) for page in pages for item in page["Items"]]


def objects(s3: "S3Client", bucket: str) -> Iterator[tuple[str, bytes]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for listed in page.get("Contents", ()):
            yield listed["Key"], s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
