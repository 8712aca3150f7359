"""Stripe: https://docs.stripe.com/webhooks, the events of Checkout, invoices and charges.

Amounts are integers in the currency's smallest unit. An order is known by its payment, because a
refund names nothing else; since version 2025-03-31 that of an invoice has to be read from Stripe.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import (
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
)
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.fields import ExternalId
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import NONE_IF_UNREADABLE, OptionalText, Payload

SUBSCRIPTION_TOPICS: Final = tuple(
    f"customer.subscription.{what}"
    for what in ("created", "updated", "deleted", "paused", "resumed")
)
# In these what was paid for can be had; an unpaid renewal moves the period's end all the same.
PAYING: Final = ("active", "trialing")
NEVER_PAID: Final = ("incomplete", "incomplete_expired")
# In these the running period is not paid.
OWING: Final = ("past_due", "unpaid")
CHECKOUT: Final = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
PAYMENT_TOPIC: Final = "payment_intent.succeeded"
REFUND_TOPICS: Final = ("refund.failed", "refund.updated", "charge.refund.updated")
CHARGE_TOPICS: Final = ("charge.succeeded", "charge.captured")


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
SignedCents = Annotated[StrictInt, Field(gt=-(2**63), lt=2**63)]


def _texts(value: object) -> object:
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(text, str)}


def _text_list(value: object) -> object:
    found = value if isinstance(value, list) else []
    return tuple(each for each in found if isinstance(each, str))


Texts = Annotated[tuple[StrictStr, ...], BeforeValidator(_text_list)]
Metadata = Annotated[dict[str, str], BeforeValidator(_texts)]
EMPTY_IF_NONE: Final = BeforeValidator(lambda value: () if value is None else value)
# An object's id, or the object itself where the account asks for it.
Name = Annotated[
    StrictStr | None,
    BeforeValidator(lambda value: value.get("id") if isinstance(value, dict) else value),
]


def tags_of(metadata: dict[str, str]) -> tuple[str, ...]:
    """Metadata as tags, so that a connection can choose by them."""
    return tuple(f"{name}:{text}" for name, text in metadata.items())


class _Paying(Payload):
    payment_intent: Name = None


class StripeAnyObject(_Paying):
    id: StrictStr | None = None
    customer: Name = None


class _ReferenceData(Payload):
    object: StripeAnyObject


class StripeReference(Payload):
    id: StrictStr
    type: StrictStr
    data: _ReferenceData


class _Event(Payload):
    created: Time


class StripeDetails(Payload):
    amount_shipping: Cents | None = None
    amount_tax: Cents | None = None


class _ShippingCost(Payload):
    amount_tax: Cents = 0
    amount_total: Cents = 0


class StripePerson(Payload):
    email: OptionalText = None
    phone: OptionalText = None


class _Discount(Payload):
    promotion_code: Annotated[Name, NONE_IF_UNREADABLE] = None


class StripeSession(_Paying):
    """A checkout. `total_details` is of the whole: its tax is that of goods and shipping.

    `payment_method_types` are those that the customer could choose from.
    """

    id: OptionalText = None
    mode: StrictStr
    payment_status: StrictStr
    currency: Currency | None
    amount_total: Cents | None
    total_details: StripeDetails | None = None
    shipping_cost: Annotated[_ShippingCost | None, NONE_IF_UNREADABLE] = None
    customer: Name = None
    customer_details: StripePerson | None = None
    customer_email: OptionalText = None
    client_reference_id: OptionalText = None
    invoice: Name = None
    payment_method_types: Texts = ()
    discounts: Annotated[tuple[_Discount, ...] | None, NONE_IF_UNREADABLE] = None
    metadata: Metadata = Field(default_factory=dict)

    @property
    def promotion_codes(self) -> str:
        """The ids of Stripe's promotion codes, and what the shop noted."""
        ids = [each.promotion_code for each in self.discounts or () if each.promotion_code]
        return ",".join([*ids, self.metadata.get(commands.NOTED_CODES, "")])

    @property
    def shipping(self) -> tuple[int, int]:
        """Shipping without its tax and with it."""
        if self.shipping_cost:
            paid = self.shipping_cost.amount_total
            return paid - self.shipping_cost.amount_tax, paid
        shipping = (self.total_details and self.total_details.amount_shipping) or 0
        return shipping, shipping

    @property
    def goods(self) -> tuple[int, int]:
        """What is left of the total for goods, without their tax and with it."""
        shipping, shipping_paid = self.shipping
        tax = (self.total_details and self.total_details.amount_tax) or 0
        paid = (self.amount_total or 0) - shipping_paid
        return paid - (tax - (shipping_paid - shipping)), paid


