"""What a decision writes: entries, and a change to each account with exactly what it relies on.

A change relies on what it was decided from and on nothing more, so frequent writes do not disturb
each other. Each rule builds its posting from these parts; the table writes it or refuses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.campaign_counts import CampaignCounting
from loyalty.domain.ledger.entries import (
    AwardCause,
    CalendarCause,
    Cause,
    Entry,
    OrderCause,
    Placeholder,
    RequestCause,
)
from loyalty.domain.ledger.holding import Holding, PendingDates, ends_on, total
from loyalty.domain.program.kinds import LOTS_MAX, Activity

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import BudgetTaken
    from loyalty.domain.engagement.activities import ActivityChange
    from loyalty.domain.engagement.changes import EngagementChange
    from loyalty.domain.engagement.referrals import ReferralChange
    from loyalty.domain.households.household import HeldHousehold, Household
    from loyalty.domain.ledger.account import Account, TierReached
    from loyalty.domain.ledger.approvals import Approval
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.domain.ledger.order_vouchers import OrderVouchers
    from loyalty.domain.ledger.refunds import OrderState
    from loyalty.domain.ledger.reviews import Review
    from loyalty.domain.ledger.tiers import Counting, TierAnnouncement
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.people.survey_responses import Response
    from loyalty.domain.plans.tellings import MemberPlans
    from loyalty.domain.program.document import PublishedProgram

# A change of more lots than this writes the whole account and relies on its version. The table
# allows 40 paths in one write, and up to 14 of them are not lots.
NARROW_LOTS_MAX: Final = 26


def _none[K, V]() -> Mapping[K, V]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DueTime:
    """How a change keeps the account's due date early enough.

    `on` is the first day on which something that it adds is due. If it `moves`, the write sets the
    due date to `on` and relies on there being no date or a later one; otherwise the write relies
    on a date no later than `on`.
    """

    on: date
    moves: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """The effect on one account, and what the write relies on.

    Every change relies on the account being active. `lots_exactly` are removed; `lots_at_least`
    and `pending_at_least` are reduced. The `*_seen` fields, where given, must be unchanged.
    `forgets` names entries of the account's maps that no longer mean anything; they are removed
    whatever they hold by now. With `revises_tier` it changes something that other writes rely on
    for the member's level. `tier_reached` replaces the days on which levels were reached.
    `campaigns` is what counts in limits of campaigns, and as an order.
    """

    member_id: str
    effect: Holding
    entries: int
    entries_seen: int | None = None
    balance_seen: int | None = None
    balance_at_most: int | None = None
    debt_seen: int | None = None
    lots_exactly: Mapping[date, int] = field(default_factory=_none)
    lots_at_least: Mapping[date, int] = field(default_factory=_none)
    pending_at_least: Mapping[PendingDates, int] = field(default_factory=_none)
    due: DueTime | None = None
    qualifying: Mapping[str, int] = field(default_factory=_none)
    redeemed: Mapping[str, int] = field(default_factory=_none)
    redeemed_below: Mapping[str, int] = field(default_factory=_none)
    giveable_from: Mapping[date, int] = field(default_factory=_none)
    reinstated: Mapping[date, date] = field(default_factory=_none)
    forgets: tuple[tuple[str, str], ...] = ()
    qualifying_at_most: Mapping[str, int] = field(default_factory=_none)
    qualifying_exactly: Mapping[str, int] = field(default_factory=_none)
    active_on: date | None = None
    announces: TierAnnouncement | None = None
    tier_revision_seen: int | None = None
    revises_tier: bool = False
    tier_reached: tuple[TierReached, ...] = ()
    campaigns: CampaignCounting = field(default_factory=CampaignCounting)
    household_seen: HeldHousehold | None = None
    becomes: Account | None = None
    """Rare writes replace the whole account, relying on `entries_seen`."""


@dataclass(frozen=True, slots=True)
class VoucherChange:
    """One step of a voucher's life. It relies on the state seen, and on the shops with its code."""

    seen: Voucher
    becomes: Voucher


@dataclass(frozen=True, slots=True)
class StockTaken:
    """Units taken from a shard of a reward's stock (negative: returned).

    Taking relies on the shard: it was dealt for this `stock`, and gives out at most its `share`.
    """

    reward_id: str
    shard: int
    units: int
    stock: int
    share: int


@dataclass(frozen=True, slots=True)
class AllowanceUsed:
    """Points that a caller adjusts on a day, out of `points_max` for the whole day."""

    caller: str
    day: date
    points: int
    points_max: int


