"""BigCommerce's products: https://developer.bigcommerce.com/docs/rest-catalog (V3).

A product lists the ids of its categories and of its brand, whose names are read next.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import ValidationError

from loyalty.domain.shops.products import Product, ProductsNeeded, brand, categories
from loyalty.storefronts.payloads import NONE_IF_UNREADABLE, Id, OptionalText, Payload, Several
from loyalty.usecases.shops.platforms import ProductCatalog, Unfetchable

PRODUCTS_AT_ONCE: Final = 50
# The API takes this many at once, and answers with up to 250.
NAMES_READ_MAX: Final = 250


class _Product(Payload):
    id: Id
    categories: Several[Id] = ()
    # A product without a brand has 0.
    brand_id: Annotated[Id | None, NONE_IF_UNREADABLE] = None


class _Products(Payload):
    data: tuple[_Product, ...]


class _Category(Payload):
    category_id: Id
    name: OptionalText = None


class _Categories(Payload):
    data: tuple[_Category, ...]


class _Brand(Payload):
    id: Id
    name: OptionalText = None


class _Brands(Payload):
    data: tuple[_Brand, ...]


def _request(product_ids: Sequence[str]) -> ProductsNeeded:
    fields = "categories,brand_id"
    path = f"/v3/catalog/products?id:in={','.join(product_ids)}&include_fields={fields}&limit=250"
    return ProductsNeeded((path,), _named)


def _named(responses: Sequence[bytes]) -> Mapping[str, Product] | ProductsNeeded:
    products = _read(_Products, responses[0]).data
    category_ids = list(dict.fromkeys(each for product in products for each in product.categories))
    brand_ids = list(dict.fromkeys(each.brand_id for each in products if each.brand_id))
    paths = []
    if category_ids:
        named = ",".join(map(str, category_ids[:NAMES_READ_MAX]))
        paths.append(f"/v3/catalog/trees/categories?category_id:in={named}&limit=250")
    if brand_ids:
        named = ",".join(map(str, brand_ids))
        paths.append(f"/v3/catalog/brands?id:in={named}&limit=250")

    def complete(responses: Sequence[bytes]) -> Mapping[str, Product]:
        of_categories = responses[: bool(category_ids)]
        of_brands = responses[bool(category_ids) :]
        names = {
            each.category_id: each.name
            for response in of_categories
            for each in _read(_Categories, response).data
        }
        brands = {
            each.id: each.name for response in of_brands for each in _read(_Brands, response).data
        }
        return {
            str(product.id): Product(
                categories=categories(map(names.get, product.categories)),
                brand=brand(brands.get(product.brand_id or 0)),
            )
            for product in products
        }

    return ProductsNeeded(tuple(paths), complete) if paths else complete(())


def _read[P: Payload](shape: type[P], response: bytes) -> P:
    try:
        return shape.model_validate_json(response)
    except ValidationError as error:
        raise Unfetchable("malformed") from error


CATALOG: Final = ProductCatalog(request=_request, at_once_max=PRODUCTS_AT_ONCE)
