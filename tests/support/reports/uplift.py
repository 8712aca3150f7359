"""What campaigns brought in, by loops over people and exact fractions."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import log, sqrt
from typing import Any, Final

import pytest

from loyalty.domain.campaigns.holdouts import lot
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.entries import Accrual, Clawback
from loyalty.domain.program.campaigns import Campaign
from tests.support.ledger import NOON
from tests.support.reports.recorded import Recorded, Row

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
GIVING: Final = ("accrual", "bonus", "edit", "activation")


@dataclass
class Person:
    """Whether each id of a person is held out, and what they bought before and during."""

    held: list[bool] = field(default_factory=list)
    elsewhere: list[bool] = field(default_factory=list)
    was_there: bool = False
    before: list[int] = field(default_factory=lambda: [0, 0])
    during: list[int] = field(default_factory=lambda: [0, 0])
    has_bought: bool = False

    def values(self, measure: str) -> tuple[int, int]:
        """What is measured of them before and during."""
        match measure:
            case "revenue":
                return self.before[0], self.during[0]
            case "orders":
                return self.before[1], self.during[1]
            case _:
                return int(self.before[1] > 0), int(self.during[1] > 0)


class UpliftReports(Recorded):
    """The report on campaigns with a holdout."""

    def campaign_uplift(self) -> list[Row]:
        found = [self._uplift(each) for each in (None, *self.document.campaigns)]
        return [row for row in found if row]

    def _uplift(self, campaign: Campaign | None) -> Row | None:
        """The row of a campaign, or of all together."""
        everywhere = self.document.universal_holdout
        holdout = campaign.holdout if campaign else everywhere
        if holdout is None:
            return None
        when = campaign.when if campaign else None
        zone = self.document.zone
        begins = midnight(when.starts_on, zone) if when and when.starts_on else None
        ends = midnight(when.ends_on + timedelta(days=1), zone) if when and when.ends_on else None
        first = midnight(self.period.first, self.period.zone)
        now = min(
            self.period.as_of, midnight(self.period.last + timedelta(days=1), self.period.zone)
        )
        start, end = begins or first, min(ends or now, now)
        if start >= end or (ends is not None and ends <= first):
            return None
        people = self._people(campaign, start, end, start - (end - start) if begins else start)
        compared = {name: each for name, each in people.items() if not any(each.elsewhere)}
        members = {name: each for name, each in compared.items() if not any(each.held)}
        held = {name: each for name, each in compared.items() if all(each.held)}
        is_over = ends is not None and ends <= now
        measured = {
            measure: _interval(
                [each.values(measure) for each in members.values()],
                [each.values(measure) for each in held.values()],
                is_over=is_over,
            )
            for measure in ("revenue", "orders", "active")
        }
        points = self._given(campaign, start, end, members)
        row = {
            "campaign_id": campaign.id if campaign else None,
            "state": "ended" if is_over else "running",
            "members": len(members),
            "held_out": len(held),
            "left_out": len(compared) - len(members) - len(held),
        }
        split = _surprise(len(members), len(held), holdout.percent)
        return row | self._judged(measured, len(members), len(held), points, split=split)

    def _people(
        self, campaign: Campaign | None, start: datetime, end: datetime, looks_from: datetime
    ) -> dict[str, Person]:
        everywhere = self.document.universal_holdout if campaign else None
        drawn = (campaign and campaign.holdout) or self.document.universal_holdout
        assert drawn
        salt = campaign.salt if campaign else str(drawn.salt)
        people: defaultdict[str, Person] = defaultdict(Person)
        for member, account in self.accounts.items():
            enrolled_at = account.enrolled_at or NOON
            if enrolled_at < end and (account.ended_at is None or account.ended_at > start):
                person = people[self.heir(member)]
                person.held.append(lot("bean", salt, member) < drawn.percent * 100)
                person.was_there |= enrolled_at < start
                if everywhere:
                    number = lot("bean", everywhere.salt, member)
                    person.elsewhere.append(number < everywhere.percent * 100)
        for name, sold_at, money, orders in self._payments():
            if name not in people:
                continue
            person = people[name]
            person.has_bought |= orders > 0 and sold_at < start
            for since, until, sums in (
                (looks_from, start, person.before),
                (start, end, person.during),
            ):
                if since <= sold_at < until:
                    sums[0] += money
                    sums[1] += orders
        is_first_only = (
            campaign is not None
            and campaign.members is not None
            and (campaign.members.fact == "first_order")
        )
        return {
            name: each
            for name, each in people.items()
            if (not each.has_bought if is_first_only else each.was_there)
        }

    def _payments(self) -> Iterator[tuple[str, datetime, int, int]]:
        for each in self.sales:
            if each.who == "members":
                yield each.customer, each.sold_at, each.amount_minor, 1
        for entry in self.entries:
            if isinstance(entry.detail, Clawback) and entry.detail.amount_minor > 0:
                yield (
                    self.heir(entry.member_id),
                    entry.happened_at,
                    -entry.detail.amount_minor,
                    0,
                )

    def _given(
        self, campaign: Campaign | None, start: datetime, end: datetime, members: dict[str, Person]
    ) -> int:
        """Points of orders of members in the time, less those that were taken back since."""
        points: defaultdict[tuple[str, str], int] = defaultdict(int)
        mine = set()
        for entry in self.entries:
            match entry.detail:
                case Accrual() as earned:
                    name = (earned.order.source, earned.order.order_id)
                    if start <= entry.happened_at < end and self.heir(entry.member_id) in members:
                        mine.add(name)
                    for share in earned.shares:
                        if share.rule_id in earned.campaigns and _is(campaign, share.rule_id):
                            points[name] += share.points
                case Clawback() as clawback:
                    for campaign_id, taken in clawback.campaign_points.items():
                        if _is(campaign, campaign_id):
                            points[clawback.source, clawback.order_id] += taken
                case _:
                    pass
        return sum(points[name] for name in mine)

    def _judged(
        self,
        measured: dict[str, tuple[float, float] | None],
        members: int,
        held: int,
        points: int,
        *,
        split: float,
    ) -> Row:
        """The figures of a row, and what they prove."""
        cost, net = self._worth(points), self._net(points)
        margin = self.document.economics
        part = margin.gross_margin_percent / 100 if margin else None
        row: Row = {}
        for measure, unit in (("revenue", "_minor"), ("orders", ""), ("active", "")):
            named = (
                ("uplift_minor", "low_minor", "high_minor")
                if unit
                else tuple(f"{measure}_{what}" for what in ("uplift", "low", "high"))
            )
            found = measured[measure]
            values = (found[0], found[0] - found[1], found[0] + found[1]) if found else (None,) * 3
            row |= {
                name: _near(value, 0.0051 if unit else 0.000051)
                for name, value in zip(named, values, strict=True)
            }
        revenue = measured["revenue"]
        extra = revenue[0] * members if revenue else None
        row |= {"points": points, "cost_minor": cost, "net_cost_minor": net}
        row["extra_minor"] = _near(extra, 0.51)
        row["margin_minor"] = _near(extra * part if extra is not None and part else None, 0.51)
        row["break_even"] = (
            _near(cost / extra, 1e-3 + abs(cost / extra / extra))
            if cost is not None and extra is not None and extra > 0.5
            else None
        )
        return row | {
            "effect": _effect(revenue, members, held, split),
            "outcome": self._outcome(revenue, members, held, split=split, cost=cost, net=net),
        }

    def _outcome(
        self,
        revenue: tuple[float, float] | None,
        members: int,
        held: int,
        *,
        split: float,
        cost: int | None,
        net: int | None,
    ) -> str | None:
        if min(members, held) < 100 or split > 10.83:
            return "not_proven"
        margin = self.document.economics
        if cost is None or margin is None or revenue is None:
            return None
        low, high = (
            (revenue[0] + sign * revenue[1]) * members * margin.gross_margin_percent / 100
            for sign in (-1, 1)
        )
        if low >= cost:
            return "pays"
        return "loses" if high < (cost if net is None else net) else "not_proven"

    def _net(self, points: int) -> int | None:
        """The worth of points less the share that expired of those whose months are over."""
        cost, month = self._worth(points), self.last.replace(day=1)
        over = [
            move
            for move in self.moves
            if move.place == "lot"
            and move.counted_on <= self.period.last
            and move.expires_on < month
        ]
        issued = sum(move.points for move in over if move.kind in GIVING)
        expired = sum(move.points for move in over if move.kind != "expiry")
        if cost is None or issued <= 0:
            return None
        lost = max(0, min(expired, issued))
        return cost - (2 * cost * lost + issued) // (2 * issued)


def _is(campaign: Campaign | None, campaign_id: str) -> bool:
    return campaign is None or campaign.id == campaign_id


def _near(value: float | None, within: float) -> Any:
    """A value as it may be rounded."""
    return None if value is None else pytest.approx(value, abs=within, rel=1e-9)


def _effect(revenue: tuple[float, float] | None, members: int, held: int, split: float) -> str:
    if min(members, held) < 100:
        return "too_few"
    if split > 10.83:
        return "wrong_split"
    assert revenue
    uplift, half = revenue
    return "more" if uplift > half else "less" if uplift < -half else "not_proven"


def _surprise(members: int, held: int, percent: int) -> float:
    if not members + held:
        return 0
    expected = (members + held) * percent / 100
    others = members + held - expected
    return (held - expected) ** 2 / expected + (members - others) ** 2 / others


def _interval(
    members: Sequence[tuple[int, int]], held: Sequence[tuple[int, int]], *, is_over: bool
) -> tuple[float, float] | None:
    """The difference of means, and how far it may be off."""
    if min(len(members), len(held)) < 2:
        return None
    pooled = [*members, *held]
    spread = _product(pooled, 0, 0)
    theta = _product(pooled, 0, 1) / spread if spread else Fraction(0)
    adjusted = [
        [Fraction(during) - theta * before for before, during in part] for part in (members, held)
    ]
    means = [sum(part) / len(part) for part in adjusted]
    variance = sum(
        sum((value - mean) ** 2 for value in part) / (len(part) - 1) / len(part)
        for part, mean in zip(adjusted, means, strict=True)
    )
    error, n = sqrt(variance), len(pooled)
    return float(means[0] - means[1]), error * (1.959964 if is_over else _always_valid(n))


def _always_valid(n: int) -> float:
    """Waudby-Smith and others, 2021, equation 9, as a factor of the standard error."""
    alpha = 0.05
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / 5000
    return sqrt(2 * (n * rho2 + 1) / (n * rho2) * log(sqrt(n * rho2 + 1) / alpha))


def _product(pairs: Sequence[tuple[int, int]], one: int, other: int) -> Fraction:
    means = [Fraction(sum(pair[place] for pair in pairs), len(pairs)) for place in (one, other)]
    return sum(
        ((pair[one] - means[0]) * (pair[other] - means[1]) for pair in pairs), start=Fraction(0)
    )
