"""What Square sends, as commands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import ROUND_CEILING, Decimal
from typing import Final

from loyalty.domain.orders.order import Line, Order
from loyalty.domain.people.identity import IdentityKind, identify
from loyalty.domain.shops.customers import MembershipTold
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
from loyalty.storefronts.payloads import Topic, fetch, is_name, name_of, reads, sku
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
    """A membership, as far as it was charged; one that is pending was not yet."""
    subscription = event.data.object.subscription
    is_active = subscription.status == "ACTIVE"
    if subscription.status == "PENDING" or (
        is_active and subscription.charged_through_date is None
    ):
        return Ignored("not_paid")
    return MembershipTold(
        customer=identify("customer", subscription.customer_id, source=shop.source),
        membership_id=subscription.id,
        plans=tuple(
            name for name in (subscription.plan_variation_id, subscription.plan_id) if name
        ),
        # A day is as the seller's calendar has it: its noon is that day in the program's, too.
        paid_until=datetime.combine(subscription.charged_through_date, time(12), UTC)
        if is_active and subscription.charged_through_date
        else None,
        told_at=event.created_at,
    )


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
    if refund.status == "PENDING":
        return Ignored("refund_pending")
    if refund.status != "COMPLETED":
        return Ignored("nothing_given_back")

    def complete(responses: Sequence[bytes]) -> Command:
        payment = SquarePaymentAnswer.model_validate_json(responses[0]).payment
        return _refunded(refund, payment, source=shop.source)

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


def _refunded(refund: SquareRefund, payment: SquarePayment, *, source: str) -> Command:
    if not is_name(payment.order_id):
        return Ignored("no_order")
    back = given_back(
        name_of(refund.id),
        occurred_at=refund.created_at,
        amounts_minor={},
        amount_minor=refund.amount_money.amount,
    )
    return commands.refunded(source, payment.order_id, back, currency=refund.amount_money.currency)


def _order(
    order: SquareOrder, *, source: str, payment: SquarePayment | None, earns: OrderFilter
) -> Command:
    if not is_name(order.id):
        return Parked("malformed", "/order/id")
    updated_at = order.updated_at or order.created_at
    if order.state == "CANCELED":
        if not order.tenders:
            return Ignored("not_paid")
        return OrderRefunded(
            source=source,
            order_id=order.id,
            refund=cancelled(occurred_at=updated_at),
            currency=None,
            all_given_back=True,
        )
    if not _is_paid(order, by=payment):
        return Ignored("not_paid")
    if len(order.currencies) > 1:
        return Parked("mixed_currencies")
    channel = order.source.name if order.source else None
    return commands.paid(
        Order(
            source=source,
            order_id=order.id,
            occurred_at=payment.created_at if payment else order.closed_at or order.created_at,
            lines=tuple(_lines(order)),
            channel=channel if is_name(channel) else None,
            told_at=updated_at,
        ),
        currency=order.total_money.currency,
        identities=commands.identities(_named(order, payment), source=source),
        pointer="/order/line_items",
        excluded=earns.excludes(status=order.state, channel=channel),
        # Square knows no codes of orders: a discount is called by the voucher's.
        discounts=[discount.name or "" for discount in order.discounts],
    )


def _is_paid(order: SquareOrder, *, by: SquarePayment | None) -> bool:
    """Whether nothing is due: several payments may have to come before."""
    if order.net_amount_due_money is not None:
        return order.net_amount_due_money.amount == 0 and bool(by or order.tenders)
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
    """Goods, service charges and the tip, each with its tax and without."""
    for number, item in enumerate(order.line_items, 1):
        paid = _cents(item.total_money) - _cents(item.total_service_charge_money)
        yield Line(
            line_id=item.uid if is_name(item.uid) else f"line-{number}",
            sku=sku(item.catalog_object_id),
            category="gift_card" if item.item_type == "GIFT_CARD" else None,
            quantity=int(Decimal(item.quantity).to_integral_value(ROUND_CEILING)),
            amount_minor=paid - _cents(item.total_tax_money),
            gross_minor=paid,
        )
    for number, charge in enumerate(order.service_charges, 1):
        if _cents(charge.total_money):
            name = charge.uid if is_name(charge.uid) else str(number)
            paid = _cents(charge.total_money)
            is_tip = charge.type == "AUTO_GRATUITY"
            yield _charge(
                name_of(f"service-{name}"),
                "tip" if is_tip else "fee",
                paid - _cents(charge.total_tax_money),
                paid,
            )
    if tip := _cents(order.total_tip_money):
        yield _charge("tip", "tip", tip, tip)


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
