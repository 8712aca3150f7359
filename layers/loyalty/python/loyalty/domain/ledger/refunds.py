"""How many points a refund takes back: recomputed from all refunds so far, never from one alone.

`target = award(order less everything refunded, same version, same level)`, and the clawback is
what was earned, less the target, less what earlier refunds settled. So splitting a refund never
changes the total, and a full refund takes back exactly what was earned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.planning import AwardContext
from loyalty.domain.earning.awarding import Award
from loyalty.domain.earning.qualifying import basis_of, qualifies
from loyalty.domain.ledger.entries import Accrual, Qualifying, RequestedRefund
from loyalty.domain.ledger.holds import placed
from loyalty.domain.ledger.settled import Settled

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import Part
    from loyalty.domain.ledger.reviews import ReviewVerdict
    from loyalty.domain.orders.order import Line, Order, OrderRef
    from loyalty.domain.program.document import Program

# A name has at most 64; the number of a refund that counts again comes behind it.
NAME_CHARACTERS_MAX: Final = 58


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState(Settled):
    """The running state of an order that was refunded, or changed by its storefront.

    Refunds: `quantities` are refunded units by line, `amounts_minor` refunded money by line,
    `amount_minor` the sum of refunds without lines. All are totals, so the order of refunds does
    not matter.

    `revocable` are the refunds among them that their storefront may withdraw, by their ids; a
    cancelled order is one of them if it can be set back. `withdrawn` says how often each refund was
    withdrawn. `whole` is a refund of the whole order that stays.

    Edits: `order` is the latest version (None: the first one), `told_at` the time of the latest
    version. `given` are points that edits added, and the first parts are those of the award.

    Campaigns: `ceilings` are those of the latest version (None: the accrual's), `counted` is what
    the order counts in the limits of each campaign (None: what the accrual gave).

    Reviews: `verdict` is what a manager decided. The points of an order that was `released` are not
    held any more; one that was `rejected` earns nothing, whatever becomes of it.

    `counter` guards the item, and `changed_at` is when it was last written.
    """

    quantities: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    amounts_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    amount_minor: int = 0
    whole: bool = False
    revocable: Mapping[str, RequestedRefund] = field(default_factory=lambda: MappingProxyType({}))
    withdrawn: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    counter: int = 0
    changed_at: datetime | None = None
    order: Order | None = None
    told_at: datetime | None = None
    ceilings: Mapping[str, int] | None = None
    counted: Mapping[str, int] | None = None
    verdict: ReviewVerdict | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the order is left, by a refund that stays or one that may not."""
        return self.whole or any(refund.whole for refund in self.revocable.values())


class Remainder(NamedTuple):
    """What is left of an order in a state, and what that earns."""

    state: OrderState
    order: Order
    award: Award


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedState:
    """The state of an order as it is stored under the order's name."""

    ref: OrderRef
    state: OrderState


def state_of(accrual: Accrual, state: OrderState | None) -> OrderState:
    """The state of an order, or the initial state if nothing has changed it yet."""
    return state or OrderState(taken=(0,) * len(accrual.parts))


def in_force(accrual: Accrual, state: OrderState | None) -> Order:
    """The latest version of the order."""
    return (state and state.order) or accrual.order


def parts_of(accrual: Accrual, state: OrderState) -> tuple[Part, ...]:
    """All points that an order ever earned, in the order of `taken`."""
    return accrual.parts + state.given


def places_of(accrual: Accrual, state: OrderState) -> tuple[Part, ...]:
    """The same points with the dates by which they lie in the account, held or not."""
    return placed(parts_of(accrual, state), held_until=hold_of(accrual, state))


def hold_of(accrual: Accrual, state: OrderState) -> date | None:
    """The day until which points of an order are held; None if they are not, or not any more."""
    return None if state.verdict == "released" else accrual.held_until


def unknown_lines(refund: RequestedRefund, order: Order) -> tuple[str, ...]:
    """The lines that a refund names and the order does not have."""
    line_ids = {line.line_id for line in order.lines}
    return tuple(line_id for line_id in refund.quantities if line_id not in line_ids)


def refunded_with(state: OrderState, refund: RequestedRefund) -> OrderState:
    """The totals after one more refund."""
    return replace(
        state,
        quantities=_added(state.quantities, refund.quantities),
        amounts_minor=_added(state.amounts_minor, refund.amounts_minor),
        amount_minor=state.amount_minor + refund.amount_minor,
        whole=state.whole or (refund.whole and not refund.is_revocable),
        revocable={**state.revocable, refund.refund_id: refund}
        if refund.is_revocable
        else state.revocable,
        told_at=told_until(state, refund),
        counter=state.counter + 1,
    )


def told_until(state: OrderState, refund: RequestedRefund) -> datetime | None:
    """The time of the latest version: a cancellation that can be undone is a version, too."""
    if not (refund.whole and refund.is_revocable):
        return state.told_at
    return max(state.told_at or refund.occurred_at, refund.occurred_at)


def withdrawn_by(
    order: Order, listed: Collection[str] | None, refunds: Iterable[RequestedRefund]
) -> frozenset[str]:
    """The refunds that a version of an order withdraws: those that it no longer lists.

    `listed` are the ids of all refunds that stand with this version (None: its storefront lists
    none with its orders). A refund that is not older than the version may be missing because the
    version does not know it yet. A cancelled order of the same second was set back, because its
    storefront sends versions in their order.
    """
    told_at = order.told_at
    if listed is None or told_at is None:
        return frozenset()
    return frozenset(
        refund.refund_id
        for refund in refunds
        if refund.is_revocable
        and refund.refund_id not in listed
        and (refund.occurred_at < told_at or (refund.whole and refund.occurred_at == told_at))
    )


def withdrawing(state: OrderState, refund_ids: Collection[str]) -> OrderState:
    """The state without some of its revocable refunds."""
    for refund_id in sorted(refund_ids):
        refund = state.revocable[refund_id]
        state = replace(
            state,
            quantities=_less(state.quantities, refund.quantities),
            amounts_minor=_less(state.amounts_minor, refund.amounts_minor),
            amount_minor=state.amount_minor - refund.amount_minor,
            revocable={
                each: state.revocable[each] for each in state.revocable if each != refund_id
            },
            withdrawn=_added(state.withdrawn, {refund_id: 1}),
        )
    return state


def clawback_name(refund: RequestedRefund, state: OrderState | None) -> str:
    """Names the entry of a refund: its id, and a number once it was withdrawn and counts again."""
    times = state.withdrawn.get(refund.refund_id, 0) if state else 0
    return f"{refund.refund_id[:NAME_CHARACTERS_MAX]}.{times + 1}" if times else refund.refund_id


def unrefunded(order: Order, state: OrderState) -> Order:
    """The order less everything refunded so far: its amounts, and the units of its lines.

    A line keeps the same share of its amount as of its paid amount. Money that no line can give
    back, because the refund names no line or more than its paid amount, is one running sum that is
    spread over the rest of all lines in proportion. So the total given back is never less than
    what was refunded, and an order whose whole price was refunded keeps nothing.

    Each line keeps its share rounded up. Then every line shrinks or stays as the sums grow (largest
    remainder would not guarantee that), so a later refund can never give points back. A line that
    the order does not have gives nothing back; a later version of the order may add it.

    A line keeps no more units than were not refunded, and of those the same share as of its amount,
    rounded up: refunds of money take units, too. A line that cost nothing keeps its units as long
    as anything of what was paid is left, because no money given back can say that it was returned.
    """
    order = state.order or order
    if state.is_whole:
        nothing = dict.fromkeys((line.line_id for line in order.lines), 0)
        return order.keeping(nothing, nothing)
    back = {line.line_id: _given_back_minor(line, state) for line in order.lines}
    paid_left = {line.line_id: max(0, line.paid_minor - back[line.line_id]) for line in order.lines}
    left_minor = sum(paid_left.values())
    over_minor = sum(max(0, back[line.line_id] - line.paid_minor) for line in order.lines)
    keeps_minor = max(0, left_minor - state.amount_minor - over_minor)
    keeps_nothing = not keeps_minor and any(line.paid_minor for line in order.lines)

    def keeps(line: Line, whole: int) -> int:
        own = _share_up(whole, paid_left[line.line_id], line.paid_minor)
        return _share_up(own, keeps_minor, left_minor)

    def keeps_units(line: Line) -> int:
        if keeps_nothing:
            return 0
        left = line.quantity - _refunded_units(line, state)
        return min(left, keeps(line, line.quantity)) if line.paid_minor else left

    return order.keeping(
        {line.line_id: keeps(line, line.amount_minor) for line in order.lines},
        {line.line_id: keeps_units(line) for line in order.lines},
    )


def remainder_of(accrual: Accrual, state: OrderState, program: Program) -> Remainder:
    """What is left of an order, and what that earns in the context of its accrual or latest edit.

    `program` is the version that decided the accrual.
    """
    left = unrefunded(accrual.order, state)
    if state.verdict == "rejected":
        return Remainder(state, left, Award(shares=(), parts=()))
    bought, context = in_force(accrual, state), context_of(accrual, state)
    award = full_award(left, bought=bought, program=program, context=context)
    return Remainder(state, left, award)


def context_of(accrual: Accrual, state: OrderState) -> AwardContext:
    """What was decided of an order and its member when its latest version was recorded."""
    return AwardContext(
        tier=accrual.tier,
        plan=accrual.plan,
        opened=frozenset(accrual.opened),
        held_out=frozenset(accrual.held_out),
        ceilings=accrual.ceilings if state.ceilings is None else state.ceilings,
    )


def to_settle(accrual: Accrual, *, before: OrderState, after: Remainder) -> int:
    """The points still to be settled once this is left of an order.

    Negative if an edit makes the order worth more.
    """
    earned = sum(part.points for part in parts_of(accrual, before))
    return earned - after.award.points - before.settled


def disqualified(accrual: Accrual, *, before: Remainder, after: Remainder) -> Qualifying | None:
    """How much less the order counts toward a level, in the period that it counted in."""
    if accrual.qualifying is None:
        return None
    basis = basis_of(accrual.qualifying.counter)
    then, now = (
        qualifies(each.order, points=each.award.qualifying_points, basis=basis)
        for each in (before, after)
    )
    return Qualifying(accrual.qualifying.counter, now - then)


def counted_minor(*, before: Remainder, after: Remainder) -> int:
    """How much money of a refund counted: how much less of the order is left."""
    return before.order.amount_minor - after.order.amount_minor


def _added(totals: Mapping[str, int], more: Mapping[str, int]) -> Mapping[str, int]:
    return {**totals, **{name: totals.get(name, 0) + more[name] for name in more}}


def _less(totals: Mapping[str, int], fewer: Mapping[str, int]) -> Mapping[str, int]:
    left = {name: total - fewer.get(name, 0) for name, total in totals.items()}
    return {name: total for name, total in left.items() if total}


def _refunded_units(line: Line, state: OrderState) -> int:
    """How many units of a line were refunded; those beyond the number bought do not count."""
    return min(line.quantity, state.quantities.get(line.line_id, 0))


def _given_back_minor(line: Line, state: OrderState) -> int:
    """What was given back for a line."""
    units = _refunded_units(line, state)
    by_units = line.paid_minor * units // line.quantity if line.quantity else 0
    return by_units + state.amounts_minor.get(line.line_id, 0)


def _share_up(amount_minor: int, part: int, whole: int) -> int:
    """The share `part / whole` of an amount, rounded up; all of it if the whole is zero."""
    return -(-amount_minor * part // whole) if whole else amount_minor
