"""WooCommerce: https://woocommerce.github.io/woocommerce-rest-api-docs (webhooks, orders).

A webhook's body is the REST resource; money is text, and a refund is a bare total of an order.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StrictInt, StrictStr, ValidationError
from pydantic_core import PydanticCustomError

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.fields import CurrencyCode
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.shops.storefront import (
    ALL_EARN,
    OTHER_SHOP,
    Command,
    Envelope,
    Ignored,
    OrderFilter,
    OrderRefunded,
    Parked,
    Received,
    cancelled,
    given_back,
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
from loyalty.storefronts.signatures import in_base64, matches

SIGNATURE: Final = "x-wc-webhook-signature"
TOPIC: Final = "x-wc-webhook-topic"
DELIVERY: Final = "x-wc-webhook-delivery-id"
HEADERS: Final = (SIGNATURE, TOPIC, DELIVERY, "x-wc-webhook-id", "x-wc-webhook-source")
# Sent without a signature whenever the webhook is saved, and it must hear 200.
GREETING: Final = re.compile(rb"webhook_id=\d{1,20}")
GRANT_PATH: Final = None

PAID: Final = ("processing", "completed")
CANCELLED: Final = ("cancelled", "refunded")
# Shops make statuses of their own (`shipped`); what is never paid, or given back, cannot earn.
STATUSES: Final = re.compile(
    r"(?!(cancelled|refunded|pending|failed|trash|draft|auto-draft|checkout-draft)$)"
    r"[a-z0-9][a-z0-9_-]{0,19}",
    re.ASCII | re.IGNORECASE,
)
HAS_CHANNELS: Final = True
HAS_TAGS: Final = False
TELLS_CONSENT: Final = False
HAS_MEMBERSHIPS: Final = False

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}\.[a-z0-9_]{1,40}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)


def verify(received: Received, *, secrets: Sequence[str]) -> bool:
    """Whether the raw body was signed with one of the secrets."""
    made = (in_base64(secret, received.body) for secret in secrets)
    return matches(made, [received.headers.get(SIGNATURE, "")])


def envelope(body: bytes, headers: Mapping[str, str]) -> Envelope:
    """What a delivery is about. Any body will do."""
    topic = headers.get(TOPIC, "")
    name = headers.get(DELIVERY, "")
    return Envelope(
        topic=topic if _TOPIC.fullmatch(topic) else "unknown",
        name=name if reading.is_name(name) else hashlib.sha256(body).hexdigest(),
        order_id=_reference(body) if topic.startswith("order.") else None,
        customer_id=_reference(body) if topic.startswith("customer.") else None,
    )


def translate(
    topic: str,
    body: bytes,
    *,
    source: str,
    earns: OrderFilter = ALL_EARN,
    store: str | None = None,
) -> Command:
    """What a delivery asks for. Any body will do: what makes no sense is parked."""
    read = TOPICS.get(topic)
    if read is None:
        return Ignored("unknown_topic")
    try:
        return read(body, ShopNamed(source=source, earns=earns, store=store))
    except ValidationError as error:
        return reading.malformed(error)


def _instant(value: object) -> datetime:
    """A time in UTC, which their `*_gmt` fields are without saying so."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise PydanticCustomError("time_form", "Write a time as 2026-11-30T08:00:00")


Time = Annotated[datetime, BeforeValidator(_instant)]


class _Charged(Payload):
    """Money without tax, and the tax."""

    total: SignedAmount
    total_tax: SignedAmount


class _Fee(_Charged):
    id: Id


class _Item(_Charged):
    id: Id
    quantity: Quantity
    sku: StrictStr | None = None


class _Billing(Payload):
    email: StrictStr | None = None
    phone: StrictStr | None = None


class _Refund(Payload):
    id: Id
    total: SignedAmount


class _Coupon(Payload):
    code: StrictStr


class _Reference(Payload):
    id: Id


def _lies_in(folder: str) -> Any:
    """Every resource says where it can be read, in the signed body; the topic is not signed."""
    return Field(pattern=rf"^https?://[^/?#]+[^#]*/{folder}/\d+$")


class _Link(Payload):
    href: StrictStr


class _OrderLink(_Link):
    href: Annotated[StrictStr, _lies_in("orders")]


class _CustomerLink(_Link):
    href: Annotated[StrictStr, _lies_in("customers")]


class _Links[L: _Link](Payload):
    links: Annotated[tuple[L], Field(alias="self")]


class _Order(_Reference):
    links: Annotated[_Links[_OrderLink], Field(alias="_links")]
    status: StrictStr
    currency: CurrencyCode
    date_created_gmt: Time
    date_paid_gmt: Time | None = None
    date_modified_gmt: Time | None = None
    customer_id: Annotated[StrictInt, Field(ge=0, lt=2**63)] = 0
    billing: _Billing = _Billing()
    line_items: tuple[_Item, ...]
    shipping_lines: tuple[_Charged, ...] = ()
    fee_lines: tuple[_Fee, ...] = ()
    refunds: tuple[_Refund, ...] = ()
    coupon_lines: tuple[_Coupon, ...] | None = None
    created_via: StrictStr | None = None


class _Customer(_Reference):
    links: Annotated[_Links[_CustomerLink], Field(alias="_links")]
    email: StrictStr | None = None
    first_name: StrictStr | None = None
    last_name: StrictStr | None = None
    billing: _Billing = _Billing()
    date_created_gmt: Time | None = None
    date_modified_gmt: Time | None = None


