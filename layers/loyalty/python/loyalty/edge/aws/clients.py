"""AWS clients, made when first used and kept while the function is warm.

botocore alone makes them: importing boto3 on top of it costs every cold start another tenth.
Timeouts are short because a request that waits longer has lost its caller; the retries that
matter to the books are the table's own.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

_QUICK: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
# The table layer tells a passing fault from a refusal and repeats the call itself.
_ONCE: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 1},
    tcp_keepalive=True,
)
# A report's object can be tens of megabytes.
_PATIENT: Final = Config(
    connect_timeout=1,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    # Links are signed by the older rule where this does not say so, and new buckets refuse those.
    signature_version="s3v4",
)

_PATIENT_ONCE: Final = Config(
    connect_timeout=1,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 1},
    tcp_keepalive=True,
)


@cache
def dynamodb() -> "DynamoDBClient":
    return cast("DynamoDBClient", _client("dynamodb", _ONCE))


@cache
def eventbridge() -> "EventBridgeClient":
    return cast("EventBridgeClient", _client("events", _QUICK))


@cache
def s3() -> "S3Client":
    return cast("S3Client", _client("s3", _PATIENT))


@cache
def secrets_manager() -> "SecretsManagerClient":
    return cast("SecretsManagerClient", _client("secretsmanager", _QUICK))


@cache
def ses() -> "SESV2Client":
    # Sent again after a lost answer, a mail would arrive twice.
    return cast("SESV2Client", _client("sesv2", _PATIENT_ONCE))


@cache
def sqs() -> "SQSClient":
    return cast("SQSClient", _client("sqs", _QUICK))


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(service: str, config: Config) -> Any:
    return _session().create_client(service, config=config)
