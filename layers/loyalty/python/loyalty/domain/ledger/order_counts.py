"""How many orders a member has, for accounts from before orders were counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.ledger.campaign_counts import counts_as_order, has_goods
from loyalty.domain.ledger.refunds import in_force, state_of, unrefunded

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Accrual
    from loyalty.domain.ledger.refunds import OrderState
    from loyalty.domain.program.document import Program


class OrderCounts(NamedTuple):
    """How many orders of a member count as one, and the day of the latest."""

    orders: int = 0
    bought_on: date | None = None

    def with_order(
        self, accrual: Accrual, stored: OrderState | None, program: Program
    ) -> OrderCounts:
        """What an account has that also counts this order, in the state that it is in now.

        A cancelled order counts no more, but its day still does, as long as the first or the latest
        version of it has goods.
        """
        state, bought_on = state_of(accrual, stored), self.bought_on
        if has_goods(accrual.order) or has_goods(in_force(accrual, stored)):
            day = program.today(accrual.order.occurred_at)
            bought_on = max(day, bought_on or day)
        counted = counts_as_order(unrefunded(accrual.order, state), state.forgiven)
        return OrderCounts(self.orders + counted, bought_on)


def counts_of(orders: Iterable[tuple[Accrual, OrderState | None]], program: Program) -> OrderCounts:
    """What an account has that counted each of its orders when it was recorded."""
    counts = OrderCounts()
    for accrual, stored in orders:
        counts = counts.with_order(accrual, stored, program)
    return counts
