"""The rules once more, as plainly as they can be told, to hold the product against.

Nothing here is imported from the product's rules, and nothing is clever: fractions, loops, dates.
It reads items as they lie in the table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from math import ceil, floor
from typing import Any, Final
from zoneinfo import ZoneInfo

from loyalty.domain.program import Inactivity, Program, PublishedProgram

NEVER: Final = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Refunds:
    """All refunds of an order together: units by line, money without lines, or everything."""

    units: Mapping[str, int]
    amount_minor: int
    whole: bool


def target(lines: Iterable[list[Any]], refunds: Refunds, program: Program) -> int:
    """What an order still earns once all that was refunded is taken out of it."""
    kept: dict[str, Fraction] = {}
    of_line = {line_id: (category, sku) for line_id, sku, category, _, _ in lines}
    for line_id, _, _, quantity, amount_minor in lines:
        refunded = min(quantity, refunds.units.get(line_id, 0))
        gone = floor(Fraction(amount_minor * refunded, quantity)) if quantity else 0
        kept[line_id] = Fraction(0 if refunds.whole else amount_minor - gone)
    in_all = sum(kept.values())
    keeps = max(Fraction(0), in_all - refunds.amount_minor)
    if in_all:
        kept = {line_id: Fraction(ceil(left * keeps / in_all)) for line_id, left in kept.items()}
    return sum(
        _rounded(
            sum(left for line_id, left in kept.items() if rule.covers(*of_line[line_id]))
            * Fraction(rule.points, rule.per_minor),
            rule.rounding,
        )
        for rule in map(_Rule.of, program.earning_rules)
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant whose local date is this day, found by halving."""
    low = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    high = low + timedelta(hours=30)
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).date() < day:
            low = middle
        else:
            high = middle
    return high


@cache
def midnight_told(day: str, zone_name: str) -> str:
    """That instant as keys tell it."""
    moment = midnight(date.fromisoformat(day), ZoneInfo(zone_name))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def quiet_until(program: PublishedProgram, active_on: str | None) -> str:
    """The last day of points without a date, where points expire by inactivity."""
    policy = program.document.expiry
    if not isinstance(policy, Inactivity) or program.inactivity_since is None:
        return NEVER
    since = max(active_on or "", program.inactivity_since.isoformat())
    return _months_later(since, policy.months)


@cache
def _months_later(day: str, months: int) -> str:
    start = date.fromisoformat(day)
    year, month = start.year, start.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    for shorter in range(4):
        try:
            return date(year, month, start.day - shorter).isoformat()
        except ValueError:
            continue
    raise AssertionError("no month is shorter than 28 days")


@dataclass(frozen=True, slots=True)
class _Rule:
    points: int
    per_minor: int
    rounding: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    charges: tuple[str, ...]

    @classmethod
    def of(cls, rule: Any) -> "_Rule":
        return cls(
            rule.points,
            rule.per_minor,
            rule.rounding,
            rule.include_categories,
            rule.exclude_categories,
            rule.also_earn_on,
        )

    def covers(self, category: str | None, _sku: str | None) -> bool:
        if category in ("tax", "shipping", "tip", "gift_card") and category not in self.charges:
            return False
        if category in self.exclude:
            return False
        return not self.include or category in self.include


def _rounded(points: Fraction | int, rounding: str) -> int:
    match rounding:
        case "floor":
            return floor(points)
        case "ceil":
            return ceil(points)
        case _:
            return floor(points + Fraction(1, 2))
