"""What storefronts tell of customers: who is who, and which level they pay for.

Whatever is told of one customer is applied in order; what comes late is known by the platform's
own time of it. What is on file is written last, so that whoever was killed before does it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    IdentityTaken,
    LimitReached,
    NotFound,
    ValidationFailed,
    WrongState,
)
from loyalty.domain.ledger.account import TierFloor
from loyalty.domain.ledger.corrections import grant
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Member, MemberUpdate, Strength
from loyalty.domain.shops.customers import (
    CustomerErased,
    CustomerOnFile,
    CustomersMerged,
    CustomerTold,
    MembershipTold,
    PersonTold,
    floor_after,
)
from loyalty.domain.shops.storefront import Outcome, Status, Storefront
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account, settled
from loyalty.usecases.ledger.corrections import require_grantable
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import Enrolled, change, look_up
from loyalty.usecases.ports import Desk, Holder, Members, Raced

OUTDATED = Outcome(status="ignored", reason="outdated")
NO_MEMBER = Outcome(status="ignored", reason="no_member")


class Customers(Protocol):
    """What shops last told of their customers, in one program."""

    def find(self, customer: Identity) -> CustomerOnFile:
        """Read strongly; of one that nothing was told of yet, a blank one."""
        ...

    def note(self, customer: Identity, on_file: CustomerOnFile) -> None:
        """Relies on its predecessor, which counted one less.

        Raises:
            TryAgain: something came between.
        """
        ...


def apply_to_person(
    command: PersonTold,
    *,
    storefront: Storefront | None,
    new_member_id: Callable[[Identity], str],
    customers: Customers,
    members: Members,
    desk: Desk,
) -> Outcome:
    """Do what a delivery asks for that is about a person, as their shop is connected now.

    Raises:
        TryAgain: overtaken too often; applying it again is safe.
    """
    match command:
        case CustomerTold():
            enrolls = storefront is not None and storefront.enroll_customers
            enrolls_as = new_member_id(command.customer) if enrolls else None
            return tell_customer(
                command, enrolls_as=enrolls_as, customers=customers, members=members, desk=desk
            )
        case CustomerErased():
            return erase_customer(command, customers=customers, members=members, desk=desk)
        case CustomersMerged():
            return merge_customers(command, members=members, desk=desk)
        case MembershipTold():
            levels = storefront.memberships if storefront else {}
            try:
                return tell_membership(
                    command, levels=levels, customers=customers, members=members, desk=desk
                )
            except ValidationFailed as refusal:
                return Outcome(status="parked", reason=refusal.faults[0].code)


def tell_customer(
    customer_told: CustomerTold,
    *,
    enrolls_as: str | None,
    customers: Customers,
    members: Members,
    desk: Desk,
) -> Outcome:
    """Let a known member also be known as a shop's customer, by an e-mail that is new too.

    Somebody unknown is enrolled under `enrolls_as`, where it is given and they have consented.

    Raises:
        TryAgain: overtaken too often.
    """
    on_file = customers.find(customer_told.customer)
    if on_file.is_erased:
        return Outcome(status="ignored", reason="erased")
    if on_file.outdates(customer_told):
        return OUTDATED
    outcome = _known_or_enrolled(customer_told, enrolls_as=enrolls_as, members=members, desk=desk)
    if outcome.status in ("linked", "enrolled") and on_file.told_at != customer_told.told_at:
        customers.note(customer_told.customer, on_file.read_at(customer_told.told_at))
    return outcome


def erase_customer(
    erased: CustomerErased, *, customers: Customers, members: Members, desk: Desk
) -> Outcome:
    """Let nobody be known as a customer whom the shop has deleted; a member stays one.

    Raises:
        TryAgain: overtaken too often.
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
    """Let a member be known as the customer that remains of two, as surely as by the other.

    If each of the two is a member's, nothing is changed: the shop knows that its customers are one
    person, but members are merged only by the program's own people.

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


def tell_membership(
    membership: MembershipTold,
    *,
    levels: Mapping[str, str],
    customers: Customers,
    members: Members,
    desk: Desk,
) -> Outcome:
    """Let a member have the level that they pay for, as long as it is paid.

    `levels` are those of the plans that grant one.

    Raises:
        ValidationFailed: there is no such level any more, or it is paid for too many years.
        TryAgain: overtaken too often.
    """
    level = next((levels[plan] for plan in membership.plans if plan in levels), None)
    if level is None:
        return Outcome(status="ignored", reason="unknown_plan")
    on_file = customers.find(membership.customer)
    if on_file.outdates_membership(membership):
        return OUTDATED
    holder = members.holders([membership.customer]).get(membership.customer)
    if holder is None:
        return NO_MEMBER
    floor = _floor(level, membership.paid_until, desk=desk)
    was = on_file.floor_of(membership.membership_id)
    try:
        member_id, is_new = _granted(holder.member_id, was=was, becomes=floor, desk=desk)
    except NotFound:
        return Outcome(status="ignored", reason="member_closed")
    after = on_file.with_membership(membership, floor)
    if after.memberships != on_file.memberships:
        customers.note(membership.customer, after)
    status: Status = "granted" if floor else "ended"
    return Outcome(status=status, member_id=member_id, replayed=not is_new)


@until_saved
def _known_or_enrolled(
    customer_told: CustomerTold, *, enrolls_as: str | None, members: Members, desk: Desk
) -> Outcome:
    named = (customer_told.customer, *customer_told.contacts)
    holders = members.holders(named)
    known_by = _known_by(customer_told, holders)
    try:
        if known_by is not None:
            return _linked(customer_told, known_by, holders=holders, members=members, desk=desk)
        if enrolls_as is None or not any(customer_told.consents.values()):
            return NO_MEMBER
        enrolled = enroll(_application(customer_told, enrolls_as), members=members, desk=desk)
    except IdentityTaken:
        # Somebody else was quicker: look again whose it is.
        raise Raced from None
    except (NotFound, WrongState, IdempotencyConflict):
        # Whoever this customer once became was erased, or is no longer to be known by it.
        return Outcome(status="ignored", reason="member_closed")
    except LimitReached as refusal:
        return Outcome(status="parked", reason=refusal.code)
    return Outcome(
        status="enrolled",
        member_id=enrolled.member.member_id,
        replayed=not enrolled.is_new,
    )


def _known_by(customer_told: CustomerTold, holders: Mapping[Identity, Holder]) -> Identity | None:
    """What leads to the member: the customer's id, or a contact that is more than noted."""
    if customer_told.customer in holders:
        return customer_told.customer
    standing = (
        each
        for each in customer_told.contacts
        if each in holders and holders[each].strength > Strength.NOTED
    )
    return next(standing, None)


