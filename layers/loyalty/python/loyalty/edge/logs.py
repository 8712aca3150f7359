"""Structured logs without personal data.

We log our own ids, codes and counts. The text of an unforeseen exception is left out, because it
may quote what a person typed; the place in the code is enough to find the fault.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Final, Literal, TextIO

from loyalty.sdk.services import ServiceError

type Level = Literal["DEBUG", "INFO", "WARN", "ERROR"]

# Lambda's names of the levels, in order of severity.
_LEVELS: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_FRAMES_MAX: Final = 25
_CAUSES_MAX: Final = 10


class Logger:
    """Writes one line of JSON for each event that is logged.

    The lines go to the standard output, which Lambda takes as the log, or else to `stream`. `level`
    is the lowest level to write. A field that is None is left out.
    """

    def __init__(self, *, service: str, level: str) -> None:
        self.service = service
        self.stream: TextIO | None = None
        self._written = frozenset(_LEVELS[_LEVELS.index(level) :])
        self._every_line: dict[str, object] = {}

    def append_keys(self, **fields: object) -> None:
        """Add fields to every line from now on."""
        self._every_line |= fields

    def debug(self, message: str, **fields: object) -> None:
        self._write("DEBUG", message, fields)

    def info(self, message: str, **fields: object) -> None:
        self._write("INFO", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write("WARN", message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write("ERROR", message, fields)

    def _write(self, level: Level, message: str, fields: dict[str, object]) -> None:
        if level not in self._written:
            return
        line = {
            "level": level,
            "message": message,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "service": self.service,
            **self._every_line,
            **fields,
        }
        logged = {name: value for name, value in line.items() if value is not None}
        text = json.dumps(logged, separators=(",", ":"), default=str)
        print(text, file=self.stream, flush=True)  # the log


logger: Final = Logger(
    service=os.environ.get("LOYALTY_SERVICE", "loyalty"),
    level=os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"),
)


def failure(error: BaseException, *, causes: int = _CAUSES_MAX) -> dict[str, object]:
    """What may be logged about an exception: its class and place, and the same for its causes.

    An AWS error adds its code and operation, which are never personal. Only some causes are logged:
    nothing keeps an exception from being its own.
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
    if cause is not None and causes:
        logged["cause"] = failure(cause, causes=causes - 1)
    return logged


def _frames(error: BaseException) -> Iterator[str]:
    for frame in extract_tb(error.__traceback__)[-_FRAMES_MAX:]:
        where = "/".join(frame.filename.split("/")[-3:])
        yield f"{where}:{frame.lineno} {frame.name}"
