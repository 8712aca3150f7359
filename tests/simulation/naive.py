"""A second, naive implementation of the rules, to compare the product with.

It imports none of the product's rules, and uses only fractions, loops and dates. It reads items as
they are in the table.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from math import ceil, floor
from typing import Any, Final
from zoneinfo import ZoneInfo

from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.domain.program.levels import HoldsMonths, Tiers

NEVER: Final = "9999-12-31"
CHARGES: Final = ("tax", "shipping", "tip", "gift_card")
# More than any order earns.
POINTS_MAX: Final = 10**12


@dataclass(frozen=True, slots=True)
class Refunds:
    """All refunds of an order together: units and money by line, money, or everything."""

    units: Mapping[str, int]
    amounts_minor: Mapping[str, int]
    amount_minor: int
    whole: bool

    @classmethod
    def of(cls, state: Any) -> "Refunds":
        """The refunds in an order's item; an order without refunds has no item."""
        if state is None:
            return cls({}, {}, 0, whole=False)
        by_line = state.get("amounts_minor", {})
        # A cancellation that can be undone is one of the refunds that stand.
        whole = state["whole"] or any(refund[5] for refund in state.get("revocable", ()))
        return cls(state["quantities"], by_line, state["amount_minor"], whole)


def target(
    lines: Iterable[list[Any]], refunds: Refunds, program: Program, *, tier: str | None
) -> int:
    """What an order still earns by rules without everything that was refunded."""
    return sum(by_rule(lines, refunds, program, tier=tier).values())


def by_rule(
    lines: Iterable[list[Any]], refunds: Refunds, program: Program, *, tier: str | None
) -> dict[str, int]:
    """What each rule still gives without everything that was refunded."""
    amounts = _left(lines, refunds)
    level = program.tiers.level(tier) if program.tiers else None
    times = Fraction(level.multiplier_percent if level else 100, 100)
    return {
        rule.id: rounded(
            rule.steps(
                sum(amount for line, amount in amounts.items() if rule.covers(line.category))
            )
            * rule.points
            * (times if rule.multiplied else 1),
            rule.rounding,
        )
        for rule in map(Rule.of, program.earning_rules)
        if not rule.tiers or tier in rule.tiers
    }


def points_back(points: int, lines: Iterable[list[Any]], refunds: Refunds) -> int:
    """How many of the points that paid for an order its refunds return."""
    bought = list(lines)
    whole = sum(_Bought.of(line).amount for line in bought)
    if refunds.whole:
        return points
    if whole:
        left = sum(_left(bought, refunds).values())
        return floor(Fraction(points) * (whole - left) / whole)
    units = [
        (line.quantity, refunds.units.get(line.line_id, 0)) for line in map(_Bought.of, bought)
    ]
    gone = sum(min(there, refunded) for there, refunded in units)
    return points * gone // sum(there for there, _ in units) if units else 0


def counts_for(
    lines: Iterable[list[Any]],
    refunds: Refunds,
    program: Program,
    *,
    tier: str | None,
    by_campaigns: int = 0,
    is_rejected: bool = False,
) -> int:
    """What an order still adds towards a level, with the points that campaigns give toward it.

    One that was rejected earns no points; what was bought was bought.
    """
    if program.tiers is None:
        return 0
    bought = list(lines)
    goods = sum(
        amount for line, amount in _left(bought, refunds).items() if line.category not in CHARGES
    )
    match program.tiers.basis:
        case "qualifying_points":
            earned = target(bought, refunds, program, tier=tier) + by_campaigns
            return 0 if is_rejected else earned
        case "spend":
            return int(goods)
        case _:
            return int(goods > 0)


def amounts_left(lines: Iterable[list[Any]], refunds: Refunds) -> dict[str, int]:
    """What is left of each line's amount, by line."""
    return {line.line_id: int(amount) for line, amount in _left(lines, refunds).items()}


