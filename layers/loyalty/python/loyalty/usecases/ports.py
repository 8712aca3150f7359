"""The protocols that several use cases share: the books, the members, and the desk.

The table and the edge implement them. A protocol that only one use case needs stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.campaigns.short_budgets import ShortBudgets

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import ShardsUsed
    from loyalty.domain.campaigns.limits import CampaignPeriod
    from loyalty.domain.campaigns.targeting import Targeting
    from loyalty.domain.households.household import Household
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Cause, Entry, OrderCause, Placeholder
    from loyalty.domain.ledger.order_vouchers import OrderVouchers
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.ledger.refunds import OrderState
    from loyalty.domain.ledger.stock import StockShards
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.people.erasure import Erasure
    from loyalty.domain.people.identity import Identity
    from loyalty.domain.people.member import Member, Strength
    from loyalty.domain.plans.tellings import MemberPlans
    from loyalty.domain.program.document import PublishedProgram
    from loyalty.domain.staff.actions import StaffAction

# Enough for eight writers of one member to all get through, each overtaken seven times in a row.
DECISIONS_MAX: Final = 12


class Overtaken(Exception):
    """The books changed since they were read; nothing was written.

    `entry` is the entry or placeholder that already has the cause (None: not reported).
    `accounts` are the accounts as they are now, as far as the table reported them. `short_stock`
    says that a shard of a stock has no unit left, or is not dealt for this stock. `short_budgets`
    are budgets of campaigns with a shard that has less left than the posting takes.
    """

    def __init__(
        self,
        *,
        entry: Entry | Placeholder | None,
        accounts: Mapping[str, Account],
        short_stock: bool = False,
        over_allowance: bool = False,
        short_budgets: frozenset[CampaignPeriod] = frozenset(),
    ) -> None:
        super().__init__("the books changed since they were read")
        self.entry = entry
        self.accounts = accounts
        self.short_stock = short_stock
        self.over_allowance = over_allowance
        self.short_budgets = short_budgets


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOnFile:
    """What the books hold of an order when a refund or an edit of it arrives.

    `entry` is the entry of this same refund or edit, if it was recorded before.
    """

    accrual: Entry | Placeholder | None
    state: OrderState | None
    entry: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """An account, and what campaigns read of its member beside it, as far as it was asked for.

    `account` is None if there is no such member.
    """

    account: Account | None
    member: Member | None = None
    targeting: Targeting | None = None


@dataclass(frozen=True, slots=True)
class Listed[T]:
    """One page of a list; `next` names its last item if more follow."""

    items: Sequence[T]
    next: str | None = None


class Books(Protocol):
    """The ledger of one program. Raises `Unavailable` when the table does not answer."""

    def account(self, member_id: str, *, strong: bool = False) -> Account | None: ...

    def entry(self, cause: Cause) -> Entry | Placeholder | None:
        """The entry or placeholder of a cause, read strongly."""
        ...

    def whole_entries(self, causes: Sequence[Cause]) -> Mapping[Cause, Entry]:
        """The entries of at most a hundred causes, with their breakdowns."""
        ...

    def order(self, cause: OrderCause) -> OrderOnFile:
        """The order of an accrual, a refund or an edit, read strongly in one request."""
        ...

    def order_entries(self, source: str, order_id: str) -> Sequence[Entry | Placeholder]:
        """Every entry of an order, or its placeholder, the accrual first; read strongly."""
        ...

    def budgets_used(self, periods: Collection[CampaignPeriod]) -> ShardsUsed:
        """What each shard of these budgets used, by the budget's name; read strongly."""
        ...

    def participant(
        self, member_id: str, *, profile: bool = False, targeting: bool = False
    ) -> Participant:
        """A member's account and what else is asked for, read strongly in one request."""
        ...

    def plans(self, member_id: str) -> MemberPlans | None:
        """The tellings of a member's plans, read strongly; None: there are none."""
        ...

    def household(self, household_id: str) -> Household | None:
        """Read strongly; None: it has no members any more, or never had."""
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

    def stock(self, reward_id: str) -> StockShards:
        """All shards of a reward's stock, read strongly."""
        ...

    def deal_stock(self, reward_id: str, seen: StockShards, becomes: StockShards) -> None:
        """Deal a stock out anew.

        Raises:
            Overtaken: it is not as seen any more.
        """
        ...

    def sold_out(self, stocks: Mapping[str, int], *, near: str) -> Collection[str]:
        """The rewards of which no unit is left, of these stocks on offer.

        Callers who name something else that they are `near` read other shards first.
        """
        ...

    def vouchers(
        self, member_ids: Sequence[str], *, limit: int, start: str | None
    ) -> Listed[Voucher]:
        """The vouchers of these members together, newest first."""
        ...

    def post(self, posting: Posting) -> None:
        """Write all of it or nothing.

        Raises:
            Overtaken: something that it relies on has changed.
        """
        ...

    def guest_orders(
        self, guest: str, *, since: datetime, start: str | None
    ) -> Listed[Placeholder]:
        """Unclaimed orders of a guest, oldest first, read strongly."""
        ...

    def keep(self, placeholder: Placeholder) -> None:
        """Write a placeholder. It relies on the one with `count - 1`; a count of 1 relies on none.

        Raises:
            Overtaken: its key now has something else.
        """
        ...


