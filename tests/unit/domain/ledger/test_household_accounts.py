"""How many points of an account the others in its household may spend."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.households.household import HeldHousehold
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.household_accounts import change_household, is_member_of, shareable
from loyalty.domain.program.households import Households

TODAY: Final = date(2026, 11, 21)
HELD: Final = HeldHousehold("hh_1", TODAY - timedelta(days=30))
ACCOUNT: Final = Account(
    member_id="mem_1",
    balance=50,
    holding=Holding(lots={date(2027, 1, 31): 50}),
    household=HELD,
)


@pytest.mark.parametrize(
    ("rules", "held", "drawn", "points"),
    [
        ({}, {}, 0, 50),
        ({"drawn_per_month_max": 30}, {}, 0, 30),
        ({"drawn_per_month_max": 30}, {"shares_max": 20}, 0, 20),
        ({"drawn_per_month_max": 30}, {}, 10, 20),
        ({}, {"shares_max": 20}, 30, 0),
        ({}, {"shares_max": 0}, 0, 0),
        ({"waits_days": 31}, {}, 0, 0),
        ({}, {"left_on": TODAY}, 0, 0),
    ],
)
def test_the_others_spend_no_more_than_both_limits_leave(
    rules: dict[str, Any], held: dict[str, Any], drawn: int, points: int
) -> None:
    account = replace(
        ACCOUNT,
        household=HELD._replace(**held),
        redeemed={"drawn#2026-11": drawn, "drawn#2026-10": 9},
    )

    assert shareable(account, Households(**rules), today=TODAY) == points


def test_whoever_is_in_no_household_shares_nothing() -> None:
    assert shareable(replace(ACCOUNT, household=None), Households(), today=TODAY) == 0


def test_only_an_active_account_that_did_not_leave_is_in_a_household() -> None:
    assert is_member_of(ACCOUNT, "hh_1")
    assert not is_member_of(ACCOUNT, "hh_2")
    assert not is_member_of(replace(ACCOUNT, status="merged"), "hh_1")
    assert not is_member_of(replace(ACCOUNT, household=HELD._replace(left_on=TODAY)), "hh_1")


def test_a_change_of_a_household_relies_on_the_account_as_it_was_seen() -> None:
    (change,) = change_household(ACCOUNT, HELD._replace(shares_max=5)).changes

    assert (change.entries_seen, change.tier_revision_seen) == (0, 0)
    assert change.becomes is not None
    assert change.becomes.tier_revision == 1
    assert change.becomes.holding == ACCOUNT.holding
