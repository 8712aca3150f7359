"""Build the commands that every platform's payloads become: paid orders, refunds, customers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.limits import AMOUNT_MINOR_MAX
from loyalty.domain.kernel.text import as_line
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.order_vouchers import code_of, codes_among
from loyalty.domain.orders.order import (
    LINES_MAX,
    PROMOTION_CODES_MAX,
    Line,
    Order,
    promotion_codes,
)
from loyalty.domain.people.identity import Identity, IdentityKind, NotAnIdentity, identify
from loyalty.domain.shops.customers import CustomerErased, CustomerUpdated
from loyalty.domain.shops.storefront import (
    Command,
    Ignored,
    OrderPaid,
    OrderRefunded,
    OrdersPaid,
    Parked,
    given_back,
)
from loyalty.storefronts.payloads import is_name, label

NAME_CHARACTERS_MAX: Final = 200
# Where a shop may note promotion codes with an order: an attribute or a metadata field.
NOTED_CODES: Final = "promotion_code"
# The code of the member who brought the customer.
NOTED_REFERRAL: Final = "loyalty_ref"
# An order with more refunds is a mistake or an attack.
REFUNDS_MAX: Final = 100


def identities(
    named: Iterable[tuple[IdentityKind, str | None]], *, source: str
) -> tuple[Identity, ...]:
    """The buyer's identities, in the given order. Values that cannot be identities are left out."""
    found: dict[Identity, None] = {}
    for kind, value in named:
        if value:
            with suppress(NotAnIdentity):
                found[identify(kind, value, source=source if kind == "customer" else "")] = None
    return tuple(found)


def paid(
    order: Order,
    *,
    currency: str,
    identities: tuple[Identity, ...],
    refunds: tuple[RequestedRefund, ...] | None = None,
    traded_in: Mapping[str, int] = MappingProxyType({}),
    pointer: str,
    excluded: str | None = None,
    discounts: Collection[str] | None = None,
    noted_codes: str | None = None,
    all_given_back: bool = False,
    products: Mapping[str, str] = MappingProxyType({}),
    paid_currency: str | None = None,
) -> Command:
    """A paid order, if its lines make sense and it has a customer; `pointer` is where lines are.

    An order that does not earn, for the reason `excluded`, may have earned before: then its refunds
    count. `discounts` are the names of its discounts, if the platform lists them; vouchers are
    among them, and the others are promotion codes. So are `noted_codes`, which the shop wrote into
    the order, separated by commas. `products` are those of its lines in the shop's catalog.
    `paid_currency` is what the customer paid in, if the platform says so.
    """
    if fault := _fault(order.lines):
        return Parked(fault, pointer)
    if len(refunds or ()) > REFUNDS_MAX:
        return Parked("too_many_refunds")
    if any(given_back_minor(refund) > AMOUNT_MINOR_MAX for refund in refunds or ()):
        return Parked("amount_too_large")
    excluded = excluded or (None if identities else "no_customer")
    codes = None if discounts is None else codes_among(discounts)
    if excluded and not refunds and not codes:
        return Ignored(excluded)
    promotions = _promotions([*(discounts or ()), *(noted_codes or "").split(",")])
    return OrderPaid(
        order=replace(order, codes=promotions),
        currency=currency,
        identities=identities,
        refunds=refunds,
        traded_in=traded_in,
        excluded=excluded,
        codes=codes,
        all_given_back=all_given_back,
        paid_currency=None if paid_currency == currency else paid_currency,
        products={line_id: product for line_id, product in products.items() if is_name(product)},
    )


def together(orders: Sequence[Command]) -> Command | None:
    """Several orders of one delivery as one command, or the first that is no paid order.

    None if there are no orders.
    """
    for command in orders:
        if not isinstance(command, OrderPaid):
            return command
    paid_orders = tuple(command for command in orders if isinstance(command, OrderPaid))
    if len(paid_orders) > 1:
        return OrdersPaid(paid_orders)
    return paid_orders[0] if paid_orders else None


def refunded(
    source: str,
    order_id: str,
    refund: RequestedRefund,
    *,
    currency: str,
    all_given_back: bool = False,
) -> Command:
    """A refund of an order, if its amount is possible."""
    if not given_back_minor(refund):
        return Ignored("nothing_given_back")
    if given_back_minor(refund) > AMOUNT_MINOR_MAX:
        return Parked("amount_too_large")
    return OrderRefunded(
        source=source,
        order_id=order_id,
        refund=refund,
        currency=currency,
        all_given_back=all_given_back,
    )


def customer(
    customer_id: str,
    *,
    source: str,
    named: Iterable[tuple[IdentityKind, str | None]],
    verified: Iterable[IdentityKind] = (),
    names: Iterable[str | None] = (),
    consents: Mapping[str, bool] = MappingProxyType({}),
    told_at: datetime | None,
) -> CustomerUpdated:
    """A customer's current state; `names` are the parts of their name.

    `verified` are the kinds of contacts that the customer has proven, according to the platform.
    """
    contacts, proven = identities(named, source=source), set(verified)
    name = as_line(" ".join(part for part in names if part))
    return CustomerUpdated(
        customer=identify("customer", customer_id, source=source),
        contacts=contacts,
        verified=frozenset(each for each in contacts if each.kind in proven),
        name=name[:NAME_CHARACTERS_MAX].rstrip() or None,
        consents=consents,
        told_at=told_at,
    )


def customer_erased(customer_id: str, *, source: str) -> CustomerErased:
    return CustomerErased(customer=identify("customer", customer_id, source=source))


def shared_out(
    refund_id: str, *, occurred_at: datetime, back_minor: int, shares_minor: Mapping[str, int]
) -> RequestedRefund:
    """A refund of `back_minor`, divided by line: `shares_minor` says what each line is worth.

    If less was paid back than the shares, they are reduced in proportion; if more, the rest is for
    the whole order. The share of "" belongs to no line.
    """
    shares = dict(shares_minor)
    if back_minor < sum(shares.values()):
        shares = apportion(back_minor, shares)
    over_minor = back_minor - sum(shares.values())
    shares.pop("", None)
    return given_back(
        refund_id, occurred_at=occurred_at, amounts_minor=shares, amount_minor=over_minor
    )


def given_back_minor(refund: RequestedRefund) -> int:
    return refund.amount_minor + sum(refund.amounts_minor.values())


def _promotions(texts: Iterable[str]) -> tuple[str, ...]:
    """Promotion codes among the names of discounts: all but those that may be vouchers."""
    codes = promotion_codes(label(text) or "" for text in texts if not code_of(text))
    return codes[:PROMOTION_CODES_MAX]


def _fault(lines: Sequence[Line]) -> str | None:
    if len(lines) > LINES_MAX:
        return "too_many_lines"
    if len({line.line_id for line in lines}) < len(lines):
        return "duplicate_line"
    if any(line.amount_minor < 0 or line.paid_minor < 0 for line in lines):
        return "negative_amount"
    if sum(max(line.amount_minor, line.paid_minor) for line in lines) > AMOUNT_MINOR_MAX:
        return "amount_too_large"
    return None
