"""Reviews and other activities through the handlers, from each source that reports them."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.enrollment.handler import handler as enrollment
from functions.storefronts.handler import handler as storefronts
from tests.support import signing, till
from tests.support.activities import activity
from tests.support.deliveries import MANAGER, connect, drain, post
from tests.support.http import call
from tests.support.signing import SECRET, encoded

LONG: str = "flow-" + SECRET * 2


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., object]) -> None:
    publish(activities=[activity(ever_max=1)])


def review(**changes: Any) -> bytes:
    about: dict[str, Any] = {
        "id": 81,
        "product_external_id": "7731",
        "reviewer": {"email": "ana@example.com"},
        "curated": "ok",
        "created_at": "2026-11-21T09:00:00Z",
        "updated_at": "2026-11-21T09:00:00Z",
    }
    return encoded({"review": about | changes})


def visit(activity_id: str, **changes: Any) -> bytes:
    about = {
        "activity_id": activity_id,
        "activity": "review",
        "identities": [{"kind": "email", "value": "ana@example.com"}],
        "occurred_at": "2026-11-21T09:00:00Z",
    }
    return encoded(about | changes)


def outcomes() -> list[tuple[str, str | None, int]]:
    """What came of the deliveries of the shop, the latest first."""
    path = f"{till.PROGRAM}/storefronts/online/deliveries"
    items = call(storefronts, "GET", path, as_=MANAGER).body["items"]
    return [(each["status"], each["reason"], each["points"]) for each in items]


def balance(member_id: str) -> int:
    path = f"{till.PROGRAM}/members/{member_id}"
    return int(call(enrollment, "GET", path, as_=till.CASHIER).body["balance"])


def test_a_review_at_judgeme_earns_once_its_writer_is_a_member_until_it_is_hidden() -> None:
    assert connect(platform="judgeme").status == 201

    def deliver(body: bytes) -> None:
        assert post(body, signing.judgeme(body, secret="shhh")).status == 401
        assert post(body, signing.judgeme(body, secret=SECRET)).status == 200
        drain()

    connect(platform="judgeme", secrets=[SECRET])
    deliver(review())
    assert outcomes()[0] == ("ignored", "no_member", 0)
    ana = till.enroll()
    (delivery,) = call(
        storefronts, "GET", f"{till.PROGRAM}/storefronts/online/deliveries", as_=MANAGER
    ).body["items"]
    path = f"{till.PROGRAM}/storefronts/online/deliveries/{delivery['id']}/replay"
    assert call(storefronts, "POST", path, as_=MANAGER).status in (200, 202)
    drain()
    assert outcomes()[0] == ("recorded", None, 20)

    deliver(review(has_published_pictures=True, updated_at="2026-11-21T09:30:00Z"))
    assert balance(ana) == 30
    deliver(review(id=82))
    deliver(review(hidden=True, updated_at="2026-11-21T09:40:00Z"))

    assert balance(ana) == 0
    assert sorted(status for status, _, _ in outcomes()) == [
        "ignored",
        "recorded",
        "recorded",
        "retracted",
    ]


def test_any_system_tells_by_standard_webhooks() -> None:
    ana = till.enroll()
    assert connect(platform="standard", secrets=[signing.standard_secret(SECRET * 2)]).status == 201

    for number, body in enumerate((visit("1"), visit("1", source="other"), visit("1"))):
        headers = signing.standard(body, name=f"msg_{number}", secret=SECRET * 2)
        assert post(body, headers).status == 200
        drain()

    assert balance(ana) == 20
    assert sorted(status for status, _, _ in outcomes()) == ["parked", "recorded", "recorded"]


def test_flow_sends_its_secret_and_nothing_of_it_is_stored() -> None:
    ana = till.enroll()
    assert connect(platform="flow", secrets=["short"]).status == 422
    assert connect(platform="flow", secrets=[LONG]).status == 201
    body = visit("1")

    assert post(body, {"authorization": "Bearer nope"}).status == 401
    assert post(body, {"authorization": f"Bearer {LONG}"}).status == 200
    drain()
    removal = visit("1", removed=True, changed_at="2026-11-21T09:30:00Z")
    points = balance(ana)
    post(removal, {"authorization": f"Bearer {LONG}"})
    drain()

    assert (points, balance(ana)) == (20, 0)
    listed = call(storefronts, "GET", f"{till.PROGRAM}/storefronts/online/deliveries", as_=MANAGER)
    for each in listed.body["items"]:
        path = f"{till.PROGRAM}/storefronts/online/deliveries/{each['id']}"
        assert LONG not in call(storefronts, "GET", path, as_=MANAGER).text
