"""The orders of members whose accounts do not count them yet, in the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loyalty.domain.ledger.entries import Accrual, Entry
from loyalty.table import keys, records
from loyalty.table.operations import Action, Assign, Missing, Refused, Update, equal
from loyalty.usecases.ports import Raced

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.order_counts import OrderCounts
    from loyalty.domain.ledger.refunds import OrderState
    from loyalty.domain.orders.order import OrderRef
    from loyalty.table.engine import Engine


class TableOrderCounts:
    """Implements `UncountedOrders`."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def recorded(self, orders: Sequence[OrderRef]) -> Sequence[tuple[Accrual, OrderState | None]]:
        places = [
            (
                keys.accrual(self._program, order.source, order.order_id),
                keys.order_state(self._program, order.source, order.order_id),
            )
            for order in orders
        ]
        found = self._engine.get_many([key for pair in places for key in pair], strong=True)
        recorded: list[tuple[Accrual, OrderState | None]] = []
        for accrual, state in places:
            entry = records.entry_from_item(found[accrual])
            if isinstance(entry, Entry) and isinstance(entry.detail, Accrual):
                stored = records.order_state_from_item(found[state]) if state in found else None
                recorded.append((entry.detail, stored))
        return recorded

    def save(self, account: Account, counts: OrderCounts) -> None:
        actions: list[Action] = [Assign(("orders",), counts.orders)]
        if counts.bought_on is not None:
            actions.append(Assign(("bought_on",), counts.bought_on.isoformat()))
        unchanged = (
            equal(("status",), "active"),
            equal(("entries",), account.entries),
            Missing(("orders",)),
        )
        key = keys.account(self._program, account.member_id)
        try:
            self._engine.write([Update(key, tuple(actions), unchanged)])
        except Refused as refused:
            raise Raced from refused
