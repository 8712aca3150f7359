"""People become members, are found again, change what is known of them, and may be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from loyalty.domain.kernel.errors import (
    Fault,
    IdempotencyConflict,
    IdentityTaken,
    LimitReached,
    NotFound,
    WrongState,
)
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.corrections import close
from loyalty.domain.ledger.entries import Entry
from loyalty.domain.orders.order import fingerprint
from loyalty.domain.people.erasure import erasure_of
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import (
    ATTRIBUTES_MAX,
    CONSENTS_MAX,
    IDENTITIES_MAX,
    UNITED_IDENTITIES_MAX,
    Member,
    MemberUpdate,
    Strength,
    changed,
    united,
    with_moves,
    without,
)
from loyalty.usecases.attempts import Attempts, until_saved
from loyalty.usecases.ledger.accounts import MERGES_MAX, settled
from loyalty.usecases.ports import Desk, Holder, Listed, Loss, Members, Raced


class IdentityClaim(NamedTuple):
    """An identity that a caller names; `verified` says that somebody who can know has proven it."""

    identity: Identity
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a caller tells of the one to enroll; `member_id` is theirs if they are new.

    The id is the same whenever the same request is sent again, if its caller gave it a name.
    """

    member_id: str
    claims: Sequence[IdentityClaim] = ()
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

    Nothing is read unless that transaction is refused, which then tells why. An identity that is
    only noted of another member is taken from them; any other holder may be the very person.

    Raises:
        IdentityTaken: an identity is a member's, who is named.
        IdempotencyConflict: the same name was given to another application.
        TryAgain: overtaken too often.
    """
    newcomer = _newcomer(application, application.claims, desk=desk)
    losses: Sequence[Loss] = ()
    attempts = Attempts(desk)
    while True:
        attempts.begin()
        try:
            return _begin(newcomer, losses=losses, members=members)
        except Raced:
            if earlier := members.find(newcomer.member_id, strong=True):
                _refuse_other(earlier.member, newcomer)
                enrolled = look_up(newcomer.member_id, members=members, strong=True)
                if enrolled.member.member_id != newcomer.member_id:
                    # Merged since, and perhaps not yet known as the one they became.
                    unite(newcomer.member_id, members=members, desk=desk)
                    enrolled = look_up(newcomer.member_id, members=members, strong=True)
                return replace(enrolled, is_new=_began(enrolled.member, application, desk=desk))
            losses = _losses(
                application.claims,
                newcomer,
                weakest_kept=Strength.CLAIMED,
                members=members,
                desk=desk,
            )


@until_saved
def enroll_oneself(
    application: Application, *, proven: Sequence[Identity], members: Members, desk: Desk
) -> Enrolled:
    """Enroll the owner of a token, or link them to the member that they are already.

    `proven` is what the token proves, its subject first: nobody can claim anything else for
    themself. Whoever a till enrolled is linked by the first proven identity of theirs, and what
    they now say of themself counts. What the token proves and another member has not proven is
    taken from that member.

    Raises:
        IdentityTaken: somebody else signs in as the member who has the identity, or the
            application claims what is not proven. It does not tell which of the two.
        TryAgain: overtaken too often.
    """
    _refuse_unproven(application.claims, proven)
    mine = [IdentityClaim(identity, verified=True) for identity in proven]
    holders = members.holders(proven)
    known = _first_standing(proven, holders)
    if known is None:
        newcomer = _newcomer(application, mine, desk=desk)
        losses = _losses(mine, newcomer, holders=holders, members=members, desk=desk)
        return _begin(newcomer, losses=losses, members=members)
    enrolled = look_up(known, members=members, strong=True)
    member = enrolled.member
    add = {each: True for each in proven if _is_free(holders.get(each), member)}
    asked = MemberUpdate(add=add)
    # What the member is known by was read later: another device may have linked them now.
    if not (proven[0] in holders or proven[0] in member.identities):
        if member.is_linked:
            raise _not_yours()
        asked = replace(asked, profile=application.profile, consents=application.consents)
    claimed = [each for each in mine if each.identity in add]
    becomes = changed(member, asked, now=desk.now)
    losses = _losses(claimed, becomes, holders=holders, members=members, desk=desk)
    linked = _write(enrolled, asked, losses=losses, members=members, desk=desk)
    return replace(linked, is_new=_began(linked.member, application, desk=desk))


def look_up(member_id: str, *, members: Members, strong: bool = False) -> Enrolled:
    """A member, or the one they were merged into.

    Raises:
        NotFound: there is no such member, or they were erased.
    """
    for _ in range(MERGES_MAX):
        on_file = members.find(member_id, strong=strong)
        if not strong and (on_file is None or on_file.member is None):
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
    asked: MemberUpdate,
    *,
    proven: Collection[Identity] | None,
    members: Members,
    desk: Desk,
) -> Enrolled:
    """Change what is known of a member, and what they are known by.

    A member changing themself can add only what their token proves (`proven`; None: anything).
    An identity to add is taken from another member whose claim to it is weaker.

    Raises:
        NotFound: no such member.
        IdentityTaken: an identity to add is another member's; who it is, is told unless `proven`.
        LimitReached: more identities than a member can have.
        TryAgain: overtaken too often.
    """
    claims = [IdentityClaim(*added) for added in asked.add.items()]
    if proven is not None:
        _refuse_unproven(claims, proven)
    attempts = Attempts(desk)
    while True:
        is_contested = attempts.begin()
        enrolled = look_up(member_id, members=members, strong=True)
        losses: Sequence[Loss] = ()
        if is_contested:
            # Looked for anew each time: the member may have become one with a loser meanwhile.
            becomes = changed(enrolled.member, asked, now=desk.now)
            try:
                losses = _losses(claims, becomes, members=members, desk=desk)
            except IdentityTaken:
                if proven is None:
                    raise
                raise _not_yours() from None
        try:
            return _write(enrolled, asked, losses=losses, members=members, desk=desk)
        except Raced:
            continue


@until_saved
def unite(
    merged_id: str,
    *,
    members: Members,
    desk: Desk,  # noqa: ARG001 - read by `until_saved`
) -> None:
    """Let a merged member be known as the one they became; again changes nothing.

    A member who was merged earlier stands for the one they became then. So everybody on the way
    to the survivor is united with them: the last merge may have moved any of these.
    Until it is done, and where all together are known by too much, the ledger's `into` leads on.

    Raises:
        NotFound: the one they became was erased.
        TryAgain: overtaken too often.
    """
    on_file = members.find(merged_id, strong=True)
    while on_file is not None and on_file.account.into is not None:
        if on_file.member is not None:
            _unite_one(on_file.member, members=members)
        on_file = members.find(on_file.account.into, strong=True)


def _unite_one(merged: Member, *, members: Members) -> None:
    survivor = look_up(merged.member_id, members=members, strong=True).member
    after = united(survivor, merged)
    if len(after.identities) <= UNITED_IDENTITIES_MAX:
        members.unite(merged, survivor, after)


@until_saved
def erase(member_id: str, *, members: Members, desk: Desk) -> None:
    """Forget a person, and whoever was merged into them. Erasing again is no error.

    Their entries stay, under ids that lead to nobody, and one more empties the account: nobody
    is owed what it held. Where they can still be found elsewhere, erasing them goes on by itself.

    Raises:
        NotFound: there never was such a member.
        TryAgain: overtaken too often.
    """
    try:
        enrolled = look_up(member_id, members=members, strong=True)
        account = settled(desk, enrolled.account)
    except NotFound:
        if members.find(member_id, strong=True) is None:
            raise
        # Erased before, or a moment ago, or merged into somebody who was.
        return
    if account.member_id != enrolled.member.member_id:
        # Merged into somebody else a moment ago: it is them who are to be erased.
        raise Raced
    for merged_id in account.absorbed:
        merged = members.find(merged_id, strong=True)
        if merged and merged.member:
            begins = erasure_of(merged.member, now=desk.now)
            members.forget(merged.member, begins=begins)
    members.erase(
        enrolled.member,
        close(account, program=desk.program, now=desk.now),
        begins=erasure_of(enrolled.member, absorbed=account.absorbed, now=desk.now),
    )


def history(member_id: str, *, limit: int, start: str | None, members: Members) -> Listed[Entry]:
    """A page of the entries of a member and of whoever was merged into them, newest first.

    Raises:
        NotFound: no such member.
    """
    account = look_up(member_id, members=members).account
    return members.history((account.member_id, *account.absorbed), limit=limit, start=start)


def _newcomer(application: Application, claims: Sequence[IdentityClaim], *, desk: Desk) -> Member:
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
    what = MemberUpdate(profile=application.profile, consents=application.consents)
    return replace(changed(blank, what, now=desk.now), revision=1)


def _begin(newcomer: Member, *, losses: Sequence[Loss], members: Members) -> Enrolled:
    newcomer = _gaining(newcomer, losses)
    account = Account(member_id=newcomer.member_id, enrolled_at=newcomer.enrolled_at)
    members.enroll(newcomer, account, losses=losses)
    return Enrolled(newcomer, account, is_new=True)


def _refuse_other(found: Member | None, newcomer: Member) -> None:
    """Refuse what is not the application that the member with this id once began with."""
    if found is None:
        raise WrongState("The member that this request enrolled was erased or merged")
    if found.enrolled_by != newcomer.enrolled_by:
        raise IdempotencyConflict


def _began(member: Member, application: Application, *, desk: Desk) -> bool:
    """Whether the member began with this very request, and only its answer was lost."""
    return member.member_id == application.member_id and member.enrolled_at == desk.now


def _write(
    enrolled: Enrolled,
    member_update: MemberUpdate,
    *,
    losses: Sequence[Loss] = (),
    members: Members,
    desk: Desk,
) -> Enrolled:
    before = enrolled.member
    after = changed(before, member_update, now=desk.now)
    _refuse_too_much(before, after)
    if after is not before:
        after = _gaining(after, losses)
        members.change(before, after, losses=losses)
    return replace(enrolled, member=after)


def _refuse_too_much(before: Member, after: Member) -> None:
    """Refuse what takes a member beyond a limit; who was merged may already be there."""
    for what, had, has, most in (
        ("identities", before.identities, after.identities, IDENTITIES_MAX),
        ("attributes", before.profile.attributes, after.profile.attributes, ATTRIBUTES_MAX),
        ("consents", before.consents, after.consents, CONSENTS_MAX),
    ):
        if len(has) > max(most, len(had)):
            raise LimitReached(f"A member can have at most {most} {what}")


def _verified(claims: Iterable[IdentityClaim]) -> dict[Identity, bool]:
    """Each identity once; proven if any of its claims is."""
    identities: dict[Identity, bool] = {}
    for claim in claims:
        identities[claim.identity] = identities.get(claim.identity, False) or claim.verified
    return identities


def _first_standing(proven: Sequence[Identity], holders: Mapping[Identity, Holder]) -> str | None:
    """The member to whom the first of these leads; what is only noted leads to nobody."""
    for identity in proven:
        if identity in holders and holders[identity].strength > Strength.NOTED:
            return holders[identity].member_id
    return None


def _is_free(holder: Holder | None, member: Member) -> bool:
    """Whether a proven identity can be this member's: nobody else has proven it."""
    return (
        holder is None or holder.member_id == member.member_id or holder.strength < Strength.PROVEN
    )


