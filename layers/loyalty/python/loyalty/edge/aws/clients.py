"""AWS clients, made when first used and kept while the function is warm.

botocore makes them without boto3, whose import would make every cold start a tenth longer.
Timeouts are short because the caller of a longer request has given up; the table layer does the
retries that matter to the ledger.
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
# The table layer distinguishes a transient fault from a refusal and repeats the call itself.
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
    # By default, links are signed with the older version, which new buckets refuse.
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
    # A retry after a lost response would send a mail twice.
    return cast("SESV2Client", _client("sesv2", _PATIENT_ONCE))


@cache
def sqs() -> "SQSClient":
    return cast("SQSClient", _client("sqs", _QUICK))


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(service: str, config: Config) -> Any:
    return _session().create_client(service, config=config)