def units_left(lines: Iterable[list[Any]], refunds: Refunds) -> dict[str, int]:
    """How many units are left of each line, by line.

    No more than were not returned, nor than the money that is left pays for. A line that cost
    nothing keeps its units as long as anything of what was paid is left.
    """
    bought = [_Bought.of(line) for line in lines]
    if refunds.whole:
        return dict.fromkeys((line.line_id for line in bought), 0)
    keeps = _keeps(bought, refunds)
    units: dict[str, int] = {}
    for line in bought:
        left = line.quantity - min(line.quantity, refunds.units.get(line.line_id, 0))
        if line.paid:
            own = ceil(Fraction(line.quantity * line.paid_left(refunds), line.paid))
            left = min(left, ceil(own * keeps))
        units[line.line_id] = left if keeps else 0
    return units


def _keeps(bought: "list[_Bought]", refunds: Refunds) -> Fraction:
    """The share of what lines have left that money without lines leaves; all of nothing."""
    left = sum(line.paid_left(refunds) for line in bought)
    loose = refunds.amount_minor + sum(line.over(refunds) for line in bought)
    if left:
        return Fraction(max(0, left - loose), left)
    return Fraction(not any(line.paid for line in bought))


def _left(lines: Iterable[list[Any]], refunds: Refunds) -> "dict[_Bought, Fraction]":
    """What is left of each line without everything that was refunded."""
    bought = [_Bought.of(line) for line in lines]
    amounts = {line: Fraction(0) if refunds.whole else line.left(refunds) for line in bought}
    if any(line.paid_left(refunds) for line in bought):
        keeps = _keeps(bought, refunds)
        amounts = {line: Fraction(ceil(amount * keeps)) for line, amount in amounts.items()}
    return amounts


@dataclass(frozen=True, slots=True)
class _Bought:
    """One line: the values that the rules use, and what was paid for it."""

    line_id: str
    category: str | None
    quantity: int
    amount: int
    paid: int

    @classmethod
    def of(cls, line: list[Any]) -> "_Bought":
        line_id, _, category, quantity, amount, *gross = line
        paid = amount if not gross or gross[0] is None else gross[0]
        return cls(line_id, category, quantity, amount, paid)

    def back(self, refunds: Refunds) -> int:
        """The money returned for the line, by its units and by amount."""
        units = min(self.quantity, refunds.units.get(self.line_id, 0))
        by_units = floor(Fraction(self.paid * units, self.quantity)) if self.quantity else 0
        return by_units + refunds.amounts_minor.get(self.line_id, 0)

    def paid_left(self, refunds: Refunds) -> int:
        return max(0, self.paid - self.back(refunds))

    def over(self, refunds: Refunds) -> int:
        return max(0, self.back(refunds) - self.paid)

    def left(self, refunds: Refunds) -> Fraction:
        """What is left of the amount: the unreturned share of what was paid, rounded up."""
        if not self.paid:
            return Fraction(self.amount)
        return Fraction(ceil(Fraction(self.amount * self.paid_left(refunds), self.paid)))


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
    """That instant as it is written in keys."""
    moment = midnight(date.fromisoformat(day), ZoneInfo(zone_name))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def next_day(day: str) -> str:
    return days_after(day, 1)


def days_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def quiet_until(program: PublishedProgram, account: Any, zone: ZoneInfo) -> str:
    """The last day before all points lapse, where they do without activity. Enrolling is one."""
    policy = program.document.inactivity
    if policy is None or program.inactivity_since is None:
        return NEVER
    since = program.inactivity_since.isoformat()
    if account is not None:
        since = max(since, account.get("active_on", ""), _enrolled(account, zone).isoformat())
    return months_later(since, policy.months)


def expires_on(policy: Any, day: date) -> str:
    """The last day of points that become available on a day, found by walking to it."""
    if policy.model == "never":
        return NEVER
    if policy.model == "fixed_date":
        while (day.month, day.day) != (policy.month, policy.day):
            after = day + timedelta(days=1)
            if day.month == policy.month and after.month != day.month and day.day < policy.day:
                break
            day = after
        return day.isoformat()
    if policy.months is not None:
        day = date.fromisoformat(months_later(day.isoformat(), policy.months))
    else:
        day += timedelta(days=policy.days)
    while policy.round_to == "week" and day.weekday() != 6:
        day += timedelta(days=1)
    while policy.round_to == "month" and (day + timedelta(days=1)).month == day.month:
        day += timedelta(days=1)
    return day.isoformat()


