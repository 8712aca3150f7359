"""What each platform is asked about its products, and what its answers mean."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.products import Product, ProductsNeeded
from loyalty.domain.shops.storefront import PlatformName
from loyalty.storefronts import platform_named
from loyalty.usecases.shops.platforms import Unfetchable

type Answer = Callable[[str, Any], Any]


def read(platform: PlatformName, ids: list[str], answer: Answer) -> Mapping[str, Product]:
    """The products that a platform describes, with what it answers to a path and a body."""
    catalog = platform_named(platform).catalog
    assert catalog is not None
    request = catalog.request(ids)
    while isinstance(request, ProductsNeeded):
        body = json.loads(request.body or b"null")
        responses = [json.dumps(answer(path, body)).encode() for path in request.paths]
        answered = request.complete(responses)
        if not isinstance(answered, ProductsNeeded):
            return answered
        request = answered
    raise AssertionError


def shopify(path: str, body: Any) -> Any:
    assert path.endswith("/graphql.json")
    assert body["variables"] == {"ids": ["gid://shopify/Product/11", "gid://shopify/Product/12"]}
    beans = {
        "id": "gid://shopify/Product/11",
        "productType": "Coffee",
        "tags": ["organic", "Sale"],
        "category": {"name": "Coffee Beans"},
        "collections": {"nodes": [{"title": "Whole bean"}, {"title": "Gifts"}]},
    }
    # A product that was deleted.
    return {"data": {"nodes": [beans, None]}}


def test_shopify_knows_types_taxonomy_collections_and_tags() -> None:
    assert read("shopify", ["11", "12"], shopify) == {
        "11": Product(
            categories=("Coffee", "Coffee Beans", "Whole bean", "Gifts", "organic", "Sale"),
            tags=("organic", "Sale"),
        )
    }


@pytest.mark.parametrize(
    "product",
    [
        {"productType": "", "tags": [], "category": None, "collections": {"nodes": []}},
        {"productType": None, "tags": None, "collections": None},
        {},
    ],
)
def test_a_product_of_shopify_may_be_in_no_category(product: dict[str, Any]) -> None:
    answer = {"data": {"nodes": [product | {"id": "gid://shopify/Product/11"}]}}

    assert read("shopify", ["11"], lambda _path, _body: answer) == {"11": Product()}


def test_shopify_refuses_an_app_that_may_not_read_products() -> None:
    answer = {"data": None, "errors": [{"extensions": {"code": "ACCESS_DENIED"}}]}

    with pytest.raises(Unfetchable) as refusal:
        read("shopify", ["11"], lambda _path, _body: answer)

    assert refusal.value.reason == "access_denied"


def test_shopify_may_limit_requests() -> None:
    answer = {"errors": [{"extensions": {"code": "THROTTLED"}}]}

    with pytest.raises(TryAgain):
        read("shopify", ["11"], lambda _path, _body: answer)


def test_woocommerce_knows_categories_tags_and_the_first_brand() -> None:
    def answer(path: str, _body: Any) -> Any:
        assert path == "/products?include=7,8&per_page=100&_fields=id,categories,tags,brands"
        return [
            {
                "id": 7,
                "categories": [{"id": 1, "name": "Tea &amp; Coffee"}, {"id": 2, "name": "Sale"}],
                "tags": [{"id": 3, "name": "organic"}],
                "brands": [{"id": 4, "name": "Bean &amp; Leaf"}, {"id": 5, "name": "Other"}],
            },
            # Of a shop before version 9.6.
            {"id": 8, "categories": [], "tags": []},
        ]

    assert read("woocommerce", ["7", "8"], answer) == {
        "7": Product(
            categories=("Tea & Coffee", "Sale", "organic"),
            brand="Bean & Leaf",
            tags=("organic",),
        ),
        "8": Product(),
    }


VARIATIONS = [
    {"id": "V1", "item_variation_data": {"sku": "LATTE", "item_id": "I1"}},
    {"id": "V2", "item_variation_data": {"name": "No SKU", "item_id": "I2"}},
    {"id": "V3", "item_variation_data": None},
]
ITEMS = [
    {
        "id": "I1",
        "item_data": {
            "reporting_category": {"id": "C1"},
            "categories": [{"id": "C2"}, {"id": "C1"}],
        },
    },
    {"id": "I2", "item_data": {"category_id": "C2"}},
]
CATEGORIES = [
    {"id": "C1", "category_data": {"name": "Drinks"}},
    {"id": "C2", "category_data": {"name": "Hot"}},
]


def square(_path: str, body: Any) -> Any:
    if "V1" in body["object_ids"]:
        assert body["include_related_objects"]
        return {"objects": VARIATIONS, "related_objects": ITEMS}
    assert body == {"object_ids": ["C1", "C2"]}
    return {"objects": CATEGORIES}


def test_square_knows_skus_and_the_categories_of_an_item() -> None:
    assert read("square", ["V1", "V2", "V3"], square) == {
        "V1": Product(sku="LATTE", categories=("Drinks", "Hot")),
        "V2": Product(categories=("Hot",)),
    }


@pytest.mark.parametrize("catalog", [{}, {"objects": None}, {"objects": [], "related_objects": []}])
def test_a_catalog_of_square_may_know_nothing(catalog: Any) -> None:
    assert read("square", ["V1"], lambda _path, _body: catalog) == {}


def bigcommerce(path: str, _body: Any) -> Any:
    if path.startswith("/v3/catalog/products"):
        assert "id:in=5,6&" in path
        assert "include_fields=categories,brand_id&" in path
        mug = {"id": 5, "categories": [23, 24], "brand_id": 3}
        return {"data": [mug, {"id": 6, "categories": [], "brand_id": 0}]}
    if path.startswith("/v3/catalog/brands"):
        assert "id:in=3&" in path
        return {"data": [{"id": 3, "name": "House"}]}
    assert path == "/v3/catalog/trees/categories?category_id:in=23,24&limit=250"
    return {"data": [{"category_id": 23, "name": "Mugs"}, {"category_id": 24, "name": "Sale"}]}


def test_bigcommerce_knows_categories_and_brands() -> None:
    assert read("bigcommerce", ["5", "6"], bigcommerce) == {
        "5": Product(categories=("Mugs", "Sale"), brand="House"),
        "6": Product(),
    }


def test_a_product_of_bigcommerce_may_have_a_brand_and_no_category() -> None:
    def answer(path: str, _body: Any) -> Any:
        if path.startswith("/v3/catalog/products"):
            return {"data": [{"id": 5, "categories": [], "brand_id": 3}]}
        return bigcommerce(path, _body)

    assert read("bigcommerce", ["5"], answer) == {"5": Product(brand="House")}


def test_bigcommerce_is_asked_once_for_products_without_categories_and_brands() -> None:
    answer = {"data": [{"id": 5, "categories": []}]}

    assert read("bigcommerce", ["5"], lambda _path, _body: answer) == {"5": Product()}


def test_stripe_knows_a_product_s_name_and_what_its_metadata_says() -> None:
    def answer(path: str, _body: Any) -> Any:
        assert path == "/v1/products?limit=100&ids[]=prod_1&ids[]=prod_2"
        return {
            "data": [
                {
                    "id": "prod_1",
                    "name": "Espresso",
                    "metadata": {
                        "category": "coffee, beans",
                        "brand": "House",
                        "tags": "organic,fair",
                    },
                },
                {"id": "prod_2", "name": "Mug", "metadata": {}},
            ]
        }

    assert read("stripe", ["prod_1", "prod_2"], answer) == {
        "prod_1": Product(
            categories=("coffee", "beans", "Espresso"), brand="House", tags=("organic", "fair")
        ),
        "prod_2": Product(categories=("Mug",)),
    }


@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "square", "bigcommerce", "stripe"])
@pytest.mark.parametrize("answer", [7, {"data": 7, "objects": 7}, [{"id": []}], "no"])
def test_a_malformed_answer_is_a_refusal(platform: PlatformName, answer: Any) -> None:
    with pytest.raises(Unfetchable):
        read(platform, ["1"], lambda _path, _body: answer)
