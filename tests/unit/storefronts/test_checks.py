"""What each platform's own settings keep from working, and what a check asks for."""

import json
from collections import defaultdict
from datetime import date
from typing import Any, ClassVar

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.needs import OrderNeeds
from loyalty.domain.shops.storefront import OrderFilter, PlatformName, ShopKeys
from loyalty.storefronts import platform_named
from loyalty.usecases.shops.platforms import CheckedShop, Unfetchable
from tests.support.received import storefront

PATH = "/v1/programs/bean/webhooks/online"
URL = f"https://api.example.com{PATH}"
GRAPHQL = "/admin/api/2026-07/graphql.json"
KEY = "whsec_1"
REFUSED = Unfetchable("access_denied")

NOTHING = OrderNeeds()
PRODUCTS = OrderNeeds(products=True)
TENDERS = OrderNeeds(tenders=True)

type Found = list[tuple[str, str | None]]


def check(
    platform: PlatformName,
    answers: dict[str, Any] | None = None,
    *,
    secret: str = KEY,
    token: str | None = None,
    needs: OrderNeeds = NOTHING,
    sells_plans: bool = False,
    seen: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
    **parts: Any,
) -> Found:
    """The codes and subjects that are found if the platform answers so; other paths are refused."""

    def ask(path: str, body: bytes | None = None) -> bytes:
        try:
            answer = ({} if answers is None else answers)[path.partition("?")[0]]
        except KeyError:
            raise REFUSED from None
        if isinstance(answer, Exception):
            raise answer
        return json.dumps(answer).encode()

    shop = CheckedShop(
        storefront=storefront(platform, has_access_token=answers is not None, **parts),
        keys=ShopKeys(secrets=(secret,), access_token=token),
        currency="USD",
        needs=needs,
        sells_plans=sells_plans,
        webhook_path=PATH,
        seen_topics=frozenset(seen),
        last_headers=headers or {},
        today=date(2026, 11, 21),
        ask=ask,
    )
    return [(each.code, each.subject) for each in platform_named(platform).check(shop)]


class TestShopify:
    @staticmethod
    def answer(*scopes: str, currency: str = "USD", is_test: bool = False) -> dict[str, Any]:
        return {
            GRAPHQL: {
                "data": {
                    "shop": {"currencyCode": currency, "plan": {"partnerDevelopment": is_test}},
                    "currentAppInstallation": {
                        "accessScopes": [{"handle": each} for each in scopes]
                    },
                }
            }
        }

    def test_a_shop_that_works_has_no_findings(self) -> None:
        seen = ("orders/paid", "orders/updated", "refunds/create", "orders/cancelled")
        version = {"x-shopify-api-version": "2026-07"}

        assert check("shopify", self.answer("read_orders"), seen=seen, headers=version) == []

    def test_scopes_are_missing_that_the_connection_s_options_need(self) -> None:
        found = check(
            "shopify",
            self.answer("read_orders"),
            needs=PRODUCTS,
            create_codes=True,
            earns=OrderFilter(tags_none=("staff",)),
        )

        assert found == [
            ("scope_missing", "read_products"),
            ("scope_missing", "read_customers"),
            ("scope_missing", "write_discounts"),
        ]

    def test_a_scope_to_write_is_one_to_read(self) -> None:
        assert check("shopify", self.answer("write_products"), needs=PRODUCTS) == []

    def test_where_payment_decides_points_the_app_must_read_orders(self) -> None:
        assert check("shopify", self.answer("read_orders"), needs=TENDERS) == []
        assert check("shopify", self.answer(), needs=TENDERS) == [("scope_missing", "read_orders")]
        assert check("shopify", needs=TENDERS) == [("tenders_not_read", None)]

    def test_a_shop_in_another_currency_or_for_development_is_found(self) -> None:
        assert check("shopify", self.answer(currency="CAD", is_test=True)) == [
            ("currency_differs", "CAD"),
            ("test_credentials", None),
        ]

    def test_a_token_or_secret_that_is_refused_is_found(self) -> None:
        assert check("shopify", {}) == [("access_denied", None)]

    def test_tags_are_not_read_without_an_app(self) -> None:
        earns = OrderFilter(tags_none=("staff",))

        assert check("shopify", earns=earns) == [("tags_not_read", None)]
        old = {"x-shopify-api-version": "2024-10"}
        assert check("shopify", earns=earns, headers=old) == [("api_version_old", "2024-10")]

    def test_a_topic_that_never_came_is_found(self) -> None:
        seen = ("orders/paid", "orders/updated", "orders/cancelled")

        assert check("shopify", seen=seen) == [("topic_unseen", "refunds/create")]
        assert check("shopify", seen=(*seen, "refunds/create"), enroll_customers=True) == [
            ("topic_unseen", "customers_email_marketing_consent/update")
        ]