def _linked(
    customer_told: CustomerTold,
    known_by: Identity,
    *,
    holders: Mapping[Identity, Holder],
    members: Members,
    desk: Desk,
) -> Outcome:
    before: Enrolled = look_up(holders[known_by].member_id, members=members, strong=True)
    add = _news(customer_told, before.member, holders)
    after = change(
        before.member.member_id, MemberUpdate(add=add), proven=None, members=members, desk=desk
    )
    return Outcome(status="linked", member_id=after.member.member_id, replayed=not add)


def _news(
    customer_told: CustomerTold, member: Member, holders: Mapping[Identity, Holder]
) -> dict[Identity, bool]:
    """What a member is to be known by as well, each with whether it is proven.

    Anybody can open a shop account under anybody's e-mail. So the customer's id is proven only by
    a contact that the platform verified and that is the member's. And a member of whom something
    is proven is given no contact that is not, and none at all by an account that may be another
    person's.
    """
    identities = member.identities
    own = {each for each in customer_told.contacts if each in identities and member.strength(each)}
    if not member.is_proven:
        own |= {each for each in customer_told.contacts if _is_nobodys(each, holders)}
    is_proven = identities.get(customer_told.customer, False) or not own.isdisjoint(
        customer_told.verified
    )
    theirs = {*own, *customer_told.verified} if is_proven else own
    news = {customer_told.customer: is_proven}
    news |= {
        each: each in customer_told.verified for each in customer_told.contacts if each in theirs
    }
    return {
        identity: verified
        for identity, verified in news.items()
        if (
            verified > identities[identity]
            if identity in identities
            else _is_nobodys(identity, holders)
        )
    }


def _is_nobodys(identity: Identity, holders: Mapping[Identity, Holder]) -> bool:
    return identity not in holders or holders[identity].strength is Strength.NOTED


def _application(customer_told: CustomerTold, member_id: str) -> Application:
    """The shop itself gave them its id; of their contacts nobody has proven more than it says."""
    contacts = [
        IdentityClaim(each, verified=each in customer_told.verified)
        for each in customer_told.contacts
    ]
    claims = [IdentityClaim(customer_told.customer, verified=True), *contacts]
    profile = {"name": customer_told.name} if customer_told.name else {}
    return Application(
        member_id=member_id, claims=claims, profile=profile, consents=customer_told.consents
    )


def _floor(level: str, paid_until: datetime | None, *, desk: Desk) -> TierFloor | None:
    if paid_until is None:
        return None
    floor = TierFloor(level, desk.program.document.today(paid_until))
    if floor.until < desk.today:
        return None
    require_grantable(floor, desk=desk)
    return floor


@until_saved
def _granted(
    member_id: str, *, was: TierFloor | None, becomes: TierFloor | None, desk: Desk
) -> tuple[str, bool]:
    """Whose floor it is, and whether it changed."""
    account = settled(desk, open_account(desk, member_id, strong=True))
    floor = floor_after(
        account.tier_floor,
        was=was,
        becomes=becomes,
        program=desk.program.document,
        now=desk.now,
    )
    posting = grant(account, floor, program=desk.program, now=desk.now)
    if posting is None:
        return account.member_id, False
    desk.books.post(posting)
    return account.member_id, True
