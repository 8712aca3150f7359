"""BigCommerce: https://developer.bigcommerce.com/docs/webhooks, orders V2 and refunds V3.

Every event is thin: it names an order, which is then read with its products and its refunds, as
they are now. So all events of an order are alike.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StrictInt, StrictStr, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.fields import CurrencyCode, Instant
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.shops.storefront import (
    ALL_EARN,
    OTHER_SHOP,
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
)
from loyalty.storefronts import reading
from loyalty.storefronts.reading import (
    Id,
    Payload,
    Quantity,
    ShopNamed,
    SignedAmount,
    Topic,
    minor,
    reads,
)
from loyalty.storefronts.signatures import is_recent, matches, standard

MESSAGE: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
HEADERS: Final = (MESSAGE, TIMESTAMP, SIGNATURE)
GREETING: Final = None
GRANT_PATH: Final = None

ORIGIN: Final = "https://api.bigcommerce.com"
ORDER_TOPICS: Final = (
    "store/order/created",
    "store/order/updated",
    "store/order/statusUpdated",
    "store/order/refund/created",
)

CUSTOMER_TOPICS: Final = ("store/customer/created", "store/customer/updated")
CUSTOMER_DELETED: Final = "store/customer/deleted"

# Statuses by their ids: https://developer.bigcommerce.com/docs/rest-management/orders/order-status
PAID: Final = {
    2: "shipped",
    3: "partially_shipped",
    8: "awaiting_pickup",
    9: "awaiting_shipment",
    10: "completed",
    11: "awaiting_fulfillment",
    14: "partially_refunded",
}
STATUSES: Final = re.compile("|".join(PAID.values()), re.IGNORECASE)
HAS_CHANNELS: Final = True
HAS_TAGS: Final = False
TELLS_CONSENT: Final = False
HAS_MEMBERSHIPS: Final = False
REFUNDED: Final = 4
CANCELLED: Final = 5
NEVER_PAID: Final = ("authorized", "declined", "void", "void pending")

# What a refunded item is of, in our lines; a product is of its own.
_LINES: Final = {
    "SHIPPING": "shipping",
    "HANDLING": "shipping",
    "GIFT_WRAPPING": "shipping",
    "FEE": "fees",
}

_TOPIC: Final = re.compile(r"[A-Za-z0-9_]{1,40}(/[A-Za-z0-9_]{1,40}){1,4}", re.ASCII)


def verify(received: Received, *, secrets: Sequence[str]) -> bool:
    """Whether id, time and raw body were signed with a client secret, not long ago."""
    told = received.headers
    message, timestamp = told.get(MESSAGE, ""), told.get(TIMESTAMP, "")
    if not message.isascii() or not is_recent(timestamp, now=received.at):
        return False
    signed = f"{message}.{timestamp}.".encode() + received.body
    versions = (each.partition(",") for each in told.get(SIGNATURE, "").split())
    made = (standard(secret.encode(), signed) for secret in secrets)
    return matches(made, [value for version, _, value in versions if version == "v1"])


def envelope(body: bytes, headers: Mapping[str, str]) -> Envelope:
    """What a delivery is about. Any body will do."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        told = _Event.model_validate_json(body)
    except ValidationError:
        return Envelope(topic="unknown", name=digest, order_id=None)
    named = str(told.data.id) if told.data and told.data.id else None
    # Not their hash: it is that of what is told, so the same for each change of an order.
    message = headers.get(MESSAGE, "")
    return Envelope(
        topic=told.scope if _TOPIC.fullmatch(told.scope) else "unknown",
        name=told.hash if reading.is_name(told.hash) else digest,
        order_id=named if told.scope in ORDER_TOPICS else None,
        customer_id=named if told.scope in (*CUSTOMER_TOPICS, CUSTOMER_DELETED) else None,
        event=message if reading.is_name(message) else None,
    )


def translate(
    topic: str,
    body: bytes,
    *,
    source: str,
    earns: OrderFilter = ALL_EARN,
    store: str | None = None,
) -> Command | FetchNeeded:
    """What has to be read first. Any body will do: what makes no sense is parked."""
    read = TOPICS.get(topic)
    if read is None:
        return Ignored("unknown_topic")
    try:
        return read(body, ShopNamed(source=source, earns=earns, store=store))
    except ValidationError as error:
        return reading.malformed(error)


def complete(
    topic: str,
    _body: bytes,
    fetched: Sequence[bytes],
    *,
    source: str,
    earns: OrderFilter = ALL_EARN,
) -> Command:
    """What a delivery asks for, by the order as BigCommerce tells it now."""
    try:
        if topic in CUSTOMER_TOPICS:
            return _customer(_Customers.model_validate_json(fetched[0] or b"{}"), source=source)
        order, products, refunds = fetched
        return _order(
            _Order.model_validate_json(order),
            # Nothing is answered where there is nothing.
            _PRODUCTS.validate_json(products or b"[]"),
            _Refunds.model_validate_json(refunds or b"{}").data,
            source=source,
            earns=earns,
        )
    except ValidationError as error:
        return reading.malformed(error)


