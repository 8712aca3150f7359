"""What the table's stream hands to its readers."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

import boto3
from botocore.config import Config

type Record = dict[str, Any]

# moto does not know the addresses that name an account.
CONFIG: Final = Config(account_id_endpoint_mode="disabled")


def records(table: str, *, begins_with: str = "PROGRAM#") -> list[Record]:
    """The changes that readers get, as an event source mapping delivers them."""
    return [
        each
        for each in _records(table)
        if each["dynamodb"]["Keys"]["pk"]["S"].startswith(begins_with)
    ]


def _records(table: str) -> list[Record]:
    streams = boto3.client("dynamodbstreams", config=CONFIG)
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[Record] = []
    while True:
        page = streams.get_records(ShardIterator=iterator, Limit=1000)
        if not page["Records"]:
            return records
        records += (_as_delivered(dict(record)) for record in page["Records"])
        iterator = page["NextShardIterator"]


def batch(records: Sequence[Record]) -> dict[str, Any]:
    return {"Records": list(records)}


def _as_delivered(record: Record) -> Record:
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    for image in ("OldImage", "NewImage"):
        for value in change.get(image, {}).values():
            if "B" in value:
                value["B"] = b64encode(value["B"]).decode()
    return record | {"dynamodb": change}
