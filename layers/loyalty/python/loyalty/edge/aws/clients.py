"""AWS clients, made when first used and kept while the function is warm.

S3 and SES are called through the SDK, which is imported when a function first needs it. All other
services are called by clients of our own.
Every limit on the time of a call is here. They are short, because the caller of a longer request
has given up; and no attempt begins unless the invocation has time for it to fail (`deadline`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.edge import deadline
from loyalty.edge.local_cloud import is_on_one_machine
from loyalty.sdk import services
from loyalty.sdk.connections import TimeLimits

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client

    from loyalty.sdk.services import JsonService, ServiceApi

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
# A member waits for it, and it is small.
NEIGHBORS: Final = CallLimits(read_s=2, attempts=2)
# A report's object can be tens of megabytes.
LAKE: Final = CallLimits(read_s=10, attempts=3)
# A retry after a lost response would send a mail twice.
MAIL: Final = CallLimits(read_s=10, attempts=1)
# A retry after a lost response would make a second client.
COGNITO: Final = CallLimits(read_s=5, attempts=1)


@cache
def cognito() -> CognitoIdentityProviderClient:
    return cast("CognitoIdentityProviderClient", _client("cognito-idp", COGNITO))


@cache
def dynamodb() -> JsonService:
    return _service(services.DYNAMODB, TABLE)


@cache
def eventbridge() -> JsonService:
    return _service(services.EVENTBRIDGE, BUS)


@cache
def inbox() -> S3Client:
    return cast("S3Client", _client("s3", INBOX))


@cache
def kms() -> JsonService:
    return _service(services.KMS, SECRET)


@cache
def neighbors() -> S3Client:
    return cast("S3Client", _client("s3", NEIGHBORS))


@cache
def s3() -> S3Client:
    # By default, links are signed with the older version, which new buckets refuse.
    return cast("S3Client", _client("s3", LAKE, signature_version="s3v4"))


@cache
def secrets_manager() -> JsonService:
    return _service(services.SECRETS_MANAGER, SECRET)


@cache
def ses() -> SESV2Client:
    return cast("SESV2Client", _client("sesv2", MAIL))


@cache
def sqs() -> JsonService:
    return _service(services.SQS, QUEUE)


def forget() -> None:
    """Drop every client, and close the connections that ours keep.

    A client holds the address and the credentials of one environment, and the connections of one
    process.
    """
    for ours in (dynamodb, eventbridge, kms, secrets_manager, sqs):
        if ours.cache_info().currsize:
            ours().connections.close()
    of_the_sdk = (cognito, inbox, neighbors, s3, ses, _session)
    for make in (dynamodb, eventbridge, kms, secrets_manager, sqs, *of_the_sdk):
        make.cache_clear()


def _service(api: ServiceApi, limits: CallLimits) -> JsonService:
    return services.service(
        api,
        limits=TimeLimits(connect=limits.connect_s, read=limits.longest_read_s),
        attempts=limits.attempts,
        require_time=partial(deadline.require, limits.attempt_s),
    )


@cache
def _session() -> Session:
    import botocore.session  # noqa: PLC0415  # a tenth of a second, which few cold starts need

    return botocore.session.get_session()


def _client(name: str, limits: CallLimits, **options: Any) -> Any:
    from botocore.config import Config  # noqa: PLC0415  # as above

    config = Config(
        connect_timeout=limits.connect_s,
        read_timeout=limits.longest_read_s,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
        tcp_keepalive=True,
        **options,
    )
    client = _session().create_client(name, config=config)

    def require_time(**_event: object) -> None:
        deadline.require(limits.attempt_s)

    client.meta.events.register_first("before-send", require_time)
    return client
