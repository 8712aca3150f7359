"""The nightly audit: it reads from the lake who has changed, and names every difference."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import boto3
import pytest

from functions.archive.handler import handler as archive
from functions.audit.handler import handler
from functions.relay.handler import handler as relay
from loyalty.domain.staff.staff_days import StaffDay
from loyalty.edge.aws import clients
from loyalty.table import keys
from loyalty.table.due import TableProgress
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Increase, Put, Update, equal
from loyalty.table.staff_days import TableStaffDays
from tests.integration.conftest import TABLE, Clock
from tests.support import stream, till
from tests.support.eventbridge import EventBridge
from tests.support.http import Context, staff
from tests.support.queues import Message, receive, work_off
from tests.support.sweeping import Killed

pytestmark = pytest.mark.usefixtures("program")


@pytest.fixture
def ana() -> str:
    """A member with 49 points."""
    member_id = till.enroll()
    till.earn(member_id, 4999)
    return member_id


@pytest.fixture
def spoil(engine: DynamoEngine) -> Callable[[str], None]:
    """Give a member a point without an entry."""

    def spoil(member_id: str) -> None:
        point = Update(
            keys.account("bean", member_id),
            actions=(Increase(("balance",), 1),),
            conditions=(equal(("status",), "active"),),
        )
        engine.write([point])

    return spoil


@pytest.fixture
def fill_lake() -> Callable[[], None]:
    """Archive what the stream has had since the last time."""
    written = 0

    def fill() -> None:
        nonlocal written
        records = stream.records(TABLE)
        archive(stream.batch(records[written:]), Context())
        written = len(records)

    return fill


def audit(**event: str) -> list[Message]:
    """A whole night's audit; gives the messages that failed."""
    begin(**event)
    return work_off(handler, queue_url())


def begin(**event: str) -> None:
    assert handler(event, Context()) is None


def queue_url() -> str:
    return os.environ["LOYALTY_AUDIT_QUEUE_URL"]


def differences(log: StringIO) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in log.getvalue().splitlines())
    return [line for line in lines if line["message"] == "books differ"]


def audited() -> Iterator[str]:
    """The members to audit, after the programs were read."""
    (program,) = receive(queue_url())
    boto3.client("sqs").delete_message(QueueUrl=queue_url(), ReceiptHandle=program["receiptHandle"])
    handler({"Records": [program]}, Context())
    while messages := receive(queue_url()):
        for message in messages:
            boto3.client("sqs").delete_message(
                QueueUrl=queue_url(), ReceiptHandle=message["receiptHandle"]
            )
            yield from json.loads(message["body"])["items"]


def test_books_that_add_up_alarm_nobody(
    ana: str, fill_lake: Callable[[], None], log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    till.redeem(ana)
    fill_lake()

    assert audit() == []

    assert differences(log) == []
    assert "BooksDiffer" not in capsys.readouterr().out


def test_a_difference_is_named_and_counted_and_nothing_is_repaired(
    ana: str,
    spoil: Callable[[str], None],
    fill_lake: Callable[[], None],
    log: StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(ana)
    fill_lake()

    assert audit() == []

    (difference,) = differences(log)
    assert (difference["member_id"], difference["what"]) == (ana, "balance")
    assert (difference["of_account"], difference["of_entries"]) == ("50", "49")
    assert '"BooksDiffer":1' in capsys.readouterr().out
    assert till.member(ana)["balance"] == 50


def test_erased_and_merged_members_are_audited_separately(
    ana: str, fill_lake: Callable[[], None], log: StringIO
) -> None:
    bob, eve = till.enroll("bob@example.com"), till.enroll("eve@example.com")
    till.earn(bob, 1000)
    till.earn(eve, 1000)
    till.merge(bob, into=ana)
    till.erase(eve)
    fill_lake()
    begin()

    assert set(audited()) == {ana, bob, eve}
    assert audit(since="2026-11-01") == []
    assert differences(log) == []


def test_only_members_changed_since_the_last_night_are_audited(
    ana: str, engine: DynamoEngine, fill_lake: Callable[[], None]
) -> None:
    fill_lake()
    begin()
    assert set(audited()) == {ana}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    TableProgress(engine, program_id="bean", of="audit").advance(tomorrow.isoformat())

    begin()
    assert set(audited()) == set()

    begin(since="2026-11-01")
    assert set(audited()) == {ana}


def test_a_run_that_was_killed_before_its_mark_moved_hands_everybody_out_again(
    ana: str, fill_lake: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_lake()
    begin()
    with monkeypatch.context() as patch:
        patch.setattr(TableProgress, "advance", kill)
        with pytest.raises(Killed):
            list(audited())
    boto3.client("sqs").purge_queue(QueueUrl=queue_url())

    begin()

    assert set(audited()) == {ana}


def test_an_unreadable_member_goes_back_alone_and_the_rest_are_audited(
    ana: str,
    spoil: Callable[[str], None],
    fill_lake: Callable[[], None],
    engine: DynamoEngine,
    log: StringIO,
) -> None:
    bob = till.enroll("bob@example.com")
    till.earn(bob, 1000)
    spoil(bob)
    broken = keys.account("bean", ana)
    engine.write([Put(broken, {"v": 1, "kind": "account"})])
    # An account that is none must not hold up the stream's readers here.
    fill_lake_of_entries()

    (failed,) = audit()

    page = json.loads(failed["body"])
    assert (page["items"], page["cause"]["kind"]) == ([ana], "KeyError")
    assert [difference["member_id"] for difference in differences(log)] == [bob]


def kill(*_: object) -> None:
    raise Killed


def fill_lake_of_entries() -> None:
    facts = [
        record
        for record in stream.records(TABLE)
        if record["dynamodb"]["Keys"]["sk"]["S"].startswith("ENTRY")
    ]
    archive(stream.batch(facts), Context())


def announced() -> list[dict[str, Any]]:
    """What was published of unusual hands."""
    bus = EventBridge()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clients, "eventbridge", lambda: bus)
        relay(stream.batch(stream.records(TABLE)), Context())
    return [
        json.loads(each["Detail"]) for each in bus.entries if each["DetailType"] == "UnusualActions"
    ]


def test_an_unusual_hand_is_announced_once_in_the_night_after(
    ana: str, engine: DynamoEngine, time: Clock
) -> None:
    days = TableStaffDays(engine, program_id="bean")
    for number in range(1, 31):
        days.put(StaffDay(day=time.now.date() - timedelta(days=number), moved=(10,)))
    bea, eve = (staff("bean", "manager", subject=who) for who in ("bea", "eve"))
    till.adjust(ana, 300, as_=bea)
    till.adjust(ana, -200, as_=bea)
    till.adjust(ana, 10, as_=eve)

    assert audit() == []
    assert announced() == []
    time.now += timedelta(days=1)
    assert audit() == []
    assert audit() == []

    (event,) = announced()
    assert (event["person"], event["day"], event["points"], event["actions"]) == (
        "bea", "2026-11-21", 500, 2,
    )  # fmt: skip
    assert (event["usual_points"], event["member_id"]) == (10, None)
