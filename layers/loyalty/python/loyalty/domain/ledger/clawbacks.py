"""Clawbacks: which points a refund takes back, and what happens where too few are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.budgets import budgets_on, takes
from loyalty.domain.ledger.campaign_counts import CampaignCounting, counting_of_step, moved
from loyalty.domain.ledger.entries import (
    Accrual,
    Clawback,
    Entry,
    OrderCause,
    Qualifying,
    RequestedRefund,
)
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import (
    AccountChange,
    OrderStateChange,
    Posting,
    change_by_taking,
)
from loyalty.domain.ledger.refunds import (
    OrderState,
    clawback_name,
    counted_minor,
    disqualified,
    parts_of,
    refunded_with,
    remainder_of,
    state_of,
    to_settle,
)
from loyalty.domain.ledger.tiers import Counting, counting

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import Part
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.document import Program, PublishedProgram


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the points of one clawback come from, and what no source could provide.

    `taken` comes from the account. `excused` expired unspent, `owed` becomes debt, `forgiven` is
    lost to the program. `own` says how many points of each of the order's parts are taken by now.
    """

    taken: Holding
    excused: int
    owed: int
    forgiven: int
    own: tuple[int, ...]

    @property
    def clawed(self) -> int:
        return self.taken.spendable + self.taken.pending_points

    @property
    def effect(self) -> Holding:
        return Holding(debt=self.owed) - self.taken

    def settling(self, state: OrderState) -> OrderState:
        """The order's state after this clawback."""
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
        campaigns: CampaignCounting,
    ) -> AccountChange:
        """The change to an account. It relies only on what it takes."""
        return change_by_taking(
            account,
            entries=(entry,),
            taken=self.taken,
            relies_on_balance=bool(self.owed or self.forgiven),
            qualifying=counted,
            counting=level if counted else None,
            campaigns=campaigns,
        )


def claw_back(
    refund: RequestedRefund,
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
    """Take back from a settled account what a refunded order no longer earns.

    `decided_by` is the program version of the accrual; it decides how many points. `program` is
    the version in force; its policy decides where they come from. `expired` says how many points
    of each of the order's past lots expired unspent.
    """
    seen = state_of(earned, state)
    before = remainder_of(earned, seen, decided_by.document)
    after = remainder_of(earned, refunded_with(seen, refund), decided_by.document)
    sources = sources_of(
        to_settle(earned, before=seen, after=after),
        parts=parts_of(earned, seen),
        before=seen,
        account=account,
        expired=expired,
        policy=program.document,
    )
    today = program.document.today(now)
    settled = sources.settling(after.state)
    step = moved(
        earned,
        decided_by.document,
        before=before,
        after=after,
        forgiven=settled.forgiven,
        today=today,
    )
    order, name = earned.order, clawback_name(refund, state)
    less = disqualified(earned, before=before, after=after)
    counted = counted_for(less, account)
    level = counting(account, program.document, counted=counted, day=today)
    entry = Entry(
        cause=OrderCause(order.source, order.order_id, "clawback", name),
        member_id=account.member_id,
        effect=sources.effect,
        happened_at=refund.occurred_at,
        recorded_at=now,
        program_version=accrual.program_version,
        fingerprint=refund.fingerprint,
        detail=Clawback(
            source=order.source,
            order_id=order.order_id,
            refund_id=name,
            amount_minor=counted_minor(before=before, after=after),
            clawed=sources.clawed,
            owed=sources.owed,
            forgiven=sources.forgiven,
            excused=sources.excused,
            debt_after=account.holding.debt + sources.owed,
            qualifying=less,
            counted=step.uses,
            campaign_points=step.campaign_points,
        ),
    )
    campaigns = counting_of_step(account, earned, decided_by.document, step)
    budgets = budgets_on(decided_by.document, decided_by.document.today(order.occurred_at))
    return Posting(
        entries=(entry,),
        budgets=takes(order.ref, budgets, step.uses, {}),
        order_state=OrderStateChange(
            order.source,
            order.order_id,
            replace(settled, counted=step.counted, changed_at=now),
            counter_seen=state.counter if state else None,
        ),
        changes=(
            sources.change(account, entry, counted=counted, level=level, campaigns=campaigns),
        ),
    )


def counted_for(less: Qualifying | None, account: Account) -> dict[str, int]:
    """The change to the counter that the order raised, if that counter still matters."""
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
    """Find the points that an order owes: pending ones, then its own lots, then any lot.

    The order's own pending points go first, then its own lots, then any lot by soonest expiry.
    Each part of the order gives at most what is left of it, so points of another order with the
    same dates are not mistaken for this order's. Points that expired unspent are excused: the
    member never used them.
    """
    own = list(before.taken)
    held = account.holding
    pending = _of_its_own(
        owing,
        parts,
        own,
        held.pending,
        lambda part: PendingDates(part.available_on, part.expires_on),
    )
    owing -= pending.total()
    excusable = _excusable(parts, expired) - before.excused
    excused = max(0, min(owing, excusable))
    owing -= excused
    lots = Holding()
    if policy.clawback != "only_pending":
        prefer = _of_its_own(owing, parts, own, held.lots, lambda part: part.expires_on)
        lots = held.take(owing, prefer=prefer)
        owing -= lots.spendable
    owed = owing if policy.clawback == "unlimited" else 0
    return Sources(
        taken=lots + Holding(pending=pending),
        excused=excused,
        owed=owed,
        forgiven=owing - owed,
        own=tuple(own),
    )


def _excusable(parts: Sequence[Part], expired: Mapping[date, int]) -> int:
    """How many of the order's points may have expired unspent, for all its refunds together."""
    own: Counter[date] = Counter()
    for part in parts:
        own[part.expires_on] += part.points
    return sum(min(points, expired.get(lot, 0)) for lot, points in own.items())


def _of_its_own[K](
    points: int,
    parts: Sequence[Part],
    own: list[int],
    held: Mapping[K, int],
    place_of: Callable[[Part], K],
) -> Counter[K]:
    """Take the order's own points from the places in an account where its parts lie.

    Updates `own`, the points taken from each part by now.
    """
    taken: Counter[K] = Counter()
    for number, part in enumerate(parts):
        place = place_of(part)
        there = held.get(place, 0) - taken[place]
        share = max(0, min(points - taken.total(), part.points - own[number], there))
        taken[place] += share
        own[number] += share
    return taken
