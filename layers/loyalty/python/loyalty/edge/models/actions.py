"""Actions of staff, as managers read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, cast, get_args

from pydantic import Field

from loyalty.domain.staff.actions import (
    TARGET_KINDS,
    ActionName,
    ActionState,
    ActionTarget,
    StaffAction,
    TargetKind,
)
from loyalty.domain.staff.people import StaffRecord
from loyalty.edge.http.schemas import AnswerPart, NextCursor

# A delivery's id has a slash.
TARGET: Final = rf"^({'|'.join(TARGET_KINDS)}):[!-~]{{1,200}}$"

type ActionRole = Literal["cashier", "analyst", "manager", "operator"]

ACTION_ROLES: Final[tuple[ActionRole, ...]] = get_args(ActionRole.__value__)


class ActionTargetAnswer(AnswerPart):
    """What an action is about."""

    kind: Annotated[TargetKind, Field(description="The kind of thing.")]
    id: Annotated[
        str,
        Field(
            description="Its id; empty if nothing was found. A delivery's is "
            "`<storefront_id>/<delivery_id>`; without a delivery, the action is about a period."
        ),
    ]


class ActionChange(AnswerPart):
    """A field that an action changed. Personal data and secrets have no values here."""

    field: Annotated[str, Field(description="The field's name.")]
    before: Annotated[
        bool | int | str | None, Field(description="The value before; null if it is not recorded.")
    ]
    after: Annotated[
        bool | int | str | None, Field(description="The value after; null if it is not recorded.")
    ]


class StaffActionAnswer(AnswerPart):
    """What a staff member changed, or which personal data they looked up."""

    id: Annotated[str, Field(description="The action's id.")]
    action: Annotated[ActionName, Field(description="What was done.")]
    began_at: Annotated[datetime, Field(description="When it began, in UTC.")]
    by: Annotated[str, Field(description="The subject (`sub`) of the person's token.")]
    by_name: Annotated[
        str | None, Field(description="Their name as last seen; null if it is unknown or erased.")
    ]
    by_email: Annotated[
        str | None, Field(description="Their e-mail as last seen; null if it is unknown or erased.")
    ]
    roles: Annotated[
        list[ActionRole], Field(description="The roles that allowed it to the person.")
    ]
    target: Annotated[ActionTargetAnswer, Field(description="What it is about.")]
    state: Annotated[
        ActionState,
        Field(
            description="`begun`: it did not report its end, and may have had its effect. `done`. "
            "`refused`: it changed nothing. `failed`: it may have had its effect."
        ),
    ]
    code: Annotated[
        str | None, Field(description="The code of the refusal, if it was refused; otherwise null.")
    ]
    changes: Annotated[
        list[ActionChange], Field(description="What it changed, as far as recorded.")
    ]
    results: Annotated[
        dict[str, str],
        Field(description="The ids of its results by kind: `entry`, `version`, `into`."),
    ]
    request_id: Annotated[
        str, Field(description="The `x-request-id` of the request; the logs have it too.")
    ]


class StaffActionPage(AnswerPart):
    """A page of actions, newest first."""

    items: Annotated[
        list[StaffActionAnswer],
        Field(description="The actions. With filters, a page may be short although more follow."),
    ]
    next_cursor: NextCursor


def action_answers(
    actions: Sequence[StaffAction], *, people: Mapping[str, StaffRecord]
) -> list[StaffActionAnswer]:
    """The actions as they are shown; `people` are those who acted, by subject."""
    return [
        _answer(action, people.get(action.by, StaffRecord(subject=action.by))) for action in actions
    ]


def _answer(action: StaffAction, person: StaffRecord) -> StaffActionAnswer:
    return StaffActionAnswer(
        id=action.action_id,
        action=action.name,
        began_at=action.began_at,
        by=action.by,
        by_name=person.name,
        by_email=person.email,
        roles=[role for role in ACTION_ROLES if role in action.roles],
        target=ActionTargetAnswer(kind=action.target.kind, id=action.target.id),
        state=action.state,
        code=action.code,
        changes=[
            ActionChange(field=each.field, before=each.before, after=each.after)
            for each in action.changes
        ],
        results=dict(action.results),
        request_id=action.request_id,
    )


def action_target(named: str) -> ActionTarget:
    """The target that a caller names as `<kind>:<id>`, in the form of `TARGET`."""
    kind, _, target_id = named.partition(":")
    return ActionTarget(cast("TargetKind", kind), target_id)
