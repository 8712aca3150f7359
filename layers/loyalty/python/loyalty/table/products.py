"""Products of shops' catalogs, remembered in the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.shops.products import REMEMBERED_FOR, Product, RememberedProduct
from loyalty.table import keys
from loyalty.table.operations import Item, Put

if TYPE_CHECKING:
    from loyalty.table.engine import Engine


class TableProducts:
    """Implements `Products`, of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def find(
        self, storefront_id: str, product_ids: Iterable[str]
    ) -> Mapping[str, RememberedProduct]:
        by_key = {keys.product(self._program, storefront_id, each): each for each in product_ids}
        return {
            by_key[key]: product_from_item(item)
            for key, item in self._engine.get_many(by_key, strong=False).items()
        }

    def remember(
        self, storefront_id: str, products: Mapping[str, Product], *, now: datetime
    ) -> None:
        for product_id, product in products.items():
            key = keys.product(self._program, storefront_id, product_id)
            self._engine.write([Put(key, product_to_item(product, now=now))])


def product_to_item(product: Product, *, now: datetime) -> Item:
    item: Item = {
        "kind": "product",
        "v": 1,
        "sku": product.sku,
        "categories": list(product.categories) or None,
        "brand": product.brand,
        "tags": list(product.tags) or None,
        "read_at": keys.instant(now),
        "ttl": int((now + REMEMBERED_FOR).timestamp()),
    }
    return {name: value for name, value in item.items() if value is not None}


def product_from_item(item: Item) -> RememberedProduct:
    wire = cast("dict[str, Any]", item)
    product = Product(
        sku=wire.get("sku"),
        categories=tuple(wire.get("categories", ())),
        brand=wire.get("brand"),
        tags=tuple(wire.get("tags", ())),
    )
    return RememberedProduct(product, datetime.fromisoformat(wire["read_at"]))