class _SessionData(Payload):
    object: StripeSession


class StripeSessionEvent(_Event):
    data: _SessionData


class _Transitions(Payload):
    paid_at: Annotated[Time | None, NONE_IF_UNREADABLE] = None


class _TaxAmount(Payload):
    amount: SignedCents


class _Priced(Payload):
    id: OptionalText = None
    product: Annotated[Name, NONE_IF_UNREADABLE] = None


class _PriceDetails(Payload):
    price: Annotated[Name, NONE_IF_UNREADABLE] = None
    product: OptionalText = None


class _Pricing(Payload):
    price_details: Annotated[_PriceDetails | None, NONE_IF_UNREADABLE] = None


class StripeLine(Payload):
    """A line of an invoice or a checkout. Its price has another place since 2025-03-31.

    A checkout's line tells its total, an invoice's the amount before discounts.
    """

    id: OptionalText = None
    amount: Annotated[SignedCents, NONE_IF_UNREADABLE] = 0
    amount_total: Annotated[SignedCents | None, NONE_IF_UNREADABLE] = None
    price: Annotated[_Priced | None, NONE_IF_UNREADABLE] = None
    pricing: Annotated[_Pricing | None, NONE_IF_UNREADABLE] = None
    metadata: Metadata = Field(default_factory=dict)

    @property
    def product(self) -> str | None:
        details = self.pricing.price_details if self.pricing else None
        product = self.price.product if self.price else None
        return product or (details.product if details else None)

    @property
    def worth(self) -> int:
        """What it costs, as far as the line tells; a credit is worth nothing."""
        return max(0, self.amount if self.amount_total is None else self.amount_total)

    @property
    def tags(self) -> tuple[str, ...]:
        """The ids of its price and its product, and its metadata."""
        details = self.pricing.price_details if self.pricing else None
        price = (self.price and self.price.id) or (details and details.price)
        return (*(name for name in (price, self.product) if name), *tags_of(self.metadata))


class StripeLines(Payload):
    """The lines of an invoice or a checkout; an event lists the first ten of an invoice."""

    data: Annotated[tuple[StripeLine, ...], EMPTY_IF_NONE] = ()
    has_more: Annotated[StrictBool | None, NONE_IF_UNREADABLE] = None

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag for line in self.data for tag in line.tags)


class StripeInvoice(_Paying):
    """An invoice. Its total is below zero if it only credits the customer."""

    id: StrictStr | None = None
    currency: Currency
    amount_paid: Cents
    total: SignedCents
    customer: Name = None
    customer_email: OptionalText = None
    customer_phone: OptionalText = None
    status_transitions: _Transitions = _Transitions()
    # The taxes by rate have another name since version 2025-03-31.
    total_tax_amounts: tuple[_TaxAmount, ...] | None = None
    total_taxes: tuple[_TaxAmount, ...] | None = None
    lines: Annotated[StripeLines | None, NONE_IF_UNREADABLE] = None
    metadata: Metadata = Field(default_factory=dict)

    @property
    def tax(self) -> int:
        return sum(each.amount for each in self.total_taxes or self.total_tax_amounts or ())

    @property
    def tags(self) -> tuple[str, ...]:
        return (*(self.lines.tags if self.lines else ()), *tags_of(self.metadata))


class _PaymentOfInvoice(_Paying):
    charge: Name = None


class StripeInvoicePayment(Payload):
    amount_paid: Cents | None = None
    payment: _PaymentOfInvoice

    @property
    def name(self) -> str | None:
        """The payment's id; None for one that was made outside of Stripe."""
        return self.payment.payment_intent or self.payment.charge


class StripePayments(Payload):
    data: tuple[StripeInvoicePayment, ...]


class _InvoiceData(Payload):
    object: StripeInvoice


class StripeInvoiceEvent(_Event):
    data: _InvoiceData


class _Tip(Payload):
    amount: Cents | None = None


class _AmountDetails(Payload):
    tip: Annotated[_Tip | None, NONE_IF_UNREADABLE] = None


class StripePayment(Payload):
    """A payment intent. It says neither what was sold nor its tax."""

    id: StrictStr
    currency: Currency
    amount_received: Cents
    amount_details: Annotated[_AmountDetails | None, NONE_IF_UNREADABLE] = None
    customer: Name = None
    receipt_email: OptionalText = None
    invoice: Name = None
    payment_method_types: Texts = ()
    metadata: Metadata = Field(default_factory=dict)

    @property
    def tip(self) -> int:
        tip = self.amount_details.tip if self.amount_details else None
        return min((tip and tip.amount) or 0, self.amount_received)


