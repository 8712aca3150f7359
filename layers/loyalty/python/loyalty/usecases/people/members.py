"""Members: look up, change, merge, erase, and read their history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import IdentityTaken, LimitReached, NotFound
from loyalty.domain.ledger.corrections import close
from loyalty.domain.messaging.presents import RETURNING_DAYS, gives_presents
from loyalty.domain.people.erasure import erasure_of
from loyalty.domain.people.member import (
    ATTRIBUTES_MAX,
    CONSENTS_MAX,
    IDENTITIES_MAX,
    UNITED_IDENTITIES_MAX,
    Member,
    MemberUpdate,
    changed,
    united,
)
from loyalty.usecases.attempts import Attempts, until_saved
from loyalty.usecases.ledger import corrections
from loyalty.usecases.ledger.accounts import MERGES_MAX, settled
from loyalty.usecases.ledger.pooling import without_household
from loyalty.usecases.people.identity_claims import (
    IdentityClaim,
    losses_to,
    not_yours,
    refuse_unproven,
    with_gains,
)
from loyalty.usecases.ports import Desk, Listed, Loss, Members, Raced

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.people.identity import Identity
    from loyalty.usecases.ledger.once import Recorded


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A member and their account; `is_new` if this very request enrolled them."""

    member: Member
    account: Account
    is_new: bool = False


def look_up(member_id: str, *, members: Members, strong: bool = False) -> Enrolled:
    """Find a member; for a merged id, the member they were merged into.

    Raises:
        NotFound: there is no such member, or they were erased.
    """
    for _ in range(MERGES_MAX):
        on_file = members.find(member_id, strong=strong)
        if not strong and (on_file is None or on_file.member is None):
            # A stale read can miss a member who has just enrolled.
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


def look_up_united(member_id: str, *, members: Members, desk: Desk) -> Enrolled:
    """Find a member as `look_up` does; for a merged id, first complete what a merge left undone.

    A merge passes on points and then identities. Between the two, an identity still names the
    merged member, and the survivor's profile does not list it.

    Raises:
        NotFound: there is no such member, or they were erased.
        TryAgain: overtaken too often.
    """
    enrolled = look_up(member_id, members=members, strong=True)
    if enrolled.member.member_id == member_id:
        return enrolled
    unite(member_id, members=members, desk=desk)
    return look_up(member_id, members=members, strong=True)


def change(
    member_id: str,
    update: MemberUpdate,
    *,
    proven: Collection[Identity] | None,
    members: Members,
    desk: Desk,
) -> Enrolled:
    """Change a member's profile, consents and identities.

    `proven` is what the member's own token proves: they can add nothing else. None: the caller is
    staff or a service, and can add any identity. A better claim takes an identity from its holder.

    Raises:
        NotFound: no such member.
        IdentityTaken: another member keeps an identity to add; names them only if `proven` is None.
        LimitReached: more identities than a member can have.
        TryAgain: overtaken too often.
    """
    claims = [IdentityClaim(*added) for added in update.add.items()]
    if proven is not None:
        refuse_unproven(claims, proven)
    attempts = Attempts(desk)
    while True:
        is_contested = attempts.begin()
        enrolled = look_up_united(member_id, members=members, desk=desk)
        losses: Sequence[Loss] = ()
        if is_contested:
            # Read again each time: the member may have been merged with a loser meanwhile.
            becomes = changed(enrolled.member, update, now=desk.now)
            try:
                losses = losses_to(becomes, claims, members=members, desk=desk)
            except IdentityTaken as refusal:
                if _is_now(refusal.member_id, enrolled.member, members=members, desk=desk):
                    # A merge made them one member, and had not passed on the identity yet.
                    continue
                if proven is None:
                    raise
                raise not_yours() from None
        try:
            return save_update(enrolled, update, losses=losses, members=members, desk=desk)
        except Raced:
            continue


def _is_now(holder_id: str | None, member: Member, *, members: Members, desk: Desk) -> bool:
    if holder_id is None:
        return False
    try:
        holder = look_up_united(holder_id, members=members, desk=desk).member
    except NotFound:
        return False
    return holder.member_id == member.member_id


def save_update(
    enrolled: Enrolled,
    update: MemberUpdate,
    *,
    losses: Sequence[Loss] = (),
    members: Members,
    desk: Desk,
) -> Enrolled:
    """Write an update, and what others lose to it; writes nothing if nothing changes.

    Raises:
        LimitReached: more identities, attributes or consents than a member can have.
        Raced: the member or an identity changed since it was read.
    """
    before = enrolled.member
    after = changed(before, update, now=desk.now)
    _refuse_too_much(before, after)
    if after is not before:
        after = with_gains(after, losses)
        members.change(before, after, losses=losses)
    return replace(enrolled, member=after)


