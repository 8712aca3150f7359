"""Edits: a new version of an order from its storefront settles the difference in points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.budgets import budgets_on, left_of, takes
from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.account import lapse_of
from loyalty.domain.ledger.campaign_counts import ceilings_of_edit, counting_of_step, moved
from loyalty.domain.ledger.clawbacks import counted_for
from loyalty.domain.ledger.entries import Edit, Entry, OrderCause
from loyalty.domain.ledger.giving import days_over, waiting
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.holds import placed
from loyalty.domain.ledger.postings import (
    Posting,
    addition,
    change_by_addition,
    expiry_at_once,
)
from loyalty.domain.ledger.refunds import (
    Remainder,
    counted_minor,
    disqualified,
    hold_of,
    remainder_of,
    to_settle,
    withdrawing,
)
from loyalty.domain.ledger.taking_back import with_given
from loyalty.domain.ledger.tiers import counting
from loyalty.domain.orders.order import Order, content_fingerprint, fingerprint

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import ShardsUsed
    from loyalty.domain.ledger.orders_to_settle import OrderToSettle


def edit_name(order: Order, listed: Collection[str] | None = None) -> str:
    """The name of an edit: a digest of its content and of the time of this version.

    `listed` are the ids of the refunds that stand with this version, None if it lists none.

    So a content that returns after a different one is an edit of its own, and a version that is
    delivered twice is one edit.
    """
    told_at = order.told_at.isoformat() if order.told_at else None
    listing = None if listed is None else sorted(listed)
    return fingerprint(content_fingerprint(order), told_at, listing)


def edit(
    order: Order,
    recorded: OrderToSettle,
    *,
    name: str,
    withdrawn: Collection[str] = (),
    shards: ShardsUsed = MappingProxyType({}),
) -> Posting:
    """Settle a recorded order to what its new content earns, up or down.

    `withdrawn` are refunds of the order that no longer stand: their points come back. `shards` is
    what was used of the budgets of campaigns.

    The accrual's program version, level and date decide the amount: points that an edit adds
    become available and expire as if the goods had been in the order from the start.
    """
    earned, seen, account = recorded.earned, recorded.seen, recorded.account
    rules, program, today = recorded.decided_by.document, recorded.program, recorded.today
    edited = replace(order, occurred_at=earned.order.occurred_at)
    budgets = budgets_on(rules, rules.today(edited.occurred_at))
    ceilings = ceilings_of_edit(
        edited,
        account,
        rules,
        earned,
        before=seen,
        today=today,
        left=left_of(budgets, shards),
    )
    version = replace(
        withdrawing(seen, withdrawn),
        order=edited,
        told_at=order.told_at,
        counter=seen.counter + 1,
        ceilings=ceilings,
    )
    before = remainder_of(earned, seen, rules)
    after = remainder_of(earned, version, rules)
    owing = to_settle(earned, before=seen, after=after)
    taken = recorded.sources(max(0, owing))
    unforgiven = min(seen.forgiven, max(0, -owing))
    given = _growth(max(0, -owing) - unforgiven, before=before, after=after)
    places = placed(given, held_until=hold_of(earned, seen))
    step = moved(
        earned,
        rules,
        before=before,
        after=after,
        forgiven=seen.forgiven + taken.forgiven - unforgiven,
        today=today,
    )
    campaigns = counting_of_step(account, earned, rules, step, ceilings=ceilings)
    counts = disqualified(earned, before=before, after=after)
    counted = counted_for(counts, account)
    level = counting(account, program.document, counted=counted, day=today)
    added = addition(
        account,
        Holding.from_parts(places, today=today),
        today=today,
        lapses_after=lapse_of(account, program),
        also_due=level.changes_on,
    )
    entry = Entry(
        cause=OrderCause(order.source, order.order_id, "edit", name),
        member_id=account.member_id,
        effect=taken.effect + added.effect,
        happened_at=order.told_at or recorded.now,
        recorded_at=recorded.now,
        program_version=recorded.accrual.program_version,
        fingerprint=content_fingerprint(order),
        detail=Edit(
            order=edited,
            parts=given,
            amount_minor=-counted_minor(before=before, after=after),
            clawed=taken.clawed,
            owed=taken.owed,
            forgiven=taken.forgiven - unforgiven,
            excused=taken.excused,
            debt_after=account.holding.debt + taken.owed + added.effect.debt,
            qualifying=counts,
            counted=step.uses,
            campaign_points=step.campaign_points,
        ),
        tier_reached=level.tier_reached,
    )
    entries = (entry, *expiry_at_once(entry, added.expired))
    return Posting(
        entries=entries,
        budgets=takes(order.ref, budgets, step.uses, shards),
        order_state=recorded.becoming(
            replace(
                with_given(taken.settling(version), given, added, unforgiven=unforgiven),
                counted=step.counted,
            )
        ),
        changes=(
            taken.change(account, entry, counted=counted, level=level, campaigns=campaigns)
            if owing > 0
            else change_by_addition(
                account,
                entries=entries,
                due=added.due,
                qualifying=counted,
                counting=level,
                giveable_from=waiting(places, program.document, today=today),
                forgets=days_over(account, today=today),
                campaigns=campaigns,
            ),
        ),
    )


def _growth(points: int, *, before: Remainder, after: Remainder) -> tuple[Part, ...]:
    """Points to add, with the dates of the award's parts that grew."""
    grown = Counter(_dated(after))
    grown.subtract(_dated(before))
    given: list[Part] = []
    for dates in sorted(grown):
        if share := max(0, min(points, grown[dates])):
            given.append(Part(*dates, share))
            points -= share
    return tuple(given)


def _dated(left: Remainder) -> dict[PendingDates, int]:
    return {
        PendingDates(part.available_on, part.expires_on): part.points for part in left.award.parts
    }