class _PaymentData(Payload):
    object: StripePayment


class StripePaymentEvent(_Event):
    data: _PaymentData


class StripeMethod(Payload):
    """The way in which a charge was paid."""

    type: OptionalText = None


class StripeCharge(_Paying):
    """A charge. It belongs to a payment intent unless it was made by the older Charges API."""

    id: StrictStr
    currency: Currency
    amount_captured: Cents = 0
    captured: StrictBool = False
    customer: Name = None
    receipt_email: OptionalText = None
    billing_details: Annotated[StripePerson | None, NONE_IF_UNREADABLE] = None
    payment_method_details: Annotated[StripeMethod | None, NONE_IF_UNREADABLE] = None
    invoice: Name = None
    metadata: Metadata = Field(default_factory=dict)


class _ChargeOfPayment(Payload):
    payment_method_details: Annotated[StripeMethod | None, NONE_IF_UNREADABLE] = None


class StripePaymentAnswer(Payload):
    """A payment intent with its latest charge, which says how it was paid."""

    latest_charge: Annotated[_ChargeOfPayment | None, NONE_IF_UNREADABLE] = None

    @property
    def method(self) -> str | None:
        details = self.latest_charge.payment_method_details if self.latest_charge else None
        return details.type if details else None


class _PaidChargeData(Payload):
    object: StripeCharge


class StripePaidChargeEvent(_Event):
    data: _PaidChargeData


class StripeDispute(_Paying):
    id: StrictStr
    status: StrictStr
    amount: Cents
    currency: Currency
    charge: Name = None


class _DisputeData(Payload):
    object: StripeDispute


class StripeDisputeEvent(_Event):
    data: _DisputeData


class StripeRefund(_Paying):
    id: StrictStr
    status: OptionalText = None
    amount: Cents
    currency: Annotated[Currency | None, NONE_IF_UNREADABLE] = None
    charge: Name = None


class _RefundData(Payload):
    object: StripeRefund


class StripeRefundEvent(_Event):
    data: _RefundData


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


class StripeChargeEvent(_Event):
    data: _ChargeData


class _Customer(Payload):
    id: ExternalId
    email: StrictStr | None = None
    phone: StrictStr | None = None
    name: StrictStr | None = None


class _CustomerData(Payload):
    object: _Customer


class StripeCustomerEvent(_Event):
    data: _CustomerData


class _Price(Payload):
    id: StrictStr
    product: Name = None


class _SubscriptionItem(Payload):
    price: _Price
    current_period_start: Time | None = None
    current_period_end: Time | None = None


class _SubscriptionItems(Payload):
    data: tuple[_SubscriptionItem, ...] = ()


class _Cancellation(Payload):
    reason: OptionalText = None


class _Pause(Payload):
    resumes_at: Time | None = None


class StripeSubscription(Payload):
    id: ExternalId
    customer: Name
    status: StrictStr
    items: _SubscriptionItems = _SubscriptionItems()
    # Of the items since version 2025-03-31, of the whole before.
    current_period_start: Time | None = None
    current_period_end: Time | None = None
    start_date: Time | None = None
    trial_end: Time | None = None
    cancel_at: Time | None = None
    cancel_at_period_end: StrictBool = False
    ended_at: Time | None = None
    cancellation_details: _Cancellation | None = None
    pause_collection: _Pause | None = None

    @property
    def period_ends_at(self) -> datetime | None:
        ends = [each.current_period_end for each in self.items.data if each.current_period_end]
        return max(ends, default=self.current_period_end)

    @property
    def period_began_at(self) -> datetime | None:
        starts = [each.current_period_start for each in self.items.data]
        return max(filter(None, starts), default=self.current_period_start)

    @property
    def owes(self) -> bool:
        """Whether the running period, or the one in which it ended, was not paid."""
        details = self.cancellation_details
        return self.status in OWING or (details is not None and details.reason == "payment_failed")

    @property
    def ends_at(self) -> datetime | None:
        """When it ended, or will end."""
        at_period_end = self.period_ends_at if self.cancel_at_period_end else None
        return self.ended_at or self.cancel_at or at_period_end


class _SubscriptionData(Payload):
    object: StripeSubscription


class StripeSubscriptionEvent(_Event):
    data: _SubscriptionData
