"""What Square sends, as commands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.people.identity import IdentityKind, identify
from loyalty.domain.shops.memberships import MembershipUpdated
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    OrderFilter,
    OrderRefunded,
    Parked,
    SendingShop,
    cancelled,
    given_back,
)
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import Topic, fetch, is_name, label, name_of, reads
from loyalty.storefronts.square.payload import (
    CUSTOMER_TOPICS,
    ORDER_TOPICS,
    PAYMENT_TOPICS,
    REFUND_TOPICS,
    SUBSCRIPTION_TOPICS,
    SquareCustomerEvent,
    SquareMoney,
    SquareOrder,
    SquareOrderAnswer,
    SquareOrderEvent,
    SquarePayment,
    SquarePaymentAnswer,
    SquarePaymentEvent,
    SquareRefund,
    SquareRefundEvent,
    SquareSubscriptionEvent,
)
from loyalty.storefronts.tenders import CARD, GIFT_CARD, tender_kind, tenders

_OVER: Final = ("CANCELED", "COMPLETED", "DEACTIVATED")
_TENDERS: Final = {"square_gift_card": GIFT_CARD, "third_party_card": CARD}


def _customer(event: SquareCustomerEvent, shop: SendingShop) -> Command | FetchNeeded:
    customer = event.data.object.customer
    return commands.customer(
        customer.id,
        source=shop.source,
        named=(("email", customer.email_address), ("phone", customer.phone_number)),
        names=(customer.given_name, customer.family_name),
        told_at=customer.updated_at or event.created_at,
    )


def _customer_gone(event: SquareCustomerEvent, shop: SendingShop) -> Command | FetchNeeded:
    return commands.customer_erased(event.data.object.customer.id, source=shop.source)


def _subscription(event: SquareSubscriptionEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A membership, paid until the day to which it was charged. A pending one was not charged."""
    subscription = event.data.object.subscription
    charged_until = subscription.charged_through_date
    is_active = subscription.status == "ACTIVE"
    if subscription.status == "PENDING" or (is_active and charged_until is None):
        return Ignored("not_paid")
    ends_at = _noon(subscription.canceled_date)
    if subscription.status in _OVER:
        ends_at = min(ends_at or event.created_at, event.created_at)
    return MembershipUpdated(
        customer=identify("customer", subscription.customer_id, source=shop.source),
        membership_id=subscription.id,
        prices=tuple(
            name for name in (subscription.plan_variation_id, subscription.plan_id) if name
        ),
        began_at=_noon(subscription.start_date) or event.created_at,
        told_at=event.created_at,
        paid_until=_noon(charged_until),
        ends_at=ends_at,
        is_paused=subscription.status == "PAUSED",
    )


def _noon(day: date | None) -> datetime | None:
    """A day is as the seller's calendar has it: its noon is that day in the program's, too."""
    return datetime.combine(day, time(12), UTC) if day else None


def _of_payment(event: SquarePaymentEvent, shop: SendingShop) -> Command | FetchNeeded:
    payment = event.data.object.payment
    if payment.status != "COMPLETED":
        return Ignored("not_paid")
    if not payment.order_id:
        return Ignored("no_order")
    return _fetch_order(payment.order_id, shop, payment=payment)


def _of_refund(event: SquareRefundEvent, shop: SendingShop) -> Command | FetchNeeded:
    """A refund names its payment; the order that it names is one of its own."""
    refund = event.data.object.refund
    if refund.payment_id is None:
        return Ignored("no_order")
    if refund.status in (None, "PENDING"):
        return Ignored("refund_pending")
    if refund.status != "COMPLETED":
        return Ignored("nothing_given_back")

    def complete(responses: Sequence[bytes]) -> Command:
        payment = SquarePaymentAnswer.model_validate_json(responses[0]).payment
        refunded_at = refund.created_at or event.created_at or payment.created_at
        return _refunded(refund, payment, source=shop.source, refunded_at=refunded_at)

    return _fetch("payments", refund.payment_id, complete)


def _of_order(event: SquareOrderEvent, shop: SendingShop) -> Command | FetchNeeded:
    order = event.data.object.order_updated
    return Ignored("not_paid") if order.state == "DRAFT" else _fetch_order(order.order_id, shop)


def _fetch_order(
    order_id: str, shop: SendingShop, *, payment: SquarePayment | None = None
) -> Command | FetchNeeded:
    """The order as it is now; `payment` is the payment that an event reported, if it did."""

    def complete(responses: Sequence[bytes]) -> Command:
        order = SquareOrderAnswer.model_validate_json(responses[0]).order
        return _order(order, source=shop.source, payment=payment, earns=shop.earns)

    return _fetch("orders", order_id, complete)


def _fetch(
    resource: str, name: str, complete: Callable[[Sequence[bytes]], Command]
) -> Command | FetchNeeded:
    if not is_name(name):
        return Parked("malformed", "/data")
    return fetch((f"/v2/{resource}/{name}",), complete)


def _refunded(
    refund: SquareRefund, payment: SquarePayment, *, source: str, refunded_at: datetime
) -> Command:
    if not is_name(payment.order_id):
        return Ignored("no_order")
    back = given_back(
        name_of(refund.id),
        occurred_at=refunded_at,
        amounts_minor={},
        amount_minor=max(0, refund.amount_money.amount),
    )
    currency = refund.amount_money.currency
    if currency is None:
        return Parked("malformed", "/data/object/refund/amount_money/currency")
    return commands.refunded(source, payment.order_id, back, currency=currency)


