"""A voucher's life in a shop: its code is there, an order uses it, a cancel gives it back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from local.deployment import Deployment
from local.shop import delivery, paid_order
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, eventually, order
from tests.e2e.functions import asking
from tests.support.platforms import PlatformServer, Reply, serving

SECRET = "shpss_0123456789abcdef"
GRAPHQL = "/admin/api/2026-07/graphql.json"
NO_CODE = Reply(200, {"data": {"codeDiscountNodeByCode": None}})
DONE = Reply(200, {"data": {"done": {"userErrors": []}}})
FIVE_OFF = {
    "id": "five",
    "name": "5 € off",
    "kind": "amount_off",
    "amount_minor": 500,
    "cost_points": 10,
}


@pytest.fixture
def shopify(deployed: Deployment) -> Iterator[PlatformServer]:
    """Shopify's own API, for the function that creates codes there."""
    with serving() as server, asking(deployed, "codes", origin=server.origin):
        server.answer(GRAPHQL, NO_CODE, DONE)
        yield server


@pytest.fixture
def api(open_program: Callable[..., OpenProgram]) -> Iterator[DescribedApi]:
    # No rule names a category, so nobody has to ask the shop for those of its products.
    rule = {"id": "base", "on": "order", "points": 1, "per_minor": 100}
    with DescribedApi(open_program(rewards=[FIVE_OFF], earning_rules=[rule])) as api:
        yield api


def deliver_signed(api: DescribedApi, body: dict[str, Any], *, topic: str) -> None:
    """The shop delivers, signed."""
    sent = delivery(body, topic=topic, secret=SECRET, webhook_id=topic, event_id=topic)
    with api.program.client() as shop:
        answer = shop.post("/webhooks/online", content=sent.body, headers=sent.headers)
    assert answer.status_code == 200, answer.text


def test_a_vouchers_code_is_created_used_and_deactivated_in_a_shop(
    api: DescribedApi, shopify: PlatformServer
) -> None:
    connection = {
        "platform": "shopify",
        "source": "shop",
        "secrets": [SECRET],
        "access_token": "shpat_1",
        "store": "bean-and-leaf",
        "create_codes": True,
        "enroll_customers": True,
    }
    api.call("manager", "PUT", "/storefronts/online", json=connection, status=201)
    ana = {
        "id": 7,
        "admin_graphql_api_id": "gid://shopify/Customer/7",
        "email": "ana@example.com",
        "first_name": "Ana",
        "created_at": datetime.now(UTC).isoformat(),
        "updated_at": datetime.now(UTC).isoformat(),
        "email_marketing_consent": {"state": "subscribed"},
    }

    deliver_signed(api, ana, topic="customers/create")
    listed = "/storefronts/online/deliveries"
    (enrolled,) = eventually(
        lambda: api.call("manager", "GET", listed)["items"],
        lambda items: [item["status"] for item in items] == ["enrolled"],
    )
    member = f"/members/{enrolled['member_id']}"
    sold = order("9001", member_id=enrolled["member_id"])
    api.call("cashier", "POST", "/orders", json=sold, status=201)
    redeemed = api.call(
        "cashier",
        "POST",
        f"{member}/redemptions",
        json={"reward_id": "five"},
        headers={"Idempotency-Key": "five-1"},
        status=201,
    )
    code = redeemed["voucher"]["code"]

    def state_is(state: str) -> None:
        eventually(
            lambda: api.call("cashier", "GET", f"/vouchers/{code}"),
            lambda voucher: bool(voucher["state"] == state),
        )

    eventually(lambda: list(shopify.posted), lambda posted: len(posted) >= 2)
    assert shopify.posted[1]["variables"]["discount"]["code"] == code

    paid = paid_order(email="ana@example.com", paid_at=datetime.now(UTC), order_id=9002)
    paid["discount_codes"] = [{"code": code.lower(), "amount": "5.00", "type": "fixed_amount"}]
    deliver_signed(api, paid, topic="orders/paid")
    state_is("used")

    cancelled = paid | {"cancelled_at": datetime.now(UTC).isoformat(), "financial_status": "paid"}
    deliver_signed(api, cancelled, topic="orders/cancelled")
    state_is("issued")
