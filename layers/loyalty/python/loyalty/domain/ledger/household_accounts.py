"""Households in the ledger: who is in one, and how many of their points the others may spend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.ledger.account import drawn_counter
from loyalty.domain.ledger.postings import Posting, replacing

if TYPE_CHECKING:
    from datetime import date

    from loyalty.domain.households.household import HeldHousehold, Household
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.households import Households


def change_household(
    account: Account, held: HeldHousehold, *, household: Household | None = None
) -> Posting:
    """Change what an account says of its household, and the household itself if it changes."""
    becomes = replace(account, household=held)
    return Posting(household=household, changes=(replacing(account, becomes, entries=0),))


def is_member_of(account: Account, household_id: str) -> bool:
    """Whether an account is in a household, whatever the household's list says."""
    held = account.household
    return (
        account.status == "active"
        and held is not None
        and held.household_id == household_id
        and not held.is_left
    )


def drawn_max(account: Account, rules: Households) -> int | None:
    """The most points of an account that the others may spend in a month; None: no limit."""
    of_member = account.household.shares_max if account.household else None
    limits = (rules.drawn_per_month_max, of_member)
    return min((limit for limit in limits if limit is not None), default=None)


def shareable(account: Account, rules: Households, *, today: date) -> int:
    """How many points of a settled account the others in its household may spend today."""
    held = account.household
    if held is None or held.is_left or not held.is_over(rules.waits_days, day=today):
        return 0
    most = drawn_max(account, rules)
    if most is None:
        return account.holding.spendable
    drawn = account.redeemed.get(drawn_counter(today), 0)
    return max(0, min(account.holding.spendable, most - drawn))
