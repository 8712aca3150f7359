"""What reports are computed from: everything that was recorded, and days and sums of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from typing import Any, Final, NamedTuple

from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.engagement.activities import RecordedActivity
from loyalty.domain.engagement.changes import OrderShare
from loyalty.domain.engagement.referrals import Referral
from loyalty.domain.facts import facts_of
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import Account, TierReached
from loyalty.domain.ledger.entries import Accrual, Clawback, Entry
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.reviews import Review
from loyalty.domain.ledger.tiers import level_on, moved
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.program.document import Program
from loyalty.domain.staff.actions import StaffAction
from loyalty.lake.reports import ReportPeriod
from tests.support.ledger import NOON, change

type Row = dict[str, Any]

EARNING: Final = ("accrual", "bonus", "edit")
SPENDING: Final = ("redemption", "return", "contribution")
ADJUSTING: Final = ("adjustment", "import", "merge", "transfer")


class Sale(NamedTuple):
    """An order of a member, a guest or nobody known."""

    who: str
    customer: str
    source: str
    order_id: str
    on: date
    sold_at: datetime
    amount_minor: int
    goods_minor: int


class Move(NamedTuple):
    """Points that an entry moved into a place, and the dates that they carry."""

    kind: str
    member: str
    place: str
    counted_on: date
    available_on: date | None
    expires_on: date
    points: int


class Recorded:
    """Everything that was recorded, as a report of this period and program reads it."""

    def __init__(self, items: Sequence[Any], period: ReportPeriod, document: Program) -> None:
        self.period = period
        self.document = document
        self.today = self.day(period.as_of)
        self.last = min(period.last, self.today)
        self.day_before = min(period.first - timedelta(days=1), self.today)
        self.entries = [item for item in items if isinstance(item, Entry)]
        self.accounts = {item.member_id: item for item in items if isinstance(item, Account)}
        self.vouchers = [item for item in items if isinstance(item, Voucher)]
        self.responses = [item for item in items if isinstance(item, Response)]
        self.staff_actions = [item for item in items if isinstance(item, StaffAction)]
        self.mails = [item for item in items if isinstance(item, Message)]
        self.awards = [item for item in items if isinstance(item, MemberAward)]
        self.brought = [item for item in items if isinstance(item, Referral)]
        self.shares = [item for item in items if isinstance(item, OrderShare)]
        self.done = [item for item in items if isinstance(item, RecordedActivity)]
        self.reviewed = [item for item in items if isinstance(item, Review)]
        self.targetings = [item for item in items if isinstance(item, Targeting)]
        self.sales = list(self._sales(items))
        self.moves = [move for each in self.entries for move in self._moves(each)]

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.period.zone).date()

    def heir(self, member: str) -> str:
        """The final survivor of a member's merges, or the member if there were none."""
        met = [member]
        while (account := self.accounts.get(met[-1])) and account.into:
            if account.into in met:
                return member
            met.append(account.into)
        return met[-1]

    def _sales(self, items: Iterable[Any]) -> Iterator[Sale]:
        for item in items:
            for fact in facts_of(change(item)):
                if fact.kind == "orders":
                    order: Any = fact
                    who = (
                        "members" if order.member_id else "guests" if order.guest_id else "unknown"
                    )
                    customer = self.heir(order.member_id) if order.member_id else order.guest_id
                    yield Sale(
                        who,
                        customer,
                        order.source,
                        order.order_id,
                        self.day(order.occurred_at),
                        order.occurred_at,
                        order.amount_minor,
                        order.goods_minor,
                    )

    def _moves(self, entry: Entry) -> Iterator[Move]:
        on, effect = self.day(entry.counted_at), entry.effect
        for lot, points in effect.lots.items():
            yield Move(entry.kind, entry.member_id, "lot", on, None, lot, points)
        if effect.debt:
            yield Move(entry.kind, entry.member_id, "debt", on, None, NEVER, -effect.debt)
        for (available, expires), points in effect.pending.items():
            yield Move(entry.kind, entry.member_id, "pending", on, available, expires, points)

    def _steps(self) -> list[tuple[date, date]]:
        """The first and the last day of each step, cut to the period."""
        steps: defaultdict[Any, list[date]] = defaultdict(list)
        day = self.period.first
        while day <= self.period.last:
            match self.period.by:
                case "day":
                    steps[day].append(day)
                case "week":
                    steps[day.isocalendar()[:2]].append(day)
                case "month":
                    steps[first_of_month(day)].append(day)
            day += timedelta(days=1)
        return [(min(days), max(days)) for days in steps.values()]

    def _during(self, moment: datetime) -> bool:
        return self.period.first <= self.day(moment) <= self.period.last

    def _flow(self, first: date, last: date, *kinds: str) -> int:
        return sum(
            each.points + each.pending_points
            for each in self.entries
            if each.kind in kinds and first <= self.day(each.counted_at) <= last
        )

    def _stock(self, day: date, seen: date) -> tuple[int, int, int]:
        """What can be spent, what waits, and what is overdue, at the end of a day."""
        spendable = waiting = overdue = 0
        for move in self.moves:
            if move.counted_on > day:
                continue
            if move.expires_on < seen:
                overdue += move.points
            elif move.available_on is not None and move.available_on > seen:
                waiting += move.points
            else:
                spendable += move.points
        return spendable, waiting, overdue

    def _held(self) -> list[Move]:
        return [
            move
            for move in self.moves
            if move.counted_on <= self.period.last and move.expires_on >= self.last
        ]

    def _balance(self, member: str) -> int:
        return sum(
            move.points
            for move in self._held()
            if self.heir(move.member) == member
            and (move.available_on is None or move.available_on <= self.last)
        )

    def _worth(self, points: int) -> int | None:
        value = self.document.point_value
        return int(Fraction(points * value.amount_minor, value.per_points)) if value else None

    def _enrolled_on(self, member: str) -> date:
        return self.day(self.accounts[member].enrolled_at or NOON)

    def _enrolled(self, first: date, last: date) -> int:
        return sum(first <= self._enrolled_on(each) <= last for each in self.accounts)

    def _members_on(self, day: date) -> list[str]:
        return [
            member
            for member, account in self.accounts.items()
            if self._enrolled_on(member) <= day
            and (account.ended_at is None or self.day(account.ended_at) > day)
        ]

    def _active(self, first: date, last: date) -> set[str]:
        return {
            self.heir(each.member_id)
            for each in self.entries
            if each.kind in {"accrual", "redemption"}
            and first <= self.day(each.happened_at) <= last
        }

    def _is_active(self, member: str) -> bool:
        return member in self.accounts and self.accounts[member].status == "active"

    def _cohorts(self) -> dict[date, list[str]]:
        """Members who enrolled in the period, by month; a merged one counts as its survivor."""
        cohorts: defaultdict[date, list[str]] = defaultdict(list)
        for member, account in self.accounts.items():
            enrolled_on = self._enrolled_on(member)
            is_merged = account.status == "merged"
            if not is_merged and self.period.first <= enrolled_on <= self.period.last:
                cohorts[first_of_month(enrolled_on)].append(member)
        return dict(sorted(cohorts.items()))

    def _sold(self, who: str, first: date, last: date) -> list[Sale]:
        return [each for each in self.sales if each.who == who and first <= each.on <= last]

    def _bought(self, who: str, *, first: date = date.min) -> dict[str, list[Sale]]:
        """By customer, until the end of the period."""
        bought: defaultdict[str, list[Sale]] = defaultdict(list)
        for each in self._sold(who, first, self.period.last):
            bought[each.customer].append(each)
        return dict(bought)

    def _refunds(self, first: date, last: date) -> Counter[str]:
        """By source."""
        refunds: Counter[str] = Counter()
        for each in self.entries:
            if isinstance(each.detail, Clawback) and first <= self.day(each.happened_at) <= last:
                refunds[each.detail.source] += each.detail.amount_minor
        return refunds

    def _refunds_of_members(self, first: date, last: date) -> Counter[str]:
        refunds: Counter[str] = Counter()
        for each in self.entries:
            if isinstance(each.detail, Clawback) and first <= self.day(each.happened_at) <= last:
                refunds[self.heir(each.member_id)] += each.detail.amount_minor
        return refunds

    def _levels(self, day: date, until: date) -> dict[str, str | None]:
        """Each member's level, from what was recorded until then, as the product computes it."""
        counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in self.entries:
            detail = each.detail
            if (
                isinstance(detail, Accrual | Clawback)
                and detail.qualifying
                and self.day(each.recorded_at) <= until
            ):
                counted[each.member_id][detail.qualifying.counter] += detail.qualifying.amount
        together: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for member, counters in counted.items():
            for name, amount in self._moved(member, counters).items():
                together[self.heir(member)][name] += amount
        reached: defaultdict[str, set[TierReached]] = defaultdict(set)
        for each in self.entries:
            if self.day(each.recorded_at) <= until:
                reached[self.heir(each.member_id)].update(each.tier_reached)
        levels = {}
        for member in self._members_on(until):
            account = replace(
                self.accounts[member],
                qualifying=together[member],
                tier_reached=tuple(sorted(reached[member])),
            )
            level = level_on(account, self.document, day=day)
            levels[member] = level.id if level else None
        return levels

    def _moved(self, member: str, counters: Counter[str]) -> Mapping[str, int]:
        heir = self.accounts.get(self.heir(member))
        account = self.accounts.get(member)
        if account is None or heir is None or account is heir or account.ended_at is None:
            return counters
        loser = replace(account, qualifying=counters)
        return moved(loser, heir, self.document, day=self.day(account.ended_at))


def ratio(part: int, total: int) -> float | None:
    """To six decimals, halves away from zero; of nothing there is none."""
    if total <= 0:
        return None
    exact = Decimal(part) / Decimal(total)
    return float(exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP))


def iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def add_months(month: date, number: int) -> date:
    year, index = divmod(month.year * 12 + month.month - 1 + number, 12)
    return date(year, index + 1, 1)


def revenue_of(sold: Iterable[Sale]) -> int:
    return sum(each.amount_minor for each in sold)


def quartiles(values: Sequence[int]) -> Row:
    names = {"days_p25": 0.25, "days_median": 0.5, "days_p75": 0.75}
    ordered = sorted(values)
    return {
        name: ordered[max(0, ceil(part * len(ordered)) - 1)] if ordered else None
        for name, part in names.items()
    }
