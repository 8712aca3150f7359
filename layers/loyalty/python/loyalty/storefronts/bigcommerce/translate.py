"""Translate BigCommerce's webhooks into commands."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    CUSTOMER_DELETED,
    CUSTOMER_TOPICS,
    KEEPS_NOTHING,
    NO_PAYMENT,
    ORDER_TOPICS,
    PAID,
    BigCommerceCustomers,
    BigCommerceNamingEvent,
    BigCommerceOrder,
    BigCommerceProduct,
    BigCommerceRefund,
    BigCommerceRefundedItem,
    BigCommerceRefunds,
)
from loyalty.storefronts.payloads import (
    Topic,
    fetch,
    is_name,
    label,
    minor,
    reads,
)
from loyalty.storefronts.tenders import CARD, CASH, GIFT_CARD, tender_kind, tenders

# The line that a refunded item belongs to, by its type. A product has a line of its own.
_LINES: Final = {
    "SHIPPING": "shipping",
    "HANDLING": "shipping",
    "GIFT_WRAPPING": "shipping",
    "FEE": "fees",
    "TAX": "tax",
}
_TENDERS: Final = {
    "cash_on_delivery": CASH,
    "credit_card": CARD,
    "gift_certificate": GIFT_CARD,
    "test_payment_gateway": CARD,
}
# The line for all goods of an order that lists no products.
GOODS: Final = "goods"


_PRODUCTS: Final = TypeAdapter(tuple[BigCommerceProduct, ...])


def _customer(customers: BigCommerceCustomers, *, source: str) -> Command:
    if not customers.data:
        # Deleted since then; an event of its own reports that.
        return Ignored("no_customer")
    customer = customers.data[0]
    return commands.customer(
        str(customer.id),
        source=source,
        named=(("email", customer.email), ("phone", customer.phone)),
        names=(customer.first_name, customer.last_name),
        told_at=customer.date_modified,
    )


@dataclass(frozen=True, slots=True)
class _Currency:
    """The currency that an order counts in; `rate` is its price in the shopper's currency."""

    code: str
    decimals: int
    rate: Decimal

    def minor(self, amount: Decimal) -> int:
        """Convert an amount in the shopper's currency to minor units."""
        return minor(amount / self.rate, self.decimals)


def _currency(order: BigCommerceOrder) -> _Currency | None:
    """The shop's own currency if the order says its rate, else the shopper's; None if unknown."""
    code, rate = order.default_currency_code, Decimal(1)
    foreign_rate = order.store_default_to_transactional_exchange_rate
    if foreign_rate and order.store_default_currency_code not in (None, code):
        code, rate = order.store_default_currency_code or code, foreign_rate
    decimals = exponent(code)
    return None if decimals is None else _Currency(code, decimals, rate)


def _order(
    order: BigCommerceOrder,
    products: Sequence[BigCommerceProduct],
    refunds: Sequence[BigCommerceRefund],
    *,
    source: str,
    earns: OrderFilter,
) -> Command:
    told_at = order.date_modified or order.date_created
    if order.status_id in KEEPS_NOTHING or _has_no_payment(order):
        return OrderRefunded(
            source=source,
            order_id=str(order.id),
            refund=cancelled(occurred_at=told_at, is_revocable=True),
            currency=None,
            all_given_back=True,
            if_recorded=True,
        )
    if order.status_id not in PAID:
        return Ignored("not_paid")
    currency = _currency(order)
    if currency is None:
        return Parked("unknown_currency", "/default_currency_code")
    lines = tuple(_lines(order, products, currency=currency))
    by_id = {line.line_id: line for line in lines}
    requested = (
        _requested(refund, by_id, occurred_at=refund.created or told_at, currency=currency)
        for refund in refunds
    )
    return commands.paid(
        Order(
            source=source,
            order_id=str(order.id),
            occurred_at=order.date_created,
            lines=lines,
            channel=order.order_source if is_name(order.order_source) else None,
            tenders=tenders(
                (tender_kind(name, _TENDERS), currency.minor(paid)) for name, paid in order.payments
            ),
            told_at=told_at,
        ),
        currency=currency.code,
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
        discounts=[
            discount.code or "" for each in products for discount in each.applied_discounts or ()
        ],
        paid_currency=order.default_currency_code,
        products={str(each.id): str(each.product_id or "") for each in products},
    )


def _has_no_payment(order: BigCommerceOrder) -> bool:
    return (order.payment_status or "").lower() in NO_PAYMENT


def _lines(
    order: BigCommerceOrder, products: Sequence[BigCommerceProduct], *, currency: _Currency
) -> Iterable[Line]:
    """The lines. Goods share the order's total less its charges: only totals have all discounts."""
    net, gross = (
        _split(
            total,
            {"shipping": shipping, "fees": fees},
            {str(each.id): each.price[number] for each in products},
            currency=currency,
        )
        for number, (total, shipping, fees) in enumerate(
            zip(
                (order.total_ex_tax, order.total_inc_tax),
                order.shipping,
                order.charged or (None, None),
                strict=True,
            )
        )
    )
    for each in products:
        yield Line(
            line_id=str(each.id),
            sku=label(each.sku),
            category="gift_card" if each.type == "giftcertificate" else None,
            quantity=each.quantity,
            amount_minor=net[str(each.id)],
            gross_minor=gross[str(each.id)],
        )
    for name, category in ((GOODS, None), ("shipping", "shipping"), ("fees", "fee")):
        if gross.get(name):
            yield Line(
                line_id=name,
                sku=None,
                category=category,
                quantity=1,
                amount_minor=net[name],
                gross_minor=gross[name],
            )


