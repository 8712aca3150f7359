"""Corrections by people: points added or taken, given to another, a level granted, a merge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise

from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.ledger.account import Account, TierFloor, soonest_first, transfers_counter
from loyalty.domain.ledger.entries import (
    Adjustment,
    Counterpart,
    Effect,
    Entry,
    PendingDates,
    RequestCause,
)
from loyalty.domain.ledger.postings import (
    Posting,
    addition,
    change_by_addition,
    change_by_taking,
    expiry_at_once,
    newly_active,
    replacing,
    summed,
)
from loyalty.domain.ledger.settling import with_due
from loyalty.domain.ledger.tiers import granted, higher_floor, moved
from loyalty.domain.program.document import LOTS_MAX, PublishedProgram


def add_points(
    points: int,
    *,
    account: Account,
    program: PublishedProgram,
    expiring_on: date | None,
    why: Adjustment,
    request_id: str,
    fingerprint: str,
    now: datetime,
) -> Posting:
    """Add points by hand; they expire on the day given, or as points earned today would."""
    today = program.document.today(now)
    lot = expiring_on or expires_on(program.document.expiry, available_on=today)
    active_on = newly_active(account, program=program, today=today)
    added = addition(
        account,
        lots={lot: points},
        today=today,
        undated_until=program.undated_until(active_on or account.active_on),
    )
    entry = Entry(
        cause=RequestCause(request_id, "adjustment"),
        member_id=account.member_id,
        effect=added.effect,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=why,
    )
    entries = (entry, *expiry_at_once(entry, added.expired))
    change = change_by_addition(account, entries=entries, due=added.due, active_on=active_on)
    return Posting(entries=entries, changes=(change,))


def bonus(
    points: int,
    *,
    account: Account,
    program: PublishedProgram,
    request_id: str,
    fingerprint: str,
    now: datetime,
) -> Posting:
    """Give points for something that is no purchase; they expire as points earned today would."""
    today = program.document.today(now)
    lot = expires_on(program.document.expiry, available_on=today)
    added = addition(
        account,
        lots={lot: points},
        today=today,
        undated_until=program.undated_until(account.active_on),
    )
    entry = Entry(
        cause=RequestCause(request_id, "bonus"),
        member_id=account.member_id,
        effect=added.effect,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
    )
    entries = (entry, *expiry_at_once(entry, added.expired))
    return Posting(
        entries=entries, changes=(change_by_addition(account, entries=entries, due=added.due),)
    )


def take_points(
    points: int,
    *,
    account: Account,
    program: PublishedProgram,
    why: Adjustment,
    request_id: str,
    fingerprint: str,
    now: datetime,
) -> Posting:
    """Take points by hand from a settled account; what is not there becomes debt.

    Whoever must not go below zero asks first whether the points are there.
    """
    taken = soonest_first(account.lots, points)
    owed = points - sum(taken.values())
    entry = Entry(
        cause=RequestCause(request_id, "adjustment"),
        member_id=account.member_id,
        effect=Effect(lots={lot: -share for lot, share in taken.items()}, debt=owed),
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=why,
    )
    change = change_by_taking(account, entries=(entry,), taken=taken, relies_on_balance=owed > 0)
    return Posting(entries=(entry,), changes=(change,))


def transfer(
    points: int,
    *,
    giver: Account,
    taker: Account,
    program: PublishedProgram,
    request_id: str,
    fingerprint: str,
    now: datetime,
) -> Posting:
    """Move points between members, soonest expiry first; each lot keeps its date.

    The giver's account is settled and holds the points. The taker's debt is paid first.
    """
    today = program.document.today(now)
    taken = soonest_first(giver.lots, points)
    giver_active = newly_active(giver, program=program, today=today)
    taker_active = newly_active(taker, program=program, today=today)
    added = addition(
        taker,
        lots=taken,
        today=today,
        undated_until=program.undated_until(taker_active or taker.active_on),
    )
    given = Entry(
        cause=RequestCause(request_id, "transfer", "out"),
        member_id=giver.member_id,
        effect=Effect(lots={lot: -share for lot, share in taken.items()}),
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=Counterpart(member_id=taker.member_id, direction="out"),
    )
    received = replace(
        given,
        cause=RequestCause(request_id, "transfer", "in"),
        member_id=taker.member_id,
        effect=added.effect,
        detail=Counterpart(member_id=giver.member_id, direction="in"),
    )
    counter = transfers_counter(today)
    limits = program.document.transfers
    return Posting(
        entries=(given, received),
        changes=(
            change_by_taking(
                giver,
                entries=(given,),
                taken=taken,
                redeemed={counter: 1},
                redeemed_below={counter: limits.per_month_max} if limits else {},
                active_on=giver_active,
            ),
            change_by_addition(taker, entries=(received,), due=added.due, active_on=taker_active),
        ),
    )


def merge(
    loser: Account,
    survivor: Account,
    *,
    program: PublishedProgram,
    request_id: str,
    fingerprint: str,
    now: datetime,
) -> Posting:
    """Make two members one: everything the first holds goes to the second, debts are netted.

    Both accounts are settled and both are relied on as a whole. What the first member did stays
    where it is and is found through the `into` that leads on from here.
    """
    today = program.document.today(now)
    lots, debt = _netted(summed(loser.lots, survivor.lots), loser.debt + survivor.debt)
    pending = summed(loser.pending, survivor.pending)
    gone = Entry(
        cause=RequestCause(request_id, "merge", "out"),
        member_id=loser.member_id,
        effect=_difference({}, loser.lots, -loser.debt, {}, loser.pending),
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=Counterpart(member_id=survivor.member_id, direction="out"),
    )
    come = replace(
        gone,
        cause=RequestCause(request_id, "merge", "in"),
        member_id=survivor.member_id,
        effect=_difference(lots, survivor.lots, debt - survivor.debt, pending, survivor.pending),
        detail=Counterpart(member_id=loser.member_id, direction="in"),
    )
    active_on = max(filter(None, (loser.active_on, survivor.active_on)), default=None)
    merged = Account(
        member_id=loser.member_id,
        status="merged",
        into=survivor.member_id,
        enrolled_at=loser.enrolled_at,
        ended_at=now,
    )
    floor = higher_floor(survivor.tier_floor, loser.tier_floor, program.document, day=today)
    survives = replace(
        survivor,
        balance=survivor.balance + loser.balance,
        debt=debt,
        lots=lots,
        pending=pending,
        qualifying=summed(survivor.qualifying, moved(loser, survivor, program.document, day=today)),
        redeemed=summed(loser.redeemed, survivor.redeemed),
        active_on=active_on,
        tier_floor=floor or survivor.tier_floor,
        absorbed=(*survivor.absorbed, loser.member_id, *loser.absorbed),
    )
    survives = with_due(survives, program=program, today=today)
    return Posting(
        entries=(gone, come),
        changes=(
            replacing(loser, merged, entries=1),
            replacing(survivor, survives, entries=1),
        ),
    )


def grant(
    account: Account, floor: TierFloor | None, *, program: PublishedProgram, now: datetime
) -> Posting | None:
    """Let a settled account have a level until a day, or no longer; None: it is so already."""
    today = program.document.today(now)
    if granted(floor, day=today) == granted(account.tier_floor, day=today):
        return None
    after = with_due(replace(account, tier_floor=floor), program=program, today=today)
    return Posting(changes=(replacing(account, after, entries=0),))


def close(account: Account, *, program: PublishedProgram, now: datetime) -> Posting:
    """Close the account of somebody who is forgotten; an entry empties it of what it still held."""
    effect = _difference({}, account.lots, -account.debt, {}, account.pending)
    entry = Entry(
        cause=RequestCause(f"closing:{account.member_id}", "adjustment"),
        member_id=account.member_id,
        effect=effect,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        detail=Adjustment(reason="account closed", reference=None, by="erasure"),
    )
    entries = (entry,) if effect != Effect() else ()
    closed = Account(
        member_id=account.member_id,
        status="closed",
        enrolled_at=account.enrolled_at,
        ended_at=now,
        absorbed=account.absorbed,
    )
    return Posting(entries=entries, changes=(replacing(account, closed, entries=len(entries)),))


def _netted(lots: Mapping[date, int], debt: int) -> tuple[dict[date, int], int]:
    """Lots after they paid the debt, soonest expiry first, at most as many as may be open."""
    paid = soonest_first(lots, debt)
    left = {lot: points - paid.get(lot, 0) for lot, points in lots.items()}
    return folded({lot: points for lot, points in left.items() if points}), debt - sum(
        paid.values()
    )


def folded(lots: Mapping[date, int]) -> dict[date, int]:
    """At most 60 lots: of two that lie closest together, the earlier joins the later."""
    kept = dict(sorted(lots.items()))
    while len(kept) > LOTS_MAX:
        days = sorted(kept)
        earlier, later = min(pairwise(days), key=lambda pair: pair[1] - pair[0])
        kept[later] += kept.pop(earlier)
    return kept


def _difference(
    lots: Mapping[date, int],
    lots_before: Mapping[date, int],
    debt: int,
    pending: Mapping[PendingDates, int],
    pending_before: Mapping[PendingDates, int],
) -> Effect:
    """The effect that leads from one state of lots and pending points to another."""
    lots_change = Counter(lots)
    lots_change.subtract(lots_before)
    pending_change = Counter(pending)
    pending_change.subtract(pending_before)
    return Effect(
        lots={lot: points for lot, points in lots_change.items() if points},
        debt=debt,
        pending={dates: points for dates, points in pending_change.items() if points},
    )
