"""A manager sees the outcome of each delivery, and replays deliveries."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.enrollment.handler import handler as enrollment
from functions.program.handler import handler as program
from functions.storefronts.handler import handler as storefronts
from tests.integration.conftest import Clock
from tests.support import signing
from tests.support.deliveries import (
    MANAGER,
    PROGRAM_ID,
    apply,
    connect,
    deliver,
    drain,
    post,
    queued,
)
from tests.support.http import Answer, call, service, staff
from tests.support.inbox import spoil
from tests.support.platforms import PlatformServer, Reply
from tests.support.received import RECEIVED_AT
from tests.support.shopify import OF_NOBODY, WITH_CUSTOMER, headers, payload
from tests.support.signing import SECRET, encoded, fixture

PATH = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
CUSTOMER = {"kind": "customer", "source": "shop", "value": "207119551"}


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object]) -> None:
    publish(currency="USD")
    connect()


def read(path: str = "", *, as_: dict[str, str] = MANAGER, **query: Any) -> Answer:
    return call(storefronts, "GET", PATH + path, as_=as_, query=query)


def listed(**query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = read("/deliveries", **query).body["items"]
    return items


def replay(delivery_id: str, *, as_: dict[str, str] = MANAGER) -> Answer:
    return call(storefronts, "POST", f"{PATH}/deliveries/{delivery_id}/replay", as_=as_)


def order(**changes: Any) -> dict[str, Any]:
    return payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, **changes)


def enroll() -> str:
    path = f"/v1/programs/{PROGRAM_ID}/members"
    body = {"identities": [CUSTOMER]}
    return str(call(enrollment, "POST", path, body=body, as_=service(PROGRAM_ID)).body["id"])


def balance(member_id: str) -> int:
    path = f"/v1/programs/{PROGRAM_ID}/members/{member_id}"
    return int(call(enrollment, "GET", path, as_=service(PROGRAM_ID)).body["balance"])


def test_each_delivery_is_listed_with_its_outcome(time: Clock) -> None:
    member_id = enroll()
    for body, event_id in (
        (order(), "a"),
        (order(id=None), "b"),
        (payload(OF_NOBODY, paid_at=RECEIVED_AT), "c"),
    ):
        deliver(body, event_id=event_id)
        drain()
        time.now += timedelta(seconds=1)

    ignored, parked, earned = listed()

    assert (earned["status"], earned["member_id"], earned["points"]) == ("earned", member_id, 587)
    assert (earned["topic"], earned["name"], earned["order_id"]) == (
        "orders/paid",
        "a",
        "450789469",
    )
    assert (parked["status"], parked["reason"], parked["pointer"]) == ("parked", "malformed", "/id")
    assert (ignored["status"], ignored["reason"]) == ("ignored", "no_customer")


def test_a_list_of_deliveries_pages(time: Clock) -> None:
    for number in range(5):
        deliver(order(id=number + 1), event_id=f"{number}")
        time.now += timedelta(seconds=1)
    drain()

    seen: list[str] = []
    query: dict[str, Any] = {"limit": "2"}
    while True:
        page = read("/deliveries", **query).body
        seen += [item["order_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert seen == ["5", "4", "3", "2", "1"]


def test_a_cursor_of_another_list_is_refused() -> None:
    connect("second")
    deliver(order())
    deliver(order(id=2), event_id="2")
    drain()
    cursor = read("/deliveries", limit="1").body["next_cursor"]

    other = PATH.replace("online", "second") + "/deliveries"
    answer = call(storefronts, "GET", other, as_=MANAGER, query={"cursor": cursor})

    assert answer.code == "invalid_cursor"


def test_the_content_of_a_delivery_is_never_listed() -> None:
    deliver(order())
    drain()

    shown = read("/deliveries").text + read().text

    assert "bob.norman" not in shown
    assert "207119551" not in shown


def test_a_storefront_shows_how_many_deliveries_succeed_and_fail(time: Clock) -> None:
    fresh = read().body
    assert fresh["last_delivery"] is None
    assert fresh["deliveries"]["by_status"] == {}

    deliver(order(id=None), event_id="old")
    drain()
    time.now += timedelta(days=2)
    deliver(order(processed_at=time.now.isoformat()), event_id="guest")
    deliver(order(id=7, processed_at=time.now.isoformat()), event_id="another")
    drain()

    body = read().body
    assert body["deliveries"]["by_status"] == {"guest": 2}
    assert body["deliveries"]["is_all"] is True
    assert body["last_delivery"]["status"] == "guest"
    assert (body["last_trouble"]["status"], body["last_trouble"]["name"]) == ("parked", "old")


def test_a_replay_counts_nothing_twice() -> None:
    member_id = enroll()
    deliver(order())
    drain()
    (first,) = listed()

    answer = replay(first["id"])
    drain()

    assert (answer.status, answer.body["status"]) == (202, "queued")
    assert answer.body["delivery"] == first
    assert balance(member_id) == 587
    (again,) = listed()
    assert (again["status"], again["replayed"]) == ("earned", True)


def test_a_replay_applies_a_delivery_that_failed_before(
    publish: Callable[..., object], time: Clock
) -> None:
    publish(version=2, currency="EUR")
    time.now += timedelta(minutes=1)
    member_id = enroll()
    deliver(order())
    drain()
    (first,) = listed()
    assert (first["status"], first["reason"]) == ("parked", "currency_mismatch")
    publish(version=3, currency="USD")
    time.now += timedelta(minutes=1)

    replay(first["id"])
    drain()

    assert balance(member_id) == 587
    (again,) = listed()
    assert again["status"] == "earned"


def test_a_replay_is_applied_in_order_with_its_order() -> None:
    deliver(order())
    deliver(order(), event_id="told again")
    drain()

    for handled in listed():
        replay(handled["id"])

    groups = {message["attributes"]["MessageGroupId"] for message in queued()}
    assert len(groups) == 1


@pytest.mark.parametrize(
    "delivery_id",
    ["x", "20261121T100000000000Z." + "0" * 32, "99999999T999999999999Z." + "0" * 32],
)
def test_a_delivery_that_is_not_there_cannot_be_replayed(delivery_id: str) -> None:
    assert replay(delivery_id).code == "not_found"


def test_deliveries_to_another_shop_are_not_found() -> None:
    connect("second")
    deliver(order())
    drain()
    (handled,) = listed()

    path = PATH.replace("online", "second") + f"/deliveries/{handled['id']}/replay"

    assert call(storefronts, "POST", path, as_=MANAGER).code == "not_found"


def test_only_a_manager_sees_and_replays() -> None:
    cashier = staff(PROGRAM_ID, "cashier")

    assert read("/deliveries", as_=cashier).code == "forbidden"
    assert replay("x", as_=cashier).code == "forbidden"


def test_deliveries_of_no_storefront_are_not_found() -> None:
    path = PATH.replace("online", "nowhere") + "/deliveries"

    assert call(storefronts, "GET", path, as_=MANAGER).code == "not_found"


class TestAPlatformThatIsDown:
    def test_a_delivery_that_waits_for_it_is_seen_as_failed(self, platform: PlatformServer) -> None:
        connect(
            platform="square", secrets=[SECRET], access_token="t", notification_url="https://x.y"
        )
        body = fixture("square/payment.updated")
        where = f"/v2/orders/{body['data']['object']['payment']['order_id']}"
        platform.answer(where, Reply(503))
        raw = encoded(body)
        post(raw, signing.square(raw, url="https://x.y"))

        messages = queued()
        assert apply(messages) == [message["messageId"] for message in messages]
        (waiting,) = listed()
        assert (waiting["status"], waiting["reason"]) == ("failed", "try_again")

        platform.answer(where, Reply(404))
        apply(messages)
        (gone,) = listed()
        assert (gone["status"], gone["reason"]) == ("parked", "not_at_platform")


def statuses() -> list[tuple[str, str | None]]:
    return [(each["status"], each["reason"]) for each in listed()]


class TestADeliveryThatIsNotAppliedYet:
    def test_is_listed_as_received_with_its_subject(self) -> None:
        deliver(order())

        (waiting,) = listed()

        assert (waiting["status"], waiting["applied_at"]) == ("received", None)
        assert (waiting["topic"], waiting["order_id"]) == ("orders/paid", "450789469")
        assert (waiting["source"], waiting["attempts"]) == ("shop", 0)
        assert read().body["last_delivery"] == waiting
        assert read().body["deliveries"]["by_status"] == {"received": 1}

    def test_has_the_id_by_which_the_shop_was_answered(self) -> None:
        answered = deliver(order()).body["delivery_id"]

        (waiting,) = listed()

        assert waiting["id"] == answered

    def test_can_be_replayed_should_its_message_be_lost(self) -> None:
        member_id = enroll()
        deliver(order())
        boto3.client("sqs").purge_queue(QueueUrl=os.environ["LOYALTY_INTAKE_QUEUE_URL"])

        (waiting,) = listed()
        assert replay(waiting["id"]).status == 202
        drain()

        assert balance(member_id) == 587

    def test_a_delivery_that_cannot_be_read_is_failed_and_delays_the_rest_of_its_order(
        self,
    ) -> None:
        deliver(order(), event_id="spoiled")
        deliver(order(), event_id="after it")
        deliver(order(id=2), event_id="another")
        messages = queued()
        spoiled = json.loads(messages[0]["body"])["where"]
        content = spoil(spoiled)

        apply(messages)
        spoil(spoiled, content)

        assert sorted(statuses(), key=str) == [
            ("failed", "held_up"),
            ("failed", "internal_error"),
            ("guest", None),
        ]

    def test_is_seen_as_interrupted_once_its_function_was_killed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Killed for the second time: nobody else could have noted anything."""
        deliver(order())
        (message,) = queued()
        message["attributes"]["ApproximateReceiveCount"] = "2"

        def kill(*_arguments: object, **_named: object) -> None:
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr("functions.intake.handler.apply_delivery", kill)
            with pytest.raises(Killed):
                apply([message])
        assert statuses() == [("failed", "interrupted")]
        assert listed()[0]["attempts"] == 2

        apply([message])
        assert statuses() == [("guest", None)]

    def test_ends_in_the_dead_letters_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        deliver(order())
        (message,) = queued()

        def fail(*_arguments: object, **_named: object) -> None:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr("functions.intake.handler.apply_delivery", fail)
        for attempt in range(1, 6):
            message["attributes"]["ApproximateReceiveCount"] = str(attempt)
            assert apply([message]) == [message["messageId"]]

        (given_up,) = listed()
        assert (given_up["status"], given_up["reason"]) == ("failed", "internal_error")
        assert given_up["attempts"] == 5
        assert read().body["last_trouble"] == given_up