@dataclass(frozen=True, slots=True)
class OrderStateChange:
    """The new state of a refunded or edited order; relies on the counter seen (None: no state)."""

    source: str
    order_id: str
    state: OrderState
    counter_seen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSeen:
    """What was read of an order that a posting depends on and does not change.

    The counters of its state (None: it has none) and of its vouchers (None: they do not matter),
    and the count of its placeholder while nobody has claimed it.
    """

    source: str
    order_id: str
    state_counter: int | None
    vouchers_counter: int | None = None
    placeholder_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One transaction. The cause's own entry comes first, because it guards all the rest."""

    entries: tuple[Entry, ...] = ()
    changes: tuple[AccountChange, ...] = ()
    replaces: Placeholder | None = None
    order_state: OrderStateChange | None = None
    issues: Voucher | None = None
    order_vouchers: OrderVouchers | None = None
    """Relies on the item with a counter one lower; a counter of 1 relies on there being none."""
    voucher: VoucherChange | None = None
    stock: StockTaken | None = None
    allowance: AllowanceUsed | None = None
    approval: Approval | None = None
    """The approval that the posting carries out, with the decision; relies on it being held."""
    review: Review | None = None
    """A review that is opened, or the one that the posting decides; relies on it being open."""
    budgets: tuple[BudgetTaken, ...] = ()
    response: Response | None = None
    active: str | None = None
    """A member whose account must be active although the posting does not change it."""
    order_seen: OrderSeen | None = None
    engagement: EngagementChange | None = None
    referral: ReferralChange | None = None
    award: MemberAward | None = None
    """Relies on the item with a step one lower; the first step relies on there being none."""
    plans: MemberPlans | None = None
    """Relies on the item with a revision one lower; the first relies on there being none."""
    activity: ActivityChange | None = None
    household: Household | None = None
    """Relies on the revision as `plans` does. A household without members is deleted."""


def _is_of_calendar(entry: Entry) -> bool:
    """Whether the calendar caused an entry, even if a request happens to write it."""
    return entry.kind == "expiry" or isinstance(entry.cause, CalendarCause)


def signed(posting: Posting, *, by: str | None) -> Posting:
    """The posting with the staff member or service that asked for it, by the token's subject.

    It is noted on the entries, on a voucher that is issued, on the use of a voucher, and on a
    review that is opened.
    """
    if by is None:
        return posting
    change = posting.voucher
    if change and change.becomes.state == "used" != change.seen.state:
        change = VoucherChange(change.seen, replace(change.becomes, use_recorded_by=by))
    return replace(
        posting,
        entries=tuple(
            each if _is_of_calendar(each) else replace(each, recorded_by=by)
            for each in posting.entries
        ),
        issues=replace(posting.issues, recorded_by=by) if posting.issues else None,
        review=_caused(posting.review, by),
        voucher=change,
    )


