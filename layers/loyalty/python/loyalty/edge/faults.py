"""Tells services that fail for now from calls that would fail again."""

from typing import Any

from loyalty.domain.kernel.errors import TryAgain
from loyalty.sdk.connections import Unanswered
from loyalty.sdk.services import ServiceError, is_refused_for_now
from loyalty.table.operations import Transient


def is_passing(error: Exception) -> bool:
    """Whether a service did not answer, or refused only for now: a later try may succeed."""
    if isinstance(error, ServiceError):
        return error.is_passing
    if _is_of_the_sdk(error):
        return _is_passing_of_the_sdk(error)
    return isinstance(error, TryAgain | Transient | Unanswered)


def _is_of_the_sdk(error: Exception) -> bool:
    """Whether botocore raised it; if not, it need not be imported to tell."""
    return any(each.__module__.partition(".")[0] == "botocore" for each in type(error).__mro__)


def _is_passing_of_the_sdk(error: Exception) -> bool:
    from botocore import exceptions  # noqa: PLC0415  # has been imported where this is called

    if isinstance(error, exceptions.ClientError):
        response: Any = error.response
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return is_refused_for_now(status=status, code=response["Error"]["Code"])
    return isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError)
