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
from loyalty.storefronts.payloads import Payload

SUBSCRIPTION_TOPICS: Final = tuple(
    f"customer.subscription.{what}"
    for what in ("created", "updated", "deleted", "paused", "resumed")
)
# In these what was paid for can be had; an unpaid renewal moves the period's end all the same.
PAYING: Final = ("active", "trialing")
UNSETTLED: Final = ("past_due", "incomplete")
CHECKOUT: Final = ("checkout.session.completed", "checkout.session.async_payment_succeeded")


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


class StripePerson(Payload):
    email: StrictStr | None = None
    phone: StrictStr | None = None


class _Metadata(Payload):
    voucher_code: StrictStr | None = None


class _Session(_Paying):
    mode: StrictStr
    payment_status: StrictStr
    currency: Currency | None
    amount_total: Cents | None
    total_details: StripeDetails | None = None
    customer: Name = None
    customer_details: StripePerson | None = None
    customer_email: StrictStr | None = None
    client_reference_id: StrictStr | None = None
    invoice: Name = None
    metadata: _Metadata | None = None


class _SessionData(Payload):
    object: _Session


class StripeSessionEvent(_Event):
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


class StripePayments(Payload):
    data: tuple[_InvoicePayment, ...]


class _InvoiceData(Payload):
    object: _Invoice


class StripeInvoiceEvent(_Event):
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


class StripeSubscriptionEvent(_Event):
    data: _SubscriptionData