def _losses(
    claims: Sequence[IdentityClaim],
    claimant: Member,
    *,
    weakest_kept: Strength = Strength.PROVEN,
    holders: Mapping[Identity, Holder] | None = None,
    members: Members,
    desk: Desk,
) -> Sequence[Loss]:
    """What others lose to a claimant, who is given as they will be.

    A holder with as good a claim keeps the identity, and so does one whose claim is
    `weakest_kept` or better.

    Raises:
        IdentityTaken: an identity stays another member's, who is named.
    """
    if holders is None:
        holders = members.holders({claim.identity for claim in claims})
    taken: dict[int, str] = {}
    losing: dict[str, list[Identity]] = {}
    for number, (identity, _) in enumerate(claims):
        holder = holders.get(identity)
        if holder is None or holder.member_id == claimant.member_id:
            continue
        if holder.strength < min(claimant.strength(identity), weakest_kept):
            losing.setdefault(holder.member_id, []).append(identity)
        else:
            taken[number] = holder.member_id
    if taken:
        faults = (
            Fault(f"/identities/{number}", IdentityTaken.code, IdentityTaken.title)
            for number in taken
        )
        raise IdentityTaken(member_id=next(iter(taken.values())), faults=tuple(faults))
    losses: list[Loss] = []
    for member_id, lost in losing.items():
        on_file = members.find(member_id, strong=True)
        loser = on_file.member if on_file else None
        # Anything else changed a moment ago: the claim is refused, and decided again.
        if loser and all(
            each in loser.identities and loser.strength(each) == holders[each].strength
            for each in lost
        ):
            passing = dict.fromkeys(lost, claimant.member_id)
            losses.append(Loss(loser, without(loser, passing, now=desk.now)))
    return losses


def _gaining(claimant: Member, losses: Sequence[Loss]) -> Member:
    """The claimant with what they take from others on record."""
    moves = [
        move
        for loss in losses
        for move in loss.after.identity_moves
        if move not in loss.before.identity_moves
    ]
    return with_moves(claimant, moves)


def _refuse_unproven(claims: Sequence[IdentityClaim], proven: Collection[Identity]) -> None:
    if any(claim.identity not in proven for claim in claims):
        raise _not_yours()


def _not_yours() -> IdentityTaken:
    return IdentityTaken(
        "You can claim only an e-mail or a phone that your token proves to be yours, "
        "and that is not another member's."
    )
