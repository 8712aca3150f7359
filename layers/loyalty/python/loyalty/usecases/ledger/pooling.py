"""The points that a household pools, the accounts they return to, and how accounts leave it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import NotFound, WrongState
from loyalty.domain.ledger.household_accounts import is_member_of
from loyalty.domain.ledger.shared_redemptions import SharedPool
from loyalty.usecases.ledger.accounts import open_account, settled

if TYPE_CHECKING:
    from loyalty.domain.households.household import Household
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.usecases.ports import Desk


def pool_of(account: Account, *, desk: Desk) -> SharedPool:
    """What the others in a member's household let them spend now, read strongly and settled.

    Raises:
        WrongState: the member is in no household, or may not spend points of the others yet.
    """
    rules, held = desk.program.document.households, account.household
    if rules is None or held is None or held.is_left:
        raise WrongState("This member is in no household")
    if not held.is_over(rules.waits_days, day=desk.today):
        detail = f"A member waits {rules.waits_days} days before they spend points of the others"
        raise WrongState(detail)
    household = desk.books.household(held.household_id)
    read = others_in(household, account, desk=desk) if household else []
    accounts = [settled(desk, each) for each in read]
    # A member may have been merged or have left while the accounts were settled.
    others = [
        each
        for each in accounts
        if is_member_of(each, held.household_id) and each.member_id != account.member_id
    ]
    return SharedPool.of(others, rules, asker=account, today=desk.today)


def others_in(household: Household, account: Account, *, desk: Desk) -> list[Account]:
    """The accounts of the others who are in a household, read strongly."""
    read = (
        desk.books.account(member_id, strong=True)
        for member_id in household.members
        if member_id != account.member_id
    )
    return [each for each in read if each and is_member_of(each, household.household_id)]


def owners_of(voucher: Voucher, *, desk: Desk) -> dict[str, Account]:
    """The settled accounts of the members who contributed to a voucher, or of their survivors.

    Those who were erased are left out.
    """
    owners: dict[str, Account] = {}
    for member_id in (voucher.member_id, *voucher.shared):
        try:
            owners[member_id] = settled(desk, open_account(desk, member_id, strong=True))
        except NotFound:
            continue
    return owners


def without_household(posting: Posting, account: Account, *, desk: Desk) -> Posting:
    """A posting that ends an account, which also takes its member out of their household."""
    household = current_household(account, desk=desk)
    if household is None:
        return posting
    return replace(posting, household=household.without(account.member_id))


def current_household(account: Account, *, desk: Desk) -> Household | None:
    """The household that an account is in."""
    held = account.household
    if held is None or held.is_left:
        return None
    return desk.books.household(held.household_id)
