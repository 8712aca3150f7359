"""Conditions on an order, compiled to functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.purchases import Covering, Purchase, amount_of, units_of
from loyalty.domain.orders.order import Line, Order, promotion_code

if TYPE_CHECKING:
    from loyalty.domain.program.order_conditions import (
        OrderCircumstance,
        OrderCondition,
        OrderMeasure,
    )

type Holds = Callable[[Purchase], bool]
type Measured = Callable[[Purchase], int | Fraction]
type Measuring = Callable[[Sequence[Line]], int | Fraction]


def compiled(condition: OrderCondition, covering: Covering) -> Holds:
    """Whether a condition holds for a purchase."""
    match condition.fact:
        case "(all)":
            every = tuple(compiled(part, covering) for part in condition.all)
            return lambda purchase: all(holds(purchase) for holds in every)
        case "(any)":
            some = tuple(compiled(part, covering) for part in condition.any)
            return lambda purchase: any(holds(purchase) for holds in some)
        case "(not)":
            negated = compiled(condition.negated, covering)
            return lambda purchase: not negated(purchase)
        case "channel" | "source" | "location" | "tender" | "code":
            return _among(condition)
        case _:
            return _within(condition, covering)


def measured(condition: OrderMeasure, covering: Covering) -> Measured:
    """The number that a condition is about; 0 if it covers no lines."""
    covers, read = covering(condition.of), condition.read
    measure = _measuring(condition)
    return lambda purchase: measure(purchase.lines(covers, read))


def stated(condition: OrderCircumstance, order: Order) -> frozenset[str]:
    """What an order says about the fact of a condition."""
    one: str | None
    match condition.fact:
        case "channel":
            one = order.channel
        case "source":
            one = order.source
        case "location":
            one = order.location
        case "tender":
            return frozenset(tender.kind for tender in order.tenders)
        case "code":
            return frozenset(map(promotion_code, order.codes))
    return frozenset() if one is None else frozenset((one,))


def _among(condition: OrderCircumstance) -> Holds:
    choices = frozenset(condition.is_in)
    if condition.fact == "code":
        choices = frozenset(map(promotion_code, choices))
    return lambda purchase: not choices.isdisjoint(stated(condition, purchase.bought))


def _within(condition: OrderMeasure, covering: Covering) -> Holds:
    value_of = measured(condition, covering)
    lowest, highest = condition.bounds

    def holds(purchase: Purchase) -> bool:
        value = value_of(purchase)
        return (lowest is None or value >= lowest) and (highest is None or value <= highest)

    return holds


def _measuring(condition: OrderMeasure) -> Measuring:
    match condition.fact:
        case "amount":
            return amount_of
        case "units":
            return units_of
        case "distinct_skus":
            return _distinct_skus
        case "dearest_line":
            return lambda lines: max((line.amount_minor for line in lines), default=0)
        case "unit_price":
            return _unit_price


def _distinct_skus(lines: Sequence[Line]) -> int:
    return len({line.sku for line in lines if line.sku is not None and line.quantity > 0})


def _unit_price(lines: Sequence[Line]) -> Fraction:
    units = units_of(lines)
    return Fraction(amount_of(lines), units) if units else Fraction(0)
