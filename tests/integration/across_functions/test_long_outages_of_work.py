"""A service that background work needs is out for an hour: it is done later, and nothing is lost.

`test_long_outages.py` lives through every kind of failure of each service. These are the other
pairs of a function and a service that it calls, each refused and silent.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest

from functions.audit.handler import handler as audit
from functions.codes.handler import handler as codes
from functions.compaction.handler import handler as compaction
from functions.enrollment.handler import handler as enrollment
from functions.intake.handler import handler as intake
from functions.privacy.handler import handler as privacy
from functions.rebuild.handler import handler as rebuild
from functions.reminders.handler import handler as reminders
from functions.webhooks_out import handler as webhooks_out
from loyalty.edge.aws.erasing import MailSuppressions
from loyalty.table import keys, scan
from loyalty.table.operations import Increase, Update, equal
from tests.integration.lakeside import archived, paged, rows
from tests.support import deliveries, signing, till
from tests.support.documents import reward
from tests.support.erasing import finish
from tests.support.http import Context, call, service
from tests.support.inbox import inbox_texts
from tests.support.mailroom import Mailroom
from tests.support.platforms import PlatformServer, Reply
from tests.support.queues import receive, work_off
from tests.support.received import RECEIVED_AT
from tests.support.receiver import receiving
from tests.support.shopify import encoded, headers, large_order
from tests.support.signing import fixture

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import StringIO

    from mypy_boto3_sesv2 import SESV2Client

    from loyalty.table.engine import DynamoEngine
    from tests.integration.across_functions.conftest import Hour
    from tests.integration.conftest import Clock
    from tests.support.queues import Consumer

CUSTOMER: Final = {"kind": "customer", "source": "shop", "value": "207119551"}

pytestmark = pytest.mark.parametrize("failure", ["refused", "silent"])


def enroll(identity: dict[str, str]) -> str:
    body = {"identities": [identity]}
    path = f"{till.PROGRAM}/members"
    answer = call(enrollment, "POST", path, body=body, as_=service("bean"))
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


def live_through(hour: Hour, service_name: str, handler: Consumer, queue: str) -> None:
    """Let a run begin, and let its service be out when the first message is taken."""
    url = os.environ[queue]
    assert handler({}, Context()) is None
    messages = hour.queue_of(handler)
    messages.send(*(each["body"] for each in receive(url)))
    hour.passes(messages, hour.without(service_name))
    # What the messages led to.
    assert work_off(handler, url) == []


@pytest.mark.parametrize("service_name", ["dynamodb", "s3"])
def test_a_large_delivery_is_erased(
    service_name: str, hour: Hour, publish: Callable[..., object], time: Clock
) -> None:
    publish(currency="USD")
    deliveries.connect()
    member_id = enroll(CUSTOMER)
    raw = encoded(large_order(paid_at=time.now))
    deliveries.post(raw, headers(raw))
    deliveries.drain()
    till.erase(member_id)
    url = os.environ["LOYALTY_PRIVACY_QUEUE_URL"]
    assert privacy({}, Context()) is None
    # The traces of the erasure, and the beginning of the search.
    first = hour.queue_of(privacy)
    first.send(*(each["body"] for each in receive(url)))
    first.run(timedelta(minutes=1))
    search = hour.queue_of(privacy)
    search.send(*(each["body"] for each in receive(url)))

    hour.passes(search, hour.without(service_name))

    assert inbox_texts() == ["erased"]


@pytest.fixture
def suppressions(monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    """SES's list, which moto does not have; an outage of SES is one of a socket all the same."""
    room = Mailroom()

    def suppressions(client: SESV2Client) -> MailSuppressions:
        is_out = "AWS_ENDPOINT_URL_SESV2" in os.environ
        return MailSuppressions(client if is_out else room.client)

    monkeypatch.setattr("functions.privacy.handler.MailSuppressions", suppressions)
    return room


@pytest.mark.parametrize("service_name", ["dynamodb", "sqs", "sesv2"])
def test_an_erasure_is_finished(
    service_name: str, hour: Hour, publish: Callable[..., object], suppressions: Mailroom
) -> None:
    publish()
    till.erase(till.enroll())

    live_through(hour, service_name, privacy, "LOYALTY_PRIVACY_QUEUE_URL")
    # A search that was begun before the erasures were ready is left to the next hour's run.
    finish()

    assert set(suppressions.lifted) == {"ana@example.com"}
    assert privacy({}, Context()) is None
    assert receive(os.environ["LOYALTY_PRIVACY_QUEUE_URL"]) == []


