"""Members join challenges, and leave them: orders that occur in between count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.engagement.changes import EngagementChange
from loyalty.domain.engagement.counters import challenge_counter, challenge_of
from loyalty.domain.engagement.member_challenges import is_over
from loyalty.domain.engagement.participation import joining, leaving
from loyalty.domain.kernel.errors import NotFound, WrongState
from loyalty.domain.ledger.postings import Posting
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.engagement.reconciling import progress_of
from loyalty.usecases.ledger.accounts import open_account

if TYPE_CHECKING:
    from loyalty.domain.engagement.participation import Stays
    from loyalty.domain.engagement.progress import CountedProgress
    from loyalty.usecases.engagement.reconciling import EngagementShelf
    from loyalty.usecases.ports import Desk


@until_saved
def join(member_id: str, challenge_id: str, *, shelf: EngagementShelf, desk: Desk) -> str:
    """Let a member take part in a challenge from now on. To join again changes nothing.

    Orders that occurred before do not count, also if they arrive later. Returns the member's id.

    Raises:
        NotFound: no such member, or the version in force has no such challenge.
        WrongState: the challenge needs no joining, or is over; or they left it too often.
        TryAgain: overtaken too often.
    """
    challenge = challenge_of(desk.program.document, challenge_id)
    if challenge is None:
        raise NotFound("There is no such challenge")
    progress = _progress(member_id, challenge_id, shelf=shelf, desk=desk)
    if challenge.activation != "join":
        raise WrongState("This challenge needs no joining: all members take part")
    stays = joining(progress.stays, now=desk.now)
    if stays != progress.stays and is_over(challenge, today=desk.today):
        raise WrongState("This challenge is over")
    return _save(progress, stays, desk=desk)


@until_saved
def leave(member_id: str, challenge_id: str, *, shelf: EngagementShelf, desk: Desk) -> str:
    """Let a member take part in a challenge no more. What counted and what it gave stays.

    To leave a challenge that they did not join is no error. Returns the member's id.

    Raises:
        NotFound: no such member, or no such challenge, which they did not join either.
        TryAgain: overtaken too often.
    """
    progress = _progress(member_id, challenge_id, shelf=shelf, desk=desk)
    if not progress.stays and challenge_of(desk.program.document, challenge_id) is None:
        raise NotFound("There is no such challenge")
    return _save(progress, leaving(progress.stays, now=desk.now), desk=desk)


def _progress(
    member_id: str, challenge_id: str, *, shelf: EngagementShelf, desk: Desk
) -> CountedProgress:
    owner = open_account(desk, member_id, strong=True).member_id
    return progress_of(challenge_counter(challenge_id), owner, shelf=shelf)


def _save(progress: CountedProgress, stays: Stays, *, desk: Desk) -> str:
    if stays != progress.stays:
        after = replace(progress, stays=stays, revision=progress.revision + 1)
        change = EngagementChange(progress=(after,))
        desk.books.post(Posting(engagement=change, active=progress.member_id))
    return progress.member_id
