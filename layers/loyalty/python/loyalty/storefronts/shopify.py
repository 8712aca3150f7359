"""Shopify: https://shopify.dev/docs/apps/build/webhooks and the REST order resource.

Amounts are read in the shop's own currency (`*_set.shop_money`), never in the customer's.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, StrictBool, StrictStr, ValidationError

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.fields import CurrencyCode, Instant
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.storefront import (
    ALL_EARN,
    OTHER_SHOP,
    Command,
    Envelope,
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
    Absent,
    Amount,
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

SIGNATURE: Final = "x-shopify-hmac-sha256"
TOPIC: Final = "x-shopify-topic"
# The event's id outlives the retries of a delivery; the webhook's may change with each.
EVENT: Final = "x-shopify-event-id"
VERSION: Final = "x-shopify-api-version"
# A retry may have another one of the latter.
NAMES: Final = (EVENT, "x-shopify-webhook-id")
HEADERS: Final = (
    SIGNATURE,
    TOPIC,
    *NAMES,
    VERSION,
    "x-shopify-shop-domain",
    "x-shopify-triggered-at",
)

CUSTOMER_TOPICS: Final = ("customers/create", "customers/update")
PAID: Final = ("paid", "partially_refunded", "refunded")
NEVER_PAID: Final = ("authorized", "expired", "pending", "voided")
# How far a paid order was fulfilled; nothing is told of one that was not at all.
STATUSES: Final = re.compile(r"unfulfilled|partial|fulfilled|restocked")
HAS_CHANNELS: Final = True
HAS_TAGS: Final = True
TELLS_CONSENT: Final = True
HAS_MEMBERSHIPS: Final = False

GREETING: Final = None
GRANT_PATH: Final = "/admin/oauth/access_token"

SHIPPING: Final = "shipping"

_TOPIC: Final = re.compile(r"[a-z0-9_]{1,40}(/[a-z0-9_]{1,40}){1,2}", re.ASCII)


def verify(received: Received, *, secrets: Sequence[str]) -> bool:
    """Whether the raw body was signed with one of the secrets.

    During a rotation two are live: Shopify may sign with the old one for an hour more.
    """
    made = (in_base64(secret, received.body) for secret in secrets)
    return matches(made, [received.headers.get(SIGNATURE, "")])


def envelope(body: bytes, headers: Mapping[str, str]) -> Envelope:
    """What a delivery is about. Any body will do."""
    topic = headers.get(TOPIC, "")
    names = (headers.get(header, "") for header in NAMES)
    return Envelope(
        topic=topic if _TOPIC.fullmatch(topic) else "unknown",
        name=next(filter(reading.is_name, names), "") or hashlib.sha256(body).hexdigest(),
        order_id=_order_id(topic, body),
        customer_id=_customer_id(topic, body),
        event=_event(headers),
    )


def _event(headers: Mapping[str, str]) -> str | None:
    """Names what happened, in the words of one version of their API: another one says it anew."""
    event = headers.get(EVENT, "")
    return f"{event} {headers.get(VERSION, '')}" if reading.is_name(event) else None


def translate(
    topic: str,
    body: bytes,
    *,
    source: str,
    earns: OrderFilter = ALL_EARN,
    store: str | None = None,
) -> Command | PrivacyRequest:
    """What a delivery asks for. Any body will do: what makes no sense is parked."""
    read = TOPICS.get(topic)
    if read is None:
        return Ignored("unknown_topic")
    try:
        return read(body, ShopNamed(source=source, earns=earns, store=store))
    except ValidationError as error:
        return reading.malformed(error)


def api(storefront: Storefront, *, access_token: str) -> PlatformApi:
    return PlatformApi(
        origin=f"https://{storefront.store}.myshopify.com",
        headers={
            "x-shopify-access-token": access_token,
            "content-type": "application/json",
            "accept": "application/json",
        },
    )


def _is_a(kind: str) -> Any:
    """Every resource names what it is in its body, which is signed; the topic is not."""
    return Field(pattern=rf"^gid://shopify/{kind}/")


class _Money(Payload):
    amount: Amount
    currency_code: CurrencyCode


class _Bag(Payload):
    shop_money: _Money


class _Discount(Payload):
    amount_set: _Bag


class _DiscountCode(Payload):
    code: StrictStr


class _Tax(Payload):
    price_set: _Bag


class _Charged(Payload):
    """Something with a price, discounts and taxes of its own."""

    id: Id
    quantity: Quantity = 1
    price_set: _Bag
    discount_allocations: tuple[_Discount, ...] = ()
    tax_lines: tuple[_Tax, ...] = ()

    @property
    def price(self) -> Decimal:
        return self.price_set.shop_money.amount

    @property
    def tax(self) -> Decimal:
        return sum((each.price_set.shop_money.amount for each in self.tax_lines), Decimal(0))

    def money(self) -> Iterable[_Money]:
        yield self.price_set.shop_money
        yield from (discount.amount_set.shop_money for discount in self.discount_allocations)
        yield from (tax.price_set.shop_money for tax in self.tax_lines)

    def paid(self, *, taxes_included: bool) -> Decimal:
        """The whole line after discounts, with tax."""
        discounts = sum(each.amount_set.shop_money.amount for each in self.discount_allocations)
        return self.price * self.quantity - discounts + (0 if taxes_included else self.tax)


class _Item(_Charged):
    quantity: Quantity
    current_quantity: Quantity | None = None
    sku: StrictStr | None = None
    gift_card: StrictBool | None = False
    tip_payment_gateway: StrictStr | None = None

    @property
    def category(self) -> str | None:
        if self.gift_card:
            return "gift_card"
        return "tip" if self.tip_payment_gateway else None


class _Customer(Payload):
    id: Id | None = None
    email: StrictStr | None = None
    phone: StrictStr | None = None
    tags: StrictStr | None = None


class _DataRequest(Payload):
    id: Id


# What the law gives a shop's customers, and a shop that is given up:
# https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
class _OfShop(Payload):
    """What only requests about somebody's data have: the shop, by id and by name."""

    shop_id: Id
    shop_domain: StrictStr


