"""Handles the messages of a queue one by one: a failed one returns to it, the others go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypedDict

from loyalty.edge.aws.queues import backoff
from loyalty.edge.aws.queues.record import QueueRecord
from loyalty.edge.logs import failure, logger

type Handle = Callable[[QueueRecord], None]
type OnFailure = Callable[[QueueRecord, Exception], None]


class FailedMessage(TypedDict):
    itemIdentifier: str  # Lambda's spelling


class BatchAnswer(TypedDict):
    """The response that Lambda expects for a batch: the messages that return to the queue."""

    batchItemFailures: list[FailedMessage]  # Lambda's spelling


class GroupHeldUp(RuntimeError):
    """An earlier message of the same group failed, and the group is handled in order."""


def handle_messages(
    event: dict[str, Any],
    handle: Handle,
    *,
    on_failure: OnFailure,
    in_order: bool = False,
    wait: backoff.Wait = backoff.wait,
) -> BatchAnswer:
    """Handle each message of a batch; returns the failed ones, which Lambda puts back.

    `on_failure` logs each failure and does anything else a failure needs. A failed message is
    hidden for as long as `wait` says. With `in_order`, once a message of a FIFO group has failed,
    the rest of its group fails with `GroupHeldUp` and waits for it.
    """
    failed: list[FailedMessage] = []
    held_up: dict[str, timedelta] = {}
    for record in map(QueueRecord, event["Records"]):
        group = record.group if in_order else None
        error = GroupHeldUp() if group in held_up else _attempt(handle, record)
        if error is None:
            continue
        on_failure(record, error)
        failed.append({"itemIdentifier": record.message_id})
        if group is not None and group in held_up:
            delay = held_up[group]
        else:
            delay = wait(error, record.attempts)
        if group is not None:
            held_up[group] = delay
        backoff.hide(record, delay=delay)
    return {"batchItemFailures": failed}


def _attempt(handle: Handle, record: QueueRecord) -> Exception | None:
    try:
        handle(record)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other messages go on
        return error
    return None


def log_failure(message: str, *, quietly: tuple[type[Exception], ...] = ()) -> OnFailure:
    """Log each failure under this message, without the text of the exception.

    Exceptions of the `quietly` kinds are not failures: the message only comes back later.
    """

    def log(record: QueueRecord, error: Exception) -> None:
        if not isinstance(error, quietly):
            logger.error(message, message_id=record.message_id, failure=failure(error))

    return log
