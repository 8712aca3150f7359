"""WooCommerce's products: https://woocommerce.github.io/woocommerce-rest-api-docs (products)."""

import html
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import TypeAdapter, ValidationError

from loyalty.domain.shops.products import Product, ProductsNeeded, brand, categories, tags
from loyalty.storefronts.payloads import NONE_IF_UNREADABLE, Id, OptionalText, Payload, Several
from loyalty.usecases.shops.platforms import ProductCatalog, Unfetchable

PRODUCTS_AT_ONCE: Final = 100


class _Term(Payload):
    name: OptionalText = None

    @property
    def text(self) -> str:
        """The name as the merchant sees it; WordPress escapes it."""
        return html.unescape(self.name or "")


class _Product(Payload):
    id: Id
    categories: Several[_Term] = ()
    tags: Several[_Term] = ()
    # Since WooCommerce 9.6.
    brands: Annotated[tuple[_Term, ...] | None, NONE_IF_UNREADABLE] = None


_PRODUCTS: Final = TypeAdapter(tuple[_Product, ...])


def _request(product_ids: Sequence[str]) -> ProductsNeeded:
    path = (
        f"/products?include={','.join(product_ids)}&per_page=100&_fields=id,categories,tags,brands"
    )
    return ProductsNeeded((path,), _complete)


def _complete(responses: Sequence[bytes]) -> Mapping[str, Product]:
    try:
        products = _PRODUCTS.validate_json(responses[0])
    except ValidationError as error:
        raise Unfetchable("malformed") from error
    return {
        str(each.id): Product(
            categories=categories(term.text for term in (*each.categories, *each.tags)),
            brand=brand(next((term.text for term in each.brands or ()), None)),
            tags=tags(term.text for term in each.tags),
        )
        for each in products
    }


CATALOG: Final = ProductCatalog(request=_request, at_once_max=PRODUCTS_AT_ONCE)
