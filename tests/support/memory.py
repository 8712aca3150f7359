"""A program's books in memory, and the desk that serves them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from local.memory import MemoryEngine
from loyalty.domain.ledger.account import Account, view
from loyalty.domain.ledger.audit import audit
from loyalty.domain.ledger.entries import Entry
from loyalty.table import keys, records
from loyalty.table.books import TableBooks
from loyalty.table.engine import Persistent
from loyalty.table.operations import Put
from loyalty.usecases.ports import Desk
from tests.support.documents import published

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


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
