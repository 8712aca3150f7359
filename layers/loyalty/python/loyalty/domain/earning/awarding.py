"""The points that an order earns: a pure function of the order and the program version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.earning.fees import with_fees
from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.kinds import CHARGES
from loyalty.domain.program.multipliers import multipliers

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Line, Order
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.earning_rules import EarningRule, Rounding


class Share(NamedTuple):
    """What one line earned under one rule, and on how much money."""

    rule_id: str
    line_id: str
    points: int
    eligible_minor: int


class Part(NamedTuple):
    """Points of one award that become available and expire together."""

    available_on: date
    expires_on: date
    points: int


class RuleRate(NamedTuple):
    """An earning rule, and by how many percent it earns at the member's level and by their plan.

    Both percentages multiply its rate. If only the higher one counts, the other is 100.
    """

    rule: EarningRule
    percent: int
    plan_percent: int = 100

    def exactly(self, amount_minor: int, order: Order) -> tuple[int, int]:
        """What an amount of an order earns before rounding, as a numerator and a denominator."""
        rule = self.rule
        points = rule.points * self.percent * self.plan_percent
        paid, of = paid_share(order, rule.tenders)
        if rule.whole_steps:
            steps = amount_minor * paid // (rule.per_minor * of)
            return steps * points, 100 * 100
        return amount_minor * paid * points, rule.per_minor * of * 100 * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """The breakdown of an award, line by line, and its parts by date.

    `campaign_points` are the points of each campaign that gave some. `not_qualifying` are those
    among them that do not count toward a level.
    """

    shares: tuple[Share, ...]
    parts: tuple[Part, ...]
    campaign_points: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    not_qualifying: int = 0

    @property
    def points(self) -> int:
        return sum(part.points for part in self.parts)

    @property
    def qualifying_points(self) -> int:
        """The points that count toward a level."""
        return self.points - self.not_qualifying


def award(
    order: Order, program: Program, *, tier: str | None = None, plan: str | None = None
) -> Award:
    """What the order earns by the rules of this version, for a member at a level and on a plan.

    Points round once per rule and order, and the lines share the rounded total by largest
    remainder. Every rule is a rate on the amounts of the lines, so an empty order earns nothing
    and removing goods never earns more. That makes every refund exact.

    Raises:
        ValidationFailed: the order earns more points than can be counted.
    """
    order = with_fees(order, program)
    occurred_on = program.today(order.occurred_at)
    shares: list[Share] = []
    parts: Counter[tuple[date, date]] = Counter()
    for rate in rates_of(program, day=occurred_on, tier=tier, plan=plan):
        rule = rate.rule
        eligible = [line for line in order.lines if earns(line, rule)]
        eligible_minor = sum(line.amount_minor for line in eligible)
        points = rounded(*rate.exactly(eligible_minor, order), rule.rounding)
        shares += shared(rule.id, eligible, points)
        parts[dates_of(rule, program, occurred_on=occurred_on, tier=tier)] += points
    return Award(shares=tuple(shares), parts=parts_of(parts))


def rates_of(
    program: Program, *, day: date, tier: str | None, plan: str | None
) -> tuple[RuleRate, ...]:
    """The earning rules that apply to orders of a day, for a member at a level and on a plan."""
    return tuple(
        rate_of(rule, program, tier=tier, plan=plan)
        for rule in program.earning_rules
        if _applies(rule, day, tier)
    )


def dates_of(
    giver: EarningRule | Campaign, program: Program, *, occurred_on: date, tier: str | None
) -> tuple[date, date]:
    """When points of a rule or a campaign become available, and when they expire."""
    level = program.tiers.level(tier) if program.tiers else None
    pending_days = program.pending_days if giver.pending_days is None else giver.pending_days
    available_on = occurred_on + timedelta(days=pending_days)
    policy = giver.expiry or (level and level.expiry) or program.expiry
    return available_on, expires_on(policy, available_on=available_on)


def parts_of(points: Mapping[tuple[date, date], int]) -> tuple[Part, ...]:
    """Points by their dates as parts, soonest first.

    Raises:
        ValidationFailed: they are more than can be counted.
    """
    if sum(points.values()) > POINTS_MAX:
        detail = f"An order can earn at most {POINTS_MAX} points"
        raise ValidationFailed(detail, faults=(Fault("/lines", "points_out_of_range", detail),))
    return tuple(Part(*dates, each) for dates, each in sorted(points.items()) if each)


def earns(line: Line, rule: EarningRule) -> bool:
    """Whether a rule covers a line. Charges (tax, shipping, …) earn only if a rule says so."""
    if line.category in CHARGES and line.category not in rule.also_earn_on:
        return False
    categories = line.categories
    if not categories.isdisjoint(rule.exclude_categories) or line.sku in rule.exclude_skus:
        return False
    if not (rule.include_categories or rule.include_skus):
        return True
    return not categories.isdisjoint(rule.include_categories) or line.sku in rule.include_skus


def rate_of(rule: EarningRule, program: Program, *, tier: str | None, plan: str | None) -> RuleRate:
    """A rule with the multipliers of a level and a plan; 100 % is the rule's own rate."""
    if not rule.level_multiplies:
        return RuleRate(rule, 100)
    level = program.tiers.level(tier) if program.tiers else None
    return RuleRate(
        rule, *multipliers(level.multiplier_percent if level else 100, program.plan(plan))
    )


def apportion(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share a total by weight, in whole units, by largest remainder; ties go to the first."""
    weight = sum(weights.values())
    if not weight:
        return dict.fromkeys(weights, 0)
    shares = {name: total * each // weight for name, each in weights.items()}
    left = total - sum(shares.values())
    by_remainder = sorted(weights, key=lambda name: -(total * weights[name] % weight))
    for name in by_remainder[:left]:
        shares[name] += 1
    return shares


def _applies(rule: EarningRule, day: date, tier: str | None) -> bool:
    when = rule.when
    if when.tiers and tier not in when.tiers:
        return False
    return (when.starts_on is None or when.starts_on <= day) and (
        when.ends_on is None or day <= when.ends_on
    )


def paid_share(order: Order, kinds: Collection[str]) -> tuple[int, int]:
    """The share of an order that was paid by tenders of some kinds; all of it if none are named.

    A numerator and a denominator. If the order names no tenders, nothing was paid by any of them.
    """
    if not kinds:
        return 1, 1
    paid_minor = sum(tender.amount_minor for tender in order.tenders if tender.kind in kinds)
    return paid_minor, sum(tender.amount_minor for tender in order.tenders) or 1


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    match rounding:
        case "floor":
            return numerator // denominator
        case "ceil":
            return -(-numerator // denominator)
        case "half_up":
            return (2 * numerator + denominator) // (2 * denominator)


def points_by_giver(shares: Iterable[Share]) -> Counter[str]:
    """The points of each rule and campaign."""
    points: Counter[str] = Counter()
    for share in shares:
        points[share.rule_id] += share.points
    return points


def shared(giver_id: str, lines: Sequence[Line], points: int) -> list[Share]:
    """The shares of lines in the points of a rule or a campaign, by what each of them costs.

    Lines that all cost nothing share by their units.
    """
    amounts_minor = {line.line_id: line.amount_minor for line in lines}
    weights = amounts_minor
    if not any(amounts_minor.values()):
        weights = {line.line_id: line.quantity for line in lines}
    return [
        Share(giver_id, line_id, share, amounts_minor[line_id])
        for line_id, share in apportion(points, weights).items()
        if share
    ]
