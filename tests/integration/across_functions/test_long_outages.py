"""A service is out for an hour: refused, silent, slow or failing. Nothing is lost.

The sockets are real; the hour is simulated, and the limits of calls are a tenth of the real ones.
"""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from functions.archive.handler import handler as archive
from functions.codes.handler import handler as codes
from functions.enrollment.handler import handler as enrollment
from functions.expiry.handler import handler as expiry
from functions.exports import handler as exports
from functions.intake.handler import handler as intake
from functions.notifications.handler import handler as notifications
from functions.relay.handler import handler as relay
from functions.webhooks_out.handler import handler as webhooks_out
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.messaging.messages import Message
from loyalty.table.engine import DynamoEngine
from loyalty.table.messages import TableLetters
from tests.integration.across_functions.conftest import SOON, Hour
from tests.integration.conftest import TABLE, Clock
from tests.support import deliveries, till
from tests.support.documents import reward
from tests.support.http import Context, call, service, staff
from tests.support.outages import Failure
from tests.support.platforms import PlatformServer, Reply
from tests.support.queues import receive
from tests.support.shopify import encoded, headers, large_order
from tests.support.stream import batch, records

FAILURES: Final[tuple[Failure, ...]] = ("refused", "silent", "slow", "failing")

pytestmark = pytest.mark.parametrize("failure", FAILURES)


@pytest.mark.parametrize("service_name", ["dynamodb", "s3", "secretsmanager"])
def test_a_shop_s_order_earns_once(
    service_name: str,
    hour: Hour,
    publish: Callable[..., object],
    time: Clock,
) -> None:
    publish(currency="USD")
    deliveries.connect()
    raw = encoded(large_order(paid_at=time.now))
    identity = {"kind": "customer", "source": "shop", "value": "207119551"}
    enrolled = call(
        enrollment,
        "POST",
        f"{till.PROGRAM}/members",
        body={"identities": [identity]},
        as_=service("bean"),
    )
    member_id = enrolled.body["id"]
    deliveries.post(raw, headers(raw))
    queue = hour.queue_of(intake)
    queue.send(*(message["body"] for message in deliveries.queued()))

    hour.passes(queue, hour.without(service_name))

    assert till.member(member_id)["balance"] == 587
    assert len(till.history(member_id)) == 1


@pytest.mark.parametrize("service_name", ["sesv2", "dynamodb", "secretsmanager"])
def test_a_message_is_mailed(
    service_name: str,
    hour: Hour,
    publish: Callable[..., object],
    engine: DynamoEngine,
    time: Clock,
) -> None:
    publish(reminders={"welcome": {}})
    queue = hour.queue_of(notifications)
    member_id = till.enroll()
    consents = {"consents": {"email": True}}
    call(
        enrollment, "PATCH", f"{till.PROGRAM}/members/{member_id}", body=consents, as_=till.CASHIER
    )
    message = Message(
        member_id=member_id,
        kind="welcome",
        day=time.now.date(),
        written_at=time.now,
        until=time.now.date() + timedelta(days=7),
    )
    letters = TableLetters(engine, program_id="bean")
    nothing = Correspondence(member_id=member_id)
    letters.write(nothing, nothing, (message,))
    detail = {"program_id": "bean", "member_id": member_id, "message_id": message.id}
    queue.send(json.dumps({"detail-type": "MessageDue", "detail": detail}))

    hour.passes(queue, hour.without(service_name))

    assert boto3.client("ses").get_send_quota()["SentLast24Hours"] == 1


