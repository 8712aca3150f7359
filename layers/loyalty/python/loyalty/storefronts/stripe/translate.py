"""Translate Stripe's webhooks into commands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.people.identity import IdentityKind, identify
from loyalty.domain.shops.memberships import MembershipUpdated
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    OrderFilter,
    Parked,
    RefundFailed,
    SendingShop,
    given_back,
)
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import Topic, fetch, is_name, minor, reads
from loyalty.storefronts.stripe.payload import (
    CHARGE_TOPICS,
    CHECKOUT,
    NEVER_PAID,
    PAYING,
    PAYMENT_TOPIC,
    REFUND_TOPICS,
    SUBSCRIPTION_TOPICS,
    StripeChargeEvent,
    StripeCustomerEvent,
    StripeDisputeEvent,
    StripeInvoiceEvent,
    StripeInvoicePayment,
    StripeLine,
    StripeLines,
    StripePaidChargeEvent,
    StripePaymentEvent,
    StripePayments,
    StripePerson,
    StripeRefundEvent,
    StripeSessionEvent,
    StripeSubscription,
    StripeSubscriptionEvent,
    tags_of,
)
from loyalty.storefronts.stripe.tenders import only_method, paid_by, with_tenders

# Stripe creates the events of one payment within seconds, in no certain order.
HEAD_START: Final = timedelta(minutes=1)
# Payments made outside of Checkout and invoices earn only if a connection names this channel.
PAYMENT_CHANNEL: Final = "payment"
CHANNELS: Final = ("checkout", "invoice", PAYMENT_CHANNEL)

type _InvoiceParts = tuple[tuple[str | None, int], ...]
"""The payments of an invoice, by name, and what each of them paid."""

# The goods of a payment, as long as nothing depends on their products.
GOODS: Final = "goods"

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
    """A membership by its prices and products, as it was when the event was created.

    A failed payment and an invoice that is paid change the subscription, too, so no event of
    invoices is needed. A renewal moves the period even if it was not paid: then what was paid ends
    where the period began.
    """
    subscription = event.data.object
    if not is_name(subscription.customer):
        return Parked("malformed", "/data/object/customer")
    if subscription.status in NEVER_PAID:
        return Ignored("not_paid")
    if subscription.status in PAYING and subscription.period_ends_at is None:
        return Parked("malformed", "/data/object/items/data/0/current_period_end")
    named = (
        name for each in subscription.items.data for name in (each.price.id, each.price.product)
    )
    has_ended = subscription.status == "canceled"
    pause = subscription.pause_collection
    return MembershipUpdated(
        customer=identify("customer", subscription.customer, source=shop.source),
        membership_id=subscription.id,
        prices=tuple(name for name in named if name),
        began_at=subscription.start_date or event.created,
        told_at=event.created,
        trial_until=subscription.trial_end,
        paid_until=_paid_until(subscription),
        ends_at=(subscription.ends_at or event.created) if has_ended else subscription.ends_at,
        is_paused=subscription.status == "paused" or pause is not None,
        resumes_at=pause.resumes_at if pause else None,
    )


def _paid_until(subscription: StripeSubscription) -> datetime | None:
    """The end of what was paid; None: nothing was, as in a trial."""
    if subscription.status == "trialing":
        return None if subscription.trial_end else subscription.period_ends_at
    if subscription.status == "paused":
        return None
    return subscription.period_began_at if subscription.owes else subscription.period_ends_at


def _checkout(event: StripeSessionEvent, shop: SendingShop) -> Command | FetchNeeded:
    """The order of a checkout. Invoices and subscriptions have events of their own."""
    session = event.data.object
    if session.mode == "subscription" or session.invoice:
        return Ignored("told_by_invoice")
    if session.payment_status == "unpaid":
        return Ignored("not_paid")
    if not session.amount_total or not session.currency:
        return Ignored("nothing_paid")
    if not is_name(session.payment_intent):
        return Parked("malformed", "/data/object/payment_intent")
    chooses_by_price = _chooses_by_price(shop.earns)
    if not (chooses_by_price or shop.names_products) or not is_name(session.id):
        return _checkout_paid(event, StripeLines(), shop=shop)

    def complete(responses: Sequence[bytes]) -> Command | FetchNeeded:
        lines = StripeLines.model_validate_json(responses[0])
        return _checkout_paid(event, lines, shop=shop)

    return fetch((f"/v1/checkout/sessions/{session.id}/line_items?limit=100",), complete)


def _chooses_by_price(earns: OrderFilter) -> bool:
    """Whether the lines of a checkout must be read, because its event lists none."""
    tags = (*earns.tags_any, *earns.tags_none)
    return any(tag.casefold().startswith(("price_", "prod_", "plan_")) for tag in tags)


def _checkout_paid(
    event: StripeSessionEvent, lines: StripeLines, *, shop: SendingShop
) -> Command | FetchNeeded:
    session = event.data.object
    person = session.customer_details or StripePerson()
    paid = _paid(
        session.payment_intent or "",
        currency=session.currency or "",
        goods=session.goods,
        shipping=session.shipping,
        named=(
            ("customer", session.customer),
            ("customer", session.client_reference_id),
            ("email", person.email or session.customer_email),
            ("phone", person.phone),
        ),
        channel="checkout",
        tags=(*lines.tags, *tags_of(session.metadata)),
        lines=lines.data,
        shop=shop,
        occurred_at=event.created,
        told_at=event.created,
        method=only_method(session.payment_method_types),
        noted=session.metadata,
        promotion_codes=session.promotion_codes,
    )
    return with_tenders((paid,), shop)


def _invoice_paid(event: StripeInvoiceEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A paid invoice. If it does not name its payment, its payments must be read first."""
    invoice = event.data.object
    if not invoice.amount_paid or invoice.total <= 0:
        return Ignored("nothing_paid")
    lines = invoice.lines or StripeLines()
    must_read_lines = shop.names_products and lines.has_more and is_name(invoice.id)
    knows_payment = "payment_intent" in invoice.model_fields_set
    whole: _InvoiceParts = ((invoice.payment_intent, invoice.amount_paid),)
    if knows_payment and not must_read_lines:
        return _invoice(event, whole, lines.data, shop=shop)
    if not is_name(invoice.id):
        return Parked("malformed", "/data/object/id")
    paths = [] if knows_payment else [f"/v1/invoice_payments?invoice={invoice.id}&status=paid"]
    if must_read_lines:
        paths.append(f"/v1/invoices/{invoice.id}/lines?limit=100")

    def complete(responses: Sequence[bytes]) -> Command | FetchNeeded:
        parts = whole
        if not knows_payment:
            payments = StripePayments.model_validate_json(responses[0]).data
            parts = _parts(payments, invoice.amount_paid)
        read = StripeLines.model_validate_json(responses[-1]) if must_read_lines else lines
        return _invoice(event, parts, read.data, shop=shop)

    return fetch(tuple(paths), complete)


