"""The life of an order on WooCommerce, Stripe, Square and BigCommerce, through the handlers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.enrollment.handler import handler as enrollment
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Query
from tests.support import bigcommerce, signing
from tests.support.deliveries import PROGRAM_ID, connect, drain, post
from tests.support.http import call, service
from tests.support.platforms import PlatformServer, Reply
from tests.support.received import RECEIVED_AT
from tests.support.signing import SECRET, encoded, fixture
from tests.support.stripe import payment_event, refund_event

URL = "https://shop.example.com/hooks"


@pytest.fixture(autouse=True)
def shop(publish: Callable[..., object]) -> None:
    publish(currency="USD")


@pytest.fixture
def outcomes(engine: DynamoEngine) -> Callable[[], list[str]]:
    def read() -> list[str]:
        partition = keys.deliveries_partition(PROGRAM_ID, "online")
        found = engine.query(Query(pk=partition, begins_with="DELIVERY#", strong=True))
        return sorted(f"{item['status']!s}:{item.get('reason', '')!s}" for item in found)

    return read


def enroll(**identity: str) -> str:
    answer = call(
        enrollment,
        "POST",
        f"/v1/programs/{PROGRAM_ID}/members",
        body={"identities": [identity]},
        as_=service(PROGRAM_ID),
    )
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


def balance(member_id: str) -> int:
    path = f"/v1/programs/{PROGRAM_ID}/members/{member_id}"
    return int(call(enrollment, "GET", path, as_=service(PROGRAM_ID)).body["balance"])


class TestWooCommerce:
    """Goods for 18.00, tax 1.35, shipping 10.00: 29.35 were paid."""

    @staticmethod
    def deliver(minute: int, *, name: str, **changes: Any) -> None:
        occurred_at = (RECEIVED_AT + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%S")
        body = fixture("woocommerce/order.727") | {
            "date_created_gmt": RECEIVED_AT.strftime("%Y-%m-%dT%H:%M:%S"),
            "date_paid_gmt": RECEIVED_AT.strftime("%Y-%m-%dT%H:%M:%S"),
            "date_modified_gmt": occurred_at,
        }
        raw = encoded(body | changes)
        assert post(raw, signing.woocommerce(raw, name=name)).status == 200

    def test_an_order_is_paid_edited_refunded_and_cancelled(
        self, outcomes: Callable[[], list[str]]
    ) -> None:
        connect(platform="woocommerce", secrets=[SECRET])
        member_id = enroll(kind="email", value="john.doe@example.com")

        self.deliver(0, name="paid")
        drain()
        assert balance(member_id) == 18
        more = [{"id": 9, "quantity": 1, "total": "20.00", "total_tax": "1.50"}]
        lines = [*fixture("woocommerce/order.727")["line_items"], *more]
        self.deliver(1, name="edited", line_items=lines)
        drain()
        assert balance(member_id) == 38
        half = [{"id": 1, "reason": "", "total": "-25.42"}]
        self.deliver(2, name="refunded", line_items=lines, refunds=half)
        self.deliver(2, name="refunded again", line_items=lines, refunds=half)
        drain()
        assert balance(member_id) == 19
        self.deliver(3, name="cancelled", line_items=lines, status="cancelled", refunds=half)
        self.deliver(1, name="late", line_items=lines)
        drain()

        assert balance(member_id) == 0
        assert outcomes() == [
            "earned:",
            "earned:",
            "edited:",
            # The late version is older than the cancellation.
            "ignored:outdated",
            "refunded:",
            "refunded:",
        ]

    def test_a_greeting_is_answered_and_not_kept(self) -> None:
        connect(platform="woocommerce", secrets=[SECRET])

        answer = post(b"webhook_id=7", {})

        assert (answer.status, answer.body) == (200, {"status": "greeted", "delivery_id": None})
        assert post(b"webhook_id=7", {}, storefront_id="another").status == 404

    def test_no_other_platform_is_greeted(self) -> None:
        connect(platform="shopify", store="bean-and-leaf", secrets=[SECRET])

        assert post(b"webhook_id=7", {}).status == 401


class TestStripe:
    @staticmethod
    def deliver(
        name: str, event_id: str, occurred_at: datetime = RECEIVED_AT, **changes: Any
    ) -> None:
        body = fixture(f"stripe/{name}") | {"id": event_id, "created": int(occurred_at.timestamp())}
        body["data"]["object"] |= changes
        raw = encoded(body)
        assert post(raw, signing.stripe(raw)).status == 200

    def test_a_checkout_earns_and_its_refunds_take_back(
        self, outcomes: Callable[[], list[str]]
    ) -> None:
        connect(platform="stripe", secrets=[SECRET])
        member_id = enroll(kind="email", value="stripe@example.com")
        payment = "pi_000000000000000000000000"

        self.deliver("charge.refunded", "evt_2", amount_refunded=1000, payment_intent=payment)
        self.deliver("checkout.session.completed", "evt_1")
        self.deliver("checkout.session.completed", "evt_3")
        drain()

        assert balance(member_id) == 20
        assert outcomes() == ["earned:", "earned:", "waiting:"]

    def test_an_invoice_earns_by_its_payment_which_is_read_with_the_key(
        self, platform: PlatformServer, outcomes: Callable[[], list[str]]
    ) -> None:
        connect(platform="stripe", secrets=[SECRET])
        member_id = enroll(kind="email", value="ana@example.com")
        body = fixture("stripe/invoice.paid") | {"created": int(RECEIVED_AT.timestamp())}
        invoice = body["data"]["object"] | {"customer_email": "ana@example.com"}
        invoice["status_transitions"] = {"paid_at": int(RECEIVED_AT.timestamp())}
        payment = invoice.pop("payment_intent")
        raw = encoded(body | {"data": {"object": invoice}})
        paid = {"data": [{"payment": {"type": "payment_intent", "payment_intent": payment}}]}
        where = f"/v1/invoice_payments?invoice={invoice['id']}&status=paid"
        platform.answer(where, Reply(200, paid))

        assert post(raw, signing.stripe(raw)).status == 200
        drain()
        assert outcomes() == ["parked:no_access_token"]
        connect(platform="stripe", secrets=[SECRET], access_token="rk_1")
        assert post(raw, signing.stripe(raw)).status == 200
        drain()
        self.deliver("charge.refunded", "evt_2", amount_refunded=1000, payment_intent=payment)
        drain()

        assert balance(member_id) == 10
        ((path, headers),) = platform.requests
        assert (path, headers["authorization"]) == (where, "Bearer rk_1")

    def test_a_refund_that_failed_gives_its_points_back_once_and_may_be_made_again(
        self, outcomes: Callable[[], list[str]]
    ) -> None:
        connect(platform="stripe", secrets=[SECRET])
        member_id = enroll(kind="email", value="stripe@example.com")
        payment = "pi_000000000000000000000000"

        def refund(event_id: str, minute: int) -> None:
            refunded_at = RECEIVED_AT + timedelta(minutes=minute)
            changes = {"id": "ch_1", "amount_refunded": 1000, "payment_intent": payment}
            self.deliver("charge.refunded", event_id, refunded_at, **changes)
            drain()

        def fail(event_id: str, minute: int) -> None:
            seconds = int((RECEIVED_AT + timedelta(minutes=minute)).timestamp())
            body = refund_event(amount=1000, payment_intent=payment)
            raw = encoded(body | {"id": event_id, "created": seconds})
            assert post(raw, signing.stripe(raw)).status == 200
            drain()

        self.deliver("checkout.session.completed", "evt_1")
        refund("evt_2", 1)
        assert balance(member_id) == 20
        fail("evt_3", 2)
        assert balance(member_id) == 30
        fail("evt_4", 3)
        refund("evt_5", 1)
        assert balance(member_id) == 30
        refund("evt_6", 4)

        assert balance(member_id) == 20

    def test_an_invoice_paid_in_parts_earns_for_each_payment_and_takes_back_by_each(
        self,
        platform: PlatformServer,
        publish: Callable[..., object],
        outcomes: Callable[[], list[str]],
    ) -> None:
        base = {"id": "base", "on": "order", "points": 1, "per_minor": 100}
        publish(currency="USD", version=2, earning_rules=[base])
        connect(platform="stripe", secrets=[SECRET], access_token="rk_1")
        member_id = enroll(kind="email", value="ana@example.com")
        body = fixture("stripe/invoice.paid") | {"created": int(RECEIVED_AT.timestamp())}
        invoice = body["data"]["object"] | {"customer_email": "ana@example.com"}
        invoice["status_transitions"] = {"paid_at": int(RECEIVED_AT.timestamp())}
        del invoice["payment_intent"]
        raw = encoded(body | {"data": {"object": invoice}})
        parts = [
            {"amount_paid": amount, "payment": {"payment_intent": name}}
            for name, amount in (("pi_1", 500), ("pi_2", 1500))
        ]
        where = f"/v1/invoice_payments?invoice={invoice['id']}&status=paid"
        platform.answer(where, Reply(200, {"data": parts}))

        assert post(raw, signing.stripe(raw)).status == 200
        drain()
        assert balance(member_id) == 20
        self.deliver("charge.refunded", "evt_2", amount_refunded=1000, payment_intent="pi_2")
        drain()

        assert balance(member_id) == 10
        assert outcomes() == ["earned:", "refunded:"]

    @pytest.mark.parametrize("is_checkout_first", [True, False])
    def test_a_payment_and_its_checkout_are_one_order_in_any_sequence(
        self, is_checkout_first: bool
    ) -> None:
        earns = {"channels": ["checkout", "payment"]}
        connect(platform="stripe", secrets=[SECRET], earns=earns)
        member_id = enroll(kind="customer", value="cus_1", source="shop")
        payment_id = "pi_000000000000000000000000"
        payment = payment_event(id=payment_id) | {"created": int(RECEIVED_AT.timestamp())}

        def deliver_payment() -> None:
            raw = encoded(payment)
            assert post(raw, signing.stripe(raw)).status == 200
            drain()

        def deliver_checkout() -> None:
            details = {"amount_shipping": 500, "amount_tax": 1000}
            changes: dict[str, Any] = {
                "amount_total": 5000,
                "total_details": details,
                "customer": "cus_1",
            }
            self.deliver("checkout.session.completed", "evt_1", **changes)
            drain()

        steps = [deliver_payment, deliver_checkout]
        for step in reversed(steps) if is_checkout_first else steps:
            step()

        assert balance(member_id) == 35

    def test_a_delivery_with_an_old_signature_is_refused(self) -> None:
        connect(platform="stripe", secrets=[SECRET])
        raw = encoded(fixture("stripe/checkout.session.completed"))

        answer = post(raw, signing.stripe(raw, signed_at=RECEIVED_AT - timedelta(minutes=6)))

        assert answer.code == "bad_signature"


class TestSquare:
    """Two items for 5.50, of the order that Square publishes."""

    ORDER_ID = "03O3USaPaAaFnI6kkwB1JxGgBsUZY"

    def order(self, **changes: Any) -> dict[str, Any]:
        order_body = fixture("square/order")["order"] | {"id": self.ORDER_ID, "customer_id": "ANA"}
        return {"order": order_body | changes}

    def payment(self) -> dict[str, Any]:
        body: dict[str, Any] = fixture("square/payment.updated")
        body["data"]["object"]["payment"]["created_at"] = RECEIVED_AT.isoformat()
        return body

    @staticmethod
    def deliver(body: dict[str, Any], event_id: str) -> None:
        raw = encoded(body | {"event_id": event_id})
        assert post(raw, signing.square(raw, url=URL)).status == 200

    def test_an_order_is_read_when_it_was_paid_changed_and_refunded(
        self, platform: PlatformServer, outcomes: Callable[[], list[str]]
    ) -> None:
        connect(
            platform="square",
            source="till",
            secrets=[SECRET],
            access_token="the-token",
            notification_url=URL,
        )
        member_id = enroll(kind="customer", value="ANA", source="till")
        where = f"/v2/orders/{self.ORDER_ID}"
        platform.answer(where, Reply(503), Reply(200, self.order()))
        refund = fixture("square/refund.updated")
        refund["data"]["object"]["refund"]["amount_money"]["amount"] = 110
        payment_id = refund["data"]["object"]["refund"]["payment_id"]
        platform.answer(
            f"/v2/payments/{payment_id}",
            Reply(200, {"payment": self.payment()["data"]["object"]["payment"]}),
        )

        self.deliver(self.payment(), "e1")
        self.deliver(self.payment(), "e2")
        drain()
        assert balance(member_id) == 5
        self.deliver(refund, "e3")
        drain()
        assert balance(member_id) == 4
        later = {"updated_at": (RECEIVED_AT + timedelta(days=1)).isoformat(), "state": "COMPLETED"}
        platform.answer(where, Reply(200, self.order(**later, line_items=[])))
        changed = fixture("square/order.updated")
        changed["data"]["object"]["order_updated"]["order_id"] = self.ORDER_ID
        self.deliver(changed, "e4")
        drain()

        assert balance(member_id) == 0
        assert outcomes() == ["earned:", "earned:", "edited:", "refunded:"]
        assert {headers["authorization"] for _, headers in platform.requests} == {
            "Bearer the-token"
        }

    def test_a_platform_that_refuses_leaves_the_delivery_to_a_person(
        self, platform: PlatformServer, outcomes: Callable[[], list[str]]
    ) -> None:
        connect(platform="square", secrets=[SECRET], access_token="old", notification_url=URL)
        platform.answer(f"/v2/orders/{self.ORDER_ID}", Reply(401))

        self.deliver(self.payment(), "e1")
        drain()

        assert outcomes() == ["parked:access_denied"]

    @pytest.mark.parametrize(
        ("catalog", "points"),
        [
            (Reply(200, {"objects": [{"id": "V1", "item_variation_data": {"sku": "LATTE"}}]}), 0),
            (Reply(403), 5),
        ],
    )
    def test_rules_by_sku_see_the_merchant_s_if_the_token_may_read_the_catalog(
        self,
        catalog: Reply,
        points: int,
        platform: PlatformServer,
        publish: Callable[..., object],
        outcomes: Callable[[], list[str]],
    ) -> None:
        base = {"id": "base", "on": "order", "points": 1, "per_minor": 100}
        publish(currency="USD", version=2, earning_rules=[base | {"exclude_skus": ["LATTE"]}])
        connect(platform="square", secrets=[SECRET], access_token="t", notification_url=URL)
        member_id = enroll(kind="customer", value="ANA", source="shop")
        lines = fixture("square/order")["order"]["line_items"]
        items = [each | {"catalog_object_id": "V1"} for each in lines]
        platform.answer(f"/v2/orders/{self.ORDER_ID}", Reply(200, self.order(line_items=items)))
        platform.answer("/v2/catalog/batch-retrieve", catalog)

        self.deliver(self.payment(), "e1")
        drain()

        assert balance(member_id) == points
        assert outcomes() == ["earned:"]


class TestBigCommerce:
    """Goods for 60.00, shipping for 5.00, 10 % of tax on both."""

    WHERE = f"/stores/{bigcommerce.STORE}"

    @staticmethod
    def connect_shop() -> None:
        connect(
            platform="bigcommerce",
            secrets=[SECRET],
            access_token="the-token",
            store=bigcommerce.STORE,
        )

    def answer(
        self, platform: PlatformServer, order: dict[str, Any], *refunds: dict[str, Any]
    ) -> None:
        platform.answer(f"{self.WHERE}/v2/orders/218?include=fees", Reply(200, order))
        platform.answer(
            f"{self.WHERE}/v2/orders/218/products?limit=250", Reply(200, bigcommerce.PRODUCTS)
        )
        platform.answer(
            f"{self.WHERE}/v3/orders/218/payment_actions/refunds",
            Reply(200, bigcommerce.refunds(*refunds)),
        )

    @staticmethod
    def deliver(scope: str, name: str) -> None:
        raw = encoded(bigcommerce.event(scope, hash=name))
        assert post(raw, signing.bigcommerce(raw, name=name)).status == 200

    def test_an_order_is_read_whenever_something_happened_to_it(
        self, platform: PlatformServer, outcomes: Callable[[], list[str]]
    ) -> None:
        self.connect_shop()
        member_id = enroll(kind="customer", value="11", source="shop")
        self.answer(platform, bigcommerce.order())

        self.deliver("store/order/created", "h1")
        self.deliver("store/order/statusUpdated", "h2")
        drain()
        assert balance(member_id) == 60
        one = {"item_type": "PRODUCT", "item_id": 66, "quantity": 1, "requested_amount": None}
        self.answer(platform, bigcommerce.order(status_id=14), bigcommerce.refund(22.66, one))
        self.deliver("store/order/refund/created", "h3")
        drain()
        assert balance(member_id) == 40
        self.answer(platform, bigcommerce.order(status_id=5))
        self.deliver("store/order/statusUpdated", "h4")
        drain()

        assert balance(member_id) == 0
        assert outcomes() == ["earned:", "earned:", "refunded:", "refunded:"]
        assert {headers["x-auth-token"] for _, headers in platform.requests} == {"the-token"}

    def test_an_order_whose_payment_was_voided_after_it_earned_keeps_nothing(
        self, platform: PlatformServer, outcomes: Callable[[], list[str]]
    ) -> None:
        self.connect_shop()
        member_id = enroll(kind="customer", value="11", source="shop")

        self.answer(platform, bigcommerce.order(payment_status="authorized"))
        self.deliver("store/order/created", "h1")
        drain()
        assert balance(member_id) == 60
        self.answer(platform, bigcommerce.order(status_id=5, payment_status="void"))
        self.deliver("store/order/statusUpdated", "h2")
        drain()

        assert balance(member_id) == 0
        assert outcomes() == ["earned:", "refunded:"]

    def test_a_cancellation_of_an_order_that_never_earned_leaves_nothing_behind(
        self, platform: PlatformServer, outcomes: Callable[[], list[str]]
    ) -> None:
        self.connect_shop()
        member_id = enroll(kind="customer", value="11", source="shop")

        self.answer(platform, bigcommerce.order(status_id=5, payment_status="void"))
        self.deliver("store/order/statusUpdated", "h1")
        drain()
        assert outcomes() == ["ignored:not_paid"]
        self.answer(platform, bigcommerce.order())
        self.deliver("store/order/statusUpdated", "h2")
        drain()

        assert balance(member_id) == 60