class TestWooCommerce:
    ANSWERS: ClassVar[Any] = {
        "/products": [],
        "/data/currencies/current": {"code": "USD"},
        "/webhooks": [{"topic": "order.updated", "status": "active", "delivery_url": URL}],
    }

    def test_a_shop_that_works_has_no_findings(self) -> None:
        assert check("woocommerce", self.ANSWERS) == []
        assert check("woocommerce") == []

    def test_a_webhook_that_was_disabled_or_lies_elsewhere_is_found(self) -> None:
        disabled = {"topic": "order.updated", "status": "disabled", "delivery_url": URL}
        elsewhere = {
            "topic": "order.updated",
            "status": "active",
            "delivery_url": "https://x.example",
        }

        assert check("woocommerce", self.ANSWERS | {"/webhooks": [disabled]}) == [
            ("webhook_disabled", "order.updated")
        ]
        assert check("woocommerce", self.ANSWERS | {"/webhooks": [elsewhere]}) == [
            ("topic_missing", "order.updated")
        ]

    def test_currency_and_key_are_checked(self) -> None:
        euro = {"/data/currencies/current": {"code": "EUR"}}

        assert check("woocommerce", self.ANSWERS | euro) == [("currency_differs", "EUR")]
        assert check("woocommerce", {}) == [("access_denied", None)]


class TestSquare:
    ANSWERS: ClassVar[Any] = {
        "/oauth2/token/status": {"scopes": ["ORDERS_READ", "PAYMENTS_READ", "ITEMS_READ"]},
        "/v2/locations": {"locations": [{"currency": "USD", "status": "ACTIVE"}]},
        "/v2/webhooks/subscriptions": {
            "subscriptions": [
                {
                    "enabled": True,
                    "event_types": ["payment.updated", "order.updated", "refund.updated"],
                    "notification_url": URL,
                    "signature_key": KEY,
                }
            ]
        },
    }

    def subscription(self, **changes: Any) -> dict[str, Any]:
        (one,) = self.ANSWERS["/v2/webhooks/subscriptions"]["subscriptions"]
        return {**self.ANSWERS, "/v2/webhooks/subscriptions": {"subscriptions": [one | changes]}}

    def test_a_seller_whose_settings_are_right_has_no_findings(self) -> None:
        assert check("square", self.ANSWERS) == []

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({"enabled": False}, ("webhook_disabled", URL)),
            ({"signature_key": "other"}, ("secret_differs", None)),
            (
                {"event_types": ["payment.updated", "order.updated"]},
                ("topic_missing", "refund.updated"),
            ),
        ],
    )
    def test_a_subscription_is_compared(
        self, changes: dict[str, Any], found: tuple[str, str]
    ) -> None:
        assert check("square", self.subscription(**changes)) == [found]

    def test_an_address_of_the_merchant_s_own_must_be_exactly_that(self) -> None:
        mine = "https://hooks.example.com/till"

        assert (
            check("square", self.subscription(notification_url=mine), notification_url=mine) == []
        )
        assert len(check("square", self.ANSWERS, notification_url=mine)) == 3

    def test_scopes_currency_and_sandbox_are_checked(self) -> None:
        answers = self.ANSWERS | {
            "/oauth2/token/status": {"scopes": ["ORDERS_READ"]},
            "/v2/locations": {"locations": [{"currency": "JPY", "status": "ACTIVE"}]},
        }

        assert check("square", answers, sandbox=True) == [
            ("test_credentials", None),
            ("scope_missing", "PAYMENTS_READ"),
            ("scope_missing", "ITEMS_READ"),
            ("currency_differs", "JPY"),
        ]

    def test_a_token_that_was_revoked_is_found(self) -> None:
        assert check("square", {}) == [("access_denied", None)]