def api(storefront: Storefront, *, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=ORIGIN,
        prefix=f"/stores/{storefront.store}",
        headers={"x-auth-token": access_token, "accept": "application/json"},
    )


def _loose(value: object) -> object:
    """Amounts come as text and as numbers; a number's shortest text is what was meant."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:f}" if is_number else value


def _instant(value: object) -> datetime:
    if isinstance(value, str) and len(value) < 50:
        try:
            return parsedate_to_datetime(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise PydanticCustomError("time_form", "Write a time as Tue, 05 Mar 2019 21:40:11 +0000")


LooseAmount = Annotated[SignedAmount, BeforeValidator(_loose)]
Time = Annotated[datetime, BeforeValidator(_instant)]


class _Data(Payload):
    id: Id | None = None


class _Event(Payload):
    """Just enough to know what an event is about."""

    scope: StrictStr
    hash: StrictStr | None = None
    data: _Data | None = None


class _Named(Payload):
    id: Id


class _NamingEvent(Payload):
    producer: StrictStr
    data: _Named

    def of_other_shop(self, shop: ShopNamed) -> Parked | None:
        """One app's secret signs for each of the stores that it is installed in."""
        if shop.store is None or self.producer == f"stores/{shop.store}":
            return None
        return Parked(OTHER_SHOP, "/producer")


class _Customer(_Named):
    email: StrictStr | None = None
    phone: StrictStr | None = None
    first_name: StrictStr | None = None
    last_name: StrictStr | None = None
    date_modified: Instant | None = None


class _Customers(Payload):
    data: tuple[_Customer, ...] = ()


class _Discount(Payload):
    amount: LooseAmount
    code: StrictStr | None = None


class _Product(Payload):
    id: Id
    sku: StrictStr | None = None
    type: StrictStr | None = None
    quantity: Quantity
    total_ex_tax: LooseAmount
    total_inc_tax: LooseAmount
    applied_discounts: tuple[_Discount, ...] = ()


class _Fee(Payload):
    cost_ex_tax: LooseAmount = Decimal(0)
    cost_inc_tax: LooseAmount = Decimal(0)


class _Billing(Payload):
    email: StrictStr | None = None
    phone: StrictStr | None = None


class _Order(Payload):
    id: Id
    status_id: StrictInt
    payment_status: StrictStr | None = None
    customer_id: Annotated[StrictInt, Field(ge=0, lt=2**63)] = 0
    date_created: Time
    date_modified: Time | None = None
    default_currency_code: CurrencyCode
    total_ex_tax: LooseAmount
    total_inc_tax: LooseAmount
    shipping_cost_ex_tax: LooseAmount = Decimal(0)
    shipping_cost_inc_tax: LooseAmount = Decimal(0)
    handling_cost_ex_tax: LooseAmount = Decimal(0)
    handling_cost_inc_tax: LooseAmount = Decimal(0)
    wrapping_cost_ex_tax: LooseAmount = Decimal(0)
    wrapping_cost_inc_tax: LooseAmount = Decimal(0)
    fees: tuple[_Fee, ...] = ()
    billing_address: _Billing = _Billing()
    order_source: StrictStr | None = None

    @property
    def shipping(self) -> tuple[Decimal, Decimal]:
        """Shipping, handling and wrapping, without tax and with it."""
        net = self.shipping_cost_ex_tax + self.handling_cost_ex_tax + self.wrapping_cost_ex_tax
        gross = self.shipping_cost_inc_tax + self.handling_cost_inc_tax + self.wrapping_cost_inc_tax
        return net, gross

    @property
    def charged(self) -> tuple[Decimal, Decimal]:
        """All fees, without tax and with it."""
        net = sum((fee.cost_ex_tax for fee in self.fees), Decimal(0))
        return net, sum((fee.cost_inc_tax for fee in self.fees), Decimal(0))


class _RefundedItem(Payload):
    item_type: StrictStr
    item_id: Id | None = None
    quantity: Quantity | None = None
    requested_amount: LooseAmount | None = None


class _RefundPayment(Payload):
    amount: LooseAmount
    is_declined: bool = False


class _Refund(Payload):
    id: Id
    created: Instant | None = None
    items: tuple[_RefundedItem, ...] = ()
    payments: tuple[_RefundPayment, ...] = ()


class _Refunds(Payload):
    data: tuple[_Refund, ...] = ()


_PRODUCTS: Final = TypeAdapter(tuple[_Product, ...])


def _customer(told: _Customers, *, source: str) -> Command:
    if not told.data:
        # Deleted since; that is told by an event of its own.
        return Ignored("no_customer")
    customer = told.data[0]
    return reading.customer(
        str(customer.id),
        source=source,
        named=(("email", customer.email), ("phone", customer.phone)),
        names=(customer.first_name, customer.last_name),
        told_at=customer.date_modified,
    )


