"""Customers and paid memberships of shops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.ledger.tiers import granted, higher_floor
from loyalty.domain.orders.order import is_outdated

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import TierFloor
    from loyalty.domain.people.identity import Identity
    from loyalty.domain.program.document import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerUpdated:
    """The current state of a shop's customer.

    `customer` is the customer's id in the shop; `contacts` are their e-mail and phone. `verified`
    are the contacts that the customer has proven, according to the platform. `consents` are those
    that they gave the shop.
    """

    customer: Identity
    contacts: tuple[Identity, ...] = ()
    verified: frozenset[Identity] = frozenset()
    name: str | None = None
    consents: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased:
    """A shop has deleted a customer. It never reuses the id."""

    customer: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipUpdated:
    """The current state of a membership that a customer pays for.

    `plans` are the shop's names of the plan; `paid_until` is None once the membership has ended.
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


type PersonCommand = CustomerUpdated | CustomerErased | CustomersMerged | MembershipUpdated


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The time of a membership's latest state, and the level that was granted for it."""

    told_at: datetime
    floor: TierFloor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOnFile:
    """The times of the latest state of a customer, so that older deliveries can be ignored.

    It holds no personal data. Writes rely on `counter`.
    """

    told_at: datetime | None = None
    is_erased: bool = False
    memberships: Mapping[str, Membership] = field(default_factory=lambda: MappingProxyType({}))
    counter: int = 0

    def outdates(self, customer: CustomerUpdated) -> bool:
        return is_outdated(customer.told_at, by=self.told_at)

    def outdates_membership(self, membership: MembershipUpdated) -> bool:
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
        self, membership: MembershipUpdated, floor: TierFloor | None
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
    """An account's floor after a membership changes the floor that it grants.

    A floor that the membership did not grant comes from a manager. It stays if it is at least as
    high.
    """
    today = program.today(now)
    if current is not None and current == was:
        return granted(becomes, day=today)
    return higher_floor(current, becomes, program, day=today)
