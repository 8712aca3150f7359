"""Look up an order: what it earned, and the refunds and edits that followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.entries import Entry, Placeholder

if TYPE_CHECKING:
    from loyalty.usecases.ports import Desk


type OrderStatus = Literal["earned", "guest", "ignored", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStory:
    """An order's entries, the accrual first, or the refunds that wait for it."""

    status: OrderStatus
    entries: tuple[Entry, ...] = ()
    refunds_waiting: tuple[str, ...] = ()


def story_of(source: str, order_id: str, *, desk: Desk) -> OrderStory:
    """Everything in the books about an order.

    Raises:
        NotFound: there is no such order.
    """
    found = desk.books.order_entries(source, order_id)
    if not found:
        raise NotFound("There is no such order")
    first = found[0]
    if not isinstance(first, Placeholder):
        return OrderStory(
            status="earned", entries=tuple(entry for entry in found if isinstance(entry, Entry))
        )
    waiting = tuple(refund.refund_id for refund in first.refunds)
    return OrderStory(status=status_of(first), refunds_waiting=waiting)


def status_of(found: Entry | Placeholder) -> OrderStatus:
    """What became of an order, by what is recorded under the key of its accrual."""
    if not isinstance(found, Placeholder):
        return "earned"
    if found.order is None:
        return "waiting"
    return "guest" if found.guest else "ignored"
