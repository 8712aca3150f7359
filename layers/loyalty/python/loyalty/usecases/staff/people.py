"""Managers invite people to a program, change their roles, and take them away.

Accounts and groups are at the issuer of staff, which has no transactions. So each change brings
about a state, whatever was done before, and one request at a time changes roles in a program.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from loyalty.domain.kernel.errors import NotFound, TooLarge, TryAgain, Unauthenticated
from loyalty.domain.staff.people import (
    DEPLOYMENT_ROLES,
    STAFF_ROLES,
    Colleague,
    StaffAccount,
    StaffRecord,
    StaffRole,
    group_of,
    is_of_deployment,
    require_may_lose,
    roles_in,
)
from loyalty.usecases.ports import Listed, Raced

# Fifty requests to the issuer, some seconds.
PEOPLE_MAX: Final = 3_000
ATTEMPTS_MAX: Final = 3


class StaffAccounts(Protocol):
    """The accounts of staff at their issuer, and the groups that give them roles."""

    def find(self, subject: str) -> StaffAccount | None: ...

    def find_by_email(self, email: str) -> StaffAccount | None: ...

    def create(self, email: str, *, name: str | None) -> StaffAccount:
        """Create an account, and send an invitation to it.

        If there is an account with this e-mail, that one is returned and nothing is sent.
        """
        ...

    def invite_again(self, account: StaffAccount) -> StaffAccount:
        """Send a new invitation to a person who has not used the earlier one."""
        ...

    def delete(self, subject: str) -> None:
        """Delete an account; does nothing if there is none."""
        ...

    def groups_of(self, subject: str) -> frozenset[str]: ...

    def join(self, subject: str, group: str) -> None:
        """Put a person into a group, which is created if need be.

        Raises:
            LimitReached: the issuer takes no more groups, or the person is in as many as they can.
            TryAgain: the account was deleted meanwhile.
        """
        ...

    def leave(self, subject: str, group: str) -> None:
        """Take a person out of a group; does nothing if they are not in it."""
        ...

    def in_group(self, group: str) -> Iterable[StaffAccount]:
        """The people in a group, none if there is no such group; not their second factors."""
        ...

    def with_second_factors(self, accounts: Sequence[StaffAccount]) -> Sequence[StaffAccount]:
        """The same accounts as they are now, and whether they have a second factor."""
        ...


class StaffRecords(Protocol):
    """What is noted about the staff of one program."""

    def find(self, subject: str, *, strong: bool = False) -> StaffRecord:
        """The stored record, or a new one."""
        ...

    def put(self, record: StaffRecord) -> None:
        """Raises `Raced` if somebody changed the record since it was read."""
        ...

    def turn(self, holder: str, *, now: datetime) -> AbstractContextManager[None]:
        """Let one request at a time change roles; raises `TryAgain` for the others."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDesk:
    """What a request about the people of a program works with.

    `by` is the subject of the caller, `is_operator` whether they act as one, and `token_issued_at`
    when their token was issued. `issuer_now` is the time by which tokens are issued.
    """

    program_id: str
    accounts: StaffAccounts
    records: StaffRecords
    now: datetime
    issuer_now: datetime
    by: str
    is_operator: bool
    token_issued_at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class Invited:
    """A person after an invitation; `added` are the roles that they did not have before."""

    person: Colleague
    added: frozenset[StaffRole]
    is_new: bool
    was_sent: bool


@dataclass(frozen=True, slots=True)
class RolesChanged:
    person: Colleague
    added: frozenset[StaffRole]
    lost: frozenset[StaffRole]