@pytest.mark.usefixtures("program", "disk")
@pytest.mark.parametrize("service_name", ["dynamodb", "s3", "sqs"])
def test_a_lost_lake_is_rebuilt(
    service_name: str, hour: Hour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SEGMENTS", 1)
    till.earn(till.enroll(), 4999)
    archived()
    before = rows("summary")
    for each in boto3.client("s3").list_objects_v2(Bucket="lake")["Contents"]:
        boto3.client("s3").delete_object(Bucket="lake", Key=each["Key"])
    if service_name == "sqs":
        # What is left of a segment is another message.
        monkeypatch.setattr(scan, "PAGES_MAX", 1)
        paged(monkeypatch, items=3)

    live_through(hour, service_name, rebuild, "LOYALTY_REBUILD_QUEUE_URL")

    assert rows("summary") == before


@pytest.mark.usefixtures("program", "disk")
def test_the_lake_is_folded(hour: Hour) -> None:
    till.earn(till.enroll(), 4999)
    archived()
    before = rows("summary")

    live_through(hour, "s3", compaction, "LOYALTY_COMPACTION_QUEUE_URL")

    listed = boto3.client("s3").list_objects_v2(Bucket="lake", Prefix="facts/entries/")["Contents"]
    assert [each["Key"].rpartition(".")[2] for each in listed] == ["parquet"]
    assert rows("summary") == before


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("service_name", ["dynamodb", "s3", "sqs"])
def test_a_difference_in_the_books_is_found(
    service_name: str, hour: Hour, engine: DynamoEngine, log: StringIO
) -> None:
    member_id = till.enroll()
    till.earn(member_id, 4999)
    archived()
    account = keys.account("bean", member_id)
    engine.write([Update(account, (Increase(("balance",), 1),), (equal(("status",), "active"),))])

    live_through(hour, service_name, audit, "LOYALTY_AUDIT_QUEUE_URL")

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {each["member_id"] for each in lines if each["message"] == "books differ"} == {member_id}


def test_a_reminder_is_written(hour: Hour, publish: Callable[..., object]) -> None:
    publish(reminders={"welcome": {}})
    member_id = till.enroll()
    till.change(member_id, consents={"email": True})
    queue = hour.queue_of(reminders)
    page = {"v": 1, "program_id": "bean", "lane": "changed", "items": [member_id]}
    queue.send(json.dumps(page))

    hour.passes(queue, hour.without("dynamodb"))

    path = f"{till.PROGRAM}/members/{member_id}/messages"
    written = call(enrollment, "GET", path, as_=till.MANAGER).body["items"]
    assert [each["kind"] for each in written] == ["welcome"]


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("service_name", ["dynamodb", "secretsmanager"])
def test_a_due_webhook_is_delivered(
    service_name: str, hour: Hour, monkeypatch: pytest.MonkeyPatch, platform: PlatformServer
) -> None:
    monkeypatch.setenv("LOYALTY_LOCAL_ENDPOINTS", "yes")
    monkeypatch.setattr(webhooks_out, "is_on_one_machine", lambda: True)
    with receiving() as receiver:
        body = {"url": f"{receiver.origin}/hooks", "events": ["PointsEarned"]}
        path = f"{till.PROGRAM}/endpoints/crm"
        call(webhooks_out.handler, "PUT", path, body=body, as_=till.MANAGER)
        url = os.environ["LOYALTY_WEBHOOKS_OUT_QUEUE_URL"]
        detail = {
            "id": "evt_1", "program_id": "bean", "occurred_at": "2026-11-21T10:00:00Z", "points": 9,
        }  # fmt: skip
        event = hour.queue_of(webhooks_out.handler)
        event.send(json.dumps({"v": 1, "event": "PointsEarned", "detail": detail}))
        event.run(timedelta(minutes=1))
        attempts = hour.queue_of(webhooks_out.handler)
        attempts.send(*(each["body"] for each in receive(url)))

        hour.passes(attempts, hour.without(service_name))

        # At least once, and under the same id.
        assert {post.headers["webhook-id"] for post in receiver.posts} == {"evt_1"}
        listed = call(webhooks_out.handler, "GET", f"{path}/deliveries", as_=till.MANAGER)
        assert [each["state"] for each in listed.body["items"]] == ["delivered"]


@pytest.mark.parametrize("service_name", ["dynamodb", "secretsmanager"])
def test_a_voucher_s_code_reaches_its_shop(
    service_name: str, hour: Hour, publish: Callable[..., object], platform: PlatformServer
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

    hour.passes(queue, hour.without(service_name))

    assert len(platform.posted) == 2


def test_an_order_that_its_platform_has_to_be_asked_for_earns(
    hour: Hour, publish: Callable[..., object], platform: PlatformServer
) -> None:
    publish(currency="USD")
    hooks = "https://shop.example.com/hooks"
    deliveries.connect(
        platform="square",
        source="shop",
        secrets=[signing.SECRET],
        access_token="the-token",
        notification_url=hooks,
    )
    member_id = enroll({"kind": "customer", "source": "shop", "value": "ANA"})
    order_id = "03O3USaPaAaFnI6kkwB1JxGgBsUZY"
    order = fixture("square/order")["order"] | {"id": order_id, "customer_id": "ANA"}
    platform.answer(f"/v2/orders/{order_id}", Reply(200, {"order": order}))
    payment: dict[str, Any] = fixture("square/payment.updated")
    payment["data"]["object"]["payment"]["created_at"] = RECEIVED_AT.isoformat()
    raw = encoded(payment)
    assert deliveries.post(raw, signing.square(raw, url=hooks)).status == 200
    queue = hour.queue_of(intake)
    queue.send(*(each["body"] for each in deliveries.queued()))

    hour.passes(queue, hour.without("platform"))

    assert till.member(member_id)["balance"] == 5
