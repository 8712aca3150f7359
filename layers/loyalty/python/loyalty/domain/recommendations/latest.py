"""What is known of a member for one answer: what they bought lately, earn, and will lose soon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import lapse_of
from loyalty.domain.ledger.holding import ends_on
from loyalty.domain.program.kinds import CHARGES
from loyalty.domain.recommendations.scoring import EarningPace, EndingPoints
from loyalty.domain.recommendations.things import Thing

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import PublishedProgram

# Points that end later are no reason yet.
ENDING_DAYS: Final = 60
_PACE_DAYS: Final = 90
# The first order of a new member says nothing about the next ones.
_PACE_DAYS_MIN: Final = 30
_OF_ORDERS: Final = frozenset({"accrual", "clawback", "edit"})


def things_in(orders: Iterable[Order]) -> Mapping[Thing, int]:
    """In how many of these orders each thing was; charges such as shipping are none."""
    found: Counter[Thing] = Counter()
    for order in orders:
        lines = [line for line in order.lines if line.category not in CHARGES]
        found.update(
            {Thing("sku", line.sku) for line in lines if line.sku}
            | {Thing("category", each) for line in lines for each in line.categories}
        )
    return found


def pace_of(
    newest: Sequence[Entry], *, is_all: bool, enrolled_at: datetime, now: datetime
) -> EarningPace:
    """How many points a member earns by orders, less refunds, by their newest entries.

    `is_all`: they have no entries but these.
    """
    since = max(
        now - timedelta(days=_PACE_DAYS), min(enrolled_at, now - timedelta(days=_PACE_DAYS_MIN))
    )
    if not is_all and newest:
        since = max(since, min(entry.recorded_at for entry in newest))
    points = sum(
        entry.points + entry.pending_points
        for entry in newest
        if entry.kind in _OF_ORDERS and entry.recorded_at >= since
    )
    return EarningPace(points, max(1, (now - since).days))


def ending_points(
    account: Account, program: PublishedProgram, *, today: date
) -> EndingPoints | None:
    """The points of an account that end next, if that is soon."""
    lapses_after = lapse_of(account, program)
    by_day: Counter[date] = Counter()
    for lot, points in account.holding.lots.items():
        by_day[ends_on(lot, lapses_after, spared=account.reinstated)] += points
    days = [day for day in +by_day if day != NEVER]
    if not days or min(days) > today + timedelta(days=ENDING_DAYS):
        return None
    return EndingPoints(by_day[min(days)], min(days))