def _customer(told: _Customer, shop: ShopNamed) -> Command:
    return _of_other_shop(told.links.links, shop) or reading.customer(
        str(told.id),
        source=shop.source,
        named=(("email", told.email), ("phone", told.billing.phone)),
        names=(told.first_name, told.last_name),
        told_at=told.date_modified_gmt or told.date_created_gmt,
    )


def _customer_gone(_payload: _Reference, _shop: ShopNamed) -> Command:
    """Whatever is deleted is told by its number alone: this may have been a product or an order."""
    return Parked("unconfirmed_deletion")


def _of_other_shop(links: Sequence[_Link], shop: ShopNamed) -> Parked | None:
    """One secret may sign for several shops, where somebody chose the same for them."""
    hosts = {urlsplit(link.href).hostname for link in links}
    if shop.store is None or hosts == {shop.store}:
        return None
    return Parked(OTHER_SHOP, "/_links/self")


def _order(told: _Order, shop: ShopNamed) -> Command:
    if other := _of_other_shop(told.links.links, shop):
        return other
    if told.status in CANCELLED:
        return _order_cancelled(told, source=shop.source)
    excluded = shop.earns.excludes(status=told.status, channel=told.created_via)
    if told.status not in PAID and (excluded or not shop.earns.statuses):
        return Ignored("not_paid")
    decimals = exponent(told.currency)
    if decimals is None:
        return Parked("unknown_currency", "/currency")
    told_at = told.date_modified_gmt or told.date_created_gmt
    return reading.paid(
        Order(
            source=shop.source,
            order_id=str(told.id),
            occurred_at=told.date_paid_gmt or told.date_created_gmt,
            lines=tuple(_lines(told, decimals=decimals)),
            channel=told.created_via if reading.is_name(told.created_via) else None,
            told_at=told_at,
        ),
        currency=told.currency,
        identities=reading.identities(
            (
                ("customer", str(told.customer_id) if told.customer_id else None),
                ("email", told.billing.email),
                ("phone", told.billing.phone),
            ),
            source=shop.source,
        ),
        refunds=tuple(_refunds(told, at=told_at, decimals=decimals)),
        pointer="/line_items",
        excluded=excluded,
        discounts=None if told.coupon_lines is None else [c.code for c in told.coupon_lines],
    )


def _order_cancelled(told: _Order, *, source: str) -> Command:
    """A status is all that is told, and an order that is refunded whole has one of its own."""
    if told.date_paid_gmt is None:
        return Ignored("not_paid")
    at = told.date_modified_gmt or told.date_created_gmt
    return OrderRefunded(
        source=source,
        order_id=str(told.id),
        refund=cancelled(at=at),
        currency=None,
        all_given_back=True,
    )


def _refunds(told: _Order, *, at: datetime, decimals: int) -> Iterable[RequestedRefund]:
    """Totals with shipping and tax and without a line; of what is left of the whole order."""
    for refund in told.refunds:
        amount_minor = minor(abs(refund.total), decimals)
        if amount_minor:
            yield given_back(str(refund.id), at=at, amounts_minor={}, amount_minor=amount_minor)


def _lines(told: _Order, *, decimals: int) -> Iterable[Line]:
    """Goods, fees and shipping. A fee below zero is a discount: the goods share it."""
    off_net, off_gross = _discount(told, decimals=decimals)
    net = {str(item.id): minor(item.total, decimals) for item in told.line_items}
    gross = {str(item.id): minor(item.total + item.total_tax, decimals) for item in told.line_items}
    net_off, gross_off = apportion(off_net, net), apportion(off_gross, gross)
    for item in told.line_items:
        name = str(item.id)
        yield Line(
            line_id=name,
            sku=reading.sku(item.sku),
            category=None,
            quantity=item.quantity,
            amount_minor=net[name] - net_off[name],
            gross_minor=gross[name] - gross_off[name],
        )
    for fee in told.fee_lines:
        if fee.total > 0:
            yield _charge(f"fee-{fee.id}", "fee", (fee,), decimals=decimals)
    if any(line.total for line in told.shipping_lines):
        yield _charge("shipping", "shipping", told.shipping_lines, decimals=decimals)


def _discount(told: _Order, *, decimals: int) -> tuple[int, int]:
    below = [fee for fee in told.fee_lines if fee.total < 0]
    net = sum((fee.total for fee in below), Decimal(0))
    tax = sum((fee.total_tax for fee in below), Decimal(0))
    return minor(-net, decimals), minor(-net - tax, decimals)


def _charge(name: str, category: str, told: Sequence[_Charged], *, decimals: int) -> Line:
    net = sum((each.total for each in told), Decimal(0))
    tax = sum((each.total_tax for each in told), Decimal(0))
    return Line(
        line_id=name,
        sku=None,
        category=category,
        quantity=1,
        amount_minor=minor(net, decimals),
        gross_minor=minor(net + tax, decimals),
    )


def _reference(body: bytes) -> str | None:
    try:
        return str(_Reference.model_validate_json(body).id)
    except ValidationError:
        return None


TOPICS: Final[Mapping[str, Topic[Command]]] = {
    "order.created": reads(_Order, _order),
    "order.updated": reads(_Order, _order),
    "order.restored": reads(_Order, _order),
    "customer.created": reads(_Customer, _customer),
    "customer.updated": reads(_Customer, _customer),
    "customer.deleted": reads(_Reference, _customer_gone),
}
