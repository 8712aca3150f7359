"""The ledger's entries: immutable, each with its cause as its name and with its exact effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from loyalty.domain.engagement.award_terms import AwardOccasion
from loyalty.domain.orders.order import Order, OrderRef, fingerprint

if TYPE_CHECKING:
    from loyalty.domain.campaigns.limits import LimitUse
    from loyalty.domain.earning.awarding import Part, Share
    from loyalty.domain.ledger.account import TierReached
    from loyalty.domain.ledger.holding import Holding

# Kinds are part of keys and never change.
EntryKind = Literal[
    "accrual",
    "clawback",
    "edit",
    "redemption",
    "return",
    "activation",
    "expiry",
    "adjustment",
    "transfer",
    "merge",
    "bonus",
    "import",
    "contribution",
]

# What a bonus is given for, as stored, in events and in the API.
BonusOccasion = Literal[
    "birthday", "survey", "sign_up", "completed_profile", "anniversary", AwardOccasion
]

# Why points of a redemption come back, as stored, in events and in the API.
ReturnReason = Literal["cancelled", "hold_expired", "refunded", "refund_withdrawn"]


@dataclass(frozen=True, slots=True)
class OrderCause:
    """An order, or a refund or edit of it; `name` is the refund's id or the edit's fingerprint.

    The expiry of points that arrived after their last day has the name of the order or edit that
    brought them.
    """

    source: str
    order_id: str
    kind: EntryKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class RequestCause:
    """A caller's request, named by a hash of the caller and its Idempotency-Key.

    `name` distinguishes the two entries of a transfer or merge: `out` and `in`. Returns for refunds
    of the order that a redemption paid are numbered. Contributions in a household are named after
    the member who contributes, and `<member>/returned` when they come back.
    """

    request_id: str
    kind: EntryKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalendarCause:
    """A date that arrived. `entries_seen` makes a later lot of the same date a cause of its own."""

    member_id: str
    kind: EntryKind
    dates: tuple[date, ...]
    entries_seen: int


@dataclass(frozen=True, slots=True)
class AwardCause:
    """A step of an award: points that were given for it, or taken back; `step` counts them."""

    award_id: str
    kind: EntryKind
    step: int


type Cause = OrderCause | RequestCause | CalendarCause | AwardCause


def _none[K]() -> Mapping[K, int]:
    return MappingProxyType({})


class Qualifying(NamedTuple):
    """A signed change to one of the account's counters toward a level."""

    counter: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """What an order earned, and all that is needed to compute it again.

    `tier` and `plan` are the member's on the order's day, `qualifying` what the order counted
    toward a level. `opened` are the campaigns that were decided of the member and are for them,
    `held_out` those that would count if the member were not held out. `ceilings` are the most
    points of campaigns whose limits left less than the order would have got. `counted` is what it
    used of limits. `campaigns` are those that gave points: shares do not say which givers are
    campaigns. Points that a safeguard holds are pending until `held_until`, if their own dates make
    them available sooner.
    """

    order: Order
    shares: tuple[Share, ...]
    parts: tuple[Part, ...]
    tier: str | None = None
    plan: str | None = None
    qualifying: Qualifying | None = None
    opened: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    ceilings: Mapping[str, int] = field(default_factory=_none)
    counted: tuple[LimitUse, ...] = ()
    campaigns: tuple[str, ...] = ()
    held_until: date | None = None

    @property
    def points(self) -> int:
        """All points of the award, available or pending."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clawback:
    """What a refund took back, and what happened to the rest.

    `amount_minor` is how much of the refunded money counted. `clawed + owed + forgiven + excused`
    is how many points fewer the order earns because of the refund. `counted` is what it gave back
    to the limits of campaigns, and the order itself, if it no longer counts as one.
    `campaign_points` are the points of each campaign that it took back, as negative numbers.
    """

    source: str
    order_id: str
    refund_id: str
    amount_minor: int
    clawed: int
    owed: int
    forgiven: int
    excused: int
    debt_after: int
    qualifying: Qualifying | None = None
    counted: tuple[LimitUse, ...] = ()
    campaign_points: Mapping[str, int] = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The result of a new version of an order from its storefront.

    `order` is the new content (None in a list of entries), `parts` are the points it added.
    `amount_minor` is how much more the order is worth after refunds (negative: how much less).
    As for a refund, `clawed + owed + forgiven + excused` is how many points fewer the order earns.
    If it earns more, points that were once forgiven count first: `forgiven` is then negative.
    `counted` is what it used of limits or gave back, as for a refund, and `campaign_points` what
    each campaign gave more by it.
    """

    order: Order | None
    parts: tuple[Part, ...]
    amount_minor: int
    clawed: int
    owed: int
    forgiven: int
    excused: int
    debt_after: int
    qualifying: Qualifying | None = None
    counted: tuple[LimitUse, ...] = ()
    campaign_points: Mapping[str, int] = field(default_factory=_none)


