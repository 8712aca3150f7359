"""BigCommerce: https://developer.bigcommerce.com/docs/webhooks, orders V2 and refunds V3.

Every event is thin: it names an order, which is then read with its products and its refunds, as
they are now. So all events of an order are alike.

Relations of an order are links unless the request includes them. Amounts come as text, as numbers
and as empty text.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Final

from pydantic import (
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.fields import CurrencyCode, Instant
from loyalty.domain.shops.storefront import (
    OTHER_SHOP,
    Parked,
    SendingShop,
)
from loyalty.storefronts.payloads import NONE_IF_UNREADABLE, Id, OptionalText, Payload, SignedAmount
from loyalty.storefronts.tenders import GIFT_CARD, STORE_CREDIT

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
# Refunded, cancelled and declined orders keep nothing, whatever their payment's status.
KEEPS_NOTHING: Final = (4, 5, 6)
# Payments that are no longer going to arrive, whatever the order's status.
NO_PAYMENT: Final = ("declined", "void")
QUANTITY_MAX: Final = 10**6
_UNITS: Final = re.compile(r"-?\d{1,15}(\.\d{1,20})?", re.ASCII)
_RATE: Final = re.compile(r"\d{1,9}(\.\d{1,20})?", re.ASCII)


def _instant(value: object) -> datetime:
    if isinstance(value, str) and len(value) < 50:
        try:
            return parsedate_to_datetime(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise PydanticCustomError("time_form", "Write a time as Tue, 05 Mar 2019 21:40:11 +0000")


def _written_out(value: object) -> object:
    """Turns a number into the text of an amount: the shortest text is what was meant."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:f}" if is_number else value


def _units(value: object) -> object:
    """Whole units: a part of a unit, as of goods that are sold by weight, counts as one."""
    text = "1" if value is None or value == "" else _written_out(value)
    if not (isinstance(text, str) and _UNITS.fullmatch(text)):
        return value
    return min(max(0, int(Decimal(text).to_integral_value(ROUND_CEILING))), QUANTITY_MAX)


def _digits(value: object) -> object:
    """Turns a number that comes as text into the number."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return value


def _rate(value: object) -> Decimal | None:
    """An exchange rate; None for anything but a positive number."""
    text = _written_out(value)
    rate = Decimal(text) if isinstance(text, str) and _RATE.fullmatch(text) else Decimal(0)
    return rate if rate > 0 else None


def _zero_if_unreadable(value: object, read: ValidatorFunctionWrapHandler) -> Decimal:
    try:
        amount: Decimal = read(value)
    except ValidationError:
        return Decimal(0)
    return amount


def _zero_if_blank(value: object) -> object:
    return "0" if value is None or value == "" else value


# A list, or None where the platform only links to it, leaves it out or sends something else.
NONE_IF_NO_LIST: Final = BeforeValidator(lambda value: value if isinstance(value, list) else None)
# For an object that decides nothing about points: anything else counts as an empty one.
ZERO_IF_UNREADABLE: Final = WrapValidator(_zero_if_unreadable)
EMPTY_IF_NO_OBJECT: Final = BeforeValidator(lambda value: value if isinstance(value, dict) else {})

Time = Annotated[datetime, BeforeValidator(_instant)]
LooseAmount = Annotated[SignedAmount, BeforeValidator(_written_out)]
LooseQuantity = Annotated[StrictInt, BeforeValidator(_units)]
LooseId = Annotated[Id, BeforeValidator(_digits)]
OptionalInstant = Annotated[Instant | None, NONE_IF_UNREADABLE]
AmountOrZero = Annotated[LooseAmount, BeforeValidator(_zero_if_blank)]
Rate = Annotated[Decimal | None, BeforeValidator(_rate)]


class _Data(Payload):
    id: Id | None = None


class BigCommerceEvent(Payload):
    """Just enough to know what an event is about."""

    scope: StrictStr
    hash: StrictStr | None = None
    data: _Data | None = None


class _Named(Payload):
    id: Id


class BigCommerceNamingEvent(Payload):
    producer: StrictStr
    data: _Named

    def of_other_shop(self, shop: SendingShop) -> Parked | None:
        """One app's secret signs for each of the stores that it is installed in."""
        if shop.store is None or self.producer == f"stores/{shop.store}":
            return None
        return Parked(OTHER_SHOP, "/producer")


class _Customer(_Named):
    email: OptionalText = None
    phone: OptionalText = None
    first_name: OptionalText = None
    last_name: OptionalText = None
    date_modified: OptionalInstant = None


class BigCommerceCustomers(Payload):
    data: tuple[_Customer, ...] = ()


class _Discount(Payload):
    amount: AmountOrZero = Decimal(0)
    code: OptionalText = None