def merge(loser_id: str, *, into: str, request_id: str, members: Members, desk: Desk) -> Recorded:
    """Merge a member into another, once: points, debts and then identities go to the other.

    Raises:
        NotFound: one of them does not exist.
        ValidationFailed: both are the same member, by name or since they were merged.
        IdempotencyConflict: the same request was made before with different content.
        TryAgain: overtaken too often; repeat the request to complete the merge.
    """
    merged = corrections.merge_members(loser_id, into=into, request_id=request_id, desk=desk)
    unite(loser_id, members=members, desk=desk)
    return merged


@until_saved
def unite(
    merged_id: str,
    *,
    members: Members,
    desk: Desk,  # noqa: ARG001 - read by `until_saved`
) -> None:
    """Give a merged member's identities, joined campaigns and plans to the member they became.

    Repeating it changes nothing.

    A member may have been merged earlier than the last merge: everybody on the way to the survivor
    is united with them, because the last merge may have moved any of them. Until this is done, the
    ledger's `into` leads to the survivor. It also does if all together have too many identities
    for one member, which then stay apart.

    Raises:
        NotFound: the survivor was erased.
        TryAgain: overtaken too often.
    """
    on_file = members.find(merged_id, strong=True)
    while on_file is not None and on_file.account.into is not None:
        survivor = _became(on_file.account, members=members)
        if survivor.status == "active":
            members.unite_targeting(on_file.account.member_id, into=survivor.member_id)
            members.unite_plans(on_file.account.member_id, into=survivor.member_id)
        if on_file.member is not None:
            _unite_one(on_file.member, members=members)
        on_file = members.find(on_file.account.into, strong=True)


def _became(account: Account, *, members: Members) -> Account:
    """The account at the end of a member's merges."""
    while account.into is not None and (on_file := members.find(account.into, strong=True)):
        account = on_file.account
    return account


def _unite_one(merged: Member, *, members: Members) -> None:
    survivor = look_up(merged.member_id, members=members, strong=True).member
    after = united(survivor, merged)
    if len(after.identities) <= UNITED_IDENTITIES_MAX:
        members.unite(merged, survivor, after)


@until_saved
def erase(member_id: str, *, members: Members, desk: Desk) -> None:
    """Erase a member, and everybody merged into them. Erasing again is no error.

    The entries stay under ids that lead to nobody, and a last entry empties the account. Copies
    elsewhere (deliveries, mails) are erased in the background.

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
        # They were erased before, or merged into somebody who was.
        return
    if account.member_id != enrolled.member.member_id:
        # They were merged a moment ago: the survivor is the one to erase.
        raise Raced
    for merged_id in account.absorbed:
        merged = members.find(merged_id, strong=True)
        if merged and merged.member:
            begins = erasure_of(merged.member, now=desk.now)
            members.forget(merged.member, begins=begins)
    members.erase(
        enrolled.member,
        without_household(close(account, program=desk.program, now=desk.now), account, desk=desk),
        begins=erasure_of(enrolled.member, absorbed=account.absorbed, now=desk.now),
        presents_from=_presents_from(enrolled.member, desk=desk),
    )


def _presents_from(member: Member, *, desk: Desk) -> date | None:
    """The day from which a member who returns gets presents; None where the program gives none."""
    if not gives_presents(desk.program.document):
        return None
    until = desk.today + timedelta(days=RETURNING_DAYS)
    return max(until, member.presents_from or until)


def history(member_id: str, *, limit: int, start: str | None, members: Members) -> Listed[Entry]:
    """A page of the entries of a member and of everybody merged into them, newest first.

    Raises:
        NotFound: no such member.
    """
    account = look_up(member_id, members=members).account
    return members.history((account.member_id, *account.absorbed), limit=limit, start=start)


def _refuse_too_much(before: Member, after: Member) -> None:
    """Refuse an update that exceeds a limit; a merged member may already be above it."""
    for what, had, has, most in (
        ("identities", before.identities, after.identities, IDENTITIES_MAX),
        ("attributes", before.profile.attributes, after.profile.attributes, ATTRIBUTES_MAX),
        ("consents", before.consents, after.consents, CONSENTS_MAX),
    ):
        if len(has) > max(most, len(had)):
            raise LimitReached(f"A member can have at most {most} {what}")
