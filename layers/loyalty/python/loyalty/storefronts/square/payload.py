"""Square: https://developer.squareup.com/docs/webhooks/overview, the payments and orders APIs.

Events are thin: a payment that was made names its order, and a refund names its payment. The order
is then read from Square, as it is now.
"""

from typing import Annotated, Final

from pydantic import Field, StrictInt, StrictStr

from loyalty.domain.kernel.fields import CurrencyCode, Day, ExternalId, Instant
from loyalty.storefronts.payloads import Payload

PAYMENT_TOPICS: Final = ("payment.created", "payment.updated")
REFUND_TOPICS: Final = ("refund.created", "refund.updated")
ORDER_TOPICS: Final = ("order.updated",)
CUSTOMER_TOPICS: Final = ("customer.created", "customer.updated")
SUBSCRIPTION_TOPICS: Final = ("subscription.created", "subscription.updated")
Cents = Annotated[StrictInt, Field(ge=0, lt=2**63)]


class SquareMoney(Payload):
    amount: Cents = 0
    currency: CurrencyCode


class SquarePayment(Payload):
    id: StrictStr
    status: StrictStr
    order_id: StrictStr | None = None
    customer_id: StrictStr | None = None
    buyer_email_address: StrictStr | None = None
    created_at: Instant


class SquareRefund(Payload):
    id: StrictStr
    status: StrictStr
    payment_id: StrictStr
    amount_money: SquareMoney
    created_at: Instant


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
    data: _RefundData


class _OrderUpdated(Payload):
    order_id: StrictStr
    state: StrictStr


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


class _Item(Payload):
    uid: StrictStr | None = None
    catalog_object_id: StrictStr | None = None
    item_type: StrictStr | None = None
    quantity: Annotated[StrictStr, Field(pattern=r"^\d{1,6}(\.\d{1,5})?$")]
    total_money: SquareMoney
    total_tax_money: SquareMoney | None = None
    total_service_charge_money: SquareMoney | None = None


class _ServiceCharge(Payload):
    uid: StrictStr | None = None
    type: StrictStr | None = None
    total_money: SquareMoney | None = None
    total_tax_money: SquareMoney | None = None


class _Discount(Payload):
    name: StrictStr | None = None


class _Tender(Payload):
    customer_id: StrictStr | None = None


class _Source(Payload):
    name: StrictStr | None = None


class SquareOrder(Payload):
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
    total_money: SquareMoney
    total_tip_money: SquareMoney | None = None
    net_amount_due_money: SquareMoney | None = None
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


class SquareOrderAnswer(Payload):
    order: SquareOrder


class SquarePaymentAnswer(Payload):
    payment: SquarePayment


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


class SquareCustomerEvent(Payload):
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


class SquareSubscriptionEvent(Payload):
    created_at: Instant
    data: _SubscriptionData