class BigCommerceProduct(Payload):
    id: LooseId
    product_id: Annotated[LooseId | None, NONE_IF_UNREADABLE] = None
    sku: OptionalText = None
    type: OptionalText = None
    quantity: LooseQuantity = 1
    total_ex_tax: LooseAmount
    total_inc_tax: LooseAmount
    applied_discounts: Annotated[tuple[_Discount, ...] | None, NONE_IF_NO_LIST] = None

    @property
    def discount(self) -> Decimal:
        return sum((each.amount for each in self.applied_discounts or ()), Decimal(0))

    @property
    def price(self) -> tuple[Decimal, Decimal]:
        """What the product costs after its discounts, without tax and with it."""
        net, gross = self.total_ex_tax - self.discount, self.total_inc_tax - self.discount
        return max(Decimal(0), net), max(Decimal(0), gross)


class _Fee(Payload):
    cost_ex_tax: AmountOrZero = Decimal(0)
    cost_inc_tax: AmountOrZero = Decimal(0)


class _Billing(Payload):
    email: OptionalText = None
    phone: OptionalText = None


class BigCommerceOrder(Payload):
    """An order. All of its amounts are in the currency that the shopper paid in.

    `default_currency_code` is that currency. `store_default_currency_code` is the shop's own
    currency, and the exchange rate is what one unit of it costs in the shopper's.
    """

    id: LooseId
    status_id: Annotated[StrictInt, BeforeValidator(_digits)]
    payment_status: OptionalText = None
    customer_id: Annotated[
        StrictInt | None, Field(ge=0, lt=2**63), BeforeValidator(_digits), NONE_IF_UNREADABLE
    ] = None
    date_created: Time
    date_modified: Annotated[Time | None, NONE_IF_UNREADABLE] = None
    default_currency_code: CurrencyCode
    store_default_currency_code: Annotated[CurrencyCode | None, NONE_IF_UNREADABLE] = None
    store_default_to_transactional_exchange_rate: Rate = None
    total_ex_tax: LooseAmount
    total_inc_tax: LooseAmount
    shipping_cost_ex_tax: AmountOrZero = Decimal(0)
    shipping_cost_inc_tax: AmountOrZero = Decimal(0)
    handling_cost_ex_tax: AmountOrZero = Decimal(0)
    handling_cost_inc_tax: AmountOrZero = Decimal(0)
    wrapping_cost_ex_tax: AmountOrZero = Decimal(0)
    wrapping_cost_inc_tax: AmountOrZero = Decimal(0)
    fees: Annotated[tuple[_Fee, ...] | None, NONE_IF_NO_LIST] = None
    billing_address: Annotated[_Billing, EMPTY_IF_NO_OBJECT] = _Billing()
    order_source: OptionalText = None
    payment_method: OptionalText = None
    gift_certificate_amount: Annotated[AmountOrZero, ZERO_IF_UNREADABLE] = Decimal(0)
    store_credit_amount: Annotated[AmountOrZero, ZERO_IF_UNREADABLE] = Decimal(0)

    @property
    def payments(self) -> Iterator[tuple[str, Decimal]]:
        """How it was paid; the total includes what gift certificates and store credit paid."""
        yield GIFT_CARD, self.gift_certificate_amount
        yield STORE_CREDIT, self.store_credit_amount
        rest = self.total_inc_tax - self.gift_certificate_amount - self.store_credit_amount
        yield self.payment_method or "", rest

    @property
    def shipping(self) -> tuple[Decimal, Decimal]:
        """Shipping, handling and wrapping, without tax and with it."""
        net = self.shipping_cost_ex_tax + self.handling_cost_ex_tax + self.wrapping_cost_ex_tax
        gross = self.shipping_cost_inc_tax + self.handling_cost_inc_tax + self.wrapping_cost_inc_tax
        return net, gross

    @property
    def charged(self) -> tuple[Decimal, Decimal] | None:
        """All fees, without tax and with it. None where the order does not list them."""
        if self.fees is None:
            return None
        net = sum((fee.cost_ex_tax for fee in self.fees), Decimal(0))
        return net, sum((fee.cost_inc_tax for fee in self.fees), Decimal(0))


class BigCommerceRefundedItem(Payload):
    item_type: StrictStr
    item_id: Annotated[LooseId | None, NONE_IF_UNREADABLE] = None
    quantity: Annotated[LooseQuantity | None, NONE_IF_UNREADABLE] = None
    requested_amount: Annotated[LooseAmount | None, NONE_IF_UNREADABLE] = None


class _RefundPayment(Payload):
    amount: AmountOrZero = Decimal(0)
    is_declined: StrictBool | None = None


class BigCommerceRefund(Payload):
    id: LooseId
    created: OptionalInstant = None
    total_amount: AmountOrZero = Decimal(0)
    items: Annotated[tuple[BigCommerceRefundedItem, ...] | None, NONE_IF_NO_LIST] = None
    payments: Annotated[tuple[_RefundPayment, ...] | None, NONE_IF_NO_LIST] = None

    @property
    def paid_back(self) -> Decimal:
        """The money returned, tax included. A declined payment returned nothing."""
        if self.payments is None:
            return self.total_amount
        return sum((each.amount for each in self.payments if not each.is_declined), Decimal(0))


class BigCommerceRefunds(Payload):
    data: tuple[BigCommerceRefund, ...] = ()
