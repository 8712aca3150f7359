"""A manager sees what came of each delivery, and has one applied once more."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_socket import disable_socket, enable_socket

from functions.enrollment.handler import handler as enrollment
from functions.program.handler import handler as program
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
from tests.support.platforms import PlatformServer, Reply, serving
from tests.support.received import AT
from tests.support.shopify import OF_NOBODY, WITH_CUSTOMER, payload
from tests.support.signing import SECRET, encoded, fixture

PATH = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
CUSTOMER = {"kind": "customer", "source": "shop", "value": "207119551"}


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object]) -> None:
    publish(currency="USD")
    connect()


def read(path: str = "", *, as_: dict[str, str] = MANAGER, **query: Any) -> Answer:
    return call(program, "GET", PATH + path, as_=as_, query=query)


def listed(**query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = read("/deliveries", **query).body["items"]
    return items


def replay(delivery_id: str, *, as_: dict[str, str] = MANAGER) -> Answer:
    return call(program, "POST", f"{PATH}/deliveries/{delivery_id}/replay", as_=as_)


def order(**changes: Any) -> dict[str, Any]:
    return payload(WITH_CUSTOMER, at=AT, **changes)


def enroll() -> str:
    path = f"/v1/programs/{PROGRAM_ID}/members"
    body = {"identities": [CUSTOMER]}
    return str(call(enrollment, "POST", path, body=body, as_=service(PROGRAM_ID)).body["id"])


def balance(member_id: str) -> int:
    path = f"/v1/programs/{PROGRAM_ID}/members/{member_id}"
    return int(call(enrollment, "GET", path, as_=service(PROGRAM_ID)).body["balance"])


def test_each_delivery_is_listed_with_what_came_of_it(time: Clock) -> None:
    member_id = enroll()
    for body, event_id in ((order(), "a"), (order(id=None), "b"), (payload(OF_NOBODY, at=AT), "c")):
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
    answer = call(program, "GET", other, as_=MANAGER, query={"cursor": cursor})

    assert answer.code == "invalid_cursor"


def test_what_is_delivered_is_never_told() -> None:
    deliver(order())
    drain()

    told = read("/deliveries").text + read().text

    assert "bob.norman" not in told
    assert "207119551" not in told


def test_a_storefront_tells_how_its_deliveries_fare(time: Clock) -> None:
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


def test_a_replay_does_what_could_not_be_done_at_first(
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


def test_what_was_delivered_to_another_shop_is_not_there() -> None:
    connect("second")
    deliver(order())
    drain()
    (handled,) = listed()

    path = PATH.replace("online", "second") + f"/deliveries/{handled['id']}/replay"

    assert call(program, "POST", path, as_=MANAGER).code == "not_found"


def test_only_a_manager_sees_and_replays() -> None:
    cashier = staff(PROGRAM_ID, "cashier")

    assert read("/deliveries", as_=cashier).code == "forbidden"
    assert replay("x", as_=cashier).code == "forbidden"


def test_deliveries_of_no_storefront_are_not_found() -> None:
    path = PATH.replace("online", "nowhere") + "/deliveries"

    assert call(program, "GET", path, as_=MANAGER).code == "not_found"


class TestAPlatformThatIsDown:
    @pytest.fixture
    def platform(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
        enable_socket()
        with serving() as server:
            monkeypatch.setenv("LOYALTY_PLATFORM_ORIGIN", server.origin)
            yield server
        disable_socket()

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
