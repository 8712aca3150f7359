"""An order that a refund, an edit or a review settles, with all that decides what that moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from loyalty.domain.ledger.postings import OrderStateChange
from loyalty.domain.ledger.refunds import places_of, state_of
from loyalty.domain.ledger.taking_back import sources_of

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Accrual, Entry
    from loyalty.domain.ledger.refunds import OrderState
    from loyalty.domain.ledger.taking_back import Sources
    from loyalty.domain.program.document import PublishedProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderToSettle:
    """A recorded order as it stands, and the settled account of its member.

    `state` is None if nothing has changed the order since. `expired` says how many points of each
    of the order's past lots expired unspent. `decided_by` is the program version of the accrual; it
    decides how many points. `program` is the version in force; its policy decides where they come
    from.
    """

    accrual: Entry
    state: OrderState | None
    account: Account
    expired: Mapping[date, int]
    decided_by: PublishedProgram
    program: PublishedProgram
    now: datetime

    @property
    def earned(self) -> Accrual:
        return self.accrual.earned

    @property
    def seen(self) -> OrderState:
        """The order's state before it is settled."""
        return state_of(self.earned, self.state)

    @property
    def today(self) -> date:
        return self.program.document.today(self.now)

    def sources(self, owing: int) -> Sources:
        """Where the points that it owes come from."""
        seen = self.seen
        return sources_of(
            owing,
            parts=places_of(self.earned, seen),
            before=seen,
            account=self.account,
            expired=self.expired,
            policy=self.program.document,
        )

    def becoming(self, state: OrderState) -> OrderStateChange:
        """The change to a new state; it relies on the one that was seen."""
        order = self.earned.order
        return OrderStateChange(
            order.source,
            order.order_id,
            replace(state, changed_at=self.now),
            counter_seen=self.state.counter if self.state else None,
        )