class Killed(BaseException):
    """The function's process is gone."""


class TestAnEventWithAnotherBody:
    def test_changes_nothing_and_is_counted_as_parked(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        member_id = enroll()
        deliver(order(), event_id="e1")
        drain()
        capsys.readouterr()

        deliver(order(id=7), event_id="e1")
        drain()

        assert balance(member_id) == 587
        assert set(statuses()) == {("parked", "contradicted"), ("earned", None)}
        assert '"DeliveriesParked":1' in capsys.readouterr().out

    def test_stays_parked_when_it_is_replayed_and_the_first_one_stays_accepted(
        self, time: Clock
    ) -> None:
        member_id = enroll()
        deliver(order(), event_id="e1")
        drain()
        time.now += timedelta(minutes=1)
        deliver(order(id=7), event_id="e1")
        drain()

        for handled in listed():
            replay(handled["id"])
        drain()

        assert balance(member_id) == 587
        assert statuses() == [("parked", "contradicted"), ("earned", None)]

    def test_the_same_body_again_is_no_contradiction(self, time: Clock) -> None:
        enroll()
        deliver(order(), event_id="e1")
        drain()
        time.now += timedelta(minutes=11)
        deliver(order(), event_id="e1")
        drain()

        assert statuses() == [("earned", None), ("earned", None)]

    def test_is_another_event_under_another_topic_or_version(self) -> None:
        enroll()
        deliver(order(), event_id="e1")
        deliver(order(note="x"), event_id="e1", topic="orders/updated")
        raw = encoded(order(note="y"))
        post(raw, headers(raw, event_id="e1") | {"x-shopify-api-version": "2027-01"})
        drain()

        assert len(statuses()) == 3
        assert {reason for _, reason in statuses()} == {None}

    def test_never_occurs_for_woocommerce_because_its_ids_repeat(self) -> None:
        """It makes them of the second: two orders of one second have one."""
        connect(platform="woocommerce", secrets=[SECRET])
        for number in (1, 2):
            raw = encoded(fixture("woocommerce/order.727") | {"id": number, "status": "pending"})
            assert post(raw, signing.woocommerce(raw, name="same")).status == 200
        drain()

        assert {reason for _, reason in statuses()} == {"not_paid"}


class TestReplayOfAPeriod:
    FROM = "2026-11-21T10:00:00Z"
    TO = "2026-11-21T11:00:00Z"

    def ask(self, **changes: Any) -> Answer:
        body = {"from": self.FROM, "to": self.TO} | changes
        return call(storefronts, "POST", f"{PATH}/deliveries/replay", body=body, as_=MANAGER)

    def test_applies_all_of_it_again_oldest_first_and_counts_nothing_twice(
        self, time: Clock
    ) -> None:
        member_id = enroll()
        for number in range(3):
            deliver(order(id=number + 1), event_id=f"{number}")
            time.now += timedelta(minutes=1)
        drain()

        answer = self.ask()

        assert answer.status == 202
        assert answer.body == {"status": "queued", "queued": 3, "next_cursor": None}
        drain()
        assert balance(member_id) == 3 * 587
        assert [each["replayed"] for each in listed()] == [True] * 3

    def test_begins_with_its_first_moment_and_ends_before_its_last(self, time: Clock) -> None:
        for minute in (0, 30, 60):
            time.now = RECEIVED_AT.replace(hour=10, minute=0) + timedelta(minutes=minute)
            deliver(order(id=minute + 1), event_id=f"{minute}")
        drain()

        assert self.ask().body["queued"] == 2

    def test_can_be_limited_to_an_outcome(
        self, publish: Callable[..., object], time: Clock
    ) -> None:
        member_id = enroll()
        deliver(order(), event_id="earned")
        drain()
        publish(version=2, currency="EUR")
        time.now += timedelta(minutes=1)
        deliver(order(id=2), event_id="parked")
        drain()
        deliver(order(id=3), event_id="waiting")
        boto3.client("sqs").purge_queue(QueueUrl=os.environ["LOYALTY_INTAKE_QUEUE_URL"])
        publish(version=3, currency="USD")
        time.now += timedelta(minutes=1)

        answer = self.ask(statuses=["parked", "received"])

        assert answer.body["queued"] == 2
        drain()
        assert balance(member_id) == 3 * 587

    def test_goes_on_where_it_ended_and_queues_none_twice_where_an_answer_was_lost(
        self, monkeypatch: pytest.MonkeyPatch, time: Clock
    ) -> None:
        monkeypatch.setattr("loyalty.usecases.shops.deliveries.REPLAYED_AT_ONCE_MAX", 12)
        for number in range(30):
            deliver(order(id=number + 1), event_id=f"{number}")
            time.now += timedelta(seconds=1)
        drain()

        queued_counts: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            answer = self.ask(**cursor).body
            queued_counts.append(answer["queued"])
            if cursor:
                assert self.ask(**cursor).body == answer
            if answer["next_cursor"] is None:
                break
            cursor = {"cursor": answer["next_cursor"]}

        assert queued_counts == [12, 12, 6]
        attributes = boto3.client("sqs").get_queue_attributes(
            QueueUrl=os.environ["LOYALTY_INTAKE_QUEUE_URL"],
            AttributeNames=["ApproximateNumberOfMessages"],
        )["Attributes"]
        assert attributes["ApproximateNumberOfMessages"] == "30"

    def test_of_another_time_does_not_go_on_with_this_one(
        self, monkeypatch: pytest.MonkeyPatch, time: Clock
    ) -> None:
        monkeypatch.setattr("loyalty.usecases.shops.deliveries.REPLAYED_AT_ONCE_MAX", 1)
        for number in range(2):
            deliver(order(id=number + 1), event_id=f"{number}")
            time.now += timedelta(seconds=1)
        cursor = self.ask().body["next_cursor"]

        assert self.ask(cursor=cursor, to="2026-11-21T12:00:00Z").code == "invalid_cursor"
        assert self.ask(cursor=cursor, statuses=["failed"]).code == "invalid_cursor"

    def test_that_ends_before_it_begins_is_refused(self) -> None:
        answer = self.ask(to=self.FROM)

        assert (answer.status, answer.code) == (422, "validation_failed")
        assert answer.body["errors"][0]["pointer"] == "/to"

    def test_of_a_status_that_there_is_not_is_refused(self) -> None:
        assert self.ask(statuses=["lost"]).status == 422

    def test_is_a_managers(self) -> None:
        body = {"from": self.FROM, "to": self.TO}
        path = f"{PATH}/deliveries/replay"

        answer = call(storefronts, "POST", path, body=body, as_=staff(PROGRAM_ID, "cashier"))

        assert answer.code == "forbidden"


class TestReading:
    def test_a_delivery_is_read_with_what_the_shop_sent(self) -> None:
        sent = order()
        deliver(sent, event_id="o-1")
        drain()
        (delivery,) = listed()

        answer = read(f"/deliveries/{delivery['id']}")

        assert json.loads(answer.body["body"]) == sent
        assert answer.body["is_cut"] is False
        assert {name: answer.body[name] for name in delivery} == delivery

    def test_bytes_that_are_no_text_and_large_bodies_are_shown_as_far_as_possible(self) -> None:
        body = b'{"id": "\xff"}' + b" " * 600_000
        post(body, headers(body, event_id="o-1"))
        (delivery,) = listed()

        answer = read(f"/deliveries/{delivery['id']}")

        assert answer.body["body"].startswith('{"id": "\N{REPLACEMENT CHARACTER}"}')
        assert (len(answer.body["body"]), answer.body["is_cut"]) == (500_000, True)

    @pytest.mark.parametrize("unknown", ["nonsense", "2026-11-21T10:00:00.000000Z-0000000000"])
    def test_an_unknown_delivery_is_not_found(self, unknown: str) -> None:
        assert read(f"/deliveries/{unknown}").status == 404

    def test_reading_a_customers_data_is_an_action(self) -> None:
        deliver(order(), event_id="o-1")
        (delivery,) = listed()

        read(f"/deliveries/{delivery['id']}")

        actions = call(program, "GET", f"/v1/programs/{PROGRAM_ID}/actions", as_=MANAGER).body
        assert "delivery.read" in [each["action"] for each in actions["items"]]


def test_the_connected_storefronts_are_listed_without_their_secrets() -> None:
    connect("another")

    answer = call(storefronts, "GET", f"/v1/programs/{PROGRAM_ID}/storefronts", as_=MANAGER)

    assert [shop["id"] for shop in answer.body["items"]] == ["another", "online"]
    assert SECRET not in json.dumps(answer.body)
