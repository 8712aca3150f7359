"""What the books have of an entry, from its fact: its effect, and what it counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from loyalty.domain.campaigns.limits import ORDERS
from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.kernel.limits import BUDGET
from loyalty.domain.ledger.account import Account, TierReached, campaign_counter
from loyalty.domain.ledger.entries import Entry, RequestCause
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import summed

if TYPE_CHECKING:
    from fractions import Fraction

    from loyalty.domain.facts import EntryFact
    from loyalty.domain.program.document import PublishedProgram


def counted(account: Account, fact: EntryFact) -> Account:
    """The account with what an entry counted toward levels and in limits, as booked."""
    used_of = {use.limit: use.amount for use in fact.counted or ()}
    orders = used_of.pop(ORDERS, 0)
    used = {
        campaign_counter(limit): amount
        for limit, amount in used_of.items()
        if not limit.startswith(BUDGET)
    }
    qualifying = {fact.qualifying_counter or "": fact.qualifying_amount or 0}
    reached = tuple(TierReached(each.level, each.reached_on) for each in fact.levels_reached or ())
    return replace(
        account,
        qualifying=summed(account.qualifying, qualifying),
        redeemed=summed(account.redeemed, used),
        orders=max(0, (account.orders or 0) + orders),
        tier_reached=reached or account.tier_reached,
    )


def pending_of(fact: EntryFact, account: Account) -> Holding:
    """What an entry does to pending points, as far as the account has them."""
    booked = effect_of(fact).pending
    held = account.holding.pending
    return Holding(
        pending={dates: max(points, -held.get(dates, 0)) for dates, points in booked.items()}
    )


def lots_of(fact: EntryFact, program: PublishedProgram, *, today: date) -> dict[date, int]:
    """The lots of points that were given, with the points that paid a debt.

    Points that all paid a debt have no lot: in a world without that debt they expire as usual.
    """
    lots = {
        each.expires_on or NEVER: each.points
        for each in fact.movements
        if each.place == "lot" and each.points > 0
    }
    missing = fact.points - sum(lots.values())
    if missing:
        first = min(lots, default=expires_on(program.document.expiry, available_on=today))
        lots[first] = lots.get(first, 0) + missing
    return lots


def repriced(fact: EntryFact, share: Fraction) -> EntryFact:
    """What an entry gave back of a redemption, if its price was another one.

    Each lot gets its share, rounded down, and the first one what that leaves.
    """
    points = int(fact.points * share)
    shares = [int(each.points * share) for each in fact.movements if each.place == "lot"]
    left = points - sum(shares)
    movements = [
        replace(each, points=given + (left if not number else 0))
        for number, (each, given) in enumerate(
            zip((e for e in fact.movements if e.place == "lot"), shares, strict=True)
        )
    ]
    others = [each for each in fact.movements if each.place != "lot"]
    return replace(fact, points=points, movements=(*movements, *others))


def effect_of(fact: EntryFact) -> Holding:
    """The exact effect of an entry, from its movements."""
    lots: Counter[date] = Counter()
    pending: Counter[PendingDates] = Counter()
    debt = 0
    for each in fact.movements:
        last = each.expires_on or NEVER
        match each.place:
            case "lot":
                lots[last] += each.points
            case "debt":
                debt -= each.points
            case "pending":
                pending[PendingDates(each.available_on or last, last)] += each.points
    return Holding(lots=lots, debt=debt, pending=pending)


def entry_of(fact: EntryFact, effect: Holding, moment: datetime) -> Entry:
    """An entry like the booked one, with its effect in a replay."""
    return Entry(
        cause=RequestCause(fact.fact_id, fact.entry_kind),
        member_id=fact.member_id,
        effect=effect,
        happened_at=moment,
        recorded_at=moment,
        program_version=fact.program_version,
    )
