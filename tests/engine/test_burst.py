"""A burst of deliveries, applied by consumers that are killed, on a bare local cloud."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final

import pytest

from functions.intake.handler import IntakeSettings
from functions.intake.handler import handler as intake
from local.cloud import Cloud
from loyalty.domain.ledger.audit import audit
from loyalty.domain.people.identity import identify
from loyalty.domain.shops.deliveries import StoredDelivery
from loyalty.domain.shops.storefront import Received, ShopKeys
from loyalty.edge.aws import clients
from loyalty.edge.aws.inbox import SqsIntakeQueue, open_inbox
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_desk
from loyalty.edge.directory import directory
from loyalty.edge.settings import settings
from loyalty.storefronts import platform_named
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Operation
from loyalty.table.programs import TablePrograms
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.shops.deliveries import Files, deliveries_page
from loyalty.usecases.shops.storefronts import Connections, connect, receive
from tests.support import cold, shopify
from tests.support.documents import published
from tests.support.queues import consume, record_of
from tests.support.received import storefront
from tests.support.signing import SECRET

PROGRAM_ID: Final = "bean"
STOREFRONT_ID: Final = "online"
ORDERS: Final = 48
MEMBERS: Final = 6
SENDERS: Final = 8
CONSUMERS: Final = 3
KILLS: Final = 10
# How long until a message of a killed consumer is visible again.
VISIBILITY_SECONDS: Final = 3
SECONDS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Sent:
    """The deliveries about one order."""

    topic: str
    event_id: str
    body: bytes


@pytest.fixture
def queue_url(cloud: Cloud, table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Create everything that `webhooks` and `intake` need. Returns the queue between them."""
    variables = {
        "AWS_ENDPOINT_URL": cloud.aws.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "LOYALTY_TABLE": table,
        "LOYALTY_INBOX_BUCKET": f"inbox-{table}",
        "LOYALTY_STOREFRONT_SECRETS": f"{table}/storefronts/",
        "LOYALTY_METRICS_NAMESPACE": "Loyalty",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    cloud.aws.s3.create_bucket(Bucket=f"inbox-{table}")
    secret = clients.secrets_manager().call(
        "CreateSecret", {"Name": f"{table}/identity", "SecretString": "a key of the digests"}
    )
    monkeypatch.setenv("LOYALTY_IDENTITY_SECRET", secret["ARN"])
    queue = cloud.aws.sqs.create_queue(
        QueueName=f"{table}.fifo",
        Attributes={
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "VisibilityTimeout": str(VISIBILITY_SECONDS),
        },
    )
    monkeypatch.setenv("LOYALTY_INTAKE_QUEUE_URL", queue["QueueUrl"])
    yield queue["QueueUrl"]
    forget_clients()


def forget_clients() -> None:
    """Reset cached clients: they belong to this test's cloud, and other tests use another."""
    cold.forget()
    clients.forget()


def of_order(number: int, *, moment: datetime) -> tuple[list[Sent], int]:
    """All deliveries about an order, and the points that are right in the end."""
    customer: dict[str, Any] = {
        "customer": {"id": 1 + number % MEMBERS},
        "email": None,
        "contact_email": None,
        "phone": None,
        "billing_address": None,
        "shipping_address": None,
    }

    def order(minute: int, **changes: Any) -> dict[str, Any]:
        payload = shopify.payload(shopify.WITH_CUSTOMER, paid_at=moment, id=1000 + number)
        payload |= customer | {
            "updated_at": (moment + timedelta(minutes=minute)).isoformat(),
            "financial_status": "paid",
            "refunds": [],
            "line_items": [each | {"current_quantity": 1} for each in payload["line_items"]],
        }
        return payload | changes

    def sent(topic: str, body: dict[str, Any], *event_ids: str) -> list[Sent]:
        raw = shopify.encoded(body)
        return [Sent(topic, f"{number}-{event_id}", raw) for event_id in event_ids]

    paid = sent("orders/paid", order(0), "a", "a", "b")
    match number % 4:
        case 0:
            changed = order(1, line_items=order(0)["line_items"][:1])
            return paid + sent("orders/updated", changed, "c"), 195
        case 1:
            later = (moment + timedelta(seconds=30)).isoformat()
            refund = shopify.payload(
                "refund.509562969", order_id=1000 + number, created_at=later, processed_at=later
            )
            return paid + sent("refunds/create", refund | {"id": number}, "c", "d"), 382
        case 2:
            gone = order(2, cancelled_at=moment.isoformat(), financial_status="refunded")
            return paid + sent("orders/cancelled", gone, "c"), 0
        case _:
            return paid, 587


def send(all_sent: Sequence[Sent], *, now: datetime, url: str) -> list[str | None]:
    """Receive deliveries as `webhooks` does, on several threads at once."""
    shelf = TableStorefronts(engine(settings(IntakeSettings).table))
    vault = StorefrontSecrets(clients.secrets_manager(), prefix=_variable("STOREFRONT_SECRETS"))
    shop = storefront(storefront_id=STOREFRONT_ID, connected_at=now)
    connect(shop, ShopKeys(secrets=(SECRET,)), program_id=PROGRAM_ID, shelf=shelf, vault=vault)
    connections = Connections(shelf, vault, clock=time.monotonic)
    inbox = open_inbox(table=_variable("TABLE"), bucket=_variable("INBOX_BUCKET"))
    queue = SqsIntakeQueue(clients.sqs(), queue_url=url)

    def post(sent: Sent) -> str | None:
        signed = shopify.headers(sent.body, topic=sent.topic, event_id=sent.event_id, secret=SECRET)
        return receive(
            Received(body=sent.body, headers=signed, url="", received_at=datetime.now(UTC)),
            program_id=PROGRAM_ID,
            storefront_id=STOREFRONT_ID,
            connections=connections,
            find_platform=platform_named,
            inbox=inbox,
            queue=queue,
        )

    return in_threads([partial(post, each) for each in all_sent], threads=SENDERS)


class Killed(BaseException):
    """The consumer's process was killed."""


class Consumers:
    """Consumers that take from the queue as an event source mapping does, and are often killed.

    They are killed before or after any of their writes, or when all is done but not yet deleted.
    """

    def __init__(self, cloud: Cloud, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._sqs = cloud.aws.sqs
        self._url = url
        self._at_work = threading.local()
        self._numbers = count(1)
        self.batches = 0
        write = DynamoEngine.write

        def deadly(engine: DynamoEngine, operations: Sequence[Operation]) -> None:
            left = self._at_work.left = getattr(self._at_work, "left", 0) - 1
            if left == 0:
                raise Killed
            write(engine, operations)
            if left == 1 and self._at_work.is_late:
                raise Killed

        monkeypatch.setattr(DynamoEngine, "write", deadly)

    def work(self) -> None:
        """Run until no message waits or is in flight."""
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            received = self._sqs.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=10, AttributeNames=["All"]
            ).get("Messages", [])
            if received:
                self._take(received)
            elif self._is_empty():
                return
            else:
                time.sleep(0.05)
        raise AssertionError("the queue does not empty")

    def _take(self, received: Sequence[Mapping[str, Any]]) -> None:
        # Every second one of the first batches kills its consumer.
        self.batches = batch = next(self._numbers)
        dies = batch % 2 == 0 and batch <= 2 * KILLS
        self._at_work.left = random.randint(1, 2 * len(received)) if dies else 0
        self._at_work.is_late = random.random() < 0.5
        try:
            failed = consume(intake, [record_of(each, self._url) for each in received])
        except Killed:
            return
        if dies:
            return
        for message in received:
            if message["MessageId"] not in failed:
                # A consumer that took too long finds that another one has the message now.
                with suppress(self._sqs.exceptions.ReceiptHandleIsInvalid):
                    self._sqs.delete_message(
                        QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"]
                    )

    def _is_empty(self) -> bool:
        counts = self._sqs.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        return not any(int(value) for value in counts.values())


def in_threads[T](calls: Sequence[Callable[[], T]], *, threads: int) -> list[T]:
    with ThreadPoolExecutor(threads) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]


