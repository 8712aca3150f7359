"""What members bought in a period and before it: as sums, less refunds, of those who were there."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from loyalty.domain.campaigns.visible_effects import Purchases
from loyalty.domain.changes import Record
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Entry
from loyalty.lake import purchase_spread, reports
from tests.support.documents import program
from tests.support.lake import PARIS, Home
from tests.support.ledger import NOON, accrual, change, order

LONG_AGO: Final = NOON - timedelta(days=99)
DAYS: Final = (date(2026, 11, 20), date(2026, 11, 22))
A_YEAR_BEFORE: Final = (date(2025, 11, 21), date(2025, 11, 23))


def bought(member_id: str, amount_minor: int, *, days_ago: int) -> Entry:
    moment = NOON - timedelta(days=days_ago)
    name = f"{member_id}-{days_ago}"
    paid = order(name, amount_minor=amount_minor, occurred_at=moment)
    return replace(accrual(paid), member_id=member_id, happened_at=moment)


def test_each_member_counts_who_was_there_before_both_periods(tmp_path: Path) -> None:
    """Of 20 to 22 November, and of 17 to 19 before them."""
    merged: dict[str, Any] = {"status": "merged", "into": "mem_1", "ended_at": NOON}
    items: list[Record] = [
        Account(member_id="mem_1", enrolled_at=LONG_AGO),
        Account(member_id="mem_2", enrolled_at=LONG_AGO),
        Account(member_id="mem_new", enrolled_at=NOON - timedelta(days=2)),
        Account(member_id="mem_gone", enrolled_at=LONG_AGO, status="closed", ended_at=NOON),
        Account(member_id="mem_old", enrolled_at=LONG_AGO, **merged),
        bought("mem_1", 300, days_ago=0),
        bought("mem_old", 50, days_ago=1),
        bought("mem_1", 7, days_ago=2),
        bought("mem_1", 90_000, days_ago=5),
        bought("mem_2", 20, days_ago=4),
        bought("mem_new", 5000, days_ago=1),
        bought("mem_gone", 5000, days_ago=1),
    ]
    home = Home(tmp_path)
    home.write([change(item) for item in items], name="all")

    with reports.querying(
        home.fetch(),
        kinds=purchase_spread.KINDS,
        document=program(),
        zone=PARIS,
        until=DAYS[1],
    ) as connected:
        found = purchase_spread.compared(connected, (A_YEAR_BEFORE, DAYS), zone=PARIS)

    assert (found.days, found.members_now) == (DAYS, 3)
    assert found.purchases == Purchases(
        members=2, x=7 + 20, y=350, xx=49 + 400, xy=7 * 350, yy=350**2
    )
