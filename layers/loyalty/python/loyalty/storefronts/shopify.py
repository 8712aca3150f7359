"""Shopify: https://shopify.dev/docs/apps/build/webhooks and the REST order resource.

Amounts are read in the shop's own currency (`*_set.shop_money`), never in the customer's.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from loyalty.domain.currencies import exponent
from loyalty.domain.fields import AMOUNT_MINOR_MAX, CurrencyCode, Instant
from loyalty.domain.identity import Identity, Kind, NotAnIdentity, identify
from loyalty.domain.orders import LINES_MAX, Line, Order
from loyalty.domain.storefront import Command, Envelope, Ignored, OrderPaid, Parked

SIGNATURE: Final = "x-shopify-hmac-sha256"
TOPIC: Final = "x-shopify-topic"
# The event's id outlives the retries of a delivery; the webhook's may change with each.
NAMES: Final = ("x-shopify-event-id", "x-shopify-webhook-id")
HEADERS: Final = (
    SIGNATURE,
    TOPIC,
    *NAMES,
    "x-shopify-api-version",
    "x-shopify-shop-domain",
    "x-shopify-triggered-at",
)

# The law gives a shop's customers these; until a delivery can do them, a person must.
PRIVACY_TOPICS: Final = ("customers/data_request", "customers/redact", "shop/redact")

SKU_CHARACTERS_MAX: Final = 200

_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}(/[a-z0-9_]{1,40}){1,2}", re.ASCII)
_AMOUNT: Final = re.compile(r"\d{1,15}(\.\d{1,6})?", re.ASCII)


def verify(body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str]) -> bool:
    """Whether the raw body was signed with one of the secrets.

    During a rotation two are live: Shopify may sign with the old one for an hour more.
    """
    signature = headers.get(SIGNATURE, "").encode()
    matches = [hmac.compare_digest(_signature(body, secret), signature) for secret in secrets]
    return any(matches)


def envelope(body: bytes, headers: Mapping[str, str]) -> Envelope:
    """What a delivery is about. Any body will do."""
    topic = headers.get(TOPIC, "")
    names = (headers.get(header, "") for header in NAMES)
    return Envelope(
        topic=topic if _TOPIC.fullmatch(topic) else "unknown",
        name=next(filter(_NAME.fullmatch, names), "") or hashlib.sha256(body).hexdigest(),
        order_id=_order_id(topic, body),
    )


def translate(topic: str, body: bytes, *, source: str) -> Command:
    """What a delivery asks for. Any body will do: what makes no sense is parked."""
    if topic in PRIVACY_TOPICS:
        return Parked("privacy_request")
    if topic != "orders/paid":
        return Ignored("unknown_topic")
    try:
        told = _Order.model_validate_json(body)
    except ValidationError as error:
        return _malformed(error)
    return _order_paid(told, source=source)


def _signature(body: bytes, secret: str) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))


def _amount(value: object) -> Decimal:
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Decimal(value)
    raise PydanticCustomError("amount_form", "Write an amount as 49.99")


Id = Annotated[StrictInt, Field(ge=1, lt=2**63)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]


class _Told(BaseModel):
    """A part of a payload; what is not read is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class _Money(_Told):
    amount: Amount
    currency_code: CurrencyCode


class _Bag(_Told):
    shop_money: _Money


class _Discount(_Told):
    amount_set: _Bag


class _Tax(_Told):
    price_set: _Bag


class _Charged(_Told):
    """Something with a price, discounts and taxes of its own."""

    id: Id
    price_set: _Bag
    discount_allocations: tuple[_Discount, ...] = ()
    tax_lines: tuple[_Tax, ...] = ()

    @property
    def price(self) -> Decimal:
        return self.price_set.shop_money.amount

    def money(self) -> Iterable[_Money]:
        yield self.price_set.shop_money
        yield from (discount.amount_set.shop_money for discount in self.discount_allocations)
        yield from (tax.price_set.shop_money for tax in self.tax_lines)

    def net(self, quantity: int, *, taxes_included: bool) -> Decimal:
        """The whole line after discounts and before tax."""
        discounts = sum(each.amount_set.shop_money.amount for each in self.discount_allocations)
        taxes = sum(each.price_set.shop_money.amount for each in self.tax_lines)
        return self.price * quantity - discounts - (taxes if taxes_included else 0)


class _Item(_Charged):
    quantity: Annotated[StrictInt, Field(ge=0, le=10**6)]
    sku: StrictStr | None = None
    gift_card: StrictBool | None = False
    tip_payment_gateway: StrictStr | None = None

    @property
    def category(self) -> str | None:
        if self.gift_card:
            return "gift_card"
        return "tip" if self.tip_payment_gateway else None


