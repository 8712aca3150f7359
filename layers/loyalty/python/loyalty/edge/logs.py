"""Structured logs without personal data.

We log our own ids, codes and counts. The text of an unforeseen exception is left out, because it
may quote what a person typed; the place in the code is enough to find the fault.
"""

from collections.abc import Iterator
from pathlib import PurePath
from traceback import extract_tb
from typing import Final

from aws_lambda_powertools import Logger

from loyalty.sdk.services import ServiceError

# The place of a line's own call says nothing that its message does not.
logger: Final = Logger(utc=True, use_rfc3339=True, location=None)

_FRAMES_MAX: Final = 25


def failure(error: BaseException) -> dict[str, object]:
    """What may be logged about an exception: its class and place, and the same for its cause.

    An AWS error adds its code and operation, which are never personal.
    """
    logged: dict[str, object] = {"kind": type(error).__qualname__, "at": list(_frames(error))}
    if isinstance(error, ServiceError):
        logged["aws_code"] = error.code
        logged["aws_operation"] = error.operation
    response = getattr(error, "response", None)
    if isinstance(response, dict) and isinstance(response.get("Error"), dict):
        logged["aws_code"] = response["Error"].get("Code")
        logged["aws_operation"] = getattr(error, "operation_name", None)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        logged["cause"] = failure(cause)
    return logged


def _frames(error: BaseException) -> Iterator[str]:
    for frame in extract_tb(error.__traceback__)[-_FRAMES_MAX:]:
        where = "/".join(PurePath(frame.filename).parts[-3:])
        yield f"{where}:{frame.lineno} {frame.name}"