def _parts(payments: Sequence[StripeInvoicePayment], amount_paid: int) -> _InvoiceParts:
    """The payments of an invoice through Stripe with their amounts, in a stable order."""
    amounts = {each.name: each.amount_paid for each in payments if each.name}
    if len(amounts) == 1 or None in amounts.values():
        return tuple((name, amount_paid) for name in list(amounts)[:1])
    return tuple(sorted((name, amount or 0) for name, amount in amounts.items()))


def _invoice(
    event: StripeInvoiceEvent,
    parts: _InvoiceParts,
    lines: Sequence[StripeLine],
    *,
    shop: SendingShop,
) -> Command | FetchNeeded:
    """The orders of a paid invoice, one for each payment.

    The rest of the total was paid with the customer's credit.
    """
    invoice = event.data.object
    commands_of_parts = []
    paid_before = 0
    for name, paid in parts:
        if not is_name(name) or not paid:
            continue
        net_before, net = (
            amount * (invoice.total - invoice.tax) // invoice.total
            for amount in (paid_before, paid_before + paid)
        )
        paid_before += paid
        commands_of_parts.append(
            _paid(
                name,
                currency=invoice.currency,
                goods=(net - net_before, paid),
                named=(
                    ("customer", invoice.customer),
                    ("email", invoice.customer_email),
                    ("phone", invoice.customer_phone),
                ),
                channel="invoice",
                tags=invoice.tags,
                lines=lines,
                shop=shop,
                occurred_at=invoice.status_transitions.paid_at or event.created,
                told_at=event.created,
                noted=invoice.metadata,
            )
        )
    return with_tenders(commands_of_parts, shop)


