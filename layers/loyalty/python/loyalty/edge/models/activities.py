"""Activities of members, in requests and responses."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StrictBool

from loyalty.domain.engagement.activities import (
    ActivityReason,
    ActivityRef,
    ActivityState,
    RecordedActivity,
    ReportedActivity,
)
from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.program.activities import ATTRIBUTES_MAX
from loyalty.edge.http.schemas import (
    AnswerPart,
    ExternalId,
    Instant,
    Label,
    NextCursor,
    RequestPart,
)
from loyalty.edge.models.entries import EntryAnswer, RecordedBy
from loyalty.edge.models.identities import NamedIdentity
from loyalty.edge.models.order_answers import explained

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.usecases.engagement.activity_steps import ActivityOutcome
    from loyalty.usecases.ports import Desk

IDENTITIES_MAX = 20

ActivitySource = Annotated[
    ExternalId,
    Field(description="The system that numbered the activity, by a name that you choose."),
]
ActivityId = Annotated[ExternalId, Field(description="The activity's id in that system.")]
Reason = Annotated[
    ActivityReason | None,
    Field(
        description="Why it earns nothing: a limit is used up, or the member has no recent "
        "order; null otherwise."
    ),
]


class ActivityRequest(RequestPart):
    """Something that a member did. Name the member by `member_id` or by `identities`."""

    source: ActivitySource
    activity_id: ActivityId
    activity: Annotated[
        ExternalId,
        Field(description="What the member did: an activity's id in the program document."),
    ]
    member_id: Annotated[
        ExternalId | None, Field(description="The member's id, if you have it.")
    ] = None
    identities: Annotated[
        tuple[NamedIdentity, ...],
        Field(
            max_length=IDENTITIES_MAX,
            description="What identifies the member, if you do not have the member id.",
        ),
    ] = ()
    occurred_at: Annotated[
        Instant, Field(description="When the member did it (RFC 3339, any offset).")
    ]
    changed_at: Annotated[
        Instant | None,
        Field(
            description="When the source wrote this content: an edit needs a later time than "
            "the content that it replaces. null: the same as `occurred_at`."
        ),
    ] = None
    subject: Annotated[Label | None, Field(description="What it is about, such as a SKU.")] = None
    attributes: Annotated[
        dict[ExternalId, StrictBool],
        Field(
            max_length=ATTRIBUTES_MAX,
            description='What earns more, such as `{"photo": true}`. Attributes that the '
            "document does not name are ignored.",
        ),
    ] = {}  # noqa: RUF012  # the model is frozen

    def report(self) -> ReportedActivity:
        """The activity in the program's words.

        Raises:
            ValidationFailed: an identity is not valid, or the member is named in two ways or not at
                all.
        """
        if self.member_id and self.identities:
            detail = "Name the member by member_id or by identities, not by both"
            raise _invalid("/identities", "customer_named_twice", detail)
        if not self.member_id and not self.identities:
            raise _invalid("/member_id", "missing", "Name the member who did it")
        return ReportedActivity(
            ref=ActivityRef(self.source, self.activity_id),
            activity=self.activity,
            member_id=self.member_id,
            identities=[
                each.identity(pointer=f"/identities/{number}")
                for number, each in enumerate(self.identities)
            ],
            occurred_at=self.occurred_at,
            changed_at=self.changed_at or self.occurred_at,
            subject=self.subject,
            attributes=frozenset(name for name, holds in self.attributes.items() if holds),
        )


class ActivityAnswer(AnswerPart):
    """An activity as it stands."""

    source: ActivitySource
    activity_id: ActivityId
    activity: Annotated[
        str | None,
        Field(
            description="What the member did: the activity's id in the program document; null: "
            "only its removal is known."
        ),
    ]
    name: Annotated[
        str | None,
        Field(description="Its name in the version in force; null: it is no longer there."),
    ]
    member_id: Annotated[str | None, Field(description="The member for whom it was recorded.")]
    status: Annotated[
        ActivityState,
        Field(
            description="`awarded`: it counts. `limited`: a limit was used up. `waiting`: it "
            "counts once the member orders. `retracted`: it was removed."
        ),
    ]
    reason: Reason
    points: Annotated[int, Field(description="The points that the member has for it now.")]
    subject: Annotated[str | None, Field(description="What it is about.")]
    attributes: Annotated[list[str], Field(description="The attributes that are true.")]
    occurred_at: Annotated[datetime | None, Field(description="When the member did it, in UTC.")]
    changed_at: Annotated[datetime, Field(description="When the source wrote its content, in UTC.")]
    recorded_at: Annotated[datetime, Field(description="When it was last recorded, in UTC.")]
    recorded_by: RecordedBy


class ActivitiesPage(AnswerPart):
    """A page of what a member did, the latest first."""

    items: Annotated[list[ActivityAnswer], Field(description="The activities of this page.")]
    next_cursor: NextCursor


class ActivityRecordedAnswer(AnswerPart):
    """The state of an activity, and the entry that it wrote."""

    status: Annotated[ActivityState, Field(description="Its state, as in `activity`.")]
    activity: Annotated[ActivityAnswer, Field(description="The activity as it stands.")]
    entry: Annotated[
        EntryAnswer | None,
        Field(description="The latest entry that moved points for it; null: there is none."),
    ]


class ActivityIgnored(AnswerPart):
    """An activity of a person who is not a member; nothing was recorded."""

    status: Annotated[Literal["ignored"], Field(description="Always `ignored`.")] = "ignored"
    reason: Annotated[
        Literal["no_member"],
        Field(description="Always `no_member`: send it again once the person is a member."),
    ] = "no_member"


def activity_answer(recorded: RecordedActivity, document: "Program") -> ActivityAnswer:
    content = recorded.content
    named = document.activity(content.activity) if content else None
    return ActivityAnswer(
        source=recorded.ref.source,
        activity_id=recorded.ref.activity_id,
        activity=content.activity if content else None,
        name=named.name if named else None,
        member_id=content.member_id if content else None,
        status=recorded.state,
        reason=recorded.reason,
        points=recorded.points,
        subject=content.subject if content else None,
        attributes=sorted(content.attributes) if content else [],
        occurred_at=content.occurred_at if content else None,
        changed_at=recorded.changed_at,
        recorded_at=recorded.recorded_at,
        recorded_by=recorded.recorded_by,
    )


def recorded_answer(outcome: "ActivityOutcome", desk: "Desk") -> ActivityRecordedAnswer:
    return ActivityRecordedAnswer(
        status=outcome.recorded.state,
        activity=activity_answer(outcome.recorded, desk.program.document),
        entry=explained(outcome.entry, desk) if outcome.entry else None,
    )


def _invalid(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))
