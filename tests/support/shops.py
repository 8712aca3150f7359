"""A shop on each platform, and the life of one order there in the platform's own webhooks."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.support import bigcommerce, shopify, signing
from tests.support.platforms import Reply
from tests.support.signing import SECRET, encoded, fixture

type Signed = Callable[[bytes, datetime], dict[str, str]]

SQUARE_URL: Final = "https://hooks.example.com/till"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a platform delivers, as often as it likes: a body, signed when it is sent."""

    body: bytes
    sign: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What happens to the order, its deliveries, and the points that are right then.

    `answers` is what the platform's API says from now on.
    """

    tellings: tuple[Telling, ...]
    points: int
    answers: Mapping[str, Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A connection to make, and one order: paid, edited and part refunded, cancelled.

    `customer` is an identity of whoever bought it. A platform without cancellations gives all of
    the money back.
    """

    connection: dict[str, Any]
    customer: dict[str, Any]
    chapters: tuple[Chapter, Chapter, Chapter]

    @property
    def platform(self) -> str:
        return str(self.connection["platform"])


def shops(*, began_at: datetime) -> list[Shop]:
    """Of each platform one; all count in US dollars, of which each is a point."""
    return [_shopify(began_at), _woocommerce(began_at), _stripe(began_at), _square(began_at),
            _bigcommerce(began_at)]  # fmt: skip


def _chapter(points: int, *tellings: Telling, **answers: Any) -> Chapter:
    replies = {path: Reply(200, body) for path, body in answers.get("answers", {}).items()}
    return Chapter(tellings=tellings, points=points, answers=replies)


def _shopify(began_at: datetime) -> Shop:
    def telling(topic: str, event_id: str, body: dict[str, Any]) -> Telling:
        raw = shopify.encoded(body)
        signed = shopify.headers(raw, topic=topic, event_id=event_id, secret=SECRET)
        return Telling(body=raw, sign=lambda _raw, _signed_at: signed)

    def order(minute: int, **changes: Any) -> dict[str, Any]:
        body = shopify.payload(shopify.WITH_CUSTOMER, paid_at=began_at)
        body |= {
            "updated_at": (began_at + timedelta(minutes=minute)).isoformat(),
            "financial_status": "paid",
            "refunds": [],
            "line_items": [each | {"current_quantity": 1} for each in body["line_items"]],
        }
        return body | changes

    paid = order(0)
    fewer = order(1, line_items=paid["line_items"][:1])
    refunded_at = (began_at + timedelta(minutes=3)).isoformat()
    refund = shopify.payload("refund.509562969", created_at=refunded_at, processed_at=refunded_at)
    gone = order(
        4,
        cancelled_at=(began_at + timedelta(minutes=4)).isoformat(),
        financial_status="refunded",
    )
    return Shop(
        connection={
            "platform": "shopify",
            "source": "shopify-shop",
            "store": "bean-and-leaf",
            "secrets": [SECRET],
        },
        customer={"kind": "customer", "source": "shopify-shop", "value": "207119551"},
        chapters=(
            # The same order by two topics.
            _chapter(
                587,
                telling("orders/paid", "shopify-1", paid),
                telling("orders/updated", "shopify-1", paid),
            ),
            # Down, up again, and 209.00 of the 598.94 with tax given back.
            _chapter(
                382,
                telling("orders/updated", "shopify-2", fewer),
                telling("orders/updated", "shopify-3", order(2)),
                telling("refunds/create", "shopify-4", refund),
            ),
            _chapter(
                0,
                telling("orders/cancelled", "shopify-5", gone),
                telling("orders/updated", "shopify-6", gone),
            ),
        ),
    )


def _woocommerce(began_at: datetime) -> Shop:
    def telling(minute: int, **changes: Any) -> Telling:
        def gmt(moment: datetime) -> str:
            return moment.strftime("%Y-%m-%dT%H:%M:%S")

        body = fixture("woocommerce/order.727") | {
            "date_created_gmt": gmt(began_at),
            "date_paid_gmt": gmt(began_at),
            "date_modified_gmt": gmt(began_at + timedelta(minutes=minute)),
        }
        # It has one name for all that it delivers in a second.
        return Telling(
            body=encoded(body | changes),
            sign=lambda raw, _signed_at: signing.woocommerce(raw, name="of-this-second"),
        )

    more = {"id": 9, "quantity": 1, "total": "20.00", "total_tax": "1.50"}
    lines = [*fixture("woocommerce/order.727")["line_items"], more]
    half = [{"id": 1, "reason": "", "total": "-25.42"}]
    return Shop(
        connection={"platform": "woocommerce", "source": "woo-shop", "secrets": [SECRET]},
        customer={"kind": "email", "value": "john.doe@example.com"},
        chapters=(
            _chapter(18, telling(0)),
            # Goods for 20.00 more, then half of the money given back.
            _chapter(19, telling(1, line_items=lines), telling(2, line_items=lines, refunds=half)),
            _chapter(0, telling(3, line_items=lines, status="cancelled", refunds=half)),
        ),
    )


