"""BigCommerce: https://developer.bigcommerce.com/docs/webhooks, orders V2 and refunds V3.

Every event is thin: it names an order, which is then read with its products and its refunds, as
they are now. So all events of an order are alike.
"""

from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.fields import CurrencyCode, Instant
from loyalty.domain.shops.storefront import (
    OTHER_SHOP,
    Parked,
    SendingShop,
)
from loyalty.storefronts.payloads import (
    Id,
    Payload,
    Quantity,
    SignedAmount,
)

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
REFUNDED: Final = 4
CANCELLED: Final = 5
NEVER_PAID: Final = ("authorized", "declined", "void", "void pending")


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
    email: StrictStr | None = None
    phone: StrictStr | None = None
    first_name: StrictStr | None = None
    last_name: StrictStr | None = None
    date_modified: Instant | None = None


class BigCommerceCustomers(Payload):
    data: tuple[_Customer, ...] = ()


class _Discount(Payload):
    amount: LooseAmount
    code: StrictStr | None = None


class BigCommerceProduct(Payload):
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


class BigCommerceOrder(Payload):
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


class BigCommerceRefund(Payload):
    id: Id
    created: Instant | None = None
    items: tuple[_RefundedItem, ...] = ()
    payments: tuple[_RefundPayment, ...] = ()


class BigCommerceRefunds(Payload):
    data: tuple[BigCommerceRefund, ...] = ()
