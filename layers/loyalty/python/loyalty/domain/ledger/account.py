"""A member's account: what it holds as stored, and once caught up with the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loyalty.domain.campaigns.limits import is_forgotten
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.holding import Holding, PendingDates, ends_on

if TYPE_CHECKING:
    from loyalty.domain.households.household import HeldHousehold
    from loyalty.domain.plans.held_plan import HeldPlan
    from loyalty.domain.program.document import PublishedProgram
    from loyalty.domain.program.safeguards import SafeguardCount

# No reward's id contains "#", so these counters cannot be mistaken for a reward's. Campaigns have
# counters `campaign#<id>#<period>` and `campaign#<id>#<period>#orders`, safeguards
# `day#orders#<day>` and `day#points#<day>`.
_TRANSFERS: Final = "transfers#"
_REDEMPTIONS: Final = "redemptions#"
_DRAWN: Final = "drawn#"
_CAMPAIGNS: Final = "campaign#"
_DAYS: Final = "day#"
# One write removes at most this many counters of past days.
_FORGOTTEN_AT_ONCE_MAX: Final = 4

Status = Literal["active", "merged", "closed"]


def _empty[K]() -> Mapping[K, int]:
    return MappingProxyType({})


class TierFloor(NamedTuple):
    """A level that a manager granted, and the last day on which it holds."""

    level: str
    until: date


class TierReached(NamedTuple):
    """A level that a member reached on a day, where levels hold for months from that day."""

    level: str
    on: date


class TierCarried(NamedTuple):
    """A level that counters gave which the account no longer has.

    The member carried it into the period that began on the day, or reached it on the day where
    levels hold for months.
    """

    level: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one member holds and has counted: one small item, written by almost every request.

    Points: `balance` equals `holding.points` and is stored beside it because writes rely on it.
    `entries` counts the account's entries and serves as its version. `due` is the first local day
    on which something may have to be settled. `active_on` is the last day of activity, where
    points lapse by inactivity. `giveable_from` maps a day to points of orders that the member can
    give to another member from that day on. `reinstated` maps a lot to the last day that its
    points had at first. `redeemed` maps a reward with a limit to how often the member redeemed it;
    beside it counts what else is limited: transfers, redemptions of a day, points that others in
    the household spent, what campaigns gave, and the orders of a day and their points.

    Orders: `orders` is how many orders with goods that cost something the member has; None on an
    account from before they were counted. `bought_on` is the day of the latest one.

    Levels: `qualifying` maps a counter to its amount. `tier_floor` is the level granted last; it
    stays after it ends, because a rebuild of the lake reads it. `tier_carried` is what counters
    that were dropped still give, where levels can outlive them. `tier_reached` are the days on
    which levels were reached, where they hold for months from that day. `tier_announced` is the
    level last announced. The current level is always computed, never stored. `tier_ups` and
    `tier_downs` count the announcements of a higher and of a lower level. `tier_revision` counts
    changes of what decides the level: the floor, levels carried, reached or announced, and every
    counter except the newest, to which most orders only add.

    Plans: `plan` is the paid plan that the member has or had last. It can bring a level and a
    multiplier, so a change of it counts in `tier_revision` too.

    Households: `household` is the one that the member is in, or left last. Its changes count in
    `tier_revision` as well, because they make no entry that other writes could rely on.

    Life: `absorbed` names the members merged into this one, `into` the one that this was merged
    into. `enrolled_at` and `ended_at` (closed or merged) outlive the profile: they say who was a
    member when.
    """

    member_id: str
    status: Status = "active"
    into: str | None = None
    balance: int = 0
    holding: Holding = field(default_factory=Holding)
    entries: int = 0
    qualifying: Mapping[str, int] = field(default_factory=_empty)
    redeemed: Mapping[str, int] = field(default_factory=_empty)
    giveable_from: Mapping[date, int] = field(default_factory=_empty)
    reinstated: Mapping[date, date] = field(default_factory=lambda: MappingProxyType({}))
    due: date | None = None
    active_on: date | None = None
    orders: int | None = None
    bought_on: date | None = None
    enrolled_at: datetime | None = None
    ended_at: datetime | None = None
    absorbed: tuple[str, ...] = ()
    tier_announced: str | None = None
    tier_floor: TierFloor | None = None
    tier_carried: tuple[TierCarried, ...] = ()
    tier_reached: tuple[TierReached, ...] = ()
    tier_ups: int = 0
    tier_downs: int = 0
    tier_revision: int = 0
    plan: HeldPlan | None = None
    household: HeldHousehold | None = None


class Activation(NamedTuple):
    """Pending points that became available: some pay debt, the rest goes into a lot."""

    dates: PendingDates
    points: int
    paid_debt: int

    @property
    def effect(self) -> Holding:
        return Holding(
            lots={self.dates.expires_on: self.points - self.paid_debt},
            debt=-self.paid_debt,
            pending={self.dates: -self.points},
        )


