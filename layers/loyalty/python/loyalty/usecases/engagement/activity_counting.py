"""Count an activity for challenges, by the same shares and progress as orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.engagement.changes import ActivityShare, ActivityShareChange, EngagementChange
from loyalty.domain.engagement.counting import counts_of_activity
from loyalty.domain.kernel.errors import NotFound
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.engagement.reconciling import (
    EngagementShelf,
    add_to_progress,
    progress_of,
    settle_counter,
)

if TYPE_CHECKING:
    from loyalty.domain.engagement.activities import ActivityRef
    from loyalty.domain.engagement.counting import Tallies
    from loyalty.usecases.engagement.activity_steps import ActivityShelf
    from loyalty.usecases.ports import Desk


class CountingShelf(EngagementShelf, Protocol):
    """What orders and activities count; everything is read strongly."""

    def activity_shares(self, ref: ActivityRef) -> Mapping[str, ActivityShare]:
        """What an activity counts so far, by counter."""
        ...


def count_activity(
    ref: ActivityRef, *, activities: ActivityShelf, shelf: CountingShelf, desk: Desk
) -> None:
    """Count an activity as it stands, and give or take back what its counters are worth.

    Nothing moves for an erased member.

    Raises:
        TryAgain: other writers were faster too often; looking again goes on where this ended.
    """
    with suppress(NotFound):
        counters, member_id = _count(ref, activities=activities, shelf=shelf, desk=desk)
        # Also those that count as before: an earlier attempt may have ended here.
        for counter in counters:
            settle_counter(counter, member_id, shelf=shelf, desk=desk)


@until_saved
def _count(
    ref: ActivityRef, *, activities: ActivityShelf, shelf: CountingShelf, desk: Desk
) -> tuple[Sequence[str], str]:
    """Count an activity as it stands. Returns its counters and its member."""
    shares = shelf.activity_shares(ref)
    recorded = activities.activity(ref)
    if recorded is None or recorded.content is None or recorded.program_version is None:
        raise NotFound
    member_id, version = recorded.content.member_id, recorded.program_version
    now = counts_of_activity(
        recorded,
        desk.version(version).document,
        stays_of=lambda counter: progress_of(counter, member_id, shelf=shelf).stays,
    )

    def changed(counter: str, tallies: Tallies) -> EngagementChange:
        share = shares.get(counter) or ActivityShare(ref=ref, counter=counter)
        becomes = replace(share, tallies=tallies, revision=share.revision + 1)
        return EngagementChange(
            activity_share=ActivityShareChange(becomes=becomes, activity_revision=recorded.revision)
        )

    counters = add_to_progress(
        now,
        before={counter: share.tallies for counter, share in shares.items()},
        changed=changed,
        member_id=member_id,
        version=version,
        shelf=shelf,
        desk=desk,
    )
    return counters, member_id
