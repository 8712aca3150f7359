"""BigCommerce's products: https://developer.bigcommerce.com/docs/rest-catalog (V3).

A product lists the ids of its categories, whose names are read next.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from loyalty.domain.shops.products import Product, ProductsNeeded, categories
from loyalty.storefronts.payloads import Id, OptionalText, Payload, Several
from loyalty.usecases.shops.platforms import ProductCatalog, Unfetchable

PRODUCTS_AT_ONCE: Final = 50
# The API takes this many at once, and answers with up to 250.
CATEGORIES_READ_MAX: Final = 250


class _Product(Payload):
    id: Id
    categories: Several[Id] = ()


class _Products(Payload):
    data: tuple[_Product, ...]


class _Category(Payload):
    category_id: Id
    name: OptionalText = None


class _Categories(Payload):
    data: tuple[_Category, ...]


def _request(product_ids: Sequence[str]) -> ProductsNeeded:
    path = f"/v3/catalog/products?id:in={','.join(product_ids)}&include_fields=categories&limit=250"
    return ProductsNeeded((path,), _named)


def _named(responses: Sequence[bytes]) -> Mapping[str, Product] | ProductsNeeded:
    products = _read(_Products, responses[0]).data
    ids = list(dict.fromkeys(each for product in products for each in product.categories))
    if not ids:
        return {str(product.id): Product() for product in products}

    def complete(responses: Sequence[bytes]) -> Mapping[str, Product]:
        names = {each.category_id: each.name for each in _read(_Categories, responses[0]).data}
        return {
            str(product.id): Product(categories=categories(map(names.get, product.categories)))
            for product in products
        }

    named = ",".join(map(str, ids[:CATEGORIES_READ_MAX]))
    path = f"/v3/catalog/trees/categories?category_id:in={named}&limit=250"
    return ProductsNeeded((path,), complete)


def _read[P: Payload](shape: type[P], response: bytes) -> P:
    try:
        return shape.model_validate_json(response)
    except ValidationError as error:
        raise Unfetchable("malformed") from error


CATALOG: Final = ProductCatalog(request=_request, at_once_max=PRODUCTS_AT_ONCE)
