"""Privacy requests of a shop's customer, which the law allows and the shop passes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.people.identity import Identity

type Asks = Literal["export", "erasure", "shop_erasure"]
NotAMember = Literal["guest", "nothing_held"]

# Europe's law says a month, California's 45 days.
ANSWERED_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequest:
    """A customer's request for their data or their erasure, or a shop's own erasure.

    Customer and orders are named as in the shop. `request_id` is the platform's id of the request.
    """

    asks: Asks
    identities: tuple[Identity, ...] = ()
    order_ids: tuple[str, ...] = ()
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequest:
    """A customer's request for their data, without the customer's identity.

    The identity is in the delivery and in the member's record. `reason` says what is stored about
    a customer who is not a member. `delivery_id` is the same however often it is delivered.
    """

    storefront_id: str
    delivery_id: str
    received_at: datetime
    request_id: str | None
    orders: tuple[OrderRef, ...]
    member_id: str | None
    reason: NotAMember | None

    @property
    def due_at(self) -> datetime:
        return due_at(self.received_at)


def due_at(received_at: datetime) -> datetime:
    return received_at + ANSWERED_WITHIN
