"""Square: https://developer.squareup.com/docs/webhooks/overview, the payments and orders APIs.

Events are thin: a payment that was made names its order, and a refund names its payment. The order
is then read from Square, as it is now; its items name objects of the catalog, which know the SKUs.
Nearly every field is optional.
"""

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Final

from pydantic import (
    BeforeValidator,
    Field,
    StrictInt,
    StrictStr,
)

from loyalty.domain.kernel.fields import CurrencyCode, Day, ExternalId, Instant
from loyalty.storefronts.payloads import NONE_IF_UNREADABLE, OptionalText, Payload

PAYMENT_TOPICS: Final = ("payment.created", "payment.updated")
REFUND_TOPICS: Final = ("refund.created", "refund.updated")
ORDER_TOPICS: Final = ("order.updated",)
CUSTOMER_TOPICS: Final = ("customer.created", "customer.updated")
SUBSCRIPTION_TOPICS: Final = ("subscription.created", "subscription.updated")
_UNITS: Final = re.compile(r"\d{1,6}(\.\d{1,20})?", re.ASCII)


OptionalInstant = Annotated[Instant | None, NONE_IF_UNREADABLE]
# A list that may be null or left out.
EMPTY_IF_NONE: Final = BeforeValidator(lambda value: () if value is None else value)
Cents = Annotated[
    StrictInt,
    Field(gt=-(2**63), lt=2**63),
    BeforeValidator(lambda value: 0 if value is None else value),
]


class SquareMoney(Payload):
    amount: Cents = 0
    currency: CurrencyCode | None = None


class SquarePayment(Payload):
    id: StrictStr
    status: StrictStr
    order_id: StrictStr | None = None
    customer_id: OptionalText = None
    buyer_email_address: OptionalText = None
    created_at: Instant


class SquareRefund(Payload):
    """A refund; one that was made without a payment (unlinked) names none."""

    id: StrictStr
    status: OptionalText = None
    payment_id: StrictStr | None = None
    amount_money: SquareMoney
    created_at: OptionalInstant = None


class _PaymentObject(Payload):
    payment: SquarePayment


class _PaymentData(Payload):
    object: _PaymentObject


class SquarePaymentEvent(Payload):
    data: _PaymentData


class _RefundObject(Payload):
    refund: SquareRefund


class _RefundData(Payload):
    object: _RefundObject


class SquareRefundEvent(Payload):
    created_at: OptionalInstant = None
    data: _RefundData


class _OrderUpdated(Payload):
    order_id: StrictStr
    state: OptionalText = None


class _OrderObject(Payload):
    order_updated: _OrderUpdated


class _OrderData(Payload):
    object: _OrderObject


class SquareOrderEvent(Payload):
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


class SquareEvent(Payload):
    """Just enough to know what an event is about."""

    event_id: StrictStr
    type: StrictStr
    data: _AnyData | None = None


