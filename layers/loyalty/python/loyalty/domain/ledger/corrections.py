"""Corrections by people: add, take or transfer points, grant a level, merge or close accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from loyalty.domain.earning.expiry import expires_on, policy_of
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.ledger.account import Account, TierFloor, lapse_of, transfers_counter
from loyalty.domain.ledger.entries import (
    Adjustment,
    Bonus,
    Counterpart,
    Entry,
    RequestCause,
)
from loyalty.domain.ledger.giving import still_waiting
from loyalty.domain.ledger.holding import Holding
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
from loyalty.domain.ledger.tiers import granted, higher_floor, moved, reached_by_merge
from loyalty.domain.plans.held_plan import longer
from loyalty.domain.program.kinds import LOTS_MAX, PointSource

if TYPE_CHECKING:
    from loyalty.domain.program.document import PublishedProgram


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
    """Add points by hand. They expire on the given day, or as adjustments of today do.

    The caller has checked that the balance has room (`has_room_for`); the write relies on it.
    """
    today = program.document.today(now)
    return _adding(
        points,
        lot=expiring_on or _lot("adjustment", program, today=today),
        cause=RequestCause(request_id, "adjustment"),
        why=why,
        account=account,
        program=program,
        fingerprint=fingerprint,
        now=now,
        balance_at_most=POINTS_MAX - points,
        active_on=newly_active(account, "adjustment", program=program, today=today),
    )


def has_room_for(points: int, account: Account) -> bool:
    """Whether people may add so many points. Only orders may raise a balance above the maximum."""
    return account.balance + points <= POINTS_MAX


def bonus(
    points: int,
    *,
    account: Account,
    program: PublishedProgram,
    why: Bonus,
    request_id: str,
    fingerprint: str,
    now: datetime,
) -> Posting:
    """Give points for something other than a purchase. They expire by what they are given for."""
    today = program.document.today(now)
    return _adding(
        points,
        lot=_lot(why.given_for, program, today=today),
        cause=RequestCause(request_id, "bonus"),
        why=why,
        account=account,
        program=program,
        fingerprint=fingerprint,
        now=now,
        active_on=(
            newly_active(account, "survey", program=program, today=today)
            if why.given_for == "survey"
            else None
        ),
    )


def _lot(source: PointSource, program: PublishedProgram, *, today: date) -> date:
    """The lot of points that do not come from an order."""
    return expires_on(policy_of(program.document, source), available_on=today)


def _adding(
    points: int,
    *,
    lot: date,
    cause: RequestCause,
    why: Adjustment | Bonus,
    account: Account,
    program: PublishedProgram,
    fingerprint: str,
    now: datetime,
    balance_at_most: int | None = None,
    active_on: date | None = None,
) -> Posting:
    """Add points to one lot. They pay a debt first; points of a past lot expire at once."""
    added = addition(
        account,
        Holding(lots={lot: points}),
        today=program.document.today(now),
        lapses_after=lapse_of(account, program, active_on=active_on),
    )
    entry = Entry(
        cause=cause,
        member_id=account.member_id,
        effect=added.effect,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=why,
    )
    entries = (entry, *expiry_at_once(entry, added.expired))
    change = change_by_addition(
        account,
        entries=entries,
        due=added.due,
        balance_at_most=balance_at_most,
        active_on=active_on,
    )
    return Posting(entries=entries, changes=(change,))


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
    """Take points by hand from a settled account. Points that it does not have become debt.

    A caller that must not create debt checks first that the account has enough points.
    """
    taken = account.holding.take(points)
    owed = points - taken.spendable
    entry = Entry(
        cause=RequestCause(request_id, "adjustment"),
        member_id=account.member_id,
        effect=Holding(debt=owed) - taken,
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
    """Move points between members, soonest expiry first.

    The caller has settled both accounts and checked that the giver can give the points and that
    the taker has room for them. The points pay the taker's debt first.
    """
    today = program.document.today(now)
    taken = giver.holding.take(points)
    giver_active = newly_active(giver, "transfer", program=program, today=today)
    taker_active = newly_active(taker, "transfer", program=program, today=today)
    added = addition(
        taker,
        _transferred(taken, program, today=today),
        today=today,
        lapses_after=lapse_of(taker, program, active_on=taker_active),
        reinstated=giver.reinstated,
    )
    given = Entry(
        cause=RequestCause(request_id, "transfer", "out"),
        member_id=giver.member_id,
        effect=-taken,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=Counterpart(member_id=taker.member_id, direction="out"),
    )
    cause = RequestCause(request_id, "transfer", "in")
    received = _received(given, cause=cause, by=taker, effect=added.effect)
    counter = transfers_counter(today)
    limits = program.document.transfers
    return Posting(
        entries=(given, received),
        changes=(
            change_by_taking(
                giver,
                entries=(given,),
                taken=taken,
                # Any earn or redemption in the meantime may leave less to give.
                relies_on_entries=bool(still_waiting(giver.giveable_from, today=today)),
                redeemed={counter: 1},
                redeemed_below={counter: limits.per_month_max} if limits else {},
                active_on=giver_active,
            ),
            change_by_addition(
                taker,
                entries=(received,),
                due=added.due,
                balance_at_most=POINTS_MAX - points,
                reinstated={
                    lot: min(first_end, taker.reinstated.get(lot, first_end))
                    for lot, first_end in giver.reinstated.items()
                    if lot in added.effect.lots
                },
                active_on=taker_active,
            ),
        ),
    )


def _transferred(taken: Holding, program: PublishedProgram, *, today: date) -> Holding:
    """Points as the taker gets them: with their dates, or sooner if the program says so."""
    if "transfer" not in program.document.expiry_by_source:
        return taken
    last = _lot("transfer", program, today=today)
    lots = Counter[date]()
    for lot, points in taken.lots.items():
        lots[min(lot, last)] += points
    return Holding(lots=lots)


def merge(
    loser: Account,
    survivor: Account,
    *,
    program: PublishedProgram,
    request_id: str,
    fingerprint: str,
    now: datetime,
) -> Posting:
    """Make two members one: all that the loser holds goes to the survivor, and points pay debts.

    Both accounts are settled, and the write relies on the whole of both. The loser's entries stay
    where they are; the loser's `into` leads from them to the survivor.
    """
    today = program.document.today(now)
    netted = (loser.holding + survivor.holding).netted()
    together = replace(netted, lots=folded(netted.lots))
    gone = Entry(
        cause=RequestCause(request_id, "merge", "out"),
        member_id=loser.member_id,
        effect=-loser.holding,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        fingerprint=fingerprint,
        detail=Counterpart(member_id=survivor.member_id, direction="out"),
    )
    cause = RequestCause(request_id, "merge", "in")
    come = _received(gone, cause=cause, by=survivor, effect=together - survivor.holding)
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
        holding=together,
        qualifying=summed(survivor.qualifying, moved(loser, survivor, program.document, day=today)),
        redeemed=summed(loser.redeemed, survivor.redeemed),
        orders=_together(loser.orders, survivor.orders),
        bought_on=max(filter(None, (loser.bought_on, survivor.bought_on)), default=None),
        giveable_from=summed(loser.giveable_from, survivor.giveable_from),
        reinstated=_earliest(loser.reinstated, survivor.reinstated),
        active_on=active_on,
        tier_floor=floor or survivor.tier_floor,
        plan=longer(survivor.plan, loser.plan),
        tier_carried=(*survivor.tier_carried, *loser.tier_carried),
        absorbed=(*survivor.absorbed, loser.member_id, *loser.absorbed),
    )
    days = reached_by_merge(loser, survivor, survives, program.document, day=today)
    come = replace(come, tier_reached=days)
    survives = with_due(replace(survives, tier_reached=days), program=program, today=today)
    return Posting(
        entries=(gone, come),
        changes=(
            replacing(loser, merged, entries=1),
            replacing(survivor, survives, entries=1),
        ),
    )


def _together(one: int | None, other: int | None) -> int | None:
    """The orders of two members; None if those of one are not known."""
    return None if one is None or other is None else one + other


def _received(given: Entry, *, cause: RequestCause, by: Account, effect: Holding) -> Entry:
    """The receiver's entry of a transfer or merge, from the giver's."""
    return replace(
        given,
        cause=cause,
        member_id=by.member_id,
        effect=effect,
        detail=Counterpart(member_id=given.member_id, direction="in"),
    )


def grant(
    account: Account, floor: TierFloor | None, *, program: PublishedProgram, now: datetime
) -> Posting | None:
    """Grant a settled account a level until a day, or end the grant; None if nothing changes."""
    today = program.document.today(now)
    if granted(floor, day=today) == granted(account.tier_floor, day=today):
        return None
    after = with_due(replace(account, tier_floor=floor), program=program, today=today)
    return Posting(changes=(replacing(account, after, entries=0),))


def close(account: Account, *, program: PublishedProgram, now: datetime) -> Posting:
    """Close the account of an erased member. An entry removes the points that it still held."""
    entry = Entry(
        cause=RequestCause(f"closing:{account.member_id}", "adjustment"),
        member_id=account.member_id,
        effect=-account.holding,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        detail=Adjustment(reason="account closed", reference=None),
        recorded_by="erasure",
    )
    entries = () if account.holding.is_empty else (entry,)
    closed = Account(
        member_id=account.member_id,
        status="closed",
        enrolled_at=account.enrolled_at,
        ended_at=now,
        absorbed=account.absorbed,
    )
    return Posting(entries=entries, changes=(replacing(account, closed, entries=len(entries)),))


def _earliest(one: Mapping[date, date], other: Mapping[date, date]) -> dict[date, date]:
    """Reinstated lots of two accounts; of a lot in both, the earlier first end."""
    return {
        lot: min(days[lot] for days in (one, other) if lot in days)
        for lot in one.keys() | other.keys()
    }


def folded(lots: Mapping[date, int]) -> dict[date, int]:
    """Lots reduced to at most 60: of the two closest dates, the earlier lot joins the later."""
    folded_lots = dict(sorted(lots.items()))
    while len(folded_lots) > LOTS_MAX:
        days = sorted(folded_lots)
        earlier, later = min(pairwise(days), key=lambda pair: pair[1] - pair[0])
        folded_lots[later] += folded_lots.pop(earlier)
    return folded_lots