class TestBigCommerce:
    HOOKS: ClassVar[Any] = [
        {"scope": "store/order/*", "destination": URL, "is_active": True},
        {"scope": "store/order/refund/created", "destination": URL, "is_active": True},
    ]
    ANSWERS: ClassVar[Any] = {
        "/v2/orders": [],
        "/v2/store": {"currency": "USD"},
        "/v3/hooks": {"data": HOOKS},
        "/v3/catalog/products": {"data": []},
    }

    def test_a_store_that_works_has_no_findings(self) -> None:
        assert check("bigcommerce", self.ANSWERS, needs=PRODUCTS) == []

    def test_a_store_s_settings_are_checked(self) -> None:
        hooks = [each | {"is_active": False} for each in self.HOOKS[:1]]
        answers = self.ANSWERS | {
            "/v2/store": {"currency": "GBP"},
            "/v3/hooks": {"data": hooks},
            "/v3/catalog/products": REFUSED,
        }

        assert check("bigcommerce", answers, needs=PRODUCTS) == [
            ("scope_missing", "Products: read-only"),
            ("currency_differs", "GBP"),
            ("topic_missing", "store/order/refund/created"),
            ("webhook_disabled", "store/order/*"),
        ]
        assert check("bigcommerce", {}) == [("access_denied", None)]


class TestStripe:
    EVENTS: ClassVar[Any] = [
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "invoice.paid",
        "charge.refunded",
        "refund.failed",
        "charge.dispute.closed",
    ]
    ANSWERS: ClassVar[Any] = {
        "/v1/invoice_payments": {"data": []},
        "/v1/webhook_endpoints": {
            "data": [{"url": URL, "status": "enabled", "enabled_events": EVENTS}]
        },
    }

    def test_an_account_whose_settings_are_right_has_no_findings(self) -> None:
        assert check("stripe", self.ANSWERS, token="rk_live_1") == []

    def test_the_keys_tell_what_they_are(self) -> None:
        found = check("stripe", self.ANSWERS, secret="sec", token="sk_test_1")

        assert found == [("secret_differs", None), ("test_credentials", None), ("key_form", None)]

    def test_scopes_and_events_are_checked(self) -> None:
        endpoint = {"url": URL, "status": "disabled", "enabled_events": self.EVENTS[1:]}
        answers = {"/v1/webhook_endpoints": {"data": [endpoint]}}

        found = check("stripe", answers, needs=PRODUCTS, earns=OrderFilter(channels=("Payment",)))

        assert found == [
            ("scope_missing", "Invoices: Read"),
            ("scope_missing", "Products: Read"),
            ("scope_missing", "Checkout Sessions: Read"),
            ("topic_missing", "checkout.session.completed"),
            ("topic_missing", "payment_intent.succeeded"),
            ("webhook_disabled", URL),
        ]

    def test_a_key_that_may_not_read_endpoints_is_told(self) -> None:
        answers: dict[str, Any] = {"/v1/invoice_payments": {"data": []}}

        assert check("stripe", answers) == [("topics_unknown", None)]

    def test_an_account_without_a_key_can_sell_no_subscriptions(self) -> None:
        assert check("stripe") == [("no_access_token", None)]

    def test_where_payment_decides_points_the_key_must_read_payments(self) -> None:
        answers = self.ANSWERS | {"/v1/payment_intents": {"data": []}}

        assert check("stripe", answers, needs=TENDERS) == []
        assert check("stripe", self.ANSWERS, needs=TENDERS) == [
            ("scope_missing", "Payment Intents: Read")
        ]
        assert ("tenders_not_read", None) in check("stripe", needs=TENDERS)


@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "square", "bigcommerce", "stripe"])
def test_a_platform_that_answers_nonsense_or_not_at_all_never_fails_a_check(
    platform: PlatformName,
) -> None:
    check(platform, defaultdict(lambda: [7]), needs=PRODUCTS)
    with pytest.raises(TryAgain):
        check(platform, defaultdict(lambda: TryAgain("down")), needs=PRODUCTS)
