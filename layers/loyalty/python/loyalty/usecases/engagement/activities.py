"""Activities: each is recorded once, edited by the difference, and taken back when it is removed.

An activity, its award, the account and the uses of its limits change in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.engagement.activities import (
    ActivityChange,
    ActivityContent,
    ActivityRef,
    RecordedActivity,
    ReportedActivity,
    has_ordered,
    is_news,
    limits_of,
)
from loyalty.domain.kernel.errors import ActivityConflict, Fault, NotFound, ValidationFailed
from loyalty.domain.ledger.entries import Entry, OrderCause
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.orders.order import AHEAD_MAX
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.engagement.activity_steps import (
    ActivityDesk,
    ActivityOutcome,
    ActivityStep,
    cause_of_move,
    has_place,
    post_step,
    take_up,
)
from loyalty.usecases.ledger.accounts import lineage, settled_lineage

if TYPE_CHECKING:
    from loyalty.domain.engagement.activities import ActivityReason, UseTaken
    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.program.activities import RewardedActivity
    from loyalty.usecases.ports import Desk, Directory, Listed


class MemberActivities(Protocol):
    def of_members(
        self, member_ids: Sequence[str], *, limit: int, start: str | None
    ) -> Listed[RecordedActivity]:
        """The activities of these members together, the latest first."""
        ...


@until_saved
def record_activity(
    report: ReportedActivity, *, shelves: ActivityDesk, directory: Directory, desk: Desk
) -> ActivityOutcome | None:
    """Record an activity, or an edit of it by its source; None if it names no member.

    Raises:
        ActivityConflict: it was recorded as another activity, or at the same time with other
            attributes.
        ValidationFailed: the program has no such activity, needs its subject, or it is from the
            future.
        NotFound: there is no such member, or the member was erased.
        TryAgain: other writers were faster too often.
    """
    seen = shelves.activities.activity(report.ref)
    member_id = _member_of(report, seen, directory=directory, desk=desk)
    if member_id is None:
        return None
    content = ActivityContent(
        activity=report.activity,
        member_id=member_id,
        occurred_at=report.occurred_at,
        subject=report.subject,
        attributes=report.attributes,
    )
    if seen is not None and not is_news(seen, content, report.changed_at):
        return _as_recorded(seen, desk=desk)
    _check_times(report, desk=desk)
    return _record(report.ref, content, report.changed_at, seen=seen, shelves=shelves, desk=desk)


@until_saved
def retract_activity(
    ref: ActivityRef, *, retracted_at: datetime, shelves: ActivityDesk, desk: Desk
) -> ActivityOutcome:
    """Take back what an activity gave, because its source removed it.

    What its source wrote before that counts no more, even if it arrives later.

    Raises:
        ValidationFailed: it is from the future.
        NotFound: the member was erased.
        TryAgain: other writers were faster too often.
    """
    if retracted_at > desk.now + AHEAD_MAX:
        raise _invalid("/changed_at", "time_out_of_range", "It must not lie in the future")
    seen = shelves.activities.activity(ref)
    if seen is None or seen.content is None:
        return _note_removal(ref, seen, retracted_at, desk=desk)
    if retracted_at < seen.changed_at or (seen.is_removed and retracted_at == seen.changed_at):
        return _as_recorded(seen, desk=desk)
    terms = _terms(seen.content, seen, desk=desk)
    keeps = seen.is_removed or (terms is not None and terms.if_undone == "keep")
    becomes = replace(
        seen,
        state="retracted",
        reason=None,
        changed_at=retracted_at,
        points=seen.points if keeps else 0,
        uses=seen.uses if keeps else (),
    )
    path = settled_lineage(desk, seen.content.member_id)
    return post_step(ActivityStep(becomes, seen, path), terms=terms, shelves=shelves, desk=desk)


def settle_waiting_for(order: OrderRef, *, shelves: ActivityDesk, desk: Desk) -> None:
    """Look again at the activities that wait for an order of the member who placed this one.

    A guest's order has no member yet.

    Raises:
        TryAgain: other writers were faster too often.
    """
    if not any(each.needs_order_days for each in desk.program.document.activities):
        return
    accrual = desk.books.entry(OrderCause(order.source, order.order_id, "accrual"))
    if isinstance(accrual, Entry):
        settle_waiting(accrual.member_id, shelves=shelves, desk=desk)


def settle_waiting(member_id: str, *, shelves: ActivityDesk, desk: Desk) -> None:
    """Look again at the activities that wait for an order of a member; most members have none.

    Raises:
        TryAgain: other writers were faster too often.
    """
    with suppress(NotFound):
        account = lineage(desk, member_id, strong=True)[-1]
        for each in (account.member_id, *account.absorbed):
            for ref in shelves.activities.waiting(each):
                _settle_waiting(ref, shelves=shelves, desk=desk)


@until_saved
def _settle_waiting(ref: ActivityRef, *, shelves: ActivityDesk, desk: Desk) -> None:
    seen = shelves.activities.activity(ref)
    if seen is None or seen.content is None or seen.state != "waiting":
        return
    # A version without the activity leaves it waiting.
    with suppress(ValidationFailed):
        _record(ref, seen.content, seen.changed_at, seen=seen, shelves=shelves, desk=desk)


def activities_of_member(
    member_id: str,
    *,
    limit: int,
    start: str | None,
    activities: MemberActivities,
    desk: Desk,
) -> Listed[RecordedActivity]:
    """What a member did, with what merged members did, the latest first.

    Raises:
        NotFound: there is no such member, or the member was erased.
    """
    account = lineage(desk, member_id, strong=False)[-1]
    owners = (account.member_id, *account.absorbed)
    return activities.of_members(owners, limit=limit, start=start)


def _member_of(
    report: ReportedActivity, seen: RecordedActivity | None, *, directory: Directory, desk: Desk
) -> str | None:
    """The member of an activity: the one it is recorded for, or else the one the report names."""
    if seen is not None and seen.content is not None:
        recorded_for = seen.content.member_id
        if report.member_id not in (None, recorded_for):
            one, other = (
                lineage(desk, each, strong=True)[-1].member_id
                for each in (report.member_id or "", recorded_for)
            )
            if one != other:
                raise ActivityConflict("This activity was recorded for a different member")
        return recorded_for
    if report.member_id is not None:
        return report.member_id
    return directory.earner_of(report.identities) if report.identities else None


def _record(
    ref: ActivityRef,
    content: ActivityContent,
    changed_at: datetime,
    *,
    seen: RecordedActivity | None,
    shelves: ActivityDesk,
    desk: Desk,
) -> ActivityOutcome:
    """Record a report of an activity, by the version that judges it."""
    terms = _terms(content, seen, desk=desk)
    if terms is None:
        detail = f"The program has no activity “{content.activity}”"
        raise _invalid("/activity", "unknown_activity", detail)
    if terms.per_subject and content.subject is None:
        raise _invalid("/subject", "no_subject", "Name what this activity is about")
    path = settled_lineage(desk, content.member_id)
    account = path[-1]
    if seen is None or seen.content is None:
        content = replace(content, member_id=account.member_id)
    day = desk.program.document.today(content.occurred_at)
    holds = seen is not None and has_place(seen)
    limits = () if holds else tuple(limits_of(terms, content, day=day))
    taken: tuple[UseTaken, ...] = ()
    reason: ActivityReason | None = None
    if not holds and not has_ordered(terms, day=day, bought_on=account.bought_on):
        reason = "no_order"
    elif limits:
        reason, taken = take_up(limits, content.activity, account, shelves=shelves)
    counts = reason is None
    held = seen.uses if seen and holds else tuple(each.use for each in taken)
    becomes = RecordedActivity(
        ref=ref,
        content=content,
        changed_at=changed_at,
        state="awarded" if counts else "waiting" if reason == "no_order" else "limited",
        reason=reason,
        points=terms.worth(content.attributes) if counts else 0,
        uses=held if counts else (),
        program_version=(seen and seen.program_version)
        or (desk.program.version if counts else None),
        first_recorded_at=seen.first_recorded_at if seen else desk.now,
        recorded_at=desk.now,
        recorded_by=seen.recorded_by if seen else None,
    )
    step = ActivityStep(
        becomes, seen, path, taken=taken, relies_on_account=not counts or bool(limits)
    )
    return post_step(step, terms=terms, shelves=shelves, desk=desk)


def _note_removal(
    ref: ActivityRef, seen: RecordedActivity | None, retracted_at: datetime, *, desk: Desk
) -> ActivityOutcome:
    """Remember that an activity was removed before anything else is known of it."""
    if seen is not None and retracted_at <= seen.changed_at:
        return ActivityOutcome(recorded=seen, entry=None, replayed=True)
    removed = RecordedActivity(
        ref=ref,
        content=None,
        changed_at=retracted_at,
        state="retracted",
        first_recorded_at=seen.first_recorded_at if seen else desk.now,
        recorded_at=desk.now,
        recorded_by=desk.caller,
        revision=(seen.revision if seen else 0) + 1,
    )
    desk.books.post(Posting(activity=ActivityChange(becomes=removed)))
    return ActivityOutcome(recorded=removed, entry=None, replayed=False)


def _as_recorded(seen: RecordedActivity, *, desk: Desk) -> ActivityOutcome:
    cause = cause_of_move(seen)
    entry = desk.books.entry(cause) if cause else None
    return ActivityOutcome(
        recorded=seen, entry=entry if isinstance(entry, Entry) else None, replayed=True
    )


def _terms(
    content: ActivityContent, seen: RecordedActivity | None, *, desk: Desk
) -> RewardedActivity | None:
    """The activity in the version that judges it: the one in force when it first counted."""
    version = seen.program_version if seen else None
    program = desk.program if version is None else desk.version(version)
    return program.document.activity(content.activity)


def _check_times(report: ReportedActivity, *, desk: Desk) -> None:
    latest = desk.now + AHEAD_MAX
    for name, moment in (("occurred_at", report.occurred_at), ("changed_at", report.changed_at)):
        if moment > latest:
            raise _invalid(f"/{name}", "time_out_of_range", "It must not lie in the future")


def _invalid(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))
