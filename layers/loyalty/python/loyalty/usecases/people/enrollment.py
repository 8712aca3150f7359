"""Enrollment: a person becomes a member, by themself or through staff, a service or a shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from loyalty.domain.kernel.errors import IdempotencyConflict, WrongState
from loyalty.domain.ledger.account import Account
from loyalty.domain.messaging.presents import gives_presents
from loyalty.domain.orders.order import fingerprint
from loyalty.domain.people.member import Member, MemberUpdate, Strength, changed
from loyalty.usecases.attempts import Attempts, until_saved
from loyalty.usecases.people.identity_claims import (
    IdentityClaim,
    first_holder,
    is_free,
    losses_to,
    merged_claims,
    not_yours,
    refuse_unproven,
    with_gains,
)
from loyalty.usecases.people.members import Enrolled, look_up_united, save_update
from loyalty.usecases.ports import Desk, Loss, Members, Raced

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a caller says about the person to enroll; `member_id` is used if they are new.

    A caller who names a request gets the same id each time it is repeated.
    """

    member_id: str
    claims: Sequence[IdentityClaim] = ()
    profile: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    consents: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))


def enroll(application: Application, *, members: Members, desk: Desk) -> Enrolled:
    """Enroll another person: one transaction claims every identity and creates the account.

    Nothing is read unless that transaction is refused, or the program gives presents. A holder who
    has only noted an identity loses it; any other holder may be the same person, so the enrollment
    is refused.

    Raises:
        IdentityTaken: another member has an identity; the error names them.
        IdempotencyConflict: the request was made before with different content.
        TryAgain: overtaken too often.
    """
    newcomer = _newcomer(application, application.claims, desk=desk)
    losses: Sequence[Loss] = ()
    attempts = Attempts(desk)
    while True:
        attempts.begin()
        try:
            return _begin(newcomer, losses=losses, members=members, desk=desk)
        except Raced:
            if earlier := members.find(newcomer.member_id, strong=True):
                _refuse_other(earlier.member, newcomer)
                return _enrolled_earlier(application, members=members, desk=desk)
            losses = losses_to(
                newcomer,
                application.claims,
                safe_from=Strength.CLAIMED,
                members=members,
                desk=desk,
            )


@until_saved
def enroll_oneself(
    application: Application, *, proven: Sequence[Identity], members: Members, desk: Desk
) -> Enrolled:
    """Enroll the owner of a token, or link them to the member that they already are.

    `proven` is what the token proves, its subject first; they can claim nothing else. The first
    proven identity that a member holds decides which member they are. On linking, the profile and
    consents of this request are applied. A proven identity is taken from a member who has not
    proven it.

    Raises:
        IdentityTaken: somebody else signs in as that member, or the application claims what is
            not proven. It does not reveal which of the two.
        TryAgain: overtaken too often.
    """
    refuse_unproven(application.claims, proven)
    claims = [IdentityClaim(identity, verified=True) for identity in proven]
    holders = members.holders(proven)
    member_id = first_holder(proven, holders)
    if member_id is None:
        newcomer = _newcomer(application, claims, desk=desk)
        losses = losses_to(newcomer, claims, holders=holders, members=members, desk=desk)
        return _begin(newcomer, losses=losses, members=members, desk=desk)
    enrolled = look_up_united(member_id, members=members, desk=desk)
    member = enrolled.member
    add = {each: True for each in proven if is_free(holders.get(each), member)}
    update = MemberUpdate(add=add)
    # The member was read after the holders: another device may have linked them in between.
    if not (proven[0] in holders or proven[0] in member.identities):
        if member.is_linked:
            raise not_yours()
        update = replace(update, profile=application.profile, consents=application.consents)
    claimed = [each for each in claims if each.identity in add]
    becomes = changed(member, update, now=desk.now)
    losses = losses_to(becomes, claimed, holders=holders, members=members, desk=desk)
    linked = save_update(enrolled, update, losses=losses, members=members, desk=desk)
    return replace(linked, is_new=_is_begun_by(application, linked.member, desk=desk))


def _newcomer(application: Application, claims: Sequence[IdentityClaim], *, desk: Desk) -> Member:
    identities = merged_claims(claims)
    content = [
        sorted([each.kind, each.source, each.value] for each in identities),
        {name: str(value) for name, value in application.profile.items()},
        dict(application.consents),
    ]
    blank = Member(
        member_id=application.member_id,
        enrolled_at=desk.now,
        enrolled_by=fingerprint(*content),
        identities=identities,
    )
    update = MemberUpdate(profile=application.profile, consents=application.consents)
    return replace(changed(blank, update, now=desk.now), revision=1)


def _begin(newcomer: Member, *, losses: Sequence[Loss], members: Members, desk: Desk) -> Enrolled:
    newcomer = with_gains(newcomer, losses)
    if gives_presents(desk.program.document):
        presents_from = members.presents_from(newcomer.identities.keys())
        newcomer = replace(newcomer, presents_from=presents_from)
    account = Account(member_id=newcomer.member_id, enrolled_at=newcomer.enrolled_at, orders=0)
    members.enroll(newcomer, account, losses=losses)
    return Enrolled(newcomer, account, is_new=True)


def _enrolled_earlier(application: Application, *, members: Members, desk: Desk) -> Enrolled:
    """The member whom this request enrolled before, or the one they were merged into."""
    member_id = application.member_id
    enrolled = look_up_united(member_id, members=members, desk=desk)
    return replace(enrolled, is_new=_is_begun_by(application, enrolled.member, desk=desk))


def _refuse_other(found: Member | None, newcomer: Member) -> None:
    """Refuse a repeated request whose content differs from the first one."""
    if found is None:
        raise WrongState("The member that this request enrolled was erased or merged")
    if found.enrolled_by != newcomer.enrolled_by:
        raise IdempotencyConflict


def _is_begun_by(application: Application, member: Member, *, desk: Desk) -> bool:
    """Whether this very request enrolled the member, and only its response was lost."""
    return member.member_id == application.member_id and member.enrolled_at == desk.now
