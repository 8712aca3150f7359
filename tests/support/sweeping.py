"""A program over a table in memory whose clock can be moved, and the sweep that follows it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final

from local.memory import MemoryEngine
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.entries import Adjustment, Entry, Redemption
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import keys, records
from loyalty.table.books import TableBooks
from loyalty.table.due import TableDues, TableProgress
from loyalty.table.engine import Engine
from loyalty.table.operations import Item, Key, Operation, Put, Query, QueryPage
from loyalty.usecases import work_pages
from loyalty.usecases.ledger.corrections import adjust
from loyalty.usecases.ledger.redemption import RequestedReward, redeem_reward
from loyalty.usecases.ledger.sweeps import DueItem, Finder, wake
from loyalty.usecases.orders.accrual import Customer, Earned, earn
from loyalty.usecases.ports import Desk
from tests.support.documents import published
from tests.support.orders import NOON, line, order

ANA: Final = "mem_ana"


class Killed(BaseException):
    """The function was killed: nothing that catches exceptions catches this."""


def kill() -> None:
    raise Killed


@dataclass(slots=True)
class Fuse:
    """Burns at one of the calls that pass by it, before or after the call took effect."""

    call_number: int = 0
    after: bool = False
    burn: Callable[[], object] = kill
    calls: int = 0

    def before_call(self) -> None:
        self.calls += 1
        if self.calls == self.call_number and not self.after:
            self.burn()

    def after_call(self) -> None:
        if self.calls == self.call_number and self.after:
            self.burn()


@dataclass(slots=True)
class FusedEngine:
    """Implements `Engine`; counts its calls and what they read and wrote."""

    engine: Engine
    fuse: Fuse = field(default_factory=Fuse)
    read: int = 0
    written: int = 0

    def get(self, key: Key, *, strong: bool) -> Item | None:
        self.fuse.before_call()
        item = self.engine.get(key, strong=strong)
        self.read += 1
        self.fuse.after_call()
        return item

    def get_many(self, keys: Collection[Key], *, strong: bool) -> dict[Key, Item]:
        self.fuse.before_call()
        items = self.engine.get_many(keys, strong=strong)
        self.read += len(items)
        self.fuse.after_call()
        return items

    def query(self, query: Query) -> QueryPage:
        self.fuse.before_call()
        page = self.engine.query(query)
        self.read += len(page.items)
        self.fuse.after_call()
        return page

    def write(self, operations: Sequence[Operation]) -> None:
        self.fuse.before_call()
        self.engine.write(operations)
        self.written += len(operations)
        self.fuse.after_call()


@dataclass(slots=True)
class ListedPages:
    """Implements `Pages`: what was sent, in order."""

    fuse: Fuse = field(default_factory=Fuse)
    sent: list[work_pages.WorkPage] = field(default_factory=list)
    others_waiting: int = 0

    def send(self, pages: Iterable[work_pages.WorkPage]) -> None:
        self.fuse.before_call()
        self.sent += pages
        self.fuse.after_call()

    def waiting(self) -> int:
        return self.others_waiting


@dataclass(slots=True)
class Town:
    """Members of the program `bean`. `now` is the clock, which a test moves."""

    program: PublishedProgram = field(default_factory=published)
    now: datetime = NOON
    table: MemoryEngine = field(default_factory=MemoryEngine)
    fuse: Fuse = field(default_factory=Fuse)
    engine: FusedEngine = field(init=False)
    pages: ListedPages = field(init=False)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.engine = FusedEngine(self.table, self.fuse)
        self.pages = ListedPages(self.fuse)

    @property
    def desk(self) -> Desk:
        return Desk(
            books=TableBooks(self.engine, program_id="bean", zone=self.program.document.zone),
            program=self.program,
            version=lambda _version: self.program,
            now=self.now,
            new_code=lambda: f"CODE{next(self._numbers)}",
            pause=lambda _attempt: None,
        )

    @property
    def dues(self) -> TableDues:
        return TableDues(self.engine, program_id="bean")

    @property
    def progress(self) -> TableProgress:
        return TableProgress(self.engine, program_id="bean", of="expiry")

    def enroll(self, *member_ids: str) -> None:
        for member_id in member_ids or (ANA,):
            account = Account(member_id=member_id, enrolled_at=self.now)
            item = records.account_to_item(account, "bean")
            self.table.apply([Put(keys.account("bean", member_id), item)])

    def give(self, points: int, member_id: str = ANA, *, expiring_on: date | None = None) -> Entry:
        """Points in the lot of a day of one's choice."""
        why = Adjustment(reason="goodwill", reference=None)
        requested_adjustment = RequestedAdjustment(points=points, why=why, expiring_on=expiring_on)
        request_id = f"request-{next(self._numbers)}"
        given = adjust(
            member_id,
            adjustment=requested_adjustment,
            request_id=request_id,
            allowance=None,
            desk=self.desk,
        )
        return given.entry

    def buy(self, points: int, member_id: str = ANA) -> Entry:
        paid = order(line(points * 100), order_id=f"{next(self._numbers)}", occurred_at=self.now)
        customer = Customer(member_id=member_id, named=member_id)
        earned = earn(paid, customer=customer, desk=self.desk)
        assert isinstance(earned, Earned)
        return earned.entry

    def redeem(
        self, reward_id: str = "latte", member_id: str = ANA, *, hold: bool = False
    ) -> Voucher:
        requested_reward = RequestedReward(reward_id=reward_id, hold=hold)
        request_id = f"request-{next(self._numbers)}"
        entry = redeem_reward(
            member_id, request=requested_reward, request_id=request_id, desk=self.desk
        ).entry
        assert isinstance(entry.detail, Redemption)
        return self.voucher(entry.detail.code)

    def find(self, *, since: date | None = None) -> int:
        """The first half of a sweep: hand out what is due."""
        return self.finder.hand_out(
            progress=self.progress, began=self.program.published_at.date, since=since
        )

    def work(self) -> None:
        """The second half: work off what was handed out. A page ends once all of it is done."""
        while self.pages.sent:
            page = self.pages.sent[0]
            for item in page.items:
                if page.lane == "shards":
                    self.finder.hand_out_rest(item)
                else:
                    wake(DueItem(item), dues=self.dues, desk=self.desk)
            self.pages.sent.pop(0)

    def sweep(self, *, since: date | None = None) -> int:
        found = self.find(since=since)
        self.work()
        return found

    @property
    def finder(self) -> Finder:
        return Finder(program_id="bean", dues=self.dues, pages=self.pages, now=self.now)

    def account(self, member_id: str = ANA) -> Account:
        account = records.account_from_item(self.table.items[keys.account("bean", member_id)])
        assert isinstance(account, Account)
        return account

    def voucher(self, code: str) -> Voucher:
        return records.voucher_from_item(self.table.items[keys.voucher("bean", code)])

    def listed(self, name: str = ANA) -> str | None:
        """Under which moment a member, or a voucher, is listed as due."""
        sort = self.table.items[keys.owner("expiring", "bean", name)].get("expiring_sk")
        return str(sort).partition("#")[0] if sort else None

    def kinds(self, member_id: str = ANA) -> list[str]:
        """The kinds of a member's entries, oldest first."""
        return [entry.kind for entry in self.desk.books.entries(member_id)]

    def reached(self) -> str | None:
        item = self.table.items.get(keys.progress("bean", "expiry"))
        return str(item["mark"]) if item else None

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)
