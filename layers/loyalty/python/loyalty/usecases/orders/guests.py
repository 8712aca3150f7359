"""Guests: keep orders of people who are not members, and let them claim the orders later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from heapq import merge
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.errors import OrderConflict, TooLarge, TryAgain, ValidationFailed
from loyalty.usecases.orders.accrual import Customer, GuestOrderKept, NamedCustomer, claim

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Entry, Placeholder
    from loyalty.domain.people.member import Member
    from loyalty.usecases.ports import Desk, Directory


class RecordOrder[T](Protocol):
    """Records an order for a customer."""

    def __call__(self, *, customer: Customer) -> T: ...


@dataclass(frozen=True, slots=True)
class ClaimedOrders:
    """What a member's earlier orders earned; `is_done` if none are left to claim."""

    entries: tuple[Entry, ...]
    is_done: bool


def record_for[T](customer: NamedCustomer, record: RecordOrder[T], *, directory: Directory) -> T:
    """Record an order for the member whom it names, or keep it as a guest's.

    Enrolling looks for kept orders, and keeping an order looks for a member who has just enrolled.
    If the two race, the second one sees the first, so no order is left behind.
    """
    if customer.member_id is not None or not customer.identities:
        return record(customer=Customer(member_id=customer.member_id, named=customer.named))
    identities = customer.identities
    guest, *also = directory.guests(identities)
    found = Customer(
        member_id=directory.earner_of(identities),
        named=customer.named,
        guest=guest,
        also=tuple(also),
    )
    recorded = record(customer=found)
    if found.member_id is None and isinstance(recorded, GuestOrderKept):
        just_enrolled = directory.earner_of(identities)
        if just_enrolled is not None:
            return record(customer=replace(found, member_id=just_enrolled))
    return recorded


def claim_orders(
    member: Member, *, orders_max: int, directory: Directory, desk: Desk
) -> ClaimedOrders:
    """Record a member's earlier orders for them, as far back as the program allows.

    Only proven identities count, so nobody can claim orders with a guessed address. Repeating it
    changes nothing: each order earns once, by its own id.

    Raises:
        NotFound: the member is gone.
    """
    claimed: list[Entry] = []
    for guest_order in _unclaimed(directory.guests(member.proven), desk=desk):
        if len(claimed) >= orders_max:
            return ClaimedOrders(tuple(claimed), is_done=False)
        try:
            earned = claim(guest_order, member_id=member.member_id, desk=desk)
        except (OrderConflict, TooLarge, ValidationFailed):
            # None of the other orders has to wait for one that can never earn.
            continue
        except TryAgain:
            return ClaimedOrders(tuple(claimed), is_done=False)
        if not earned.replayed:
            claimed.append(earned.entry)
    return ClaimedOrders(tuple(claimed), is_done=True)


def _unclaimed(guests: Sequence[str], *, desk: Desk) -> Iterator[Placeholder]:
    """The orders of some names of a guest, oldest first: the oldest is the first order."""
    by_guest = (_unclaimed_of(guest, desk=desk) for guest in guests)
    yield from merge(*by_guest, key=lambda each: each.order.occurred_at if each.order else desk.now)


def _unclaimed_of(guest: str, *, desk: Desk) -> Iterator[Placeholder]:
    days = desk.program.document.claim_days
    start: str | None = None
    while days:
        page = desk.books.guest_orders(guest, since=desk.now - timedelta(days=days), start=start)
        yield from (each for each in page.items if each.order is not None)
        if page.next is None:
            return
        start = page.next
