"""Temporary faults are distinguished from permanent ones."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from loyalty.domain.kernel.errors import NotFound, TryAgain
from loyalty.edge.faults import is_passing
from loyalty.sdk.connections import Unanswered
from loyalty.sdk.services import ServiceError
from loyalty.table.operations import Transient


def refused(code: str, status: int) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "Call")  # type: ignore[typeddict-item]  # only what is read


@pytest.mark.parametrize(
    "error",
    [
        refused("InternalError", 500),
        refused("SlowDown", 503),
        refused("ThrottlingException", 400),
        refused("TooManyRequestsException", 429),
        refused("RequestThrottled", 403),
        EndpointConnectionError(endpoint_url="https://sqs"),
        ConnectTimeoutError(endpoint_url="https://sqs"),
        ReadTimeoutError(endpoint_url="https://sqs"),
        ServiceError("Call", 503, {}),
        ServiceError("Call", 400, {"__type": "x#ThrottlingException"}),
        Unanswered("TimeoutError"),
        Transient("TransactionConflict"),
        TryAgain("Later"),
    ],
)
def test_it_passes(error: Exception) -> None:
    assert is_passing(error)


@pytest.mark.parametrize(
    "error",
    [
        refused("AccessDenied", 403),
        refused("NoSuchKey", 404),
        refused("ValidationException", 400),
        ServiceError("Call", 400, {"__type": "x#AccessDeniedException"}),
        NoCredentialsError(),
        NotFound(),
        ValueError("our own mistake"),
    ],
)
def test_it_does_not_pass(error: Exception) -> None:
    assert not is_passing(error)
