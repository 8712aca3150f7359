"""What the use cases need of the world; the table and the edge provide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from loyalty.domain.account import Account
from loyalty.domain.entries import Cause, Entry, Placeholder
from loyalty.domain.postings import Posting
from loyalty.domain.program import PublishedProgram
from loyalty.domain.refunds import OrderState
from loyalty.domain.vouchers import Voucher

# Eight writers of one member, each overtaken seven times in a row, still all get through.
DECISIONS_MAX: Final = 12


class Overtaken(Exception):
    """The books changed since they were read; nothing was written.

    `entry` is what already stands under the cause (it, or a placeholder, or nothing that was
    told), `accounts` the accounts as they are now, where that was told.
    """

    def __init__(
        self,
        *,
        entry: Entry | Placeholder | None,
        accounts: Mapping[str, Account],
        out_of_stock: bool = False,
    ) -> None:
        super().__init__("the books changed since they were read")
        self.entry = entry
        self.accounts = accounts
        self.out_of_stock = out_of_stock


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOnFile:
    """All that the books hold of an order when a refund comes, read strongly in one go."""

    accrual: Entry | Placeholder | None
    state: OrderState | None
    clawback: Entry | None


@dataclass(frozen=True, slots=True)
class Listed[T]:
    """One page of a list; `next` names the last one of it where more follow."""

    items: Sequence[T]
    next: str | None = None


class Books(Protocol):
    """The ledger of one program. Raises `Unavailable` when the table does not answer."""

    def account(self, member_id: str, *, strong: bool = False) -> Account | None: ...

    def entry(self, cause: Cause) -> Entry | Placeholder | None:
        """What stands under a cause, read strongly."""
        ...

    def order(self, source: str, order_id: str, *, refund_id: str) -> OrderOnFile: ...

    def voucher(self, code: str) -> Voucher | None:
        """Read strongly."""
        ...

    def expiries(self, member_id: str, lot: date) -> Sequence[Entry]:
        """Every expiry of a member's lot of one date, recorded by the calendar."""
        ...

    def stock_taken(self, reward_ids: Sequence[str]) -> Mapping[str, int]:
        """How many of each of these rewards were redeemed so far."""
        ...

    def vouchers(self, member_id: str, *, limit: int, start: str | None) -> Listed[Voucher]:
        """A member's vouchers, newest first."""
        ...

    def post(self, posting: Posting) -> None:
        """Write all of it or nothing.

        Raises:
            Overtaken: something it relies on is no longer so.
        """
        ...

    def keep(self, placeholder: Placeholder) -> None:
        """Write a placeholder, relying on its predecessor (`count - 1`) or on nothing (1).

        Raises:
            Overtaken: something else stands there by now.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where one request is served: a program's books, the version in force, the time, new ids.

    `now` is fixed for the whole request, so that it is decided by one clock. `version` gives any
    version of the program; `pause` waits, with jitter, before the given attempt.
    """

    books: Books
    program: PublishedProgram
    version: Callable[[int], PublishedProgram]
    now: datetime
    new_code: Callable[[], str]
    pause: Callable[[int], None]

    @property
    def today(self) -> date:
        return self.program.document.today(self.now)