class _CustomersRequest(_OfShop):
    """Of some customers there is nothing but an e-mail."""

    customer: _Customer

    def identities(self, *, source: str) -> tuple[Identity, ...]:
        customer = self.customer
        return reading.identities(
            (
                ("customer", str(customer.id) if customer.id else None),
                ("email", customer.email),
                ("phone", customer.phone),
            ),
            source=source,
        )


class _CustomersDataRequest(_CustomersRequest):
    orders_requested: tuple[Id, ...]
    data_request: _DataRequest
    orders_to_redact: Absent = None


class _CustomersRedact(_CustomersRequest):
    orders_to_redact: tuple[Id, ...]
    orders_requested: Absent = None
    data_request: Absent = None


class _ShopRedact(_OfShop):
    """Names the shop and nothing else: a customer's request must not erase the shop."""

    model_config = ConfigDict(extra="forbid")


class _Consent(Payload):
    state: StrictStr


class _Erased(Payload):
    id: Id


class _DeletedCustomer(_Erased):
    """The only customer's body that does not say when the customer was created."""

    admin_graphql_api_id: Annotated[StrictStr, _is_a("Customer")]
    created_at: Absent = None
    updated_at: Absent = None


class _KnownCustomer(_Erased):
    """An e-mail counts as verified where the customer also has an account.

    Of those who only checked out, nobody could sign in and the flag says little.
    """

    admin_graphql_api_id: Annotated[StrictStr, _is_a("Customer")]
    created_at: Instant
    updated_at: Instant
    email: StrictStr | None = None
    verified_email: bool | None = None
    state: StrictStr | None = None
    phone: StrictStr | None = None
    first_name: StrictStr | None = None
    last_name: StrictStr | None = None
    email_marketing_consent: _Consent | None = None
    sms_marketing_consent: _Consent | None = None

    @property
    def has_verified_email(self) -> bool:
        return self.verified_email is True and self.state == "enabled"


class _Reference(Payload):
    """Just enough to know which order a payload is about."""

    id: Id | None = None
    order_id: Id | None = None