def list_people(desk: StaffDesk, *, limit: int, after: str | None) -> Listed[Colleague]:
    """A page of the people who have a role in the program, by when their accounts were made.

    Raises:
        TooLarge: there are too many people to list.
    """
    accounts: dict[str, StaffAccount] = {}
    roles: dict[str, set[StaffRole]] = {}
    for role in STAFF_ROLES:
        for account in desk.accounts.in_group(group_of(desk.program_id, role)):
            accounts[account.subject] = account
            roles.setdefault(account.subject, set()).add(role)
            if len(accounts) > PEOPLE_MAX:
                raise TooLarge(f"More than {PEOPLE_MAX} people have a role in this program")
    positions = sorted((_position(account), subject) for subject, account in accounts.items())
    following = [each for each in positions if after is None or each[0] > after]
    page = following[:limit]
    more = page[-1][0] if len(following) > limit else None
    shown = desk.accounts.with_second_factors([accounts[subject] for _, subject in page])
    return Listed([_colleague(each, roles[each.subject]) for each in shown], more)


def read_person(subject: str, desk: StaffDesk) -> Colleague:
    """A person who has a role in the program, or about whom something is noted there.

    Raises:
        NotFound: they are unknown in this program.
    """
    account = desk.accounts.find(subject)
    roles = _roles(account, desk)
    if account is not None and roles:
        return _colleague(account, roles)
    record = desk.records.find(subject)
    if record.email is None and record.name is None:
        raise NotFound("This person has no role in the program")
    return Colleague(
        subject=subject, email=record.email, name=record.name, account=account, roles=frozenset()
    )


def invite(
    email: str,
    *,
    name: str | None,
    roles: Collection[StaffRole],
    send_again: bool,
    desk: StaffDesk,
) -> Invited:
    """Give a person roles in the program, and an account if they have none.

    Roles that they have already stay. An invitation is sent with a new account. `send_again` sends
    another to a person who has not used theirs.

    Raises:
        LimitReached: the issuer takes no more groups.
        TryAgain: another request is changing roles.
    """
    with desk.records.turn(desk.request_id, now=desk.now):
        _require_in_force(desk)
        account = desk.accounts.find_by_email(email)
        was_sent = account is None
        if account is None:
            account = desk.accounts.create(email, name=name)
        elif send_again and account.state == "invited":
            account = desk.accounts.invite_again(account)
            was_sent = True
        before = _roles(account, desk)
        added = frozenset(roles) - before
        _change(account, added=added, lost=frozenset(), desk=desk)
        person = _colleague(account, before | added)
        return Invited(person, added, is_new=not before, was_sent=was_sent)


def change_roles(subject: str, *, roles: Collection[StaffRole], desk: StaffDesk) -> RolesChanged:
    """Give a person of the program these roles, and no others.

    Raises:
        NotFound: they have no role in the program.
        OwnAccount: managers cannot take away their own role of manager.
        WrongState: the program would have no manager.
        TryAgain: another request is changing roles.
    """
    with desk.records.turn(desk.request_id, now=desk.now):
        _require_in_force(desk)
        account = desk.accounts.find(subject)
        before = _roles(account, desk)
        if account is None or not before:
            raise NotFound("This person has no role in the program; invite them")
        added, lost = frozenset(roles) - before, before - frozenset(roles)
        _require_may_lose(lost, subject, desk)
        _change(account, added=added, lost=lost, desk=desk)
        return RolesChanged(_colleague(account, frozenset(roles)), added, lost)


def remove_person(subject: str, *, erase: bool, desk: StaffDesk) -> frozenset[StaffRole]:
    """Take away all of a person's roles in the program; return those that they had.

    `erase` also deletes what is noted about them, and their account if it has no other group.

    Raises:
        NotFound: they never had a role in the program.
        OwnAccount: managers cannot take away their own role of manager.
        WrongState: the program would have no manager.
        TryAgain: another request is changing roles.
    """
    with desk.records.turn(desk.request_id, now=desk.now):
        _require_in_force(desk)
        account = desk.accounts.find(subject)
        groups = desk.accounts.groups_of(subject) if account else frozenset()
        roles = roles_in(desk.program_id, groups)
        if not roles and not desk.records.find(subject, strong=True).revision:
            raise NotFound("This person has no role in the program")
        _require_may_lose(roles, subject, desk)
        if account is not None and roles:
            _change(account, added=frozenset(), lost=roles, desk=desk)
        if erase:
            _erase(subject, has_other_groups=len(groups) > len(roles), desk=desk)
        return roles


