"""What the use cases need of the world; the table and the edge provide it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple, Protocol

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Cause, Entry, OrderCause, Placeholder
from loyalty.domain.ledger.order_vouchers import OrderVouchers
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.refunds import OrderState
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.people.erasure import Erasure
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member, Strength
from loyalty.domain.program.document import PublishedProgram

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
        over_allowance: bool = False,
    ) -> None:
        super().__init__("the books changed since they were read")
        self.entry = entry
        self.accounts = accounts
        self.out_of_stock = out_of_stock
        self.over_allowance = over_allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOnFile:
    """What the books hold of an order when a refund or an edit of it comes.

    `entry` is that of the very same refund or edit, where it came before.
    """

    accrual: Entry | Placeholder | None
    state: OrderState | None
    entry: Entry | None


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

    def order(self, cause: OrderCause) -> OrderOnFile:
        """The order of a refund or an edit, read strongly in one go."""
        ...

    def order_entries(self, source: str, order_id: str) -> Sequence[Entry | Placeholder]:
        """Every entry of an order, or its placeholder, the accrual first; read strongly."""
        ...

    def voucher(self, code: str) -> Voucher | None:
        """Read strongly."""
        ...

    def order_vouchers(self, source: str, order_id: str) -> OrderVouchers | None:
        """Read strongly."""
        ...

    def expiries(self, member_id: str, lot: date) -> Sequence[Entry]:
        """Every expiry of a member's lot of one date, recorded by the calendar."""
        ...

    def entries(
        self,
        member_id: str,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        at_most: int | None = None,
    ) -> Sequence[Entry]:
        """A member's entries that count in this time, oldest first, without breakdowns.

        The list may be a moment behind.
        """
        ...

    def count_entries(
        self, member_id: str, *, since: datetime | None = None, before: datetime | None = None
    ) -> int:
        """How many entries `entries` would list; cheaper, as nothing but their number is sent."""
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

    def guest_orders(
        self, guest: str, *, since: datetime, start: str | None
    ) -> Listed[Placeholder]:
        """Orders of a guest that nobody has claimed, newest first, read strongly."""
        ...

    def keep(self, placeholder: Placeholder) -> None:
        """Write a placeholder, relying on its predecessor (`count - 1`) or on nothing (1).

        Raises:
            Overtaken: something else stands there by now.
        """
        ...


class Directory(Protocol):
    """Who is known by which identity in one program."""

    def member_of(self, identities: Sequence[Identity]) -> str | None:
        """The member whom these identities stand for; one round trip.

        One that was proven decides before one that is only claimed, then the first one. What is
        only noted of a member stands for nobody.
        """
        ...

    def earner_of(self, identities: Sequence[Identity]) -> str | None:
        """The member whom an order of these identities earns for; one round trip.

        As `member_of`, but a shop's customer id that is only noted earns all the same: points
        that somebody else's purchases bring harm nobody.
        """
        ...

    def guests(self, identities: Sequence[Identity]) -> Sequence[str]:
        """Every name under which orders of these identities may have been kept, surest first."""
        ...


class Raced(Exception):
    """A member, or whose an identity is, changed since it was read; nothing was written now.

    It may have been written by this very call, whose first answer was lost: look again.
    """


@dataclass(frozen=True, slots=True)
class OnFile:
    """What there is of a member. Someone erased has an account and is nobody any more."""

    account: Account
    member: Member | None


class Holder(NamedTuple):
    """Whose an identity is, and how good their claim to it is."""

    member_id: str
    strength: Strength


@dataclass(frozen=True, slots=True)
class Loss:
    """A member who loses identities to somebody with a better claim: as they were, and after."""

    before: Member
    after: Member

    @property
    def identities(self) -> AbstractSet[Identity]:
        return self.before.identities.keys() - self.after.identities.keys()


class Members(Directory, Protocol):
    """The members of one program."""

    def find(self, member_id: str, *, strong: bool = False) -> OnFile | None: ...

    def holders(self, identities: Collection[Identity]) -> Mapping[Identity, Holder]:
        """Whose each of these identities is, read strongly; those of nobody are left out."""
        ...

    def enroll(self, member: Member, account: Account, *, losses: Sequence[Loss] = ()) -> None:
        """Claim every identity and begin the account, all or nothing.

        Identities in `losses` are taken from the members who lose them.

        Raises:
            Raced: an identity, or the member's id, is taken.
        """
        ...

    def change(self, before: Member, after: Member, *, losses: Sequence[Loss] = ()) -> None:
        """Claim and give up identities, and write the rest, relying on the revision seen.

        Identities in `losses` are taken from the members who lose them.

        Raises:
            Raced: an identity is taken, or somebody changed the member.
        """
        ...

    def unite(self, loser: Member, before: Member, after: Member) -> None:
        """Give a merged member's identities to the survivor, and delete what is left of theirs.

        Raises:
            Raced: somebody changed one of the two.
        """
        ...

    def erase(self, member: Member, closing: Posting, *, begins: Erasure) -> None:
        """Delete all personal data and close the account; its entries stay.

        What is still to be looked for elsewhere begins with it.

        Raises:
            Raced: somebody changed the member.
        """
        ...

    def forget(self, merged: Member, *, begins: Erasure) -> None:
        """Delete all personal data of someone whose account ended when they were merged.

        Raises:
            Raced: somebody changed the member.
        """
        ...

    def history(self, member_ids: Sequence[str], *, limit: int, start: str | None) -> Listed[Entry]:
        """The entries of these members together, newest first, without their breakdowns."""
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