def _caused(review: Review | None, by: str) -> Review | None:
    """A review with who caused it, if it is just being opened."""
    return replace(review, caused_by=by) if review and review.decision is None else review


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Points added to an account: some pay debt, some enter lots, some expire at once."""

    effect: Holding
    expired: Holding
    due: DueTime | None


def addition(
    account: Account,
    points: Holding,
    *,
    today: date,
    lapses_after: date = NEVER,
    reinstated: Container[date] = (),
    also_due: date | None = None,
) -> Addition:
    """Decide what points do to the account that they are added to.

    `points` are lots and pending points. The lots pay the debt first, soonest expiry first.

    The `effect` includes points that expire at once, because their expiry is an entry of its own.
    An account has at most 60 open lots; beyond that, points of a further date join the next later
    lot. `reinstated` are lots that do not lapse by inactivity. `also_due` is a day on which
    something else that arrives with the points is due.
    """
    spared = {lot for lot in points.lots if lot in account.reinstated or lot in reinstated}
    paid = points.take(account.holding.debt)
    left = points - paid
    expired = Holding(
        lots={
            lot: here
            for lot, here in left.lots.items()
            if ends_on(lot, lapses_after, spared=spared) < today
        }
    )
    remaining = left - expired
    if len(account.holding.lots) + len(remaining.lots) > LOTS_MAX:
        remaining = replace(
            remaining, lots=_joined(remaining.lots, opened=set(account.holding.lots))
        )
    due_on = remaining.first_due(lapses_after=lapses_after, spared=spared)
    if also_due is not None:
        due_on = min(also_due, due_on or also_due)
    return Addition(
        effect=remaining + expired - Holding(debt=paid.spendable),
        expired=expired,
        due=due_by(account, due_on),
    )


def _joined(lots: Mapping[date, int], *, opened: set[date]) -> dict[date, int]:
    """The lots to add where not all may be opened. A lot later than all others may always open."""
    joined: Counter[date] = Counter()
    for lot in sorted(lots, reverse=True):
        is_odd = lot not in opened and len(opened) >= LOTS_MAX
        joins = min((day for day in opened if day > lot), default=lot) if is_odd else lot
        opened.add(joins)
        joined[joins] += lots[lot]
    return dict(joined)


def due_by(account: Account, due_on: date | None) -> DueTime | None:
    """How a change makes sure that an account is due no later than a day."""
    if due_on is None:
        return None
    return DueTime(due_on, moves=account.due is None or account.due > due_on)


def change_by_addition(
    account: Account,
    *,
    entries: tuple[Entry, ...],
    due: DueTime | None,
    qualifying: Mapping[str, int] = MappingProxyType({}),
    counting: Counting | None = None,
    redeemed: Mapping[str, int] = MappingProxyType({}),
    redeemed_below: Mapping[str, int] = MappingProxyType({}),
    giveable_from: Mapping[date, int] = MappingProxyType({}),
    reinstated: Mapping[date, date] = MappingProxyType({}),
    forgets: tuple[tuple[str, str], ...] = (),
    balance_at_most: int | None = None,
    active_on: date | None = None,
    campaigns: CampaignCounting | None = None,
) -> AccountChange:
    """A change that only adds. It relies on the debt it paid and on the due date, but on no lot."""
    change = AccountChange(
        member_id=account.member_id,
        effect=total(entry.effect for entry in entries),
        entries=len(entries),
        balance_at_most=balance_at_most,
        debt_seen=account.holding.debt,
        due=due,
        qualifying=qualifying,
        redeemed=redeemed,
        redeemed_below=redeemed_below,
        giveable_from=giveable_from,
        reinstated=reinstated,
        forgets=forgets,
        active_on=active_on,
        campaigns=campaigns or CampaignCounting(),
    )
    return _whole_if_wide(account, _counting(change, counting))


def _counting(change: AccountChange, counting: Counting | None) -> AccountChange:
    """A change that also counts toward a level, and relies on what that was decided from."""
    if counting is None:
        return change
    return replace(
        change,
        announces=counting.announces,
        qualifying_at_most=counting.at_most,
        qualifying_exactly=counting.exactly,
        tier_revision_seen=counting.revision,
        revises_tier=counting.revises,
        tier_reached=counting.tier_reached,
    )


def _whole_if_wide(account: Account, change: AccountChange) -> AccountChange:
    """The change itself, or a replacement of the whole account if it has too many paths."""
    paths = len(change.effect.lots) + len(change.effect.pending)
    paths += len(change.giveable_from) + len(change.reinstated) + len(change.forgets)
    paths += len(change.campaigns.used) + len(change.redeemed)
    if paths <= NARROW_LOTS_MAX:
        return change
    becomes = _added_to(account, change)
    return replacing(account, becomes, entries=change.entries, effect=change.effect)


def after_change(account: Account, change: AccountChange) -> Account:
    """The account as a change leaves it, where what the change relies on holds.

    What the change `forgets` may stay: it means nothing any more.
    """
    if change.becomes is not None:
        return change.becomes
    return replace(
        _added_to(account, change),
        entries=account.entries + change.entries,
        tier_revision=account.tier_revision + change.revises_tier,
    )


def _added_to(account: Account, change: AccountChange) -> Account:
    """The account with what a change adds, without the count of its entries."""
    effect, due, announced = change.effect, change.due, change.announces
    campaigns = change.campaigns
    return replace(
        account,
        balance=account.balance + effect.points,
        holding=account.holding + effect,
        qualifying=summed(account.qualifying, change.qualifying),
        redeemed=summed(summed(account.redeemed, change.redeemed), campaigns.used),
        orders=None if account.orders is None else account.orders + campaigns.orders,
        bought_on=campaigns.bought_on or account.bought_on,
        giveable_from=summed(account.giveable_from, change.giveable_from),
        reinstated={**account.reinstated, **change.reinstated},
        due=due.on if due and due.moves else account.due,
        active_on=change.active_on or account.active_on,
        tier_announced=announced.level if announced else account.tier_announced,
        tier_reached=change.tier_reached or account.tier_reached,
        tier_ups=account.tier_ups + bool(announced and announced.is_up),
        tier_downs=account.tier_downs + bool(announced and not announced.is_up),
    )


def replacing(
    seen: Account, becomes: Account, *, entries: int, effect: Holding | None = None
) -> AccountChange:
    """A rare write of a whole account, beside a number of `entries`.

    It relies on the account's version and on the revision of the member's level, because a level
    can change without an entry.
    """
    revises_tier = _of_level(becomes) != _of_level(seen)
    return AccountChange(
        member_id=seen.member_id,
        effect=effect or Holding(),
        entries=entries,
        entries_seen=seen.entries,
        tier_revision_seen=seen.tier_revision,
        becomes=replace(
            becomes,
            entries=seen.entries + entries,
            tier_revision=seen.tier_revision + revises_tier,
        ),
    )


def _of_level(account: Account) -> tuple[object, ...]:
    """What a member's level and plan are computed from, what was announced, and the household."""
    return (
        account.tier_floor,
        account.tier_carried,
        account.tier_reached,
        account.tier_announced,
        account.qualifying,
        account.plan,
        account.household,
    )


