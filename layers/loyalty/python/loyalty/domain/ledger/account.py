"""A member's account: what it holds now, and what it will hold once the calendar is caught up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.holding import Holding, PendingDates, ends_on
from loyalty.domain.program.document import PublishedProgram

# No id of a reward has this sign, so the two cannot be taken for each other.
_TRANSFERS: Final = "transfers#"
_REDEMPTIONS: Final = "redemptions#"

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

    `balance` is what the holding says (`holding.points`), kept beside it because writes rely on it.
    `qualifying` maps a period to an amount, `redeemed` a reward with a limit to how often this
    member redeemed it. `entries` counts the account's entries and
    serves as its version. `due` is the first local day on which something may have to be settled.
    `absorbed` names the members that were merged into this one. `tier_floor` is the level that was
    granted last, and stays when it is over: the lake is built anew from it. `tier_announced` is the
    level that was last made known, which is not how a level is told: that is computed; `tier_ups`
    and `tier_downs` count how often a higher and a lower one was. `tier_revision` counts what may
    have made the level another: the floor, what was made known, and every counter but the newest
    one, to which most orders only add.
    `giveable_from` maps a day to points of orders that can be given to another member from that
    day on, `reinstated` a lot to the last day that its points first had.
    `enrolled_at` and `ended_at` (closed, or merged) outlive the profile, for the books of who was
    a member when.
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
    enrolled_at: datetime | None = None
    ended_at: datetime | None = None
    absorbed: tuple[str, ...] = ()
    tier_announced: str | None = None
    tier_floor: TierFloor | None = None
    tier_ups: int = 0
    tier_downs: int = 0
    tier_revision: int = 0


class Activation(NamedTuple):
    """Pending points that became available: what paid debt, and what went into a lot."""

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
    """A lot whose last day is over; `ended_on` is that day."""

    lot: date
    ended_on: date
    points: int

    @property
    def effect(self) -> Holding:
        return Holding(lots={self.lot: -self.points})


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
    held = account.holding
    steps: list[Activation | Expired] = []
    available = sorted(dates for dates in held.pending if dates.available_on <= today)
    for dates in available[:steps_max]:
        points = held.pending[dates]
        activation = Activation(dates, points, paid_debt=min(held.debt, points))
        held += activation.effect
        steps.append(activation)
    left = None if steps_max is None else steps_max - len(steps)
    over = sorted(lot for lot in held.lots if ends_on(lot, undated_until) < today)
    for lot in over[:left]:
        expired = Expired(lot, ends_on(lot, undated_until), held.lots[lot])
        held += expired.effect
        steps.append(expired)
    balance = account.balance + (held - account.holding).points
    return Settlement(tuple(steps), replace(account, holding=held, balance=balance))


def view(account: Account, *, program: PublishedProgram, now: datetime) -> Account:
    """The account as it is shown and counts at a moment, whether or not it was settled."""
    return settlement(
        account,
        today=program.document.today(now),
        undated_until=program.undated_until(account.active_on),
    ).after


def transfers_counter(today: date) -> str:
    """The name under which an account counts its transfers of a calendar month."""
    return f"{_TRANSFERS}{today.isoformat()[:7]}"


def redemptions_counter(today: date) -> str:
    """The name under which an account counts its redemptions of a day."""
    return f"{_REDEMPTIONS}{today.isoformat()}"


def counters_of_use(account: Account, *, today: date) -> dict[str, int]:
    """How often limited rewards were redeemed, and the counts of this month and day only."""
    over = set(counters_of_the_past(account, today=today))
    return {name: times for name, times in account.redeemed.items() if times and name not in over}


def counters_of_the_past(account: Account, *, today: date) -> tuple[str, ...]:
    """The names of counters whose month or day is over."""
    current = (transfers_counter(today), redemptions_counter(today))
    return tuple(
        name
        for name in account.redeemed
        if name.startswith((_TRANSFERS, _REDEMPTIONS)) and name not in current
    )
