"""How long a message that failed is hidden before its next attempt.

A queue hands a message out a limited number of times and then gives it up to the dead letters. So
that an outage does not use these up, a message waits longer after each attempt that failed only
because a service did not answer. Other failures take a person, who is to notice them soon.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws import clients
from loyalty.edge.faults import is_passing
from loyalty.sdk.connections import Unanswered
from loyalty.sdk.services import JsonService, ServiceError

if TYPE_CHECKING:
    from loyalty.edge.aws.queues.record import QueueRecord

# The wait after an attempt that failed with this error; the first attempt is 1.
type Wait = Callable[[Exception, int], timedelta]

OUTAGE_WAIT_FIRST: Final = timedelta(seconds=30)
OUTAGE_WAIT_MAX: Final = timedelta(minutes=15)
FAILURE_WAIT: Final = timedelta(minutes=1)
# The longest time for which a queue can hide a message.
HIDDEN_MAX: Final = timedelta(hours=12)


def wait(error: Exception, attempt: int) -> timedelta:
    return outage_wait(attempt) if is_passing(error) else FAILURE_WAIT


def outage_wait(attempt: int) -> timedelta:
    """Twice as long after each attempt, and random by half, so that not all come back at once."""
    doubled = OUTAGE_WAIT_FIRST * (1 << min(attempt - 1, 10))
    return min(doubled, OUTAGE_WAIT_MAX) * random.uniform(0.5, 1)  # noqa: S311  # no secret


def hide(record: QueueRecord, *, delay: timedelta, sqs: JsonService | None = None) -> None:
    """Hide a message for a while. If the queue does not answer, its own timeout applies."""
    sqs = sqs or clients.sqs()
    with suppress(ServiceError, Unanswered, TryAgain):
        sqs.call(
            "ChangeMessageVisibility",
            {
                "QueueUrl": queue_url(record.queue_arn, endpoint=sqs.endpoint),
                "ReceiptHandle": record.receipt_handle,
                "VisibilityTimeout": int(min(delay, HIDDEN_MAX).total_seconds()),
            },
        )


def queue_url(arn: str, *, endpoint: str) -> str:
    """The address of a queue, which an event names only by its ARN."""
    *_, account, name = arn.split(":")
    return f"{endpoint}/{account}/{name}"
