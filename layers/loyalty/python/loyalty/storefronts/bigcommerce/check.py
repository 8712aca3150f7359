"""What a BigCommerce store's own settings keep from working."""

from collections.abc import Iterator
from typing import Final

from loyalty.domain.shops.checks import (
    Finding,
    access_denied,
    currency_differs,
    missing_topics,
    scope_missing,
    unseen_topics,
)
from loyalty.storefronts.payloads import OptionalText, Payload, Several
from loyalty.storefronts.probing import probe, probe_as
from loyalty.usecases.shops.platforms import CheckedShop

TOPICS: Final = (
    "store/order/statusUpdated",
    "store/order/updated",
    "store/order/refund/created",
)


class _Store(Payload):
    currency: OptionalText = None


class _Hook(Payload):
    scope: OptionalText = None
    destination: OptionalText = None
    is_active: bool = True


class _Hooks(Payload):
    data: Several[_Hook] = ()


def check(shop: CheckedShop) -> Iterator[Finding]:
    if probe(shop.ask, "/v2/orders?limit=1") is None:
        yield access_denied(
            "Create a store-level API account with Orders: read-only and Order Transactions: "
            "read-only, and connect with its access token and the hash of its store"
        )
        return
    if shop.needs.products and probe(shop.ask, "/v3/catalog/products?limit=1") is None:
        yield scope_missing("Products: read-only", "read the categories of goods")
    store = probe_as(_Store, shop.ask, "/v2/store")
    if store and store.currency not in (None, shop.currency):
        yield currency_differs(store.currency or "", shop.currency)
    yield from _of_hooks(shop)


def _of_hooks(shop: CheckedShop) -> Iterator[Finding]:
    hooks = probe_as(_Hooks, shop.ask, "/v3/hooks?limit=250")
    if hooks is None:
        yield from unseen_topics(TOPICS, shop.seen_topics)
        return
    ours = [each for each in hooks.data if shop.is_address(each.destination)]
    yield from missing_topics(TOPICS, [each.scope or "" for each in ours])
    for each in ours:
        if not each.is_active:
            step = f'Set the webhook {each.scope} to "is_active": true again'
            yield Finding("webhook_disabled", "error", step, each.scope)
