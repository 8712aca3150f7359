"""Tells services that fail for now from calls that would fail again."""

from typing import Final

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  # theirs

from loyalty.domain.kernel.errors import TryAgain
from loyalty.table.operations import Transient

# Services throttle with several statuses and more names.
_FOR_NOW: Final = frozenset(
    {
        "KmsThrottled",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def is_passing(error: Exception) -> bool:
    """Whether a service did not answer, or refused only for now: a later try may succeed."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status == 429 or status >= 500 or error.response["Error"]["Code"] in _FOR_NOW
    return isinstance(error, TryAgain | Transient | ConnectionError | HTTPClientError)
