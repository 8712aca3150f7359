"""Square: https://developer.squareup.com/docs/webhooks/overview, the payments and orders APIs.

Events are thin: a payment that was made names its order, and a refund names its payment. The order
is then read from Square, as it is now.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Final

from pydantic import Field, StrictInt, StrictStr, ValidationError

from loyalty.domain.kernel.fields import CurrencyCode, Day, ExternalId, Instant
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.people.identity import IdentityKind, identify
from loyalty.domain.shops.customers import MembershipTold
from loyalty.domain.shops.storefront import (
    ALL_EARN,
    Command,
    Envelope,
    FetchNeeded,
    Ignored,
    OrderFilter,
    OrderRefunded,
    Parked,
    PlatformApi,
    Received,
    Storefront,
    cancelled,
    given_back,
)
from loyalty.storefronts import reading
from loyalty.storefronts.reading import Payload, ShopNamed, Topic, reads
from loyalty.storefronts.signatures import in_base64, matches

SIGNATURE: Final = "x-square-hmacsha256-signature"
HEADERS: Final = (SIGNATURE, "square-environment", "square-initial-delivery-timestamp")
GREETING: Final = None
GRANT_PATH: Final = None
STATUSES: Final = re.compile(r"open|completed", re.IGNORECASE)
HAS_CHANNELS: Final = True
HAS_TAGS: Final = False
TELLS_CONSENT: Final = False
HAS_MEMBERSHIPS: Final = True

ORIGIN: Final = "https://connect.squareup.com"
SANDBOX: Final = "https://connect.squareupsandbox.com"
# What Square answers by; it keeps a version for years.
API_VERSION: Final = "2024-10-17"

PAYMENT_TOPICS: Final = ("payment.created", "payment.updated")
REFUND_TOPICS: Final = ("refund.created", "refund.updated")
ORDER_TOPICS: Final = ("order.updated",)
CUSTOMER_TOPICS: Final = ("customer.created", "customer.updated")
SUBSCRIPTION_TOPICS: Final = ("subscription.created", "subscription.updated")

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){1,4}", re.ASCII)


def verify(received: Received, *, secrets: Sequence[str]) -> bool:
    """Whether the address it was delivered to and the raw body were signed with a secret."""
    signed = received.url.encode() + received.body
    made = (in_base64(secret, signed) for secret in secrets)
    return matches(made, [received.headers.get(SIGNATURE, "")])


def envelope(body: bytes, _headers: Mapping[str, str]) -> Envelope:
    """What a delivery is about. Any body will do."""
    try:
        told = _Event.model_validate_json(body)
    except ValidationError:
        return Envelope(topic="unknown", name=hashlib.sha256(body).hexdigest(), order_id=None)
    event = told.event_id if reading.is_name(told.event_id) else None
    return Envelope(
        topic=told.type if _TOPIC.fullmatch(told.type) else "unknown",
        name=event or hashlib.sha256(body).hexdigest(),
        order_id=_order_id(told),
        customer_id=_customer_id(told),
        event=event,
    )


def translate(
    topic: str,
    body: bytes,
    *,
    source: str,
    earns: OrderFilter = ALL_EARN,
    store: str | None = None,
) -> Command | FetchNeeded:
    """What a delivery asks for, or what has to be read first. Any body will do."""
    read = TOPICS.get(topic)
    if read is None:
        return Ignored("unknown_topic")
    try:
        return read(body, ShopNamed(source=source, earns=earns, store=store))
    except ValidationError as error:
        return reading.malformed(error)


def complete(
    topic: str,
    body: bytes,
    fetched: Sequence[bytes],
    *,
    source: str,
    earns: OrderFilter = ALL_EARN,
) -> Command:
    """What a delivery asks for, by the order or the payment as Square tells it now."""
    try:
        if topic in REFUND_TOPICS:
            payment = _PaymentAnswer.model_validate_json(fetched[0]).payment
            refund = _RefundEvent.model_validate_json(body).data.object.refund
            return _refunded(refund, payment, source=source)
        order = _OrderAnswer.model_validate_json(fetched[0]).order
        by = None
        if topic in PAYMENT_TOPICS:
            by = _PaymentEvent.model_validate_json(body).data.object.payment
        return _order(order, source=source, payment=by, earns=earns)
    except ValidationError as error:
        return reading.malformed(error)


def api(storefront: Storefront, *, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=SANDBOX if storefront.sandbox else ORIGIN,
        headers={
            "authorization": f"Bearer {access_token}",
            "square-version": API_VERSION,
            "accept": "application/json",
        },
    )


Cents = Annotated[StrictInt, Field(ge=0, lt=2**63)]


class _Money(Payload):
    amount: Cents = 0
    currency: CurrencyCode


class _Payment(Payload):
    id: StrictStr
    status: StrictStr
    order_id: StrictStr | None = None
    customer_id: StrictStr | None = None
    buyer_email_address: StrictStr | None = None
    created_at: Instant


class _Refund(Payload):
    id: StrictStr
    status: StrictStr
    payment_id: StrictStr
    amount_money: _Money
    created_at: Instant


class _PaymentObject(Payload):
    payment: _Payment


class _PaymentData(Payload):
    object: _PaymentObject


class _PaymentEvent(Payload):
    data: _PaymentData


class _RefundObject(Payload):
    refund: _Refund


class _RefundData(Payload):
    object: _RefundObject


class _RefundEvent(Payload):
    data: _RefundData


class _OrderUpdated(Payload):
    order_id: StrictStr
    state: StrictStr


class _OrderObject(Payload):
    order_updated: _OrderUpdated


class _OrderData(Payload):
    object: _OrderObject


class _OrderEvent(Payload):
    data: _OrderData


class _NamedOrder(Payload):
    order_id: StrictStr | None = None


class _NamedCustomer(Payload):
    id: StrictStr | None = None
    customer_id: StrictStr | None = None


class _AnyObject(Payload):
    payment: _NamedOrder | None = None
    order_updated: _NamedOrder | None = None
    customer: _NamedCustomer | None = None
    subscription: _NamedCustomer | None = None


class _AnyData(Payload):
    object: _AnyObject | None = None


class _Event(Payload):
    """Just enough to know what an event is about."""

    event_id: StrictStr
    type: StrictStr
    data: _AnyData | None = None


class _Item(Payload):
    uid: StrictStr | None = None
    catalog_object_id: StrictStr | None = None
    item_type: StrictStr | None = None
    quantity: Annotated[StrictStr, Field(pattern=r"^\d{1,6}(\.\d{1,5})?$")]
    total_money: _Money
    total_tax_money: _Money | None = None
    total_service_charge_money: _Money | None = None


class _ServiceCharge(Payload):
    uid: StrictStr | None = None
    type: StrictStr | None = None
    total_money: _Money | None = None
    total_tax_money: _Money | None = None


class _Discount(Payload):
    name: StrictStr | None = None


class _Tender(Payload):
    customer_id: StrictStr | None = None


class _Source(Payload):
    name: StrictStr | None = None


class _Order(Payload):
    id: StrictStr
    state: StrictStr
    customer_id: StrictStr | None = None
    created_at: Instant
    updated_at: Instant | None = None
    closed_at: Instant | None = None
    line_items: tuple[_Item, ...] = ()
    service_charges: tuple[_ServiceCharge, ...] = ()
    discounts: tuple[_Discount, ...] = ()
    tenders: tuple[_Tender, ...] = ()
    total_money: _Money
    total_tip_money: _Money | None = None
    net_amount_due_money: _Money | None = None
    source: _Source | None = None

    @property
    def currencies(self) -> set[str]:
        money = (
            self.total_money,
            self.total_tip_money,
            *(item.total_money for item in self.line_items),
            *(charge.total_money for charge in self.service_charges),
        )
        return {each.currency for each in money if each}


class _OrderAnswer(Payload):
    order: _Order


class _PaymentAnswer(Payload):
    payment: _Payment


class _Customer(Payload):
    id: ExternalId
    email_address: StrictStr | None = None
    phone_number: StrictStr | None = None
    given_name: StrictStr | None = None
    family_name: StrictStr | None = None
    updated_at: Instant | None = None


class _CustomerObject(Payload):
    customer: _Customer


class _CustomerData(Payload):
    object: _CustomerObject


class _CustomerEvent(Payload):
    created_at: Instant
    data: _CustomerData


class _Subscription(Payload):
    id: ExternalId
    customer_id: ExternalId
    plan_variation_id: StrictStr | None = None
    plan_id: StrictStr | None = None
    status: StrictStr
    charged_through_date: Day | None = None


class _SubscriptionObject(Payload):
    subscription: _Subscription


class _SubscriptionData(Payload):
    object: _SubscriptionObject


class _SubscriptionEvent(Payload):
    created_at: Instant
    data: _SubscriptionData


def _customer(event: _CustomerEvent, shop: ShopNamed) -> Command | FetchNeeded:
    told = event.data.object.customer
    return reading.customer(
        told.id,
        source=shop.source,
        named=(("email", told.email_address), ("phone", told.phone_number)),
        names=(told.given_name, told.family_name),
        told_at=told.updated_at or event.created_at,
    )


def _customer_gone(event: _CustomerEvent, shop: ShopNamed) -> Command | FetchNeeded:
    return reading.customer_erased(event.data.object.customer.id, source=shop.source)


def _subscription(event: _SubscriptionEvent, shop: ShopNamed) -> Command | FetchNeeded:
    """A membership, as far as it was charged; one that is pending was not yet."""
    told = event.data.object.subscription
    is_active = told.status == "ACTIVE"
    if told.status == "PENDING" or (is_active and told.charged_through_date is None):
        return Ignored("not_paid")
    return MembershipTold(
        customer=identify("customer", told.customer_id, source=shop.source),
        membership_id=told.id,
        plans=tuple(name for name in (told.plan_variation_id, told.plan_id) if name),
        # A day is as the seller's calendar has it: its noon is that day in the program's, too.
        paid_until=datetime.combine(told.charged_through_date, time(12), UTC)
        if is_active and told.charged_through_date
        else None,
        told_at=event.created_at,
    )


def _of_payment(event: _PaymentEvent, _shop: ShopNamed) -> Command | FetchNeeded:
    payment = event.data.object.payment
    if payment.status != "COMPLETED":
        return Ignored("not_paid")
    if not payment.order_id:
        return Ignored("no_order")
    return _wanted("orders", payment.order_id)


def _of_refund(event: _RefundEvent, _shop: ShopNamed) -> Command | FetchNeeded:
    """A refund is of a payment; the order that it names is one of its own."""
    refund = event.data.object.refund
    if refund.status == "PENDING":
        return Ignored("refund_pending")
    if refund.status != "COMPLETED":
        return Ignored("nothing_given_back")
    return _wanted("payments", refund.payment_id)


def _of_order(event: _OrderEvent, _shop: ShopNamed) -> Command | FetchNeeded:
    order = event.data.object.order_updated
    return Ignored("not_paid") if order.state == "DRAFT" else _wanted("orders", order.order_id)


def _wanted(what: str, name: str) -> Command | FetchNeeded:
    return (
        FetchNeeded((f"/v2/{what}/{name}",))
        if reading.is_name(name)
        else Parked("malformed", "/data")
    )


def _refunded(refund: _Refund, payment: _Payment, *, source: str) -> Command:
    if not reading.is_name(payment.order_id):
        return Ignored("no_order")
    back = given_back(
        reading.name_of(refund.id),
        at=refund.created_at,
        amounts_minor={},
        amount_minor=refund.amount_money.amount,
    )
    return reading.refunded(source, payment.order_id, back, currency=refund.amount_money.currency)


def _order(order: _Order, *, source: str, payment: _Payment | None, earns: OrderFilter) -> Command:
    if not reading.is_name(order.id):
        return Parked("malformed", "/order/id")
    at = order.updated_at or order.created_at
    if order.state == "CANCELED":
        if not order.tenders:
            return Ignored("not_paid")
        return OrderRefunded(
            source=source,
            order_id=order.id,
            refund=cancelled(at=at),
            currency=None,
            all_given_back=True,
        )
    if not _is_paid(order, by=payment):
        return Ignored("not_paid")
    if len(order.currencies) > 1:
        return Parked("mixed_currencies")
    channel = order.source.name if order.source else None
    return reading.paid(
        Order(
            source=source,
            order_id=order.id,
            occurred_at=payment.created_at if payment else order.closed_at or order.created_at,
            lines=tuple(_lines(order)),
            channel=channel if reading.is_name(channel) else None,
            told_at=at,
        ),
        currency=order.total_money.currency,
        identities=reading.identities(_named(order, payment), source=source),
        pointer="/order/line_items",
        excluded=earns.excludes(status=order.state, channel=channel),
        # Square knows no codes of orders: a discount is called by the voucher's.
        discounts=[discount.name or "" for discount in order.discounts],
    )


def _is_paid(order: _Order, *, by: _Payment | None) -> bool:
    """Whether nothing is due: several payments may have to come before."""
    if order.net_amount_due_money is not None:
        return order.net_amount_due_money.amount == 0 and bool(by or order.tenders)
    return by is not None or order.state == "COMPLETED"


def _named(order: _Order, payment: _Payment | None) -> Iterable[tuple[IdentityKind, str | None]]:
    yield "customer", order.customer_id
    if payment:
        yield "customer", payment.customer_id
    for tender in order.tenders:
        yield "customer", tender.customer_id
    if payment:
        yield "email", payment.buyer_email_address


def _lines(order: _Order) -> Iterable[Line]:
    """Goods, service charges and the tip, each with its tax and without."""
    for number, item in enumerate(order.line_items, 1):
        paid = _cents(item.total_money) - _cents(item.total_service_charge_money)
        yield Line(
            line_id=item.uid if reading.is_name(item.uid) else f"line-{number}",
            sku=reading.sku(item.catalog_object_id),
            category="gift_card" if item.item_type == "GIFT_CARD" else None,
            quantity=int(Decimal(item.quantity).to_integral_value(ROUND_CEILING)),
            amount_minor=paid - _cents(item.total_tax_money),
            gross_minor=paid,
        )
    for number, charge in enumerate(order.service_charges, 1):
        if _cents(charge.total_money):
            name = charge.uid if reading.is_name(charge.uid) else str(number)
            paid = _cents(charge.total_money)
            is_tip = charge.type == "AUTO_GRATUITY"
            yield _charge(
                reading.name_of(f"service-{name}"),
                "tip" if is_tip else "fee",
                paid - _cents(charge.total_tax_money),
                paid,
            )
    if tip := _cents(order.total_tip_money):
        yield _charge("tip", "tip", tip, tip)


def _charge(name: str, category: str, amount_minor: int, gross_minor: int) -> Line:
    return Line(
        line_id=name,
        sku=None,
        category=category,
        quantity=1,
        amount_minor=amount_minor,
        gross_minor=gross_minor,
    )


def _cents(money: _Money | None) -> int:
    return money.amount if money else 0


def _customer_id(event: _Event) -> str | None:
    told = event.data.object if event.data else None
    if not told:
        return None
    named = told.customer.id if told.customer else None
    if told.subscription:
        named = told.subscription.customer_id
    return named if reading.is_name(named) else None


def _order_id(event: _Event) -> str | None:
    told = event.data.object if event.data else None
    named = (told.payment or told.order_updated) if told else None
    return named.order_id if named and reading.is_name(named.order_id) else None


# The topic is a part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(PAYMENT_TOPICS, reads(_PaymentEvent, _of_payment)),
    **dict.fromkeys(REFUND_TOPICS, reads(_RefundEvent, _of_refund)),
    **dict.fromkeys(ORDER_TOPICS, reads(_OrderEvent, _of_order)),
    **dict.fromkeys(CUSTOMER_TOPICS, reads(_CustomerEvent, _customer)),
    "customer.deleted": reads(_CustomerEvent, _customer_gone),
    **dict.fromkeys(SUBSCRIPTION_TOPICS, reads(_SubscriptionEvent, _subscription)),
}
