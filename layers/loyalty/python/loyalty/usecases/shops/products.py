"""The products of an order's lines: read from the platform, and cached for a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.needs import needs_of
from loyalty.domain.shops.products import (
    Product,
    ProductsNeeded,
    RememberedProduct,
)
from loyalty.domain.shops.storefront import (
    Delivery,
    OrderPaid,
    OrdersPaid,
    Parked,
    Storefront,
)
from loyalty.usecases.shops.platforms import Platform, PlatformReader, ProductCatalog, Unfetchable

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Line
    from loyalty.usecases.ports import Desk

# The reason for parking an order whose points depend on categories that the platform refuses.
CATEGORIES_UNKNOWN: Final = "categories_unknown"
# Without access to the platform, orders count without categories. The connection's check says so.
NOBODY_TO_ASK: Final = ("disconnected", "no_access_token")


class Products(Protocol):
    """A cache of products of platforms."""

    def find(
        self, storefront_id: str, product_ids: Iterable[str]
    ) -> Mapping[str, RememberedProduct]:
        """The products that are cached; others are left out."""
        ...

    def remember(
        self, storefront_id: str, products: Mapping[str, Product], *, now: datetime
    ) -> None: ...


def with_products(
    command: OrderPaid | OrdersPaid,
    *,
    delivery: Delivery,
    storefront: Storefront | None,
    platform: Platform,
    reader: PlatformReader,
    products: Products,
    desk: Desk,
) -> OrderPaid | OrdersPaid | Parked:
    """The orders with the SKUs, categories, brands and tags that the shop's catalog has.

    If the platform refuses, an order is parked whose points may depend on them. Without anybody to
    ask, it counts without them.

    Raises:
        TryAgain: the platform does not answer, and what it said before is too old.
    """
    catalog = platform.catalog
    needs_products = needs_of(desk.program.document).products
    if catalog is None or storefront is None or not (needs_products or catalog.has_skus):
        return command
    if not (storefront.can_be_asked or catalog.has_skus):
        return command
    orders = command.orders if isinstance(command, OrdersPaid) else (command,)
    product_ids = {each for paid in orders if not paid.excluded for each in paid.products.values()}
    try:
        found = _products(
            sorted(product_ids),
            delivery=delivery,
            catalog=catalog,
            reader=reader,
            products=products,
            now=desk.now,
        )
    except Unfetchable as refusal:
        if needs_products and refusal.reason not in NOBODY_TO_ASK:
            return Parked(CATEGORIES_UNKNOWN)
        found = {}
    named = tuple(_named(paid, found) for paid in orders)
    return OrdersPaid(named) if isinstance(command, OrdersPaid) else named[0]


def _named(paid: OrderPaid, products: Mapping[str, Product]) -> OrderPaid:
    """The order with what is known about the product of each line."""

    def named(line: Line) -> Line:
        product = products.get(paid.products.get(line.line_id, ""), Product())
        return replace(
            line,
            sku=product.sku or line.sku,
            product_categories=product.categories,
            product_brand=product.brand,
            product_tags=product.tags,
        )

    return replace(paid, order=replace(paid.order, lines=tuple(map(named, paid.order.lines))))


def _products(
    product_ids: list[str],
    *,
    delivery: Delivery,
    catalog: ProductCatalog,
    reader: PlatformReader,
    products: Products,
    now: datetime,
) -> dict[str, Product]:
    """Products by id, remembered or read now; those that the platform does not have are empty."""
    remembered = products.find(delivery.storefront_id, product_ids) if product_ids else {}
    found = {name: each.product for name, each in remembered.items() if each.is_known(now)}
    fresh = {name for name, each in remembered.items() if each.is_fresh(now)}
    unknown = (each for each in product_ids if each not in fresh)
    for some in batched(unknown, catalog.at_once_max, strict=False):
        try:
            read = _read(catalog.request(some), delivery=delivery, reader=reader)
        except (TryAgain, Unfetchable):
            if not found.keys() >= set(some):
                raise
            continue
        answered = {each: read.get(each, Product()) for each in some}
        products.remember(delivery.storefront_id, answered, now=now)
        found |= answered
    return found


def _read(
    request: ProductsNeeded, *, delivery: Delivery, reader: PlatformReader
) -> Mapping[str, Product]:
    while True:
        responses = reader.fetch(delivery, request.paths, body=request.body)
        answer = request.complete(responses)
        if not isinstance(answer, ProductsNeeded):
            return answer
        request = answer