class Directory(Protocol):
    """Which identity belongs to which member of one program."""

    def member_of(self, identities: Sequence[Identity]) -> str | None:
        """The member whom these identities stand for; one round trip.

        A proven identity decides before a claimed one, and then the first in the list. An identity
        that is only noted on a member stands for nobody.
        """
        ...

    def earner_of(self, identities: Sequence[Identity]) -> str | None:
        """The member for whom an order of these identities earns; one round trip.

        Like `member_of`, but a shop's customer id that is only noted also earns: points from
        somebody else's purchases harm nobody.
        """
        ...

    def guests(self, identities: Sequence[Identity]) -> Sequence[str]:
        """Every name under which orders of these identities may be kept, surest first."""
        ...


class Raced(Exception):
    """A member, or the owner of an identity, changed since it was read; nothing was written now.

    This same call may have made the change, if its first answer was lost: read again.
    """


@dataclass(frozen=True, slots=True)
class OnFile:
    """A member's account and profile. An erased member has an account only."""

    account: Account
    member: Member | None


class Holder(NamedTuple):
    """The member who has an identity, and how strong their claim to it is."""

    member_id: str
    strength: Strength


@dataclass(frozen=True, slots=True)
class Loss:
    """A member who loses identities to somebody with a stronger claim: before and after."""

    before: Member
    after: Member

    @property
    def identities(self) -> AbstractSet[Identity]:
        return self.before.identities.keys() - self.after.identities.keys()


class Members(Directory, Protocol):
    """The members of one program."""

    def find(self, member_id: str, *, strong: bool = False) -> OnFile | None: ...

    def holders(self, identities: Collection[Identity]) -> Mapping[Identity, Holder]:
        """The holder of each of these identities, read strongly; those without one are left out."""
        ...

    def enroll(self, member: Member, account: Account, *, losses: Sequence[Loss] = ()) -> None:
        """Claim every identity and open the account, all or nothing.

        Identities in `losses` are taken from the members who lose them.

        Raises:
            Raced: an identity, or the member's id, is taken.
        """
        ...

    def change(self, before: Member, after: Member, *, losses: Sequence[Loss] = ()) -> None:
        """Claim and release identities and write the profile, relying on the revision seen.

        Identities in `losses` are taken from the members who lose them.

        Raises:
            Raced: an identity is taken, or somebody changed the member.
        """
        ...

    def unite(self, loser: Member, before: Member, after: Member) -> None:
        """Give a merged member's identities to the survivor, and delete the merged profile.

        Raises:
            Raced: somebody changed one of the two.
        """
        ...

    def unite_plans(self, merged_id: str, *, into: str) -> None:
        """Move the tellings of a merged member's plans to the survivor.

        Raises:
            Raced: one of the two changed, or the survivor is active no more.
        """
        ...

    def unite_targeting(self, merged_id: str, *, into: str) -> None:
        """Let the survivor take part in the campaigns that a merged member joined.

        Raises:
            Raced: one of the two changed, or the survivor is active no more.
        """
        ...

    def presents_from(self, identities: Collection[Identity]) -> date | None:
        """The day from which the owner of these identities gets presents; None: at once.

        It is set where somebody with one of them was erased less than a year ago.
        """
        ...

    def erase(
        self,
        member: Member,
        closing: Posting,
        *,
        begins: Erasure,
        presents_from: date | None = None,
    ) -> None:
        """Delete all personal data and close the account; its entries stay.

        The same write begins the erasure of what is still stored elsewhere. With `presents_from`
        a digest of each identity stays until that day, and nothing else.

        Raises:
            Raced: somebody changed the member.
        """
        ...

    def forget(self, merged: Member, *, begins: Erasure) -> None:
        """Delete all personal data of a member whose account ended in a merge.

        Raises:
            Raced: somebody changed the member.
        """
        ...

    def history(self, member_ids: Sequence[str], *, limit: int, start: str | None) -> Listed[Entry]:
        """The entries of these members together, newest first, without their breakdowns."""
        ...


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What one request works with: a program's books, the version in force, the time, new codes.

    `now` is fixed for the whole request, so one clock reading decides it. `version` returns any
    version of the program. `pause` waits, with jitter, before the given attempt.
    `caller` is the token subject of the staff member or service that acts for a member.
    `short_budgets` are remembered from request to request.
    """

    books: Books
    program: PublishedProgram
    version: Callable[[int], PublishedProgram]
    now: datetime
    new_code: Callable[[], str]
    pause: Callable[[int], None]
    caller: str | None = None
    short_budgets: ShortBudgets = field(default_factory=ShortBudgets)

    @property
    def today(self) -> date:
        return self.program.document.today(self.now)


class Targetings(Protocol):
    """What the members of one program are targeted by."""

    def save(self, before: Targeting | None, after: Targeting) -> None:
        """Write it, relying on what was seen; it never comes into being for an erased member.

        Raises:
            Raced: it changed, or the member was merged or erased.
        """
        ...

    def keep_offers(self, before: Targeting | None, after: Targeting) -> None:
        """Write what was offered to a member, and nothing else, relying on the offers seen.

        Raises:
            Raced: they changed, or the member was merged or erased.
        """
        ...


class Actions(Protocol):
    """The actions of staff in one program. Raises `Unavailable` when the table does not answer."""

    def begin(self, action: StaffAction) -> None: ...

    def complete(self, action: StaffAction) -> None: ...
