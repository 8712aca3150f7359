"""Compaction: who is in a segment by the lake earns by a campaign for it, until they leave it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from tests.integration.conftest import Clock
from tests.integration.lakeside import archived, compact
from tests.support import till
from tests.support.campaigns import campaign

pytestmark = pytest.mark.usefixtures("disk")

SEGMENT: Final = {
    "id": "regulars",
    "name": "Regulars",
    "who": {"fact": "orders", "days": 7, "at_least": 2},
}
FOR_REGULARS: Final = campaign(
    id="thanks",
    **{"for": {"fact": "segment", "is_in": ["regulars"]}},
    effect={"kind": "fixed", "points": 500},
)


def earned(member_id: str, time: Clock) -> int:
    answer = till.earn(member_id, 4999, occurred_at=f"{time.now:%Y-%m-%dT%H:%M:%SZ}")
    return int(answer.body["entry"]["points"])


def test_members_enter_and_leave_a_segment(publish: Callable[..., Any], time: Clock) -> None:
    publish(segments=[SEGMENT], campaigns=[FOR_REGULARS])
    ana, bob = till.enroll(), till.enroll("bob@example.com")
    plain = earned(ana, time)
    assert (earned(ana, time), earned(bob, time)) == (plain, plain)
    archived()

    assert compact() == []
    assert (earned(ana, time), earned(bob, time)) == (plain + 500, plain)

    time.now += timedelta(days=9)
    assert compact() == []
    assert earned(ana, time) == plain


def test_a_run_that_is_not_due_stores_nothing(publish: Callable[..., Any], time: Clock) -> None:
    publish(segments=[SEGMENT])
    archived()
    assert compact() == []
    stored = snapshot()

    time.now += timedelta(minutes=5)
    assert compact() == []

    assert snapshot() == stored


def snapshot() -> str:
    (stored,) = boto3.client("s3").list_objects_v2(Bucket="lake", Prefix="facts/segments/")[
        "Contents"
    ]
    return stored["ETag"]