@pytest.mark.parametrize("service_name", ["dynamodb", "sqs"])
def test_points_expire(
    service_name: str,
    hour: Hour,
    publish: Callable[..., object],
    time: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(expiry={"model": "after_earning", "days": 3, "round_to": "none"})
    monkeypatch.setattr("loyalty.table.keys.SHARDS", 2)
    member_id = till.enroll()
    till.earn(member_id, 4999)
    time.now += timedelta(days=5)
    queue = hour.queue_of(expiry)
    assert expiry({}, Context()) is None
    url = os.environ["LOYALTY_SWEEP_QUEUE_URL"]
    queue.send(*(message["body"] for message in receive(url)))

    hour.passes(queue, hour.without(service_name))
    queue.send(*(message["body"] for message in receive(url)))
    queue.run(SOON)

    assert [each["kind"] for each in till.history(member_id)] == ["expiry", "accrual"]


@pytest.mark.parametrize("service_name", ["dynamodb", "sqs"])
def test_an_event_is_queued_for_its_endpoint(
    service_name: str,
    hour: Hour,
    program: object,
) -> None:
    body = {"url": "https://crm.example.com/hook", "events": ["PointsEarned"]}
    path = f"{till.PROGRAM}/endpoints/crm"
    call(webhooks_out, "PUT", path, body=body, as_=till.MANAGER)
    queue = hour.queue_of(webhooks_out)
    detail = {
        "id": "evt_1",
        "program_id": "bean",
        "occurred_at": "2026-11-21T10:00:00Z",
        "points": 49,
    }
    queue.send(json.dumps({"event": "PointsEarned", "detail": detail}))

    hour.passes(queue, hour.without(service_name))

    messages = receive(os.environ["LOYALTY_WEBHOOKS_OUT_QUEUE_URL"])
    assert {json.loads(message["body"])["event_id"] for message in messages} == {"evt_1"}


@pytest.mark.parametrize("service_name", ["dynamodb", "s3"])
def test_a_report_s_file_is_made(service_name: str, hour: Hour, program: object) -> None:
    archived = till.enroll()
    till.earn(archived, 4999)
    assert archive(batch(records(TABLE)), Context()) == {"batchItemFailures": []}
    requested = call(
        exports.handler,
        "POST",
        f"{till.PROGRAM}/reports/exports",
        body={"facts": "entries", "from": "2026-11-01", "to": "2026-11-21", "format": "csv"},
        as_=staff("bean", "analyst"),
        headers={"Idempotency-Key": "k1"},
    )
    assert requested.status == 202, requested.text
    queue = hour.queue_of(exports.handler)
    queue.send(*(m["body"] for m in receive(os.environ["LOYALTY_EXPORTS_QUEUE_URL"])))

    hour.passes(queue, hour.without(service_name))

    path = f"{till.PROGRAM}/reports/exports/{requested.body['id']}"
    made = call(exports.handler, "GET", path, as_=staff("bean", "analyst")).body
    assert made["state"] == "done"


def test_a_voucher_s_code_reaches_its_shop(
    hour: Hour,
    publish: Callable[..., object],
    platform: PlatformServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(rewards=[reward(id="five", kind="amount_off", amount_minor=500, cost_points=10)])
    deliveries.connect(create_codes=True, access_token="shpat_1")
    member_id = till.enroll()
    till.earn(member_id, 4999)
    redemption_id = till.redeem(member_id, "five").body["id"]
    platform.answer(
        "/admin/api/2026-07/graphql.json",
        Reply(200, {"data": {"codeDiscountNodeByCode": None}}),
        Reply(200, {"data": {"done": {"userErrors": []}}}),
    )
    queue = hour.queue_of(codes)
    detail = {"program_id": "bean", "redemption_id": redemption_id, "v": 1}
    queue.send(json.dumps({"detail-type": "RewardRedeemed", "detail": detail}))

    hour.passes(queue, hour.without("platform"))

    assert len(platform.posted) == 2


@pytest.mark.parametrize("service_name", ["events", "sqs", "dynamodb"])
def test_events_of_a_batch_arrive_when_it_is_read_again(
    service_name: str, hour: Hour, program: object
) -> None:
    """Lambda hands a batch to a stream's reader again by itself, for two hours."""
    body = {"url": "https://crm.example.com/hook", "events": ["PointsEarned"]}
    call(webhooks_out, "PUT", f"{till.PROGRAM}/endpoints/crm", body=body, as_=till.MANAGER)
    till.earn(till.enroll(), 4999)
    changes = batch(records(TABLE))

    with hour.without(service_name):
        assert not succeeds(relay, changes)
        assert not succeeds(relay, changes)
    assert succeeds(relay, changes)

    queued = [json.loads(each["body"]) for each in receive(os.environ["LOYALTY_EVENTS_QUEUE_URL"])]
    assert {each["event"] for each in queued} == {"PointsEarned"}
    assert {each["detail"]["points"] for each in queued} == {49}


def test_facts_of_a_batch_are_in_the_lake_when_it_is_read_again(
    hour: Hour, program: object
) -> None:
    till.earn(till.enroll(), 4999)
    changes = batch(records(TABLE))

    with hour.without("s3"):
        assert not succeeds(archive, changes)
        assert not succeeds(archive, changes)
    assert succeeds(archive, changes)

    listed = boto3.client("s3").list_objects_v2(Bucket="lake", Prefix="facts/entries/")
    assert listed["KeyCount"] == 1


def succeeds(reader: Callable[[Any, Any], Any], changes: dict[str, Any]) -> bool:
    try:
        return bool(reader(changes, Context()) == {"batchItemFailures": []})
    except Exception:  # noqa: BLE001  # Lambda repeats the whole batch then
        return False
