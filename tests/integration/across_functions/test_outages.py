"""A service that is out means 503 `try_again` within the function's time, measured on sockets."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import pytest

from tests.integration.conftest import Clock
from tests.support import deliveries, till
from tests.support.http import Answer
from tests.support.outages import Failure
from tests.support.shopify import encoded, headers, large_order

type BreakService = Callable[[str, Failure], AbstractContextManager[None]]

# Functions that answer HTTP live for 10 s. The last second is for the answer.
ANSWERED_WITHIN_S: Final = 9.0
FAILURES: Final[tuple[Failure, ...]] = ("refused", "silent", "slow", "failing")

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


@pytest.mark.parametrize("service", ["secretsmanager", "dynamodb", "s3", "sqs"])
@pytest.mark.parametrize("failure", ["refused", "silent"])
def test_a_shop_is_to_deliver_again_if_a_service_is_out(
    service: str, failure: Failure, break_service: BreakService, time: Clock
) -> None:
    deliveries.connect()
    raw = encoded(large_order(paid_at=time.now))

    with break_service(service, failure):
        assert try_again(ask(lambda: deliveries.post(raw, headers(raw))))
    assert deliveries.post(raw, headers(raw)).status == 200

    assert deliveries.queued()
