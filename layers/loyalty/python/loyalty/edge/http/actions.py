"""Records the actions of staff: who requested what, its target, and its outcome."""

import secrets
from collections.abc import Mapping
from typing import Final

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.staff.actions import ActionName, ActionTarget, StaffAction, TargetKind
from loyalty.edge import clock
from loyalty.edge.http.auth import Principal
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.table.operations import Transient
from loyalty.usecases.ports import Actions

# The kind of an action's target by the first word of its name, and the parameters of the path that
# identify the target.
_TARGETS: Final[Mapping[str, tuple[TargetKind, tuple[str, ...]]]] = {
    "approval": ("approval", ("approval_id",)),
    "campaign": ("member", ("member_id",)),
    "challenge": ("member", ("member_id",)),
    "delivery": ("delivery", ("storefront_id", "delivery_id")),
    "draft": ("draft", ("draft_id",)),
    "endpoint": ("endpoint", ("endpoint_id",)),
    "erasure": ("erasure", ("erasure_id",)),
    "household": ("member", ("member_id",)),
    "level": ("member", ("member_id",)),
    "list": ("segment", ("segment_id",)),
    "member": ("member", ("member_id",)),
    "person": ("person", ("subject",)),
    "plan": ("member", ("member_id",)),
    "points": ("member", ("member_id",)),
    "program": ("program", ("program_id",)),
    "referral": ("member", ("member_id",)),
    "report": ("report_export", ("export_id",)),
    "review": ("review", ("review_id",)),
    "reward": ("member", ("member_id",)),
    "service": ("service", ("service_id",)),
    "storefront": ("storefront", ("storefront_id",)),
}


def begun(
    name: ActionName, principal: Principal, *, path: Mapping[str, str], request_id: str
) -> StaffAction:
    """The action of a caller, as it is recorded before it happens."""
    kind, parameters = _TARGETS[name.partition(".")[0]]
    return StaffAction(
        action_id=secrets.token_hex(8),
        name=name,
        began_at=clock.now(),
        by=principal.subject,
        roles=tuple(sorted(principal.roles)),
        target=ActionTarget(kind, "/".join(path[each] for each in parameters if each in path)),
        request_id=request_id,
    )


def complete(actions: Actions, action: StaffAction) -> None:
    """Record the outcome of an action.

    The effect has happened, so the caller gets their answer even if this cannot be recorded: the
    action then stays `begun`.
    """
    try:
        actions.complete(action)
    except (TryAgain, Transient) as error:
        count("ActionsIncomplete")
        logger.warning("an action stays begun", action=action.action_id, failure=failure(error))
