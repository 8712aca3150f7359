"""A delivery that was kept, and that the queue knows nothing of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

import functions.webhooks.handler as webhooks
from functions.enrollment.handler import handler as enrollment
from functions.intake.handler import handler as intake
from functions.storefronts.handler import handler as storefronts
from loyalty.domain.shops.deliveries import StoredDelivery
from loyalty.edge.aws import clients
from loyalty.edge.aws.inbox import SqsIntakeQueue
from tests.integration.conftest import Clock
from tests.support.deliveries import MANAGER, PROGRAM_ID, connect, deliver, drain, queued
from tests.support.http import Answer, call, service
from tests.support.shopify import WITH_CUSTOMER, payload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)

type Strand = Callable[..., Answer]


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object]) -> None:
    publish(currency="USD")
    connect()


@pytest.fixture
def member_id() -> str:
    identity = {"kind": "customer", "source": "shop", "value": "207119551"}
    path = f"/v1/programs/{PROGRAM_ID}/members"
    body = {"identities": [identity]}
    return str(call(enrollment, "POST", path, body=body, as_=service(PROGRAM_ID)).body["id"])


class Down(SqsIntakeQueue):
    """A queue that does not answer."""

    def __init__(self) -> None:
        super().__init__(clients.sqs(), queue_url="https://queue")

    def send(self, stored: StoredDelivery) -> None:
        raise EndpointConnectionError(endpoint_url="https://queue")


def order(**changes: Any) -> dict[str, Any]:
    return payload(WITH_CUSTOMER, paid_at=NOW, **changes)


@pytest.fixture
def strand(monkeypatch: pytest.MonkeyPatch) -> Strand:
    """Delivers an order while the queue does not answer."""

    def strand(**changes: Any) -> Answer:
        with monkeypatch.context() as broken:
            broken.setattr(webhooks, "queue", Down)
            return deliver(order(**changes))

    return strand


def look() -> None:
    """As the schedule wakes it."""
    assert intake({}, object()) is None


def balance(member_id: str) -> int:
    path = f"/v1/programs/{PROGRAM_ID}/members/{member_id}"
    return int(call(enrollment, "GET", path, as_=service(PROGRAM_ID)).body["balance"])


def statuses() -> list[str]:
    path = f"/v1/programs/{PROGRAM_ID}/storefronts/online/deliveries"
    return [each["status"] for each in call(storefronts, "GET", path, as_=MANAGER).body["items"]]


def test_a_delivery_the_queue_rejects_is_refused_so_that_the_shop_repeats_it(
    member_id: str, time: Clock, strand: Strand
) -> None:
    refused = strand()
    time.now += timedelta(minutes=1)

    again = deliver(order())
    drain()

    assert (refused.status, again.status) == (503, 200)
    assert balance(member_id) == 587
    assert statuses() == ["earned", "received"]


def test_a_stored_delivery_that_was_never_queued_is_found_and_counts_once(
    member_id: str, time: Clock, strand: Strand
) -> None:
    strand()
    time.now += timedelta(minutes=40)

    look()
    drain()
    look()

    assert balance(member_id) == 587
    assert statuses() == ["earned"]
    assert queued() == []


@pytest.mark.parametrize("age", [timedelta(minutes=29), timedelta(hours=2, seconds=1)])
def test_recent_and_already_checked_deliveries_are_left_alone(
    time: Clock, strand: Strand, age: timedelta
) -> None:
    strand()
    time.now += age

    look()

    assert queued() == []


def test_a_delivery_without_effect_counts_as_applied(time: Clock) -> None:
    deliver(order(test=True))
    drain()
    time.now += timedelta(minutes=40)

    look()

    assert queued() == []


def test_more_deliveries_than_one_page_of_the_inbox_are_all_queued(
    time: Clock, strand: Strand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.usecases.shops.deliveries.REPLAYED_AT_ONCE_MAX", 2)
    for number in range(5):
        strand(id=1 + number)
        time.now += timedelta(seconds=1)
    time.now += timedelta(minutes=40)

    look()

    assert len(queued()) == 5


def test_each_program_has_its_turn_once_an_hour(
    member_id: str, time: Clock, strand: Strand
) -> None:
    strand()
    time.now += timedelta(minutes=40)
    balances = []
    for _ in range(12):
        time.now += timedelta(minutes=5)
        assert intake({"runs_an_hour": 12}, object()) is None
        drain()
        balances.append(balance(member_id))

    assert set(balances) == {0, 587}
    assert statuses() == ["earned"]