def _payment(event: StripePaymentEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A payment that seems to be made outside of Checkout and invoices.

    If it does belong to one of them, that is the same order, and their event has more details. So
    this version of the order is dated before theirs, and the version from a charge is the oldest.
    """
    payment = event.data.object
    return _bare_payment(
        payment.id,
        currency=payment.currency,
        paid=payment.amount_received,
        tip=payment.tip,
        named=(("customer", payment.customer), ("email", payment.receipt_email)),
        is_invoiced=payment.invoice is not None,
        method=only_method(payment.payment_method_types),
        metadata=payment.metadata,
        shop=shop,
        occurred_at=event.created,
        told_at=event.created - HEAD_START,
    )


def _charge_paid(event: StripePaidChargeEvent, shop: SendingShop) -> Command | FetchNeeded:
    """The order of a charge. A charge says more about the customer than its payment does."""
    charge = event.data.object
    if not charge.captured:
        return Ignored("not_paid")
    person = charge.billing_details or StripePerson()
    return _bare_payment(
        charge.payment_intent or charge.id,
        currency=charge.currency,
        paid=charge.amount_captured,
        tip=0,
        named=(
            ("customer", charge.customer),
            ("email", person.email or charge.receipt_email),
            ("phone", person.phone),
        ),
        is_invoiced=charge.invoice is not None,
        method=charge.payment_method_details.type if charge.payment_method_details else None,
        metadata=charge.metadata,
        shop=shop,
        occurred_at=event.created,
        told_at=None,
    )


def _counts_payments(shop: SendingShop) -> bool:
    return PAYMENT_CHANNEL in (channel.casefold() for channel in shop.earns.channels)


def _bare_payment(
    payment_id: str,
    *,
    currency: str,
    paid: int,
    tip: int,
    named: Iterable[tuple[IdentityKind, str | None]],
    is_invoiced: bool,
    method: str | None,
    metadata: dict[str, str],
    shop: SendingShop,
    occurred_at: datetime,
    told_at: datetime | None,
) -> Command | FetchNeeded:
    """An order of which only the total is known. It earns only if the connection allows that."""
    if is_invoiced:
        return Ignored("told_by_invoice")
    if not _counts_payments(shop):
        return Ignored("channel_excluded")
    if not paid:
        return Ignored("nothing_paid")
    if not is_name(payment_id):
        return Parked("malformed", "/data/object/id")
    order = _paid(
        payment_id,
        currency=currency,
        goods=(paid - tip, paid - tip),
        tip=tip,
        named=named,
        channel=PAYMENT_CHANNEL,
        tags=tags_of(metadata),
        shop=shop,
        occurred_at=occurred_at,
        told_at=told_at,
        method=method,
        noted=metadata,
    )
    return with_tenders((order,), shop)


def _paid(
    payment: str,
    *,
    currency: str,
    goods: tuple[int, int],
    shipping: tuple[int, int] = (0, 0),
    tip: int = 0,
    named: Iterable[tuple[IdentityKind, str | None]],
    channel: str,
    tags: Sequence[str],
    shop: SendingShop,
    occurred_at: datetime,
    told_at: datetime | None,
    method: str | None = None,
    noted: Mapping[str, str],
    promotion_codes: str | None = None,
    lines: Sequence[StripeLine] = (),
) -> Command:
    """An order of one line and its charges, each without and with tax.

    If its products matter, the goods are a line for each line of the checkout or invoice. `method`
    is how it was paid, None if that is not known. `noted` is metadata that the shop wrote.
    """
    code, location = noted.get("voucher_code"), noted.get("location")
    decimals = exponent(currency)
    if decimals is None:
        return Parked("unknown_currency", "/data/object/currency")
    sold = {each.id: each for each in lines if is_name(each.id)} if shop.names_products else {}
    if not any(each.worth for each in sold.values()):
        sold = {}
    weights = {name: each.worth for name, each in sold.items()} or {GOODS: 1}
    net, gross = (apportion(_minor(each, currency, decimals), weights) for each in goods)
    order_lines = [_line(name, None, net[name], gross[name]) for name in weights]
    for name, charged in (("shipping", shipping), ("tip", (tip, tip))):
        if any(charged):
            charge = (_minor(each, currency, decimals) for each in charged)
            order_lines.append(_line(name, name, *charge))
    order = Order(
        source=shop.source,
        order_id=payment,
        occurred_at=occurred_at,
        lines=tuple(order_lines),
        channel=channel,
        told_at=told_at,
        location=location if is_name(location) else None,
    )
    return commands.paid(
        paid_by(order, method),
        currency=currency,
        identities=commands.identities(named, source=shop.source),
        pointer="/data/object",
        excluded=shop.earns.excludes(channel=channel, tags=tags),
        discounts=None if code is None else [code],
        noted_codes=promotion_codes or noted.get(commands.NOTED_CODES),
        products={name: each.product or "" for name, each in sold.items()},
    )


def _line(name: str, category: str | None, net_minor: int, gross_minor: int) -> Line:
    return Line(
        line_id=name,
        sku=None,
        category=category,
        quantity=1,
        amount_minor=net_minor,
        gross_minor=gross_minor,
    )


def _refund(event: StripeChargeEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A charge states the total refunded so far; the new refund is named by both totals."""
    charge, before = event.data.object, event.data.previous_attributes.amount_refunded
    order_id = charge.payment_intent
    if order_id is None and _counts_payments(shop):
        order_id = charge.id
    if not is_name(order_id):
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
        order_id,
        refund,
        currency=charge.currency,
        all_given_back=charge.refunded,
    )


