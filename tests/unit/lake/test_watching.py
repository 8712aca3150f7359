"""Watches find what they look for, at their thresholds and not below, and of whom."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.changes import Record
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Adjustment, Clawback, OrderCause, Redemption
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.refunds import OrderState, RecordedState
from loyalty.domain.orders.order import OrderRef
from loyalty.lake.watching import LakeFindings
from loyalty.usecases.program.watches import Found
from tests.support.documents import program
from tests.support.lake import Home
from tests.support.ledger import LOT, accrual, change, entry, order, request

DAY: Final = timedelta(days=1)
LAST: Final = date(2026, 11, 21)
# Eleven in the morning in Paris, the program's zone.
MORNING: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
NIGHT: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)


def sold(
    name: str, minor: int = 4999, *, sold_at: datetime = MORNING, by: str | None = None
) -> Record:
    """An order of Ana's."""
    found = accrual(order(name, amount_minor=minor, occurred_at=sold_at), recorded_at=sold_at)
    return replace(found, member_id="ana", recorded_by=by)


def refunded(name: str) -> Record:
    detail = Clawback(
        source="pos",
        order_id=name,
        refund_id="r1",
        amount_minor=4999,
        clawed=0,
        owed=0,
        forgiven=0,
        excused=0,
        debt_after=0,
    )
    cause = OrderCause("pos", name, "clawback", "r1")
    return replace(entry(cause, Holding(), detail=detail, happened_at=MORNING), member_id="ana")


def forgiven(name: str) -> Record:
    state = OrderState(forgiven=5, counter=1, changed_at=MORNING)
    return RecordedState(ref=OrderRef("pos", name), state=state)


def adjusted(name: str, points: int, *, member: str = "ana") -> Record:
    why = Adjustment(reason="goodwill", reference=None)
    moved = Holding(lots={LOT: points})
    found = request("adjustment", moved, request_id=name, detail=why, recorded_at=MORNING)
    return replace(found, member_id=member, recorded_by="bea")


def redeemed(minutes: int) -> Record:
    redeemed_at = MORNING + timedelta(minutes=minutes)
    what = Redemption(redemption_id="red_1", reward_id="latte", code="7K2M")
    found = request("redemption", Holding(lots={LOT: -40}), detail=what, recorded_at=redeemed_at)
    return replace(found, member_id="ana", happened_at=redeemed_at)


def found(home: Home, records: Sequence[Record], **watch: Any) -> list[Found]:
    """What a watch finds of Ana, who is a member."""
    ana = Account(member_id="ana", enrolled_at=datetime(2026, 1, 1, tzinfo=UTC))
    home.write([change(each, made_at=MORNING) for each in (ana, *records)], name="1-1")
    document = program(watches=[{"id": "w", **watch}])
    findings = LakeFindings(
        document=document,
        now=MORNING + DAY,
        fetch=lambda _kinds, _columns: home.fetch(),
        connect=home.engine.over,
    )
    return list(findings.find(document.watches[0], last=LAST))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


MONTH: Final = "2026-11"
FOUR: Final = [sold(name) for name in "abcd"]
CASES: Final[dict[str, tuple[list[Record], dict[str, Any], Found]]] = {
    "refunds": (
        [*FOUR, refunded("a"), refunded("b")],
        {"percent_at_least": 50},
        Found("ana", None, MONTH, 50),
    ),
    "forgiven": (
        [sold("a"), sold("b"), forgiven("a"), forgiven("b")],
        {"times_at_least": 2},
        Found("ana", None, MONTH, 2),
    ),
    "one_till": (
        [sold(name, by="bea") for name in "abc"],
        {"sources": ["pos"], "orders_at_least": 3},
        Found("ana", "bea", f"{MONTH}#bea", 3),
    ),
    "even_amounts": (
        [sold(name, 5000) for name in "abc"],
        {"sources": ["pos"], "multiple_of_minor": 1000, "orders_at_least": 3},
        Found("ana", None, MONTH, 3),
    ),
    "out_of_hours": (
        [sold("a", sold_at=NIGHT, by="bea"), sold("b", by="bea")],
        {"sources": ["pos"], "opens_at": "05:01", "closes_at": "20:00", "orders_at_least": 1},
        Found(None, "bea", "2026-11-21#bea", 1),
    ),
    "near_limit": (
        [adjusted("1", 45), adjusted("2", 50), adjusted("3", 51)],
        {"points_from": 45, "points_to": 50, "times_at_least": 2},
        Found(None, "bea", f"{MONTH}#bea", 2),
    ),
    "few_members": (
        [adjusted("1", 45), adjusted("2", -5), adjusted("3", 9), adjusted("4", 1, member="ben")],
        {"members_at_most": 1, "times_at_least": 4, "percent_at_least": 75},
        Found(None, "bea", f"{MONTH}#bea", 75),
    ),
    "quick_redemption": (
        [sold("a"), redeemed(10)],
        {"points_at_least": 49, "minutes": 10},
        Found("ana", None, "red_1", 49),
    ),
}
# The same watches with a threshold that the same history does not reach.
BEYOND: Final[dict[str, dict[str, Any]]] = {
    "refunds": {"percent_at_least": 51},
    "forgiven": {"times_at_least": 3},
    "one_till": {"orders_at_least": 4},
    "even_amounts": {"multiple_of_minor": 3000},
    "out_of_hours": {"opens_at": "05:00"},
    "near_limit": {"points_to": 49},
    "few_members": {"percent_at_least": 76},
    "quick_redemption": {"minutes": 9},
}


@pytest.mark.parametrize("kind", CASES)
def test_a_watch_finds_what_reaches_its_threshold(home: Home, kind: str) -> None:
    records, thresholds, expected = CASES[kind]

    assert found(home, records, kind=kind, **thresholds) == [expected]


@pytest.mark.parametrize("kind", CASES)
def test_a_watch_finds_nothing_below_its_threshold(home: Home, kind: str) -> None:
    records, thresholds, _ = CASES[kind]

    assert found(home, records, kind=kind, **thresholds | BEYOND[kind]) == []


def test_tills_are_told_from_shops_by_their_source(home: Home) -> None:
    records, thresholds, _ = CASES["one_till"]

    assert found(home, records, kind="one_till", **thresholds | {"sources": ["shop"]}) == []


def test_what_is_older_than_the_days_of_a_watch_does_not_count(home: Home) -> None:
    old = [sold(name, sold_at=MORNING - 3 * DAY, by="bea") for name in "ab"]
    thresholds = {"sources": ["pos"], "orders_at_least": 3, "days": 3}

    assert found(home, [*old, sold("c", by="bea")], kind="one_till", **thresholds) == []


def test_members_who_left_are_not_found(home: Home) -> None:
    records, thresholds, _ = CASES["even_amounts"]
    enrolled_at = datetime(2026, 1, 1, tzinfo=UTC)
    gone = Account(member_id="ana", status="closed", enrolled_at=enrolled_at, ended_at=MORNING)

    assert found(home, [*records, gone], kind="even_amounts", **thresholds) == []
