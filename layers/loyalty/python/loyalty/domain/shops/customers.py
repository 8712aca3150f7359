"""Customers and paid memberships, as storefronts tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.tiers import granted, higher_floor
from loyalty.domain.orders.order import is_outdated
from loyalty.domain.people.identity import Identity
from loyalty.domain.program.document import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTold:
    """A customer as the shop knows them now.

    `customer` is what the shop calls them, `contacts` their e-mail and phone. `verified` are the
    contacts of which the platform says that the customer proved them. `consents` are those they
    have given the shop.
    """

    customer: Identity
    contacts: tuple[Identity, ...] = ()
    verified: frozenset[Identity] = frozenset()
    name: str | None = None
    consents: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased:
    """A shop has deleted a customer; it gives their id to nobody else."""

    customer: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipTold:
    """A membership that a customer pays for, as it is now.

    `plans` are its names for what is paid for; `paid_until` is None where it has ended.
    """

    customer: Identity
    membership_id: str
    plans: tuple[str, ...]
    paid_until: datetime | None
    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersMerged:
    """A shop has merged two of its customers: `merged` is now known as `remaining`."""

    remaining: Identity
    merged: Identity


type PersonTold = CustomerTold | CustomerErased | CustomersMerged | MembershipTold


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What was last told of a membership, and the level that was granted for it."""

    told_at: datetime
    floor: TierFloor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOnFile:
    """What a shop last told of a customer: what was told before is out of date.

    Nothing of this is personal; `counter` guards the item.
    """

    told_at: datetime | None = None
    is_erased: bool = False
    memberships: Mapping[str, Membership] = field(default_factory=lambda: MappingProxyType({}))
    counter: int = 0

    def outdates(self, customer: CustomerTold) -> bool:
        return is_outdated(customer.told_at, by=self.told_at)

    def outdates_membership(self, membership: MembershipTold) -> bool:
        on_file = self.memberships.get(membership.membership_id)
        return on_file is not None and membership.told_at < on_file.told_at

    def floor_of(self, membership_id: str) -> TierFloor | None:
        on_file = self.memberships.get(membership_id)
        return on_file.floor if on_file else None

    def read_at(self, told_at: datetime | None) -> CustomerOnFile:
        return replace(self, told_at=told_at or self.told_at, counter=self.counter + 1)

    def erased(self) -> CustomerOnFile:
        return replace(self, is_erased=True, counter=self.counter + 1)

    def with_membership(
        self, membership: MembershipTold, floor: TierFloor | None
    ) -> CustomerOnFile:
        news = {membership.membership_id: Membership(told_at=membership.told_at, floor=floor)}
        memberships = {**self.memberships, **news}
        return replace(self, memberships=memberships, counter=self.counter + 1)


def floor_after(
    current: TierFloor | None,
    *,
    was: TierFloor | None,
    becomes: TierFloor | None,
    program: Program,
    now: datetime,
) -> TierFloor | None:
    """The floor of an account once a membership grants another, or none any more.

    One that the membership did not grant stays, where it is as good: a manager granted it.
    """
    today = program.today(now)
    if current is not None and current == was:
        return granted(becomes, day=today)
    return higher_floor(current, becomes, program, day=today)
