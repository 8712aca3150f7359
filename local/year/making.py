"""The year itself: who comes when, what they do, and what the calendar brings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final

from local.year.counter import Counter, zone
from local.year.habits import (
    SHOP,
    Person,
    basket,
    moment,
    newcomers,
    next_visit,
    person,
    score,
    stays,
)
from loyalty.domain.kernel.calendar import add_months, midnight
from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.orders.order import Order
from loyalty.domain.people.identity import Identity, Keyring

MEMBERS: Final = 2_020
MONTHS: Final = 13
SEED: Final = 7

# Times of day in the program's time zone, for sweeps and for mails.
_SWEEPS: Final = (time(0, 10), time(14, 10))
_LETTERS_AT: Final = time(10)
_OFFERS_AT: Final = time(1, 5)

_POPULARITY: Final = {
    "drink": 5.0,
    "pastry": 4.0,
    "five-off": 2.5,
    "fifteen-percent": 2.0,
    "shipping": 1.0,
    "mug": 1.0,
    "tasting": 0.7,
    "trees": 0.5,
}
# The share of members who come within days because of a message.
_MOVED_BY: Final = {
    "points_expiring": 0.2,
    "voucher_expiring": 0.3,
    "tier_ending": 0.2,
    "birthday": 0.3,
    "welcome": 0.15,
    "lapsed": 0.1,
}

# Some members try a higher level for a while.
_TRIAL_AFTER_DAYS: Final = 25
_TRIAL_DAYS: Final = (60, 90, 120)

type Act = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days of a year, both included."""

    first: date
    last: date

    @classmethod
    def until(cls, last: date, *, months: int = MONTHS) -> "Span":
        """Return the days from the first of a month, this many whole months earlier."""
        return cls(first=add_months(last.replace(day=1), -months), last=last)

    @property
    def shown_from(self) -> date:
        """The first day of the reports. Some members joined before it."""
        return add_months(self.first, 1)

    def __iter__(self) -> Iterator[date]:
        days = (self.last - self.first).days + 1
        return (self.first + timedelta(days=number) for number in range(days))


def make_year(span: Span, *, keyring: Keyring, seed: int = SEED, members: int = MEMBERS) -> Counter:
    """Let the days pass for this many members; return the counter with all its books."""
    rng = Random(seed)  # noqa: S311  # the year must come out the same again
    counter = Counter(rng=rng, keyring=keyring, now=midnight(span.first, zone()), last=span.last)
    _Year(span, counter=counter, rng=rng).pass_by(members=members)
    return counter


