"""What a program's rules and campaigns read of orders that some shops tell only when asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loyalty.domain.program.kinds import CHARGES

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.line_selectors import LineSelector
    from loyalty.domain.program.order_conditions import (
        OrderCircumstance,
        OrderCondition,
        OrderMeasure,
    )


@dataclass(frozen=True, slots=True)
class OrderNeeds:
    """What has to be known of an order to count its points.

    `products`: the categories, brands or tags of goods. `tenders`: how it was paid.
    """

    products: bool = False
    tenders: bool = False


def needs_of(program: Program) -> OrderNeeds:
    """What a program reads of its orders."""
    return OrderNeeds(products=_reads_products(program), tenders=_reads_tenders(program))


def _reads_products(program: Program) -> bool:
    categories = [
        name
        for rule in program.earning_rules
        for name in (*rule.include_categories, *rule.exclude_categories)
    ]
    for selector in _selectors(program):
        if selector.brands or selector.tags:
            return True
        categories += (*selector.categories, *selector.not_categories)
    return any(name not in CHARGES for name in categories)


def _reads_tenders(program: Program) -> bool:
    effects = (each.effect for each in program.campaigns)
    return (
        any(rule.tenders for rule in program.earning_rules)
        or any(effect.kind == "rate" and effect.tenders for effect in effects)
        or any(each.fact == "tender" for each in _conditions(program))
    )


def _selectors(program: Program) -> Iterator[LineSelector]:
    """Every selector of lines in the campaigns."""
    for campaign in program.campaigns:
        yield campaign.lines
    for condition in _conditions(program):
        match condition.fact:
            case "amount" | "units" | "distinct_skus" | "dearest_line" | "unit_price":
                yield condition.of


def _conditions(program: Program) -> Iterator[OrderMeasure | OrderCircumstance]:
    """Every condition on orders in the campaigns, those within others and not these others."""
    found: list[OrderCondition] = [each.orders for each in program.campaigns if each.orders]
    while found:
        condition = found.pop()
        match condition.fact:
            case "(all)":
                found += condition.all
            case "(any)":
                found += condition.any
            case "(not)":
                found.append(condition.negated)
            case _:
                yield condition