def _order(
    told: _Order,
    products: Sequence[_Product],
    refunds: Sequence[_Refund],
    *,
    source: str,
    earns: OrderFilter,
) -> Command:
    told_at = told.date_modified or told.date_created
    if told.status_id in (REFUNDED, CANCELLED):
        if told.payment_status in NEVER_PAID:
            return Ignored("not_paid")
        return OrderRefunded(
            source=source,
            order_id=str(told.id),
            refund=cancelled(at=told_at),
            currency=None,
            all_given_back=True,
        )
    if told.status_id not in PAID:
        return Ignored("not_paid")
    decimals = exponent(told.default_currency_code)
    if decimals is None:
        return Parked("unknown_currency", "/default_currency_code")
    lines = tuple(_lines(told, products, decimals=decimals))
    paid_minor = {line.line_id: (line.paid_minor, line.quantity) for line in lines}
    asked = (
        _asked(refund, paid_minor, at=refund.created or told_at, decimals=decimals)
        for refund in refunds
    )
    return reading.paid(
        Order(
            source=source,
            order_id=str(told.id),
            occurred_at=told.date_created,
            lines=lines,
            channel=told.order_source if reading.is_name(told.order_source) else None,
            told_at=told_at,
        ),
        currency=told.default_currency_code,
        identities=reading.identities(
            (
                ("customer", str(told.customer_id) if told.customer_id else None),
                ("email", told.billing_address.email),
                ("phone", told.billing_address.phone),
            ),
            source=source,
        ),
        refunds=tuple(refund for refund in asked if reading.given_back_minor(refund)),
        pointer="/products",
        excluded=earns.excludes(status=PAID[told.status_id], channel=told.order_source),
        discounts=[discount.code or "" for each in products for discount in each.applied_discounts],
    )


def _lines(told: _Order, products: Sequence[_Product], *, decimals: int) -> Iterable[Line]:
    """The goods share what the order cost less its charges: its totals know all discounts."""
    (shipping, shipping_paid), (fees, fees_paid) = told.shipping, told.charged
    net = apportion(
        minor(told.total_ex_tax - shipping - fees, decimals),
        {
            str(each.id): minor(max(Decimal(0), each.total_ex_tax - _off(each)), decimals)
            for each in products
        },
    )
    gross = apportion(
        minor(told.total_inc_tax - shipping_paid - fees_paid, decimals),
        {
            str(each.id): minor(max(Decimal(0), each.total_inc_tax - _off(each)), decimals)
            for each in products
        },
    )
    for each in products:
        yield Line(
            line_id=str(each.id),
            sku=reading.sku(each.sku),
            category="gift_card" if each.type == "giftcertificate" else None,
            quantity=each.quantity,
            amount_minor=net[str(each.id)],
            gross_minor=gross[str(each.id)],
        )
    for name, category, amount, paid in (
        ("shipping", "shipping", shipping, shipping_paid),
        ("fees", "fee", fees, fees_paid),
    ):
        if paid:
            yield Line(
                line_id=name,
                sku=None,
                category=category,
                quantity=1,
                amount_minor=minor(amount, decimals),
                gross_minor=minor(paid, decimals),
            )


def _off(product: _Product) -> Decimal:
    return sum((each.amount for each in product.applied_discounts), Decimal(0))


def _asked(
    told: _Refund, paid_minor: Mapping[str, tuple[int, int]], *, at: datetime, decimals: int
) -> RequestedRefund:
    """What was given back; what an item was refunded for is told, or is its part of the line.

    Money that was given back for the whole order is of no item.
    """
    shares_minor: dict[str, int] = {}
    for item in told.items:
        if item.item_type == "ORDER":
            continue
        name = _LINES.get(item.item_type, str(item.item_id))
        paid, units = paid_minor.get(name, (0, 0))
        share = paid * min(item.quantity or 0, units) // units if units else 0
        if item.item_type != "PRODUCT":
            share = paid
        if item.requested_amount is not None:
            share = minor(max(Decimal(0), item.requested_amount), decimals)
        shares_minor[name] = shares_minor.get(name, 0) + share
    back = sum((each.amount for each in told.payments if not each.is_declined), Decimal(0))
    return reading.shared_out(
        str(told.id), at=at, back_minor=max(0, minor(back, decimals)), shares_minor=shares_minor
    )


def _order_event(event: _NamingEvent, shop: ShopNamed) -> Command | FetchNeeded:
    named = event.data.id
    return event.of_other_shop(shop) or FetchNeeded(
        (
            f"/v2/orders/{named}",
            f"/v2/orders/{named}/products?limit=250",
            f"/v3/orders/{named}/payment_actions/refunds",
        )
    )


def _customer_event(event: _NamingEvent, shop: ShopNamed) -> Command | FetchNeeded:
    fetch_needed = FetchNeeded((f"/v3/customers?id:in={event.data.id}",))
    return event.of_other_shop(shop) or fetch_needed


def _customer_gone(event: _NamingEvent, shop: ShopNamed) -> Command | FetchNeeded:
    return event.of_other_shop(shop) or reading.customer_erased(
        str(event.data.id), source=shop.source
    )


# The topic is a part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(ORDER_TOPICS, reads(_NamingEvent, _order_event)),
    **dict.fromkeys(CUSTOMER_TOPICS, reads(_NamingEvent, _customer_event)),
    CUSTOMER_DELETED: reads(_NamingEvent, _customer_gone),
}
