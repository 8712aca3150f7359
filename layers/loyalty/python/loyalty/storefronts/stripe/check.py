"""What a Stripe account's own settings keep from working."""

from collections.abc import Iterator
from typing import Final

from loyalty.domain.shops.checks import (
    Finding,
    missing_topics,
    scope_missing,
    tenders_not_read,
    unseen_topics,
    uses_test_credentials,
)
from loyalty.storefronts.payloads import OptionalText, Payload, Several
from loyalty.storefronts.probing import probe, probe_as
from loyalty.storefronts.stripe.payload import CHECKOUT, PAYMENT_TOPIC, SUBSCRIPTION_TOPICS
from loyalty.usecases.shops.platforms import CheckedShop

TOPICS: Final = (
    *CHECKOUT,
    "invoice.paid",
    "charge.refunded",
    "refund.failed",
    "charge.dispute.closed",
)


class _Endpoint(Payload):
    url: OptionalText = None
    status: OptionalText = None
    enabled_events: Several[str] = ()


class _Endpoints(Payload):
    data: Several[_Endpoint] = ()


def check(shop: CheckedShop) -> Iterator[Finding]:
    yield from _of_keys(shop)
    if not shop.storefront.can_be_asked:
        step = (
            "If you sell subscriptions or by invoice, connect with a restricted key that may read "
            "Invoices; without it, such payments are parked"
        )
        yield Finding("no_access_token", "warning", step)
        if shop.needs.tenders:
            yield tenders_not_read("Connect with a restricted key that may read Payment Intents")
        yield from unseen_topics(CHECKOUT[:1], shop.seen_topics)
        return
    if probe(shop.ask, "/v1/invoice_payments?limit=1") is None:
        yield scope_missing("Invoices: Read", "read the payments of invoices")
    if shop.needs.products:
        for scope, path in (
            ("Products: Read", "/v1/products?limit=1"),
            ("Checkout Sessions: Read", "/v1/checkout/sessions?limit=1"),
        ):
            if probe(shop.ask, path) is None:
                yield scope_missing(scope, "read the categories of goods")
    if shop.needs.tenders and probe(shop.ask, "/v1/payment_intents?limit=1") is None:
        yield scope_missing("Payment Intents: Read", "read how orders were paid")
    yield from _of_endpoints(shop)


def _of_keys(shop: CheckedShop) -> Iterator[Finding]:
    if not all(secret.startswith("whsec_") for secret in shop.keys.secrets):
        step = "Connect with the whole signing secret of the endpoint, which begins with whsec_"
        yield Finding("secret_differs", "error", step)
    if (shop.keys.access_token or "").startswith(("rk_test_", "sk_test_")):
        yield uses_test_credentials("The key is of test mode. Connect with a live one (rk_live_…)")
    if (shop.keys.access_token or "").startswith("sk_"):
        step = "Connect with a restricted key (rk_…) instead of a secret key, which may do anything"
        yield Finding("key_form", "warning", step)


def _of_endpoints(shop: CheckedShop) -> Iterator[Finding]:
    endpoints = probe_as(_Endpoints, shop.ask, "/v1/webhook_endpoints?limit=100")
    if endpoints is None:
        step = "To have the endpoint's events checked, let the key read Webhook Endpoints"
        yield Finding("topics_unknown", "info", step)
        return
    ours = [each for each in endpoints.data if shop.is_address(each.url)]
    channels = {each.casefold() for each in shop.storefront.earns.channels}
    topics = [
        *TOPICS,
        *((PAYMENT_TOPIC,) if "payment" in channels else ()),
        *(SUBSCRIPTION_TOPICS if shop.sells_plans else ()),
    ]
    yield from missing_topics(topics, [event for each in ours for event in each.enabled_events])
    for each in ours:
        if each.status == "disabled":
            step = "Enable the endpoint in the dashboard"
            yield Finding("webhook_disabled", "error", step, each.url)
