"""Vouchers: what a redemption issues, and the states it goes through, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from loyalty.domain.program.document import RewardKind

State = Literal["held", "issued", "used", "cancelled", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a voucher is good for, as the program said when it was redeemed."""

    kind: RewardKind
    name: str
    currency: str
    amount_minor: int | None = None
    percent: int | None = None
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """A code that stands for a redeemed reward. Every change of state relies on the state seen.

    Whoever has the code can use it: `used_by` is the member whose order did, where that is known.
    `first_ends` maps slices whose points had been reinstated before to the last day that they
    first had. A used one is issued again each time that its order came to nothing
    (`times_reinstated`). Lists leave out the `terms`.
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
    used_order: tuple[str, str] | None = None
    used_by: str | None = None
    times_reinstated: int = 0
    first_ends: Mapping[date, date] = field(default_factory=lambda: MappingProxyType({}))
    limited: bool = False
    stocked: bool = False
    amount_minor: int | None = None
    terms: Terms | None = None

    def state_at(self, now: datetime) -> State:
        """The state as it counts at a moment, whether or not the calendar was caught up."""
        if self.state == "held" and self.held_until is not None and self.held_until <= now:
            return "cancelled"
        if self.state == "issued" and self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return self.state

    @property
    def due_at(self) -> datetime | None:
        """When the calendar will change its state."""
        match self.state:
            case "held":
                return self.held_until
            case "issued":
                return self.expires_at
            case _:
                return None
