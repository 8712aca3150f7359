"""What WooCommerce sends, as commands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.shops.storefront import (
    OTHER_SHOP,
    Command,
    Ignored,
    OrderRefunded,
    Parked,
    SendingShop,
    cancelled,
    given_back,
)
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import (
    Topic,
    is_name,
    minor,
    reads,
    sku,
)
from loyalty.storefronts.woocommerce.payload import (
    CANCELLED,
    PAID,
    WooCommerceCharged,
    WooCommerceCustomer,
    WooCommerceLink,
    WooCommerceOrder,
    WooCommerceReference,
)


def _customer(told: WooCommerceCustomer, shop: SendingShop) -> Command:
    return _of_other_shop(told.links.links, shop) or commands.customer(
        str(told.id),
        source=shop.source,
        named=(("email", told.email), ("phone", told.billing.phone)),
        names=(told.first_name, told.last_name),
        told_at=told.date_modified_gmt or told.date_created_gmt,
    )


def _customer_gone(_payload: WooCommerceReference, _shop: SendingShop) -> Command:
    """Whatever is deleted is told by its number alone: this may have been a product or an order."""
    return Parked("unconfirmed_deletion")


def _of_other_shop(links: Sequence[WooCommerceLink], shop: SendingShop) -> Parked | None:
    """One secret may sign for several shops, where somebody chose the same for them."""
    hosts = {urlsplit(link.href).hostname for link in links}
    if shop.store is None or hosts == {shop.store}:
        return None
    return Parked(OTHER_SHOP, "/_links/self")


def _order(told: WooCommerceOrder, shop: SendingShop) -> Command:
    if other := _of_other_shop(told.links.links, shop):
        return other
    if told.status in CANCELLED:
        return _order_cancelled(told, source=shop.source)
    excluded = shop.earns.excludes(status=told.status, channel=told.created_via)
    if told.status not in PAID and (excluded or not shop.earns.statuses):
        return Ignored("not_paid")
    decimals = exponent(told.currency)
    if decimals is None:
        return Parked("unknown_currency", "/currency")
    told_at = told.date_modified_gmt or told.date_created_gmt
    return commands.paid(
        Order(
            source=shop.source,
            order_id=str(told.id),
            occurred_at=told.date_paid_gmt or told.date_created_gmt,
            lines=tuple(_lines(told, decimals=decimals)),
            channel=told.created_via if is_name(told.created_via) else None,
            told_at=told_at,
        ),
        currency=told.currency,
        identities=commands.identities(
            (
                ("customer", str(told.customer_id) if told.customer_id else None),
                ("email", told.billing.email),
                ("phone", told.billing.phone),
            ),
            source=shop.source,
        ),
        refunds=tuple(_refunds(told, at=told_at, decimals=decimals)),
        pointer="/line_items",
        excluded=excluded,
        discounts=None if told.coupon_lines is None else [c.code for c in told.coupon_lines],
    )


def _order_cancelled(told: WooCommerceOrder, *, source: str) -> Command:
    """A status is all that is told, and an order that is refunded whole has one of its own."""
    if told.date_paid_gmt is None:
        return Ignored("not_paid")
    at = told.date_modified_gmt or told.date_created_gmt
    return OrderRefunded(
        source=source,
        order_id=str(told.id),
        refund=cancelled(at=at),
        currency=None,
        all_given_back=True,
    )


def _refunds(told: WooCommerceOrder, *, at: datetime, decimals: int) -> Iterable[RequestedRefund]:
    """Totals with shipping and tax and without a line; of what is left of the whole order."""
    for refund in told.refunds:
        amount_minor = minor(abs(refund.total), decimals)
        if amount_minor:
            yield given_back(str(refund.id), at=at, amounts_minor={}, amount_minor=amount_minor)


def _lines(told: WooCommerceOrder, *, decimals: int) -> Iterable[Line]:
    """Goods, fees and shipping. A fee below zero is a discount: the goods share it."""
    off_net, off_gross = _discount(told, decimals=decimals)
    net = {str(item.id): minor(item.total, decimals) for item in told.line_items}
    gross = {str(item.id): minor(item.total + item.total_tax, decimals) for item in told.line_items}
    net_off, gross_off = apportion(off_net, net), apportion(off_gross, gross)
    for item in told.line_items:
        name = str(item.id)
        yield Line(
            line_id=name,
            sku=sku(item.sku),
            category=None,
            quantity=item.quantity,
            amount_minor=net[name] - net_off[name],
            gross_minor=gross[name] - gross_off[name],
        )
    for fee in told.fee_lines:
        if fee.total > 0:
            yield _charge(f"fee-{fee.id}", "fee", (fee,), decimals=decimals)
    if any(line.total for line in told.shipping_lines):
        yield _charge("shipping", "shipping", told.shipping_lines, decimals=decimals)


def _discount(told: WooCommerceOrder, *, decimals: int) -> tuple[int, int]:
    below = [fee for fee in told.fee_lines if fee.total < 0]
    net = sum((fee.total for fee in below), Decimal(0))
    tax = sum((fee.total_tax for fee in below), Decimal(0))
    return minor(-net, decimals), minor(-net - tax, decimals)


def _charge(name: str, category: str, told: Sequence[WooCommerceCharged], *, decimals: int) -> Line:
    net = sum((each.total for each in told), Decimal(0))
    tax = sum((each.total_tax for each in told), Decimal(0))
    return Line(
        line_id=name,
        sku=None,
        category=category,
        quantity=1,
        amount_minor=minor(net, decimals),
        gross_minor=minor(net + tax, decimals),
    )


TOPICS: Final[Mapping[str, Topic[Command]]] = {
    "order.created": reads(WooCommerceOrder, _order),
    "order.updated": reads(WooCommerceOrder, _order),
    "order.restored": reads(WooCommerceOrder, _order),
    "customer.created": reads(WooCommerceCustomer, _customer),
    "customer.updated": reads(WooCommerceCustomer, _customer),
    "customer.deleted": reads(WooCommerceReference, _customer_gone),
}
