"""What happened to a person, in the order in which the books learned of it, from the lake's facts.

A person is a member with all members who were merged with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.entries import Placeholder, RequestedRefund
from loyalty.domain.orders.order import Line, Order, OrderRef, Tender

if TYPE_CHECKING:
    from loyalty.domain.facts import EntryFact, MemberFact, OrderFact, OrderStateFact, SoldLine


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """All facts of a person that a trial reads. Orders and their states are by their names."""

    members: Sequence[MemberFact]
    entries: Sequence[EntryFact]
    orders: Mapping[OrderRef, OrderFact]
    states: Mapping[OrderRef, OrderStateFact]


@dataclass(frozen=True, slots=True)
class EnrollStep:
    booked_at: datetime
    member_id: str


@dataclass(frozen=True, slots=True)
class GrantStep:
    """A manager granted a level."""

    booked_at: datetime
    member_id: str
    floor: TierFloor


@dataclass(frozen=True, slots=True)
class MergeStep:
    """A member became part of another one."""

    booked_at: datetime
    member_id: str
    into: str


@dataclass(frozen=True, slots=True)
class CloseStep:
    """A member was erased."""

    booked_at: datetime
    member_id: str


@dataclass(frozen=True, slots=True)
class RefundStep:
    booked_at: datetime
    entry: EntryFact
    ref: OrderRef
    refund: RequestedRefund


@dataclass(frozen=True, slots=True)
class BuyStep:
    """An order was recorded; `refunds` are those that had waited for it."""

    booked_at: datetime
    entry: EntryFact
    order: Order
    refunds: tuple[RefundStep, ...] = ()

    @property
    def placeholder(self) -> Placeholder | None:
        """The placeholder that the order replaces, if refunds waited in it."""
        if not self.refunds:
            return None
        return Placeholder(
            source=self.order.source,
            order_id=self.order.order_id,
            recorded_at=self.booked_at,
            count=1,
            refunds=tuple(each.refund for each in self.refunds),
        )


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """The storefront changed an order; `order` is None unless it is the latest version."""

    booked_at: datetime
    entry: EntryFact
    ref: OrderRef
    order: Order | None


@dataclass(frozen=True, slots=True)
class MoveStep:
    """Something else moved points: a redemption, a return, a correction, a bonus, a transfer."""

    booked_at: datetime
    entry: EntryFact


@dataclass(frozen=True, slots=True)
class CalendarStep:
    """The calendar's effect was recorded; a replay computes it instead."""

    booked_at: datetime
    entry: EntryFact


type Happening = (
    EnrollStep
    | GrantStep
    | MergeStep
    | CloseStep
    | BuyStep
    | RefundStep
    | ChangeStep
    | MoveStep
    | CalendarStep
)

# Of what the books learned at the same moment, what others build on comes first.
_RANKS: Final = {
    EnrollStep: 0,
    GrantStep: 1,
    CalendarStep: 2,
    BuyStep: 3,
    ChangeStep: 5,
    RefundStep: 4,
    MoveStep: 6,
}
_LAST: Final = 9
# From this version on facts of orders have the lines with their ids and paid amounts.
WITH_LINES: Final = 3
_OF_CALENDAR: Final = frozenset({"activation", "expiry"})


class LinesMissing(Exception):
    """An order's fact is from before facts had lines; a rebuilt lake has them."""


def happenings(person: PersonFacts) -> list[Happening]:
    """Everything that happened to a person, in order.

    Refunds: facts have the totals of each order only. If it was refunded in several steps, each
    step gets the share of the totals that its money has in the money of all. After the last step
    the totals are exact.

    Raises:
        LinesMissing: an order has no lines.
    """
    return sorted(
        (*_of_members(person), *_of_entries(person)),
        key=lambda each: (each.booked_at, _RANKS.get(type(each), _LAST)),
    )


def _of_members(person: PersonFacts) -> Iterator[Happening]:
    for member in person.members:
        yield EnrollStep(member.enrolled_at, member.fact_id)
        if member.floor_level and member.floor_until:
            floor = TierFloor(member.floor_level, member.floor_until)
            yield GrantStep(_granted_at(member, person.entries), member.fact_id, floor)
        if member.ended_at is not None:
            if member.into:
                yield MergeStep(member.ended_at, member.fact_id, member.into)
            else:
                yield CloseStep(member.ended_at, member.fact_id)


def _granted_at(member: MemberFact, entries: Iterable[EntryFact]) -> datetime:
    """When a member's level was granted: before the orders that earned at it without a break.

    If they had it anyway, it does not matter. A fact that was written again by a rebuild of the
    lake says only that it was before that.
    """
    granted_at = member.recorded_at
    orders = [
        each
        for each in entries
        if each.entry_kind == "accrual"
        and each.member_id == member.fact_id
        and each.recorded_at < granted_at
    ]
    for order in sorted(orders, key=_when, reverse=True):
        if order.tier != member.floor_level:
            break
        granted_at = order.recorded_at
    return granted_at


