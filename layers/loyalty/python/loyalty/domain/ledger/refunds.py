"""What a refund takes back: recomputed from all refunds so far, never from this one alone.

`target = award(order less everything refunded, same version, same context)` and the clawback is
what was earned, less the target, less what earlier refunds already settled. So splitting a refund
never changes the total, and a full refund takes back exactly what was earned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from loyalty.domain.earning.awarding import Part, award
from loyalty.domain.earning.qualifying import basis_of, qualifies
from loyalty.domain.ledger.entries import Accrual, Qualifying, RequestedRefund
from loyalty.domain.orders.order import Line, Order
from loyalty.domain.program.document import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """The running state of an order that was refunded, or told again by a storefront.

    `quantities` are refunded units by line, `amounts_minor` refunded money by line,
    `amount_minor` all refunds without lines together (all are totals, so the order of refunds
    does not matter, and what lines an order has is asked only when they are spread).
    `clawed + owed + forgiven + excused` is always what was earned less the target. `counter`
    guards the item.

    `order` is what an edit made of it (None: it is as it was first told), and `told_at` when the
    storefront last spoke of it. `given` are points that edits gave, by their dates; of these,
    `expired` came after their last day. `taken` tells, for each part of the award and then for
    each of `given`, how many of its own points were taken.
    """

    quantities: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    amounts_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    amount_minor: int = 0
    whole: bool = False
    clawed: int = 0
    owed: int = 0
    forgiven: int = 0
    excused: int = 0
    taken: tuple[int, ...] = ()
    counter: int = 0
    order: Order | None = None
    told_at: datetime | None = None
    given: tuple[Part, ...] = ()
    expired: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def settled(self) -> int:
        """The points that earlier refunds have dealt with, one way or another."""
        return self.clawed + self.owed + self.forgiven + self.excused


def state_of(accrual: Accrual, state: OrderState | None) -> OrderState:
    """The state of an order on file; that of one that nothing happened to yet."""
    return state or OrderState(taken=(0,) * len(accrual.parts))


def in_force(accrual: Accrual, state: OrderState | None) -> Order:
    """The order as it was last told."""
    return (state and state.order) or accrual.order


def parts_of(accrual: Accrual, state: OrderState) -> tuple[Part, ...]:
    """All points that an order was ever given, in the order of `taken`."""
    return accrual.parts + state.given


def unknown_lines(refund: RequestedRefund, order: Order) -> tuple[str, ...]:
    """The lines a refund names units of that the order does not have."""
    line_ids = {line.line_id for line in order.lines}
    return tuple(line_id for line_id in refund.quantities if line_id not in line_ids)


def refunded_with(state: OrderState, refund: RequestedRefund) -> OrderState:
    """The totals after one more refund; what is more than was bought does not count."""
    return replace(
        state,
        quantities=_added(state.quantities, refund.quantities),
        amounts_minor=_added(state.amounts_minor, refund.amounts_minor),
        amount_minor=state.amount_minor + refund.amount_minor,
        whole=state.whole or refund.whole,
        counter=state.counter + 1,
    )


def unrefunded(order: Order, state: OrderState) -> Order:
    """The order less everything refunded so far.

    A line keeps of its amount what it keeps of what was paid for it. Money that no line can give
    back, because none was named or more than was paid for it came back, is one running sum,
    spread afresh over what is left of the lines in proportion. So what was given back in all is
    never less than told, and an order whose whole price came back keeps nothing.

    Each line keeps its share rounded up: every line then shrinks or stays as the sums grow
    (largest remainder would not grant that), so no later refund could give points back. A line
    that the order does not have gives nothing back, and can be told of before it is there.
    """
    order = state.order or order
    if state.whole:
        return order.keeping({line.line_id: 0 for line in order.lines})
    back = {line.line_id: _given_back_minor(line, state) for line in order.lines}
    paid_left = {line.line_id: max(0, line.paid_minor - back[line.line_id]) for line in order.lines}
    left_minor = sum(paid_left.values())
    over_minor = sum(max(0, back[line.line_id] - line.paid_minor) for line in order.lines)
    keeps_minor = max(0, left_minor - state.amount_minor - over_minor)
    return order.keeping(
        {
            line.line_id: _share_up(
                _share_up(line.amount_minor, paid_left[line.line_id], line.paid_minor),
                keeps_minor,
                left_minor,
            )
            for line in order.lines
        }
    )


def to_settle(accrual: Accrual, program: Program, *, before: OrderState, after: OrderState) -> int:
    """The points that are still to be settled, `before` being the state that was come upon.

    Negative where an edit makes the order worth more.
    """
    target = award(unrefunded(accrual.order, after), program, tier=accrual.tier).points
    earned = sum(part.points for part in parts_of(accrual, before))
    return earned - target - before.settled


def disqualified(
    accrual: Accrual, program: Program, *, before: OrderState, after: OrderState
) -> Qualifying | None:
    """What a refund takes back of what its order counted for, in the period it counted in."""
    if accrual.qualifying is None:
        return None
    basis = basis_of(accrual.qualifying.counter)

    def counts(state: OrderState) -> int:
        order = unrefunded(accrual.order, state)
        points = award(order, program, tier=accrual.tier).points
        return qualifies(order, points=points, basis=basis)

    return Qualifying(accrual.qualifying.counter, counts(after) - counts(before))


def counted_minor(order: Order, *, before: OrderState, after: OrderState) -> int:
    """How much money of a refund counted: what the order kept less for it."""
    return unrefunded(order, before).amount_minor - unrefunded(order, after).amount_minor


def _added(totals: Mapping[str, int], more: Mapping[str, int]) -> Mapping[str, int]:
    return {**totals, **{name: totals.get(name, 0) + more[name] for name in more}}


def _given_back_minor(line: Line, state: OrderState) -> int:
    """What was given back for a line; units beyond those that were bought do not count."""
    units = min(line.quantity, state.quantities.get(line.line_id, 0))
    by_units = line.paid_minor * units // line.quantity if line.quantity else 0
    return by_units + state.amounts_minor.get(line.line_id, 0)


def _share_up(amount_minor: int, part: int, whole: int) -> int:
    """A part of an amount, rounded up; all of it where there is nothing to be a part of."""
    return -(-amount_minor * part // whole) if whole else amount_minor
