"""Households of members: start one, invite, join, share, leave, and see who is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from loyalty.domain.households.household import INVITED_FOR, HeldHousehold, Household
from loyalty.domain.kernel.errors import Forbidden, LimitReached, NotFound, WrongState
from loyalty.domain.ledger.account import view
from loyalty.domain.ledger.household_accounts import change_household, is_member_of, shareable
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.orders.order import fingerprint
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account
from loyalty.usecases.ledger.pooling import current_household, others_in

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.households import Households
    from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdInvitation:
    """The token that an invited member joins with, and when it ends."""

    token: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharer:
    """A member of a household, and how many of their points the others can spend now."""

    member_id: str
    held: HeldHousehold
    is_owner: bool
    shareable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersHousehold:
    """The household that a member is in.

    `spendable` are the points that the member can spend from it now, their own included.
    """

    member_id: str
    household_id: str
    sharers: tuple[Sharer, ...]
    spendable: int


def household_of(member_id: str, *, desk: Desk) -> MembersHousehold | None:
    """The household that a member is in, as it is now; None: none.

    Raises:
        NotFound: no such member.
    """
    account = open_account(desk, member_id, strong=True)
    rules, held = desk.program.document.households, account.household
    if rules is None or held is None or held.is_left:
        return None
    household = desk.books.household(held.household_id)
    if household is None:
        return None
    others = others_in(household, account, desk=desk)
    sharers = [_sharer(each, household, rules, desk=desk) for each in (account, *others)]
    own = view(account, program=desk.program, now=desk.now).holding.spendable
    draws = held.is_over(rules.waits_days, day=desk.today)
    return MembersHousehold(
        member_id=account.member_id,
        household_id=household.household_id,
        sharers=tuple(sorted(sharers, key=lambda each: (each.held.since, each.member_id))),
        spendable=own + (sum(each.shareable for each in sharers[1:]) if draws else 0),
    )


def _sharer(account: Account, household: Household, rules: Households, *, desk: Desk) -> Sharer:
    if account.household is None:
        raise ValueError("an account in no household")
    seen = view(account, program=desk.program, now=desk.now)
    return Sharer(
        member_id=account.member_id,
        held=account.household,
        is_owner=household.owner_id == account.member_id,
        shareable=shareable(seen, rules, today=desk.today),
    )


@until_saved
def begin_household(member_id: str, *, desk: Desk) -> bool:
    """Start a household with one member; True: now, False: they own one already.

    Raises:
        NotFound: no such member.
        Forbidden: the program has no households.
        WrongState: the member is in a household of somebody else, or left one lately.
        TryAgain: overtaken too often.
    """
    rules = _rules(desk)
    account = open_account(desk, member_id, strong=True)
    if (household := current_household(account, desk=desk)) is not None:
        if household.owner_id == account.member_id:
            return False
        raise WrongState("This member is in a household already")
    _require_free(account, rules, desk=desk)
    household = Household(
        household_id=f"hh_{desk.new_code().lower()}",
        owner_id=account.member_id,
        members={account.member_id: desk.today},
    )
    held = HeldHousehold(household.household_id, desk.today)
    desk.books.post(change_household(account, held, household=household))
    return True


@until_saved
def invite(member_id: str, *, desk: Desk) -> HouseholdInvitation:
    """Invite a member into the household that a member owns, for a week.

    Only the digest of the invitation is stored.

    Raises:
        NotFound: no such member.
        Forbidden: the program has no households, or the member owns none.
        LimitReached: the household is full.
        TryAgain: overtaken too often.
    """
    rules = _rules(desk)
    account = open_account(desk, member_id, strong=True)
    household = _owned(account, desk=desk)
    _require_room(household, rules)
    secret = desk.new_code()
    changed = household.inviting(_digest(household.household_id, secret), now=desk.now)
    desk.books.post(Posting(household=changed, active=account.member_id))
    return HouseholdInvitation(
        token=f"{household.household_id}.{secret}", ends_at=desk.now + INVITED_FOR
    )


@until_saved
def join_household(member_id: str, token: str, *, desk: Desk) -> bool:
    """Accept an invitation; True: now, False: the member is in this household already.

    Raises:
        NotFound: no such member, or no such invitation: it was accepted, or it ended.
        Forbidden: the program has no households.
        WrongState: the member is in another household, or left one lately.
        LimitReached: the household is full.
        TryAgain: overtaken too often.
    """
    rules = _rules(desk)
    account = open_account(desk, member_id, strong=True)
    household_id, _, secret = token.partition(".")
    if is_member_of(account, household_id):
        return False
    household = desk.books.household(household_id)
    digest = _digest(household_id, secret)
    if household is None or not household.has_invited(digest, now=desk.now):
        raise NotFound("There is no such invitation, or it has ended")
    if current_household(account, desk=desk) is not None:
        raise WrongState("This member is in a household already")
    _require_free(account, rules, desk=desk)
    _require_room(household, rules)
    joined = household.joined_by(account.member_id, digest, day=desk.today, now=desk.now)
    held = HeldHousehold(household_id, desk.today)
    desk.books.post(change_household(account, held, household=joined))
    return True


@until_saved
def share_points(member_id: str, *, most: int | None, desk: Desk) -> None:
    """Limit how many of a member's points the others may spend in a month; None: no limit.

    Raises:
        NotFound: no such member, or they are in no household.
        TryAgain: overtaken too often.
    """
    account = open_account(desk, member_id, strong=True)
    held = account.household
    if held is None or held.is_left:
        raise NotFound("This member is in no household")
    if held.shares_max != most:
        desk.books.post(change_household(account, held._replace(shares_max=most)))


@until_saved
def leave_household(member_id: str, *, only: str | None = None, desk: Desk) -> str | None:
    """Let a member leave their household at once. No points move.

    `only` is the id of the one household to leave; None: whichever it is. Returns the id of the
    household; None: they were in none.

    Raises:
        NotFound: no such member.
        TryAgain: overtaken too often.
    """
    account = open_account(desk, member_id, strong=True)
    held = account.household
    if held is None or held.is_left or only not in (None, held.household_id):
        return None
    household = desk.books.household(held.household_id)
    left = household.without(account.member_id) if household else None
    after = held._replace(left_on=desk.today)
    desk.books.post(change_household(account, after, household=left))
    return held.household_id


def remove_from_household(owner_id: str, member_id: str, *, desk: Desk) -> None:
    """Let the owner of a household remove another member. Removing again changes nothing.

    Raises:
        NotFound: no such member, or they are not in the owner's household.
        Forbidden: the member does not own a household.
        TryAgain: overtaken too often.
    """
    owner = open_account(desk, owner_id, strong=True)
    household = _owned(owner, desk=desk)
    removed = open_account(desk, member_id, strong=True)
    held = removed.household
    if held is None or held.household_id != household.household_id:
        raise NotFound("There is no such member in this household")
    # They may leave at this very moment, and be in another one before this is written.
    leave_household(removed.member_id, only=household.household_id, desk=desk)


def _owned(account: Account, *, desk: Desk) -> Household:
    household = current_household(account, desk=desk)
    if household is None or household.owner_id != account.member_id:
        raise Forbidden("Only the owner of a household can do this")
    return household


def _rules(desk: Desk) -> Households:
    rules = desk.program.document.households
    if rules is None:
        raise Forbidden("This program has no households")
    return rules


def _require_free(account: Account, rules: Households, *, desk: Desk) -> None:
    held = account.household
    if held is not None and not held.may_join_again(rules.rejoin_days, day=desk.today):
        raise WrongState(f"A member waits {rules.rejoin_days} days after leaving a household")


def _require_room(household: Household, rules: Households) -> None:
    if len(household.members) >= rules.members_max:
        raise LimitReached(f"A household has at most {rules.members_max} members")


def _digest(household_id: str, secret: str) -> str:
    return fingerprint("invitation", household_id, secret)
