"""Approvals in the table, listed together in the `history` index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loyalty.table import keys
from loyalty.table.histories import newest
from loyalty.table.operations import Absent, Condition, Put, Refused, equal
from loyalty.table.records.approvals import (
    HELD,
    approval_from_item,
    approval_position,
    approval_to_item,
)
from loyalty.usecases.ports import Listed, Raced

if TYPE_CHECKING:
    from collections.abc import Callable

    from loyalty.domain.ledger.approvals import Approval
    from loyalty.table.engine import Engine

# A request that looks for approvals of one state reads at most so many.
READ_MAX: Final = 1_000


class TableApprovals:
    """Implements `Approvals` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def find(self, approval_id: str) -> Approval | None:
        item = self._engine.get(keys.approval(self._program, approval_id), strong=True)
        return approval_from_item(item) if item else None

    def hold(self, approval: Approval) -> None:
        self._put(approval, Absent())

    def refuse(self, approval: Approval) -> None:
        self._put(approval, equal(("state",), HELD))

    def _put(self, approval: Approval, condition: Condition) -> None:
        key = keys.approval(self._program, approval.approval_id)
        item = approval_to_item(approval, self._program)
        try:
            self._engine.write([Put(key, item, (condition,))])
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if refused.found.get(0) != {"pk": key.pk, "sk": key.sk, **item}:
                raise Raced from refused

    def listed(
        self, *, matches: Callable[[Approval], bool], limit: int, start: str | None
    ) -> Listed[Approval]:
        """A page of approvals, newest first. A page may be short although more follow."""
        partition = keys.approvals_partition(self._program)
        found: list[Approval] = []
        unread = READ_MAX
        while unread > 0:
            page = newest(self._engine, [partition], limit=limit, start=start)
            for item in page.items:
                approval = approval_from_item(item)
                if matches(approval):
                    found.append(approval)
                if len(found) == limit:
                    return Listed(found, approval_position(approval))
            if page.next is None:
                return Listed(found, None)
            unread -= len(page.items)
            start = page.next
        return Listed(found, start)