# What a reward was given for, as stored, in events and in the API.
GrantOccasion = Literal["manager", "anniversary", AwardOccasion]


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardGrant:
    """Why a reward was given for no points; a person gives a reason, and maybe a reference.

    `rule_id` is the challenge, or what else an award was given for, and `award_id` the award.
    """

    granted_for: GrantOccasion
    reason: str | None = None
    reference: str | None = None
    rule_id: str | None = None
    award_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """A reward bought with points, or given for none.

    The slices it took are the entry's effect on the lots. `shared` are points of others in the
    member's household by their id, beside the member's own.
    """

    redemption_id: str
    reward_id: str
    code: str
    held_until: datetime | None = None
    expires_at: datetime | None = None
    amount_minor: int | None = None
    grant: RewardGrant | None = None
    shared: Mapping[str, int] = field(default_factory=_none)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Points of a redemption that come back; negative if a refund of the `order` was withdrawn."""

    redemption_id: str
    why: ReturnReason
    order: OrderRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPart:
    """Points that another member of the household spent, and `why` they came back, if they did."""

    redemption_id: str
    spent_by: str
    why: ReturnReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A correction by a person, with the reason they gave."""

    reason: str
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonus:
    """What a bonus was given for. `order` is the order that a survey's answer is about.

    `rule_id` is the challenge, if it was given for one. `stands_again` are points of it that were
    forgiven when it was taken back; they count first when it is given again.
    """

    given_for: BonusOccasion
    survey_id: str | None = None
    order: OrderRef | None = None
    rule_id: str | None = None
    stands_again: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardClawback:
    """What was taken back of a bonus because what it rested on was undone.

    `clawed + owed + forgiven + excused` is how many points no longer stand.
    """

    given_for: AwardOccasion
    rule_id: str
    clawed: int
    owed: int
    forgiven: int
    excused: int
    debt_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """The other side of a transfer or a merge."""

    member_id: str
    direction: Literal["out", "in"]


type Detail = (
    Accrual
    | Clawback
    | Edit
    | Redemption
    | Return
    | SharedPart
    | Adjustment
    | Bonus
    | AwardClawback
    | Counterpart
    | None
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger.

    `effect` is the signed change to what the account holds: the account is the sum of its entries'
    effects, and nothing else ever changes its points. `happened_at` is the time of the cause (an
    order's time, the midnight of an expiry), `recorded_at` the time at which it was recorded.
    `fingerprint` covers what the caller sent, so a replay can be distinguished from a different
    request with the same cause. `recorded_by` is the token subject of the staff member or service
    that asked for it; None for members themselves, storefronts and the calendar. `tier_reached` are
    the days on which the member reached levels, all of them, if the entry adds one.
    """

    cause: Cause
    member_id: str
    effect: Holding
    happened_at: datetime
    recorded_at: datetime
    program_version: int
    fingerprint: str = ""
    detail: Detail = None
    recorded_by: str | None = None
    tier_reached: tuple[TierReached, ...] = ()

    @property
    def kind(self) -> EntryKind:
        return self.cause.kind

    @property
    def order(self) -> OrderRef | None:
        """The order that caused the entry, that points paid, or that a survey's answer is about."""
        if isinstance(self.cause, OrderCause):
            return OrderRef(self.cause.source, self.cause.order_id)
        return self.detail.order if isinstance(self.detail, Bonus | Return) else None

    @property
    def earned(self) -> Accrual:
        """The order of an accrual, and what it earned.

        Raises:
            TypeError: it is no accrual.
        """
        if not isinstance(self.detail, Accrual):
            raise TypeError("an accrual without its order")
        return self.detail

    @property
    def points(self) -> int:
        return self.effect.points

    @property
    def pending_points(self) -> int:
        return self.effect.pending_points

    @property
    def counted_at(self) -> datetime:
        """The time from which balances include it.

        Calendar entries count from their midnight on, recorded or not; all others from the time
        they were recorded.
        """
        return self.happened_at if isinstance(self.cause, CalendarCause) else self.recorded_at

    @property
    def id(self) -> str:
        return entry_id(self.cause)


def entry_id(cause: Cause) -> str:
    """The id of a cause's entry, the same forever.

    Clients store it, and the lake recognizes an entry by it. So it is built from the words below
    and from values, never from the name or the position of anything in the code.
    """
    return f"ent_{fingerprint(*_cause_parts(cause))[:24]}"


def _cause_parts(cause: Cause) -> tuple[object, ...]:
    """A cause as plain values. No two causes have the same values."""
    match cause:
        case OrderCause():
            return "order", cause.source, cause.order_id, cause.kind, cause.name
        case RequestCause():
            return "request", cause.request_id, cause.kind, cause.name
        case CalendarCause():
            dates = [day.isoformat() for day in cause.dates]
            return "calendar", cause.member_id, cause.kind, dates, cause.entries_seen
        case AwardCause():
            return "award", cause.award_id, cause.kind, cause.step


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedRefund:
    """A refund as its caller states it: units or money of lines, money, or the whole order.

    `quantities` maps line ids to units, `amounts_minor` maps them to money given back.
    `amount_minor` is money that names no line. All money is in paid amounts, which include tax
    where the order's lines do. `is_revocable`: its storefront may withdraw it, because the refund
    was deleted or failed, or the cancelled order was set back.
    """

    refund_id: str
    occurred_at: datetime
    quantities: Mapping[str, int] = field(default_factory=_none)
    amounts_minor: Mapping[str, int] = field(default_factory=_none)
    amount_minor: int = 0
    whole: bool = False
    is_revocable: bool = False
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """Holds an accrual's key until the order and its member are known.

    It keeps a guest's order (None while only refunds have arrived) and the waiting refunds.
    `count` guards it and grows with every change. `guest` is the identity that may claim the
    order, and `also` are further identities of the same guest.
    """

    source: str
    order_id: str
    recorded_at: datetime
    count: int
    order: Order | None = None
    fingerprint: str = ""
    guest: str = ""
    also: tuple[str, ...] = ()
    refunds: tuple[RequestedRefund, ...] = ()
