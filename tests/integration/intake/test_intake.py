"""What storefronts delivered is applied from the queue."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from functions.enrollment.handler import handler as enrollment
from loyalty.table import keys, sizes
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Item, Query
from tests.integration.conftest import Clock
from tests.support.deliveries import PROGRAM_ID, apply, connect, deliver, drain, post, queued
from tests.support.http import call, service
from tests.support.inbox import spoil
from tests.support.shopify import OF_NOBODY, WITH_CUSTOMER, encoded, headers, payload

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
CUSTOMER = {"kind": "customer", "source": "shop", "value": "207119551"}
EMAIL = {"kind": "email", "value": "bob.norman@mail.example.com"}


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object]) -> None:
    publish(currency="USD")
    connect()


@pytest.fixture
def outcomes(engine: DynamoEngine) -> Callable[[], list[Item]]:
    """The outcome of each delivery, in the order of receipt."""

    def read() -> list[Item]:
        partition = keys.deliveries_partition(PROGRAM_ID, "online")
        return list(engine.query(Query(pk=partition, begins_with="DELIVERY#", strong=True)))

    return read


def order(name: str = WITH_CUSTOMER, **changes: Any) -> dict[str, Any]:
    return payload(name, paid_at=NOW, **changes)


def enroll(*identities: dict[str, str]) -> str:
    answer = call(
        enrollment,
        "POST",
        f"/v1/programs/{PROGRAM_ID}/members",
        body={"identities": identities},
        as_=service(PROGRAM_ID),
    )
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


def member(member_id: str, path: str = "") -> Any:
    whole = f"/v1/programs/{PROGRAM_ID}/members/{member_id}{path}"
    return call(enrollment, "GET", whole, as_=service(PROGRAM_ID)).body


def metrics(logged: str) -> Iterator[dict[str, Any]]:
    for line in logged.splitlines():
        metric = json.loads(line)
        if "_aws" in metric:
            yield metric


@pytest.mark.parametrize("identity", [CUSTOMER, EMAIL, {"kind": "phone", "value": "+16136120707"}])
def test_a_paid_order_earns_for_the_member_it_names(
    identity: dict[str, str], outcomes: Callable[[], list[Item]]
) -> None:
    member_id = enroll(identity)

    deliver(order())
    drain()

    assert member(member_id)["balance"] == 587
    (outcome,) = outcomes()
    assert (outcome["status"], outcome["member"]) == ("earned", member_id)
    assert (outcome["order"], outcome["topic"]) == ("450789469", "orders/paid")


def test_the_entry_has_the_shop_and_the_lines() -> None:
    member_id = enroll(CUSTOMER)

    deliver(order())
    drain()

    (entry,) = member(member_id, "/history")["items"]
    assert entry["kind"] == "accrual"
    assert entry["points"] == 587


def test_an_order_delivered_again_in_any_way_earns_once(outcomes: Callable[[], list[Item]]) -> None:
    member_id = enroll(CUSTOMER)
    connect("second-subscription")

    deliver(order())
    drain()
    deliver(order(), event_id="the-same-order-by-another-event")
    raw = encoded(order(note="cosmetic", updated_at="2026-11-21T11:00:00Z"))
    post(raw, headers(raw, event_id="third"), storefront_id="second-subscription")
    drain()

    assert member(member_id)["balance"] == 587
    assert len(member(member_id, "/history")["items"]) == 1
    assert [outcome["status"] for outcome in outcomes()] == ["earned", "earned"]


def test_a_message_handed_over_twice_earns_once() -> None:
    member_id = enroll(CUSTOMER)
    deliver(order())
    messages = queued()

    assert apply(messages) == []
    assert apply(messages) == []

    assert member(member_id)["balance"] == 587


def test_two_orders_of_one_customer_both_earn() -> None:
    member_id = enroll(CUSTOMER)

    deliver(order(), event_id="one")
    deliver(order(id=2), event_id="two")
    drain()

    assert member(member_id)["balance"] == 2 * 587


def test_an_order_of_someone_unknown_is_kept_as_a_guests(
    outcomes: Callable[[], list[Item]],
) -> None:
    deliver(order())
    drain()

    (outcome,) = outcomes()
    assert outcome["status"] == "guest"
    assert "member" not in outcome


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (order(OF_NOBODY), "ignored", "no_customer"),
        (order(test=True), "ignored", "test_order"),
        (order() | {"processed_at": "2008-01-10T11:00:00-05:00"}, "ignored", "time_out_of_range"),
        (
            payload(WITH_CUSTOMER, paid_at=NOW + timedelta(hours=1)),
            "ignored",
            "time_out_of_range",
        ),
        (order(id=None), "parked", "malformed"),
        (order(line_items="none"), "parked", "malformed"),
    ],
)
def test_an_order_that_earns_nothing_is_recorded_with_the_reason(
    body: dict[str, Any], status: str, reason: str, outcomes: Callable[[], list[Item]]
) -> None:
    member_id = enroll(CUSTOMER)

    assert deliver(body).status == 200
    drain()

    (outcome,) = outcomes()
    assert (outcome["status"], outcome["reason"]) == (status, reason)
    assert member(member_id)["balance"] == 0


def test_an_order_in_another_currency_is_parked(
    publish: Callable[..., object], time: Clock, outcomes: Callable[[], list[Item]]
) -> None:
    publish(version=2, currency="EUR")
    time.now += timedelta(minutes=1)

    deliver(order())
    drain()

    (outcome,) = outcomes()
    assert (outcome["status"], outcome["reason"]) == ("parked", "currency_mismatch")


REFUND = "refund.509562969"
REFUNDED_AT = "2026-11-21T10:00:30Z"


def given_back() -> dict[str, Any]:
    """The published refund of the order, made after the order was paid."""
    return payload(REFUND, created_at=REFUNDED_AT, processed_at=REFUNDED_AT)


OF_SHIPPING = "refund.929361467"


def updated(minute: int, **changes: Any) -> dict[str, Any]:
    """The order as the shop sends it after a minute: paid, with no refund so far."""
    updated_parts: dict[str, Any] = {
        "updated_at": (NOW + timedelta(minutes=minute)).isoformat(),
        "financial_status": "paid",
        "refunds": [],
        "line_items": [each | {"current_quantity": 1} for each in order()["line_items"]],
    }
    return order(**(updated_parts | changes))


def test_an_order_that_changed_settles_to_its_new_amount(
    outcomes: Callable[[], list[Item]],
) -> None:
    member_id = enroll(CUSTOMER)
    deliver(updated(0), event_id="0")
    drain()

    less = updated(1)
    less["line_items"] = less["line_items"][:1]
    deliver(less, topic="orders/updated", event_id="1")
    drain()
    assert member(member_id)["balance"] == 195

    deliver(updated(2), topic="orders/updated", event_id="2")
    deliver(less, topic="orders/updated", event_id="1 again")
    drain()

    assert member(member_id)["balance"] == 587
    assert sorted(str(outcome["status"]) for outcome in outcomes()) == [
        "earned",
        "edited",
        "edited",
        "ignored",
    ]
    entries = member(member_id, "/history")["items"]
    assert sorted((entry["kind"], entry["points"]) for entry in entries) == [
        ("accrual", 587),
        ("edit", -392),
        ("edit", 392),
    ]


def test_a_refund_takes_back_the_points_of_the_refunded_amount(
    outcomes: Callable[[], list[Item]],
) -> None:
    """209.00 of the 598.94 that were paid for goods of 587.00 without tax."""
    member_id = enroll(CUSTOMER)
    deliver(order())

    deliver(given_back(), topic="refunds/create")
    deliver(given_back(), topic="refunds/create", event_id="once more")
    drain()

    assert member(member_id)["balance"] == 382
    refund = next(outcome for outcome in outcomes() if outcome["topic"] == "refunds/create")
    assert (refund["status"], refund["order"]) == ("refunded", "450789469")


def test_shipping_that_earned_nothing_takes_nothing_back() -> None:
    member_id = enroll(CUSTOMER)
    deliver(order())

    deliver(payload(OF_SHIPPING), topic="refunds/create")
    drain()

    assert member(member_id)["balance"] == 587


def test_a_refund_waits_for_its_order(outcomes: Callable[[], list[Item]]) -> None:
    member_id = enroll(CUSTOMER)
    deliver(given_back(), topic="refunds/create")
    drain()
    assert [outcome["status"] for outcome in outcomes()] == ["waiting"]

    deliver(order())
    drain()

    assert member(member_id)["balance"] == 382


@pytest.mark.parametrize("refunded_first", [True, False])
def test_a_cancelled_order_keeps_nothing_whatever_was_refunded(*, refunded_first: bool) -> None:
    member_id = enroll(CUSTOMER)
    gone = updated(3, cancelled_at="2026-11-21T11:00:00Z", financial_status="refunded")
    deliver(order(), event_id="paid")
    steps = [("refunds/create", given_back()), ("orders/cancelled", gone)]
    for topic, body in steps if refunded_first else reversed(steps):
        deliver(body, topic=topic, event_id=topic)
    deliver(gone, topic="orders/updated", event_id="told again")
    drain()

    assert member(member_id)["balance"] == 0
    clawbacks = [
        entry for entry in member(member_id, "/history")["items"] if entry["kind"] == "clawback"
    ]
    assert sum(entry["points"] for entry in clawbacks) == -587


def test_a_refund_is_read_from_the_updated_order_if_its_own_delivery_never_came() -> None:
    member_id = enroll(CUSTOMER)
    deliver(updated(0), event_id="0")
    updated_order = updated(1, financial_status="partially_refunded", refunds=[given_back()])

    deliver(updated_order, topic="orders/updated", event_id="1")
    deliver(given_back(), topic="refunds/create")
    drain()

    assert member(member_id)["balance"] == 382


def test_a_guest_s_order_changes_and_is_refunded_before_anybody_claims_it(
    outcomes: Callable[[], list[Item]],
) -> None:
    deliver(updated(0), event_id="0")
    deliver(updated(1, line_items=updated(0)["line_items"][:2]), event_id="1")
    after = (NOW + timedelta(minutes=2)).isoformat()
    deliver(payload(OF_SHIPPING, created_at=after, processed_at=after), topic="refunds/create")
    drain()

    assert sorted(str(outcome["status"]) for outcome in outcomes()) == ["guest", "guest", "waiting"]


def test_a_topic_that_means_nothing_here_is_ignored(outcomes: Callable[[], list[Item]]) -> None:
    deliver({"id": 7, "title": "Mug"}, topic="products/update")
    drain()

    (outcome,) = outcomes()
    assert (outcome["status"], outcome["reason"]) == ("ignored", "unknown_topic")
    assert "order" not in outcome


def test_the_outcome_of_a_delivery_expires_soon_after_the_delivery(
    outcomes: Callable[[], list[Item]],
) -> None:
    deliver(order())
    drain()

    (outcome,) = outcomes()
    assert outcome["ttl"] == int((NOW + timedelta(days=33)).timestamp())


def test_an_unreadable_delivery_goes_back_with_the_rest_of_its_order_only() -> None:
    member_id = enroll(CUSTOMER)
    deliver(order(), event_id="spoiled")
    deliver(order(), event_id="after-it")
    deliver(order(id=2), event_id="another-order")
    messages = queued()
    where = json.loads(messages[0]["body"])["where"]
    spoil(where)

    failed = apply(messages)

    assert failed == [message["messageId"] for message in messages[:2]]
    assert member(member_id)["balance"] == 587


def test_a_batch_of_nothing_but_failures_is_reported_message_by_message() -> None:
    deliver(order())
    messages = queued()
    messages[0]["body"] = '{"v": 1, "where": "nowhere"}'

    assert apply(messages) == [messages[0]["messageId"]]


def test_a_parked_delivery_is_counted_once_for_the_alarm(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deliver(order(id=None))
    drain()

    counted = [each for each in metrics(capsys.readouterr().out) if "DeliveriesParked" in each]

    assert [each["DeliveriesParked"] for each in counted] == [1]


def test_an_order_whose_record_outgrows_the_table_is_parked_and_held_up_by_nothing(
    outcomes: Callable[[], list[Item]], monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll(CUSTOMER)
    deliver(order())
    monkeypatch.setattr(sizes, "ITEM_BYTES_MAX", 680)
    drain()

    (outcome,) = outcomes()
    assert (outcome["status"], outcome["reason"]) == ("parked", "order_too_large")


def test_an_order_is_counted_once_however_often_it_is_delivered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    enroll(CUSTOMER)
    deliver(order(), event_id="one")
    deliver(order(), event_id="two")
    drain()

    counted = list(metrics(capsys.readouterr().out))

    assert [each["PointsEarned"] for each in counted if "PointsEarned" in each] == [587]
    assert len([each for each in counted if "Orders" in each]) == 1


def test_nothing_personal_is_logged(log: StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    enroll(CUSTOMER)
    deliver(order(), event_id="one")
    deliver(order(OF_NOBODY), event_id="two")
    deliver(order(email=["bob.norman@mail.example.com"]), event_id="three")
    drain()

    logged = log.getvalue() + capsys.readouterr().out

    assert logged.count('"applied"') == 3
    for personal in ("bob.norman", "207119551", "+16136120707", "Norman", "Chestnut"):
        assert personal not in logged
