"""Giving points away: only points of orders that are old enough that no refund is expected.

Lots do not say when their points were earned. So the account also keeps how many points of orders
can be given only from a later day on (`giveable_from`). A member can give what their lots hold
beyond those. Whatever they give, enough is left to take back every recent order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import Part
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import Program

# At most this many days are kept apart so that the account stays small. A longer waiting time is
# rounded up to blocks of days.
DAYS_APART_MAX: Final = 10
# One write removes at most this many past days, which leaves room for everything else.
FORGOTTEN_AT_ONCE_MAX: Final = 4


def giveable_on(available_on: date, program: Program) -> date:
    """The first day on which points of an order can be given to another member."""
    days = program.transfers.min_age_days if program.transfers else 0
    block = days // DAYS_APART_MAX + 1
    return date.fromordinal(-(-(available_on.toordinal() + days) // block) * block)


def waiting(parts: Iterable[Part], program: Program, *, today: date) -> dict[date, int]:
    """Points of the parts available today that can be given only later, by the day they can be."""
    by_day: Counter[date] = Counter()
    for part in parts:
        if part.available_on <= today:
            by_day[giveable_on(part.available_on, program)] += part.points
    return still_waiting(by_day, today=today)


def still_waiting(giveable_from: Mapping[date, int], *, today: date) -> dict[date, int]:
    return {day: points for day, points in giveable_from.items() if day > today and points}


def giveable(account: Account, *, today: date) -> int:
    """How many points of a settled account can be given away now."""
    held_back = sum(still_waiting(account.giveable_from, today=today).values())
    return max(0, account.holding.spendable - held_back)


def days_over(account: Account, *, today: date) -> tuple[tuple[str, str], ...]:
    """Paths of the days that have arrived. They hold nothing back any more and can be removed."""
    over = sorted(day for day in account.giveable_from if day <= today)
    return tuple(("giveable_from", day.isoformat()) for day in over[:FORGOTTEN_AT_ONCE_MAX])
