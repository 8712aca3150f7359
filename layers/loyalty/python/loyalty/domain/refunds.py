"""What a refund takes back: recomputed from all refunds so far, never from this one alone.

`target = award(order less everything refunded, same version, same context)` and the clawback is
what was earned, less the target, less what earlier refunds already settled. So splitting a refund
never changes the total, and a full refund takes back exactly what was earned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from loyalty.domain.earning import award
from loyalty.domain.entries import Accrual, AskedRefund, Qualifying
from loyalty.domain.orders import Line, Order
from loyalty.domain.program import Program
from loyalty.domain.qualifying import basis_of, qualifies


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """The running state of an order that was refunded.

    `quantities` are refunded units by line, `amount_minor` all refunds without lines together
    (both are totals, so the order of refunds does not matter). `clawed + owed + forgiven +
    excused` is always what was earned less the target. `taken` tells, for each part of the award,
    how many of its own points were taken. `counter` guards the item.
    """

    quantities: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    amount_minor: int = 0
    whole: bool = False
    clawed: int = 0
    owed: int = 0
    forgiven: int = 0
    excused: int = 0
    taken: tuple[int, ...] = ()
    counter: int = 0

    @property
    def settled(self) -> int:
        """The points that earlier refunds have dealt with, one way or another."""
        return self.clawed + self.owed + self.forgiven + self.excused


def unknown_lines(refund: AskedRefund, order: Order) -> tuple[str, ...]:
    """The lines a refund names that the order does not have."""
    known = {line.line_id for line in order.lines}
    return tuple(line_id for line_id in refund.quantities if line_id not in known)


def refunded_with(state: OrderState, refund: AskedRefund, order: Order) -> OrderState:
    """The totals after one more refund; units beyond what was bought do not count."""
    quantities = dict(state.quantities)
    for line in order.lines:
        if units := refund.quantities.get(line.line_id, 0):
            before = quantities.get(line.line_id, 0)
            quantities[line.line_id] = min(line.quantity, before + units)
    return replace(
        state,
        quantities=quantities,
        amount_minor=state.amount_minor + refund.amount_minor,
        whole=state.whole or refund.whole,
        counter=state.counter + 1,
    )


def kept(order: Order, state: OrderState) -> Order:
    """The order less everything refunded so far.

    Amounts without lines are one running sum, spread afresh over what is left of the lines in
    proportion. Each line keeps its share rounded up: every line then shrinks or stays as the sum
    grows (largest remainder would not grant that), so no later refund could give points back.
    """
    if state.whole:
        return order.keeping({line.line_id: 0 for line in order.lines})
    left = {line.line_id: _left_minor(line, state) for line in order.lines}
    left_minor = sum(left.values())
    keeps_minor = max(0, left_minor - state.amount_minor)
    return order.keeping(
        {
            line_id: -(-amount_minor * keeps_minor // left_minor) if left_minor else 0
            for line_id, amount_minor in left.items()
        }
    )


def to_settle(accrual: Accrual, program: Program, *, before: OrderState, after: OrderState) -> int:
    """The points that a refund still has to settle, `before` being the state it came upon."""
    target = award(kept(accrual.order, after), program, tier=accrual.tier).points
    return accrual.points - target - before.settled


def disqualified(
    accrual: Accrual, program: Program, *, before: OrderState, after: OrderState
) -> Qualifying | None:
    """What a refund takes back of what its order counted for, in the period it counted in."""
    if accrual.qualifying is None:
        return None
    basis = basis_of(accrual.qualifying.counter)

    def counts(state: OrderState) -> int:
        order = kept(accrual.order, state)
        points = award(order, program, tier=accrual.tier).points
        return qualifies(order, points=points, basis=basis)

    return Qualifying(accrual.qualifying.counter, counts(after) - counts(before))


def counted_minor(order: Order, *, before: OrderState, after: OrderState) -> int:
    """How much money of a refund counted: what the order kept less for it."""
    return kept(order, before).amount_minor - kept(order, after).amount_minor


def _left_minor(line: Line, state: OrderState) -> int:
    refunded = state.quantities.get(line.line_id, 0)
    if not line.quantity:
        return line.amount_minor
    return line.amount_minor - line.amount_minor * refunded // line.quantity
