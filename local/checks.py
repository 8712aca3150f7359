"""Checks for the steps of a story. A failed check says what happened instead."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from local.failures import LocalCloudError

# Far more than it takes, for busy machines.
_WAIT_SECONDS_MAX = 120.0
_POLL_SECONDS = 0.25


class StepFailedError(LocalCloudError):
    """The API did not do what the story expects."""


def expect(answer: httpx.Response, status: int) -> dict[str, Any]:
    if answer.status_code != status:
        request = answer.request
        raise StepFailedError(
            f"{request.method} {request.url.path} answered {answer.status_code}, not {status}: "
            f"{answer.text}"
        )
    body: dict[str, Any] = answer.json()
    return body


def require(is_right: bool, otherwise: str) -> None:  # noqa: FBT001  a statement, as `assert` is
    if not is_right:
        raise StepFailedError(otherwise)


def wait_for[T](
    fetch: Callable[[], T], *, until: Callable[[T], bool], otherwise: Callable[[T], str]
) -> T:
    """Fetch until the condition holds: queues and streams take a moment."""
    deadline = time.monotonic() + _WAIT_SECONDS_MAX
    while True:
        fetched = fetch()
        if until(fetched):
            return fetched
        if time.monotonic() > deadline:
            raise StepFailedError(otherwise(fetched))
        time.sleep(_POLL_SECONDS)


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}