def leave_deployment(
    subject: str, *, accounts: StaffAccounts | None, records: StaffRecords, now: datetime
) -> frozenset[str]:
    """Take away a person's roles in every program, and that of an operator; return their groups.

    All of these roles are noted as withdrawn, whichever the person has: somebody may have taken
    them out of a group already, while their token still carries it. `records` are those of the
    deployment, and `now` is the time by which tokens are issued. Without `accounts`, the groups are
    kept by another issuer.

    Raises:
        TryAgain: others changed the record too often.
    """
    _note(subject, lambda before: before.deprived(DEPLOYMENT_ROLES, now=now), records)
    if accounts is None:
        return frozenset()
    groups = frozenset(filter(is_of_deployment, accounts.groups_of(subject)))
    for group in sorted(groups):
        accounts.leave(subject, group)
    return groups


def note_names(subject: str, *, email: str | None, name: str | None, records: StaffRecords) -> None:
    """Note the e-mail and name under which a person acts, unless that is known.

    Raises:
        Raced: somebody else is changing the record; the next act notes it.
    """
    before = records.find(subject)
    after = before.seen_as(email, name)
    if after != before:
        records.put(after)


def _change(
    account: StaffAccount,
    *,
    added: frozenset[StaffRole],
    lost: frozenset[StaffRole],
    desk: StaffDesk,
) -> None:
    """Add and take away roles, in an order that may stop anywhere.

    A role is noted as withdrawn before its group is left, and no longer so only after the group
    was joined: tokens never open more than the groups do.
    """
    for role in sorted(added):
        desk.accounts.join(account.subject, group_of(desk.program_id, role))

    def noted(before: StaffRecord) -> StaffRecord:
        after = before.granted(added) if added else before
        return after.seen_as(account.email, account.name).deprived(lost, now=desk.issuer_now)

    _note(account.subject, noted, desk.records)
    for role in sorted(lost):
        desk.accounts.leave(account.subject, group_of(desk.program_id, role))


def _erase(subject: str, *, has_other_groups: bool, desk: StaffDesk) -> None:
    _note(subject, StaffRecord.erased, desk.records)
    if not has_other_groups:
        desk.accounts.delete(subject)


def _note(subject: str, noted: Callable[[StaffRecord], StaffRecord], records: StaffRecords) -> None:
    for _ in range(ATTEMPTS_MAX):
        before = records.find(subject, strong=True)
        after = noted(before)
        try:
            if after != before:
                records.put(after)
        except Raced:
            continue
        return
    raise TryAgain


def _require_in_force(desk: StaffDesk) -> None:
    """Require that the caller's role has not just been taken away.

    Without that, two managers who remove each other at once would leave none.

    Raises:
        Unauthenticated: their token is older than a change of their roles.
    """
    record = desk.records.find(desk.by, strong=True)
    if record.is_outdated({"manager"}, issued_at=desk.token_issued_at):
        raise Unauthenticated("Your roles have changed; sign in again")


def _require_may_lose(roles: frozenset[StaffRole], subject: str, desk: StaffDesk) -> None:
    if "manager" not in roles:
        return
    managers = desk.accounts.in_group(group_of(desk.program_id, "manager"))
    require_may_lose(
        roles,
        subject=subject,
        by=desk.by,
        is_by_operator=desk.is_operator,
        other_managers=any(
            each.subject != subject and each.state != "disabled" for each in managers
        ),
    )


def _roles(account: StaffAccount | None, desk: StaffDesk) -> frozenset[StaffRole]:
    groups = desk.accounts.groups_of(account.subject) if account else frozenset()
    return roles_in(desk.program_id, groups)


def _colleague(account: StaffAccount, roles: Iterable[StaffRole]) -> Colleague:
    return Colleague(
        subject=account.subject,
        email=account.email,
        name=account.name,
        account=account,
        roles=frozenset(roles),
    )


def _position(account: StaffAccount) -> str:
    created_at = account.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{created_at.replace('+00:00', 'Z')}#{account.subject}"
