"""Why an earning rule gives points for an order, and why not, in the shape of a campaign's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.findings import ConditionFinding
from loyalty.domain.earning.awarding import RuleRate, earns, paid_share, rate_of, rounded
from loyalty.domain.kernel.limits import AMOUNT_MINOR_MAX

if TYPE_CHECKING:
    from loyalty.domain.campaigns.planning import CompiledProgram
    from loyalty.domain.campaigns.purchases import Purchase
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.earning_rules import EarningRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFindings:
    """What was found about each condition of an earning rule.

    `eligible_minor` is what the lines that it covers cost. `rate` has what the member's level and
    plan make of the rule.
    """

    rate: RuleRate
    eligible_minor: int
    findings: tuple[ConditionFinding, ...]


def rule_findings(
    program: CompiledProgram, bought: Purchase, *, tier: str | None, plan: str | None
) -> tuple[RuleFindings, ...]:
    """What every earning rule says to an order as it was bought, at a level and on a plan."""
    document = program.program
    rates = (rate_of(rule, document, tier=tier, plan=plan) for rule in document.earning_rules)
    return tuple(_found(rate, bought, tier) for rate in rates)


def _found(rate: RuleRate, bought: Purchase, tier: str | None) -> RuleFindings:
    rule, order = rate.rule, bought.bought
    eligible_minor = sum(line.amount_minor for line in order.lines if earns(line, rule))
    return RuleFindings(
        rate=rate,
        eligible_minor=eligible_minor,
        findings=(
            *_of_conditions(rule, bought, tier),
            *_of_goods(rate, order, eligible_minor),
        ),
    )


def _of_conditions(
    rule: EarningRule, bought: Purchase, tier: str | None
) -> Iterator[ConditionFinding]:
    day, when = bought.occurred_at.date(), rule.when
    runs = (when.starts_on is None or when.starts_on <= day) and (
        when.ends_on is None or day <= when.ends_on
    )
    yield ConditionFinding(fact="when", holds=runs, matters=not runs)
    if when.tiers:
        yield _choice("tier", when.tiers, tier, holds=tier in when.tiers)
    if rule.tenders:
        paid = sorted(tender.kind for tender in bought.bought.tenders)
        has_paid = paid_share(bought.bought, rule.tenders)[0] > 0
        yield _choice("tender", rule.tenders, paid, holds=has_paid)


def _choice(
    fact: str, choices: Sequence[str], value: str | list[str] | None, *, holds: bool
) -> ConditionFinding:
    details = {"is_in": list(choices), "is": value}
    return ConditionFinding(fact=fact, holds=holds, details=details, matters=not holds)


def _of_goods(rate: RuleRate, order: Order, eligible_minor: int) -> Iterator[ConditionFinding]:
    """That an order has nothing that the rule covers, or too little of it for a point."""
    if not eligible_minor:
        yield ConditionFinding(fact="lines", holds=False, details={"is": 0}, matters=True)
    elif paid_share(order, rate.rule.tenders)[0] and not _gives(rate, order, eligible_minor):
        amounts = range(AMOUNT_MINOR_MAX)
        least = bisect_left(amounts, 1, key=lambda minor: int(_gives(rate, order, minor)))
        details = {"at_least_minor": least, "is": eligible_minor, "missing": least - eligible_minor}
        yield ConditionFinding(fact="amount", holds=False, details=details, matters=True)


def _gives(rate: RuleRate, order: Order, amount_minor: int) -> bool:
    return rounded(*rate.exactly(amount_minor, order), rate.rule.rounding) > 0