@cache
def months_later(day: str, months: int) -> str:
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
class Rule:
    id: str
    points: int
    per_minor: int
    rounding: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    charges: tuple[str, ...]
    tiers: tuple[str, ...]
    whole: bool
    multiplied: bool

    @classmethod
    def of(cls, rule: Any) -> "Rule":
        return cls(
            rule.id,
            rule.points,
            rule.per_minor,
            rule.rounding,
            rule.include_categories,
            rule.exclude_categories,
            rule.also_earn_on,
            rule.when.tiers,
            rule.whole_steps,
            rule.level_multiplies,
        )

    def steps(self, amount: Fraction | int) -> Fraction:
        steps = Fraction(amount, self.per_minor)
        return Fraction(floor(steps)) if self.whole else steps

    def covers(self, category: str | None) -> bool:
        if category in CHARGES and category not in self.charges:
            return False
        if category in self.exclude:
            return False
        return not self.include or category in self.include


def rounded(points: Fraction | int, rounding: str) -> int:
    match rounding:
        case "floor":
            return floor(points)
        case "ceil":
            return ceil(points)
        case _:
            return floor(points + Fraction(1, 2))


def level(
    account: Any,
    program: Program,
    *,
    zone: ZoneInfo,
    day: date,
    counted: Mapping[str, int] | None = None,
    reached: Collection[tuple[str, str]] = (),
) -> int:
    """A member's rank on a day, from 0: the level reached or granted.

    `counted` is everything that ever counted; without it, what is still on the account. `reached`
    are levels with the days on which they were reached.
    """
    tiers = program.tiers
    if tiers is None:
        return 0
    letter = {"qualifying_points": "p", "spend": "s", "orders": "o"}[tiers.basis]
    counters = account["qualifying"] if counted is None else counted
    now = _period(tiers.period, day, _enrolled(account, zone))
    spans = (tiers.rolling_months or 12) if tiers.period == "rolling_months" else 1

    def amount(period: int) -> int:
        return sum(
            counters.get(f"{letter}{each}", 0) for each in range(period - spans + 1, period + 1)
        )

    if isinstance(tiers.holds, HoldsMonths):
        enrolled = _enrolled(account, zone)
        rank = _reached(tiers, amount(now))
        for level_id, first_day in reached:
            had = [each.id for each in tiers.levels].index(level_id) + 1
            needs = tiers.levels[had - 1].reached_at or 0
            if amount(_period(tiers.period, date.fromisoformat(first_day), enrolled)) < needs:
                continue
            terms = 1
            while had and months_later(first_day, tiers.holds.months * terms) < day.isoformat():
                had = _lower(tiers, had) if tiers.one_step_down else 0
                terms += 1
            rank = max(rank, had if first_day <= day.isoformat() else 0)
    elif tiers.holds.model == "next_period" and spans > 1:
        rank = max(_reached(tiers, amount(now - ago)) for ago in range(spans + 1))
    else:
        numbers = [int(name[1:]) for name in counters if name[0] == letter]
        rank = 0
        for period in range(
            min([now, *(each for each in numbers if now - 60 < each < now)]), now + 1
        ):
            rank = max(
                _still(tiers, rank, last=amount(period - 1), now=amount(period)),
                _reached(tiers, amount(period)),
            )
    floor, until = account.get("tier_floor", ("", ""))
    granted = [each.id for each in tiers.levels].index(floor) + 1 if floor else 0
    return max(rank, granted) if day.isoformat() <= until else rank


def _lower(tiers: Tiers, had: int) -> int:
    lower = [n for n, each in enumerate(tiers.levels[: had - 1], 1) if each.reached_at]
    return lower[-1] if lower else 0


