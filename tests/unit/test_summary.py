"""The summary against a recomputation in plain Python, on random histories."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.domain.account import Account
from loyalty.domain.changes import Kept
from loyalty.domain.entries import Accrual, Clawback, Entry, Placeholder
from loyalty.edge.reports import Cell, Period
from tests.support.histories import histories, periods
from tests.support.lake import Home
from tests.support.ledger import NOON, change

# Each example writes a lake and asks the engine, a tenth of a second: shrinking would take minutes.
thorough: Final = settings(
    max_examples=40,
    deadline=None,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hasty: Final = settings(parent=thorough, max_examples=15)


@pytest.fixture
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home for each example."""

    def new_home(items: Sequence[Kept]) -> Home:
        home = Home(tmp_path_factory.mktemp("home"))
        home.write([change(item) for item in items], name="all")
        return home

    return new_home


@thorough
@given(items=histories(), period=periods())
def test_the_summary_is_what_plain_arithmetic_says(
    new_home: Any, items: list[Kept], period: Period
) -> None:
    assert new_home(items).answer(period) == Recomputed(items, period).answer()


@hasty
@given(items=histories(), period=periods())
def test_what_changed_over_a_period_is_what_flowed_in_it(
    new_home: Any, items: list[Kept], period: Period
) -> None:
    day_before = period.first - timedelta(days=1)
    home = new_home(items)

    after = home.answer(period)
    before = home.answer(replace(period, first=day_before, last=day_before))

    assert _held(after) - _held(before) == (
        after["points_earned"]
        - after["points_clawed_back"]
        - after["points_redeemed"]
        - after["points_expired"]
        + after["points_adjusted"]
    )


@hasty
@given(items=histories(), period=periods(), cuts=st.lists(st.integers(0, 19), max_size=4))
def test_a_stream_told_three_times_in_other_batches_changes_nothing(
    new_home: Any, items: list[Kept], period: Period, cuts: list[int]
) -> None:
    home = new_home(items)
    once = home.answer(period)
    changes = [change(item) for item in items]
    ends = sorted({*cuts, len(changes)})

    for start, end in zip([0, *ends], ends, strict=False):
        home.write(changes[start:end], name=f"{start}-{end}")
    home.write(changes[::-1], name="backwards")

    assert home.answer(period) == once


def _held(answer: dict[str, Any]) -> int:
    held: int = answer["points_outstanding"] + answer["points_pending"]
    return held


class Recomputed:
    """The summary once more, by local days instead of instants."""

    def __init__(self, items: Sequence[Kept], period: Period) -> None:
        self._period = period
        self._entries = [item for item in items if isinstance(item, Entry)]
        self._members = [item for item in items if isinstance(item, Account)]
        self._guests = [item.order for item in items if isinstance(item, Placeholder)]
        self._today = self._day(period.as_of)

    def answer(self) -> dict[str, Cell]:
        earned = self._flow("accrual", "bonus", "edit")
        redeemed = self._flow("return", "redemption") * -1
        day_before = self._period.first - timedelta(days=1)
        spendable, waiting, overdue = self._stock(self._period.last)
        return self._people() | {
            "redemptions": self._count("redemption") - self._count("return"),
            "points_earned": earned,
            "points_redeemed": redeemed,
            "points_clawed_back": -self._flow("clawback"),
            "points_expired": overdue - self._stock(day_before)[2] - self._flow("expiry"),
            "points_adjusted": self._flow("adjustment", "import", "merge", "transfer"),
            "points_pending": waiting,
            "points_outstanding": spendable,
            "redemption_rate": _rate(redeemed, earned),
        }

    def _people(self) -> dict[str, Cell]:
        during, last = self._during, self._period.last
        details = [each.detail for each in self._entries if during(each.happened_at)]
        sold = [each.order.amount_minor for each in details if isinstance(each, Accrual)]
        refunded = [each.amount_minor for each in details if isinstance(each, Clawback)]
        guests = [each.amount_minor for each in self._guests if each and during(each.occurred_at)]
        began = [self._day(each.enrolled_at or NOON) for each in self._members]
        ended = [self._day(each.ended_at) if each.ended_at else date.max for each in self._members]
        active = {
            each.member_id
            for each in self._entries
            if each.kind in {"accrual", "redemption"} and during(each.happened_at)
        }
        return {
            "members": sum(start <= last < end for start, end in zip(began, ended, strict=True)),
            "new_members": sum(self._period.first <= start <= last for start in began),
            "active_members": len(active),
            "orders": len(sold),
            "revenue_minor": sum(sold) - sum(refunded),
            "guest_orders": len(guests),
            "guest_revenue_minor": sum(guests),
        }

    def _stock(self, day: date) -> tuple[int, int, int]:
        """What can be spent, what waits, and what is overdue, at the end of a day."""
        spendable = waiting = overdue = 0
        seen_on = min(day, self._today)
        for each in self._entries:
            if self._day(each.counted_at) > day:
                continue
            spendable -= each.effect.debt
            places = [(date.min, lot, points) for lot, points in each.effect.lots.items()]
            places += [(*dates, points) for dates, points in each.effect.pending.items()]
            for available_on, expires_on, points in places:
                if expires_on < seen_on:
                    overdue += points
                elif available_on <= seen_on:
                    spendable += points
                else:
                    waiting += points
        return spendable, waiting, overdue

    def _flow(self, *kinds: str) -> int:
        return sum(
            each.points + each.pending_points
            for each in self._entries
            if each.kind in kinds and self._during(each.counted_at)
        )

    def _count(self, kind: str) -> int:
        return sum(each.kind == kind and self._during(each.counted_at) for each in self._entries)

    def _during(self, moment: datetime) -> bool:
        return self._period.first <= self._day(moment) <= self._period.last

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._period.zone).date()


def _rate(part: int, total: int) -> float | None:
    if total <= 0:
        return None
    exact = Decimal(part) / Decimal(total)
    return float(exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP))