def _split(
    total: Decimal,
    charges: Mapping[str, Decimal | None],
    prices: Mapping[str, Decimal],
    *,
    currency: _Currency,
) -> dict[str, int]:
    """Divide an order's total by line, in minor units: charges in full, and goods share the rest.

    A charge of None is not listed: it is the part of the total above goods and other charges. A
    negative charge is a discount, which the goods share. If less was paid than the charges, the
    goods were free. If no goods are listed, they are one line.
    """
    total_minor = max(0, currency.minor(total))
    weights = {name: currency.minor(price) for name, price in prices.items()}
    charged = {name: max(0, currency.minor(charge)) for name, charge in charges.items() if charge}
    if None in charges.values() and weights:
        unlisted = max(0, total_minor - sum(charged.values()) - sum(weights.values()))
        charged |= {name: unlisted for name, charge in charges.items() if charge is None}
    if sum(charged.values()) > total_minor:
        charged = apportion(total_minor, charged)
    goods_minor = total_minor - sum(charged.values())
    if not any(weights.values()):
        weights = dict.fromkeys(weights or (GOODS,), 1)
    return dict.fromkeys(charges, 0) | charged | apportion(goods_minor, weights)


def _requested(
    refund: BigCommerceRefund,
    lines: Mapping[str, Line],
    *,
    occurred_at: datetime,
    currency: _Currency,
) -> RequestedRefund:
    """What was paid back, by line as far as the refund's items say.

    The amounts requested for items are mostly before tax. They are taken as the money paid back
    only if they add up to it. Money paid back for the whole order belongs to no line.
    """
    back_minor = max(0, currency.minor(refund.paid_back))
    items = refund.items or ()
    as_paid = [(_line_of(item), _paid_back(item, lines, currency=currency)) for item in items]
    is_exact = sum(paid for _, paid in as_paid) == back_minor
    shares_minor: Counter[str] = Counter()
    for item, (name, paid) in zip(items, as_paid, strict=True):
        if item.item_type != "ORDER":
            shares_minor[name] += paid if is_exact else _worth(item, lines, currency=currency)
    return commands.shared_out(
        str(refund.id), occurred_at=occurred_at, back_minor=back_minor, shares_minor=shares_minor
    )


def _line_of(item: BigCommerceRefundedItem) -> str:
    return _LINES.get(item.item_type, str(item.item_id))


def _paid_back(
    item: BigCommerceRefundedItem, lines: Mapping[str, Line], *, currency: _Currency
) -> int:
    """The amount requested for an item, or the item's worth if no amount is given."""
    if item.requested_amount is None:
        return _worth(item, lines, currency=currency)
    return max(0, currency.minor(item.requested_amount))


def _worth(item: BigCommerceRefundedItem, lines: Mapping[str, Line], *, currency: _Currency) -> int:
    """What was paid for an item, with tax: by its units of the line, or else by the amount."""
    line = lines.get(_line_of(item))
    paid = line.paid_minor if line else 0
    if line and item.item_type == "PRODUCT" and item.quantity and line.quantity:
        return paid * min(item.quantity, line.quantity) // line.quantity
    if item.requested_amount is None:
        return 0 if item.item_type == "PRODUCT" else paid
    requested_minor = max(0, currency.minor(item.requested_amount))
    if line and line.amount_minor:
        return requested_minor * paid // line.amount_minor
    return requested_minor


def _order_event(event: BigCommerceNamingEvent, shop: SendingShop) -> Command | FetchNeeded:
    def complete(responses: Sequence[bytes]) -> Command:
        order, products, refunds = responses
        return _order(
            BigCommerceOrder.model_validate_json(order),
            # The API answers an empty list with no content.
            _PRODUCTS.validate_json(products or b"[]"),
            BigCommerceRefunds.model_validate_json(refunds or b"{}").data,
            source=shop.source,
            earns=shop.earns,
        )

    order_id = event.data.id
    paths = (
        # Without `include=fees` the answer has only a link to the fees.
        f"/v2/orders/{order_id}?include=fees",
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


# BigCommerce's topic is part of the signed body.
TOPICS: Final[Mapping[str, Topic[Command | FetchNeeded]]] = {
    **dict.fromkeys(ORDER_TOPICS, reads(BigCommerceNamingEvent, _order_event)),
    **dict.fromkeys(CUSTOMER_TOPICS, reads(BigCommerceNamingEvent, _customer_event)),
    CUSTOMER_DELETED: reads(BigCommerceNamingEvent, _customer_gone),
}
