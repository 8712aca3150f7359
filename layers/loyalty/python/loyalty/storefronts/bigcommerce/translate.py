"""What BigCommerce sends, as commands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    OrderFilter,
    OrderRefunded,
    Parked,
    SendingShop,
    cancelled,
)
from loyalty.storefronts import commands
from loyalty.storefronts.bigcommerce.payload import (
    CANCELLED,
    CUSTOMER_DELETED,
    CUSTOMER_TOPICS,
    NEVER_PAID,
    ORDER_TOPICS,
    PAID,
    REFUNDED,
    BigCommerceCustomers,
    BigCommerceNamingEvent,
    BigCommerceOrder,
    BigCommerceProduct,
    BigCommerceRefund,
    BigCommerceRefunds,
)
from loyalty.storefronts.payloads import (
    Topic,
    fetch,
    is_name,
    minor,
    reads,
    sku,
)

# What a refunded item is of, in our lines; a product is of its own.
_LINES: Final = {
    "SHIPPING": "shipping",
    "HANDLING": "shipping",
    "GIFT_WRAPPING": "shipping",
    "FEE": "fees",
}


_PRODUCTS: Final = TypeAdapter(tuple[BigCommerceProduct, ...])


def _customer(customers: BigCommerceCustomers, *, source: str) -> Command:
    if not customers.data:
        # Deleted since; that is told by an event of its own.
        return Ignored("no_customer")
    customer = customers.data[0]
    return commands.customer(
        str(customer.id),
        source=source,
        named=(("email", customer.email), ("phone", customer.phone)),
        names=(customer.first_name, customer.last_name),
        told_at=customer.date_modified,
    )


def _order(
    order: BigCommerceOrder,
    products: Sequence[BigCommerceProduct],
    refunds: Sequence[BigCommerceRefund],
    *,
    source: str,
    earns: OrderFilter,
) -> Command:
    told_at = order.date_modified or order.date_created
    if order.status_id in (REFUNDED, CANCELLED):
        if order.payment_status in NEVER_PAID:
            return Ignored("not_paid")
        return OrderRefunded(
            source=source,
            order_id=str(order.id),
            refund=cancelled(occurred_at=told_at),
            currency=None,
            all_given_back=True,
        )
    if order.status_id not in PAID:
        return Ignored("not_paid")
    decimals = exponent(order.default_currency_code)
    if decimals is None:
        return Parked("unknown_currency", "/default_currency_code")
    lines = tuple(_lines(order, products, decimals=decimals))
    paid_minor = {line.line_id: (line.paid_minor, line.quantity) for line in lines}
    requested = (
        _requested(refund, paid_minor, occurred_at=refund.created or told_at, decimals=decimals)
        for refund in refunds
    )
    return commands.paid(
        Order(
            source=source,
            order_id=str(order.id),
            occurred_at=order.date_created,
            lines=lines,
            channel=order.order_source if is_name(order.order_source) else None,
            told_at=told_at,
        ),
        currency=order.default_currency_code,
        identities=commands.identities(
            (
                ("customer", str(order.customer_id) if order.customer_id else None),
                ("email", order.billing_address.email),
                ("phone", order.billing_address.phone),
            ),
            source=source,
        ),
        refunds=tuple(refund for refund in requested if commands.given_back_minor(refund)),
        pointer="/products",
        excluded=earns.excludes(status=PAID[order.status_id], channel=order.order_source),
        discounts=[discount.code or "" for each in products for discount in each.applied_discounts],
    )


def _lines(
    order: BigCommerceOrder, products: Sequence[BigCommerceProduct], *, decimals: int
) -> Iterable[Line]:
    """The goods share what the order cost less its charges: its totals know all discounts."""
    (shipping, shipping_paid), (fees, fees_paid) = order.shipping, order.charged
    net = apportion(
        minor(order.total_ex_tax - shipping - fees, decimals),
        {
            str(each.id): minor(max(Decimal(0), each.total_ex_tax - _off(each)), decimals)
            for each in products
        },
    )
    gross = apportion(
        minor(order.total_inc_tax - shipping_paid - fees_paid, decimals),
        {
            str(each.id): minor(max(Decimal(0), each.total_inc_tax - _off(each)), decimals)
            for each in products
        },
    )
    for each in products:
        yield Line(
            line_id=str(each.id),
            sku=sku(each.sku),
            category="gift_card" if each.type == "giftcertificate" else None,
            quantity=each.quantity,
            amount_minor=net[str(each.id)],
            gross_minor=gross[str(each.id)],
        )
    for name, category, amount, paid in (
        ("shipping", "shipping", shipping, shipping_paid),
        ("fees", "fee", fees, fees_paid),
    ):
        if paid:
            yield Line(
                line_id=name,
                sku=None,
                category=category,
                quantity=1,
                amount_minor=minor(amount, decimals),
                gross_minor=minor(paid, decimals),
            )


def _off(product: BigCommerceProduct) -> Decimal:
    return sum((each.amount for each in product.applied_discounts), Decimal(0))


def _requested(
    refund: BigCommerceRefund,
    paid_minor: Mapping[str, tuple[int, int]],
    *,
    occurred_at: datetime,
    decimals: int,
) -> RequestedRefund:
    """What was given back; what an item was refunded for is told, or is its part of the line.

    Money that was given back for the whole order is of no item.
    """
    shares_minor: dict[str, int] = {}
    for item in refund.items:
        if item.item_type == "ORDER":
            continue
        name = _LINES.get(item.item_type, str(item.item_id))
        paid, units = paid_minor.get(name, (0, 0))
        share = paid * min(item.quantity or 0, units) // units if units else 0
        if item.item_type != "PRODUCT":
            share = paid
        if item.requested_amount is not None:
            share = minor(max(Decimal(0), item.requested_amount), decimals)
        shares_minor[name] = shares_minor.get(name, 0) + share
    back = sum((each.amount for each in refund.payments if not each.is_declined), Decimal(0))
    return commands.shared_out(
        str(refund.id),
        occurred_at=occurred_at,
        back_minor=max(0, minor(back, decimals)),
        shares_minor=shares_minor,
    )


def _order_event(event: BigCommerceNamingEvent, shop: SendingShop) -> Command | FetchNeeded:
    def complete(responses: Sequence[bytes]) -> Command:
        order, products, refunds = responses
        return _order(
            BigCommerceOrder.model_validate_json(order),
            # An empty list comes as no content.
            _PRODUCTS.validate_json(products or b"[]"),
            BigCommerceRefunds.model_validate_json(refunds or b"{}").data,
            source=shop.source,
            earns=shop.earns,
        )

    order_id = event.data.id
    paths = (
        f"/v2/orders/{order_id}",
        f"/v2/orders/{order_id}/products?limit=250",
        f"/v3/orders/{order_id}/payment_actions/refunds",
    )
    return event.of_other_shop(shop) or fetch(paths, complete)


def _customer_event(event: BigCommerceNamingEvent, shop: SendingShop) -> Command | FetchNeeded:
    def complete(responses: Sequence[bytes]) -> Command:
        customers = BigCommerceCustomers.model_validate_json(responses[0] or b"{}")
        return _customer(customers, source=shop.source)

    fetch_needed = fetch((f"/v3/customers?id:in={event.data.id}",), complete)
    return event.of_other_shop(shop) or fetch_needed


def _customer_gone(event: BigCommerceNamingEvent, shop: SendingShop) -> Command | FetchNeeded:
    return event.of_other_shop(shop) or commands.customer_erased(
        str(event.data.id), source=shop.source
    )


# The topic is a part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(ORDER_TOPICS, reads(BigCommerceNamingEvent, _order_event)),
    **dict.fromkeys(CUSTOMER_TOPICS, reads(BigCommerceNamingEvent, _customer_event)),
    CUSTOMER_DELETED: reads(BigCommerceNamingEvent, _customer_gone),
}
