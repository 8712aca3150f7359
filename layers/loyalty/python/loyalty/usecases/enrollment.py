"""People become members, are found again, change what is known of them, and may be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from loyalty.domain.account import Account
from loyalty.domain.entries import Entry
from loyalty.domain.errors import (
    Fault,
    IdempotencyConflict,
    IdentityTaken,
    LimitReached,
    NotFound,
    WrongState,
)
from loyalty.domain.identity import Identity
from loyalty.domain.member import (
    ATTRIBUTES_MAX,
    CONSENTS_MAX,
    IDENTITIES_MAX,
    Change,
    Member,
    changed,
)
from loyalty.domain.orders import fingerprint
from loyalty.usecases.accounts import MERGES_MAX, decisions
from loyalty.usecases.ports import Desk, Listed, Members, Raced


class Claim(NamedTuple):
    """An identity that a caller names; `verified` says that somebody who can know has proven it."""

    identity: Identity
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a caller tells of the one to enroll; `member_id` is theirs if they are new.

    The id is the same whenever the same request is sent again, if its caller gave it a name.
    """

    member_id: str
    claims: Sequence[Claim] = ()
    profile: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    consents: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A member and their account; `is_new` tells whether this very request began them."""

    member: Member
    account: Account
    is_new: bool = False


def enroll(application: Application, *, members: Members, desk: Desk) -> Enrolled:
    """Enroll somebody else: one transaction claims every identity and begins the account.

    Nothing is read unless that transaction is refused, which then tells why.

    Raises:
        IdentityTaken: an identity is a member's, who is named.
        IdempotencyConflict: the same name was given to another application.
        TryAgain: overtaken too often.
    """
    newcomer = _newcomer(application, application.claims, desk=desk)
    for _ in decisions(desk):
        account = Account(member_id=newcomer.member_id, enrolled_at=desk.now)
        try:
            members.enroll(newcomer, account)
        except Raced:
            if earlier := members.find(newcomer.member_id, strong=True):
                return _told_again(earlier.member, newcomer, members=members)
            _refuse_taken(application.claims, by=None, members=members)
        else:
            return Enrolled(newcomer, account, is_new=True)
    raise AssertionError("decisions end by raising")


def enroll_oneself(
    application: Application, *, proven: Sequence[Identity], members: Members, desk: Desk
) -> Enrolled:
    """Enroll the owner of a token, or link them to the member that they are already.

    `proven` is what the token proves, its subject first: nobody can claim anything else for
    themself. Whoever a till enrolled is linked by the first proven identity of theirs, and what
    they now say of themself counts.

    Raises:
        IdentityTaken: somebody else signs in as the member who has the identity, or the
            application claims what is not proven. It does not tell which of the two.
        TryAgain: overtaken too often.
    """
    _refuse_unproven(application.claims, proven)
    subject = proven[0]
    mine = [Claim(identity, verified=True) for identity in proven]
    for _ in decisions(desk):
        holders = members.holders(proven)
        try:
            known = next((holders[each] for each in proven if each in holders), None)
            if known is None:
                newcomer = _newcomer(application, mine, desk=desk)
                account = Account(member_id=newcomer.member_id, enrolled_at=desk.now)
                members.enroll(newcomer, account)
                return Enrolled(newcomer, account, is_new=True)
            enrolled = look_up(known, members=members, strong=True)
            if subject not in holders and enrolled.member.is_linked:
                raise _not_yours()
            own = [claim for claim in mine if holders.get(claim.identity, known) == known]
            change = Change(add=_verified(own))
            if subject not in holders:
                change = replace(change, profile=application.profile, consents=application.consents)
            return _write(enrolled, change, members=members, desk=desk)
        except Raced:
            continue
    raise AssertionError("decisions end by raising")


def look_up(member_id: str, *, members: Members, strong: bool = False) -> Enrolled:
    """A member, or the one they were merged into.

    Raises:
        NotFound: there is no such member, or they were erased.
    """
    for _ in range(MERGES_MAX):
        on_file = members.find(member_id, strong=strong)
        if on_file is None and not strong:
            # A stale read can miss who has just enrolled.
            on_file = members.find(member_id, strong=True)
        if on_file is None:
            break
        if on_file.account.into:
            member_id = on_file.account.into
        elif on_file.member:
            return Enrolled(on_file.member, on_file.account)
        else:
            break
    raise NotFound("There is no such member")


def change(
    member_id: str,
    asked: Change,
    *,
    proven: Collection[Identity] | None,
    members: Members,
    desk: Desk,
) -> Enrolled:
    """Change what is known of a member, and what they are known by.

    A member changing themself can add only what their token proves (`proven`; None: anything).

    Raises:
        NotFound: no such member.
        IdentityTaken: an identity to add is another member's; who it is, is told unless `proven`.
        LimitReached: more identities than a member can have.
        TryAgain: overtaken too often.
    """
    claims = [Claim(*added) for added in asked.add.items()]
    if proven is not None:
        _refuse_unproven(claims, proven)
    for _ in decisions(desk):
        enrolled = look_up(member_id, members=members, strong=True)
        try:
            return _write(enrolled, asked, members=members, desk=desk)
        except Raced:
            try:
                _refuse_taken(claims, by=enrolled.member, members=members)
            except IdentityTaken:
                if proven is None:
                    raise
                raise _not_yours() from None
    raise AssertionError("decisions end by raising")


def erase(member_id: str, *, members: Members, desk: Desk) -> None:
    """Forget a person. Their entries stay, under an id that leads to nobody; again is no error.

    Raises:
        NotFound: there never was such a member.
        TryAgain: overtaken too often.
    """
    for _ in decisions(desk):
        on_file = members.find(member_id, strong=True)
        if on_file and on_file.account.status == "closed":
            return
        enrolled = look_up(member_id, members=members, strong=True)
        try:
            members.erase(enrolled.member, now=desk.now)
        except Raced:
            continue
        return


def history(member_id: str, *, limit: int, start: str | None, members: Members) -> Listed[Entry]:
    """A page of a member's entries, newest first.

    Raises:
        NotFound: no such member.
    """
    enrolled = look_up(member_id, members=members)
    return members.history(enrolled.account.member_id, limit=limit, start=start)


def _newcomer(application: Application, claims: Sequence[Claim], *, desk: Desk) -> Member:
    identities = _verified(claims)
    told = [
        sorted([each.kind, each.source, each.value] for each in identities),
        {name: str(value) for name, value in application.profile.items()},
        dict(application.consents),
    ]
    blank = Member(
        member_id=application.member_id,
        enrolled_at=desk.now,
        enrolled_by=fingerprint(*told),
        identities=identities,
    )
    what = Change(profile=application.profile, consents=application.consents)
    return replace(changed(blank, what, now=desk.now), revision=1)


def _told_again(found: Member | None, newcomer: Member, *, members: Members) -> Enrolled:
    """The answer to an application whose member exists: its first answer may have been lost."""
    if found is None:
        raise WrongState("The member that this request enrolled was erased or merged")
    if found.enrolled_by != newcomer.enrolled_by:
        raise IdempotencyConflict
    enrolled = look_up(found.member_id, members=members, strong=True)
    return replace(enrolled, is_new=found.enrolled_at == newcomer.enrolled_at)


def _write(enrolled: Enrolled, asked: Change, *, members: Members, desk: Desk) -> Enrolled:
    before = enrolled.member
    after = changed(before, asked, now=desk.now)
    _refuse_too_much(after)
    if after is not before:
        members.change(before, after)
    return replace(enrolled, member=after)


def _refuse_too_much(member: Member) -> None:
    for what, count, most in (
        ("identities", len(member.identities), IDENTITIES_MAX),
        ("attributes", len(member.profile.attributes), ATTRIBUTES_MAX),
        ("consents", len(member.consents), CONSENTS_MAX),
    ):
        if count > most:
            raise LimitReached(f"A member can have at most {most} {what}")


def _verified(claims: Iterable[Claim]) -> dict[Identity, bool]:
    """Each identity once; proven if any of its claims is."""
    identities: dict[Identity, bool] = {}
    for claim in claims:
        identities[claim.identity] = identities.get(claim.identity, False) or claim.verified
    return identities


def _refuse_taken(claims: Sequence[Claim], *, by: Member | None, members: Members) -> None:
    """Raises `IdentityTaken` where a claim is on what another member has."""
    holders = members.holders({claim.identity for claim in claims})
    taken = {
        number: holders[claim.identity]
        for number, claim in enumerate(claims)
        if claim.identity in holders and (by is None or holders[claim.identity] != by.member_id)
    }
    if taken:
        faults = (
            Fault(f"/identities/{number}", IdentityTaken.code, IdentityTaken.title)
            for number in taken
        )
        raise IdentityTaken(member_id=next(iter(taken.values())), faults=tuple(faults))


def _refuse_unproven(claims: Sequence[Claim], proven: Collection[Identity]) -> None:
    if any(claim.identity not in proven for claim in claims):
        raise _not_yours()


def _not_yours() -> IdentityTaken:
    return IdentityTaken(
        "You can claim only an e-mail or a phone that your token proves to be yours, "
        "and that is not another member's."
    )
