"""`make redrive STAGE=`: hand failed batches of the stream to their functions again.

Lambda keeps a batch whole, as the event of the call that failed. Repeating it is harmless: events
have the same ids again, and readers of the lake drop facts that are there twice.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from operate.stage import Stage, run


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """How many batches were done and deleted, and why each other one failed again."""

    done: int
    failed: dict[str, str]


def redrive(stage: Stage) -> Redriven:
    """Redrive every content batch, the oldest first."""
    bucket = stage.output("FailedBatchesBucket")
    done, failed = 0, {}
    for key in _keys(stage, bucket):
        trouble = _redrive_one(stage, bucket, key)
        if trouble is None:
            done += 1
        else:
            failed[key] = trouble
    _forget_done(stage, bucket)
    return Redriven(done=done, failed=failed)


def _redrive_one(stage: Stage, bucket: str, key: str) -> str | None:
    """Invoke the function of a batch, and delete the batch if all of it was done."""
    s3 = stage.client("s3")
    content = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    event = (
        content["payload"]
        if isinstance(content["payload"], str)
        else json.dumps(content["payload"])
    )
    invoked = stage.client("lambda").invoke(
        FunctionName=content["requestContext"]["functionArn"], Payload=event.encode()
    )
    answer = json.loads(invoked["Payload"].read())
    if "FunctionError" in invoked:
        return str(answer.get("errorType", invoked["FunctionError"]))
    if answer.get("batchItemFailures"):
        return f"it failed again from record {answer['batchItemFailures'][0]['itemIdentifier']}"
    s3.delete_object(Bucket=bucket, Key=key)
    return None


def _keys(stage: Stage, bucket: str) -> Iterator[str]:
    pages = stage.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = [each for page in pages for each in page.get("Contents", ())]
    yield from (each["Key"] for each in sorted(found, key=lambda each: each["LastModified"]))


def _forget_done(stage: Stage, bucket: str) -> None:
    """Delete the messages about batches that are gone, which ends the alarm."""
    sqs, url = stage.client("sqs"), stage.output("FailedBatchesQueueUrl")
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30
    ).get("Messages"):
        for message in messages:
            if not any(_exists(stage, bucket, key) for key in _named(message["Body"])):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _named(body: str) -> list[str]:
    """The keys that a notification of S3 names; its test message names none."""
    content: dict[str, Any] = json.loads(body)
    return [record["s3"]["object"]["key"] for record in content.get("Records", ())]


def _exists(stage: Stage, bucket: str, key: str) -> bool:
    try:
        stage.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Redrive failed batches of the stream.")
    parser.add_argument("--stage", required=True)
    redriven = redrive(Stage(parser.parse_args().stage))
    print(f"{redriven.done} batches done.")
    for key, trouble in redriven.failed.items():
        print(f"Still there: {key}: {trouble}")
    return 1 if redriven.failed else 0


if __name__ == "__main__":
    run(main)
