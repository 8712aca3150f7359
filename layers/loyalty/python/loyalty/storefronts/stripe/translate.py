"""What Stripe sends, as commands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.people.identity import IdentityKind, identify
from loyalty.domain.shops.customers import MembershipTold
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    Parked,
    SendingShop,
    given_back,
)
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import Topic, fetch, is_name, minor, reads
from loyalty.storefronts.stripe.payload import (
    CHECKOUT,
    PAYING,
    SUBSCRIPTION_TOPICS,
    UNSETTLED,
    StripeChargeEvent,
    StripeCustomerEvent,
    StripeDetails,
    StripeInvoiceEvent,
    StripePayments,
    StripePerson,
    StripeSessionEvent,
    StripeSubscriptionEvent,
)

# Where Stripe's smallest unit is not that of ISO 4217: https://docs.stripe.com/currencies
_OTHER_DECIMALS: Final = {"ISK": 2, "MGA": 0, "UGX": 2}


def _customer(event: StripeCustomerEvent, shop: SendingShop) -> Command | FetchNeeded:
    customer = event.data.object
    return commands.customer(
        customer.id,
        source=shop.source,
        named=(("email", customer.email), ("phone", customer.phone)),
        names=(customer.name,),
        told_at=event.created,
    )


def _customer_gone(event: StripeCustomerEvent, shop: SendingShop) -> Command | FetchNeeded:
    return commands.customer_erased(event.data.object.id, source=shop.source)


def _subscription(event: StripeSubscriptionEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A membership, by its prices and products; what is not settled yet changes nothing."""
    subscription = event.data.object
    if not is_name(subscription.customer):
        return Parked("malformed", "/data/object/customer")
    if subscription.status in UNSETTLED:
        return Ignored("not_paid")
    is_paid = subscription.status in PAYING
    if is_paid and subscription.paid_until is None:
        return Parked("malformed", "/data/object/items/data/0/current_period_end")
    named = (
        name for each in subscription.items.data for name in (each.price.id, each.price.product)
    )
    return MembershipTold(
        customer=identify("customer", subscription.customer, source=shop.source),
        membership_id=subscription.id,
        plans=tuple(name for name in named if name),
        paid_until=subscription.paid_until if is_paid else None,
        told_at=event.created,
    )


def _checkout(event: StripeSessionEvent, shop: SendingShop) -> Command | FetchNeeded:
    """What a checkout sold; subscriptions, and whatever else is invoiced, are told by invoices."""
    session = event.data.object
    if session.mode == "subscription" or session.invoice:
        return Ignored("told_by_invoice")
    if session.payment_status == "unpaid":
        return Ignored("not_paid")
    if not session.amount_total or not session.currency:
        return Ignored("nothing_paid")
    if not is_name(session.payment_intent):
        return Parked("malformed", "/data/object/payment_intent")
    details = session.total_details or StripeDetails()
    shipping, tax = details.amount_shipping or 0, details.amount_tax or 0
    person = session.customer_details or StripePerson()
    return _paid(
        session.payment_intent,
        currency=session.currency,
        goods=(session.amount_total - shipping - tax, session.amount_total - shipping),
        shipping=shipping,
        named=(
            ("customer", session.customer),
            ("customer", session.client_reference_id),
            ("email", person.email or session.customer_email),
            ("phone", person.phone),
        ),
        source=shop.source,
        occurred_at=event.created,
        told_at=event.created,
        code=session.metadata.voucher_code if session.metadata else None,
    )


def _invoice_paid(event: StripeInvoiceEvent, shop: SendingShop) -> Command | FetchNeeded:
    """An invoice that was paid; its payments must be read if it does not name one itself."""
    invoice = event.data.object
    if "payment_intent" in invoice.model_fields_set or not invoice.amount_paid:
        return _invoice(event, source=shop.source)
    if not is_name(invoice.id):
        return Parked("malformed", "/data/object/id")

    def complete(responses: Sequence[bytes]) -> Command:
        payments = StripePayments.model_validate_json(responses[0]).data
        names = (each.payment.payment_intent for each in payments)
        return _invoice(event, source=shop.source, payment=next(filter(None, names), None))

    return fetch((f"/v1/invoice_payments?invoice={invoice.id}&status=paid",), complete)


def _invoice(event: StripeInvoiceEvent, *, source: str, payment: str | None = None) -> Command:
    """What an invoice was paid for; credit of the customer's own paid the rest of its total."""
    invoice = event.data.object
    if not invoice.amount_paid or not invoice.total:
        return Ignored("nothing_paid")
    name = payment or invoice.payment_intent
    if not is_name(name):
        return Ignored("no_payment")
    return _paid(
        name,
        currency=invoice.currency,
        goods=(
            invoice.amount_paid * (invoice.total - invoice.tax) // invoice.total,
            invoice.amount_paid,
        ),
        named=(
            ("customer", invoice.customer),
            ("email", invoice.customer_email),
            ("phone", invoice.customer_phone),
        ),
        source=source,
        occurred_at=invoice.status_transitions.paid_at or event.created,
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
    occurred_at: datetime,
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
    return commands.paid(
        Order(
            source=source,
            order_id=payment,
            occurred_at=occurred_at,
            lines=tuple(lines),
            told_at=told_at,
        ),
        currency=currency,
        identities=commands.identities(named, source=source),
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


def _refund(event: StripeChargeEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A charge tells all that was given back so far: what is new is named by both totals."""
    charge, before = event.data.object, event.data.previous_attributes.amount_refunded
    if not is_name(charge.payment_intent):
        return Ignored("no_order")
    decimals = exponent(charge.currency)
    if decimals is None:
        return Parked("unknown_currency", "/data/object/currency")
    name = f"{charge.id}.{before}-{charge.amount_refunded}"
    if not is_name(name):
        return Parked("malformed", "/data/object/id")
    back = max(0, charge.amount_refunded - before)
    refund = given_back(
        name,
        occurred_at=event.created,
        amounts_minor={},
        amount_minor=_minor(back, charge.currency, decimals),
    )
    return commands.refunded(
        shop.source,
        charge.payment_intent,
        refund,
        currency=charge.currency,
        all_given_back=charge.refunded,
    )


def _minor(amount: int, currency: str, decimals: int) -> int:
    return minor(Decimal(amount).scaleb(-_OTHER_DECIMALS.get(currency, decimals)), decimals)


# The topic is a part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(CHECKOUT, reads(StripeSessionEvent, _checkout)),
    "invoice.paid": reads(StripeInvoiceEvent, _invoice_paid),
    "charge.refunded": reads(StripeChargeEvent, _refund),
    "customer.created": reads(StripeCustomerEvent, _customer),
    "customer.updated": reads(StripeCustomerEvent, _customer),
    "customer.deleted": reads(StripeCustomerEvent, _customer_gone),
    **dict.fromkeys(SUBSCRIPTION_TOPICS, reads(StripeSubscriptionEvent, _subscription)),
}
