"""The relay: what happened over HTTP is on the bus, and nothing is lost on the way."""

import copy
import json
import os
from io import StringIO
from typing import Any, Final

import boto3
import pytest
from jsonschema import validate

from functions.relay import handler as relay
from functions.webhooks_out import handler as webhooks_out
from loyalty.domain.events import ALL
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients, table
from loyalty.edge.aws.publishing import ATTEMPTS_MAX
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.eventbridge import EventBridge
from tests.support.http import Context, call, staff
from tests.support.planned_service import PlannedService
from tests.support.queues import consume, receive
from tests.support.stream import Record, batch, records
from tools import schemas

SCHEMAS: Final = {kind.name: schemas.schema_of(kind) for kind in ALL}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "pause", lambda _attempt: None)


@pytest.fixture
def subscriber() -> str:
    """The address of a queue that hears everything of ours on the bus."""
    sqs, events = boto3.client("sqs"), boto3.client("events")
    address = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(Name="ours", EventBusName="bus", EventPattern='{"source": ["loyalty"]}')
    events.put_targets(
        Rule="ours", EventBusName="bus", Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}]
    )
    return address


@pytest.fixture
def eventbridge(monkeypatch: pytest.MonkeyPatch) -> EventBridge:
    """A fake bus that can refuse events."""
    bus = EventBridge()
    monkeypatch.setattr(clients, "eventbridge", lambda: bus)
    return bus


def relayed(records: list[Record]) -> list[str]:
    """The sequence numbers to begin again from."""
    answer = relay.handler(batch(records), Context())
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def heard(address: str) -> list[dict[str, Any]]:
    sqs = boto3.client("sqs")
    events: list[dict[str, Any]] = []
    while got := sqs.receive_message(QueueUrl=address, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            events.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
    return events


@pytest.fixture(autouse=True)
def story(program: PublishedProgram) -> str:
    """Ana enrolls, earns 49, has a latte and drinks it; gives her id."""
    ana = till.enroll()
    till.earn(ana, 4999, order_id="1001")
    till.use(till.redeem(ana).body["voucher"]["code"])
    return ana


def test_every_change_puts_its_event_on_the_bus(subscriber: str, story: str) -> None:
    assert relayed(records(TABLE)) == []

    events = heard(subscriber)
    assert [each["detail-type"] for each in events] == [
        "MemberEnrolled",
        "PointsEarned",
        "MemberChanged",
        "RewardRedeemed",
        "MemberChanged",
        "VoucherUsed",
    ]
    assert {each["detail"]["member_id"] for each in events} == {story}
    assert events[1]["detail"]["order"] == {"source": "pos", "order_id": "1001"}


def test_events_on_the_bus_match_their_schemas(subscriber: str) -> None:
    relayed(records(TABLE))

    for each in heard(subscriber):
        validate(each["detail"], SCHEMAS[each["detail-type"]])


def test_a_batch_delivered_twice_repeats_the_same_ids(eventbridge: EventBridge) -> None:
    relayed(records(TABLE))
    once = list(eventbridge.taken)

    relayed(records(TABLE))

    assert eventbridge.taken == once * 2
    assert len(set(once)) == len(once)


def test_nothing_personal_is_on_the_bus(eventbridge: EventBridge) -> None:
    relayed(records(TABLE))

    assert eventbridge.entries
    assert "ana@example.com" not in str(eventbridge.entries)


def test_the_stream_is_read_again_from_the_change_whose_event_did_not_arrive(
    eventbridge: EventBridge,
) -> None:
    changes = records(TABLE)
    relayed(changes)
    _, earned, *later = eventbridge.taken
    eventbridge.refusals = [{earned}] * ATTEMPTS_MAX

    (again_from,) = relayed(changes)

    rest = [each for each in changes if int(sequence_number(each)) >= int(again_from)]
    assert eventbridge.taken[6:] == [eventbridge.taken[0], *later]
    assert relayed(rest) == []
    assert eventbridge.taken[-5:] == [earned, *later]


def test_a_record_that_cannot_be_read_delays_only_later_records(
    eventbridge: EventBridge, log: StringIO
) -> None:
    changes = copy.deepcopy(records(TABLE))
    broken = next(each for each in changes if sort_key(each) == "ENTRY#accrual")
    broken["dynamodb"]["NewImage"]["recorded_at"] = {"S": "ana@example.com"}

    again_from = relayed(changes)

    assert again_from == [sequence_number(broken)]
    assert [entry["DetailType"] for entry in eventbridge.entries] == ["MemberEnrolled"]
    assert "ana@example.com" not in log.getvalue()


def test_only_what_rules_ask_for_is_on_the_bus(
    eventbridge: EventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {"RewardRedeemed": [{}], "PointsEarned": [{"late": [True]}]}
    monkeypatch.setenv("LOYALTY_BUS_RULES", json.dumps(rules))

    assert relayed(records(TABLE)) == []

    assert [entry["DetailType"] for entry in eventbridge.entries] == ["RewardRedeemed"]


def listen(*events: str) -> None:
    """Register an endpoint."""
    body = {"url": "https://crm.example/", "events": events}
    answer = call(
        webhooks_out.api,
        "PUT",
        "/v1/programs/bean/endpoints/crm",
        body=body,
        as_=staff("bean", "manager"),
    )
    assert answer.status == 201


def queued() -> list[dict[str, Any]]:
    """The events that were sent to be fanned out to endpoints."""
    return [json.loads(each["body"]) for each in receive(os.environ["LOYALTY_EVENTS_QUEUE_URL"])]


def test_events_that_no_endpoint_wants_are_not_queued(eventbridge: EventBridge) -> None:
    listen("PointsExpired")

    assert relayed(records(TABLE)) == []

    assert queued() == []


def test_events_that_an_endpoint_wants_are_queued_for_it(eventbridge: EventBridge) -> None:
    listen("PointsEarned", "VoucherUsed")

    assert relayed(records(TABLE)) == []

    assert [each["event"] for each in queued()] == ["PointsEarned", "VoucherUsed"]


def test_what_is_queued_is_what_is_fanned_out(eventbridge: EventBridge) -> None:
    listen("PointsEarned")
    relayed(records(TABLE))
    messages = receive(os.environ["LOYALTY_EVENTS_QUEUE_URL"])

    assert consume(webhooks_out.handler, messages) == []

    (attempt,) = receive(os.environ["LOYALTY_WEBHOOKS_OUT_QUEUE_URL"])
    assert json.loads(attempt["body"])["endpoint_id"] == "crm"


def test_the_stream_is_read_again_from_the_change_whose_event_was_not_queued(
    eventbridge: EventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen("PointsEarned", "VoucherUsed")
    changes = records(TABLE)
    earned = next(each for each in changes if sort_key(each) == "ENTRY#accrual")
    refusing = PlannedService({"Failed": [{"Id": "0"}]})
    monkeypatch.setattr(clients, "sqs", lambda: refusing)

    (again_from,) = relayed(changes)

    assert again_from == sequence_number(earned)


def test_an_item_that_is_gone_is_no_event(eventbridge: EventBridge) -> None:
    removed = copy.deepcopy(records(TABLE))
    for each in removed:
        each["eventName"] = "REMOVE"
        each["dynamodb"].pop("NewImage")

    assert relayed(removed) == []

    assert eventbridge.entries == []


def sequence_number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def sort_key(record: Record) -> str:
    return str(record["dynamodb"]["Keys"]["sk"]["S"])
