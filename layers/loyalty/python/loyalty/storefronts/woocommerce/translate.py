"""What WooCommerce sends, as commands."""

from collections.abc import Iterable, Mapping, Sequence
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
    label,
    minor,
    reads,
)
from loyalty.storefronts.tenders import (
    CARD,
    CASH,
    GIFT_CARD,
    STORE_CREDIT,
    tender_kind,
    tenders,
)
from loyalty.storefronts.woocommerce.payload import (
    CANCELLED,
    GIVEN_UP,
    PAID,
    WooCommerceBilling,
    WooCommerceCharged,
    WooCommerceCustomer,
    WooCommerceLink,
    WooCommerceOrder,
    WooCommerceReference,
)

# The ids of payment methods: WooCommerce's own, and those of the plugins with the most shops.
_TENDERS: Final = {
    "cod": CASH,
    "gift_card": GIFT_CARD,
    "square_credit_card": CARD,
    "stripe": CARD,
    "stripe_cc": CARD,
    "wallet": STORE_CREDIT,
    "woocommerce_payments": CARD,
}


def _customer(customer: WooCommerceCustomer, shop: SendingShop) -> Command:
    billing = customer.billing or WooCommerceBilling()
    return _of_other_shop(customer.links.links, shop) or commands.customer(
        str(customer.id),
        source=shop.source,
        named=(("email", customer.email), ("phone", billing.phone)),
        names=(customer.first_name, customer.last_name),
        told_at=customer.date_modified_gmt or customer.date_created_gmt,
    )


def _deleted(_payload: WooCommerceReference, _shop: SendingShop) -> Command:
    """A deletion is a bare number, which may be that of a product, an order or a customer."""
    return Parked("unconfirmed_deletion")


def _of_other_shop(links: Sequence[WooCommerceLink], shop: SendingShop) -> Parked | None:
    """Park an order of a different shop: several shops may have been given the same secret."""
    hosts = {urlsplit(link.href).hostname for link in links}
    if shop.store is None or hosts == {shop.store}:
        return None
    return Parked(OTHER_SHOP, "/_links/self")


def _order(order: WooCommerceOrder, shop: SendingShop) -> Command:
    if other := _of_other_shop(order.links.links, shop):
        return other
    if order.status in CANCELLED:
        return _order_cancelled(order, source=shop.source)
    excluded = shop.earns.excludes(status=order.status, channel=order.created_via)
    if order.status not in PAID and (excluded or not shop.earns.statuses):
        return Ignored("not_paid")
    decimals = exponent(order.currency)
    if decimals is None:
        return Parked("unknown_currency", "/currency")
    billing = order.billing or WooCommerceBilling()
    return commands.paid(
        Order(
            source=shop.source,
            order_id=str(order.id),
            occurred_at=order.date_paid_gmt or order.date_created_gmt,
            lines=tuple(_lines(order, decimals=decimals)),
            channel=order.created_via if is_name(order.created_via) else None,
            tenders=tenders(
                (tender_kind(name, _TENDERS), minor(amount, decimals))
                for name, amount in order.payments
            ),
            told_at=order.told_at,
        ),
        currency=order.currency,
        identities=commands.identities(
            (
                ("customer", order.buyer_id),
                ("email", billing.email),
                ("phone", billing.phone),
            ),
            source=shop.source,
        ),
        refunds=tuple(_refunds(order, decimals=decimals)),
        pointer="/line_items",
        excluded=excluded,
        discounts=None
        if order.coupon_lines is None
        else [coupon.code or "" for coupon in order.coupon_lines],
        noted_codes=order.noted_codes,
        # A line that names no product has 0.
        products={
            str(item.id): item.product_id
            for item in order.line_items
            if item.product_id and item.product_id != "0"
        },
    )


def _order_cancelled(order: WooCommerceOrder, *, source: str) -> Command:
    """An order that was given up, refunded whole or not paid after all; it may be set back.

    Cash on delivery earns before it is paid, so the date of payment does not decide.
    """
    return OrderRefunded(
        source=source,
        order_id=str(order.id),
        refund=cancelled(occurred_at=order.told_at, is_revocable=True),
        currency=None,
        all_given_back=True,
        if_recorded=order.date_paid_gmt is None or order.status in GIVEN_UP,
    )


def _refunds(order: WooCommerceOrder, *, decimals: int) -> Iterable[RequestedRefund]:
    """Refunds are totals with shipping and tax, so they are for everything left of the order."""
    for refund in order.refunds:
        amount_minor = minor(abs(refund.total), decimals)
        if amount_minor:
            yield given_back(
                str(refund.id),
                occurred_at=order.told_at,
                amounts_minor={},
                amount_minor=amount_minor,
            )


def _lines(order: WooCommerceOrder, *, decimals: int) -> Iterable[Line]:
    """Goods, fees and shipping. A fee below zero is a discount: the goods share it.

    What it takes off beyond their price pays for shipping and fees, which are charges anyway.
    """
    off_net, off_gross = _discount(order, decimals=decimals)
    net = {str(item.id): minor(item.total, decimals) for item in order.line_items}
    gross = {
        str(item.id): minor(item.total + item.total_tax, decimals) for item in order.line_items
    }
    net_off = apportion(min(off_net, max(0, sum(net.values()))), net)
    gross_off = apportion(min(off_gross, max(0, sum(gross.values()))), gross)
    for item in order.line_items:
        name = str(item.id)
        yield Line(
            line_id=name,
            sku=label(item.sku),
            category="gift_card" if item.is_gift_card else None,
            quantity=item.quantity,
            amount_minor=net[name] - net_off[name],
            gross_minor=gross[name] - gross_off[name],
        )
    for fee in order.fee_lines:
        if fee.total > 0:
            yield _charge(f"fee-{fee.id}", "fee", (fee,), decimals=decimals)
    if any(line.total for line in order.shipping_lines):
        yield _charge("shipping", "shipping", order.shipping_lines, decimals=decimals)


def _discount(order: WooCommerceOrder, *, decimals: int) -> tuple[int, int]:
    below = [fee for fee in order.fee_lines if fee.total < 0]
    net = sum((fee.total for fee in below), Decimal(0))
    tax = sum((fee.total_tax for fee in below), Decimal(0))
    return minor(-net, decimals), minor(-net - tax, decimals)


def _charge(
    name: str, category: str, charges: Sequence[WooCommerceCharged], *, decimals: int
) -> Line:
    net = sum((each.total for each in charges), Decimal(0))
    tax = sum((each.total_tax for each in charges), Decimal(0))
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
    "order.deleted": reads(WooCommerceReference, _deleted),
    "customer.deleted": reads(WooCommerceReference, _deleted),
}
