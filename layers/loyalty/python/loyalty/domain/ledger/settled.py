"""How points stand that rest on something that can change, such as an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How points stand that were given, and taken back in part or as a whole.

    `clawed` were taken from the account, `owed` became debt, `forgiven` were lost to the program,
    and `excused` had expired unspent. Their sum is what was given less what should stand.

    `given` are points that were added later, by their dates; `expired` says how many of them
    arrived after their last day. `taken` says, for each part that was given at first and then for
    each part in `given`, how many of its own points were taken.
    """

    clawed: int = 0
    owed: int = 0
    forgiven: int = 0
    excused: int = 0
    taken: tuple[int, ...] = ()
    given: tuple[Part, ...] = ()
    expired: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def settled(self) -> int:
        """The points that were dealt with, one way or another."""
        return self.clawed + self.owed + self.forgiven + self.excused
