"""Giving points away: only those that a refund of their order is no longer expected to take back.

Lots do not say when their points were earned, so the account keeps, beside them, how many points of
orders can be given only from a later day on (`giveable_from`). A member gives what lies in their
lots beyond those: whatever is given, enough is left to take back every recent order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.account import Account
from loyalty.domain.program.document import Program

# The account stays small: this many days are kept apart, a longer wait is rounded up to blocks.
DAYS_APART_MAX: Final = 10
# So few past days are removed by one write that it has room for all else.
FORGOTTEN_AT_ONCE_MAX: Final = 4


def giveable_on(available_on: date, program: Program) -> date:
    """The first day on which points of an order can be given to another member."""
    days = program.transfers.min_age_days if program.transfers else 0
    block = days // DAYS_APART_MAX + 1
    return date.fromordinal(-(-(available_on.toordinal() + days) // block) * block)


def waiting(parts: Iterable[Part], program: Program, *, today: date) -> dict[date, int]:
    """Of the parts that are available by today, those that can be given only later, by that day."""
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
    """Days of the account that have come: they hold nothing back any more, and can be removed."""
    over = sorted(day for day in account.giveable_from if day <= today)
    return tuple(("giveable_from", day.isoformat()) for day in over[:FORGOTTEN_AT_ONCE_MAX])
