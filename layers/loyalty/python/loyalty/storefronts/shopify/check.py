"""What a Shopify shop's own settings keep from working."""

import json
from collections.abc import Iterator
from typing import Final

from loyalty.domain.shops.checks import (
    Finding,
    access_denied,
    currency_differs,
    old_version,
    scope_missing,
    tenders_not_read,
    unseen_topics,
    uses_test_credentials,
)
from loyalty.storefronts.payloads import Flag, OptionalText, Part, Payload, Several
from loyalty.storefronts.probing import read_as
from loyalty.storefronts.shopify.payload import GRAPHQL_PATH
from loyalty.usecases.shops.platforms import CheckedShop, Unfetchable

VERSION: Final = "x-shopify-api-version"
# Since this version orders and customers come without tags and consent.
WITHOUT_TAGS: Final = "2025-01"
TOPICS: Final = ("orders/paid", "orders/updated", "refunds/create", "orders/cancelled")
CONSENT_TOPICS: Final = ("customers_email_marketing_consent/update",)

_QUERY: Final = """{
  shop { currencyCode plan { partnerDevelopment } }
  currentAppInstallation { accessScopes { handle } }
}"""


class _Plan(Payload):
    partnerDevelopment: Flag = False  # noqa: N815  # their word


class _Shop(Payload):
    currencyCode: OptionalText = None  # noqa: N815  # their word
    plan: Part[_Plan] = None


class _Scope(Payload):
    handle: OptionalText = None


class _Installation(Payload):
    accessScopes: Several[_Scope] = ()  # noqa: N815  # their word


class _Data(Payload):
    shop: Part[_Shop] = None
    currentAppInstallation: Part[_Installation] = None  # noqa: N815  # their word


class _Answer(Payload):
    data: Part[_Data] = None


def check(shop: CheckedShop) -> Iterator[Finding]:
    yield from _of_deliveries(shop)
    storefront = shop.storefront
    chooses_by_tags = bool(storefront.earns.tags_any or storefront.earns.tags_none)
    version = shop.last_headers.get(VERSION, WITHOUT_TAGS)
    if not storefront.can_be_asked:
        if chooses_by_tags and version >= WITHOUT_TAGS:
            step = (
                "Orders come without their customers' tags. Connect with the app's client_id, "
                "whose app has the scope read_customers"
            )
            yield Finding("tags_not_read", "error", step)
        if shop.needs.tenders:
            yield tenders_not_read("Connect with the app's client_id, whose app may read orders")
        return
    try:
        answer = shop.ask(GRAPHQL_PATH, json.dumps({"query": _QUERY}).encode())
    except Unfetchable:
        yield access_denied(
            "Install the app in the shop, and connect with its client id and its secret, the "
            "newest secret first"
        )
        return
    read = read_as(_Answer, answer)
    data = (read.data if read else None) or _Data()
    yield from _of_shop(data.shop or _Shop(), shop)
    if installation := data.currentAppInstallation:
        scopes = {each.handle for each in installation.accessScopes}
        yield from _missing_scopes(scopes, shop, chooses_by_tags=chooses_by_tags)


def _of_deliveries(shop: CheckedShop) -> Iterator[Finding]:
    yield from old_version(shop.last_headers.get(VERSION, ""), shop.today)
    yield from unseen_topics(TOPICS, shop.seen_topics)
    if shop.storefront.enroll_customers:
        yield from unseen_topics(CONSENT_TOPICS, shop.seen_topics)


def _of_shop(found: _Shop, shop: CheckedShop) -> Iterator[Finding]:
    if found.currencyCode not in (None, shop.currency):
        yield currency_differs(found.currencyCode or "", shop.currency)
    if found.plan and found.plan.partnerDevelopment:
        yield uses_test_credentials("This is a development store. Connect the shop that sells")


def _missing_scopes(
    scopes: set[str | None], shop: CheckedShop, *, chooses_by_tags: bool
) -> Iterator[Finding]:
    for scope, is_needed, purpose in (
        ("read_products", shop.needs.products, "read the categories of goods"),
        ("read_orders", shop.needs.tenders, "read how orders were paid"),
        ("read_customers", chooses_by_tags, "read the tags of customers"),
        ("write_discounts", shop.storefront.create_codes, "create discount codes"),
    ):
        if is_needed and scope not in scopes and scope.replace("read_", "write_") not in scopes:
            yield scope_missing(scope, purpose)
