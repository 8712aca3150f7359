"""Stripe: https://docs.stripe.com/webhooks, the events of Checkout, invoices and charges.

Amounts are integers in the currency's smallest unit. An order is known by its payment, because a
refund names nothing else; since version 2025-03-31 that of an invoice has to be read from Stripe.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import (
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.fields import ExternalId
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
    Parked,
    PlatformApi,
    Received,
    Storefront,
    given_back,
)
from loyalty.storefronts import reading
from loyalty.storefronts.reading import Payload, ShopNamed, Topic, reads
from loyalty.storefronts.signatures import in_hex, is_recent, matches

SIGNATURE: Final = "stripe-signature"
HEADERS: Final = (SIGNATURE,)
GREETING: Final = None
GRANT_PATH: Final = None
# A payment is told without any of these.
STATUSES: Final = None
HAS_CHANNELS: Final = False
HAS_TAGS: Final = False
TELLS_CONSENT: Final = False
HAS_MEMBERSHIPS: Final = True

SUBSCRIPTION_TOPICS: Final = tuple(
    f"customer.subscription.{what}"
    for what in ("created", "updated", "deleted", "paused", "resumed")
)
# In these what was paid for can be had; an unpaid renewal moves the period's end all the same.
PAYING: Final = ("active", "trialing")
UNSETTLED: Final = ("past_due", "incomplete")
CHECKOUT: Final = ("checkout.session.completed", "checkout.session.async_payment_succeeded")

ORIGIN: Final = "https://api.stripe.com"
# The first one in which an invoice has payments of its own.
API_VERSION: Final = "2025-03-31.basil"

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){1,4}", re.ASCII)
# Where Stripe's smallest unit is not that of ISO 4217: https://docs.stripe.com/currencies
_OTHER_DECIMALS: Final = {"ISK": 2, "MGA": 0, "UGX": 2}


def verify(received: Received, *, secrets: Sequence[str]) -> bool:
    """Whether time and raw body were signed with one of the secrets, not long ago."""
    told = [part.partition("=") for part in received.headers.get(SIGNATURE, "").split(",")]
    times = [value for name, _, value in told if name == "t"]
    if len(times) != 1 or not is_recent(times[0], now=received.at):
        return False
    signed = f"{times[0]}.".encode() + received.body
    made = (in_hex(secret, signed) for secret in secrets)
    return matches(made, [value for name, _, value in told if name == "v1"])


def envelope(body: bytes, _headers: Mapping[str, str]) -> Envelope:
    """What a delivery is about. Any body will do."""
    try:
        told = _Reference.model_validate_json(body)
    except ValidationError:
        return Envelope(topic="unknown", name=hashlib.sha256(body).hexdigest(), order_id=None)
    payment = told.data.object.payment_intent
    event = told.id if reading.is_name(told.id) else None
    return Envelope(
        topic=told.type if _TOPIC.fullmatch(told.type) else "unknown",
        name=event or hashlib.sha256(body).hexdigest(),
        order_id=payment if reading.is_name(payment) else None,
        customer_id=_customer_id(told),
        event=event,
        said=_said(body),
    )


def _said(body: bytes) -> bytes:
    """An event without what differs from delivery to delivery: how many endpoints still wait."""
    # Numbers as they are written: any body will do, and some are too long to be one.
    told = json.loads(body, parse_int=str, parse_float=str)
    told.pop("pending_webhooks", None)
    return json.dumps(told, sort_keys=True).encode()


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
    _topic: str,
    body: bytes,
    fetched: Sequence[bytes],
    *,
    source: str,
    earns: OrderFilter = ALL_EARN,  # noqa: ARG001  # a dialect's
) -> Command:
    """What an invoice asks for, by the first of its payments."""
    try:
        event = _InvoiceEvent.model_validate_json(body)
        payments = _Payments.model_validate_json(fetched[0]).data
    except ValidationError as error:
        return reading.malformed(error)
    named = (each.payment.payment_intent for each in payments)
    return _invoice(event, source=source, payment=next(filter(None, named), None))


def api(_storefront: Storefront, *, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=ORIGIN,
        headers={
            "authorization": f"Bearer {access_token}",
            "stripe-version": API_VERSION,
            "accept": "application/json",
        },
    )


def _instant(value: object) -> datetime:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**33:
        return datetime.fromtimestamp(value, UTC)
    raise PydanticCustomError("time_form", "Write a time in seconds since 1970")


def _currency(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[a-z]{3}", value, re.ASCII):
        return value.upper()
    raise PydanticCustomError("currency_form", "Write a currency as usd")


Time = Annotated[datetime, BeforeValidator(_instant)]
Currency = Annotated[str, BeforeValidator(_currency)]
Cents = Annotated[StrictInt, Field(ge=0, lt=2**63)]
# An object's id, or the object itself where the account asks for it.
Name = Annotated[
    StrictStr | None,
    BeforeValidator(lambda value: value.get("id") if isinstance(value, dict) else value),
]


class _Paying(Payload):
    payment_intent: Name = None


class _Any(_Paying):
    id: StrictStr | None = None
    customer: Name = None


class _ReferenceData(Payload):
    object: _Any


class _Reference(Payload):
    id: StrictStr
    type: StrictStr
    data: _ReferenceData


class _Event(Payload):
    created: Time


class _Details(Payload):
    amount_shipping: Cents | None = None
    amount_tax: Cents | None = None


class _Person(Payload):
    email: StrictStr | None = None
    phone: StrictStr | None = None


class _Metadata(Payload):
    voucher_code: StrictStr | None = None


class _Session(_Paying):
    mode: StrictStr
    payment_status: StrictStr
    currency: Currency | None
    amount_total: Cents | None
    total_details: _Details | None = None
    customer: Name = None
    customer_details: _Person | None = None
    customer_email: StrictStr | None = None
    client_reference_id: StrictStr | None = None
    invoice: Name = None
    metadata: _Metadata | None = None


class _SessionData(Payload):
    object: _Session


class _SessionEvent(_Event):
    data: _SessionData


class _Transitions(Payload):
    paid_at: Time | None = None


class _TaxAmount(Payload):
    amount: Cents


class _Invoice(_Paying):
    id: StrictStr | None = None
    currency: Currency
    amount_paid: Cents
    total: Cents
    customer: Name = None
    customer_email: StrictStr | None = None
    customer_phone: StrictStr | None = None
    status_transitions: _Transitions = _Transitions()
    # The taxes by rate have another name since version 2025-03-31.
    total_tax_amounts: tuple[_TaxAmount, ...] | None = None
    total_taxes: tuple[_TaxAmount, ...] | None = None

    @property
    def tax(self) -> int:
        return sum(each.amount for each in self.total_taxes or self.total_tax_amounts or ())


class _InvoicePayment(Payload):
    payment: _Paying


class _Payments(Payload):
    data: tuple[_InvoicePayment, ...]


class _InvoiceData(Payload):
    object: _Invoice


class _InvoiceEvent(_Event):
    data: _InvoiceData


class _Charge(_Paying):
    id: StrictStr
    refunded: StrictBool = False
    currency: Currency
    amount_refunded: Cents


class _Before(Payload):
    amount_refunded: Cents


class _ChargeData(Payload):
    object: _Charge
    previous_attributes: _Before


class _ChargeEvent(_Event):
    data: _ChargeData


def _customer_id(event: _Reference) -> str | None:
    if not event.type.startswith("customer."):
        return None
    told = event.data.object
    named = told.customer if event.type in SUBSCRIPTION_TOPICS else told.id
    return named if reading.is_name(named) else None


class _Customer(Payload):
    id: ExternalId
    email: StrictStr | None = None
    phone: StrictStr | None = None
    name: StrictStr | None = None


class _CustomerData(Payload):
    object: _Customer


class _CustomerEvent(_Event):
    data: _CustomerData


class _Price(Payload):
    id: StrictStr
    product: Name = None


class _SubscriptionItem(Payload):
    price: _Price
    current_period_end: Time | None = None


class _SubscriptionItems(Payload):
    data: tuple[_SubscriptionItem, ...] = ()


class _Subscription(Payload):
    id: ExternalId
    customer: Name
    status: StrictStr
    items: _SubscriptionItems = _SubscriptionItems()
    # Of the items since version 2025-03-31, of the whole before.
    current_period_end: Time | None = None

    @property
    def paid_until(self) -> datetime | None:
        ends = [each.current_period_end for each in self.items.data if each.current_period_end]
        return max(ends, default=self.current_period_end)


class _SubscriptionData(Payload):
    object: _Subscription


class _SubscriptionEvent(_Event):
    data: _SubscriptionData


def _customer(event: _CustomerEvent, shop: ShopNamed) -> Command | FetchNeeded:
    told = event.data.object
    return reading.customer(
        told.id,
        source=shop.source,
        named=(("email", told.email), ("phone", told.phone)),
        names=(told.name,),
        told_at=event.created,
    )


def _customer_gone(event: _CustomerEvent, shop: ShopNamed) -> Command | FetchNeeded:
    return reading.customer_erased(event.data.object.id, source=shop.source)


def _subscription(event: _SubscriptionEvent, shop: ShopNamed) -> Command | FetchNeeded:
    """A membership, by its prices and products; what is not settled yet changes nothing."""
    told = event.data.object
    if not reading.is_name(told.customer):
        return Parked("malformed", "/data/object/customer")
    if told.status in UNSETTLED:
        return Ignored("not_paid")
    is_paid = told.status in PAYING
    if is_paid and told.paid_until is None:
        return Parked("malformed", "/data/object/items/data/0/current_period_end")
    named = (name for each in told.items.data for name in (each.price.id, each.price.product))
    return MembershipTold(
        customer=identify("customer", told.customer, source=shop.source),
        membership_id=told.id,
        plans=tuple(name for name in named if name),
        paid_until=told.paid_until if is_paid else None,
        told_at=event.created,
    )


def _checkout(event: _SessionEvent, shop: ShopNamed) -> Command | FetchNeeded:
    """What a checkout sold; subscriptions, and whatever else is invoiced, are told by invoices."""
    told = event.data.object
    if told.mode == "subscription" or told.invoice:
        return Ignored("told_by_invoice")
    if told.payment_status == "unpaid":
        return Ignored("not_paid")
    if not told.amount_total or not told.currency:
        return Ignored("nothing_paid")
    if not reading.is_name(told.payment_intent):
        return Parked("malformed", "/data/object/payment_intent")
    details = told.total_details or _Details()
    shipping, tax = details.amount_shipping or 0, details.amount_tax or 0
    person = told.customer_details or _Person()
    return _paid(
        told.payment_intent,
        currency=told.currency,
        goods=(told.amount_total - shipping - tax, told.amount_total - shipping),
        shipping=shipping,
        named=(
            ("customer", told.customer),
            ("customer", told.client_reference_id),
            ("email", person.email or told.customer_email),
            ("phone", person.phone),
        ),
        source=shop.source,
        at=event.created,
        told_at=event.created,
        code=told.metadata.voucher_code if told.metadata else None,
    )


def _wanted(event: _InvoiceEvent) -> FetchNeeded | Parked | None:
    """The payments of an invoice that was paid, where it does not speak of any itself."""
    told = event.data.object
    if "payment_intent" in told.model_fields_set or not told.amount_paid:
        return None
    if not reading.is_name(told.id):
        return Parked("malformed", "/data/object/id")
    return FetchNeeded((f"/v1/invoice_payments?invoice={told.id}&status=paid",))


def _invoice_paid(event: _InvoiceEvent, shop: ShopNamed) -> Command | FetchNeeded:
    return _wanted(event) or _invoice(event, source=shop.source)


def _invoice(event: _InvoiceEvent, *, source: str, payment: str | None = None) -> Command:
    """What an invoice was paid for; credit of the customer's own paid the rest of its total."""
    told = event.data.object
    if not told.amount_paid or not told.total:
        return Ignored("nothing_paid")
    name = payment or told.payment_intent
    if not reading.is_name(name):
        return Ignored("no_payment")
    return _paid(
        name,
        currency=told.currency,
        goods=(told.amount_paid * (told.total - told.tax) // told.total, told.amount_paid),
        named=(
            ("customer", told.customer),
            ("email", told.customer_email),
            ("phone", told.customer_phone),
        ),
        source=source,
        at=told.status_transitions.paid_at or event.created,
        told_at=event.created,
    )


def _paid(
    payment: str,
    *,
    currency: str,
    goods: tuple[int, int],
    shipping: int = 0,
    named: Iterable[tuple[IdentityKind, str | None]],
    source: str,
    at: datetime,
    told_at: datetime,
    code: str | None = None,
) -> Command:
    """An order of one line, its price net and with tax, and shipping."""
    decimals = exponent(currency)
    if decimals is None:
        return Parked("unknown_currency", "/data/object/currency")
    lines = [_line("goods", None, *goods, currency=currency, decimals=decimals)]
    if shipping:
        lines.append(
            _line("shipping", "shipping", shipping, shipping, currency=currency, decimals=decimals)
        )
    return reading.paid(
        Order(
            source=source,
            order_id=payment,
            occurred_at=at,
            lines=tuple(lines),
            told_at=told_at,
        ),
        currency=currency,
        identities=reading.identities(named, source=source),
        pointer="/data/object",
        discounts=None if code is None else [code],
    )


def _line(
    name: str, category: str | None, net: int, gross: int, *, currency: str, decimals: int
) -> Line:
    return Line(
        line_id=name,
        sku=None,
        category=category,
        quantity=1,
        amount_minor=_minor(net, currency, decimals),
        gross_minor=_minor(gross, currency, decimals),
    )


def _refund(event: _ChargeEvent, shop: ShopNamed) -> Command | FetchNeeded:
    """A charge tells all that was given back so far: what is new is named by both totals."""
    told, before = event.data.object, event.data.previous_attributes.amount_refunded
    if not reading.is_name(told.payment_intent):
        return Ignored("no_order")
    decimals = exponent(told.currency)
    if decimals is None:
        return Parked("unknown_currency", "/data/object/currency")
    name = f"{told.id}.{before}-{told.amount_refunded}"
    if not reading.is_name(name):
        return Parked("malformed", "/data/object/id")
    back = max(0, told.amount_refunded - before)
    refund = given_back(
        name,
        at=event.created,
        amounts_minor={},
        amount_minor=_minor(back, told.currency, decimals),
    )
    return reading.refunded(
        shop.source,
        told.payment_intent,
        refund,
        currency=told.currency,
        all_given_back=told.refunded,
    )


def _minor(amount: int, currency: str, decimals: int) -> int:
    return reading.minor(Decimal(amount).scaleb(-_OTHER_DECIMALS.get(currency, decimals)), decimals)


# The topic is a part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(CHECKOUT, reads(_SessionEvent, _checkout)),
    "invoice.paid": reads(_InvoiceEvent, _invoice_paid),
    "charge.refunded": reads(_ChargeEvent, _refund),
    "customer.created": reads(_CustomerEvent, _customer),
    "customer.updated": reads(_CustomerEvent, _customer),
    "customer.deleted": reads(_CustomerEvent, _customer_gone),
    **dict.fromkeys(SUBSCRIPTION_TOPICS, reads(_SubscriptionEvent, _subscription)),
}
