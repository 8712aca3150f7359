"""What happened can be followed back: events name the request or the delivery that caused them."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.expiry.handler import handler as expiry
from functions.relay.handler import handler as relay
from functions.storefronts.handler import handler as storefronts
from functions.webhooks_out.handler import handler as webhooks_out
from loyalty.domain.events import Event, events_of
from loyalty.table.changes import read
from tests.integration.conftest import TABLE, Clock
from tests.support import deliveries, http, till
from tests.support.http import Context, call
from tests.support.queues import receive, work_off
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.stream import batch, records

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def request_named(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Name the requests from now on."""
    return lambda name: monkeypatch.setattr(http, "REQUEST_ID", name)


def events() -> list[Event]:
    """All events since the table is there."""
    return [event for _, change in read(records(TABLE)).changes for event in events_of(change)]


def causes(name: str) -> list[str | None]:
    return [event.caused_by for event in events() if event.name == name]


@pytest.mark.usefixtures("program")
def test_an_order_s_webhook_names_the_request_that_recorded_it(
    request_named: Callable[[str], None],
) -> None:
    body = {"url": "https://crm.example.com/hook", "events": ["PointsEarned"]}
    call(webhooks_out, "PUT", f"{till.PROGRAM}/endpoints/crm", body=body, as_=till.MANAGER)
    member_id, enrolled_by = till.enroll(), http.REQUEST_ID
    request_named("the-order")
    answer = till.earn(member_id, 4999)

    assert relay(batch(records(TABLE)), Context()) == {"batchItemFailures": []}

    (message,) = receive(os.environ["LOYALTY_EVENTS_QUEUE_URL"])
    detail = json.loads(message["body"])["detail"]
    assert detail["entry_id"] == answer.body["entry"]["id"]
    assert detail["caused_by"] == answer.headers["x-request-id"] == "the-order"
    assert causes("MemberEnrolled") == [enrolled_by]
    assert causes("MemberChanged") == ["the-order"]


def test_what_a_shop_delivered_names_the_delivery(
    publish: Callable[..., object], time: Clock
) -> None:
    publish(currency="USD")
    deliveries.connect()
    identity = {"kind": "customer", "source": "shop", "value": "207119551"}
    enrolling: dict[str, Any] = {"identities": [identity]}
    call(enrollment, "POST", f"{till.PROGRAM}/members", body=enrolling, as_=till.CASHIER)

    deliveries.deliver(payload(WITH_CUSTOMER, paid_at=time.now))
    deliveries.drain()

    shop = f"{till.PROGRAM}/storefronts/{deliveries.STOREFRONT_ID}"
    (listed,) = call(storefronts, "GET", f"{shop}/deliveries", as_=till.MANAGER).body["items"]
    assert causes("PointsEarned") == [listed["id"]]


@pytest.mark.usefixtures("program")
def test_guest_orders_that_are_claimed_later_name_the_enrollment(
    request_named: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.usecases.people.joining.CLAIMED_AT_ONCE_MAX", 1)
    email = {"kind": "email", "value": "ana@example.com"}
    for _ in range(2):
        assert till.post_order(till.order(identities=[email])).status == 202
    request_named("the-enrollment")
    body = {"identities": [email | {"verified": True}]}
    call(enrollment, "POST", f"{till.PROGRAM}/members", body=body, as_=http.service("bean"))

    deliveries.drain()

    assert causes("PointsEarned") == ["the-enrollment"] * 2


def test_what_the_calendar_does_names_no_request(
    publish: Callable[..., object], time: Clock
) -> None:
    publish(expiry={"model": "after_earning", "days": 3, "round_to": "none"})
    till.earn(till.enroll(), 4999)
    time.now += timedelta(days=5)

    assert expiry({}, Context()) is None
    assert work_off(expiry, os.environ["LOYALTY_SWEEP_QUEUE_URL"]) == []

    assert causes("PointsExpired") == [None]
    assert causes("MemberChanged")[-1] is None
