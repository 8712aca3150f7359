"""The table on a bare local cloud: real concurrency, real transactions."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.config import Config

from local.cloud import Cloud, free_port, running_cloud
from loyalty.edge.aws.table import pause
from loyalty.edge.desk import new_code
from loyalty.table.books import TableBooks
from loyalty.table.engine import DynamoEngine, Persistent
from loyalty.usecases.ports import Desk
from tests.support.documents import published
from tests.support.table import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HERE: Final = Path(__file__).parent

_tables = count(1)


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            # One cloud for all tests, and never two races at once on the same processors.
            item.add_marker(pytest.mark.xdist_group("engine"))


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running_cloud(port=free_port(), home=tmp_path_factory.mktemp("cloud")) as running:
        yield running
        running.aws.table_service.connections.close()


@pytest.fixture(scope="session")
def dynamodb(cloud: Cloud) -> "DynamoDBClient":
    """A client that many threads can share."""
    return boto3.client(
        "dynamodb",
        endpoint_url=cloud.aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            max_pool_connections=64,
            proxies={},
            read_timeout=60,
            retries={"total_max_attempts": 1},
        ),
    )


@pytest.fixture
def table(dynamodb: "DynamoDBClient") -> str:
    """A fresh table for each test."""
    return create_table(dynamodb, f"ledger-{next(_tables)}")


@pytest.fixture
def engine(cloud: Cloud, table: str) -> Persistent:
    return Persistent(DynamoEngine(cloud.aws.table_service, table=table), pause=pause)


@pytest.fixture
def open_desk(engine: Persistent) -> Callable[..., Desk]:
    """Open a desk of the program `bean` as a function does, pauses included.

    Takes the time, and parts of the program's document.
    """

    def open_desk(now: datetime, **parts: Any) -> Desk:
        program = published(**parts)
        return Desk(
            books=TableBooks(engine, program_id=program.program_id, zone=program.document.zone),
            program=program,
            version=lambda _version: program,
            now=now,
            new_code=new_code,
            pause=pause,
        )

    return open_desk
