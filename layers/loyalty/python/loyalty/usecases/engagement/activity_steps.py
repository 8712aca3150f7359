"""One change of an activity: an activity, its award, the account and the uses of its limits.

All of it is one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from loyalty.domain.engagement.activities import (
    ActivityChange,
    ActivityRef,
    MovingEntry,
    RecordedActivity,
    UseTaken,
    exceeded,
)
from loyalty.domain.engagement.award_terms import AwardTerms
from loyalty.domain.ledger.awarding import new_award
from loyalty.domain.ledger.entries import AwardCause, Entry
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.postings import AccountChange, Posting, signed
from loyalty.usecases.engagement.awards import AwardShelf, award_posting

if TYPE_CHECKING:
    from loyalty.domain.engagement.activities import ActivityLimit, ActivityReason
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.program.activities import RewardedActivity
    from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityOutcome:
    """How an activity stands, and the entry that last moved points for it.

    `replayed`: this was known, or is older than what is known.
    """

    recorded: RecordedActivity
    entry: Entry | None
    replayed: bool


class ActivityShelf(Protocol):
    """Activities of one program; everything is read strongly."""

    def activity(self, ref: ActivityRef) -> RecordedActivity | None: ...

    def uses(
        self, member_ids: Collection[str], activity: str, uses: Collection[str]
    ) -> Mapping[tuple[str, str], int]:
        """How often each of these members used up these limits; those without any are left out."""
        ...

    def waiting(self, member_id: str) -> Sequence[ActivityRef]:
        """The activities that wait for an order of this member."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityDesk:
    """What recording activities works with."""

    activities: ActivityShelf
    awards: AwardShelf


class ActivityStep(NamedTuple):
    """What an activity becomes, and what was seen of it and of its member.

    `relies_on_account`: any other write of the account could change what was decided.
    """

    becomes: RecordedActivity
    seen: RecordedActivity | None
    path: Sequence[Account]
    taken: tuple[UseTaken, ...] = ()
    relies_on_account: bool = False


def has_place(seen: RecordedActivity) -> bool:
    """Whether an activity has its place within the limits; a removed one may have kept it."""
    return seen.state == "awarded" or (seen.is_removed and bool(seen.points or seen.uses))


def take_up(
    limits: tuple[ActivityLimit, ...],
    activity: str,
    account: Account,
    *,
    shelves: ActivityDesk,
) -> tuple[ActivityReason | None, tuple[UseTaken, ...]]:
    """The uses of limits that an activity takes up, or the reason why it cannot.

    What members used up before they were merged into this one counts too, and changes no more.
    """
    owners = (account.member_id, *account.absorbed)
    found = shelves.activities.uses(owners, activity, [each.use for each in limits])
    used = {each.use: sum(found.get((owner, each.use), 0) for owner in owners) for each in limits}
    reason = exceeded(limits, used)
    if reason is not None:
        return reason, ()
    return None, tuple(
        UseTaken(
            member_id=account.member_id,
            activity=activity,
            use=each.use,
            below=each.most - used[each.use] + found.get((account.member_id, each.use), 0),
        )
        for each in limits
    )


def post_step(
    step: ActivityStep, *, terms: RewardedActivity | None, shelves: ActivityDesk, desk: Desk
) -> ActivityOutcome:
    """Write an activity, its award, the account and the uses of its limits in one transaction."""
    account, seen = step.path[-1], step.seen
    posting = _award_posting(step, terms=terms, shelves=shelves, desk=desk)
    becomes = replace(
        step.becomes,
        recorded_at=desk.now,
        recorded_by=desk.caller or step.becomes.recorded_by,
        revision=(seen.revision if seen else 0) + 1,
        moved_by=_mover(posting),
    )
    if step.relies_on_account:
        changes = posting.changes or (
            AccountChange(member_id=account.member_id, effect=Holding(), entries=0),
        )
        posting = replace(
            posting,
            active=None,
            changes=tuple(replace(each, entries_seen=account.entries) for each in changes),
        )
    elif not posting.changes:
        posting = replace(posting, active=account.member_id)
    content = becomes.content
    given_back = tuple(
        UseTaken(member_id=account.member_id, activity=content.activity, use=use)
        for use in (seen.uses if seen else ())
        if content is not None and use not in becomes.uses
    )
    change = ActivityChange(
        becomes=becomes,
        uses=(*step.taken, *given_back),
        waited=seen is not None and seen.state == "waiting",
    )
    posting = signed(replace(posting, activity=change), by=desk.caller)
    desk.books.post(posting)
    cause = cause_of_move(becomes)
    entry = next((each for each in posting.entries if each.cause == cause), None)
    return ActivityOutcome(recorded=becomes, entry=entry, replayed=False)


def _award_posting(
    step: ActivityStep, *, terms: RewardedActivity | None, shelves: ActivityDesk, desk: Desk
) -> Posting:
    """What moves the points of an activity; empty if all stand as they should."""
    becomes, content = step.becomes, step.becomes.content
    award = shelves.awards.award(becomes.ref.award_id)
    if content is None or (award.target if award else 0) == becomes.points:
        return Posting()
    if award is None:
        if terms is None:
            raise LookupError("an award is given for an activity that no version has")
        award = new_award(
            becomes.ref.award_id,
            member_id=step.path[-1].member_id,
            terms=AwardTerms(
                given_for="activity",
                rule_id=content.activity,
                version=becomes.program_version or desk.program.version,
                points=becomes.points,
                wait_days=terms.wait_days,
            ),
            program=desk.program,
            now=desk.now,
        )
    elif becomes.points:
        award = replace(award, points=becomes.points)
    return award_posting(award, stands=becomes.points > 0, version=None, path=step.path, desk=desk)


def cause_of_move(recorded: RecordedActivity) -> AwardCause | None:
    """The cause of the entry by which an activity's last change moved points."""
    if recorded.moved_by is None:
        return None
    return AwardCause(recorded.ref.award_id, *recorded.moved_by)


def _mover(posting: Posting) -> MovingEntry | None:
    for entry in posting.entries:
        match entry.cause:
            case AwardCause(kind=("bonus" | "clawback") as kind, step=step):
                return MovingEntry(kind, step)
    return None
