"""Privacy: a shop passes on what its customer has the right to."""

from __future__ import annotations

from typing import Final

from loyalty.domain.deliveries import Kept
from loyalty.domain.erasure import Erasure
from loyalty.domain.privacy import DataRequest, NotAMember, PrivacyRequest
from loyalty.domain.storefront import Delivery, Outcome
from loyalty.usecases.erasing import ORDERS_MAX, Erasures
from loyalty.usecases.ports import Desk, Directory

# Some 60 KB of the 256 KB that an event may have.
ANNOUNCED_ORDERS_MAX: Final = 1_000


def answer(
    request: PrivacyRequest,
    *,
    at: Kept,
    delivery: Delivery,
    erasures: Erasures,
    directory: Directory,
    desk: Desk,
) -> Outcome:
    """Begin an erasure, or say whose export is asked for; once more does no harm.

    An export is for the merchant to hand on: whoever asked is the shop's customer, and may be no
    member who could have it by themself.
    """
    if request.asks == "export":
        return _export(request, at=at, delivery=delivery, erasures=erasures, directory=directory)
    if request.asks == "erasure":
        if not request.identities and not request.order_ids:
            return Outcome(status="ignored", reason="no_customer")
        source = delivery.source
        erasure = Erasure(
            erasure_id=at.log_id,
            begun_at=desk.now,
            identities=request.identities,
            orders=frozenset((source, each) for each in request.order_ids[:ORDERS_MAX]),
            source=source,
        )
    else:
        erasure = Erasure(
            erasure_id=at.log_id,
            # What came later is of a shop that was connected again.
            begun_at=delivery.received_at,
            storefront_id=delivery.storefront_id,
        )
    erasures.begin(erasure)
    return Outcome(status="erasing")


def _export(
    request: PrivacyRequest,
    *,
    at: Kept,
    delivery: Delivery,
    erasures: Erasures,
    directory: Directory,
) -> Outcome:
    member_id = directory.member_of(request.identities)
    reason: NotAMember | None = None
    if member_id is None:
        is_guest = any(
            order.source == delivery.source
            for guest in directory.guests(request.identities)
            for order in erasures.guest_orders(guest)
        )
        reason = "guest" if is_guest else "nothing_held"
    asked = DataRequest(
        storefront_id=delivery.storefront_id,
        delivery_id=at.delivery_id,
        received_at=delivery.received_at,
        request_id=request.request_id,
        orders=tuple(
            (delivery.source, order_id) for order_id in request.order_ids[:ANNOUNCED_ORDERS_MAX]
        ),
        member_id=member_id,
        reason=reason,
    )
    return Outcome(status="data_requested", member_id=member_id, reason=reason, request=asked)
