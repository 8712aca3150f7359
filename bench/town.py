"""A program's members in a table of their own, as many as a bench needs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from local.aws import REGION
from local.cloud import Cloud
from loyalty.domain.program import PublishedProgram
from loyalty.edge.table import pause
from loyalty.table.books import TableBooks
from loyalty.table.engine import Engine, Persistent, item_to_wire
from loyalty.table.operations import Item
from loyalty.usecases.ports import Desk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MEMBERS: Final = (1_000, 100_000)
DUE: Final = 100
WORKED_OFF: Final = 1_000
BATCH_WRITE_MAX: Final = 25
WRITERS: Final = 8


def dynamodb(cloud: Cloud) -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        endpoint_url=cloud.aws.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  # the local cloud takes any
        config=Config(max_pool_connections=2 * WRITERS, proxies={}, read_timeout=60),
    )


def load(client: "DynamoDBClient", table: str, items: Sequence[Item]) -> None:
    def put(some: Sequence[Item]) -> None:
        requests = [{"PutRequest": {"Item": item_to_wire(item)}} for item in some]
        client.batch_write_item(RequestItems={table: requests})  # type: ignore[dict-item]  # wire

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(put, batched(items, BATCH_WRITE_MAX, strict=False)))


def desk(engine: Engine, program: PublishedProgram, *, now: datetime) -> Desk:
    books = TableBooks(
        Persistent(engine, pause=pause),
        program_id=program.program_id,
        zone=program.document.zone,
    )
    return Desk(
        books=books,
        program=program,
        version=lambda _version: program,
        now=now,
        new_code=str,
        pause=pause,
    )
