"""Taking back what was given: where the points come from, and what happens if too few are left.

An order settles what a refund or an edit makes of it by this one rule, and so does everything else
whose points rest on something that can change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import AccountChange, Addition, change_by_taking

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.campaign_counts import CampaignCounting
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.ledger.settled import Settled
    from loyalty.domain.ledger.tiers import Counting
    from loyalty.domain.program.document import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where points that are taken back come from, and what no source could provide.

    `taken` comes from the account. `excused` expired unspent, `owed` becomes debt, `forgiven` is
    lost to the program. `own` says how many points of each part are taken by now.
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

    def settling[S: Settled](self, state: S) -> S:
        """The state after these points were taken."""
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
        counted: Mapping[str, int] = MappingProxyType({}),
        level: Counting | None = None,
        campaigns: CampaignCounting | None = None,
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


def with_given[S: Settled](
    state: S, given: tuple[Part, ...], added: Addition, *, unforgiven: int
) -> S:
    """The state with points added: known dates grow in place, new dates come last."""
    before = {part[:2]: part.points for part in state.given}
    now = {part[:2]: part.points for part in given}
    dates = [*before, *(each for each in now if each not in before)]
    expired = Counter(state.expired)
    expired.update(added.expired.lots)
    return replace(
        state,
        forgiven=state.forgiven - unforgiven,
        given=tuple(Part(*each, before.get(each, 0) + now.get(each, 0)) for each in dates),
        taken=(*state.taken, *(0 for each in now if each not in before)),
        expired=expired,
    )


def sources_of(
    owing: int,
    *,
    parts: Sequence[Part],
    before: Settled,
    account: Account,
    expired: Mapping[date, int],
    policy: Program,
) -> Sources:
    """Find the points that an order owes: pending ones, then its own lots, then any lot.

    The order's own pending points go first, then its own lots, then any lot by soonest expiry.
    Each part of the order gives at most what is left of it, so points of another order with the
    same dates are not mistaken for this order's. Points that expired unspent are excused: the
    member never used them.

    `parts` are all that were ever given, in the order of `before.taken`, and `expired` says how
    many points of each of their past lots expired unspent.
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
