"""Handlers and the table on moto: AWS inside this process, no socket, a fresh one for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
import pytest
from moto import mock_aws
from pytest_socket import disable_socket, enable_socket

from loyalty.table.engine import DynamoEngine
from tests.support import cold
from tests.support.table import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HERE: Final = Path(__file__).parent
REGION: Final = "eu-west-1"
TABLE: Final = "ledger"
STOREFRONT_SECRETS: Final = "loyalty/test/storefronts/"
# As the stack generates it: one long string, no JSON.
IDENTITY_SECRET: Final = "9vQ2tKxW7rLmZ4pN8sBd3fGh6jYc1aEu5oTiXyRwMqVbPnSkJzHgDfLc0CeUxAt"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("integration")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every resource of the data stack, and the environment of every function."""
    disable_socket()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "LOYALTY_STAGE": "test",
        "LOYALTY_TABLE": TABLE,
        "LOYALTY_STOREFRONT_SECRETS": STOREFRONT_SECRETS,
        "POWERTOOLS_METRICS_NAMESPACE": "Loyalty",
    }.items():
        monkeypatch.setenv(name, value)
    cold.forget()
    with mock_aws():
        create_table(boto3.client("dynamodb"), TABLE)
        secret = boto3.client("secretsmanager").create_secret(
            Name="identity", SecretString=IDENTITY_SECRET
        )
        monkeypatch.setenv("LOYALTY_IDENTITY_SECRET", secret["ARN"])
        s3 = boto3.client("s3")
        for purpose in ("inbox", "lake"):
            s3.create_bucket(
                Bucket=purpose, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            monkeypatch.setenv(f"LOYALTY_{purpose.upper()}_BUCKET", purpose)
        queue = boto3.client("sqs").create_queue(
            QueueName="intake.fifo", Attributes={"FifoQueue": "true"}
        )
        monkeypatch.setenv("LOYALTY_INTAKE_QUEUE_URL", queue["QueueUrl"])
        bus = boto3.client("events").create_event_bus(Name="bus")
        monkeypatch.setenv("LOYALTY_BUS", bus["EventBusArn"].rpartition("/")[2])
        yield
    cold.forget()
    enable_socket()


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb")


@pytest.fixture
def engine(dynamodb: "DynamoDBClient") -> DynamoEngine:
    return DynamoEngine(dynamodb, table=TABLE)
