"""Look up an order: what it earned, and the refunds and edits that followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.entries import Entry, Placeholder

if TYPE_CHECKING:
    from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStory:
    """An order's entries, the accrual first, or the refunds that wait for it."""

    status: Literal["earned", "guest", "ignored", "waiting"]
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
    if first.order is None:
        return OrderStory(status="waiting", refunds_waiting=waiting)
    return OrderStory(status="guest" if first.guest else "ignored", refunds_waiting=waiting)
