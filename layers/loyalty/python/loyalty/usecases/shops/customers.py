"""Customers of shops: link them to members, enroll them, and grant the levels that they pay for.

Deliveries about one customer are applied in order. A late one is recognized by the platform's own
timestamp. The customer's file is written last, so a run that was killed before that is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    IdentityTaken,
    LimitReached,
    NotFound,
    WrongState,
)
from loyalty.domain.people.member import Member, MemberUpdate, Strength
from loyalty.domain.shops.customers import (
    CustomerErased,
    CustomerOnFile,
    CustomersMerged,
    CustomerUpdated,
    PersonCommand,
)
from loyalty.domain.shops.memberships import MembershipUpdated
from loyalty.domain.shops.storefront import Outcome, Storefront
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import Enrolled, change, look_up
from loyalty.usecases.ports import Desk, Holder, Members, Raced
from loyalty.usecases.shops.memberships import apply_membership

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity

OUTDATED = Outcome(status="ignored", reason="outdated")
NO_MEMBER = Outcome(status="ignored", reason="no_member")


class Customers(Protocol):
    """The latest state of shops' customers, in one program."""

    def find(self, customer: Identity) -> CustomerOnFile:
        """Read strongly. A customer of whom no shop has sent anything yet has an empty file."""
        ...

    def note(self, customer: Identity, on_file: CustomerOnFile) -> None:
        """Write a customer's file. It relies on the file whose `counter` is one less.

        Raises:
            TryAgain: somebody else has written it in between.
        """
        ...


def apply_to_person(
    command: PersonCommand,
    *,
    storefront: Storefront | None,
    new_member_id: Callable[[Identity], str],
    customers: Customers,
    members: Members,
    desk: Desk,
) -> Outcome:
    """Apply a delivery about a person, with the settings that their shop has now.

    Raises:
        TryAgain: other writers were faster too often; applying it again is safe.
    """
    match command:
        case CustomerUpdated():
            enrolls = storefront is not None and storefront.enroll_customers
            enrolls_as = new_member_id(command.customer) if enrolls else None
            return apply_customer(
                command, enrolls_as=enrolls_as, customers=customers, members=members, desk=desk
            )
        case CustomerErased():
            return erase_customer(command, customers=customers, members=members, desk=desk)
        case CustomersMerged():
            return merge_customers(command, members=members, desk=desk)
        case MembershipUpdated() if storefront is not None:
            return apply_membership(
                command, storefront_id=storefront.storefront_id, members=members, desk=desk
            )
        case MembershipUpdated():
            return Outcome(status="ignored", reason="unknown_plan")


def apply_customer(
    update: CustomerUpdated,
    *,
    enrolls_as: str | None,
    customers: Customers,
    members: Members,
    desk: Desk,
) -> Outcome:
    """Link a shop's customer to their member, and add the customer's contacts that are new.

    A customer who is no member yet is enrolled as `enrolls_as`, if that is given and they have
    consented to something.

    Raises:
        TryAgain: other writers were faster too often.
    """
    on_file = customers.find(update.customer)
    if on_file.is_erased:
        return Outcome(status="ignored", reason="erased")
    if on_file.outdates(update):
        return OUTDATED
    outcome = _known_or_enrolled(update, enrolls_as=enrolls_as, members=members, desk=desk)
    if outcome.status in ("linked", "enrolled") and on_file.told_at != update.told_at:
        customers.note(update.customer, on_file.read_at(update.told_at))
    return outcome


def erase_customer(
    erased: CustomerErased, *, customers: Customers, members: Members, desk: Desk
) -> Outcome:
    """Unlink a customer whom the shop has deleted. The member stays a member.

    Raises:
        TryAgain: other writers were faster too often.
    """
    on_file = customers.find(erased.customer)
    holder = members.holders([erased.customer]).get(erased.customer)
    outcome = NO_MEMBER
    if holder is not None:
        try:
            member_update = MemberUpdate(remove=frozenset({erased.customer}))
            parted = change(
                holder.member_id, member_update, proven=None, members=members, desk=desk
            )
            outcome = Outcome(status="unlinked", member_id=parted.member.member_id)
        except NotFound:
            outcome = Outcome(status="ignored", reason="member_closed")
    if not on_file.is_erased:
        customers.note(erased.customer, on_file.erased())
    return outcome


