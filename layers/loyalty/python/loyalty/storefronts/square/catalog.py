"""Square's catalog: https://developer.squareup.com/docs/catalog-api/what-it-does.

An order's item names a variation, which has the SKU. The variation belongs to an item, and the item
to categories, whose names are read last.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final

from pydantic import StrictStr, ValidationError

from loyalty.domain.shops.products import Product, ProductsNeeded, categories
from loyalty.storefronts.payloads import (
    NONE_IF_UNREADABLE,
    OptionalText,
    Part,
    Payload,
    Several,
    is_name,
    label,
)
from loyalty.usecases.shops.platforms import ProductCatalog, Unfetchable

PATH: Final = "/v2/catalog/batch-retrieve"
# An item may be in many categories, and a request may name a thousand objects.
PRODUCTS_AT_ONCE: Final = 100
CATEGORIES_READ_MAX: Final = 1000


class _Variation(Payload):
    sku: OptionalText = None
    item_id: OptionalText = None


class _Reference(Payload):
    id: OptionalText = None


class _Item(Payload):
    """`category_id` is the only category in versions before 2023-12-13."""

    category_id: OptionalText = None
    reporting_category: Part[_Reference] = None
    categories: Several[_Reference] = ()

    @property
    def category_ids(self) -> tuple[str, ...]:
        reporting = self.reporting_category.id if self.reporting_category else None
        ids = (reporting, *(each.id for each in self.categories), self.category_id)
        return tuple(dict.fromkeys(each for each in ids if is_name(each)))


class _Category(Payload):
    name: OptionalText = None


class _Object(Payload):
    id: StrictStr
    item_variation_data: Annotated[_Variation | None, NONE_IF_UNREADABLE] = None
    item_data: Annotated[_Item | None, NONE_IF_UNREADABLE] = None
    category_data: Annotated[_Category | None, NONE_IF_UNREADABLE] = None


class _Answer(Payload):
    objects: Several[_Object] = ()
    related_objects: Several[_Object] = ()

    @property
    def all(self) -> tuple[_Object, ...]:
        return (*self.objects, *self.related_objects)


def _request(product_ids: Sequence[str]) -> ProductsNeeded:
    def complete(responses: Sequence[bytes]) -> Mapping[str, Product] | ProductsNeeded:
        answer = _read(responses[0])
        items = {each.id: each.item_data for each in answer.all if each.item_data}
        variations = {
            each.id: each.item_variation_data for each in answer.objects if each.item_variation_data
        }
        ids = {
            name: items[each.item_id].category_ids if each.item_id in items else ()
            for name, each in variations.items()
        }
        skus = {name: label(each.sku) for name, each in variations.items()}
        category_ids = list(dict.fromkeys(each for some in ids.values() for each in some))
        names = {each.id: each.category_data.name for each in answer.all if each.category_data}
        if missing := [each for each in category_ids if each not in names]:
            return _categories_request(missing, skus=skus, ids=ids)
        return _products(skus, ids, names)

    return _ask(product_ids, complete, include_related_objects=True)


def _categories_request(
    category_ids: Sequence[str],
    *,
    skus: Mapping[str, str | None],
    ids: Mapping[str, Sequence[str]],
) -> ProductsNeeded:
    def complete(responses: Sequence[bytes]) -> Mapping[str, Product]:
        found = _read(responses[0]).objects
        names = {each.id: each.category_data.name for each in found if each.category_data}
        return _products(skus, ids, names)

    return _ask(category_ids[:CATEGORIES_READ_MAX], complete)


def _products(
    skus: Mapping[str, str | None],
    ids: Mapping[str, Sequence[str]],
    names: Mapping[str, str | None],
) -> dict[str, Product]:
    return {
        name: Product(sku=skus[name], categories=categories(names.get(each) for each in some))
        for name, some in ids.items()
    }


def _ask(
    object_ids: Sequence[str],
    complete: Callable[[Sequence[bytes]], Mapping[str, Product] | ProductsNeeded],
    **parts: bool,
) -> ProductsNeeded:
    body = json.dumps({"object_ids": list(object_ids), **parts}).encode()
    return ProductsNeeded((PATH,), complete, body)


def _read(response: bytes) -> _Answer:
    try:
        return _Answer.model_validate_json(response)
    except ValidationError as error:
        raise Unfetchable("malformed") from error


CATALOG: Final = ProductCatalog(request=_request, at_once_max=PRODUCTS_AT_ONCE, has_skus=True)
