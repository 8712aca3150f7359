"""Count the orders of members who were there before orders were counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.entries import OrderCause
from loyalty.domain.ledger.order_counts import counts_of
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.statements import every_entry

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Accrual
    from loyalty.domain.ledger.order_counts import OrderCounts
    from loyalty.domain.ledger.refunds import OrderState
    from loyalty.usecases.ports import Desk

# Each is two items.
ORDERS_A_READ: Final = 50


class UncountedOrders(Protocol):
    """The orders of one program, and the accounts that do not count them yet."""

    def recorded(self, orders: Sequence[OrderRef]) -> Sequence[tuple[Accrual, OrderState | None]]:
        """The accrual of each order, and the order's state if it has one; read strongly."""
        ...

    def save(self, account: Account, counts: OrderCounts) -> None:
        """Write what an account counts.

        Raises:
            Raced: the account changed since it was read, or counts its orders by now.
        """
        ...


@until_saved
def count_orders(member_id: str, *, uncounted: UncountedOrders, desk: Desk) -> bool:
    """Count the orders of an active member whose number of orders is not known.

    They count as if each had been counted when it was recorded, those of members merged into this
    one included. The write relies on the account as it was read, so an order or a refund that is
    recorded meanwhile is counted exactly once. Returns whether there was anything to do.

    Raises:
        NotFound: there never was such a member.
        TryAgain: the account kept changing, or the list of its entries keeps lagging behind.
    """
    account = _account(member_id, desk=desk)
    if account.status != "active" or account.orders is not None:
        return False
    merged = (_account(each, desk=desk) for each in account.absorbed)
    orders = (
        order
        for each in (account, *merged)
        for order in _orders(each, uncounted=uncounted, desk=desk)
    )
    uncounted.save(account, counts_of(orders, desk.program.document))
    return True


def _account(member_id: str, *, desk: Desk) -> Account:
    account = desk.books.account(member_id, strong=True)
    if account is None:
        raise NotFound("There is no such member")
    return account


def _orders(
    account: Account, *, uncounted: UncountedOrders, desk: Desk
) -> Iterator[tuple[Accrual, OrderState | None]]:
    refs = [
        OrderRef(entry.cause.source, entry.cause.order_id)
        for entry in every_entry(account, desk=desk)
        if entry.kind == "accrual" and isinstance(entry.cause, OrderCause)
    ]
    for start in range(0, len(refs), ORDERS_A_READ):
        yield from uncounted.recorded(refs[start : start + ORDERS_A_READ])
