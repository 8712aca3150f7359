"""Approvals: what waits for a second manager, and what managers decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.ledger.approvals import (
    Approval,
    ApprovalKind,
    ApprovalState,
    RequestedAdjustment,
    RequestedGrant,
)
from loyalty.edge.http.schemas import (
    AnswerPart,
    Label,
    MemberId,
    NextCursor,
    RequestPart,
    StaffName,
)


class DecisionRequest(RequestPart):
    """What a manager decides, and why."""

    reason: Annotated[Label, Field(description="Why, for whoever asks later.")]


class ApprovalAnswer(AnswerPart):
    """What was requested and needs, or needed, a second manager."""

    id: Annotated[str, Field(description="The approval's id.")]
    kind: Annotated[
        ApprovalKind,
        Field(description="What was requested: to adjust a balance, or to give a reward."),
    ]
    state: Annotated[
        ApprovalState,
        Field(
            description="`held`: nobody has decided. `approved`: it was carried out. `expired`: "
            "nobody decided in time."
        ),
    ]
    member_id: MemberId
    points: Annotated[
        int,
        Field(
            description="Points to add; negative: points to take. Of a reward, what it cost when "
            "it was requested."
        ),
    ]
    reward_id: Annotated[
        str | None, Field(description="The reward to give; null for an adjustment.")
    ]
    reason: Annotated[str, Field(description="Why it was requested.")]
    reference: Annotated[str | None, Field(description="Your own reference of the request.")]
    expires_on: Annotated[
        date | None,
        Field(description="The last day to spend added points; null: the program decides."),
    ]
    below_zero: Annotated[bool, Field(description="Whether taking points may leave a debt.")]
    requested_by: Annotated[
        str, Field(description="The subject (`sub`) of the token of who requested it.")
    ]
    requested_by_name: StaffName
    requested_at: Annotated[datetime, Field(description="When it was requested, in UTC.")]
    expires_at: Annotated[datetime, Field(description="Until when somebody can decide, in UTC.")]
    decided_by: Annotated[
        str | None, Field(description="The subject of the token of who decided; null: nobody.")
    ]
    decided_by_name: StaffName
    decided_at: Annotated[datetime | None, Field(description="When it was decided, in UTC.")]
    decision_reason: Annotated[str | None, Field(description="Why it was decided so.")]
    entry_id: Annotated[
        str | None, Field(description="The entry of what was requested, once it was approved.")
    ]


class ApprovalPage(AnswerPart):
    """A page of approvals, newest first. It may be short although more follow."""

    items: Annotated[list[ApprovalAnswer], Field(description="The approvals of this page.")]
    next_cursor: NextCursor


class HeldForApproval(AnswerPart):
    """The request waits: it is about so many points that a second manager has to approve it."""

    status: Annotated[Literal["held"], Field(description="It was not carried out yet.")]
    approval: Annotated[ApprovalAnswer, Field(description="What a second manager decides.")]


def approval_answer(
    approval: Approval, *, names: Mapping[str, str], now: datetime
) -> ApprovalAnswer:
    """An approval as it is shown; `names` are those of staff, by subject."""
    requested, decision = approval.requested, approval.decision
    adjustment = requested if isinstance(requested, RequestedAdjustment) else None
    grant = requested if isinstance(requested, RequestedGrant) else None
    return ApprovalAnswer(
        id=approval.approval_id,
        kind=approval.kind,
        state=approval.state_at(now),
        member_id=approval.member_id,
        points=approval.points,
        reward_id=grant.reward_id if grant else None,
        reason=requested.why.reason or "",
        reference=requested.why.reference,
        expires_on=adjustment.expiring_on if adjustment else None,
        below_zero=adjustment is not None and adjustment.below_zero,
        requested_by=approval.requested_by,
        requested_by_name=names.get(approval.requested_by),
        requested_at=approval.requested_at,
        expires_at=approval.expires_at,
        decided_by=decision.by if decision else None,
        decided_by_name=names.get(decision.by) if decision else None,
        decided_at=decision.decided_at if decision else None,
        decision_reason=decision.reason if decision else None,
        entry_id=decision.entry_id if decision else None,
    )
