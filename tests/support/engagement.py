"""A shop whose orders count for challenges, and whose worker may be killed at any call."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from loyalty.domain.engagement.progress import CountedProgress
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Accrual, Entry, OrderCause
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.refunds import state_of, unrefunded
from loyalty.domain.orders.order import Order, OrderRef
from loyalty.table import keys, records
from loyalty.table.engagement import TableEngagement
from loyalty.table.engine import Persistent
from loyalty.table.operations import Operation, Put
from loyalty.table.records.engagement import (
    activity_share_from_item,
    award_from_item,
    share_from_item,
)
from loyalty.table.records.progress import progress_from_item
from loyalty.usecases.engagement.reconciling import reconcile, unite_progress
from loyalty.usecases.ports import Desk
from tests.support.club import ANA, Club
from tests.support.documents import published
from tests.support.memory import BusyTable


class Killed(Exception):
    """The function ended here."""


class DeadlyTable(BusyTable):
    """A table whose caller is killed at a write: before it takes effect, or right after.

    `dies_at` counts the next writes; 0 is the next one. None: nobody is killed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dies_at: int | None = None
        self.takes_effect = False

    def write(self, operations: Sequence[Operation]) -> None:
        dies = self.dies_at == 0
        if self.dies_at is not None:
            self.dies_at = None if dies else self.dies_at - 1
        if not dies or self.takes_effect:
            super().write(operations)
        if dies:
            raise Killed


class Collecting(Club):
    """A club with challenges."""

    def __init__(
        self, *challenges: dict[str, Any], members: tuple[str, ...] = (ANA,), **parts: Any
    ) -> None:
        self.table = DeadlyTable()
        super().__init__(members=members, engine=self.table, challenges=list(challenges), **parts)
        self._versions = {1: self.program}

    @property
    def desk(self) -> Desk:
        return replace(super().desk, version=self._versions.__getitem__)

    def publishes(self, *challenges: dict[str, Any]) -> None:
        """Put another version in force, with these challenges."""
        version = self.program.version + 1
        document = self.program.document.model_dump(mode="json") | {"challenges": challenges}
        self.program = published(version=version, **document)
        self._versions[version] = self.program

    @property
    def shelf(self) -> TableEngagement:
        engine = Persistent(self.engine, pause=lambda _attempt: None)
        return TableEngagement(engine, program_id="bean")

    def looks_at(self, *order_ids: str) -> None:
        """Look at orders, as the worker does when it is woken."""
        for order_id in order_ids:
            reconcile(OrderRef("till", order_id), shelf=self.shelf, desk=self.desk)

    def unites(self, merged_id: str) -> None:
        unite_progress(merged_id, shelf=self.shelf, desk=self.desk)

    def progress(self, member: str = ANA, challenge_id: str = "three") -> CountedProgress:
        found = self.shelf.progress(member, f"challenge.{challenge_id}")
        return found or CountedProgress(member_id=member, counter=f"challenge.{challenge_id}")

    def awards(self) -> dict[str, MemberAward]:
        items = [item for item in self.engine.items.values() if item.get("kind") == "award"]
        return {each.award_id: each for each in map(award_from_item, items)}

    def bonuses(self, member: str = ANA) -> int:
        """The points that the member holds by awards, whichever order paid what."""
        return sum(
            entry.points + entry.pending_points
            for entry in self.entries(member)
            if entry.cause.kind in ("bonus", "clawback") and hasattr(entry.cause, "award_id")
        )

    def puts(self, account: Account) -> None:
        """Replace an account, as something that is not part of the test would."""
        item = records.account_to_item(account, "bean")
        self.engine.write([Put(keys.account("bean", account.member_id), item)])

    def left_of(self, order_id: str) -> Order:
        """What refunds and edits left of an order."""
        file = self.desk.books.order(OrderCause("till", order_id, "accrual"))
        assert isinstance(file.accrual, Entry)
        assert isinstance(file.accrual.detail, Accrual)
        return unrefunded(file.accrual.detail.order, state_of(file.accrual.detail, file.state))

    def must_be_consistent(self) -> None:
        """Shares are what progress sums up, and each award is what its entries add up to."""
        counted, summed = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
        for item in self.engine.items.values():
            if item.get("kind") == "share":
                share = share_from_item(item)
                for window, tally in share.tallies.items():
                    counted.update({(share.counter, window, name): tally[name] for name in tally})
            elif item.get("kind") == "activity_share":
                done = activity_share_from_item(item)
                for window, tally in done.tallies.items():
                    counted.update({(done.counter, window, name): tally[name] for name in tally})
            elif item.get("kind") == "progress":
                progress = progress_from_item(item)
                for window, (_, tally) in progress.windows.items():
                    summed.update({(progress.counter, window, name): tally[name] for name in tally})
        assert counted == summed
        for award in self.awards().values():
            assert award.is_balanced

    def state(self) -> dict[str, object]:
        """What orders count, what stands and who holds what; not how it came about."""
        return {
            "progress": {
                key: (found.windows, found.given)
                for key, item in self.engine.items.items()
                if item.get("kind") == "progress"
                and ((found := progress_from_item(item)).windows or found.given)
            },
            "awards": {
                each.award_id: each.target for each in self.awards().values() if each.target
            },
            "accounts": {
                account.member_id: account.holding
                for item in self.engine.items.values()
                if item.get("kind") == "account"
                for account in [records.account_from_item(item)]
            },
        }
