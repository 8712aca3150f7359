"""Random histories of a program: few members, days around a change of clocks, so much coincides."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from loyalty.domain.account import Account
from loyalty.domain.calendar import NEVER, midnight
from loyalty.domain.changes import Kept
from loyalty.domain.entries import (
    CalendarCause,
    Clawback,
    Effect,
    Entry,
    OrderCause,
    PendingDates,
    Placeholder,
)
from loyalty.edge.reports import Period
from tests.support.ledger import accrual, entry, order, request

ZONES: Final = tuple(map(ZoneInfo, ("America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")))
DAYS: Final = st.dates(date(2026, 10, 27), date(2026, 11, 8))
# Half of them on a midnight: that is where a day more or less is decided.
MOMENTS: Final = st.builds(midnight, DAYS, st.sampled_from(ZONES)) | st.integers(0, 18_000).map(
    lambda minutes: datetime(2026, 10, 27, tzinfo=UTC) + timedelta(minutes=minutes)
)
LOTS: Final = DAYS | st.just(NEVER)
POINTS: Final = st.integers(-300, 300)
MINOR: Final = st.integers(0, 10_000)
MEMBERS: Final = st.sampled_from(["mem_1", "mem_2", "mem_3"])

type _Make = Callable[[int], Entry]


@st.composite
def histories(draw: st.DrawFn) -> list[Kept]:
    """Items as the table may hold them, each under a key of its own."""
    kinds = _accruals() | _clawbacks() | _activations() | _expiries() | _requests()
    entries = draw(st.lists(kinds, max_size=12))
    guests = draw(st.lists(_guests(), max_size=3))
    members = draw(st.lists(_members(), max_size=4))
    makes: list[Callable[[int], Kept]] = [*entries, *guests, *members]
    return [make(number) for number, make in enumerate(makes)]


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first = draw(DAYS)
    return Period(
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 5))),
        zone=draw(st.sampled_from(ZONES)),
        as_of=draw(MOMENTS),
    )


@st.composite
def _effects(draw: st.DrawFn, *, pending: bool = True) -> Effect:
    dates = st.builds(PendingDates, DAYS, LOTS)
    return Effect(
        lots=draw(st.dictionaries(LOTS, POINTS, max_size=3)),
        debt=draw(POINTS),
        pending=draw(st.dictionaries(dates, POINTS, max_size=2)) if pending else {},
    )


@st.composite
def _accruals(draw: st.DrawFn) -> _Make:
    effect, minor, at, recorded_at = draw(st.tuples(_effects(), MINOR, MOMENTS, MOMENTS))

    def make(number: int) -> Entry:
        return accrual(
            order(str(number), amount_minor=minor, at=at),
            lots=effect.lots,
            debt=effect.debt,
            pending=effect.pending,
            recorded_at=recorded_at,
        )

    return make


@st.composite
def _clawbacks(draw: st.DrawFn) -> _Make:
    effect, minor, when = draw(st.tuples(_effects(), MINOR, _when()))

    def make(number: int) -> Entry:
        detail = Clawback(
            source="pos",
            order_id=str(number),
            refund_id="r",
            amount_minor=minor,
            clawed=0,
            owed=0,
            forgiven=0,
            excused=0,
            debt_after=0,
        )
        cause = OrderCause("pos", str(number), "clawback", "r")
        return entry(cause, effect, detail=detail, **when)

    return make


@st.composite
def _activations(draw: st.DrawFn) -> _Make:
    dates = draw(st.builds(PendingDates, DAYS, LOTS))
    points, when = draw(st.tuples(st.integers(1, 300), _when()))
    effect = Effect(lots={dates.expires_on: points}, pending={dates: -points})
    return lambda number: entry(CalendarCause("mem_1", "activation", dates, number), effect, **when)


@st.composite
def _expiries(draw: st.DrawFn) -> _Make:
    lot, points, when = draw(st.tuples(LOTS, st.integers(1, 300), _when()))
    effect = Effect(lots={lot: -points})
    return lambda number: entry(CalendarCause("mem_1", "expiry", (lot,), number), effect, **when)


@st.composite
def _requests(draw: st.DrawFn) -> _Make:
    kind = draw(
        st.sampled_from(
            ["redemption", "return", "adjustment", "bonus", "transfer", "merge", "import"]
        )
    )
    is_spending = kind in {"redemption", "return"}
    effect, when = draw(st.tuples(_effects(pending=not is_spending), _when()))
    return lambda number: request(kind, effect, request_id=str(number), **when)


@st.composite
def _guests(draw: st.DrawFn) -> Callable[[int], Placeholder]:
    minor, at = draw(st.tuples(MINOR, MOMENTS))

    def make(number: int) -> Placeholder:
        paid = order(str(number), amount_minor=minor, at=at)
        return Placeholder(source="pos", order_id=str(number), recorded_at=at, count=1, order=paid)

    return make


@st.composite
def _members(draw: st.DrawFn) -> Callable[[int], Account]:
    status: Any = draw(st.sampled_from(["active", "closed", "merged"]))
    enrolled_at, ended_at = draw(st.tuples(MOMENTS, MOMENTS))
    return lambda number: Account(
        member_id=f"mem_{number}",
        status=status,
        enrolled_at=enrolled_at,
        ended_at=None if status == "active" else ended_at,
    )


def _when() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"member_id": MEMBERS, "at": MOMENTS, "recorded_at": MOMENTS})
