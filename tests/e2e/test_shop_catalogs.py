"""Goods of a connected shop earn by its catalog's categories, and its connection is checked."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from local.deployment import Deployment
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import DescribedApi, eventually
from tests.e2e.functions import asking
from tests.support import signing
from tests.support.platforms import PlatformServer, Reply, serving
from tests.support.signing import SECRET, encoded

COFFEE: Final = {
    "id": "coffee",
    "on": "order",
    "points": 2,
    "per_minor": 100,
    "include_categories": ["Coffee"],
}
PRODUCTS: Final = (
    "/wp-json/wc/v3/products?include=7,8&per_page=100&_fields=id,categories,tags,brands"
)
SHOP: Final[dict[str, Any]] = {
    "platform": "woocommerce",
    "source": "shop",
    "secrets": [SECRET],
    "store": "shop.example.com",
    "access_token": "ck_1:cs_2",
}


@pytest.fixture
def platform(deployed: Deployment) -> Iterator[PlatformServer]:
    """The shop's own API, for the functions that ask it."""
    with (
        serving() as server,
        asking(deployed, "intake", origin=server.origin),
        asking(deployed, "storefronts", origin=server.origin),
    ):
        yield server


@pytest.fixture
def api(open_program: Callable[..., OpenProgram]) -> Iterator[DescribedApi]:
    with DescribedApi(
        open_program(currency="USD", earning_rules=[COFFEE], tiers=None, reminders={})
    ) as api:
        yield api


def order() -> dict[str, Any]:
    """Beans for 10.00 and a mug for 5.00, bought just now."""
    paid_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    line = {"quantity": 1, "total_tax": "0"}
    return {
        "id": 501,
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": paid_at,
        "date_paid_gmt": paid_at,
        "date_modified_gmt": paid_at,
        "customer_id": 26,
        "line_items": [
            line | {"id": 1, "product_id": 7, "total": "10.00"},
            line | {"id": 2, "product_id": 8, "total": "5.00"},
        ],
        "_links": {"self": [{"href": "https://shop.example.com/wp-json/wc/v3/orders/501"}]},
    }


def test_goods_earn_by_the_shop_s_categories_and_the_connection_is_checked(
    api: DescribedApi, platform: PlatformServer
) -> None:
    api.call("manager", "PUT", "/storefronts/online", json=SHOP, status=201)
    customer = {"kind": "customer", "source": "shop", "value": "26"}
    body = {"identities": [customer]}
    member_id = api.call("service", "POST", "/members", json=body, status=201)["id"]

    refused = api.call("manager", "POST", "/storefronts/online/check")
    assert [each["code"] for each in refused["findings"]] == ["access_denied", "no_deliveries"]

    beans = {"id": 7, "categories": [{"name": "Coffee"}], "tags": []}
    platform.answer(PRODUCTS, Reply(200, [beans]))
    raw = encoded(order())
    api.call(None, "POST", "/webhooks/online", content=raw, headers=signing.woocommerce(raw))
    eventually(api.program.deployed.queued_deliveries, lambda waiting: waiting == 0)
    assert api.call("service", "GET", f"/members/{member_id}")["balance"] == 20

    webhook = {"topic": "order.updated", "status": "active"}
    url = f"https://api.example.com/v1/programs/{api.program.id}/webhooks/online"
    probes = {
        "/products?per_page=1&_fields=id": [],
        "/data/currencies/current?_fields=code": {"code": "USD"},
        "/webhooks?per_page=100&_fields=topic,status,delivery_url": [
            webhook | {"delivery_url": url}
        ],
    }
    for path, answer in probes.items():
        platform.answer(f"/wp-json/wc/v3{path}", Reply(200, answer))
    checked = api.call("manager", "POST", "/storefronts/online/check")
    assert (checked["works"], checked["findings"]) == (True, [])
