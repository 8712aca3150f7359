"""What the law lets a shop's customer ask for, as the shop passes it on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity

type Asks = Literal["export", "erasure", "shop_erasure"]
NotAMember = Literal["guest", "nothing_held"]

# Europe's law says a month, California's 45 days.
ANSWERED_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequest:
    """A customer who wants to know what is held of them or to be forgotten, or a shop that goes.

    Customer and orders are as the shop knows them. `request_id` is what the platform calls it.
    """

    asks: Asks
    identities: tuple[Identity, ...] = ()
    order_ids: tuple[str, ...] = ()
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequest:
    """A shop's customer who wants to know what is held of them, without saying who it is.

    That is for whoever reads the delivery, or may read the member. `reason` says what is held of
    somebody who is no member. However often the same is delivered, `delivery_id` names it.
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
