"""A service that is out means 503 `try_again` within the function's time, measured on sockets."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.exports.handler import handler as exports
from functions.reporting.handler import handler as reporting
from functions.webhooks_out.handler import handler as webhooks_out
from loyalty.usecases.people.joining import CLAIMED_AT_ONCE_MAX
from tests.integration.conftest import Clock
from tests.support import deliveries, till
from tests.support.http import Answer, call, person, service
from tests.support.outages import Failure
from tests.support.shopify import encoded, headers, large_order

type BreakService = Callable[[str, Failure], AbstractContextManager[None]]

# Functions that answer HTTP live for 10 s. The last second is for the answer.
ANSWERED_WITHIN_S: Final = 9.0
FAILURES: Final[tuple[Failure, ...]] = ("refused", "silent", "slow", "failing")

ANA: Final = person(email="ana@example.com")

pytestmark = pytest.mark.usefixtures("program")


def ask(request: Callable[[], Answer]) -> Answer:
    """Send a request, which must be answered in time."""
    began = time.monotonic()
    answer = request()
    took = time.monotonic() - began
    assert took < ANSWERED_WITHIN_S, f"{took:.1f} s"
    return answer


def try_again(answer: Answer) -> bool:
    return (answer.status, answer.code) == (503, "try_again") and "retry-after" in answer.headers


@pytest.mark.parametrize("failure", FAILURES)
def test_an_order_is_to_be_sent_again_if_the_table_is_out(
    failure: Failure, break_service: BreakService
) -> None:
    member_id = till.enroll()
    order = till.order(member_id=member_id)

    with break_service("dynamodb", failure):
        assert try_again(ask(lambda: till.post_order(order)))

    assert till.post_order(order).status == 201
    assert till.member(member_id)["balance"] == 49


@pytest.mark.parametrize("failure", FAILURES)
def test_a_member_is_to_be_looked_up_again_if_the_secret_is_out(
    failure: Failure, break_service: BreakService
) -> None:
    till.enroll()
    order = till.order(identities=[{"kind": "email", "value": "ana@example.com"}])

    with break_service("secretsmanager", failure):
        assert try_again(ask(lambda: till.post_order(order)))

    assert till.post_order(order).status == 201


@pytest.mark.parametrize("service_name", ["secretsmanager", "dynamodb", "s3", "sqs"])
@pytest.mark.parametrize("failure", ["refused", "silent"])
def test_a_shop_is_to_deliver_again_if_a_service_is_out(
    service_name: str, failure: Failure, break_service: BreakService, time: Clock
) -> None:
    deliveries.connect()
    raw = encoded(large_order(paid_at=time.now))

    with break_service(service_name, failure):
        assert try_again(ask(lambda: deliveries.post(raw, headers(raw))))
    assert deliveries.post(raw, headers(raw)).status == 200

    assert deliveries.queued()


def _redeem() -> Answer:
    return till.redeem("me", key="k1", as_=ANA)


def _request_file() -> Answer:
    body = {"facts": "entries", "from": "2026-11-01", "to": "2026-11-21", "format": "csv"}
    path = f"{till.PROGRAM}/reports/exports"
    key = {"Idempotency-Key": "k1"}
    return call(exports, "POST", path, body=body, as_=till.MANAGER, headers=key)


def _report() -> Answer:
    query = {"from": "2026-11-01", "to": "2026-11-30"}
    return call(reporting, "GET", f"{till.PROGRAM}/reports/summary", query=query, as_=till.MANAGER)


def _register_endpoint() -> Answer:
    body = {"url": "https://crm.example.com/hook", "events": ["PointsEarned"]}
    return call(webhooks_out, "PUT", f"{till.PROGRAM}/endpoints/crm", body=body, as_=till.MANAGER)


def _enroll_with_many_guest_orders() -> Answer:
    identity = {"kind": "email", "value": "bob@example.com", "verified": True}
    path, body = f"{till.PROGRAM}/members", {"identities": [identity]}
    key = {"Idempotency-Key": "k1"}
    return call(enrollment, "POST", path, body=body, as_=service("bean"), headers=key)


@pytest.mark.parametrize("failure", ["refused", "silent"])
@pytest.mark.parametrize(
    ("service_name", "request_it"),
    [
        ("dynamodb", _redeem),
        ("sqs", _request_file),
        ("s3", _report),
        ("secretsmanager", _register_endpoint),
        ("secretsmanager", deliveries.connect),
        ("sqs", _enroll_with_many_guest_orders),
    ],
    ids=["redemption", "file", "report", "endpoint", "shop", "enrollment"],
)
def test_the_same_request_succeeds_once_the_service_is_back(
    service_name: str,
    request_it: Callable[[], Answer],
    failure: Failure,
    break_service: BreakService,
) -> None:
    till.earn(till.enroll_oneself(ANA), 4999)
    for _ in range(CLAIMED_AT_ONCE_MAX + 1):
        guest = {"kind": "email", "value": "bob@example.com"}
        till.post_order(till.order(identities=[guest]))

    with break_service(service_name, failure):
        assert try_again(ask(request_it))

    answer = request_it()
    assert answer.status in {200, 201, 202}, answer.text
    if request_it is _enroll_with_many_guest_orders:
        deliveries.drain()
        assert till.member(answer.body["id"])["balance"] == 49 * (CLAIMED_AT_ONCE_MAX + 1)