def _of_entries(person: PersonFacts) -> Iterator[Happening]:
    bought: dict[OrderRef, EntryFact] = {}
    steps: defaultdict[OrderRef, list[EntryFact]] = defaultdict(list)
    for entry in person.entries:
        kind = entry.entry_kind
        if kind in _OF_CALENDAR:
            yield CalendarStep(entry.recorded_at, entry)
        elif kind == "accrual":
            bought[_ref(entry)] = entry
        elif kind in {"clawback", "edit"}:
            steps[_ref(entry)].append(entry)
        elif kind != "merge":
            yield MoveStep(entry.recorded_at, entry)
    for ref, entry in bought.items():
        fact = person.orders.get(ref)
        if fact is None:
            raise LinesMissing
        after = _of_steps(ref, steps[ref], fact, person.states[ref]) if steps[ref] else ()
        refunds = tuple(
            each for each in after if isinstance(each, RefundStep) and _waited(each, entry)
        )
        yield BuyStep(entry.recorded_at, entry, order_of(fact), refunds)
        yield from (each for each in after if each not in refunds)


def _waited(refunded: RefundStep, accrual: EntryFact) -> bool:
    """Whether a refund came before its order: it was recorded with it, and taken in full."""
    return refunded.booked_at == accrual.recorded_at and not refunded.entry.forgiven


def _of_steps(
    ref: OrderRef, entries: Sequence[EntryFact], order: OrderFact, state: OrderStateFact
) -> list[RefundStep | ChangeStep]:
    """The refunds and edits of an order."""
    steps: list[RefundStep | ChangeStep] = []
    entries = sorted(entries, key=lambda each: each.recorded_at)
    latest = max((e for e in entries if e.entry_kind == "edit"), key=_when, default=None)
    refunds = [entry for entry in entries if entry.entry_kind == "clawback"]
    money = [max(0, entry.refunded_minor or 0) for entry in refunds]
    whole = sum(money)
    before = RequestedRefund(refund_id="", occurred_at=state.changed_at, fingerprint="")
    for entry in entries:
        if entry.entry_kind == "edit":
            is_latest = entry is latest and state.sold is not None
            version = order_of(order, state) if is_latest else None
            steps.append(ChangeStep(entry.recorded_at, entry, ref, version))
    for number, entry in enumerate(refunds, 1):
        is_last = number == len(refunds)
        share = (1, 1) if is_last or not whole else (sum(money[:number]), whole)
        total = _refunded(entry, state, share, whole=is_last and state.is_whole)
        steps.append(RefundStep(entry.recorded_at, entry, ref, _less(total, before)))
        before = total
    return steps


def _refunded(
    entry: EntryFact, state: OrderStateFact, share: tuple[int, int], *, whole: bool
) -> RequestedRefund:
    part, of = share
    return RequestedRefund(
        refund_id=entry.fact_id,
        occurred_at=entry.happened_at,
        quantities={each.line_id: each.quantity * part // of for each in state.refunds},
        amounts_minor={each.line_id: each.amount_minor * part // of for each in state.refunds},
        amount_minor=state.amount_minor * part // of,
        whole=whole,
        fingerprint="",
    )


def _less(total: RequestedRefund, before: RequestedRefund) -> RequestedRefund:
    """What a step refunds, by the totals after it and before it."""
    return RequestedRefund(
        refund_id=total.refund_id,
        occurred_at=total.occurred_at,
        quantities=_fewer(total.quantities, before.quantities),
        amounts_minor=_fewer(total.amounts_minor, before.amounts_minor),
        amount_minor=total.amount_minor - before.amount_minor,
        whole=total.whole,
        fingerprint="",
    )


def _fewer(total: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return {name: each - before.get(name, 0) for name, each in total.items()}


def order_of(fact: OrderFact, latest: OrderStateFact | None = None) -> Order:
    """An order as the rules read it, in its first or its latest version.

    Raises:
        LinesMissing: the fact is from before facts had lines.
    """
    version = latest or fact
    if fact.v < WITH_LINES or version.sold is None:
        raise LinesMissing
    return Order(
        source=fact.source,
        order_id=fact.order_id,
        occurred_at=fact.occurred_at,
        channel=fact.channel,
        location=version.location,
        tenders=tuple(Tender(each.kind, each.amount_minor) for each in version.tenders or ()),
        codes=tuple(version.codes or ()),
        lines=tuple(map(_line, version.sold)),
    )


def _line(sold: SoldLine) -> Line:
    return Line(
        line_id=sold.line_id,
        sku=sold.sku,
        category=sold.category,
        quantity=sold.quantity,
        amount_minor=sold.amount_minor,
        gross_minor=sold.paid_minor,
        product_categories=tuple(each for each in sold.categories if each != sold.category),
        brand=sold.brand,
        tags=tuple(sold.tags),
    )


def _ref(entry: EntryFact) -> OrderRef:
    return OrderRef(entry.source or "", entry.order_id or "")


def _when(entry: EntryFact) -> datetime:
    return entry.recorded_at
