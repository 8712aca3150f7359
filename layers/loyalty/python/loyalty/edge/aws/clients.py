"""AWS clients, made when first used and kept while the function is warm.

botocore makes them without boto3, whose import would make every cold start a tenth longer.
Every limit on the time of a call is here. They are short, because the caller of a longer request
has given up; and no attempt begins unless the invocation has time for it to fail (`deadline`).
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import botocore.session
from botocore.config import Config

from loyalty.edge import deadline
from loyalty.edge.local_cloud import is_on_one_machine

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

# The local cloud shares a machine with everything else and answers more slowly.
_LOCAL_READ_S_MIN: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """How long a client waits for a connection and for an answer, and how often it asks."""

    read_s: float
    attempts: int
    connect_s: float = 1.0

    @property
    def longest_read_s(self) -> float:
        return max(self.read_s, _LOCAL_READ_S_MIN) if is_on_one_machine() else self.read_s

    @property
    def attempt_s(self) -> float:
        """The time after which an attempt has failed, if nothing answers."""
        return self.connect_s + self.longest_read_s


# The table layer distinguishes a transient fault from a refusal and repeats the call itself.
TABLE: Final = CallLimits(read_s=1, attempts=1)
# The bus repeats a request itself, without the events that arrived.
BUS: Final = CallLimits(read_s=3, attempts=1)
QUEUE: Final = CallLimits(read_s=2, attempts=2)
SECRET: Final = CallLimits(read_s=2, attempts=2)
INBOX: Final = CallLimits(read_s=2, attempts=2)
# A report's object can be tens of megabytes.
LAKE: Final = CallLimits(read_s=10, attempts=3)
# A retry after a lost response would send a mail twice.
MAIL: Final = CallLimits(read_s=10, attempts=1)
# A retry after a lost response would make a second client.
COGNITO: Final = CallLimits(read_s=5, attempts=1)


@cache
def cognito() -> "CognitoIdentityProviderClient":
    return cast("CognitoIdentityProviderClient", _client("cognito-idp", COGNITO))


@cache
def dynamodb() -> "DynamoDBClient":
    return cast("DynamoDBClient", _client("dynamodb", TABLE))


@cache
def eventbridge() -> "EventBridgeClient":
    return cast("EventBridgeClient", _client("events", BUS))


@cache
def inbox() -> "S3Client":
    return cast("S3Client", _client("s3", INBOX))


@cache
def s3() -> "S3Client":
    # By default, links are signed with the older version, which new buckets refuse.
    return cast("S3Client", _client("s3", LAKE, signature_version="s3v4"))


@cache
def secrets_manager() -> "SecretsManagerClient":
    return cast("SecretsManagerClient", _client("secretsmanager", SECRET))


@cache
def ses() -> "SESV2Client":
    return cast("SESV2Client", _client("sesv2", MAIL))


@cache
def sqs() -> "SQSClient":
    return cast("SQSClient", _client("sqs", QUEUE))


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(service: str, limits: CallLimits, **options: Any) -> Any:
    config = Config(
        connect_timeout=limits.connect_s,
        read_timeout=limits.longest_read_s,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
        tcp_keepalive=True,
        **options,
    )
    client = _session().create_client(service, config=config)

    def require_time(**_event: object) -> None:
        deadline.require(limits.attempt_s)

    client.meta.events.register_first("before-send", require_time)
    return client
