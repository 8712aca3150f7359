"""What a member sees of challenges, and the badges that awards gave them. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.engagement.counters import challenge_counter, challenge_of
from loyalty.domain.engagement.member_challenges import (
    ChallengeTerms,
    MemberChallenge,
    member_challenge,
)
from loyalty.domain.engagement.progress import CountedProgress
from loyalty.usecases.ledger.accounts import lineage

if TYPE_CHECKING:
    from loyalty.domain.program.challenges import Badge, Challenge
    from loyalty.usecases.ports import Desk


class MemberShelf(Protocol):
    """What is stored of members' progress and badges."""

    def all_progress(self, member_id: str, *, strong: bool) -> Sequence[CountedProgress]: ...

    def badges(self, member_ids: Sequence[str]) -> AbstractSet[str]:
        """The ids of the badges that these members have by awards that stand."""
        ...


def challenges_of_member(
    member_id: str, *, shelf: MemberShelf, desk: Desk
) -> Sequence[MemberChallenge]:
    """The challenges of the version in force as a member sees them, in the document's order.

    Raises:
        NotFound: there is no such member, or the member was erased.
    """
    # What a merged member had moves within seconds.
    owner = lineage(desk, member_id, strong=False)[-1].member_id
    if not desk.program.document.challenges:
        return []
    return challenges_in(shelf.all_progress(owner, strong=False), member_id=owner, desk=desk)


def challenges_in(
    found: Sequence[CountedProgress], *, member_id: str, desk: Desk
) -> Sequence[MemberChallenge]:
    """The challenges of the version in force by all progress of a member who is active."""
    challenges = desk.program.document.challenges
    by_counter = {each.counter: each for each in found}
    counters = {each.id: challenge_counter(each.id) for each in challenges}
    return [
        member_challenge(
            each,
            by_counter.get(counters[each.id])
            or CountedProgress(member_id=member_id, counter=counters[each.id]),
            _challenge_in(each.id, desk=desk),
            today=desk.today,
        )
        for each in challenges
    ]


def badges_of_member(member_id: str, *, shelf: MemberShelf, desk: Desk) -> Sequence[Badge]:
    """The badges of the version in force that a member has, in the document's order.

    Those of challenges that are no longer in the document count as well. A program without badges
    is not read.

    Raises:
        NotFound: there is no such member, or the member was erased.
    """
    account = lineage(desk, member_id, strong=False)[-1]
    badges = desk.program.document.badges
    ids = shelf.badges((account.member_id, *account.absorbed)) if badges else frozenset[str]()
    return [each for each in badges if each.id in ids]


def _challenge_in(challenge_id: str, *, desk: Desk) -> ChallengeTerms:
    """A challenge that a member's orders count for, as it is in a version of the program."""

    def challenge_in(version: int) -> Challenge:
        challenge = challenge_of(desk.version(version).document, challenge_id)
        if challenge is None:
            raise LookupError(f"version {version} of the program has no challenge {challenge_id}")
        return challenge

    return challenge_in
