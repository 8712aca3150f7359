"""A manager chooses which of a shop's orders earn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.storefronts.handler import handler as storefronts
from tests.integration.conftest import Clock
from tests.support.deliveries import MANAGER, PROGRAM_ID, connect, deliver, drain
from tests.support.http import call, service
from tests.support.shopify import WITH_CUSTOMER, payload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
PATH = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
NOT_WHOLESALE = {"tags_none": ["wholesale"]}


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object]) -> None:
    publish(currency="USD")


def order(**changes: Any) -> dict[str, Any]:
    """An order of which no goods were removed, and nothing was given back so far."""
    order_body = payload(WITH_CUSTOMER, paid_at=NOW)
    goods = [each | {"current_quantity": 1} for each in order_body["line_items"]]
    return order_body | {"line_items": goods, "refunds": [], "financial_status": "paid"} | changes


def enroll() -> str:
    identity = {"kind": "customer", "source": "shop", "value": "207119551"}
    answer = call(
        enrollment,
        "POST",
        f"/v1/programs/{PROGRAM_ID}/members",
        body={"identities": [identity]},
        as_=service(PROGRAM_ID),
    )
    return str(answer.body["id"])


def balance(member_id: str) -> int:
    path = f"/v1/programs/{PROGRAM_ID}/members/{member_id}"
    return int(call(enrollment, "GET", path, as_=service(PROGRAM_ID)).body["balance"])


def listed() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = call(storefronts, "GET", f"{PATH}/deliveries", as_=MANAGER).body[
        "items"
    ]
    return items


def test_the_choice_of_earning_orders_is_returned_and_read_back() -> None:
    chosen = {"statuses": ["fulfilled"], "channels": ["web"], "tags_any": [], "tags_none": ["b2b"]}

    answer = connect(earns=chosen)

    assert answer.status == 201, answer.text
    assert answer.body["earns"] == chosen
    assert call(storefronts, "GET", PATH, as_=MANAGER).body["earns"] == chosen


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"earns": {"statuses": ["paid-ish"]}}, "/earns/statuses/0"),
        ({"earns": {"status": ["paid"]}}, "/earns/status"),
        ({"earns": {"statuses": [""]}}, "/earns/statuses/0"),
        ({"earns": {"statuses": "fulfilled"}}, "/earns/statuses"),
        ({"earns": {"channels": ["x"] * 21}}, "/earns/channels"),
        ({"earns": None}, "/earns"),
        ({"platform": "stripe", "earns": {"statuses": ["paid"]}}, "/earns/statuses"),
        ({"platform": "stripe", "earns": {"channels": ["web"]}}, "/earns/channels/0"),
        ({"platform": "woocommerce", "earns": {"tags_any": ["vip"]}}, "/earns/tags_any"),
        ({"platform": "woocommerce", "earns": {"statuses": ["refunded"]}}, "/earns/statuses/0"),
    ],
)
def test_a_mistake_in_the_choice_of_earning_orders_is_named(
    changes: dict[str, Any], pointer: str
) -> None:
    answer = connect(**changes)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert pointer in answer.pointers


def test_an_excluded_order_is_ignored_until_a_replay_after_the_choice_changed() -> None:
    connect(earns=NOT_WHOLESALE)
    member_id = enroll()
    deliver(order(tags="Wholesale"))
    drain()
    (first,) = listed()
    assert (first["status"], first["reason"]) == ("ignored", "tags_excluded")
    assert balance(member_id) == 0

    connect()
    call(storefronts, "POST", f"{PATH}/deliveries/{first['id']}/replay", as_=MANAGER)
    drain()

    assert balance(member_id) == 587
    (again,) = listed()
    assert again["status"] == "earned"


def test_an_order_tagged_after_it_earned_keeps_its_points_except_for_refunds() -> None:
    connect(earns=NOT_WHOLESALE)
    member_id = enroll()
    deliver(order())
    drain()

    refund = payload("refund.509562969")
    tagged = order(tags="wholesale", financial_status="partially_refunded", refunds=[refund])
    deliver(tagged, topic="orders/updated", event_id="tagged")
    drain()

    assert {handled["status"] for handled in listed()} == {"earned", "refunded"}
    assert 0 < balance(member_id) < 587


def test_a_refund_of_an_order_that_never_earned_moves_no_points() -> None:
    connect(earns=NOT_WHOLESALE)
    member_id = enroll()

    refund = payload("refund.509562969")
    tagged = order(tags="wholesale", financial_status="partially_refunded", refunds=[refund])
    deliver(tagged, topic="orders/updated")
    drain()

    (handled,) = listed()
    assert (handled["status"], handled["reason"]) == ("ignored", "tags_excluded")
    assert balance(member_id) == 0


def test_orders_queued_before_a_shop_was_disconnected_still_earn() -> None:
    connect(earns=NOT_WHOLESALE)
    member_id = enroll()
    deliver(order())
    call(storefronts, "DELETE", PATH, as_=MANAGER)

    drain()

    assert balance(member_id) == 587


def test_a_changed_choice_applies_within_half_a_minute(time: Clock) -> None:
    connect(earns=NOT_WHOLESALE)
    member_id = enroll()
    deliver(order(tags="wholesale"))
    drain()

    connect()
    time.now += timedelta(seconds=30)
    deliver(order(id=2, tags="wholesale"), event_id="2")
    drain()

    assert balance(member_id) == 587
