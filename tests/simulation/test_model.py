"""Compare the ledger with a simple model of lots and days, under any sequence of operations.

The model goes through time day by day. It has no entries, due times or versions. Members must be
shown exactly what it holds.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from loyalty.domain.orders.order import Order
from loyalty.domain.program.expiry_policies import (
    AfterEarningExpiry,
    Expiry,
    FixedDateExpiry,
    NeverExpiry,
)
from loyalty.usecases.ledger.statements import audit_member, balance_at
from loyalty.usecases.ports import Desk
from tests.simulation import naive, programs, scene
from tests.simulation.requests.orders import Earn
from tests.simulation.requests.rewards import Cancel, Redeem
from tests.simulation.requests.sweeps import Sweep
from tests.simulation.world import World

DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
COSTS: Final = {1: "for-1", 10: "for-10", 30: "for-30"}

# The first and the last place where a day begins, and places with unusual clock changes.
ZONES: Final = (
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "UTC",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "America/Havana",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "America/Santiago",
)
STARTS: Final = (
    datetime(2028, 2, 27, 11, 59, 59, tzinfo=UTC),
    datetime(2026, 12, 30, 12, tzinfo=UTC),
    datetime(2026, 3, 28, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 21, 59, tzinfo=UTC),
    datetime(2026, 4, 4, 12, tzinfo=UTC),
)


def _last_day_of_month(day: date) -> bool:
    return (day + DAY).month != day.month


def _from(day: date, ends: Callable[[date], bool]) -> date:
    """The first day from this one on that can be the last day of points."""
    while not ends(day):
        day += DAY
    return day


def _never(_day: date) -> date:
    return date.max


def _leap_day(day: date) -> bool:
    return day.month == 2 and _last_day_of_month(day)


def _months_later(day: date, months: int) -> date:
    return date.fromisoformat(naive.months_later(day.isoformat(), months))


POLICIES: Final[tuple[tuple[Expiry | None, Callable[[date], date]], ...]] = (
    (
        AfterEarningExpiry(model="after_earning", days=2, round_to="none"),
        lambda day: day + 2 * DAY,
    ),
    (
        AfterEarningExpiry(model="after_earning", days=20, round_to="none"),
        lambda day: day + 20 * DAY,
    ),
    (
        AfterEarningExpiry(model="after_earning", days=1, round_to="week"),
        lambda day: _from(day + DAY, lambda each: each.weekday() == 6),
    ),
    (
        AfterEarningExpiry(model="after_earning", days=3, round_to="month"),
        lambda day: _from(day + 3 * DAY, _last_day_of_month),
    ),
    (
        AfterEarningExpiry(model="after_earning", months=1, round_to="none"),
        lambda day: _months_later(day, 1),
    ),
    (FixedDateExpiry(model="fixed_date", month=2, day=29), lambda day: _from(day, _leap_day)),
    (NeverExpiry(model="never"), _never),
    (None, _never),
)


@dataclass(slots=True)
class Member:
    """The model: lots by their last day, pending points by their dates, a debt, and a day."""

    day: date
    last_active: date | None
    debt: int = 0
    lots: Counter[date] = field(default_factory=Counter)
    pending: Counter[tuple[date, date]] = field(default_factory=Counter)

    def live_until(self, today: date) -> None:
        """Pass midnights one by one."""
        while self.day < today:
            self.day += DAY
            for dates in sorted(dates for dates in self.pending if dates[0] == self.day):
                self.gain(self.pending.pop(dates), dates[1])
            for lot in [lot for lot in self.lots if self._ends(lot) < self.day]:
                del self.lots[lot]

    def gain(self, points: int, lot: date) -> None:
        pays = min(self.debt, points)
        self.debt -= pays
        if points > pays and self._ends(lot) >= self.day:
            self.lots[lot] += points - pays

    def take(self, points: int, lots: list[date]) -> dict[date, int]:
        """Take from these lots in this order."""
        taken: dict[date, int] = {}
        for lot in lots:
            taken[lot] = min(points - sum(taken.values()), self.lots[lot])
        self.lots -= Counter(taken)
        return {lot: share for lot, share in taken.items() if share}

    def _ends(self, lot: date) -> date:
        if lot < date.max or self.last_active is None:
            return lot
        return _months_later(self.last_active, 1)

    @property
    def expected(self) -> tuple[Any, ...]:
        lots = {lot: points for lot, points in self.lots.items() if points}
        pending = {dates: points for dates, points in self.pending.items() if points}
        return sum(lots.values()) - self.debt, self.debt, lots, pending


@dataclass(slots=True)
class Bought:
    """An order of the model: what is left of it and of its points."""

    order: Order
    available: date
    lot: date
    points: int
    refunds: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """A redemption of the model; `reinstated` are its lots that had been reinstated before."""

    request: Redeem
    slices: dict[date, int]
    reinstated: frozenset[date] = frozenset()


class Books(RuleBasedStateMachine):
    """One member of one program, and everything that can be done to their points."""

    orders = Bundle[Bought]("orders")
    redemptions = Bundle[Spent]("redemptions")

    @initialize(
        zone=st.sampled_from(ZONES),
        start=st.sampled_from(STARTS),
        policy=st.sampled_from(POLICIES),
        pending_days=st.sampled_from((0, 0, 1, 3)),
        reinstate_days=st.sampled_from((0, 2)),
    )
    def begin(
        self,
        zone: str,
        start: datetime,
        policy: tuple[Expiry | None, Callable[[date], date]],
        pending_days: int,
        reinstate_days: int,
    ) -> None:
        expiry, self.expires = policy
        self.zone = ZoneInfo(zone)
        today = start.astimezone(self.zone).date()
        quiet = expiry is None
        self.pending_days, self.reinstate_days = pending_days, reinstate_days
        self.world: World = scene.scene(
            expiry=expiry or NeverExpiry(model="never"),
            inactivity=programs.QUIET if quiet else None,
            now=start,
            zone=zone,
            pending_days=pending_days,
            reinstate_days=reinstate_days,
            inactivity_since=today if quiet else None,
        )
        self.member = Member(today, last_active=today if quiet else None)
        self.reinstated: set[date] = set()
        self.shown: list[tuple[datetime, int]] = []
        self.count = 0

    @property
    def today(self) -> date:
        return self.world.now.astimezone(self.zone).date()

    def _next(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def _active(self) -> None:
        if self.member.last_active is not None:
            self.member.last_active = self.today

    @rule(target=orders, points=st.integers(10, 50), days_ago=st.sampled_from((0, 0, 0, 1, 4)))
    def earn(self, points: int, days_ago: int) -> Bought:
        order = scene.order(self._next("o"), points, occurred_at=self.world.now - days_ago * DAY)
        scene.done(self.world.finish(Earn(order, "ann")))

        self._active()
        bought_on = order.occurred_at.astimezone(self.zone).date()
        available = bought_on + self.pending_days * DAY
        lot = self.expires(available)
        if available > self.today:
            self.member.pending[available, lot] += points
        else:
            self.member.gain(points, lot)
        return Bought(order, available, lot, points)

    @rule(target=redemptions, cost=st.sampled_from(tuple(COSTS)))
    def redeem(self, cost: int) -> Spent:
        request = Redeem("ann", COSTS[cost], self._next("k"))
        answer = self.world.finish(request)

        if sum(self.member.lots.values()) < cost:
            assert answer.code == "insufficient_points"
            return Spent(request, {})
        assert scene.entry_of(answer).points == -cost
        self._active()
        slices = self.member.take(cost, sorted(self.member.lots))
        return Spent(request, slices, frozenset(slices.keys() & self.reinstated))

    @rule(spent=consumes(redemptions))
    def cancel(self, spent: Spent) -> None:
        answer = self.world.finish(Cancel(spent.request))

        assert answer.is_done == bool(spent.slices)
        for lot, points in sorted(spent.slices.items()):
            # Points from a lot that was reinstated are not reinstated again.
            end = self.member._ends(lot)
            days = 0 if lot in spent.reinstated else self.reinstate_days
            lives_on = end < self.today <= end + days * DAY
            back = end + days * DAY if lives_on else lot
            if lives_on and points > self.member.debt:
                self.reinstated.add(back)
            self.member.gain(points, back)

    @rule(bought=orders, percent=st.integers(1, 100))
    def refund(self, bought: Bought, percent: int) -> None:
        if bought.lot < self.today or self.member.last_active is not None:
            # Points that expired unspent are excused; without entries the number is unknown.
            return
        amount = min(bought.points, 1 + percent * bought.order.amount_minor // 100)
        if not amount:
            return
        bought.refunds += 1
        name = f"r{bought.refunds}"
        scene.done(self.world.finish(scene.refund(bought.order, name, amount=amount)))

        # The order's pending points, its own lot, then lots by soonest expiry, then a debt.
        dates = (bought.available, bought.lot)
        pending = min(amount, self.member.pending[dates])
        self.member.pending[dates] -= pending
        lots = [bought.lot, *(lot for lot in sorted(self.member.lots) if lot != bought.lot)]
        taken = self.member.take(amount - pending, lots)
        self.member.debt += amount - pending - sum(taken.values())
        bought.points -= amount

    @rule(step=st.sampled_from((SECOND, timedelta(hours=5), DAY, DAY, 3 * DAY, 35 * DAY)))
    def wait(self, step: timedelta) -> None:
        self.world.now += step
        self.member.live_until(self.today)

    @rule(seconds=st.sampled_from((-1, 0, 1)))
    def wait_for_midnight(self, seconds: int) -> None:
        midnight = naive.midnight(self.today + DAY, self.zone)
        self.world.now = max(self.world.now, midnight + seconds * SECOND)
        self.member.live_until(self.today)

    @rule()
    def sweep(self) -> None:
        scene.done(self.world.finish(Sweep()))

    @precondition(lambda self: hasattr(self, "world"))
    @invariant()
    def what_is_shown_is_what_the_model_holds(self) -> None:
        account = scene.shown(self.world)
        lots = {lot: points for lot, points in account.holding.lots.items() if points}
        pending = {
            tuple(dates): points for dates, points in account.holding.pending.items() if points
        }
        assert (account.balance, account.holding.debt, lots, pending) == self.member.expected
        self.shown.append((self.world.now, account.balance))

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        assert scene.done(self.world.finish(_Audit())) == []
        latest = dict(self.shown)
        for moment, balance in latest.items():
            then = scene.done(self.world.finish(_BalanceAt(moment)))
            assert then.points == balance, f"what was shown at {moment}"


@dataclass(frozen=True, slots=True)
class _BalanceAt:
    moment: datetime
    name: str = "a past balance"

    def run(self, desk: Desk, world: World) -> object:
        return balance_at("ann", self.moment, desk=desk)


@dataclass(frozen=True, slots=True)
class _Audit:
    name: str = "an audit"

    def run(self, desk: Desk, world: World) -> object:
        return audit_member("ann", desk=desk)


TestBooks = Books.TestCase
TestBooks.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
