"""Stripe's products: https://docs.stripe.com/api/products.

Stripe has no categories, brands or tags. A product is in the category of its name, and has what the
merchant writes into its metadata: `category` and `tags`, separated by commas, and `brand`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import Field, StrictStr, ValidationError

from loyalty.domain.shops.products import Product, ProductsNeeded, brand, categories, tags
from loyalty.storefronts.payloads import OptionalText, Payload
from loyalty.storefronts.stripe.payload import Metadata
from loyalty.usecases.shops.platforms import ProductCatalog, Unfetchable

PRODUCTS_AT_ONCE: Final = 100


class _Product(Payload):
    id: StrictStr
    name: OptionalText = None
    metadata: Metadata = Field(default_factory=dict)

    def names(self) -> Iterator[str | None]:
        yield from self.metadata.get("category", "").split(",")
        yield self.name


class _Products(Payload):
    data: tuple[_Product, ...]


def _request(product_ids: Sequence[str]) -> ProductsNeeded:
    ids = "&".join(f"ids[]={each}" for each in product_ids)
    return ProductsNeeded((f"/v1/products?limit=100&{ids}",), _complete)


def _complete(responses: Sequence[bytes]) -> Mapping[str, Product]:
    try:
        found = _Products.model_validate_json(responses[0]).data
    except ValidationError as error:
        raise Unfetchable("malformed") from error
    return {
        each.id: Product(
            categories=categories(each.names()),
            brand=brand(each.metadata.get("brand")),
            tags=tags(each.metadata.get("tags", "").split(",")),
        )
        for each in found
    }


CATALOG: Final = ProductCatalog(request=_request, at_once_max=PRODUCTS_AT_ONCE)