def _order(
    order: SquareOrder,
    *,
    source: str,
    payment: SquarePayment | None,
    earns: OrderFilter,
) -> Command:
    """What an order means. Its lines name objects of the catalog, which have the SKUs."""
    if not is_name(order.id):
        return Parked("malformed", "/order/id")
    paid_at = payment.created_at if payment else order.closed_at or order.created_at
    updated_at = order.updated_at or order.created_at or paid_at
    if updated_at is None or paid_at is None:
        return Parked("malformed", "/order/created_at")
    if order.state == "CANCELED":
        return OrderRefunded(
            source=source,
            order_id=order.id,
            refund=cancelled(occurred_at=updated_at),
            currency=None,
            all_given_back=True,
            if_recorded=True,
        )
    if not _is_paid(order, by=payment):
        return Ignored("not_paid")
    if len(order.currencies) > 1:
        return Parked("mixed_currencies")
    if not order.currencies:
        return Parked("malformed", "/order/total_money")
    channel = order.source.name if order.source else None
    lines = list(_lines(order))
    return commands.paid(
        Order(
            source=source,
            order_id=order.id,
            occurred_at=paid_at,
            lines=tuple(lines),
            channel=channel if is_name(channel) else None,
            location=order.location_id if is_name(order.location_id) else None,
            tenders=tenders((tender_kind(name, _TENDERS), paid) for name, paid in order.payments),
            told_at=updated_at,
        ),
        currency=next(iter(order.currencies)),
        identities=commands.identities(_named(order, payment), source=source),
        pointer="/order/line_items",
        excluded=earns.excludes(status=order.state or "OPEN", channel=channel),
        # Square knows no codes of orders: a discount is called by the voucher's.
        discounts=[discount.name or "" for discount in order.discounts],
        noted_codes=order.metadata.promotion_code if order.metadata else None,
        products={
            line.line_id: item.catalog_object_id or ""
            for line, item in zip(lines, order.line_items, strict=False)
        },
    )


def _is_paid(order: SquareOrder, *, by: SquarePayment | None) -> bool:
    """Whether nothing is due: several payments may have to come before."""
    if order.net_amount_due_money is not None:
        return order.net_amount_due_money.amount <= 0 and bool(by or order.tenders)
    return by is not None or order.state == "COMPLETED"


def _named(
    order: SquareOrder, payment: SquarePayment | None
) -> Iterable[tuple[IdentityKind, str | None]]:
    yield "customer", order.customer_id
    if payment:
        yield "customer", payment.customer_id
    for tender in order.tenders:
        yield "customer", tender.customer_id
    if payment:
        yield "email", payment.buyer_email_address


def _lines(order: SquareOrder) -> Iterable[Line]:
    """Goods, service charges and the tip, each with its tax and without.

    Goods that came back in an exchange paid for a part of the others, and earned with the order
    that sold them: only the rest was paid here.
    """
    net = [item.paid - item.tax for item in order.line_items]
    gross = [item.paid for item in order.line_items]
    traded_in, traded_in_gross = order.traded_in
    net, gross = _less(net, traded_in), _less(gross, traded_in_gross)
    for number, item in enumerate(order.line_items, 1):
        yield Line(
            line_id=item.uid if is_name(item.uid) else f"line-{number}",
            sku=label(item.catalog_object_id),
            category="gift_card" if item.item_type == "GIFT_CARD" else None,
            quantity=item.quantity,
            amount_minor=net[number - 1],
            gross_minor=gross[number - 1],
        )
    for number, charge in enumerate(order.service_charges, 1):
        if _cents(charge.total_money) > 0:
            name = charge.uid if is_name(charge.uid) else str(number)
            paid = _cents(charge.total_money)
            is_tip = charge.type == "AUTO_GRATUITY"
            yield _charge(
                name_of(f"service-{name}"),
                "tip" if is_tip else "fee",
                paid - _cents(charge.total_tax_money),
                paid,
            )
    if (tip := _cents(order.total_tip_money)) > 0:
        yield _charge("tip", "tip", tip, tip)


def _less(amounts: Sequence[int], off: int) -> list[int]:
    """Amounts less their shares of a sum, down to nothing."""
    if off <= 0 or min(amounts, default=-1) < 0:
        return list(amounts)
    weights = {str(number): amount for number, amount in enumerate(amounts)}
    shares = apportion(min(off, sum(amounts)), weights)
    return [amount - shares[str(number)] for number, amount in enumerate(amounts)]


def _charge(name: str, category: str, amount_minor: int, gross_minor: int) -> Line:
    return Line(
        line_id=name,
        sku=None,
        category=category,
        quantity=1,
        amount_minor=amount_minor,
        gross_minor=gross_minor,
    )


def _cents(money: SquareMoney | None) -> int:
    return money.amount if money else 0


# The topic is a part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(PAYMENT_TOPICS, reads(SquarePaymentEvent, _of_payment)),
    **dict.fromkeys(REFUND_TOPICS, reads(SquareRefundEvent, _of_refund)),
    **dict.fromkeys(ORDER_TOPICS, reads(SquareOrderEvent, _of_order)),
    **dict.fromkeys(CUSTOMER_TOPICS, reads(SquareCustomerEvent, _customer)),
    "customer.deleted": reads(SquareCustomerEvent, _customer_gone),
    **dict.fromkeys(SUBSCRIPTION_TOPICS, reads(SquareSubscriptionEvent, _subscription)),
}
