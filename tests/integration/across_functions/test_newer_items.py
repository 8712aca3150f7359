"""Older code meets items that newer code wrote: it refuses them for now, and misreads nothing."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from functions.archive.handler import handler as archive
from functions.enrollment.handler import handler as enrollment
from functions.relay.handler import handler as relay
from loyalty.domain.kernel.errors import TryAgain
from loyalty.table.engine import VERSION_MAX, DynamoEngine
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.http import Context, call
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
