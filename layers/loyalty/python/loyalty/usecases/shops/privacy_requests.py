"""Privacy requests of shops' customers: erase their data, or ask the merchant to export it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.erasure import STOPPABLE_FOR, Erasure, ErasureRequest
from loyalty.domain.people.privacy_requests import DataRequest, NotAMember, PrivacyRequest
from loyalty.domain.shops.storefront import (
    Delivery,
    Outcome,
    SendingShop,
)
from loyalty.usecases.people.erasure import ORDERS_MAX, Erasures
from loyalty.usecases.shops.deliveries import InboxReader, delivery_in

if TYPE_CHECKING:
    from loyalty.domain.shops.deliveries import StoredDelivery
    from loyalty.usecases.ports import Desk, Directory
    from loyalty.usecases.shops.platforms import FindPlatform

# They take about 60 KB of the 256 KB that an event may have.
ANNOUNCED_ORDERS_MAX: Final = 1_000
ID_CHARACTERS: Final = 40


class ReceivedDataRequest(NamedTuple):
    """A customer's request for their data, and the delivery that brought it."""

    request: PrivacyRequest
    delivery: Delivery


def answer(
    request: PrivacyRequest,
    *,
    stored: StoredDelivery,
    delivery: Delivery,
    erasures: Erasures,
    directory: Directory,
    desk: Desk,
) -> Outcome:
    """Schedule an erasure in two days, or find the member whose data the customer asks for.

    The same request is carried out once, however often it is delivered.

    The merchant passes an export on, because the shop's customer may be no member, and then could
    not get it themselves.
    """
    if request.asks == "export":
        return _export(
            request, stored=stored, delivery=delivery, erasures=erasures, directory=directory
        )
    asked_by = ErasureRequest(
        storefront_id=delivery.storefront_id,
        delivery_id=stored.log_id,
        received_at=delivery.received_at,
    )
    if request.asks == "erasure":
        if not request.identities and not request.order_ids:
            return Outcome(status="ignored", reason="no_customer")
        source = delivery.source
        erasure = Erasure(
            erasure_id=_erasure_id(stored),
            begun_at=desk.now + STOPPABLE_FOR,
            request=asked_by,
            identities=request.identities,
            orders=frozenset(OrderRef(source, each) for each in request.order_ids[:ORDERS_MAX]),
            source=source,
        )
    else:
        erasure = Erasure(
            erasure_id=_erasure_id(stored),
            begun_at=desk.now + STOPPABLE_FOR,
            request=asked_by,
            storefront_id=delivery.storefront_id,
        )
    if erasures.request(erasure).is_stopped:
        return Outcome(status="ignored", reason="erasure_stopped")
    return Outcome(status="erasing")


def _erasure_id(stored_delivery: StoredDelivery) -> str:
    """An id that is the same however often a shop delivers the same request."""
    named = f"{stored_delivery.storefront_id}\0{stored_delivery.delivery_id}"
    return hashlib.sha256(named.encode()).hexdigest()[:ID_CHARACTERS]


def _export(
    request: PrivacyRequest,
    *,
    stored: StoredDelivery,
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
    data_request = DataRequest(
        storefront_id=delivery.storefront_id,
        delivery_id=stored.delivery_id,
        received_at=delivery.received_at,
        request_id=request.request_id,
        orders=tuple(
            OrderRef(delivery.source, order_id)
            for order_id in request.order_ids[:ANNOUNCED_ORDERS_MAX]
        ),
        member_id=member_id,
        reason=reason,
    )
    return Outcome(
        status="data_requested", member_id=member_id, reason=reason, request=data_request
    )


def read_data_request(
    storefront_id: str,
    log_id: str,
    *,
    program_id: str,
    inbox: InboxReader,
    find_platform: FindPlatform,
) -> ReceivedDataRequest:
    """Read a customer's request for their data from the delivery, the only place that has it.

    Raises:
        NotFound: no delivery of the last 30 days is such a request, or the customer was erased
            since.
    """
    delivery = inbox.read(delivery_in(inbox, storefront_id, log_id, program_id=program_id))
    if delivery is None:
        raise NotFound
    platform = find_platform(delivery.platform)
    topic = platform.envelope(delivery.body, delivery.headers).topic
    request = platform.translate(topic, delivery.body, SendingShop(delivery.source))
    if not isinstance(request, PrivacyRequest) or request.asks != "export":
        raise NotFound
    return ReceivedDataRequest(request, delivery)
