"""What was seen of the books: their items as they are, and the sums of all entries."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation import naive

SETTLED_AS: Final = ("clawed", "owed", "forgiven", "excused")


class Violation(AssertionError):
    """The books broke a promise."""


@dataclass(slots=True)
class Sums:
    """All entries of one member, added up."""

    entries: int = 0
    points: int = 0
    pending_points: int = 0
    debt: int = 0
    lots: dict[str, int] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)
    qualifying: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Any) -> None:
        self.entries += 1
        self.points += entry["points"]
        self.pending_points += entry["pending_points"]
        self.debt += entry.get("debt", 0)
        add(self.lots, entry["lots"])
        if "pending" in entry:
            add(self.pending, entry["pending"])
        if counted := qualifying_of(entry):
            counter, amount = counted
            add(self.qualifying, {counter: amount})


@dataclass(slots=True)
class OrderSums:
    """All entries of one order, added up."""

    accruals: int = 0
    accrued_at: str = ""
    earned: int = 0
    clawed_back: int = 0
    qualifying: int = 0
    refunds: int = 0
    settled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SETTLED_AS, 0))
    state: Any = None
    accrual: Any = None


@dataclass(slots=True)
class RequestSums:
    """The points of one redemption and of its return."""

    spent: int = 0
    returned: int = 0
    returned_because: str = ""
    taken_again: int = 0
    voucher: Any = None
    # The lots spent from whose points had been reinstated before.
    reinstated: frozenset[str] = frozenset()


@dataclass(slots=True)
class Seen:
    """The books of one program, as their writes showed them.

    `may_owe` says whether a balance may be below zero; `strict_about_quiet`, whether points lapse
    without activity in every version of the program.
    """

    zone: ZoneInfo
    may_owe: bool
    strict_about_quiet: bool
    members: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    accounts: dict[str, Any] = field(default_factory=dict)
    orders: dict[tuple[str, ...], OrderSums] = field(default_factory=lambda: defaultdict(OrderSums))
    redemptions: dict[str, RequestSums] = field(default_factory=lambda: defaultdict(RequestSums))
    returned: int = 0
    # Lots with points that were reinstated: another cancellation does not extend them.
    reinstated: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # The points of each member's orders, by the day on which they became available.
    from_orders: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    # The latest day on which a write of each account was decided. A write that was decided
    # earlier may come later; a level that ended by the later day does not end again.
    days: dict[str, date] = field(default_factory=dict)
    # The levels that each member reached, with the days.
    reached: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    # What the write at hand lets expire no more, because a late redemption spends it.
    restored: dict[str, int] = field(default_factory=dict)
    expired: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    # The items of all awards, by their ids.
    awards: dict[str, Any] = field(default_factory=dict)

    def ever_counted(self, account: Any) -> dict[str, int]:
        """All that counted for a member toward levels, also where the account has dropped it."""
        counted = dict(self.members[account["member_id"]].qualifying)
        for absorbed in account.get("absorbed", ()):
            add(counted, self.members[absorbed].qualifying)
        return counted | dict(account["qualifying"])

    def ends(self, lot: str, member_id: str, account: Any, program: PublishedProgram) -> str:
        """The last day of a lot: its own, or that of all points if they lapse sooner."""
        if lot in self.reinstated[member_id]:
            return lot
        return min(lot, naive.quiet_until(program, account, self.zone))

    def is_erased(self, member_id: str) -> bool:
        account = self.accounts[member_id]
        return (
            self.is_erased(account["into"])
            if "into" in account
            else (account["status"] == "closed")
        )

    def heir(self, member_id: str) -> str:
        """Whom a member became by merges."""
        into = self.accounts[member_id].get("into")
        return self.heir(into) if into else member_id

    def local_day(self, instant: str) -> str:
        return datetime.fromisoformat(instant).astimezone(self.zone).date().isoformat()


def qualifying_of(entry: Any) -> tuple[str, int] | None:
    """What an entry of an order adds towards a level."""
    counted = entry.get("about", {}).get("qualifying") or entry.get("order", {}).get("qualifying")
    return tuple(counted) if counted else None


def add(sums: dict[str, int], changes: dict[str, int]) -> None:
    for name, change in changes.items():
        total = sums.get(name, 0) + change
        if total:
            sums[name] = total
        else:
            sums.pop(name, None)


def follows(key: Key, before: Item | None, after: Any, guard: str) -> None:
    """Each write of an item is decided from the one before it."""
    old: Any = before or {guard: 0}
    if after[guard] != old[guard] + 1:
        raise Violation(f"{key} was not what it replaces when it was decided of")


def order_of(key: Key) -> tuple[str, ...]:
    return tuple(key.pk.split("#")[3:5])


def request_of(key: Key) -> str:
    return key.pk.split("#")[3]
