"""A member's account: what it holds now, and what it will hold once the calendar is caught up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.entries import PendingDates
from loyalty.domain.program.document import PublishedProgram

# No id of a reward has this sign, so the two cannot be taken for each other.
_TRANSFERS: Final = "transfers#"

Status = Literal["active", "merged", "closed"]


def _empty[K]() -> Mapping[K, int]:
    return MappingProxyType({})


class TierFloor(NamedTuple):
    """A level that a manager granted, and its last day."""

    level: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One small hot item for each member.

    `lots` maps the last spendable day to points left (a zero lot is the same as none), `pending`
    the dates fixed at the earn to points, `qualifying` a period to an amount, `redeemed` a reward
    with a limit to how often this member redeemed it. `entries` counts the account's entries and
    serves as its version. `due` is the first local day on which something may have to be settled.
    `absorbed` names the members that were merged into this one. `tier_floor` is the level that was
    granted last, and stays when it is over: the lake is built anew from it. `tier_announced` is the
    level that was last made known, which is not how a level is told: that is computed; `tier_ups`
    and `tier_downs` count how often a higher and a lower one was. `tier_revision` counts what may
    have made the level another: the floor, what was made known, and every counter but the newest
    one, to which most orders only add.
    `enrolled_at` and `ended_at` (closed, or merged) outlive the profile, for the books of who was
    a member when.
    """

    member_id: str
    status: Status = "active"
    into: str | None = None
    balance: int = 0
    debt: int = 0
    entries: int = 0
    lots: Mapping[date, int] = field(default_factory=_empty)
    pending: Mapping[PendingDates, int] = field(default_factory=_empty)
    qualifying: Mapping[str, int] = field(default_factory=_empty)
    redeemed: Mapping[str, int] = field(default_factory=_empty)
    due: date | None = None
    active_on: date | None = None
    enrolled_at: datetime | None = None
    ended_at: datetime | None = None
    absorbed: tuple[str, ...] = ()
    tier_announced: str | None = None
    tier_floor: TierFloor | None = None
    tier_ups: int = 0
    tier_downs: int = 0
    tier_revision: int = 0

    @property
    def spendable(self) -> int:
        return sum(self.lots.values())

    @property
    def pending_points(self) -> int:
        return sum(self.pending.values())


class Activation(NamedTuple):
    """Pending points that became available: what paid debt, and what went into a lot."""

    dates: PendingDates
    points: int
    paid_debt: int


class Expired(NamedTuple):
    """A lot whose last day is over; `ended_on` is that day."""

    lot: date
    ended_on: date
    points: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the calendar has done to an account, in order, and the account after it."""

    steps: tuple[Activation | Expired, ...]
    after: Account


def settlement(
    account: Account, *, today: date, undated_until: date = NEVER, steps_max: int | None = None
) -> Settlement:
    """Catch an account up with the calendar: first what became available, then what expired.

    This one rule serves the member's view (which shows `after`), spending (which settles first)
    and the sweep (which records the steps). `undated_until` is the last day of points that carry
    no date of their own: a program that expires by inactivity gives one. `steps_max` stops early.
    """
    lots = {day: points for day, points in account.lots.items() if points}
    debt, balance = account.debt, account.balance
    pending = {dates: points for dates, points in account.pending.items() if points}
    steps: list[Activation | Expired] = []
    for dates in sorted(dates for dates in pending if dates.available_on <= today)[:steps_max]:
        points = pending.pop(dates)
        paid = min(debt, points)
        debt, balance = debt - paid, balance + points
        if points > paid:
            lots[dates.expires_on] = lots.get(dates.expires_on, 0) + points - paid
        steps.append(Activation(dates, points, paid))
    left = None if steps_max is None else steps_max - len(steps)
    for lot in sorted(lot for lot in lots if ends_on(lot, undated_until) < today)[:left]:
        points = lots.pop(lot)
        balance -= points
        steps.append(Expired(lot, ends_on(lot, undated_until), points))
    after = replace(account, lots=lots, pending=pending, debt=debt, balance=balance)
    return Settlement(tuple(steps), after)


def ends_on(lot: date, undated_until: date) -> date:
    """The last day of a lot: its own date, or that of all points without a date of their own."""
    return undated_until if lot == NEVER else lot


def view(account: Account, *, program: PublishedProgram, now: datetime) -> Account:
    """The account as it is shown and counts at a moment, whether or not it was settled."""
    return settlement(
        account,
        today=program.document.today(now),
        undated_until=program.undated_until(account.active_on),
    ).after


def first_due(
    lots: Mapping[date, int], pending: Mapping[PendingDates, int], *, undated_until: date = NEVER
) -> date | None:
    """The first day on which something in these lots and pending points has to be settled."""
    ends = [ends_on(lot, undated_until) for lot, points in lots.items() if points]
    days = [end + timedelta(days=1) for end in ends if end < NEVER]
    days += [dates.available_on for dates, points in pending.items() if points]
    return min(days, default=None)


def soonest_first(
    lots: Mapping[date, int], points: int, *, prefer: Mapping[date, int] = MappingProxyType({})
) -> dict[date, int]:
    """Take points from lots: up to `prefer` from the preferred ones, then the soonest expiry first.

    Takes less than asked where there is less.
    """
    taken: dict[date, int] = {}
    left = points
    wanted = [(lot, min(prefer[lot], lots.get(lot, 0))) for lot in sorted(prefer)]
    wanted += [(lot, lots[lot]) for lot in sorted(lots)]
    for lot, most in wanted:
        share = min(left, most, lots.get(lot, 0) - taken.get(lot, 0))
        if share > 0:
            taken[lot] = taken.get(lot, 0) + share
            left -= share
    return taken


def transfers_counter(today: date) -> str:
    """The name under which an account counts its transfers of a calendar month."""
    return f"{_TRANSFERS}{today.isoformat()[:7]}"


def counters_of_use(account: Account, *, today: date) -> dict[str, int]:
    """How often limited rewards were redeemed, and this month's transfers: no month before."""
    this_month = transfers_counter(today)
    return {
        name: times
        for name, times in account.redeemed.items()
        if times and (name == this_month or not name.startswith(_TRANSFERS))
    }