def _stripe(began_at: datetime) -> Shop:
    payment = "pi_000000000000000000000000"

    def telling(name: str, event_id: str, minute: int, **parts: Any) -> Telling:
        body = fixture(f"stripe/{name}") | {
            "id": event_id,
            "created": int((began_at + timedelta(minutes=minute)).timestamp()),
        }
        for part, changes in parts.items():
            body["data"][part] |= changes
        return Telling(
            body=encoded(body), sign=lambda raw, signed_at: signing.stripe(raw, signed_at=signed_at)
        )

    def refund(event_id: str, minute: int, *, before: int, now: int) -> Telling:
        return telling(
            "charge.refunded",
            event_id,
            minute,
            object={
                "amount": 3000,
                "amount_refunded": now,
                "payment_intent": payment,
                "refunded": now == 3000,
            },
            previous_attributes={"amount_refunded": before},
        )

    return Shop(
        connection={"platform": "stripe", "source": "stripe-shop", "secrets": [SECRET]},
        customer={"kind": "email", "value": "stripe@example.com"},
        chapters=(
            _chapter(30, telling("checkout.session.completed", "evt_1", 0)),
            _chapter(20, refund("evt_2", 1, before=0, now=1000)),
            _chapter(0, refund("evt_3", 2, before=1000, now=3000)),
        ),
    )


def _square(began_at: datetime) -> Shop:
    order_id = "03O3USaPaAaFnI6kkwB1JxGgBsUZY"

    def telling(name: str, event_id: str, change: Callable[[Any], None]) -> Telling:
        body = fixture(f"square/{name}") | {"event_id": event_id}
        change(body["data"]["object"])
        return Telling(
            body=encoded(body), sign=lambda raw, _signed_at: signing.square(raw, url=SQUARE_URL)
        )

    def of_order(subject: Any) -> None:
        subject["order_updated"]["order_id"] = order_id

    def of_payment(subject: Any) -> None:
        subject["payment"]["created_at"] = began_at.isoformat()

    def of_refund(subject: Any) -> None:
        subject["refund"]["amount_money"]["amount"] = 110

    def order(minute: int, **changes: Any) -> dict[str, Any]:
        body = fixture("square/order")["order"] | {
            "id": order_id,
            "customer_id": "ANA",
            "updated_at": (began_at + timedelta(minutes=minute)).isoformat(),
            "net_amount_due_money": {"amount": 0, "currency": "USD"},
            "tenders": [{"id": "tender"}],
        }
        return {f"/v2/orders/{order_id}": {"order": body | changes}}

    payment = fixture("square/payment.updated")["data"]["object"]
    of_payment(payment)
    refunded = fixture("square/refund.updated")["data"]["object"]["refund"]["payment_id"]
    paid = {f"/v2/payments/{refunded}": payment}
    lines = fixture("square/order")["order"]["line_items"]
    more = [*lines, copy.deepcopy(lines[0]) | {"uid": "another"}]
    return Shop(
        connection={
            "platform": "square",
            "source": "square-till",
            "secrets": [SECRET],
            "access_token": "the-token",
            "notification_url": SQUARE_URL,
        },
        customer={"kind": "customer", "source": "square-till", "value": "ANA"},
        chapters=(
            _chapter(
                5,
                telling("payment.updated", "square-1", of_payment),
                telling("payment.updated", "square-2", of_payment),
                answers=order(0) | paid,
            ),
            # Goods for 2.50 more, of 8.00 then 1.10 given back.
            _chapter(
                6,
                telling("order.updated", "square-3", of_order),
                telling("refund.updated", "square-4", of_refund),
                answers=order(1, line_items=more) | paid,
            ),
            _chapter(
                0,
                telling("order.updated", "square-5", of_order),
                answers=order(2, state="CANCELED") | paid,
            ),
        ),
    )


def _bigcommerce(began_at: datetime) -> Shop:
    where = f"/stores/{bigcommerce.STORE}"

    def telling(scope: str, name: str) -> Telling:
        body = encoded(bigcommerce.event(scope, hash=f"of-{scope.rpartition('/')[2]}"))
        return Telling(
            body=body,
            sign=lambda raw, signed_at: signing.bigcommerce(raw, signed_at=signed_at, name=name),
        )

    def order(
        minute: int, *, products: list[dict[str, Any]], refunds: Any = (), **changes: Any
    ) -> dict[str, Any]:
        def rfc(moment: datetime) -> str:
            return moment.strftime("%a, %d %b %Y %H:%M:%S +0000")

        dates = {
            "date_created": rfc(began_at),
            "date_modified": rfc(began_at + timedelta(minutes=minute)),
        }
        return {
            f"{where}/v2/orders/218?include=fees": bigcommerce.order(**(dates | changes)),
            f"{where}/v2/orders/218/products?limit=250": products,
            f"{where}/v3/orders/218/payment_actions/refunds": bigcommerce.refunds(*refunds),
        }

    first = bigcommerce.PRODUCTS
    more = [*first, bigcommerce.product("20.0000", "22.0000", id=67, sku="SOAP", quantity=1)]
    dearer = {"total_ex_tax": "85.0000", "total_inc_tax": "93.5000"}
    one = {"item_type": "PRODUCT", "item_id": 66, "quantity": 1, "requested_amount": None}
    refund = bigcommerce.refund(22.66, one)
    return Shop(
        connection={
            "platform": "bigcommerce",
            "source": "big-shop",
            "secrets": [SECRET],
            "access_token": "the-token",
            "store": bigcommerce.STORE,
        },
        customer={"kind": "customer", "source": "big-shop", "value": "11"},
        chapters=(
            _chapter(
                60,
                telling("store/order/created", "msg_1"),
                telling("store/order/statusUpdated", "msg_2"),
                answers=order(0, products=first),
            ),
            # Goods for 20.00 more, and one of the others brought back.
            _chapter(
                60,
                telling("store/order/updated", "msg_3"),
                telling("store/order/refund/created", "msg_4"),
                answers=order(1, products=more, refunds=[refund], status_id=14, **dearer),
            ),
            _chapter(
                0,
                telling("store/order/statusUpdated", "msg_5"),
                answers=order(2, products=more, refunds=[refund], status_id=5, **dearer),
            ),
        ),
    )