def _units(value: object) -> object:
    """Whole units: a part of a unit, as of goods that are sold by weight, counts as one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"{value:f}" if is_number else value
    if isinstance(text, str) and _UNITS.fullmatch(text):
        return int(Decimal(text).to_integral_value(ROUND_CEILING))
    return value


class SquareItem(Payload):
    uid: OptionalText = None
    catalog_object_id: OptionalText = None
    item_type: OptionalText = None
    quantity: Annotated[StrictInt, Field(ge=0, le=10**6), BeforeValidator(_units)] = 1
    total_money: SquareMoney
    total_tax_money: SquareMoney | None = None
    total_service_charge_money: SquareMoney | None = None

    @property
    def paid(self) -> int:
        """What was paid for the goods with their tax, without service charges."""
        charges = self.total_service_charge_money
        return self.total_money.amount - (charges.amount if charges else 0)

    @property
    def tax(self) -> int:
        return self.total_tax_money.amount if self.total_tax_money else 0


class _ServiceCharge(Payload):
    uid: OptionalText = None
    type: OptionalText = None
    total_money: SquareMoney | None = None
    total_tax_money: SquareMoney | None = None


class _Discount(Payload):
    name: OptionalText = None


class _Tender(Payload):
    """A payment of an order, tip included."""

    customer_id: OptionalText = None
    type: OptionalText = None
    amount_money: Annotated[SquareMoney | None, NONE_IF_UNREADABLE] = None


class _Source(Payload):
    name: OptionalText = None


class _Metadata(Payload):
    """What an application wrote on an order."""

    promotion_code: OptionalText = None


class SquareReturn(Payload):
    """Goods that came back with this order; `source_order_id` is the order that sold them."""

    source_order_id: OptionalText = None
    return_line_items: Annotated[tuple[SquareItem, ...], EMPTY_IF_NONE] = ()


class _Amounts(Payload):
    total_money: SquareMoney | None = None


class SquareOrder(Payload):
    """An order. `net_amounts` is what was sold less what came back: what the customer paid."""

    id: StrictStr
    state: OptionalText = None
    customer_id: OptionalText = None
    created_at: OptionalInstant = None
    updated_at: OptionalInstant = None
    closed_at: OptionalInstant = None
    line_items: Annotated[tuple[SquareItem, ...], EMPTY_IF_NONE] = ()
    service_charges: Annotated[tuple[_ServiceCharge, ...], EMPTY_IF_NONE] = ()
    discounts: Annotated[tuple[_Discount, ...], EMPTY_IF_NONE] = ()
    tenders: Annotated[tuple[_Tender, ...], EMPTY_IF_NONE] = ()
    returns: Annotated[tuple[SquareReturn, ...], EMPTY_IF_NONE] = ()
    total_money: SquareMoney | None = None
    total_tip_money: SquareMoney | None = None
    net_amounts: _Amounts | None = None
    net_amount_due_money: SquareMoney | None = None
    source: _Source | None = None
    location_id: OptionalText = None
    metadata: Annotated[_Metadata | None, NONE_IF_UNREADABLE] = None

    @property
    def payments(self) -> Iterator[tuple[str, int]]:
        """How it was paid, by Square's names."""
        for tender in self.tenders:
            if tender.amount_money:
                yield tender.type or "", tender.amount_money.amount

    @property
    def currencies(self) -> set[str]:
        money = (
            self.total_money,
            self.total_tip_money,
            *(item.total_money for item in self.line_items),
            *(charge.total_money for charge in self.service_charges),
        )
        return {each.currency for each in money if each and each.currency}

    @property
    def traded_in(self) -> tuple[int, int]:
        """The worth of goods of other orders that came back with this one: without tax, with it.

        An exchange that lists no returned goods is known by its net amounts.
        """
        others = [each for each in self.returns if each.source_order_id != self.id]
        items = [item for each in others for item in each.return_line_items]
        if items:
            paid = sum(item.paid for item in items)
            return paid - sum(item.tax for item in items), paid
        net = self.net_amounts.total_money if self.net_amounts else None
        if net is None or self.total_money is None or not others:
            return 0, 0
        came_back = max(0, self.total_money.amount - net.amount)
        return came_back, came_back


class SquareOrderAnswer(Payload):
    order: SquareOrder


class SquarePaymentAnswer(Payload):
    payment: SquarePayment


class _Customer(Payload):
    id: ExternalId
    email_address: OptionalText = None
    phone_number: OptionalText = None
    given_name: OptionalText = None
    family_name: OptionalText = None
    updated_at: OptionalInstant = None


class _CustomerObject(Payload):
    customer: _Customer


class _CustomerData(Payload):
    object: _CustomerObject


class SquareCustomerEvent(Payload):
    created_at: Instant
    data: _CustomerData


class _Subscription(Payload):
    id: ExternalId
    customer_id: ExternalId
    plan_variation_id: StrictStr | None = None
    plan_id: StrictStr | None = None
    status: StrictStr
    start_date: Day | None = None
    charged_through_date: Day | None = None
    canceled_date: Day | None = None


class _SubscriptionObject(Payload):
    subscription: _Subscription


class _SubscriptionData(Payload):
    object: _SubscriptionObject


class SquareSubscriptionEvent(Payload):
    created_at: Instant
    data: _SubscriptionData