class _RefundedMoney(Payload):
    amount: SignedAmount
    currency_code: CurrencyCode


class _RefundedBag(Payload):
    """In the shop's currency, and in the customer's, which a refund may be paid in."""

    shop_money: _RefundedMoney
    presentment_money: _RefundedMoney | None = None

    @property
    def amount(self) -> Decimal:
        return self.shop_money.amount


class _Transaction(Payload):
    amount: Amount
    currency: CurrencyCode
    kind: StrictStr
    status: StrictStr


class _RefundedItem(Payload):
    line_item_id: Id
    quantity: Quantity
    subtotal_set: _RefundedBag
    total_tax_set: _RefundedBag


class _RefundedShipping(Payload):
    """Since version 2024-10 shipping is refunded here, before among the adjustments."""

    subtotal_amount_set: _RefundedBag
    tax_amount_set: _RefundedBag


class _Adjustment(Payload):
    kind: StrictStr | None = None
    amount_set: _RefundedBag
    tax_amount_set: _RefundedBag


class _Refund(Payload):
    id: Id
    order_id: Id
    created_at: Instant | None = None
    processed_at: Instant | None = None
    refund_line_items: tuple[_RefundedItem, ...] = ()
    refund_shipping_lines: tuple[_RefundedShipping, ...] = ()
    order_adjustments: tuple[_Adjustment, ...] = ()
    transactions: tuple[_Transaction, ...] = ()
    total_duties_set: _RefundedBag | None = None
    total_additional_fees_set: _RefundedBag | None = None

    @property
    def is_pending(self) -> bool:
        return any(each.kind == "refund" and each.status == "pending" for each in self.transactions)

    @property
    def succeeded(self) -> list[_Transaction]:
        return [
            each for each in self.transactions if (each.kind, each.status) == ("refund", "success")
        ]

    @property
    def currency(self) -> str:
        """The shop's, as far as the refund tells."""
        told = [bag.shop_money.currency_code for bag in self._bags()]
        return next(iter(told + [each.currency for each in self.succeeded]), "")

    @property
    def given_back(self) -> Decimal | None:
        """In the shop's currency; None where it was paid in one whose worth is not told."""
        total = Decimal(0)
        for each in self.succeeded:
            amount = self._in_shop_money(each)
            if amount is None:
                return None
            total += amount
        return total

    def shares(self) -> dict[str, Decimal]:
        """What the refund is for, tax included, by line; `shipping`, and "" for all else.

        Where a shop's prices include tax, the subtotals do. Which of the two it is shows when
        either sum is what was given back; where neither is, it is shared out in proportion.
        """
        untaxed: dict[str, Decimal] = {}
        taxed: dict[str, Decimal] = {}
        for name, amount, tax in self._told():
            untaxed[name] = untaxed.get(name, Decimal(0)) + max(Decimal(0), amount)
            taxed[name] = taxed.get(name, Decimal(0)) + max(Decimal(0), amount + tax)
        return untaxed if sum(untaxed.values()) == self.given_back else taxed

    def _told(self) -> Iterable[tuple[str, Decimal, Decimal]]:
        for item in self.refund_line_items:
            yield str(item.line_item_id), item.subtotal_set.amount, item.total_tax_set.amount
        for line in self.refund_shipping_lines:
            yield SHIPPING, line.subtotal_amount_set.amount, line.tax_amount_set.amount
        for each in self.order_adjustments:
            if each.kind == "shipping_refund" and not self.refund_shipping_lines:
                yield SHIPPING, -each.amount_set.amount, -each.tax_amount_set.amount
        for bag in (self.total_duties_set, self.total_additional_fees_set):
            if bag:
                yield "", bag.amount, Decimal(0)

    def _bags(self) -> Iterable[_RefundedBag]:
        yield from (item.subtotal_set for item in self.refund_line_items)
        yield from (line.subtotal_amount_set for line in self.refund_shipping_lines)
        yield from (each.amount_set for each in self.order_adjustments)
        yield from (bag for bag in (self.total_duties_set, self.total_additional_fees_set) if bag)

    def _in_shop_money(self, transaction: _Transaction) -> Decimal | None:
        if transaction.currency == self.currency:
            return transaction.amount
        # The rate is that of what the refund is told to be for.
        shop = presented = Decimal(0)
        for bag in self._bags():
            money = bag.presentment_money
            if money and money.currency_code == transaction.currency:
                shop, presented = shop + abs(bag.amount), presented + abs(money.amount)
        return transaction.amount * shop / presented if presented else None


