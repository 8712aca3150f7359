"""Claims to identities: who may have one, and what others lose to a better claim."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.kernel.errors import Fault, IdentityTaken
from loyalty.domain.people.member import Member, Strength, with_moves, without
from loyalty.usecases.ports import Desk, Holder, Loss, Members

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity


class IdentityClaim(NamedTuple):
    """An identity that a caller names; `verified` if a caller who can check it has proven it."""

    identity: Identity
    verified: bool = False


def merged_claims(claims: Iterable[IdentityClaim]) -> dict[Identity, bool]:
    """Map each identity to whether any of its claims is verified."""
    identities: dict[Identity, bool] = {}
    for claim in claims:
        identities[claim.identity] = identities.get(claim.identity, False) or claim.verified
    return identities


def first_holder(proven: Sequence[Identity], holders: Mapping[Identity, Holder]) -> str | None:
    """The id of the member who holds the first of these identities.

    A noted identity is skipped: it finds nobody.
    """
    for identity in proven:
        if identity in holders and holders[identity].strength > Strength.NOTED:
            return holders[identity].member_id
    return None


def is_free(holder: Holder | None, member: Member) -> bool:
    """Whether a proven identity can become this member's: nobody else has proven it."""
    return (
        holder is None or holder.member_id == member.member_id or holder.strength < Strength.PROVEN
    )


def losses_to(
    claimant: Member,
    claims: Sequence[IdentityClaim],
    *,
    safe_from: Strength = Strength.PROVEN,
    holders: Mapping[Identity, Holder] | None = None,
    members: Members,
    desk: Desk,
) -> Sequence[Loss]:
    """What other members lose to a claimant; `claimant` is the member after the change.

    A holder keeps an identity if their claim is as good as the claimant's, or is `safe_from` or
    better. `holders` is read if it is not given.

    Raises:
        IdentityTaken: another member keeps an identity; the error names the member.
    """
    if holders is None:
        holders = members.holders({claim.identity for claim in claims})
    taken: dict[int, str] = {}
    losing: dict[str, list[Identity]] = {}
    for number, (identity, _) in enumerate(claims):
        holder = holders.get(identity)
        if holder is None or holder.member_id == claimant.member_id:
            continue
        if holder.strength < min(claimant.strength(identity), safe_from):
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
        # If the loser has changed since, no loss is listed: the write is refused and decided again.
        if loser and all(
            each in loser.identities and loser.strength(each) == holders[each].strength
            for each in lost
        ):
            passing = dict.fromkeys(lost, claimant.member_id)
            losses.append(Loss(loser, without(loser, passing, now=desk.now)))
    return losses


def with_gains(claimant: Member, losses: Sequence[Loss]) -> Member:
    """The claimant, with the identities that others lose on record as moves."""
    moves = [
        move
        for loss in losses
        for move in loss.after.identity_moves
        if move not in loss.before.identity_moves
    ]
    return with_moves(claimant, moves)


def refuse_unproven(claims: Sequence[IdentityClaim], proven: Collection[Identity]) -> None:
    """Refuse a member who claims an identity that their token does not prove.

    Raises:
        IdentityTaken: without naming a member.
    """
    if any(claim.identity not in proven for claim in claims):
        raise not_yours()


def not_yours() -> IdentityTaken:
    """The refusal for a member; it does not reveal whether another member has the identity."""
    return IdentityTaken(
        "You can claim only an e-mail or a phone that your token proves to be yours, "
        "and that is not another member's."
    )
