"""Effects, compiled to functions: what the lines of a campaign are worth.

Each gives nothing for nothing and never more for fewer goods, whatever is kept of what was bought.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.purchases import Covers, Purchase, amount_of, units_of
from loyalty.domain.earning.awarding import earns, paid_share, rounded

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Line
    from loyalty.domain.program.campaign_effects import (
        Effect,
        FixedEffect,
        MultiplyEffect,
        RateEffect,
        StepsEffect,
    )
    from loyalty.domain.program.earning_rules import EarningRule

type Worth = Callable[[Purchase], int]


def compiled(effect: Effect, covers: Covers, rules: tuple[EarningRule, ...]) -> Worth:
    """The points that an effect gives for the lines that it covers."""
    match effect.kind:
        case "multiply":
            return _multiply(effect, covers, rules)
        case "rate":
            return _rate(effect, covers)
        case "fixed" if effect.on_refund == "in_proportion":
            return _in_proportion(effect, covers)
        case "fixed":
            return lambda purchase: effect.points if _is_any_kept(purchase, covers) else 0
        case "per_unit":
            points, every = effect.points, effect.every
            return lambda purchase: units_of(purchase.lines(covers)) // every * points
        case "steps":
            return _steps(effect, covers)


def _is_any_kept(purchase: Purchase, covers: Covers) -> bool:
    lines = purchase.lines(covers)
    return bool(amount_of(lines) or units_of(lines))


def _multiply(effect: MultiplyEffect, covers: Covers, rules: tuple[EarningRule, ...]) -> Worth:
    """The extra is rounded by itself, once: what rules earn before it is rounded, times the rest.

    The difference of two rounded sums could rise when goods go back.
    """
    both = {rule.id: _both(covers, rule) for rule in rules}
    extra = effect.percent - 100

    def worth(purchase: Purchase) -> int:
        earned = Fraction(0)
        for rate in purchase.rates:
            amount_minor = amount_of(purchase.lines(both[rate.rule.id]))
            if amount_minor:
                earned += Fraction(*rate.exactly(amount_minor, purchase.bought))
        return int(earned * extra / 100)

    return worth


def _both(covers: Covers, rule: EarningRule) -> Covers:
    def covers_both(line: Line) -> bool:
        return covers(line) and earns(line, rule)

    return covers_both


def _rate(effect: RateEffect, covers: Covers) -> Worth:
    def worth(purchase: Purchase) -> int:
        paid, of = paid_share(purchase.bought, effect.tenders)
        amount_minor = amount_of(purchase.lines(covers))
        return rounded(amount_minor * effect.points * paid, effect.per_minor * of, effect.rounding)

    return worth


def _in_proportion(effect: FixedEffect, covers: Covers) -> Worth:
    def worth(purchase: Purchase) -> int:
        left, whole = purchase.lines(covers), purchase.lines(covers, "bought")
        # Goods that cost nothing count by their units.
        weigh = amount_of if amount_of(whole) else units_of
        of_all = weigh(whole)
        return effect.points * weigh(left) // of_all if of_all else 0

    return worth


def _steps(effect: StepsEffect, covers: Covers) -> Worth:
    steps = tuple((step.at_least_minor, step.points) for step in effect.steps)

    def worth(purchase: Purchase) -> int:
        lines = purchase.lines(covers)
        amount_minor = amount_of(lines)
        if not (amount_minor or units_of(lines)):
            return 0
        return max((points for least, points in steps if amount_minor >= least), default=0)

    return worth
