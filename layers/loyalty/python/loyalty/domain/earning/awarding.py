"""The points that an order earns: a pure function of the order and the program version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.program.kinds import CHARGES

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Line, Order
    from loyalty.domain.program.document import EarningRule, Program
    from loyalty.domain.program.levels import (
        TierLevel,
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """The breakdown of an award, line by line, and its parts by date."""

    shares: tuple[Share, ...]
    parts: tuple[Part, ...]

    @property
    def points(self) -> int:
        return sum(part.points for part in self.parts)


def award(order: Order, program: Program, *, tier: str | None = None) -> Award:
    """What the order earns under this version of the program, for a member at the level `tier`.

    Points round once per rule and order, and the lines share the rounded total by largest
    remainder. Every rule is a rate on the amounts of the lines, so an empty order earns nothing
    and removing goods never earns more. That makes every refund exact.

    Raises:
        ValidationFailed: the order earns more points than can be counted.
    """
    occurred_on = program.today(order.occurred_at)
    level = program.tiers.level(tier) if program.tiers else None
    shares: list[Share] = []
    parts: Counter[tuple[date, date]] = Counter()
    for rule in program.earning_rules:
        if not _applies(rule, occurred_on, tier):
            continue
        eligible = [line for line in order.lines if earns(line, rule)]
        eligible_minor = sum(line.amount_minor for line in eligible)
        points = _rounded(rule, eligible_minor, percent_of(rule, level))
        shares += _shared(rule, eligible, points)
        pending_days = program.pending_days if rule.pending_days is None else rule.pending_days
        available_on = occurred_on + timedelta(days=pending_days)
        policy = rule.expiry or (level and level.expiry) or program.expiry
        parts[available_on, expires_on(policy, available_on=available_on)] += points
    if parts.total() > POINTS_MAX:
        detail = f"An order can earn at most {POINTS_MAX} points"
        raise ValidationFailed(detail, faults=(Fault("/lines", "points_out_of_range", detail),))
    return Award(
        shares=tuple(shares),
        parts=tuple(Part(*dates, points) for dates, points in sorted(parts.items()) if points),
    )


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


def percent_of(rule: EarningRule, level: TierLevel | None) -> int:
    """By how many percent a rule earns at a level; 100 is the rule's own rate."""
    return level.multiplier_percent if level and rule.level_multiplies else 100


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


def _rounded(rule: EarningRule, eligible_minor: int, percent: int) -> int:
    if rule.whole_steps:
        earned, per = eligible_minor // rule.per_minor * rule.points * percent, 100
    else:
        earned, per = eligible_minor * rule.points * percent, rule.per_minor * 100
    match rule.rounding:
        case "floor":
            return earned // per
        case "ceil":
            return -(-earned // per)
        case "half_up":
            return (2 * earned + per) // (2 * per)


def _shared(rule: EarningRule, lines: Iterable[Line], points: int) -> list[Share]:
    amounts_minor = {line.line_id: line.amount_minor for line in lines}
    return [
        Share(rule.id, line_id, share, amounts_minor[line_id])
        for line_id, share in apportion(points, amounts_minor).items()
        if share
    ]
