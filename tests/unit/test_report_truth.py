"""What must hold of any lake: reports are what plain arithmetic says, and agree with each other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.domain.changes import Kept
from loyalty.edge import reports
from loyalty.edge.reports import Period
from tests.support.histories import documents, histories, periods
from tests.support.lake import Home, Row
from tests.support.ledger import change
from tests.support.recomputed import Recomputed

# Each example writes a lake and asks the engine, a tenth of a second: shrinking would take minutes.
thorough: Final = settings(
    max_examples=10,
    deadline=None,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

FLOWS: Final = (
    "new_members",
    "orders",
    "revenue_minor",
    "guest_orders",
    "guest_revenue_minor",
    "redemptions",
    "points_earned",
    "points_redeemed",
    "points_clawed_back",
    "points_expired",
    "points_adjusted",
)
STOCKS: Final = ("members", "points_pending", "points_outstanding")


@pytest.fixture
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home for each example."""

    def new_home(items: Sequence[Kept]) -> Home:
        home = Home(tmp_path_factory.mktemp("home"))
        home.write([change(item) for item in items], name="all")
        return home

    return new_home


@thorough
@given(items=histories(), period=periods(), data=st.data())
def test_every_report_is_what_plain_arithmetic_says(
    new_home: Any, items: list[Kept], period: Period, data: st.DataObject
) -> None:
    document = data.draw(documents(zone=period.zone))
    home, recomputed = new_home(items), Recomputed(items, period, document)

    for name in reports.names():
        assert home.rows(name, period, document=document) == recomputed.rows(name), name


@thorough
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


@thorough
@given(items=histories(), period=periods())
def test_reports_agree(new_home: Any, items: list[Kept], period: Period) -> None:
    home = new_home(items)

    summary, trend = home.answer(period), home.rows("trend", period)
    sources, liability = home.rows("sources", period), home.rows("liability", period)
    members, tiers = home.rows("members", period), home.rows("tiers", period)

    assert {name: _sum(trend, name) for name in FLOWS} == {name: summary[name] for name in FLOWS}
    assert {name: trend[-1][name] for name in STOCKS} == {name: summary[name] for name in STOCKS}
    for name in ("orders", "revenue_minor", "guest_orders", "guest_revenue_minor"):
        assert _sum(sources, name) == summary[name]
    held = {state: _sum(_only(liability, state=state), "points") for state in ("debt", "available")}
    assert held["available"] + held["debt"] == summary["points_outstanding"]
    assert _sum(_only(liability, state="pending"), "points") == summary["points_pending"]
    assert _sum(members, "new_members") == summary["new_members"]
    left = _sum(_only(tiers, level_after="gone"), "members")
    assert members[-1]["members"] == summary["members"] == _sum(tiers, "members") - left


@thorough
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


def _sum(rows: list[Row], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def _only(rows: list[Row], **told: str) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in told.items())]