def summed[K](one: Mapping[K, int], other: Mapping[K, int]) -> dict[K, int]:
    """The sum of two maps of counters, without zeros."""
    summed = dict(one)
    for name, amount in other.items():
        summed[name] = summed.get(name, 0) + amount
    return {name: amount for name, amount in summed.items() if amount}


def taking(account: Account, taken: Holding) -> tuple[Mapping[date, int], Mapping[date, int]]:
    """What a take relies on: emptied lots exactly as seen, other lots to hold at least the points.

    The last lot is not removed even if it is emptied, so that another redemption from the same
    lot can still be decided from a slightly older read.
    """
    exactly: dict[date, int] = {}
    at_least: dict[date, int] = {}
    last = max(taken.lots, default=None)
    for lot, points in taken.lots.items():
        emptied = points == account.holding.lots[lot] and lot != last
        (exactly if emptied else at_least)[lot] = points
    return exactly, at_least


def change_by_taking(
    account: Account,
    *,
    entries: tuple[Entry, ...],
    taken: Holding,
    relies_on_balance: bool = False,
    relies_on_entries: bool = False,
    qualifying: Mapping[str, int] = MappingProxyType({}),
    counting: Counting | None = None,
    redeemed: Mapping[str, int] = MappingProxyType({}),
    redeemed_below: Mapping[str, int] = MappingProxyType({}),
    forgets: tuple[tuple[str, str], ...] = (),
    active_on: date | None = None,
    campaigns: CampaignCounting | None = None,
) -> AccountChange:
    """A change that takes from these lots and pending points only, and relies only on them.

    `relies_on_balance` is for a take that creates debt or forgives points: it relies on the
    balance and the debt being as seen. `relies_on_entries` is for a take that any other write
    could forbid. If the level ends sooner because less is counted, the account is due sooner.
    """
    exactly, at_least = taking(account, taken)
    change = AccountChange(
        member_id=account.member_id,
        effect=total(entry.effect for entry in entries),
        entries=len(entries),
        entries_seen=account.entries if relies_on_entries else None,
        balance_seen=account.balance if relies_on_balance else None,
        debt_seen=account.holding.debt if relies_on_balance else None,
        lots_exactly=exactly,
        lots_at_least=at_least,
        pending_at_least=taken.pending,
        due=due_by(account, counting.changes_on) if counting else None,
        qualifying=qualifying,
        redeemed=redeemed,
        redeemed_below=redeemed_below,
        forgets=forgets,
        active_on=active_on,
        campaigns=campaigns or CampaignCounting(),
    )
    return _whole_if_wide(account, _counting(change, counting))


def change_by_activity(account: Account, *, active_on: date) -> AccountChange:
    """A change that only notes a day of activity, for an activity that makes no entry."""
    return AccountChange(
        member_id=account.member_id, effect=Holding(), entries=0, active_on=active_on
    )


def expiry_at_once(entry: Entry, expired: Holding) -> tuple[Entry, ...]:
    """The expiry of points that arrived after their last day, as an entry beside the one given."""
    if expired.is_empty:
        return ()
    return (
        replace(
            entry,
            cause=_expiry_beside(entry.cause),
            effect=-expired,
            happened_at=entry.recorded_at,
            fingerprint="",
            detail=None,
            tier_reached=(),
        ),
    )


def newly_active(
    account: Account, activity: Activity, *, program: PublishedProgram, today: date
) -> date | None:
    """The day of an activity to note on an account, where points lapse without it.

    It only ever grows, so a write that was decided before a midnight and lands after it cannot
    shorten the life of the points.
    """
    inactivity = program.document.inactivity
    if inactivity is None or activity not in inactivity.activities:
        return None
    return today if account.active_on is None or account.active_on < today else None


def _expiry_beside(cause: Cause) -> Cause:
    match cause:
        case OrderCause(source, order_id, _, name):
            return OrderCause(source, order_id, "expiry", name)
        case RequestCause(request_id):
            return RequestCause(request_id, "expiry")
        case AwardCause(award_id, _, step):
            return AwardCause(award_id, "expiry", step)
        case CalendarCause():
            raise ValueError("the calendar brings no points after their last day")
