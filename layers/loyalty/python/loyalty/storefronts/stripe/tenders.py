"""How an order of Stripe was paid.

A checkout or an invoice names the ways from which the customer could choose. If there are several,
only the charge of its payment says which one it was.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeGuard

from loyalty.domain.orders.order import Order
from loyalty.domain.shops.storefront import Command, FetchNeeded, Ignored, OrderPaid, SendingShop
from loyalty.storefronts import commands
from loyalty.storefronts.payloads import fetch
from loyalty.storefronts.stripe.payload import StripePaymentAnswer
from loyalty.storefronts.tenders import CARD, tender_kind, tenders

# Payments of the older Charges API have no intent; their own event says how they were paid.
INTENT: Final = "pi_"

_KINDS: Final = {"card_present": CARD, "interac_present": CARD}


def only_method(methods: Sequence[str]) -> str | None:
    """The way in which something was paid, if there was only one; None otherwise."""
    return methods[0] if len(methods) == 1 else None


def paid_by(order: Order, method: str | None) -> Order:
    """The order with its tender; None: nobody says how it was paid."""
    if method is None:
        return order
    paid_minor = sum(line.paid_minor for line in order.lines)
    return replace(order, tenders=tenders([(tender_kind(method, _KINDS), paid_minor)]))


def with_tenders(orders: Sequence[Command], shop: SendingShop) -> Command | FetchNeeded:
    """The orders of a delivery with how each was paid; read first, if that decides something."""
    unknown = [each.order for each in orders if _is_unknown(each)] if shop.names_tenders else []

    def complete(responses: Sequence[bytes]) -> Command:
        methods = {
            order.order_id: StripePaymentAnswer.model_validate_json(response).method
            for order, response in zip(unknown, responses, strict=True)
        }
        return _together(
            [
                replace(each, order=paid_by(each.order, methods.get(each.order.order_id)))
                if isinstance(each, OrderPaid)
                else each
                for each in orders
            ]
        )

    paths = (f"/v1/payment_intents/{each.order_id}?expand[]=latest_charge" for each in unknown)
    return fetch(tuple(paths), complete) if unknown else _together(orders)


def _together(orders: Sequence[Command]) -> Command:
    return commands.together(orders) or Ignored("no_payment")


def _is_unknown(command: Command) -> TypeGuard[OrderPaid]:
    return (
        isinstance(command, OrderPaid)
        and not command.excluded
        and not command.order.tenders
        and command.order.order_id.startswith(INTENT)
    )