def _variable(name: str) -> str:
    return os.environ[f"LOYALTY_{name}"]


def test_a_burst_applied_by_killed_consumers_loses_no_delivery_and_leaves_exact_books(
    cloud: Cloud, table: str, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    TablePrograms(engine(table)).publish(published(program_id=PROGRAM_ID, currency="USD"))
    books = open_desk(PROGRAM_ID, table=table)
    members = directory(PROGRAM_ID, settings(IntakeSettings))
    for number in range(MEMBERS):
        claim = IdentityClaim(identify("customer", str(1 + number), source="shop"))
        application = Application(member_id=f"mem_{number}", claims=[claim])
        enroll(application, members=members, desk=books)
    orders = [of_order(number, moment=now - timedelta(hours=1)) for number in range(ORDERS)]
    burst = [each for sent, _ in orders for each in sent]
    random.shuffle(burst)

    ids = send(burst, now=now, url=queue_url)
    with monkeypatch.context() as patched:
        consumers = Consumers(cloud, queue_url, patched)
        in_threads([consumers.work] * CONSUMERS, threads=CONSUMERS)

    assert None not in ids
    assert len(set(ids)) == len(burst)
    assert consumers.batches > 2 * KILLS
    for number in range(MEMBERS):
        account = books.books.account(f"mem_{number}", strong=True)
        assert account is not None
        entries = list(books.books.entries(f"mem_{number}"))
        assert audit(account, entries, program=books.program) == []
        assert account.balance == sum(points for _, points in orders[number::MEMBERS])
    assert {delivery.log_id for delivery in applied(table, now=now)} == set(ids)


def applied(table: str, *, now: datetime) -> Iterator[StoredDelivery]:
    """The status of each delivery in the list; all must have been applied."""
    files = Files(
        inbox=open_inbox(table=table, bucket=_variable("INBOX_BUCKET")),
        log=TableStorefronts(engine(table)),
        find_platform=platform_named,
    )
    before = None
    while True:
        page = deliveries_page(
            STOREFRONT_ID,
            program_id=PROGRAM_ID,
            files=files,
            limit=100,
            before_id=before,
            now=now + timedelta(minutes=5),
        )
        for delivery, handled in page.items:
            assert handled.outcome.status not in {"received", "failed", "parked"}, handled
            yield delivery
        if page.next is None:
            return
        before = page.next
