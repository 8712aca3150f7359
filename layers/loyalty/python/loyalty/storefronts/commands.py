"""Commands that every platform's payloads become: paid orders, refunds, customers."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import Final

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.kernel.fields import AMOUNT_MINOR_MAX
from loyalty.domain.kernel.text import as_line
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.order_vouchers import codes_among
from loyalty.domain.orders.order import LINES_MAX, Line, Order
from loyalty.domain.people.identity import Identity, IdentityKind, NotAnIdentity, identify
from loyalty.domain.shops.customers import CustomerErased, CustomerTold
from loyalty.domain.shops.storefront import (
    Command,
    Ignored,
    OrderPaid,
    OrderRefunded,
    OrdersPaid,
    Parked,
    given_back,
)

NAME_CHARACTERS_MAX: Final = 200
# More are no customer's order but a mistake, or an attack.
REFUNDS_MAX: Final = 100


def identities(
    named: Iterable[tuple[IdentityKind, str | None]], *, source: str
) -> tuple[Identity, ...]:
    """Who bought, in the order they are named in. What cannot be an identity is passed over."""
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
    discounts: Iterable[str] | None = None,
    all_given_back: bool = False,
) -> Command:
    """A paid order, if its lines make sense and it is somebody's; `pointer` is where they are.

    One that does not earn, `excluded` says why, may have earned before: its refunds count then.
    `discounts` are what its discounts are called, where that is told: vouchers are among them.
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
    return OrderPaid(
        order=order,
        currency=currency,
        identities=identities,
        refunds=refunds,
        traded_in=traded_in,
        excluded=excluded,
        codes=codes,
        all_given_back=all_given_back,
    )


def together(orders: Sequence[Command]) -> Command | None:
    """Orders that one delivery reports at once; the first of them that makes no sense, if any."""
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
    """A refund of an order, if it makes sense."""
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
) -> CustomerTold:
    """A customer as the shop knows them; `customer_id` is a name, and `names` make up theirs.

    `verified` are the kinds of contacts that the platform says the customer proved to be theirs.
    """
    contacts, proven = identities(named, source=source), set(verified)
    name = as_line(" ".join(part for part in names if part))
    return CustomerTold(
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
    """What was given back, to what it is told to be for first, by line; "" is no line's.

    Less is shared out in proportion, more is of the whole order.
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
