"""Safeguards at work: what an order counts, which limits it exceeds, and until when it is held.

An account counts the orders and points of today and yesterday. The counts of a day only grow, so an
order that exceeds a limit by an old read exceeds it by any newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from loyalty.domain.ledger.account import count_of_day, day_counter
from loyalty.domain.ledger.reviews import Excess

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import Program

# Orders of days before yesterday count no more: they come from outages and imports.
COUNTED_FOR: Final = timedelta(days=1)


def _none() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardDecision:
    """What an order counts by counter, and which safeguards it exceeds.

    `below` are counters that must still be below a number, because the order exceeds nothing. Its
    points are held until `held_until`; None: they are not.
    """

    counted: Mapping[str, int] = field(default_factory=_none)
    below: Mapping[str, int] = field(default_factory=_none)
    excesses: tuple[Excess, ...] = ()
    held_until: date | None = None


def safeguarded(
    points: int, *, account: Account, program: Program, day: date, today: date
) -> SafeguardDecision:
    """Count an order of a day that earns points, and decide whether somebody has to look at it."""
    if not points or not today - COUNTED_FOR <= day:
        return SafeguardDecision()
    counted: dict[str, int] = {}
    below: dict[str, int] = {}
    excesses: list[Excess] = []
    holds: list[int] = []
    for safeguard in program.safeguards:
        name = day_counter(safeguard.count, day)
        counted[name] = 1 if safeguard.count == "orders" else points
        now = count_of_day(account, safeguard.count, day) + counted[name]
        if now > safeguard.at_most:
            excesses.append(Excess(safeguard.id, safeguard.count, safeguard.at_most, now))
            if safeguard.hold_days:
                holds.append(safeguard.hold_days)
        else:
            room = safeguard.at_most - counted[name] + 1
            below[name] = min(room, below.get(name, room))
    return SafeguardDecision(
        counted=counted,
        below=below,
        excesses=tuple(excesses),
        held_until=today + timedelta(days=max(holds)) if holds else None,
    )