class _Year:
    """An agenda of acts in order of time. Many acts plan more acts."""

    def __init__(self, span: Span, *, counter: Counter, rng: Random) -> None:
        self._span = span
        self._rng = rng
        self._counter = counter
        self._zone = counter.program.zone
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._turns = count()
        self._order_numbers = count(1001)
        self._people: dict[str, Person] = {}

    def pass_by(self, *, members: int) -> None:
        self._plan_days()
        days = newcomers(self._rng, count=members, first=self._span.first, last=self._span.last)
        for number, day in enumerate(days):
            self._plan_member(person(self._rng, number=number), day)
        for number in range(members, members + members // 3):
            self._plan_guest(person(self._rng, number=number))
        ends_at = midnight(self._span.last + timedelta(days=1), self._zone)
        while self._agenda and self._agenda[0][0] < ends_at:
            self._counter.now, _, act = heappop(self._agenda)
            act()
        self._counter.now = ends_at

    def _plan_days(self) -> None:
        for day in self._span:
            for time_of_day in _SWEEPS:
                self._plan(self._on(day, time_of_day), self._counter.sweep)
            self._plan(self._on(day, _OFFERS_AT), self._counter.offer)
            self._plan(self._on(day, _LETTERS_AT), self._write_letters)

        trial = self._span.first + timedelta(days=_TRIAL_AFTER_DAYS)
        if trial <= self._span.last:
            self._plan(self._on(trial, time(10)), self._give_trials)

    def _give_trials(self) -> None:
        """A manager lets some members try the higher levels for a season."""
        for member_id in self._rng.sample(list(self._people), k=len(self._people) // 8):
            until = self._today() + timedelta(days=self._rng.choice(_TRIAL_DAYS))
            level = self._rng.choice(("silver", "gold"))
            self._counter.grant(member_id, TierFloor(level, until))

    def _plan_member(self, who: Person, day: date) -> None:
        """Plan an enrollment. Some members bought before, as guests, and claim those orders."""
        if self._rng.random() < 0.12:
            for _ in range(self._rng.randint(1, 3)):
                before = day - timedelta(days=self._rng.randint(1, 50))
                if before >= self._span.first:
                    self._come_as_guest(who, before)
        online = self._rng.random() < who.habit.online
        self._plan(
            moment(self._rng, day, online=online, zone=self._zone), partial(self._enroll, who)
        )

    def _plan_guest(self, who: Person) -> None:
        days = list(self._span)
        for _ in range(1 + int(self._rng.expovariate(0.9))):
            self._come_as_guest(who, self._rng.choice(days))

    def _come_as_guest(self, who: Person, day: date) -> None:
        online = self._rng.random() < 0.7
        is_known = online or self._rng.random() < 0.5
        visit_at = moment(self._rng, day, online=online, zone=self._zone)
        self._plan(visit_at, partial(self._buy_as_guest, who, online=online, is_known=is_known))

    def _come(self, who: Person, day: date, *, is_extra: bool = False) -> None:
        online = self._rng.random() < who.habit.online
        visit_at = moment(self._rng, day, online=online, zone=self._zone)
        self._plan(visit_at, partial(self._visit, who, online=online, is_extra=is_extra))

    def _enroll(self, who: Person) -> None:
        card = Identity("card", f"6034-{who.number:05}")
        who.member_id = self._counter.enroll(
            who.email,
            card,
            profile={"name": who.name, "birthday": who.birthday},
            agrees=who.reads_mail,
        )
        if self._people and self._rng.random() < 0.2:
            self._counter.bring(who.member_id, by=self._rng.choice(list(self._people)))
        self._people[who.member_id] = who
        if self._rng.random() < 0.88:
            # They enroll while they are buying.
            self._visit(who, online=False)
        elif self._rng.random() < 0.6:
            self._come(who, next_visit(self._rng, who, after=self._today()))
        if self._rng.random() < 0.01:
            self._in_days(self._rng.randint(10, 60), partial(self._enroll_twice, who))

    def _enroll_twice(self, who: Person) -> None:
        """Enroll a member a second time at a till; a manager merges the two later."""
        twin = self._counter.enroll(
            Identity("card", f"6034-9{who.number:05}"),
            profile={"name": who.name},
            agrees=False,
        )
        self._counter.buy(self._order(who.till), member_id=twin)
        self._in_days(
            self._rng.randint(3, 20), partial(self._counter.merge, twin, into=who.member_id)
        )

    def _buy_as_guest(self, who: Person, *, online: bool, is_known: bool) -> None:
        order = self._order(SHOP if online else who.till)
        if who.member_id:
            self._counter.buy(order, member_id=who.member_id)
        else:
            self._counter.buy(order, guest=who.email if is_known else None)

    def _visit(self, who: Person, *, online: bool, is_extra: bool = False) -> None:
        order = self._order(SHOP if online else who.till)
        self._counter.buy(order, member_id=who.member_id)
        if who.vouchers and self._rng.random() < 0.75:
            code = who.vouchers.pop(0)
            self._counter.use(code, order, member_id=who.member_id, told_by_shop=online)
        if self._rng.random() < who.habit.keen:
            self._redeem(who, order, online=online)
        self._follow_up(who, order)
        self._ask(who, order)
        if is_extra and not who.is_gone:
            # Their next visit is already planned.
            return
        who.is_gone = not stays(self._rng, who)
        if not who.is_gone:
            self._come(who, next_visit(self._rng, who, after=self._today()))

    def _redeem(self, who: Person, order: Order, *, online: bool) -> None:
        account = self._counter.account(who.member_id)
        held = account.holding.spendable if account else 0
        there = [
            each
            for each in self._counter.program.rewards
            if each.offered and each.cost_points <= held
        ]
        there = [each for each in there if online or each.id != "shipping"]
        if not there:
            return
        (reward,) = self._rng.choices(there, [_POPULARITY[each.id] for each in there])
        hold = online and self._rng.random() < 0.2
        had = self._counter.redeem(who.member_id, reward.id, hold=hold)
        if had is None:
            return
        code, redemption_id = had
        chance = self._rng.random()
        if hold and chance < 0.3:
            # They never complete it, and the hold expires.
            return
        if hold:
            self._counter.complete(redemption_id, member_id=who.member_id)
        if chance < 0.35 or reward.kind == "donation":
            self._counter.use(code, order, member_id=who.member_id, told_by_shop=online)
        elif chance < 0.82:
            who.vouchers.append(code)
        elif chance < 0.86:
            undo = partial(self._counter.cancel, redemption_id, member_id=who.member_id)
            self._in_days(1, undo)

    def _follow_up(self, who: Person, order: Order) -> None:
        """Plan what rarely comes with a purchase: refunds, adjustments, transfers, lookups."""
        chance = self._rng.random()
        if chance < 0.02:
            amount = order.amount_minor // 2 if chance < 0.008 else 0
            back = partial(self._counter.refund, order, name="r1", amount_minor=amount)
            self._in_days(self._rng.randint(1, 12), back)
        elif chance < 0.024:
            self._counter.adjust(who.member_id, 100, reason="a drink that was cold")
        elif chance < 0.0245:
            self._counter.adjust(who.member_id, -50, reason="counted twice at the till")
        elif chance < 0.0265:
            taker = self._rng.choice(list(self._people))
            if taker != who.member_id:
                points = 10 * self._rng.randint(10, 40)
                self._counter.transfer(who.member_id, taker, points)
        elif chance > 0.97:
            self._counter.look_up(who.member_id)
        elif chance > 0.9:
            sku, has_photo = self._rng.choice(order.lines).sku or "", self._rng.random() < 0.4
            review = partial(self._counter.review, who.member_id, sku=sku, has_photo=has_photo)
            self._in_days(self._rng.randint(1, 6), review)

    def _ask(self, who: Person, order: Order) -> None:
        """Some answer a survey about the visit, and a few say whether they would recommend us."""
        surveyed = self._rng.random()
        if surveyed < 0.08:
            answer = score(self._rng, who, mean=4, spread=1.2, least=1, most=5)
            self._counter.answer("visit", member_id=who.member_id, order=order, score=answer)
        elif surveyed < 0.13:
            answer = score(self._rng, who, mean=8.3, spread=1.7, least=0, most=10)
            self._counter.answer("friends", member_id=who.member_id, order=None, score=answer)

    def _write_letters(self) -> None:
        for address, message in self._counter.write_letters():
            chance = self._rng.random()
            if chance > 0.996:
                self._counter.bounce(message, address=address)
            elif chance < _MOVED_BY[message.kind]:
                day = self._today() + timedelta(days=self._rng.randint(1, 5))
                self._come(self._people[message.member_id], day, is_extra=True)

    def _order(self, source: str) -> Order:
        online = source == SHOP
        return Order(
            source=source,
            order_id=str(next(self._order_numbers)),
            occurred_at=self._counter.now,
            lines=tuple(basket(self._rng, online=online)),
            channel="web" if online else "pos",
        )

    def _in_days(self, days: int, act: Act) -> None:
        self._plan(self._counter.now + timedelta(days=days), act)

    def _plan(self, due_at: datetime, act: Act) -> None:
        heappush(self._agenda, (due_at.astimezone(UTC), next(self._turns), act))

    def _on(self, day: date, time_of_day: time) -> datetime:
        return datetime.combine(day, time_of_day, self._zone)

    def _today(self) -> date:
        return self._counter.now.astimezone(self._zone).date()
