"""What a merchant chose for a connection: amounts with tax, and orders in other currencies."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from loyalty.domain.shops.storefront import (
    Ignored,
    OrderCommand,
    OrderPaid,
    OrderRefunded,
    OrdersPaid,
    Parked,
    Storefront,
)

CURRENCY_MISMATCH: Final = "currency_mismatch"
CURRENCY_EXCLUDED: Final = "currency_excluded"


def as_chosen(command: OrderCommand, storefront: Storefront, *, currency: str) -> OrderCommand:
    """The command as the connection's options want it counted in a program of this currency."""
    match command:
        case OrderPaid():
            return _order(command, storefront, currency=currency)
        case OrdersPaid():
            orders = [_order(paid, storefront, currency=currency) for paid in command.orders]
            others = [each for each in orders if not isinstance(each, OrderPaid)]
            if others:
                return others[0]
            return OrdersPaid(tuple(each for each in orders if isinstance(each, OrderPaid)))
        case OrderRefunded() if command.currency not in (None, currency):
            is_ignored = storefront.other_currencies == "ignore"
            return Ignored(CURRENCY_EXCLUDED) if is_ignored else command
        case _:
            return command


def _order(
    paid: OrderPaid, storefront: Storefront, *, currency: str
) -> OrderPaid | Ignored | Parked:
    if paid.currency != currency:
        if storefront.other_currencies == "ignore":
            return Ignored(CURRENCY_EXCLUDED)
    elif paid.paid_currency not in (None, currency):
        if storefront.other_currencies == "park":
            return Parked(CURRENCY_MISMATCH)
        if storefront.other_currencies == "ignore":
            # It may have earned before this was chosen. Then its refunds still count.
            paid = replace(paid, excluded=paid.excluded or CURRENCY_EXCLUDED)
    return _with_tax(paid) if storefront.counts_tax else paid


def _with_tax(paid: OrderPaid) -> OrderPaid:
    lines = tuple(replace(line, amount_minor=line.paid_minor) for line in paid.order.lines)
    return replace(paid, order=replace(paid.order, lines=lines))
