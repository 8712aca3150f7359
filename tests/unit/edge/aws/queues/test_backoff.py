"""How long a message that failed is hidden."""

from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws.queues.backoff import OUTAGE_WAIT_MAX, hide, queue_url, wait
from loyalty.edge.aws.queues.record import QueueRecord
from tests.support.planned_service import PlannedService

if TYPE_CHECKING:
    from loyalty.sdk.services import JsonService

ARN = "arn:aws:sqs:eu-west-1:123456789012:intake.fifo"


def test_the_wait_doubles_and_ends_at_a_quarter_of_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("random.uniform", lambda _low, high: high)

    waits = [wait(TryAgain(), attempt).total_seconds() for attempt in range(1, 9)]

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    assert wait(TryAgain(), 1000) == OUTAGE_WAIT_MAX


def test_messages_of_one_outage_do_not_all_come_back_at_once() -> None:
    waits = {wait(TryAgain(), 6) for _ in range(100)}

    assert len(waits) > 50
    assert min(waits) >= OUTAGE_WAIT_MAX / 2


def test_a_failure_that_does_not_pass_is_soon_with_a_person() -> None:
    assert {wait(LookupError(), attempt) for attempt in range(1, 30)} == {timedelta(minutes=1)}


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (
            "https://sqs.eu-west-1.amazonaws.com",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/intake.fifo",
        ),
        ("http://127.0.0.1:4566", "http://127.0.0.1:4566/123456789012/intake.fifo"),
    ],
)
def test_a_queue_s_address_follows_from_its_arn(endpoint: str, url: str) -> None:
    assert queue_url(ARN, endpoint=endpoint) == url


class Sqs(PlannedService):
    endpoint = "https://sqs"


# The fixture of this folder puts a list in its place.
HIDE = hide
RECORD = QueueRecord({"eventSourceARN": ARN, "receiptHandle": "handle"})


def test_a_message_is_hidden_for_at_most_twelve_hours() -> None:
    sqs = Sqs({})

    HIDE(RECORD, delay=timedelta(hours=20), sqs=cast("JsonService", sqs))

    hidden = {
        "QueueUrl": "https://sqs/123456789012/intake.fifo",
        "ReceiptHandle": "handle",
        "VisibilityTimeout": 12 * 3600,
    }
    assert sqs.calls == [("ChangeMessageVisibility", hidden)]


def test_a_queue_that_is_out_keeps_its_own_timeout() -> None:
    sqs = Sqs(None)

    HIDE(RECORD, delay=timedelta(hours=1), sqs=cast("JsonService", sqs))

    assert len(sqs.calls) == 1
