"""Shopify passes on what its customers have the right to, and each is answered once."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.enrollment.handler import handler as enrollment
from functions.relay.handler import handler as relay
from functions.storefronts.handler import handler as storefronts
from loyalty.edge.aws import clients
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.deliveries import MANAGER, PROGRAM_ID, connect, deliver, drain, post
from tests.support.erasing import finish, items, wait_and_finish
from tests.support.eventbridge import EventBridge
from tests.support.http import Answer, Claims, Context, call, person, service
from tests.support.inbox import inbox_texts
from tests.support.mailroom import Mailroom
from tests.support.received import RECEIVED_AT
from tests.support.shopify import OF_SHOP, SHOP_REDACT, WITH_CUSTOMER, encoded, headers, payload
from tests.support.stream import batch, records

SERVICE = service(PROGRAM_ID)
EMAIL: dict[str, Any] = {"kind": "email", "value": "bob.norman@mail.example.com", "verified": True}
CUSTOMER: dict[str, Any] = {
    "kind": "customer",
    "source": "shop",
    "value": "207119551",
    "verified": True,
}
CARD: dict[str, Any] = {"kind": "card", "value": "6034-99"}
BOB: dict[str, Any] = {"id": 207119551, "email": EMAIL["value"], "phone": None}
REDACT: dict[str, Any] = {**OF_SHOP, "customer": BOB, "orders_to_redact": [450789469]}
REQUEST: dict[str, Any] = {
    **OF_SHOP,
    "customer": BOB,
    "orders_requested": [450789469],
    "data_request": {"id": 1},
}


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    room = Mailroom()
    monkeypatch.setattr(clients, "ses", lambda: room.client)
    publish(currency="USD")
    connect()


def enroll(*identities: dict[str, Any]) -> str:
    body = {"identities": list(identities)}
    answer = call(enrollment, "POST", f"{till.PROGRAM}/members", body=body, as_=SERVICE)
    return str(answer.body["id"])


def read(member_id: str) -> Answer:
    return call(enrollment, "GET", f"{till.PROGRAM}/members/{member_id}", as_=SERVICE)


def deliver_topic(topic: str, body: dict[str, Any], **events: str) -> None:
    deliver(body, topic=topic, **events)
    drain()


def buys(order_id: int = 450789469) -> None:
    deliver_topic(
        "orders/paid",
        payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, id=order_id),
        event_id=f"o-{order_id}",
    )


def listed() -> list[dict[str, Any]]:
    """The outcomes of the deliveries, newest first."""
    path = f"/v1/programs/{PROGRAM_ID}/storefronts/online/deliveries"
    page: list[dict[str, Any]] = call(storefronts, "GET", path, as_=MANAGER).body["items"]
    return page


def ask(delivery_id: str, *, as_: Claims = MANAGER) -> Answer:
    """The customers who requested their data."""
    path = f"/v1/programs/{PROGRAM_ID}/storefronts/online/deliveries/{delivery_id}/data-request"
    return call(storefronts, "GET", path, as_=as_)


def announced() -> list[dict[str, Any]]:
    """The events on the bus."""
    bus = EventBridge()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clients, "eventbridge", lambda: bus)
        relay(batch(records(TABLE)), Context())
    events = [json.loads(each["Detail"]) for each in bus.entries]
    return [
        each
        for each, entry in zip(events, bus.entries, strict=True)
        if entry["DetailType"] == "DataRequested"
    ]


class TestARequestForData:
    def test_is_a_task_for_a_manager_who_finds_the_member_in_it(self, time: Clock) -> None:
        bob = enroll(CUSTOMER)
        buys()
        time.now += timedelta(seconds=1)

        deliver_topic("customers/data_request", REQUEST)

        newest = listed()[0]
        assert (newest["status"], newest["member_id"]) == ("data_requested", bob)
        export = call(enrollment, "GET", f"{till.PROGRAM}/members/{bob}/export", as_=MANAGER)
        assert export.body["entries"][0]["of_order"]["order_id"] == "450789469"

    @pytest.mark.parametrize(("has_bought", "reason"), [(True, "guest"), (False, "nothing_held")])
    def test_is_listed_also_for_a_customer_who_is_not_a_member(
        self, time: Clock, *, has_bought: bool, reason: str
    ) -> None:
        if has_bought:
            buys()
            time.now += timedelta(seconds=1)

        deliver_topic("customers/data_request", REQUEST)

        newest = listed()[0]
        assert (newest["status"], newest["reason"]) == ("data_requested", reason)
        assert newest["member_id"] is None

    @pytest.mark.parametrize("is_member", [True, False])
    def test_is_announced_without_naming_the_customer(
        self, time: Clock, *, is_member: bool
    ) -> None:
        bob = enroll(CUSTOMER) if is_member else None

        deliver_topic("customers/data_request", REQUEST | {"data_request": {"id": 9999}})

        (events,) = announced()
        assert events["member_id"] == bob
        assert events["reason"] == (None if is_member else "nothing_held")
        assert (events["storefront_id"], events["request_id"]) == ("online", "9999")
        assert events["delivery_id"] == listed()[0]["id"]
        assert events["orders"] == [{"source": "shop", "order_id": "450789469"}]
        assert datetime.fromisoformat(events["due_at"]) == time.now + timedelta(days=30)
        assert not [mark for mark in (EMAIL["value"], CUSTOMER["value"]) if mark in str(events)]

    @pytest.mark.parametrize("as_", [MANAGER, SERVICE])
    def test_shows_the_customer_s_identities_to_managers(self, as_: Claims, time: Clock) -> None:
        deliver_topic("customers/data_request", REQUEST | {"data_request": {"id": 9999}})

        request = ask(listed()[0]["id"], as_=as_)

        assert request.body == {
            "request_id": "9999",
            "customer_id": CUSTOMER["value"],
            "email": EMAIL["value"],
            "phone": None,
            "orders": [{"source": "shop", "order_id": "450789469"}],
            "received_at": "2026-11-21T10:00:00Z",
            "due_at": "2026-12-21T10:00:00Z",
        }

    def test_is_named_no_more_once_they_are_erased(self) -> None:
        bob = enroll(CUSTOMER, EMAIL)
        deliver_topic("customers/data_request", REQUEST)
        till.erase(bob)
        finish()

        assert ask(listed()[0]["id"]).status == 404

    def test_is_asked_for_by_no_other_delivery(self) -> None:
        buys()

        assert ask(listed()[0]["id"]).status == 404
        assert ask("nothing").status == 404
        assert ask(listed()[0]["id"], as_=till.CASHIER).code == "forbidden"

    def test_is_one_event_however_often_it_is_delivered(self, time: Clock) -> None:
        for _ in range(2):
            deliver_topic("customers/data_request", REQUEST, event_id="the same")
            time.now += timedelta(seconds=1)
        again = (
            f"/v1/programs/{PROGRAM_ID}/storefronts/online/deliveries/{listed()[0]['id']}/replay"
        )
        assert call(storefronts, "POST", again, as_=MANAGER).status == 202
        drain()

        events = announced()
        assert len(events) == 2
        assert len({each["id"] for each in events}) == 1


class TestARequestForErasure:
    def test_is_erased_where_only_the_shop_knows_them(self, dynamodb: Any, time: Clock) -> None:
        bob = enroll(CUSTOMER, EMAIL)
        buys()

        deliver_topic("customers/redact", REDACT)
        assert listed()[0]["status"] == "erasing"
        wait_and_finish(time)
        finish()

        assert read(bob).status == 404
        assert inbox_texts() == ["erased", "erased"]
        stored = str(items(dynamodb, TABLE))
        assert not [mark for mark in (EMAIL["value"], "#IDENTITY#") if mark in stored]
        assert [each["status"] for each in listed()] == ["erasing", "earned"]

    def test_stays_a_member_if_another_identity_remains(self, time: Clock) -> None:
        own = person("sub-bob", email=EMAIL["value"])
        bob = call(enrollment, "POST", f"{till.PROGRAM}/members", body={}, as_=own).body["id"]
        more = {"identities": [CUSTOMER, CARD]}
        call(enrollment, "PATCH", f"{till.PROGRAM}/members/{bob}", body=more, as_=SERVICE)
        buys()

        deliver_topic("customers/redact", REDACT)
        wait_and_finish(time)

        member = read(bob).body
        assert {each["kind"] for each in member["identities"]} == {"subject", "email", "card"}
        assert member["balance"] == 587
        assert inbox_texts() == ["erased", "erased"]

    def test_is_parted_from_orders_that_were_kept_for_them(
        self, dynamodb: Any, time: Clock
    ) -> None:
        buys()

        deliver_topic("customers/redact", REDACT)
        wait_and_finish(time)

        assert "#GUEST#" not in str(items(dynamodb, TABLE))
        assert enroll(EMAIL)
        assert till.member(enroll(CUSTOMER))["balance"] == 0

    def test_is_not_forgotten_by_another_shop(self, time: Clock) -> None:
        connect("second", source="another")
        buys()
        raw = encoded(REDACT)
        post(raw, headers(raw, topic="customers/redact"), storefront_id="second")
        drain()
        wait_and_finish(time)

        assert sorted(events == "erased" for events in inbox_texts()) == [False, True]

    def test_may_ask_twice(self, time: Clock) -> None:
        bob = enroll(CUSTOMER)
        deliver_topic("customers/redact", REDACT, event_id="1")
        wait_and_finish(time)
        deliver_topic("customers/redact", REDACT, event_id="2")
        wait_and_finish(time)

        assert read(bob).status == 404
        assert inbox_texts() == ["erased", "erased"]

    def test_of_an_unknown_customer_is_ignored(self) -> None:
        deliver_topic("customers/redact", REDACT | {"customer": {}, "orders_to_redact": []})

        assert (listed()[0]["status"], listed()[0]["reason"]) == ("ignored", "no_customer")


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact", "customers/delete"])
def test_a_captured_order_that_is_replayed_as_a_request_erases_nobody(
    time: Clock, topic: str
) -> None:
    bob = enroll(CUSTOMER, EMAIL)
    buys()
    time.now += timedelta(days=3)

    deliver_topic(topic, payload(WITH_CUSTOMER, paid_at=RECEIVED_AT), event_id="captured")
    wait_and_finish(time)

    assert (listed()[0]["status"], listed()[0]["reason"]) == ("parked", "malformed")
    assert read(bob).body["balance"] == 587
    path = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
    assert call(storefronts, "GET", path, as_=MANAGER).status == 200


def test_a_request_of_another_shop_of_the_same_app_erases_nobody(time: Clock) -> None:
    bob = enroll(CUSTOMER, EMAIL)

    deliver_topic("customers/redact", REDACT | {"shop_domain": "another.myshopify.com"})
    wait_and_finish(time)

    assert (listed()[0]["status"], listed()[0]["reason"]) == ("parked", "other_shop")
    assert read(bob).status == 200


class TestAnUninstalledShop:
    def test_is_no_longer_trusted_and_its_deliveries_are_erased(self, time: Clock) -> None:
        buys()
        time.now += timedelta(days=3)

        deliver_topic("shop/redact", SHOP_REDACT)
        wait_and_finish(time)

        assert inbox_texts() == ["erased", "erased"]
        path = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
        assert call(storefronts, "GET", path, as_=MANAGER).status == 404
        assert (
            boto3.client("secretsmanager").list_secrets(
                Filters=[{"Key": "name", "Values": ["loyalty/test/storefronts/"]}]
            )["SecretList"]
            == []
        )

    def test_and_connected_again_goes_on(self, time: Clock) -> None:
        time.now += timedelta(days=3)
        connect(secrets=["shpss_0123456789abcdef", "another"], earns={"tags_none": ["staff"]})

        deliver_topic("shop/redact", SHOP_REDACT)
        wait_and_finish(time)
        buys()

        assert [each for each in inbox_texts() if each != "erased"] != []
        path = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
        assert call(storefronts, "GET", path, as_=MANAGER).status == 200


ERASURES = f"/v1/programs/{PROGRAM_ID}/storefronts/online/erasures"


def requested(**query: str) -> list[dict[str, Any]]:
    """The erasures that the shop requested, as a manager sees them."""
    page: list[dict[str, Any]] = call(storefronts, "GET", ERASURES, as_=MANAGER, query=query).body[
        "items"
    ]
    return page


def stop(erasure_id: str, *, as_: Claims = MANAGER) -> Answer:
    return call(storefronts, "POST", f"{ERASURES}/{erasure_id}/stop", as_=as_)


class TestAnErasureThatWaits:
    def test_is_listed_with_its_subject_and_erases_nobody_yet(self, time: Clock) -> None:
        bob = enroll(CUSTOMER, EMAIL)
        asked_at = time.now

        deliver_topic("customers/redact", REDACT)
        time.now += timedelta(hours=47)
        finish()

        (erasure,) = requested()
        assert (erasure["state"], erasure["asks"]) == ("waiting", "customer")
        assert (erasure["customer_id"], erasure["email"]) == (CUSTOMER["value"], EMAIL["value"])
        assert erasure["delivery_id"] == listed()[0]["id"]
        begins_at = datetime.fromisoformat(erasure["begins_at"])
        assert begins_at == asked_at + timedelta(hours=48)
        assert read(bob).status == 200

    def test_that_a_manager_stops_is_never_carried_out(self, time: Clock, dynamodb: Any) -> None:
        bob = enroll(CUSTOMER, EMAIL)
        deliver_topic("customers/redact", REDACT)
        time.now += timedelta(hours=1)

        first = stop(requested()[0]["id"])
        again = stop(requested()[0]["id"])
        stopped_at = time.now
        wait_and_finish(time)

        assert (first.status, first.body["state"]) == (200, "stopped"), first.text
        assert first.body["stopped_by"] == MANAGER["sub"]
        assert datetime.fromisoformat(first.body["stopped_at"]) == stopped_at
        assert again.body == first.body
        assert first.body["email"] is None
        assert read(bob).status == 200
        stored = [item for item in items(dynamodb, TABLE) if item.get("kind") == {"S": "erasure"}]
        assert EMAIL["value"] not in str(stored)

    def test_stays_stopped_when_the_shop_delivers_it_again(self, time: Clock) -> None:
        bob = enroll(CUSTOMER, EMAIL)
        deliver_topic("customers/redact", REDACT, event_id="1")
        stop(requested()[0]["id"])
        time.now += timedelta(minutes=1)

        deliver_topic("customers/redact", REDACT, event_id="1")
        wait_and_finish(time)

        assert (listed()[0]["status"], listed()[0]["reason"]) == ("ignored", "erasure_stopped")
        assert len(requested()) == 1
        assert read(bob).status == 200

    def test_waits_no_longer_when_it_is_delivered_again(self, time: Clock) -> None:
        deliver_topic("customers/redact", REDACT, event_id="1")
        (before,) = requested()
        time.now += timedelta(hours=4)

        deliver_topic("customers/redact", REDACT, event_id="1")

        assert requested() == [before]

    def test_is_carried_out_once_however_often_it_is_delivered(self, time: Clock) -> None:
        enroll(CUSTOMER, EMAIL)
        deliver_topic("customers/redact", REDACT, event_id="1")
        wait_and_finish(time)
        finish()
        back = enroll(EMAIL)

        deliver_topic("customers/redact", REDACT, event_id="1")
        wait_and_finish(time)

        assert [each["state"] for each in requested()] == ["done"]
        assert read(back).status == 200

    def test_cannot_be_stopped_once_erasing_has_begun(self, time: Clock) -> None:
        enroll(CUSTOMER, EMAIL)
        deliver_topic("customers/redact", REDACT)
        wait_and_finish(time)

        answer = stop(requested()[0]["id"])

        assert (answer.status, answer.code) == (409, "wrong_state")

    def test_of_a_shop_can_be_stopped_too(self, time: Clock) -> None:
        buys()
        time.now += timedelta(days=3)
        deliver_topic("shop/redact", SHOP_REDACT)

        assert requested()[0]["asks"] == "shop"
        assert stop(requested()[0]["id"]).status == 200
        wait_and_finish(time)

        assert "erased" not in inbox_texts()
        path = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
        assert call(storefronts, "GET", path, as_=MANAGER).status == 200

    def test_is_for_managers_of_its_shop_only(self) -> None:
        connect("second", source="another")
        deliver_topic("customers/redact", REDACT)
        erasure_id = requested()[0]["id"]

        assert stop(erasure_id, as_=SERVICE).code == "forbidden"
        assert stop("0" * 40).status == 404
        assert stop(enroll(CARD)).status == 404
        other = f"/v1/programs/{PROGRAM_ID}/storefronts/second/erasures"
        assert call(storefronts, "POST", f"{other}/{erasure_id}/stop", as_=MANAGER).status == 404
        assert call(storefronts, "GET", other, as_=MANAGER).body["items"] == []

    def test_is_listed_page_by_page(self) -> None:
        for number in range(3):
            deliver_topic(
                "customers/redact",
                REDACT | {"orders_to_redact": [number + 1]},
                event_id=str(number),
            )

        first = call(storefronts, "GET", ERASURES, as_=MANAGER, query={"limit": "2"}).body
        rest = requested(limit="2", cursor=first["next_cursor"])

        ids = [each["id"] for each in (*first["items"], *rest)]
        assert len(set(ids)) == 3
        assert len(rest) == 1