class _CreatedRefund(_Refund):
    """A refund that is delivered alone, and not as a part of its order."""

    admin_graphql_api_id: Annotated[StrictStr, _is_a("Refund")]


class _Cancelled(Payload):
    id: Id
    admin_graphql_api_id: Annotated[StrictStr, _is_a("Order")]
    cancelled_at: Instant
    financial_status: StrictStr | None = None
    test: StrictBool | None = False


class _Order(Payload):
    id: Id
    admin_graphql_api_id: Annotated[StrictStr, _is_a("Order")]
    currency: CurrencyCode
    created_at: Instant | None = None
    processed_at: Instant | None = None
    updated_at: Instant | None = None
    cancelled_at: Instant | None = None
    financial_status: StrictStr | None = None
    line_items: tuple[_Item, ...]
    shipping_lines: tuple[_Charged, ...] = ()
    refunds: tuple[_Refund, ...] = ()
    taxes_included: StrictBool | None = False
    test: StrictBool | None = False
    customer: _Customer | None = None
    email: StrictStr | None = None
    phone: StrictStr | None = None
    source_name: StrictStr | None = None
    fulfillment_status: StrictStr | None = None
    discount_codes: tuple[_DiscountCode, ...] | None = None
    tags: StrictStr | None = None

    @property
    def labels(self) -> list[str]:
        """The order's tags and its customer's: shops mark either."""
        told = (self.tags, self.customer.tags if self.customer else None)
        return [each.strip() for tags in told for each in (tags or "").split(",")]

    def money(self) -> Iterable[_Money]:
        for charged in (*self.line_items, *self.shipping_lines):
            yield from charged.money()


def _data_request(payload: _CustomersDataRequest, shop: ShopNamed) -> PrivacyRequest | Parked:
    return _of_other_shop(payload, shop) or PrivacyRequest(
        asks="export",
        identities=payload.identities(source=shop.source),
        order_ids=tuple(map(str, payload.orders_requested)),
        request_id=str(payload.data_request.id),
    )


def _customers_redact(payload: _CustomersRedact, shop: ShopNamed) -> PrivacyRequest | Parked:
    return _of_other_shop(payload, shop) or PrivacyRequest(
        asks="erasure",
        identities=payload.identities(source=shop.source),
        order_ids=tuple(map(str, payload.orders_to_redact)),
    )


def _shop_redact(payload: _ShopRedact, shop: ShopNamed) -> PrivacyRequest | Parked:
    return _of_other_shop(payload, shop) or PrivacyRequest(asks="shop_erasure")


def _of_other_shop(payload: _OfShop, shop: ShopNamed) -> Parked | None:
    """One app's secret signs for each of the shops that it is installed in."""
    if shop.store is None or payload.shop_domain == f"{shop.store}.myshopify.com":
        return None
    return Parked(OTHER_SHOP, "/shop_domain")


def _paid_order(told: _Order, shop: ShopNamed) -> Command:
    """An order when it was paid; what is refunded later is told by other deliveries."""
    if told.cancelled_at:
        return _cancelled(told, at=told.cancelled_at, source=shop.source)
    return _order_paid(told, shop)


def _order_told(told: _Order, shop: ShopNamed) -> Command:
    """An order as it is now: it may be paid, cancelled, or not paid yet."""
    if told.cancelled_at:
        return _cancelled(told, at=told.cancelled_at, source=shop.source)
    if told.financial_status not in PAID:
        return Ignored("not_paid")
    refunds = [_asked(refund) for refund in told.refunds]
    for refund in refunds:
        if isinstance(refund, Parked):
            return refund
    done = tuple(refund for refund in refunds if isinstance(refund, RequestedRefund))
    return _order_paid(
        told,
        shop,
        refunds=done,
        all_given_back=told.financial_status == "refunded",
    )


