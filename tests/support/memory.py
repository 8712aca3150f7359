"""A program's books in memory, and the desk that serves them."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final

from local.memory import MemoryEngine
from loyalty.domain.ledger.account import Account, view
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.audit import audit
from loyalty.domain.ledger.entries import Adjustment, Entry
from loyalty.domain.people.identity import Keyring
from loyalty.table import keys, records
from loyalty.table.books import TableBooks
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
from loyalty.table.operations import Operation, Put, Transient
from loyalty.usecases.ledger.corrections import adjust
from loyalty.usecases.ports import Desk
from tests.support.documents import published

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
RING: Final = Keyring({"1": b"secret"}, current="1")
WHY: Final = Adjustment(reason="goodwill", reference=None)


class BusyTable(MemoryEngine):
    """A table where others write first, and where answers are lost.

    `rivals` are called before the next writes, one each. `answers_lost` is how many of the next
    writes succeed without an answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rivals: list[Callable[[], object]] = []
        self.answers_lost = 0

    def write(self, operations: Sequence[Operation]) -> None:
        if self.rivals:
            self.rivals.pop(0)()
        super().write(operations)
        if self.answers_lost:
            self.answers_lost -= 1
            raise Transient("the answer was lost")


class Shop:
    """A program with members, and a clock to turn."""

    def __init__(self, *members: str, engine: MemoryEngine | None = None, **parts: Any) -> None:
        self.engine = engine or MemoryEngine()
        self.program = published(**parts)
        self.now = NOW
        self._codes = count(1)
        for member_id in members:
            item = records.account_to_item(
                Account(member_id=member_id, enrolled_at=NOW - timedelta(days=365)), "bean"
            )
            self.engine.write([Put(keys.account("bean", member_id), item)])

    @property
    def desk(self) -> Desk:
        return Desk(
            books=TableBooks(
                Persistent(self.engine, pause=lambda _attempt: None),
                program_id="bean",
                zone=self.program.document.zone,
            ),
            program=self.program,
            version=lambda _number: self.program,
            now=self.now,
            new_code=lambda: f"CODE{next(self._codes)}",
            pause=lambda _attempt: None,
        )

    @property
    def members(self) -> TableMembers:
        return TableMembers(
            Persistent(self.engine, pause=lambda _attempt: None),
            program_id="bean",
            keyring=lambda: RING,
        )

    def adjust_balance(
        self, member_id: str, points: int, *, expiring_on: date | None = None
    ) -> None:
        """Adjust a balance: add points, or take them."""
        adjust(
            member_id,
            adjustment=RequestedAdjustment(points=points, why=WHY, expiring_on=expiring_on),
            request_id=f"given {next(self._codes)}",
            allowance=None,
            desk=self.desk,
        )

    def account(self, member_id: str) -> Account:
        """As the member sees it now."""
        account = self.desk.books.account(member_id, strong=True)
        assert account is not None
        return view(account, program=self.program, now=self.now)

    def entries(self, member_id: str) -> list[Entry]:
        """Whole, in the order they were recorded in."""
        found = [
            records.entry_from_item(item)
            for item in self.engine.items.values()
            if str(item["sk"]).startswith("ENTRY#") and item.get("member_id") == member_id
        ]
        entries = [entry for entry in found if isinstance(entry, Entry)]
        return sorted(entries, key=lambda entry: entry.recorded_at)

    def must_add_up(self, member_id: str) -> None:
        account = self.desk.books.account(member_id, strong=True)
        assert account is not None
        assert audit(account, self.entries(member_id), program=self.program) == []