@until_saved
def merge_customers(merge: CustomersMerged, *, members: Members, desk: Desk) -> Outcome:
    """Link a member to the remaining one of two merged customers; it is proven if the other was.

    If the two customers belong to different members, nothing changes: the shop knows that its
    customers are one person, but only the program's own staff merge members.

    Raises:
        TryAgain: other writers were faster too often.
    """
    holders = members.holders([merge.merged, merge.remaining])
    holder, other = holders.get(merge.merged), holders.get(merge.remaining)
    if holder is None:
        return NO_MEMBER
    if other is not None and other.member_id != holder.member_id:
        return Outcome(status="parked", reason="two_members")
    try:
        member = look_up(holder.member_id, members=members, strong=True).member
        is_proven = member.identities.get(merge.merged, False)
        update = MemberUpdate(
            add={} if other else {merge.remaining: is_proven}, remove=frozenset({merge.merged})
        )
        change(holder.member_id, update, proven=None, members=members, desk=desk)
    except IdentityTaken:
        raise Raced from None
    except NotFound:
        return Outcome(status="ignored", reason="member_closed")
    return Outcome(status="linked", member_id=holder.member_id)


@until_saved
def _known_or_enrolled(
    update: CustomerUpdated, *, enrolls_as: str | None, members: Members, desk: Desk
) -> Outcome:
    named = (update.customer, *update.contacts)
    holders = members.holders(named)
    known_by = _known_by(update, holders)
    try:
        if known_by is not None:
            return _linked(update, known_by, holders=holders, members=members, desk=desk)
        if enrolls_as is None or not any(update.consents.values()):
            return NO_MEMBER
        enrolled = enroll(_application(update, enrolls_as), members=members, desk=desk)
    except IdentityTaken:
        # Another writer took the identity first: look up again who holds it.
        raise Raced from None
    except (NotFound, WrongState, IdempotencyConflict):
        # The member whom this customer became was erased, or was unlinked from the customer.
        return Outcome(status="ignored", reason="member_closed")
    except LimitReached as refusal:
        return Outcome(status="parked", reason=refusal.code)
    return Outcome(
        status="enrolled",
        member_id=enrolled.member.member_id,
        replayed=not enrolled.is_new,
    )


def _known_by(update: CustomerUpdated, holders: Mapping[Identity, Holder]) -> Identity | None:
    """The identity that finds the member: the customer's id, or a contact more than noted."""
    if update.customer in holders:
        return update.customer
    standing = (
        each
        for each in update.contacts
        if each in holders and holders[each].strength > Strength.NOTED
    )
    return next(standing, None)


def _linked(
    update: CustomerUpdated,
    known_by: Identity,
    *,
    holders: Mapping[Identity, Holder],
    members: Members,
    desk: Desk,
) -> Outcome:
    before: Enrolled = look_up(holders[known_by].member_id, members=members, strong=True)
    add = _identities_to_add(update, before.member, holders)
    after = change(
        before.member.member_id, MemberUpdate(add=add), proven=None, members=members, desk=desk
    )
    return Outcome(status="linked", member_id=after.member.member_id, replayed=not add)


def _identities_to_add(
    update: CustomerUpdated, member: Member, holders: Mapping[Identity, Holder]
) -> dict[Identity, bool]:
    """The identities to add to a member, each with whether it is proven.

    Anybody can open a shop account with anybody's e-mail. So the customer's id is proven only by
    a contact that the platform has verified and that the member holds. A member with any proven
    identity gets no unproven contact, and no contact at all from an account that may be another
    person's.
    """
    identities = member.identities
    own = {each for each in update.contacts if each in identities and member.strength(each)}
    if not member.is_proven:
        own |= {each for each in update.contacts if _is_free(each, holders)}
    is_proven = identities.get(update.customer, False) or not own.isdisjoint(update.verified)
    theirs = {*own, *update.verified} if is_proven else own
    news = {update.customer: is_proven}
    news |= {each: each in update.verified for each in update.contacts if each in theirs}
    return {
        identity: verified
        for identity, verified in news.items()
        if (
            verified > identities[identity]
            if identity in identities
            else _is_free(identity, holders)
        )
    }


def _is_free(identity: Identity, holders: Mapping[Identity, Holder]) -> bool:
    return identity not in holders or holders[identity].strength is Strength.NOTED


def _application(update: CustomerUpdated, member_id: str) -> Application:
    """The shop issued the customer's id, so that is proven; contacts only if the shop says so."""
    contacts = [IdentityClaim(each, verified=each in update.verified) for each in update.contacts]
    claims = [IdentityClaim(update.customer, verified=True), *contacts]
    profile = {"name": update.name} if update.name else {}
    return Application(
        member_id=member_id, claims=claims, profile=profile, consents=update.consents
    )
