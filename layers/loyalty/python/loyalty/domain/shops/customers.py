"""Customers of shops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.orders.order import is_outdated

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity
    from loyalty.domain.shops.memberships import MembershipUpdated


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
class CustomersMerged:
    """A shop has merged two of its customers: `merged` is now known as `remaining`."""

    remaining: Identity
    merged: Identity


type PersonCommand = CustomerUpdated | CustomerErased | CustomersMerged | MembershipUpdated


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOnFile:
    """The times of the latest state of a customer, so that older deliveries can be ignored.

    It holds no personal data. Writes rely on `counter`.
    """

    told_at: datetime | None = None
    is_erased: bool = False
    counter: int = 0

    def outdates(self, customer: CustomerUpdated) -> bool:
        return is_outdated(customer.told_at, by=self.told_at)

    def read_at(self, told_at: datetime | None) -> CustomerOnFile:
        return replace(self, told_at=told_at or self.told_at, counter=self.counter + 1)

    def erased(self) -> CustomerOnFile:
        return replace(self, is_erased=True, counter=self.counter + 1)
