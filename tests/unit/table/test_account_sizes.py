"""How large an account grows with its lots, as the page about the architecture says."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.shops.deliveries import log_id
from loyalty.table.attribution import CAUSED_BY
from loyalty.table.records.accounts import account_to_item
from loyalty.table.sizes import item_size

PAGE: Final = Path(__file__).parents[3] / "docs" / "architecture.md"
TODAY: Final = date(2026, 11, 21)
NOW: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
# A delivery has the longest name of all causes.
DELIVERY: Final = log_id(NOW, "0" * 24)


def account(lots: int, *, days: int, pending: int = 0) -> Account:
    """An account of a year's orders, at a level, with lots of 40 points some days apart."""
    held = {TODAY + timedelta(days=days * (1 + nth)): 40 for nth in range(lots)}
    waiting = {
        PendingDates(TODAY + timedelta(days=nth), TODAY + timedelta(days=365 + nth)): 40
        for nth in range(pending)
    }
    return Account(
        member_id="mem_01J0000000000000000000000A",
        balance=40 * lots,
        holding=Holding(lots=held, debt=0, pending=waiting),
        entries=120,
        qualifying={"2026": 123_450},
        redeemed={"latte": 3},
        due=min(held),
        active_on=TODAY,
        orders=90,
        bought_on=TODAY,
        enrolled_at=NOW,
        tier_announced="gold",
        tier_ups=2,
        tier_revision=2,
    )


def size(of: Account) -> int:
    return item_size(account_to_item(of, "bean-and-leaf", due_at=NOW) | {CAUSED_BY: DELIVERY})


# An earn puts its entry, in a transaction and so twice, and one line of the index. It does the same
# with each kilobyte of the account.
ENTRY_AND_INDEX: Final = 3
# By what the page calls them.
ACCOUNTS: Final = {
    "12, by month, with a level": account(12, days=30),
    "24, by month": account(24, days=30),
    "36, by month": account(36, days=30),
    "52, by week": account(52, days=7),
    "60, by day, and 30 days of pending points": account(60, days=1, pending=30),
}


@pytest.mark.parametrize("named", ACCOUNTS)
def test_the_page_says_how_large_an_account_is_and_what_an_earn_of_it_costs(named: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    row = re.search(rf"^\| {re.escape(named)} \| ([\d,]+) \| (\d+) \|$", text, re.MULTILINE)
    of_account = size(ACCOUNTS[named])
    units = ENTRY_AND_INDEX + 2 * -(-of_account // 1024)

    assert row is not None
    assert row.groups() == (f"{of_account:,}", str(units))
