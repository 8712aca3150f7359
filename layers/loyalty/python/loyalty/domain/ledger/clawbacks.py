"""Clawbacks: where the points that a refund takes back come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.account import Account, soonest_first
from loyalty.domain.ledger.entries import (
    Accrual,
    AskedRefund,
    Clawback,
    Effect,
    Entry,
    OrderCause,
    PendingDates,
    Qualifying,
)
from loyalty.domain.ledger.postings import (
    AccountChange,
    OrderStateChange,
    Posting,
    change_by_taking,
)
from loyalty.domain.ledger.refunds import (
    OrderState,
    counted_minor,
    disqualified,
    parts_of,
    refunded_with,
    state_of,
    to_settle,
)
from loyalty.domain.ledger.tiers import Counting, counting
from loyalty.domain.program.document import Program, PublishedProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the points of one clawback come from, and what no source could give.

    `own` tells how many of each part's own points were taken by now.
    """

    pending: Mapping[PendingDates, int]
    excused: int
    lots: Mapping[date, int]
    owed: int
    forgiven: int
    own: tuple[int, ...]

    @property
    def clawed(self) -> int:
        return sum(self.pending.values()) + sum(self.lots.values())

    @property
    def effect(self) -> Effect:
        return Effect(
            lots={lot: -points for lot, points in self.lots.items()},
            debt=self.owed,
            pending={dates: -points for dates, points in self.pending.items()},
        )

    def settling(self, state: OrderState) -> OrderState:
        """The order's state once all this was taken."""
        return replace(
            state,
            clawed=state.clawed + self.clawed,
            owed=state.owed + self.owed,
            forgiven=state.forgiven + self.forgiven,
            excused=state.excused + self.excused,
            taken=self.own,
        )

    def change(
        self,
        account: Account,
        entry: Entry,
        *,
        counted: Mapping[str, int],
        level: Counting,
    ) -> AccountChange:
        """The change to an account, relying on just what is taken from it."""
        return change_by_taking(
            account,
            entries=(entry,),
            taken=self.lots,
            pending_taken=self.pending,
            relies_on_balance=bool(self.owed or self.forgiven),
            qualifying=counted,
            counting=level if counted else None,
        )


def claw_back(
    refund: AskedRefund,
    *,
    accrual: Entry,
    earned: Accrual,
    state: OrderState | None,
    account: Account,
    expired: Mapping[date, int],
    decided_by: PublishedProgram,
    program: PublishedProgram,
    now: datetime,
) -> Posting:
    """Take back what a refunded order no longer earns, from a settled account.

    `decided_by` is the program version of the accrual, which decides how much; `program` is the
    one in force, whose policy decides where from. `expired` tells how many points of each of the
    order's past lots expired unspent.
    """
    before = state_of(earned, state)
    after = refunded_with(before, refund)
    sources = sources_of(
        to_settle(earned, decided_by.document, before=before, after=after),
        parts=parts_of(earned, before),
        before=before,
        account=account,
        expired=expired,
        policy=program.document,
    )
    order = earned.order
    less = disqualified(earned, decided_by.document, before=before, after=after)
    counted = counted_for(less, account)
    level = counting(account, program.document, counted=counted, day=program.document.today(now))
    entry = Entry(
        cause=OrderCause(order.source, order.order_id, "clawback", refund.refund_id),
        member_id=account.member_id,
        effect=sources.effect,
        happened_at=refund.occurred_at,
        recorded_at=now,
        program_version=accrual.program_version,
        fingerprint=refund.fingerprint,
        detail=Clawback(
            source=order.source,
            order_id=order.order_id,
            refund_id=refund.refund_id,
            amount_minor=counted_minor(order, before=before, after=after),
            clawed=sources.clawed,
            owed=sources.owed,
            forgiven=sources.forgiven,
            excused=sources.excused,
            debt_after=account.debt + sources.owed,
            qualifying=less,
        ),
    )
    return Posting(
        entries=(entry,),
        order_state=OrderStateChange(
            order.source,
            order.order_id,
            sources.settling(after),
            counter_seen=state.counter if state else None,
        ),
        changes=(sources.change(account, entry, counted=counted, level=level),),
    )


def counted_for(less: Qualifying | None, account: Account) -> dict[str, int]:
    """The change to the counter that the order raised, where it can still matter."""
    if less is None or (less.amount <= 0 and less.counter not in account.qualifying):
        return {}
    return {less.counter: less.amount}


def sources_of(
    owing: int,
    *,
    parts: Sequence[Part],
    before: OrderState,
    account: Account,
    expired: Mapping[date, int],
    policy: Program,
) -> Sources:
    """Pending points of the order first, then its own lots, then any lot, soonest expiry first.

    Each source of the order's own is capped by what is left of that part, so that the points of
    another order with the same dates are not taken for this one's. What expired unspent is
    excused: the member never had the use of it.
    """
    own = list(before.taken)
    pending: Counter[PendingDates] = Counter()
    for number, part in enumerate(parts):
        dates = PendingDates(part.available_on, part.expires_on)
        there = account.pending.get(dates, 0) - pending[dates]
        if share := max(0, min(owing, part.points - own[number], there)):
            pending[dates] += share
            own[number] += share
            owing -= share
    excusable = _excusable(parts, expired) - before.excused
    excused = max(0, min(owing, excusable))
    owing -= excused
    lots: dict[date, int] = {}
    if policy.clawback != "only_pending":
        lots = _from_lots(owing, parts=parts, own=own, account=account)
        owing -= sum(lots.values())
    owed = owing if policy.clawback == "unlimited" else 0
    return Sources(
        pending=pending,
        excused=excused,
        lots=lots,
        owed=owed,
        forgiven=owing - owed,
        own=tuple(own),
    )


def _excusable(parts: Sequence[Part], expired: Mapping[date, int]) -> int:
    """How many of the order's points may have expired unspent, over all refunds together."""
    own: Counter[date] = Counter()
    for part in parts:
        own[part.expires_on] += part.points
    return sum(min(points, expired.get(lot, 0)) for lot, points in own.items())


def _from_lots(
    points: int, *, parts: Sequence[Part], own: list[int], account: Account
) -> dict[date, int]:
    """Take from the order's own lots (noting it in `own`), then the soonest expiry first."""
    prefer: Counter[date] = Counter()
    wanted = points
    for number, part in enumerate(parts):
        there = account.lots.get(part.expires_on, 0) - prefer[part.expires_on]
        if share := max(0, min(wanted, part.points - own[number], there)):
            prefer[part.expires_on] += share
            own[number] += share
            wanted -= share
    return soonest_first(account.lots, points, prefer=prefer)
