"""Shopify's products: https://shopify.dev/docs/api/admin-graphql (Product)."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import StrictStr, ValidationError

from loyalty.domain.shops.products import Product, ProductsNeeded, categories, tags
from loyalty.storefronts.payloads import NONE_IF_UNREADABLE, OptionalText, Part, Payload, Several
from loyalty.storefronts.shopify.graphql import GraphqlAnswer
from loyalty.storefronts.shopify.payload import GRAPHQL_PATH
from loyalty.usecases.shops.platforms import ProductCatalog, Unfetchable

# A query may cost a thousand points; a product with its collections costs some thirty.
PRODUCTS_AT_ONCE: Final = 20

_QUERY: Final = """query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Product {
      id productType tags category { name }
      collections(first: 25) { nodes { title } }
    }
  }
}"""


class _Named(Payload):
    name: OptionalText = None
    title: OptionalText = None


class _Collections(Payload):
    nodes: Several[Part[_Named]] = ()


class _Product(Payload):
    id: StrictStr
    productType: OptionalText = None  # noqa: N815  # their word
    tags: Annotated[tuple[StrictStr, ...] | None, NONE_IF_UNREADABLE] = None
    category: Part[_Named] = None
    collections: Part[_Collections] = None

    @property
    def product(self) -> Product:
        """Its type, its category in Shopify's taxonomy, its collections, and its tags."""
        collections = self.collections.nodes if self.collections else ()
        return Product(
            categories=categories(
                (
                    self.productType,
                    self.category.name if self.category else None,
                    *(each.title for each in collections if each),
                    *(self.tags or ()),
                )
            ),
            tags=tags(self.tags or ()),
        )


class _Data(Payload):
    nodes: tuple[_Product | None, ...]


class _Answer(GraphqlAnswer):
    data: Part[_Data] = None


def _request(product_ids: Sequence[str]) -> ProductsNeeded:
    ids = {f"gid://shopify/Product/{each}": each for each in product_ids}
    body = json.dumps({"query": _QUERY, "variables": {"ids": list(ids)}}).encode()

    def complete(responses: Sequence[bytes]) -> Mapping[str, Product]:
        answer = _answer(responses[0])
        return {ids[each.id]: each.product for each in answer.nodes if each and each.id in ids}

    return ProductsNeeded((GRAPHQL_PATH,), complete, body)


def _answer(response: bytes) -> _Data:
    """What a query found. GraphQL refuses with 200 and errors.

    Raises:
        TryAgain: the shop asks for time.
        Unfetchable: the app may not read products, or the answer makes no sense.
    """
    try:
        answer = _Answer.model_validate_json(response)
    except ValidationError as error:
        raise Unfetchable("malformed") from error
    refusal = answer.refusal()
    if answer.errors or answer.data is None:
        raise Unfetchable(refusal)
    return answer.data


CATALOG: Final = ProductCatalog(request=_request, at_once_max=PRODUCTS_AT_ONCE)