class _Customer(_Told):
    id: Id | None = None
    email: StrictStr | None = None
    phone: StrictStr | None = None


class _Reference(_Told):
    """Just enough to know which order a payload is about."""

    id: Id | None = None
    order_id: Id | None = None


class _Order(_Told):
    id: Id
    currency: CurrencyCode
    created_at: Instant | None = None
    processed_at: Instant | None = None
    line_items: tuple[_Item, ...]
    shipping_lines: tuple[_Charged, ...] = ()
    taxes_included: StrictBool | None = False
    test: StrictBool | None = False
    customer: _Customer | None = None
    email: StrictStr | None = None
    phone: StrictStr | None = None
    source_name: StrictStr | None = None

    def money(self) -> Iterable[_Money]:
        for charged in (*self.line_items, *self.shipping_lines):
            yield from charged.money()


def _order_paid(told: _Order, *, source: str) -> Command:
    if told.test:
        return Ignored("test_order")
    occurred_at = told.processed_at or told.created_at
    if occurred_at is None:
        return Parked("malformed", "/processed_at")
    if any(money.currency_code != told.currency for money in told.money()):
        return Parked("mixed_currencies")
    decimals = exponent(told.currency)
    if decimals is None:
        return Parked("unknown_currency", "/currency")
    lines = tuple(_lines(told, decimals=decimals))
    if fault := _fault(lines):
        return Parked(fault, "/line_items")
    identities = tuple(_identities(told, source=source))
    if not identities:
        return Ignored("no_customer")
    return OrderPaid(
        order=Order(
            source=source,
            order_id=str(told.id),
            occurred_at=occurred_at,
            lines=lines,
            channel=told.source_name if _is_name(told.source_name) else None,
        ),
        currency=told.currency,
        identities=identities,
    )


def _lines(told: _Order, *, decimals: int) -> Iterable[Line]:
    """The goods as they were bought, whatever became of them since, and what shipping cost.

    `quantity` and not `current_quantity`: removals and refunds are told by topics of their own,
    and a late retry must tell the same order.
    """
    included = bool(told.taxes_included)
    for item in told.line_items:
        yield Line(
            line_id=str(item.id),
            sku=item.sku[:SKU_CHARACTERS_MAX] if item.sku else None,
            category=item.category,
            quantity=item.quantity,
            amount_minor=_minor(item.net(item.quantity, taxes_included=included), decimals),
        )
    for shipping in told.shipping_lines:
        if shipping.price:
            yield Line(
                line_id=f"shipping-{shipping.id}",
                sku=None,
                category="shipping",
                quantity=1,
                amount_minor=_minor(shipping.net(1, taxes_included=included), decimals),
            )


def _identities(told: _Order, *, source: str) -> Iterable[Identity]:
    """Who bought, the surest first: their id, what their account says, what the checkout was told.

    What cannot be an identity is passed over.
    """
    customer = told.customer or _Customer()
    named: tuple[tuple[Kind, str | None], ...] = (
        ("customer", str(customer.id) if customer.id else None),
        ("email", customer.email),
        ("email", told.email),
        ("phone", customer.phone),
        ("phone", told.phone),
    )
    found: dict[Identity, None] = {}
    for kind, value in named:
        if value:
            with suppress(NotAnIdentity):
                found[identify(kind, value, source=source if kind == "customer" else "")] = None
    return found


def _minor(amount: Decimal, decimals: int) -> int:
    """Minor units; what a shop computes more finely (a tax share) rounds to the nearest."""
    return int(amount.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))


def _fault(lines: Sequence[Line]) -> str | None:
    if len(lines) > LINES_MAX:
        return "too_many_lines"
    if len({line.line_id for line in lines}) < len(lines):
        return "duplicate_line"
    if any(line.amount_minor < 0 for line in lines):
        return "negative_amount"
    if sum(line.amount_minor for line in lines) > AMOUNT_MINOR_MAX:
        return "amount_too_large"
    return None


def _is_name(text: str | None) -> bool:
    return bool(text and _NAME.fullmatch(text))


def _order_id(topic: str, body: bytes) -> str | None:
    """A refund names its order, an order is one; other payloads are about something else."""
    try:
        told = _Reference.model_validate_json(body)
    except ValidationError:
        return None
    named = told.order_id or (told.id if topic.startswith("orders/") else None)
    return str(named) if named else None


def _malformed(error: ValidationError) -> Parked:
    """Where the first mistake is; what was there may be personal and is not told."""
    where = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
    return Parked("malformed", "".join(f"/{step}" for step in where))
