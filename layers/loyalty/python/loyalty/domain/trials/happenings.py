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
from loyalty.domain.ledger.entries import RequestedRefund
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
class Enrolled:
    at: datetime
    member_id: str


@dataclass(frozen=True, slots=True)
class Granted:
    """A manager granted a level."""

    at: datetime
    member_id: str
    floor: TierFloor


@dataclass(frozen=True, slots=True)
class Merged:
    """A member became part of another one."""

    at: datetime
    member_id: str
    into: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A member was erased."""

    at: datetime
    member_id: str


@dataclass(frozen=True, slots=True)
class Refunded:
    at: datetime
    entry: EntryFact
    ref: OrderRef
    refund: RequestedRefund


@dataclass(frozen=True, slots=True)
class Bought:
    """An order was recorded; `refunds` are those that had waited for it."""

    at: datetime
    entry: EntryFact
    order: Order
    refunds: tuple[Refunded, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """The storefront changed an order; `order` is None unless it is the latest version."""

    at: datetime
    entry: EntryFact
    ref: OrderRef
    order: Order | None


@dataclass(frozen=True, slots=True)
class Moved:
    """Something else moved points: a redemption, a return, a correction, a bonus, a transfer."""

    at: datetime
    entry: EntryFact


@dataclass(frozen=True, slots=True)
class Recorded:
    """The calendar's effect was recorded; a replay computes it instead."""

    at: datetime
    entry: EntryFact


type Happening = (
    Enrolled | Granted | Merged | Closed | Bought | Refunded | Changed | Moved | Recorded
)

# Of what the books learned at the same moment, what others build on comes first.
_RANKS: Final = {Enrolled: 0, Granted: 1, Recorded: 2, Bought: 3, Changed: 5, Refunded: 4, Moved: 6}
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
        (*_of_members(person.members), *_of_entries(person)),
        key=lambda each: (each.at, _RANKS.get(type(each), _LAST)),
    )


def _of_members(members: Iterable[MemberFact]) -> Iterator[Happening]:
    for member in members:
        yield Enrolled(member.enrolled_at, member.fact_id)
        if member.floor_level and member.floor_until:
            floor = TierFloor(member.floor_level, member.floor_until)
            yield Granted(member.recorded_at, member.fact_id, floor)
        if member.ended_at is not None:
            if member.into:
                yield Merged(member.ended_at, member.fact_id, member.into)
            else:
                yield Closed(member.ended_at, member.fact_id)


def _of_entries(person: PersonFacts) -> Iterator[Happening]:
    bought: dict[OrderRef, EntryFact] = {}
    steps: defaultdict[OrderRef, list[EntryFact]] = defaultdict(list)
    for entry in person.entries:
        kind = entry.entry_kind
        if kind in _OF_CALENDAR:
            yield Recorded(entry.recorded_at, entry)
        elif kind == "accrual":
            bought[_ref(entry)] = entry
        elif kind in {"clawback", "edit"}:
            steps[_ref(entry)].append(entry)
        elif kind != "merge":
            yield Moved(entry.recorded_at, entry)
    for ref, entry in bought.items():
        fact = person.orders.get(ref)
        if fact is None:
            raise LinesMissing
        after = _of_steps(ref, steps[ref], fact, person.states[ref]) if steps[ref] else ()
        refunds = tuple(
            each for each in after if isinstance(each, Refunded) and _waited(each, entry)
        )
        yield Bought(entry.recorded_at, entry, order_of(fact), refunds)
        yield from (each for each in after if each not in refunds)


def _waited(refunded: Refunded, accrual: EntryFact) -> bool:
    """Whether a refund came before its order: it was recorded with it, and taken in full."""
    return refunded.at == accrual.recorded_at and not refunded.entry.forgiven


def _of_steps(
    ref: OrderRef, entries: Sequence[EntryFact], order: OrderFact, state: OrderStateFact
) -> list[Refunded | Changed]:
    """The refunds and edits of an order."""
    steps: list[Refunded | Changed] = []
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
            steps.append(Changed(entry.recorded_at, entry, ref, version))
    for number, entry in enumerate(refunds, 1):
        is_last = number == len(refunds)
        share = (1, 1) if is_last or not whole else (sum(money[:number]), whole)
        total = _refunded(entry, state, share, whole=is_last and state.is_whole)
        steps.append(Refunded(entry.recorded_at, entry, ref, _less(total, before)))
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
