"""Clients of the services that speak JSON: each call is one signed POST."""

import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Protocol

from loyalty.sdk.connections import KeptConnections, TimeLimits, Unanswered
from loyalty.sdk.credentials import credentials_source, region
from loyalty.sdk.signing import Credentials, Signer

_THROTTLED: Final = 429
_SERVER_FAULT: Final = 500
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


def is_refused_for_now(*, status: int, code: str) -> bool:
    """Whether a later try may succeed."""
    return status == _THROTTLED or status >= _SERVER_FAULT or code in _FOR_NOW


class ServiceError(Exception):
    """A service refused a call. `code` is its word for the reason, and `answer` all that it said.

    The message of the exception holds no data of the call.
    """

    def __init__(self, operation: str, status: int, answer: Mapping[str, Any]) -> None:
        self.operation = operation
        self.status = status
        self.answer = answer
        self.code = str(answer.get("__type", status)).rpartition("#")[2]
        super().__init__(f"{operation}: {self.code}")

    @property
    def message(self) -> str:
        return str(self.answer.get("message") or self.answer.get("Message") or "")

    @property
    def is_passing(self) -> bool:
        return is_refused_for_now(status=self.status, code=self.code)


@dataclass(frozen=True, slots=True)
class ServiceApi:
    """How a service names its operations, and where it is.

    `sdk_name` is part of the variable by which the SDKs are told of another endpoint.
    `prefix` begins the name of each operation, and `version` is of the JSON protocol. `tokens` are
    the parameters by which a service recognizes a call that was sent twice, by operation.
    """

    service: str
    sdk_name: str
    prefix: str
    version: str
    tokens: Mapping[str, str] = field(default_factory=dict)


DYNAMODB: Final = ServiceApi(
    "dynamodb", "DYNAMODB", "DynamoDB_20120810", "1.0", {"TransactWriteItems": "ClientRequestToken"}
)
EVENTBRIDGE: Final = ServiceApi("events", "EVENTBRIDGE", "AWSEvents", "1.1")
KMS: Final = ServiceApi("kms", "KMS", "TrentService", "1.1")
SECRETS_MANAGER: Final = ServiceApi(
    "secretsmanager",
    "SECRETS_MANAGER",
    "secretsmanager",
    "1.1",
    {"CreateSecret": "ClientRequestToken", "PutSecretValue": "ClientRequestToken"},
)
SQS: Final = ServiceApi("sqs", "SQS", "AmazonSQS", "1.0")

# A call that is repeated waits for up to this long first, and twice as long each time.
PAUSE_FIRST_SECONDS: Final = 0.05


class AwsService(Protocol):
    """A service that is called by operation. Raises `ServiceError` and `Unanswered`."""

    def call(self, operation: str, parameters: Mapping[str, Any], /) -> dict[str, Any]: ...


class JsonService:
    """Calls one service.

    A call is repeated, with the same token, only if the service is busy or does not answer, and
    only `attempts` times in all. `require_time` raises what the caller is to get if there is no
    time for another attempt.
    """

    def __init__(
        self,
        api: ServiceApi,
        *,
        endpoint: str,
        region: str,
        credentials: Callable[[], Credentials],
        limits: TimeLimits,
        attempts: int = 1,
        require_time: Callable[[], None] = lambda: None,
    ) -> None:
        self._attempts = attempts
        self._prefix = api.prefix
        self._tokens = api.tokens
        self._content_type = f"application/x-amz-json-{api.version}"
        self._signer = Signer(service=api.service, region=region)
        self._credentials = credentials
        self._require_time = require_time
        self.endpoint = endpoint
        self.connections = KeptConnections(endpoint, limits=limits)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation with its parameters, as its reference names them.

        Raises:
            ServiceError: the service refused.
            Unanswered: it may have done the work, but did not say so.
        """
        if token := self._tokens.get(operation):
            parameters = {**parameters, token: os.urandom(16).hex()}
        body = json.dumps(parameters, separators=(",", ":")).encode()
        for attempt in range(1, self._attempts):
            try:
                return self._call(operation, body)
            except ServiceError as error:
                if not error.is_passing:
                    raise
            except Unanswered:
                pass
            time.sleep(random.uniform(0, PAUSE_FIRST_SECONDS * 2**attempt))  # noqa: S311  # no secret
        return self._call(operation, body)

    def _call(self, operation: str, body: bytes) -> dict[str, Any]:
        self._require_time()
        headers = self._signer.signed(
            {
                "content-type": self._content_type,
                "host": self.connections.host,
                "x-amz-target": f"{self._prefix}.{operation}",
            },
            body_digest=sha256(body).hexdigest(),
            credentials=self._credentials(),
            now=datetime.now(UTC),
        )
        reply = self.connections.exchange("POST", "/", headers, body)
        answer = _answer(reply.body)
        if reply.status != 200:  # the only status of a success
            raise ServiceError(operation, reply.status, answer)
        return answer


def service(
    api: ServiceApi,
    *,
    limits: TimeLimits,
    attempts: int = 1,
    require_time: Callable[[], None] = lambda: None,
) -> JsonService:
    """Return a client of this function's region, or of the endpoint that the environment names."""
    return JsonService(
        api,
        endpoint=_endpoint(api),
        region=region(),
        credentials=credentials_source(),
        limits=limits,
        attempts=attempts,
        require_time=require_time,
    )


def _endpoint(api: ServiceApi) -> str:
    variable = f"AWS_ENDPOINT_URL_{api.sdk_name}"
    named = os.environ.get(variable) or os.environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region().startswith("cn-") else "amazonaws.com"
    return named or f"https://{api.service}.{region()}.{suffix}"


def _answer(body: bytes) -> dict[str, Any]:
    """Read an answer; what stands between us and a service does not always answer in JSON."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
