"""The most that an order can earn: a bound that follows from the document alone.

An order earns at most so many points for each major unit of money, so many for each unit of goods,
and so many beside. Sums are in millionths of a point and are rounded up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.program.campaign_calendar import CalendarStretch, stretches
from loyalty.domain.program.campaign_effects import (
    Effect,
    FixedEffect,
    MultiplyEffect,
    PerUnitEffect,
    RateEffect,
    StepsEffect,
)
from loyalty.domain.program.multipliers import multipliers

if TYPE_CHECKING:
    from loyalty.domain.program.campaigns import Campaign
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.earning_rules import EarningRule, Rounding
    from loyalty.domain.program.levels import TierLevel
    from loyalty.domain.program.plans import Plan

_MILLION: Final = 10**6


class EarningBound(NamedTuple):
    """Points at most, in millionths, by major units of money, by units of goods, and beside."""

    by_money: int = 0
    by_units: int = 0
    beside: int = 0

    def joined(self, other: EarningBound) -> EarningBound:
        """The smallest bound that is at least as high as both."""
        return EarningBound(*map(max, self, other))

    def more(self, other: EarningBound) -> EarningBound:
        """The bound of both together."""
        return EarningBound(*(one + another for one, another in zip(self, other, strict=True)))

    def covers(self, points: int, *, amount_minor: int, units: int, major_minor: int) -> bool:
        """Whether these points are not more than it allows for an order."""
        by_money = self.by_money * amount_minor
        return points * _MILLION * major_minor <= by_money + major_minor * (
            self.by_units * units + self.beside
        )


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The bound of every day from one on, and the bound of each stretch of days by itself."""

    overall: EarningBound
    by_stretch: tuple[tuple[CalendarStretch, EarningBound], ...]


def worst_case(document: Program, *, since: date) -> WorstCase:
    """The most that an order of a day from `since` on can earn."""
    found = tuple(
        (stretch, _bound(stretch, document)) for stretch in stretches(document, since=since)
    )
    overall = EarningBound()
    for _, bound in found:
        overall = overall.joined(bound)
    return WorstCase(overall, found)


def _bound(stretch: CalendarStretch, document: Program) -> EarningBound:
    """The bound over all levels and plans on the days of a stretch."""
    levels: tuple[TierLevel | None, ...] = (None,)
    if document.tiers:
        levels += document.tiers.levels
    bound = EarningBound()
    for level, plan in product(levels, (None, *document.plans)):
        rules = _of_rules(stretch.rules, level, plan, document)
        campaigns = _of_campaigns(stretch.campaigns, rules.by_money, document)
        bound = bound.joined(rules.more(campaigns))
    return bound


def _of_rules(
    rules: Iterable[EarningRule], level: TierLevel | None, plan: Plan | None, document: Program
) -> EarningBound:
    total = EarningBound()
    for rule in rules:
        if rule.when.tiers and (level is None or level.id not in rule.when.tiers):
            continue
        by_level, by_plan = 100, 100
        if rule.level_multiplies:
            by_level, by_plan = multipliers(level.multiplier_percent if level else 100, plan)
        points, per_minor = rule.points * by_level * by_plan, rule.per_minor * 100 * 100
        total = total.more(_of_rate(points, per_minor, rule.rounding, document))
    return total


def _of_rate(points: int, per_minor: int, rounding: Rounding, document: Program) -> EarningBound:
    by_money = -(-points * _major_minor(document) * _MILLION // per_minor)
    return EarningBound(by_money=by_money, beside=0 if rounding == "floor" else _MILLION)


def _of_campaigns(
    campaigns: Iterable[Campaign], rules_by_money: int, document: Program
) -> EarningBound:
    """The bound of all campaigns together: of each group only one counts."""
    by_group: defaultdict[str | None, list[EarningBound]] = defaultdict(list)
    for campaign in campaigns:
        by_group[campaign.group].append(_of_campaign(campaign, rules_by_money, document))
    total = EarningBound()
    for bound in by_group.pop(None, []):
        total = total.more(bound)
    for bounds in by_group.values():
        highest = EarningBound()
        for bound in bounds:
            highest = highest.joined(bound)
        total = total.more(highest)
    return _capped(total, document.campaign_points_per_order_max)


def _of_campaign(campaign: Campaign, rules_by_money: int, document: Program) -> EarningBound:
    return _capped(
        _of_effect(campaign.effect, rules_by_money, document), min(_caps(campaign), default=None)
    )


def _of_effect(effect: Effect, rules_by_money: int, document: Program) -> EarningBound:
    match effect:
        case MultiplyEffect(percent=percent):
            return EarningBound(by_money=-(-rules_by_money * (percent - 100) // 100))
        case RateEffect():
            return _of_rate(effect.points, effect.per_minor, effect.rounding, document)
        case FixedEffect(points=points):
            return EarningBound(beside=points * _MILLION)
        case PerUnitEffect(points=points, every=every):
            return EarningBound(by_units=-(-points * _MILLION // every))
        case StepsEffect(steps=steps):
            return EarningBound(beside=max(step.points for step in steps) * _MILLION)


def _caps(campaign: Campaign) -> Iterator[int]:
    """The most points that one order can get of a campaign, by each of its limits."""
    limits = campaign.limits
    if limits.per_order is not None:
        yield limits.per_order
    if limits.per_member and limits.per_member.points is not None:
        yield limits.per_member.points
    if limits.budget and limits.budget.points is not None:
        yield limits.budget.points


def _capped(bound: EarningBound, points: int | None) -> EarningBound:
    """The bound under a limit of points.

    What grows with the order is then bounded by the limit, and no longer by money or units.
    """
    if points is None:
        return bound
    is_constant = not (bound.by_money or bound.by_units)
    beside = min(bound.beside, points * _MILLION) if is_constant else points * _MILLION
    return EarningBound(beside=beside)


def _major_minor(document: Program) -> int:
    """How many minor units one major unit of the program's currency has."""
    digits = exponent(document.currency) or 0
    return int(10**digits)