def days_reached(
    account: Any,
    program: Program,
    *,
    zone: ZoneInfo,
    today: date,
    before: Mapping[str, int],
    after: Mapping[str, int],
) -> set[tuple[str, str]]:
    """The levels for which some period has enough now and had not before, and the day of it."""
    tiers = program.tiers
    if tiers is None or not isinstance(tiers.holds, HoldsMonths):
        return set()
    letter = {"qualifying_points": "p", "spend": "s", "orders": "o"}[tiers.basis]
    enrolled = _enrolled(account, zone)
    spans = (tiers.rolling_months or 12) if tiers.period == "rolling_months" else 1
    now = _period(tiers.period, today, enrolled)
    found: set[tuple[str, str]] = set()
    for name in after:
        if name[0] != letter or after[name] <= before.get(name, 0):
            continue
        number = int(name[1:])
        for each in tiers.levels:
            for period in range(number, min(number + spans - 1, max(now, number)) + 1):
                window = [f"{letter}{month}" for month in range(period - spans + 1, period + 1)]
                was = sum(before.get(month, 0) for month in window)
                amount = sum(after.get(month, 0) for month in window)
                if each.reached_at and was < each.reached_at <= amount:
                    found.add((each.id, _nearest(today, period, tiers, enrolled).isoformat()))
    return found


def _nearest(day: date, period: int, tiers: Tiers, enrolled: date) -> date:
    """The day of a period that is nearest to a day."""
    while _period(tiers.period, day, enrolled) > period:
        day -= timedelta(days=1)
    while _period(tiers.period, day, enrolled) < period:
        day += timedelta(days=1)
    return day


def _reached(tiers: Tiers, amount: int) -> int:
    """The highest level that an amount is enough for."""
    enough = [
        n for n, each in enumerate(tiers.levels, 1) if each.reached_at and each.reached_at <= amount
    ]
    return enough[-1] if enough else 0


def _still(tiers: Tiers, had: int, *, last: int, now: int) -> int:
    """The level that is left at the turn of a period of one that a member had before it."""
    if tiers.holds.model == "for_life":
        return had
    amount = last if tiers.holds.model == "next_period" else now
    for rank in range(had, 0, -1):
        each = tiers.levels[rank - 1]
        if each.reached_at and (each.keeps_at or each.reached_at) <= amount:
            return rank
        if tiers.one_step_down and rank < had and each.reached_at:
            return rank
    return 0


def level_changes_on(
    account: Any,
    program: Program,
    *,
    zone: ZoneInfo,
    day: date,
    before: str | None,
    counted: Mapping[str, int],
    reached: Collection[tuple[str, str]] = (),
) -> date | None:
    """The first day from this one on whose level was not announced, if before another day."""
    tiers = program.tiers
    if tiers is None:
        return None
    announced = account.get("tier_announced")
    rank = next((rank for rank, each in enumerate(tiers.levels, 1) if each.id == announced), 0)
    if not (rank or counted or "tier_floor" in account):
        return None
    ends = {
        date.fromisoformat(next_day(months_later(first_day, tiers.holds.months * terms)))
        for _, first_day in reached
        if isinstance(tiers.holds, HoldsMonths)
        for terms in range(1, len(tiers.levels) + 1)
    }
    turns = {*_turns(account, program, zone=zone, day=day), *(each for each in ends if each > day)}
    for turn in (day, *sorted(turns)):
        if before is not None and turn.isoformat() >= before:
            return None
        there = level(account, program, zone=zone, day=turn, counted=counted, reached=reached)
        if there != rank:
            return turn
    return None


def _enrolled(account: Any, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(account["enrolled_at"]).astimezone(zone).date()


def _period(kind: str, day: date, enrolled: date) -> int:
    if kind == "calendar_year":
        return day.year
    if kind == "rolling_months":
        return day.year * 12 + day.month - 1
    years = 0
    while months_later(enrolled.isoformat(), 12 * (years + 1)) <= day.isoformat():
        years += 1
    return years


def _turns(account: Any, program: Program, *, zone: ZoneInfo, day: date) -> list[date]:
    """The future days on which a level may end, soonest first."""
    if program.tiers is None:
        return []
    if program.tiers.period == "membership_year":
        enrolled = _enrolled(account, zone).isoformat()
        days = [date.fromisoformat(months_later(enrolled, 12 * years)) for years in range(9)]
    else:
        step = 12 if program.tiers.period == "calendar_year" else 1
        months = range(day.year * 12 // step * step, day.year * 12 + 40, step)
        days = [date(month // 12, month % 12 + 1, 1) for month in months]
    if "tier_floor" in account:
        days.append(date.fromisoformat(next_day(account["tier_floor"][1])))
    return sorted(each for each in days if each > day)