def _refund_changed(event: StripeRefundEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A refund failed or was canceled: its money came back to the shop."""
    refund = event.data.object
    if refund.status not in ("failed", "canceled"):
        return Ignored("nothing_given_back")
    order_id = refund.payment_intent or refund.charge
    if not is_name(order_id) or not is_name(refund.charge):
        return Ignored("no_order")
    if not is_name(refund.id):
        return Parked("malformed", "/data/object/id")
    decimals = exponent(refund.currency) if refund.currency else None
    return RefundFailed(
        source=shop.source,
        order_id=order_id,
        failure_id=refund.id,
        id_prefix=f"{refund.charge}.",
        amount_minor=refund.amount
        if decimals is None or refund.currency is None
        else _minor(refund.amount, refund.currency, decimals),
        failed_at=event.created,
    )


def _dispute(event: StripeDisputeEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A lost dispute returns the money to the customer; until then the order keeps its points."""
    dispute = event.data.object
    if dispute.status != "lost":
        return Ignored("nothing_given_back")
    order_id = dispute.payment_intent or dispute.charge
    if not is_name(order_id):
        return Ignored("no_order")
    decimals = exponent(dispute.currency)
    if decimals is None:
        return Parked("unknown_currency", "/data/object/currency")
    if not is_name(dispute.id):
        return Parked("malformed", "/data/object/id")
    refund = given_back(
        dispute.id,
        occurred_at=event.created,
        amounts_minor={},
        amount_minor=_minor(dispute.amount, dispute.currency, decimals),
    )
    return commands.refunded(shop.source, order_id, refund, currency=dispute.currency)


def _minor(amount: int, currency: str, decimals: int) -> int:
    return minor(Decimal(amount).scaleb(-_OTHER_DECIMALS.get(currency, decimals)), decimals)


# The topic is a part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(CHECKOUT, reads(StripeSessionEvent, _checkout)),
    "invoice.paid": reads(StripeInvoiceEvent, _invoice_paid),
    PAYMENT_TOPIC: reads(StripePaymentEvent, _payment),
    **dict.fromkeys(CHARGE_TOPICS, reads(StripePaidChargeEvent, _charge_paid)),
    **dict.fromkeys(REFUND_TOPICS, reads(StripeRefundEvent, _refund_changed)),
    "charge.dispute.closed": reads(StripeDisputeEvent, _dispute),
    "charge.refunded": reads(StripeChargeEvent, _refund),
    "customer.created": reads(StripeCustomerEvent, _customer),
    "customer.updated": reads(StripeCustomerEvent, _customer),
    "customer.deleted": reads(StripeCustomerEvent, _customer_gone),
    **dict.fromkeys(SUBSCRIPTION_TOPICS, reads(StripeSubscriptionEvent, _subscription)),
}