def _order_paid(
    told: _Order,
    shop: ShopNamed,
    *,
    refunds: tuple[RequestedRefund, ...] = (),
    all_given_back: bool = False,
) -> Command:
    if told.test:
        return Ignored("test_order")
    if told.financial_status not in PAID:
        return Ignored("not_paid")
    occurred_at = told.processed_at or told.created_at
    if occurred_at is None:
        return Parked("malformed", "/processed_at")
    if any(money.currency_code != told.currency for money in told.money()):
        return Parked("mixed_currencies")
    decimals = exponent(told.currency)
    if decimals is None:
        return Parked("unknown_currency", "/currency")
    customer = told.customer or _Customer()
    return reading.paid(
        Order(
            source=shop.source,
            order_id=str(told.id),
            occurred_at=occurred_at,
            lines=tuple(_lines(told, decimals=decimals)),
            channel=told.source_name if reading.is_name(told.source_name) else None,
            told_at=told.updated_at,
        ),
        currency=told.currency,
        # The surest first: their id, what their account says, what the checkout was told.
        identities=reading.identities(
            (
                ("customer", str(customer.id) if customer.id else None),
                ("email", customer.email),
                ("email", told.email),
                ("phone", customer.phone),
                ("phone", told.phone),
            ),
            source=shop.source,
        ),
        refunds=refunds,
        pointer="/line_items",
        excluded=shop.earns.excludes(
            status=told.fulfillment_status or "unfulfilled",
            channel=told.source_name,
            tags=told.labels,
        ),
        discounts=None if told.discount_codes is None else [d.code for d in told.discount_codes],
        all_given_back=all_given_back,
    )


def _order_cancelled(payload: _Cancelled, shop: ShopNamed) -> Command:
    return _cancelled(payload, at=payload.cancelled_at, source=shop.source)


def _cancelled(payload: _Cancelled | _Order, *, at: datetime, source: str) -> Command:
    if payload.test:
        return Ignored("test_order")
    if payload.financial_status in NEVER_PAID:
        return Ignored("not_paid")
    return OrderRefunded(
        source=source,
        order_id=str(payload.id),
        refund=cancelled(at=at),
        currency=None,
        all_given_back=True,
    )


def _order_refunded(told: _Refund, shop: ShopNamed) -> Command:
    asked = _asked(told)
    if not isinstance(asked, RequestedRefund):
        return asked
    return reading.refunded(shop.source, str(told.order_id), asked, currency=told.currency)


def _asked(told: _Refund) -> RequestedRefund | Ignored | Parked:
    """What was given back: to what the refund is for first, what is more of the whole order.

    While a part of it is still on its way, nothing counts: `orders/updated` tells it again.
    """
    if told.is_pending:
        return Ignored("refund_pending")
    back = told.given_back
    if back is None:
        return Parked("mixed_currencies")
    if not back:
        return Ignored("nothing_given_back")
    decimals = exponent(told.currency)
    if decimals is None:
        return Parked("unknown_currency")
    at = told.processed_at or told.created_at
    if at is None:
        return Parked("malformed", "/processed_at")
    back_minor = minor(back, decimals)
    shares_minor = {name: minor(share, decimals) for name, share in told.shares().items()}
    return reading.shared_out(str(told.id), at=at, back_minor=back_minor, shares_minor=shares_minor)


def _lines(told: _Order, *, decimals: int) -> Iterable[Line]:
    """The goods as they were bought, less what was removed since, and what shipping cost.

    A refund takes goods off `current_quantity` too, but what it is worth is told by itself; a
    late retry must tell the same order.
    """
    included = bool(told.taxes_included)
    removed = _removed(told)
    keeps = _kept_of_removed(told, removed)
    for item in told.line_items:
        paid = item.paid(taxes_included=included)
        gone = Decimal(removed[item.id]) / item.quantity if removed[item.id] else Decimal(0)
        left = 1 - gone * (1 - keeps)
        yield Line(
            line_id=str(item.id),
            sku=reading.sku(item.sku),
            category=item.category,
            quantity=item.quantity,
            amount_minor=minor((paid - item.tax) * left, decimals),
            gross_minor=minor(paid * left, decimals),
        )
    charged = [line for line in told.shipping_lines if line.price]
    if charged:
        paid = sum((line.paid(taxes_included=included) for line in charged), start=Decimal(0))
        tax = sum((line.tax for line in charged), start=Decimal(0))
        yield Line(
            line_id=SHIPPING,
            sku=None,
            category="shipping",
            quantity=1,
            amount_minor=minor(paid - tax, decimals),
            gross_minor=minor(paid, decimals),
        )


