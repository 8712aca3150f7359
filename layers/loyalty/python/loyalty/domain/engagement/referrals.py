"""A friend's referral: who brought them, which of their orders count, and which awards stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loyalty.domain.campaigns.purchases import amount_of, covering_by
from loyalty.domain.kernel.calendar import period_on

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Order, OrderRef
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.gifts import PointsOrReward
    from loyalty.domain.program.kinds import SignalName
    from loyalty.domain.program.referrals import ReferralCaps, Referrals

# The prefix of the ids of awards for referrals. It is stored.
AWARDS: Final = "referral"
CODE_CHARACTERS: Final = 10

# What a referral waits for, as stored.
ReferralState = Literal["held", "claimed", "refused"]
# The same with what follows from the friend's orders, as the API says it.
ReferralStage = Literal["held", "claimed", "awarded", "undone", "lapsed", "refused"]
# Why a claim was refused, as stored and in the API. `decided`: a manager refused it.
ReferralRefusalReason = Literal[
    "self", "not_new", "already_referred", "device", "network", "email_alike", "decided"
]
ReferralVerdict = Literal["approved", "refused"]
# How an order counts, as stored.
ReferralTally = Literal["orders", "earlier"]
ReferralSide = Literal["referrer", "friend"]
SIDES: Final[tuple[ReferralSide, ...]] = ("friend", "referrer")


class ReferralDecision(NamedTuple):
    """What a manager decided about a held referral, with the subject of their token."""

    verdict: ReferralVerdict
    by: str
    decided_at: datetime
    reason: str


class CapSlot(NamedTuple):
    """A place within the caps of a member, in a month."""

    referrer_id: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A friend's claim that a member brought them. Each friend has at most one.

    The terms are those of the program's `version`. Orders from the day `counts_from` count:
    `orders` is how many do, and `earlier` how many were made before although friends must be new.
    `stands`: what the referral is worth should be given; `given_at` is when it first was. `slot` is
    its place within the caps of the referrer; a referral without one gives the referrer nothing.
    `month` is that of the first place, which it takes again if it is restored. `revision` guards
    the item.
    """

    friend_id: str
    referrer_id: str
    code: str
    claimed_at: datetime
    counts_from: date
    version: int
    state: ReferralState
    reason: ReferralRefusalReason | None = None
    signals: tuple[SignalName, ...] = ()
    decision: ReferralDecision | None = None
    orders: int = 0
    earlier: int = 0
    stands: bool = False
    given_at: datetime | None = None
    month: str | None = None
    slot: CapSlot | None = None
    revision: int = 1

    @property
    def is_waiting(self) -> bool:
        """Whether a manager has to decide about it."""
        return self.state == "held"

    def last_day(self, terms: Referrals) -> date:
        """The last day on which an order counts."""
        return self.counts_from + timedelta(days=terms.counts.within_days)

    def stage(self, terms: Referrals, *, today: date) -> ReferralStage:
        """How the referral stands on a day."""
        if self.state != "claimed":
            return self.state
        if self.stands:
            return "awarded"
        if self.given_at is not None:
            return "undone"
        return "lapsed" if today > self.last_day(terms) else "claimed"

    def award_id(self, side: ReferralSide) -> str:
        """The id of what one side is given."""
        return f"{AWARDS}.{self.friend_id}.{side}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Referrer:
    """A member's code, and for how many friends they got something, by month.

    `revision` guards the item.
    """

    member_id: str
    code: str
    given: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    revision: int = 1

    @property
    def given_ever(self) -> int:
        return sum(self.given.values())

    def taking(self, month: str, places: int) -> Referrer:
        """The same member with more places of a month taken; negative: given back."""
        taken = {**self.given, month: self.given.get(month, 0) + places}
        return replace(
            self,
            given={name: number for name, number in taken.items() if number},
            revision=self.revision + 1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferredOrder:
    """What an order counts for referrals: for which friend, and as what; None: for none.

    `revision` guards the item; 0: there is none yet.
    """

    order: OrderRef
    friend_id: str | None = None
    counts_as: ReferralTally | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralChange:
    """What a posting changes of referrals.

    Each of `referrals` and `referrers` relies on the item with a revision one lower; the first
    relies on there being none. So does `order`, and on the order being in the state that it was
    decided from: on the counter of that state (None: nothing has changed the order). Those that
    are `seen` must be unchanged, and members who are `codeless` must have no code yet. With
    `decides` a held one leaves the list of those that wait for a person.
    """

    referrals: tuple[Referral, ...] = ()
    seen: tuple[Referral, ...] = ()
    referrers: tuple[Referrer, ...] = ()
    referrers_seen: tuple[Referrer, ...] = ()
    codeless: tuple[str, ...] = ()
    order: ReferredOrder | None = None
    state_counter: int | None = None
    decides: bool = False


def governing(referrals: Iterable[Referral]) -> Referral | None:
    """The referral of a person that counts: the first one that was not refused.

    A person has several only if members were merged.
    """
    standing = [each for each in referrals if each.state != "refused"]
    return min(standing, key=lambda each: (each.claimed_at, each.friend_id), default=None)


def tally_of_order(left: Order, referral: Referral, program: Program) -> ReferralTally | None:
    """How the rest of an order counts for a referral: as an order, or as one made too early.

    `program` is the version of the claim.
    """
    terms = _terms(program)
    day = program.today(left.occurred_at)
    if day < referral.counts_from:
        return "earlier" if terms.new_only else None
    if day > referral.last_day(terms):
        return None
    covers = covering_by(program.lists)(terms.counts.of)
    left_minor = amount_of([line for line in left.lines if line.amount_minor > 0 and covers(line)])
    return "orders" if left_minor >= (terms.counts.amount_minor_min or 1) else None


def is_due(referral: Referral, referrals: Iterable[Referral], terms: Referrals) -> bool:
    """Whether what a referral is worth should be given, as far as the friend's orders say.

    `referrals` are all of the same person: what was counted before a merge counts as well.
    """
    every = list(referrals)
    orders = sum(each.orders for each in every)
    return (
        referral.state == "claimed"
        and not sum(each.earlier for each in every)
        and orders >= terms.orders
    )


def month_of(day: date) -> str:
    """The month within whose cap a referral counts."""
    return period_on("month", day)


def has_room(referrers: Sequence[Referrer], caps: ReferralCaps, month: str) -> bool:
    """Whether a member may get something for one more friend.

    `referrers` are the member and those who were merged into them.
    """
    in_month = sum(each.given.get(month, 0) for each in referrers)
    ever = sum(each.given_ever for each in referrers)
    return (caps.per_month is None or in_month < caps.per_month) and (
        caps.ever is None or ever < caps.ever
    )


def counting(referral: Referral, tally: ReferralTally, times: int) -> Referral:
    """The referral with an order more, or with times -1 one less, that counts as this."""
    if tally == "orders":
        return replace(referral, orders=referral.orders + times, revision=referral.revision + 1)
    return replace(referral, earlier=referral.earlier + times, revision=referral.revision + 1)


def standing(referral: Referral, *, slot: CapSlot | None, now: datetime) -> Referral:
    """The referral once what it is worth should be given; `slot` is its place within the caps."""
    return replace(
        referral,
        stands=True,
        given_at=referral.given_at or now,
        month=referral.month or (slot.month if slot else None),
        slot=slot,
        revision=referral.revision + 1,
    )


def undone(referral: Referral) -> Referral:
    """The referral once what it is worth should not be given any more."""
    return replace(referral, stands=False, slot=None, revision=referral.revision + 1)


def gift_of(side: ReferralSide, terms: Referrals) -> PointsOrReward | None:
    """What the program promises one side."""
    return terms.referrer if side == "referrer" else terms.friend


def is_given(referral: Referral, side: ReferralSide) -> bool:
    """Whether one side should have what it is promised."""
    return referral.stands and (side == "friend" or referral.slot is not None)


def decided(referral: Referral, decision: ReferralDecision) -> Referral:
    """A held referral after a manager decided."""
    is_approved = decision.verdict == "approved"
    return replace(
        referral,
        state="claimed" if is_approved else "refused",
        reason=None if is_approved else "decided",
        decision=decision,
        revision=referral.revision + 1,
    )


def _terms(program: Program) -> Referrals:
    if program.referrals is None:
        raise LookupError("this version of the program has no referrals")
    return program.referrals
