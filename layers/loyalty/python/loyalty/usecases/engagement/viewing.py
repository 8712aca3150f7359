"""What a member sees of challenges: their progress, and their badges. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.engagement.counting import challenge_counter
from loyalty.domain.engagement.member_challenges import MemberChallenge, member_challenge
from loyalty.domain.engagement.progress import CountedProgress, badges_of
from loyalty.usecases.engagement.reconciling import terms_of
from loyalty.usecases.ledger.accounts import lineage

if TYPE_CHECKING:
    from loyalty.domain.program.challenges import Badge
    from loyalty.usecases.ports import Desk


class ProgressShelf(Protocol):
    def all_progress(self, member_id: str, *, strong: bool) -> Sequence[CountedProgress]: ...


def challenges_of_member(
    member_id: str, *, progress: ProgressShelf, desk: Desk
) -> Sequence[MemberChallenge]:
    """The challenges of the version in force as a member sees them, in the document's order.

    Raises:
        NotFound: there is no such member, or the member was erased.
    """
    owner, found = _progress_of(member_id, progress=progress, desk=desk)
    by_counter = {each.counter: each for each in found}
    counters = {each.id: challenge_counter(each.id) for each in desk.program.document.challenges}
    return [
        member_challenge(
            each,
            by_counter.get(counters[each.id])
            or CountedProgress(member_id=owner, counter=counters[each.id]),
            terms_of(counters[each.id], desk=desk),
            today=desk.today,
        )
        for each in desk.program.document.challenges
    ]


def badges_of_member(member_id: str, *, progress: ProgressShelf, desk: Desk) -> Sequence[Badge]:
    """The badges of the version in force that a member has, in the document's order.

    Those of challenges that are no longer in the document count as well.

    Raises:
        NotFound: there is no such member, or the member was erased.
    """
    _, found = _progress_of(member_id, progress=progress, desk=desk)
    ids = {
        badge_id
        for each in found
        for badge_id in badges_of(each, terms_of(each.counter, desk=desk))
    }
    return [each for each in desk.program.document.badges if each.id in ids]


def _progress_of(
    member_id: str, *, progress: ProgressShelf, desk: Desk
) -> tuple[str, Sequence[CountedProgress]]:
    """The member, whom a merged one became, and what their orders add up to.

    What a merged member had moves within seconds. A program that never had a challenge is not read.
    """
    owner = lineage(desk, member_id, strong=False)[-1].member_id
    if desk.program.counts_since is None:
        return owner, ()
    return owner, progress.all_progress(owner, strong=False)
