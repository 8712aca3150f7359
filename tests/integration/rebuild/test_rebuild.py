"""A lake that lost facts is rebuilt, and every report stays the same."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, Final

import boto3
import pytest

from functions.rebuild.handler import handler
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import scan
from loyalty.table.engine import DynamoEngine
from loyalty.table.messages import TableLetters, TableOutbox
from loyalty.table.operations import Key, Put
from tests.integration.conftest import Clock
from tests.integration.lakeside import answers, archived, compact, paged, rows
from tests.support import till
from tests.support.http import Context
from tests.support.ledger import message
from tests.support.queues import Message, consume, receive, work_off

pytestmark = pytest.mark.usefixtures("disk")

TOMORROW: Final = datetime(2026, 11, 22, 1, 5, tzinfo=UTC)
# Together they read every kind of facts.
REPORTS: Final = (
    "summary", "lifetime_value", "liability", "rewards", "tiers", "surveys", "messages",
)  # fmt: skip
NEXT_MONTH: Final = datetime(2026, 12, 3, 1, 5, tzinfo=UTC)
QUEUE: Final = "LOYALTY_REBUILD_QUEUE_URL"
TIERS: Final = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [{"id": "gold", "name": "Gold", "reached_at": 100_000}],
}


@pytest.fixture
def program(publish: Callable[..., PublishedProgram]) -> PublishedProgram:
    return publish(tiers=TIERS)


@pytest.fixture(autouse=True)
def history(program: PublishedProgram, engine: DynamoEngine, time: Clock) -> None:
    """Two days of all that people do, and a message; all archived."""
    ana, bob, eve = till.enroll(), till.enroll("bob@example.com"), till.enroll("eve@example.com")
    for number, member_id in enumerate((ana, ana, bob, eve)):
        till.earn(member_id, 4999, order_id=f"{number}")
    till.post_order(till.order(700, identities=[{"kind": "email", "value": "guest@example.com"}]))
    till.refund("0", amount=till.money(500))
    for order_id, comment in (("0", None), ("3", "It was cold")):
        till.answer("visit", order=order_id, score=2, comment=comment)
    welcome, nothing = message(member_id=ana), Correspondence(member_id=ana)
    TableLetters(engine, program_id="bean").write(nothing, nothing, [welcome])
    TableOutbox(engine, program_id="bean").sent(welcome, sent_at=time.now)
    till.grant(ana, "gold", until=f"{time.now:%Y-%m-%d}")
    time.now += timedelta(days=1)
    till.use(till.redeem(ana).body["voucher"]["code"])
    till.merge(bob, into=ana)
    till.erase(eve)
    archived(at_once=5)


def begin() -> None:
    assert handler({}, Context()) is None


def rebuild() -> list[Message]:
    """A whole rebuild; gives the messages that failed."""
    begin()
    return work_off(handler, os.environ[QUEUE])


def lose(prefix: str = "facts/") -> int:
    """Delete the lake's objects under a prefix. Returns how many there were."""
    listed = boto3.client("s3").list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", ())
    for each in listed:
        boto3.client("s3").delete_object(Bucket="lake", Key=each["Key"])
    return len(listed)


def test_a_lost_lake_is_rebuilt_from_the_table(time: Clock) -> None:
    time.now = TOMORROW
    before = answers(*REPORTS)
    assert lose() > 0
    assert answers(*REPORTS) != before

    assert rebuild() == []

    assert answers(*REPORTS) == before
    assert compact() == []
    assert answers(*REPORTS) == before


def test_a_rebuild_writes_each_fact_under_the_id_that_the_stream_gave_it(time: Clock) -> None:
    time.now = NEXT_MONTH
    streamed = facts()
    lose()

    assert rebuild() == []

    assert len(streamed) > 10
    assert facts() == streamed


def test_a_past_granted_level_counts_for_its_days_in_a_rebuilt_lake(
    time: Clock,
) -> None:
    time.now = NEXT_MONTH
    assert lose() > 0

    assert rebuild() == []

    assert ["new", "gold", "joined", 1] in rows("tiers", "2026-11-21", "2026-11-21")


@pytest.mark.parametrize("now", [TOMORROW, NEXT_MONTH])
def test_a_lost_day_is_rebuilt_beside_the_days_that_remain(now: datetime, time: Clock) -> None:
    time.now = TOMORROW
    assert compact() == []
    time.now = now
    before = answers(*REPORTS)
    for kind in ("entries", "orders", "members"):
        assert lose(f"facts/{kind}/program=bean/month=2026-11/2026-11-21")
    assert answers(*REPORTS) != before

    assert rebuild() == []

    assert answers(*REPORTS) == before
    assert compact() == []
    assert answers(*REPORTS) == before


def test_a_stream_replayed_three_times_and_a_rebuild_change_nothing(time: Clock) -> None:
    time.now = NEXT_MONTH
    before = answers(*REPORTS)

    for _ in range(3):
        archived(at_once=5)
        assert rebuild() == []
        assert compact() == []

        assert answers(*REPORTS) == before


def test_a_rebuild_goes_on_from_message_to_message(
    time: Clock, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    monkeypatch.setattr(scan, "SEGMENTS", 2)
    monkeypatch.setattr(scan, "PAGES_MAX", 1)
    paged(monkeypatch, items=3)
    time.now = TOMORROW
    before = answers(*REPORTS)
    lose()

    assert rebuild() == []

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    again = [line for line in lines if line["message"] == "told again"]
    assert len(again) > 4
    assert sorted(line["segment"] for line in again if line["is_last"]) == [0, 1]
    assert answers(*REPORTS) == before


def test_a_range_rebuilt_twice_writes_the_same_objects() -> None:
    lose()
    begin()
    messages = receive(os.environ[QUEUE])

    consume(handler, messages)
    once = lake()
    consume(handler, messages)

    assert lake() == once


def test_an_item_that_cannot_be_read_is_named_and_holds_up_no_other(
    engine: DynamoEngine, time: Clock, log: StringIO
) -> None:
    time.now = TOMORROW
    before = answers(*REPORTS)
    lose()
    spoiled = Key("PROGRAM#bean#REQUEST#r", "ENTRY#bonus")
    engine.write([Put(spoiled, {"v": 1, "kind": "bonus"}, ())])

    assert rebuild() == []

    assert "item unreadable" in log.getvalue()
    assert answers(*REPORTS) == before


def facts() -> dict[tuple[str, str], Any]:
    """The latest revision of every fact in the lake, by its kind and id.

    When it was recorded is left out: what happens to a member between the first day and the last
    is recorded again on the day of a rebuild.
    """
    s3, latest = boto3.client("s3"), dict[tuple[str, str], Any]()
    for listed in s3.list_objects_v2(Bucket="lake", Prefix="facts/").get("Contents", ()):
        kind = listed["Key"].split("/")[1]
        body = s3.get_object(Bucket="lake", Key=listed["Key"])["Body"].read()
        for row in map(json.loads, gzip.decompress(body).splitlines()):
            fact = latest.setdefault((kind, row["fact_id"]), row)
            if (fact["revision"], fact["recorded_at"]) < (row["revision"], row["recorded_at"]):
                latest[kind, row["fact_id"]] = row
    return {key: row | {"recorded_at": None} for key, row in latest.items()}


def lake() -> dict[str, str]:
    listed = boto3.client("s3").list_objects_v2(Bucket="lake").get("Contents", ())
    return {each["Key"]: each["ETag"] for each in listed}