class Expired(NamedTuple):
    """A lot whose last day, `ended_on`, is over."""

    lot: date
    ended_on: date
    points: int

    @property
    def effect(self) -> Holding:
        return Holding(lots={self.lot: -self.points})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the calendar did to an account, step by step, and the account afterwards."""

    steps: tuple[Activation | Expired, ...]
    after: Account


def settlement(
    account: Account, *, today: date, lapses_after: date = NEVER, steps_max: int | None = None
) -> Settlement:
    """Catch an account up with the calendar: first activate pending points, then expire lots.

    This one rule serves the member's view (which shows `after`), spending (which settles first)
    and the sweep (which records the steps). `lapses_after` is the last day before all
    points lapse by inactivity. `steps_max` stops early.
    """
    held = account.holding
    steps: list[Activation | Expired] = []
    available = sorted(dates for dates in held.pending if dates.available_on <= today)
    for dates in available[:steps_max]:
        points = held.pending[dates]
        activation = Activation(dates, points, paid_debt=min(held.debt, points))
        held += activation.effect
        steps.append(activation)
    left = None if steps_max is None else steps_max - len(steps)
    ends = {lot: ends_on(lot, lapses_after, spared=account.reinstated) for lot in held.lots}
    for lot in sorted(lot for lot in ends if ends[lot] < today)[:left]:
        expired = Expired(lot, ends[lot], held.lots[lot])
        held += expired.effect
        steps.append(expired)
    balance = account.balance + (held - account.holding).points
    return Settlement(tuple(steps), replace(account, holding=held, balance=balance))


def lapse_of(account: Account, program: PublishedProgram, *, active_on: date | None = None) -> date:
    """The last day before all points of an account lapse by inactivity; NEVER if they do not.

    `active_on` is a day of activity that is not on the account yet. Enrolling is an activity.
    """
    enrolled_at = account.enrolled_at
    enrolled_on = program.document.today(enrolled_at) if enrolled_at else None
    days = [day for day in (active_on, account.active_on, enrolled_on) if day]
    return program.lapses_after(max(days, default=None))


def view(account: Account, *, program: PublishedProgram, now: datetime) -> Account:
    """The account as members see it and rules read it at a moment, settled or not."""
    return settlement(
        account,
        today=program.document.today(now),
        lapses_after=lapse_of(account, program),
    ).after


def transfers_counter(today: date) -> str:
    """The name under which an account counts its transfers of a calendar month."""
    return f"{_TRANSFERS}{today.isoformat()[:7]}"


def redemptions_counter(today: date) -> str:
    """The name under which an account counts its redemptions of a day."""
    return f"{_REDEMPTIONS}{today.isoformat()}"


def drawn_counter(today: date) -> str:
    """The name under which an account counts points that others spent in a calendar month."""
    return f"{_DRAWN}{today.isoformat()[:7]}"


def campaign_counter(limit: str) -> str:
    """The name under which an account counts a limit of a campaign."""
    return f"{_CAMPAIGNS}{limit}"


def day_counter(count: SafeguardCount, day: date) -> str:
    """The name under which an account counts orders of a day, or the points that they earned."""
    return f"{_DAYS}{count}#{day.isoformat()}"


def count_of_day(account: Account, count: SafeguardCount, day: date) -> int:
    """How many orders of a day were counted, or how many points they earned."""
    return account.redeemed.get(day_counter(count, day), 0)


def past_day_counters(account: Account, *, today: date) -> tuple[tuple[str, str], ...]:
    """Paths of counters of days before yesterday: they count no more and can be removed."""
    over = sorted(name for name in account.redeemed if _is_past_day(name, today=today))
    return tuple(("redeemed", name) for name in over[:_FORGOTTEN_AT_ONCE_MAX])


def _is_past_day(name: str, *, today: date) -> bool:
    yesterday = (today - timedelta(days=1)).isoformat()
    return name.startswith(_DAYS) and name.rpartition("#")[2] < yesterday


def used_of_campaigns(account: Account) -> dict[str, int]:
    """What the member used of the limits of campaigns."""
    return {
        name.removeprefix(_CAMPAIGNS): amount
        for name, amount in account.redeemed.items()
        if name.startswith(_CAMPAIGNS)
    }


def counters_of_use(account: Account, *, today: date) -> dict[str, int]:
    """Counters that still matter: of limited rewards, and of the current month and day."""
    over = set(counters_of_the_past(account, today=today))
    return {name: times for name, times in account.redeemed.items() if times and name not in over}


def counters_of_the_past(account: Account, *, today: date) -> tuple[str, ...]:
    """Names of the counters whose period is over, and of no matter any more."""
    current = (transfers_counter(today), redemptions_counter(today), drawn_counter(today))
    return tuple(
        name
        for name in account.redeemed
        if (name.startswith((_TRANSFERS, _REDEMPTIONS, _DRAWN)) and name not in current)
        or (name.startswith(_CAMPAIGNS) and is_forgotten(name.split("#")[2], today=today))
        or _is_past_day(name, today=today)
    )
