"""What a WooCommerce shop's own settings keep from working."""

from collections.abc import Iterator
from typing import Final

from pydantic import TypeAdapter, ValidationError

from loyalty.domain.shops.checks import (
    Finding,
    access_denied,
    currency_differs,
    missing_topics,
    unseen_topics,
)
from loyalty.storefronts.payloads import OptionalText, Payload
from loyalty.storefronts.probing import probe, probe_as
from loyalty.usecases.shops.platforms import CheckedShop

TOPICS: Final = ("order.updated",)


class _Currency(Payload):
    code: OptionalText = None


class _Webhook(Payload):
    topic: OptionalText = None
    status: OptionalText = None
    delivery_url: OptionalText = None


_WEBHOOKS: Final = TypeAdapter(tuple[_Webhook, ...])


def check(shop: CheckedShop) -> Iterator[Finding]:
    if not shop.storefront.can_be_asked:
        yield from unseen_topics(TOPICS, shop.seen_topics)
        return
    if probe(shop.ask, "/products?per_page=1&_fields=id") is None:
        yield access_denied(
            "Create a REST API key for Read under WooCommerce → Settings → Advanced → REST API, "
            "and connect with it as ck_…:cs_…. The site must let the REST API be reached"
        )
        return
    currency = probe_as(_Currency, shop.ask, "/data/currencies/current?_fields=code")
    if currency and currency.code not in (None, shop.currency):
        yield currency_differs(currency.code or "", shop.currency)
    yield from _of_webhooks(shop)


def _of_webhooks(shop: CheckedShop) -> Iterator[Finding]:
    answer = probe(shop.ask, "/webhooks?per_page=100&_fields=topic,status,delivery_url")
    try:
        webhooks = () if answer is None else _WEBHOOKS.validate_json(answer)
    except ValidationError:
        answer, webhooks = None, ()
    if answer is None:
        yield from unseen_topics(TOPICS, shop.seen_topics)
        return
    ours = [each for each in webhooks if shop.is_address(each.delivery_url)]
    yield from missing_topics(TOPICS, [each.topic or "" for each in ours])
    for each in ours:
        if each.status != "active":
            step = (
                f"Set the webhook {each.topic} to Active: WooCommerce disables it after five "
                "failures in a row"
            )
            yield Finding("webhook_disabled", "error", step, each.topic)
