"""Activities that a connected source reported, as outcomes of deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from loyalty.domain.engagement.activities import ActivityRemoved, ReportedActivity
from loyalty.domain.kernel.errors import ActivityConflict, NotFound, ValidationFailed
from loyalty.domain.shops.storefront import Outcome
from loyalty.usecases.engagement.activities import record_activity, retract_activity
from loyalty.usecases.shops.customers import NO_MEMBER

if TYPE_CHECKING:
    from loyalty.domain.shops.storefront import ActivityCommand
    from loyalty.usecases.engagement.activity_steps import ActivityDesk, ActivityOutcome
    from loyalty.usecases.ports import Desk, Directory

# The member was erased.
_MEMBER_CLOSED = Outcome(status="ignored", reason="member_closed")


def apply_activity(
    command: ActivityCommand, *, shelves: ActivityDesk, directory: Directory, desk: Desk
) -> Outcome:
    """Record or retract an activity. A delivery that is ignored can be applied again later.

    Raises:
        TryAgain: other writers were faster too often; applying it again is safe.
    """
    try:
        match command:
            case ReportedActivity():
                recorded = record_activity(command, shelves=shelves, directory=directory, desk=desk)
                return _outcome(recorded) if recorded else NO_MEMBER
            case ActivityRemoved():
                return _outcome(
                    retract_activity(
                        command.ref, retracted_at=command.removed_at, shelves=shelves, desk=desk
                    )
                )
            case _:
                assert_never(command)
    except ActivityConflict as refusal:
        return Outcome(status="parked", reason=refusal.code)
    except ValidationFailed as refusal:
        return Outcome(status="ignored", reason=refusal.faults[0].code)
    except NotFound:
        is_erased = isinstance(command, ActivityRemoved) or command.member_id is None
        return _MEMBER_CLOSED if is_erased else NO_MEMBER


def _outcome(outcome: ActivityOutcome) -> Outcome:
    recorded, entry = outcome.recorded, outcome.entry
    member_id = recorded.content.member_id if recorded.content else None
    match recorded.state:
        case "limited":
            return Outcome(status="ignored", reason=recorded.reason, member_id=member_id)
        case "waiting":
            return Outcome(status="waiting", member_id=member_id)
        case "awarded" | "retracted":
            return Outcome(
                status="recorded" if recorded.state == "awarded" else "retracted",
                member_id=member_id,
                entry_id=entry.id if entry else None,
                points=entry.points + entry.pending_points if entry else 0,
                replayed=outcome.replayed,
            )