def _removed(told: _Order) -> Counter[int]:
    """Units that edits of the order removed: gone, and not by a refund that gave money back."""
    refunded: Counter[int] = Counter()
    for refund in told.refunds:
        if refund.given_back:
            for each in refund.refund_line_items:
                refunded[each.line_item_id] += each.quantity
    removed: Counter[int] = Counter()
    for item in told.line_items:
        if item.current_quantity is not None:
            gone = item.quantity - item.current_quantity
            removed[item.id] = max(0, gone - refunded[item.id])
    return removed


def _kept_of_removed(told: _Order, removed: Counter[int]) -> Decimal:
    """How much of what was removed still counts, because its money is told as a refund.

    Goods are removed against others of their price, or against money, which is given back by a
    refund of no line. That refund takes its points; the removal must not take them again.
    """
    worth = over = Decimal(0)
    for item in told.line_items:
        if removed[item.id]:
            paid = item.paid(taxes_included=bool(told.taxes_included))
            worth += paid * removed[item.id] / item.quantity
    for refund in told.refunds:
        if refund.given_back and not refund.is_pending:
            over += max(Decimal(0), refund.given_back - sum(refund.shares().values()))
    return min(Decimal(1), over / worth) if worth > 0 else Decimal(0)


def _customer(told: _KnownCustomer, shop: ShopNamed) -> Command:
    """Only who has said yes is told of; a pending consent, or none yet, is none."""
    said = {"email": told.email_marketing_consent, "sms": told.sms_marketing_consent}
    return reading.customer(
        str(told.id),
        source=shop.source,
        named=(("email", told.email), ("phone", told.phone)),
        verified=("email",) if told.has_verified_email else (),
        names=(told.first_name, told.last_name),
        consents={kind: True for kind, each in said.items() if each and each.state == "subscribed"},
        told_at=told.updated_at,
    )


def _customer_gone(payload: _DeletedCustomer, shop: ShopNamed) -> Command:
    return reading.customer_erased(str(payload.id), source=shop.source)


def _customer_id(topic: str, body: bytes) -> str | None:
    if topic not in (*CUSTOMER_TOPICS, "customers/delete"):
        return None
    try:
        return str(_Erased.model_validate_json(body).id)
    except ValidationError:
        return None


def _order_id(topic: str, body: bytes) -> str | None:
    """A refund names its order, an order is one; other payloads are about something else."""
    try:
        told = _Reference.model_validate_json(body)
    except ValidationError:
        return None
    named = told.order_id or (told.id if topic.startswith("orders/") else None)
    return str(named) if named else None


def _edited(_payload: Payload, _shop: ShopNamed) -> Command:
    return Ignored("told_by_orders_updated")


TOPICS: Final[Mapping[str, Topic[Command | PrivacyRequest]]] = {
    "orders/paid": reads(_Order, _paid_order),
    "orders/create": reads(_Order, _order_told),
    "orders/updated": reads(_Order, _order_told),
    "orders/edited": reads(Payload, _edited),
    "orders/cancelled": reads(_Cancelled, _order_cancelled),
    "refunds/create": reads(_CreatedRefund, _order_refunded),
    "customers/create": reads(_KnownCustomer, _customer),
    "customers/update": reads(_KnownCustomer, _customer),
    "customers/delete": reads(_DeletedCustomer, _customer_gone),
    "customers/data_request": reads(_CustomersDataRequest, _data_request),
    "customers/redact": reads(_CustomersRedact, _customers_redact),
    "shop/redact": reads(_ShopRedact, _shop_redact),
}
