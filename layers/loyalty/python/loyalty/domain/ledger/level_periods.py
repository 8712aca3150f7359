"""The numbered periods in which amounts count toward levels, for one member.

Calendar years are numbered by the year, years of membership from 0, and rolling months by
`year * 12 + month - 1`. A rolling period is several of these months, named by the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.earning.qualifying import LETTERS
from loyalty.domain.kernel.calendar import add_months

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.levels import (
        Tiers,
    )

# Orders can be 90 days old: so many months stay open for what they still count.
_OPEN_MONTHS_MIN: Final = 4


@dataclass(frozen=True, slots=True)
class LevelPeriods:
    """The periods of one member, who enrolled on a day."""

    tiers: Tiers
    enrolled_on: date

    @classmethod
    def of(cls, account: Account, tiers: Tiers, program: Program, *, day: date) -> LevelPeriods:
        enrolled_at = account.enrolled_at
        return cls(tiers, program.today(enrolled_at) if enrolled_at else day)

    @property
    def spans(self) -> int:
        """How many numbered periods count together."""
        return (self.tiers.rolling_months or 12) if self.are_months else 1

    @property
    def are_months(self) -> bool:
        return self.tiers.period == "rolling_months"

    @property
    def stay_open(self) -> int:
        """How many numbered periods before the current one still change with their counters."""
        return max(self.spans, _OPEN_MONTHS_MIN) if self.are_months else 1

    def number(self, day: date) -> int:
        """The period of a day."""
        match self.tiers.period:
            case "calendar_year":
                return day.year
            case "rolling_months":
                return day.year * 12 + day.month - 1
            case "membership_year":
                years = day.year - self.enrolled_on.year
                # An order from before the enrollment counts in the first year.
                return max(0, years - (day < add_months(self.enrolled_on, 12 * years)))

    def begins(self, number: int) -> date:
        """The first day of a numbered period."""
        match self.tiers.period:
            case "calendar_year":
                return date(number, 1, 1)
            case "rolling_months":
                return date(number // 12, number % 12 + 1, 1)
            case "membership_year":
                return add_months(self.enrolled_on, 12 * number)

    def ends(self, number: int) -> date:
        """The last day of a numbered period."""
        return self.begins(number + 1) - timedelta(days=1)

    def counter(self, number: int) -> str:
        return f"{LETTERS[self.tiers.basis]}{number}"

    def counted(self, counters: Mapping[str, int]) -> dict[int, int]:
        """The amounts of the program's basis, by period."""
        letter = LETTERS[self.tiers.basis]
        return {int(name[1:]): amount for name, amount in counters.items() if name[0] == letter}

    def amounts(self, counters: Mapping[str, int], numbers: range) -> list[int]:
        """What counts in each of successive numbered periods."""
        counted, spans = self.counted(counters), self.spans
        amount = sum(counted.get(numbers.start - ago, 0) for ago in range(1, spans + 1))
        amounts = []
        for number in numbers:
            amount += counted.get(number, 0) - counted.get(number - spans, 0)
            amounts.append(amount)
        return amounts

    def amount(self, counters: Mapping[str, int], number: int) -> int:
        """What counts in a numbered period."""
        return self.amounts(counters, range(number, number + 1))[0]
