"""Vouchers: the codes that redemptions issue, and the states that a voucher goes through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import GrantOccasion
    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.program.kinds import RewardKind


@dataclass(frozen=True, slots=True)
class Contribution:
    """Points of another member in the household, as slices and first ends of a voucher."""

    slices: Mapping[date, int]
    first_ends: Mapping[date, date] = field(default_factory=lambda: MappingProxyType({}))

    def together_with(self, other: Contribution) -> Contribution:
        """Both, of one member who was two; of a slice in both, the earlier first end."""
        ends = dict(self.first_ends)
        for lot, end in other.first_ends.items():
            ends[lot] = min(end, ends.get(lot, end))
        return Contribution(dict(Counter(self.slices) + Counter(other.slices)), ends)


State = Literal["held", "issued", "cancelling", "used", "cancelled", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a voucher is good for, as the program defined it when the points were redeemed."""

    kind: RewardKind
    name: str
    currency: str
    amount_minor: int | None = None
    percent: int | None = None
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """A code for a redeemed reward. Every change of state relies on the state that was seen.

    Anybody who has the code can use it: `used_by` is the member whose order used it, if known.
    `recorded_by` and `use_recorded_by` are the token subjects of the staff members or services that
    redeemed and used it; None where nobody but the member or a storefront did.
    `slices` are the points by the lot they came from. `first_ends` maps slices that were reinstated
    before to the last day that their points had at first. `shared` is the same of others in the
    member's household who contributed, by their id; `points` counts all. A used voucher is issued
    again if its order is cancelled; `times_reinstated` counts that. Lists leave out the `terms`.
    `in_shops` are the storefronts that were given the code. A voucher that is cancelled while a
    shop may still accept its code is `cancelling`: its points return once no shop accepts it.

    `granted_for` says why it was given for no points; None: it was redeemed.

    If it `pays`, the member chose how many points pay for an order, and refunds of the order return
    their share of them: `returned` so far, in `return_steps` entries. `return_forgiven` are those
    of them that an order in force again pays once more, and that the program waived.
    """

    code: str
    member_id: str
    redemption_id: str
    reward_id: str
    points: int
    slices: Mapping[date, int]
    state: State
    issued_at: datetime
    held_until: datetime | None = None
    expires_at: datetime | None = None
    used_at: datetime | None = None
    used_request: str | None = None
    used_order: OrderRef | None = None
    used_by: str | None = None
    recorded_by: str | None = None
    use_recorded_by: str | None = None
    times_reinstated: int = 0
    in_shops: tuple[str, ...] = ()
    first_ends: Mapping[date, date] = field(default_factory=lambda: MappingProxyType({}))
    shared: Mapping[str, Contribution] = field(default_factory=lambda: MappingProxyType({}))
    limited: bool = False
    stocked: bool = False
    pays: bool = False
    returned: int = 0
    return_forgiven: int = 0
    return_steps: int = 0
    granted_for: GrantOccasion | None = None
    amount_minor: int | None = None
    terms: Terms | None = None

    def state_at(self, now: datetime) -> State:
        """The state that counts at a moment, whether or not a sweep has recorded it."""
        if self.state == "held" and self.held_until is not None and self.held_until <= now:
            return "cancelled"
        if self.state == "issued" and self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return self.state

    @property
    def due_at(self) -> datetime | None:
        """When the calendar will change its state; None if never."""
        match self.state:
            case "held":
                return self.held_until
            case "issued":
                return self.expires_at
            case _:
                return None
