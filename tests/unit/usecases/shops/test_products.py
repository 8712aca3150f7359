"""Rules about categories apply to shops' orders; products are read from the platform."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.usecases.shops.platforms import Unfetchable
from tests.support import bigcommerce as big
from tests.support.documents import rule
from tests.support.shop_stories import NOW, ConnectedShop
from tests.support.signing import fixture

# Two points for each cent of coffee, and one for each cent of what is not on sale.
COFFEE = rule(id="coffee", points=2, per_minor=1, include_categories=["Coffee"])
REST = rule(id="rest", per_minor=1, exclude_categories=["Sale", "Coffee"])

BEANS = {"id": 7, "categories": [{"name": "Coffee"}], "tags": []}
ON_SALE = BEANS | {"categories": [{"name": "Sale"}]}
MUG = {"id": 8, "categories": [{"name": "Mugs"}], "tags": []}


def path_of(ids: str) -> str:
    return f"/products?include={ids}&per_page=100&_fields=id,categories,tags,brands"


BOTH = path_of("7,8")


def item(number: int, total: str, *, product: int) -> dict[str, Any]:
    return {"id": number, "quantity": 1, "total": total, "total_tax": "0", "product_id": product}


def order(*, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """Beans for 10.00 and a mug for 5.00."""
    return {
        "id": 501,
        "status": "processing",
        "currency": "USD",
        "date_created_gmt": "2026-11-20T10:00:00",
        "date_paid_gmt": "2026-11-20T10:00:00",
        "date_modified_gmt": f"2026-11-20T10:{minute:02}:00",
        "customer_id": 26,
        "line_items": [item(1, "10.00", product=7), item(2, "5.00", product=8)],
        "_links": {"self": [{"href": "https://shop.example/wp-json/wc/v3/orders/501"}]},
    } | changes


@pytest.fixture
def shop() -> ConnectedShop:
    connected = ConnectedShop("woocommerce", rules=[COFFEE, REST], has_access_token=True)
    connected.enroll("26")
    connected.responses = {BOTH: [BEANS, MUG], path_of("7"): [BEANS], path_of("8"): [MUG]}
    return connected


def test_goods_earn_by_the_categories_that_the_shop_has_them_in(shop: ConnectedShop) -> None:
    outcome = shop.deliver("order.updated", order())

    assert outcome.points == 2 * 1000 + 500


def test_a_product_is_asked_for_once_a_day(shop: ConnectedShop) -> None:
    for number in range(3):
        shop.deliver("order.updated", order(id=600 + number))
    assert shop.requested == [BOTH]

    shop.now = NOW + timedelta(days=1)
    shop.responses[BOTH] = [ON_SALE, MUG]
    outcome = shop.deliver("order.updated", order(id=700))

    assert shop.requested == [BOTH] * 2
    assert outcome.points == 500


@pytest.mark.parametrize("silence", [TryAgain("down"), Unfetchable("access_denied")])
def test_cached_categories_count_for_a_month_while_the_platform_does_not_answer(
    shop: ConnectedShop, silence: Exception
) -> None:
    shop.deliver("order.updated", order())
    shop.now = NOW + timedelta(days=29)
    shop.responses[BOTH] = silence

    assert shop.deliver("order.updated", order(id=502)).points == 2500

    shop.now = NOW + timedelta(days=31)
    shop.responses[BOTH] = TryAgain("down")
    with pytest.raises(TryAgain):
        shop.deliver("order.updated", order(id=503))


def test_an_order_waits_for_a_platform_that_does_not_answer(shop: ConnectedShop) -> None:
    shop.responses[BOTH] = TryAgain("down")

    with pytest.raises(TryAgain):
        shop.deliver("order.updated", order())
    assert shop.balance == 0
    shop.responses[BOTH] = [BEANS, MUG]

    assert shop.deliver("order.updated", order()).points == 2500


def test_an_order_is_parked_if_the_platform_refuses_what_decides_its_points(
    shop: ConnectedShop,
) -> None:
    shop.responses[BOTH] = Unfetchable("access_denied")

    outcome = shop.deliver("order.updated", order())

    assert (outcome.status, outcome.reason) == ("parked", "categories_unknown")
    assert shop.balance == 0


def test_a_cancellation_needs_no_categories(shop: ConnectedShop) -> None:
    shop.deliver("order.updated", order())
    shop.now = NOW + timedelta(days=40)
    shop.responses[BOTH] = Unfetchable("access_denied")

    shop.deliver("order.updated", order(status="cancelled", minute=9))

    assert shop.balance == 0


def test_without_a_token_orders_count_without_categories() -> None:
    shop = ConnectedShop("woocommerce", rules=[COFFEE, REST])
    shop.enroll("26")

    outcome = shop.deliver("order.updated", order())

    assert (outcome.status, outcome.points, shop.requested) == ("earned", 1500, [])


def test_no_platform_is_asked_as_long_as_no_rule_needs_categories() -> None:
    shop = ConnectedShop("woocommerce", has_access_token=True)
    shop.enroll("26")

    assert shop.deliver("order.updated", order()).points == 1500
    assert shop.requested == []


def test_a_product_that_the_shop_does_not_have_is_in_no_category(shop: ConnectedShop) -> None:
    shop.responses[BOTH] = [MUG]

    assert shop.deliver("order.updated", order()).points == 1500
    # That is remembered, too.
    assert shop.deliver("order.updated", order(id=502)).points == 1500
    assert shop.requested == [BOTH]


def test_goods_stay_in_the_categories_that_they_were_bought_in(shop: ConnectedShop) -> None:
    shop.deliver("order.updated", order())
    shop.now = NOW + timedelta(days=2)
    shop.responses[BOTH] = [ON_SALE, MUG]

    lines = [item(1, "8.00", product=7), item(2, "5.00", product=8)]
    shop.deliver("order.updated", order(minute=5, line_items=lines))

    assert shop.balance == 2 * 800 + 500


def test_goods_that_are_added_later_are_in_their_own_categories(shop: ConnectedShop) -> None:
    shop.deliver("order.updated", order(line_items=[item(1, "10.00", product=8)]))
    assert shop.balance == 1000

    lines = [item(1, "10.00", product=8), item(3, "1.00", product=7)]
    shop.deliver("order.updated", order(minute=5, line_items=lines))

    assert shop.balance == 1000 + 200


def square(catalog: Any, *, rules: list[Any]) -> int:
    """The points of a latte for 5.00 with what the catalog answers."""
    shop = ConnectedShop("square", rules=rules, has_access_token=True)
    shop.enroll("ANA")
    body = fixture("square/payment.updated")
    body["data"]["object"]["payment"]["created_at"] = "2026-11-20T10:00:00Z"
    order_id = body["data"]["object"]["payment"]["order_id"]
    money = {"amount": 500, "currency": "USD"}
    bought = fixture("square/order")["order"] | {
        "id": order_id,
        "customer_id": "ANA",
        "line_items": [{"uid": "u1", "catalog_object_id": "V1", "total_money": money}],
    }
    shop.responses = {
        f"/v2/orders/{order_id}": {"order": bought},
        "/v2/catalog/batch-retrieve": catalog,
    }
    return shop.deliver("payment.updated", body).points


def test_square_s_lines_have_the_merchant_s_skus_and_categories() -> None:
    by_sku = rule(id="latte", per_minor=1, include_skus=["LATTE"])
    item_of_it = {"id": "I1", "item_data": {"categories": [{"id": "C1"}]}}
    catalog = {
        "objects": [{"id": "V1", "item_variation_data": {"sku": "LATTE", "item_id": "I1"}}],
        "related_objects": [item_of_it, {"id": "C1", "category_data": {"name": "Coffee"}}],
    }
    refused = Unfetchable("access_denied")

    assert square(catalog, rules=[COFFEE, REST]) == 1000
    assert square(catalog, rules=[by_sku]) == 500
    # A token that may not read the catalog: the SKU is the id of the catalog's object.
    assert square(refused, rules=[by_sku]) == 0
    assert square(refused, rules=[rule(per_minor=1, include_skus=["V1"])]) == 500


def test_bigcommerce_s_goods_earn_by_category() -> None:
    shop = ConnectedShop("bigcommerce", rules=[COFFEE, REST], has_access_token=True, store="abc123")
    shop.enroll("11")
    shop.responses = {
        "/v2/orders/218?include=fees": big.order(),
        "/v2/orders/218/products?limit=250": [
            each | {"product_id": number} for number, each in enumerate(big.PRODUCTS, 5)
        ],
        "/v3/orders/218/payment_actions/refunds": big.refunds(),
        "/v3/catalog/products?id:in=5,6&include_fields=categories,brand_id&limit=250": {
            "data": [{"id": 5, "categories": [23]}, {"id": 6, "categories": []}]
        },
        "/v3/catalog/trees/categories?category_id:in=23&limit=250": {
            "data": [{"category_id": 23, "name": "Coffee"}]
        },
    }

    outcome = shop.deliver("store/order/statusUpdated", big.event())

    assert outcome.points == 2 * 4000 + 2000


def test_shopify_s_goods_earn_by_category() -> None:
    shop = ConnectedShop("shopify", rules=[COFFEE, REST], client_id="app", store="bean-and-leaf")
    shop.enroll("26")
    variables = {}

    def answer(body: Any) -> Any:
        variables.update(body["variables"])
        return {"data": {"nodes": [{"id": "gid://shopify/Product/7", "productType": "Coffee"}]}}

    shop.responses = {"/admin/api/2026-07/graphql.json": answer}
    outcome = shop.deliver(
        "orders/paid",
        {
            "id": 1,
            "admin_graphql_api_id": "gid://shopify/Order/1",
            "currency": "USD",
            "processed_at": "2026-11-20T10:00:00Z",
            "financial_status": "paid",
            "customer": {"id": 26},
            "line_items": [
                {"id": 1, "product_id": 7, "quantity": 1, "price": "10.00"},
                # A line that somebody typed in.
                {"id": 2, "product_id": None, "quantity": 1, "price": "5.00"},
            ],
        },
    )

    assert outcome.points == 2 * 1000 + 500
    assert variables == {"ids": ["gid://shopify/Product/7"]}


def stripe_shop(**parts: Any) -> ConnectedShop:
    shop = ConnectedShop("stripe", rules=[COFFEE, REST], **parts)
    shop.enroll("cus_1")
    shop.responses = {
        "/v1/products?limit=100&ids[]=prod_1&ids[]=prod_2": {
            "data": [
                {"id": "prod_1", "name": "Beans", "metadata": {"category": "Coffee"}},
                {"id": "prod_2", "name": "Mug", "metadata": {}},
            ]
        }
    }
    return shop


def stripe_event(kind: str, **about: Any) -> dict[str, Any]:
    seconds = int(NOW.timestamp()) - 60
    return {"id": "evt_1", "type": kind, "created": seconds, "data": {"object": about}}


# 16.50 with shipping for 1.50 and no tax.
CHECKOUT = stripe_event(
    "checkout.session.completed",
    id="cs_1",
    mode="payment",
    payment_status="paid",
    currency="usd",
    amount_total=1650,
    total_details={"amount_shipping": 150, "amount_tax": 0},
    customer="cus_1",
    payment_intent="pi_1",
)


def test_a_checkout_s_goods_earn_by_their_products() -> None:
    shop = stripe_shop(has_access_token=True)
    shop.responses["/v1/checkout/sessions/cs_1/line_items?limit=100"] = {
        "data": [
            {"id": "li_1", "amount_total": 1000, "price": {"id": "price_1", "product": "prod_1"}},
            {"id": "li_2", "amount_total": 500, "price": {"id": "price_2", "product": "prod_2"}},
        ]
    }

    outcome = shop.deliver("checkout.session.completed", CHECKOUT)

    assert outcome.points == 2 * 1000 + 500


def test_a_checkout_is_one_line_without_a_key() -> None:
    shop = stripe_shop()

    assert shop.deliver("checkout.session.completed", CHECKOUT).points == 1500
    assert shop.requested == []


@pytest.mark.parametrize("has_more", [False, True])
def test_an_invoice_s_goods_earn_by_their_products(*, has_more: bool) -> None:
    shop = stripe_shop(has_access_token=True)
    lines = [
        {"id": "il_1", "amount": 1000, "pricing": {"price_details": {"product": "prod_1"}}},
        {"id": "il_2", "amount": 500, "pricing": {"price_details": {"product": "prod_2"}}},
        # A credit for the time that was left.
        {"id": "il_3", "amount": -300, "pricing": {"price_details": {"product": "prod_2"}}},
    ]
    listed = lines[:1] if has_more else lines
    shop.responses |= {
        "/v1/invoice_payments?invoice=in_1&status=paid": {
            "data": [{"amount_paid": 1200, "payment": {"payment_intent": "pi_1"}}]
        },
        "/v1/invoices/in_1/lines?limit=100": {"data": lines},
    }
    event = stripe_event(
        "invoice.paid",
        id="in_1",
        currency="usd",
        amount_paid=1200,
        total=1200,
        customer="cus_1",
        lines={"data": listed, "has_more": has_more},
    )

    outcome = shop.deliver("invoice.paid", event)

    # The goods share the credit: 8.00 of coffee and 4.00 of others.
    assert outcome.points == 2 * 800 + 400
