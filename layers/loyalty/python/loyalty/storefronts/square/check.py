"""What a Square seller's own settings keep from working."""

from collections.abc import Iterator
from typing import Final

from loyalty.domain.shops.checks import (
    Finding,
    FindingSeverity,
    access_denied,
    currency_differs,
    missing_topics,
    scope_missing,
    unseen_topics,
    uses_test_credentials,
)
from loyalty.storefronts.payloads import OptionalText, Payload, Several
from loyalty.storefronts.probing import first, probe_as, read_as
from loyalty.usecases.shops.platforms import CheckedShop, Unfetchable

TOPICS: Final = ("payment.updated", "order.updated", "refund.updated")
MEMBERSHIP_TOPICS: Final = ("subscription.created", "subscription.updated")


class _Token(Payload):
    scopes: Several[str] = ()


class _Location(Payload):
    currency: OptionalText = None
    status: OptionalText = None


class _Locations(Payload):
    locations: Several[_Location] = ()


class _Subscription(Payload):
    enabled: bool = True
    event_types: Several[str] = ()
    notification_url: OptionalText = None
    signature_key: OptionalText = None


class _Subscriptions(Payload):
    subscriptions: Several[_Subscription] = ()


def check(shop: CheckedShop) -> Iterator[Finding]:
    if shop.storefront.sandbox:
        yield uses_test_credentials("This is the sandbox. Connect without it for real orders")
    try:
        answer = shop.ask("/oauth2/token/status", b"{}")
    except Unfetchable:
        yield access_denied("Connect with the application's access token for production")
        return
    token = read_as(_Token, answer)
    if token and token.scopes:
        yield from _missing_scopes(set(token.scopes), shop)
    locations = probe_as(_Locations, shop.ask, "/v2/locations")
    for each in locations.locations if locations else ():
        if each.status != "INACTIVE" and each.currency not in (None, shop.currency):
            yield currency_differs(each.currency or "", shop.currency)
    yield from _of_subscriptions(shop)


def _missing_scopes(scopes: set[str], shop: CheckedShop) -> Iterator[Finding]:
    for scope, purpose in (
        ("ORDERS_READ", "read orders"),
        ("PAYMENTS_READ", "read payments and refunds"),
    ):
        if scope not in scopes:
            yield scope_missing(scope, purpose)
    if "ITEMS_READ" not in scopes:
        purpose = "read the SKUs and categories of goods"
        severity: FindingSeverity = "error" if shop.needs.products else "warning"
        yield scope_missing("ITEMS_READ", purpose, severity=severity)


def _of_subscriptions(shop: CheckedShop) -> Iterator[Finding]:
    """The application's subscriptions, which only its own token may list."""
    topics = [*TOPICS, *(MEMBERSHIP_TOPICS if shop.sells_plans else ())]
    found = probe_as(_Subscriptions, shop.ask, "/v2/webhooks/subscriptions")
    if found is None:
        yield from unseen_topics(topics, shop.seen_topics)
        return
    ours = [each for each in found.subscriptions if shop.is_address(each.notification_url)]
    yield from missing_topics(topics, [topic for each in ours for topic in each.event_types])
    if disabled := first(each for each in ours if not each.enabled):
        step = "Enable the webhook subscription in the Developer Console"
        yield Finding("webhook_disabled", "error", step, disabled.notification_url)
    for each in ours:
        if each.signature_key and each.signature_key not in shop.keys.secrets:
            step = "Connect with the signature key of the webhook subscription as the secret"
            yield Finding("secret_differs", "error", step)
