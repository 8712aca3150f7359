"""Older code meets items and messages of newer code: it refuses them for now, misreads nothing."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.archive.handler import handler as archive
from functions.codes.handler import handler as codes
from functions.enrollment.handler import handler as enrollment
from functions.expiry.handler import handler as expiry
from functions.exports.handler import handler as exports
from functions.intake.handler import handler as intake
from functions.notifications.handler import handler as notifications
from functions.relay.handler import handler as relay
from functions.webhooks_out.handler import handler as webhooks_out
from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws.queues import backoff, record
from loyalty.table.engine import VERSION_MAX, DynamoEngine
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.http import Context, call
from tests.support.queues import Consumer, consume, handed_over
from tests.support.stream import batch, records

pytestmark = pytest.mark.usefixtures("program")


def rewrite(kind: str) -> None:
    """Give every item of a kind the next version."""
    dynamodb = boto3.client("dynamodb")
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        if item.get("kind", {}).get("S") == kind:
            dynamodb.put_item(TableName=TABLE, Item=item | {"v": {"N": str(VERSION_MAX + 1)}})


@pytest.mark.parametrize("kind", ["account", "profile"])
def test_a_request_about_a_newer_item_is_to_be_sent_again(kind: str) -> None:
    member_id = till.enroll()
    rewrite(kind)

    path = f"{till.PROGRAM}/members/{member_id}"
    answer = call(enrollment, "GET", path, as_=till.CASHIER)

    assert (answer.status, answer.code) == (503, "try_again")


def test_entries_are_refused_in_a_list_too() -> None:
    member_id = till.enroll()
    till.earn(member_id, 4999)
    rewrite("accrual")

    with pytest.raises(AssertionError, match="try_again"):
        till.history(member_id)


@pytest.mark.parametrize("reader", [relay, archive], ids=["relay", "archive"])
def test_the_stream_waits_for_code_that_can_read_it(reader: Callable[[Any, Any], Any]) -> None:
    till.enroll()
    rewrite("profile")

    with pytest.raises(TryAgain):
        reader(batch(records(TABLE)), Context())


def test_an_item_of_this_version_is_read(engine: DynamoEngine) -> None:
    till.earn(till.enroll(), 4999)

    page = engine.scan(segment=0, segments=1, after=None)

    assert len(page.items) > 3


NEWER = record.VERSION_MAX + 1


@pytest.mark.parametrize(
    ("consumer", "content"),
    [
        (codes, {"detail-type": "RewardRedeemed", "detail": {"v": NEWER}}),
        (expiry, {"v": NEWER, "program_id": "bean", "lane": "members", "items": ["m"]}),
        (exports, {"v": NEWER, "program_id": "bean", "export_id": "e"}),
        (intake, {"v": NEWER, "where": "bean/online/x"}),
        (notifications, {"detail-type": "MessageDue", "detail": {"v": NEWER}}),
        (webhooks_out, {"v": NEWER, "event": "PointsEarned", "detail": {}}),
    ],
    ids=["codes", "expiry", "exports", "intake", "notifications", "webhooks_out"],
)
def test_a_queue_keeps_a_newer_message_for_code_that_can_read_it(
    consumer: Consumer, content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[timedelta] = []
    monkeypatch.setattr(backoff, "hide", lambda _record, *, delay: hidden.append(delay))

    assert consume(consumer, [handed_over("m1", json.dumps(content))]) == ["m1"]
    # As long as in an outage, whose waits use up no more attempts than there are.
    assert hidden[0] <= backoff.OUTAGE_WAIT_FIRST
