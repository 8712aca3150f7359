"""Approvals: adjustments that wait for a second manager, and what managers decide."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.ledger.approvals import Approval, ApprovalState
from loyalty.edge.http.schemas import AnswerPart, Label, MemberId, NextCursor, RequestPart


class DecisionRequest(RequestPart):
    """What a manager decides, and why."""

    reason: Annotated[Label, Field(description="Why, for whoever asks later.")]


class ApprovalAnswer(AnswerPart):
    """An adjustment that was requested and needs, or needed, a second manager."""

    id: Annotated[str, Field(description="The approval's id.")]
    kind: Annotated[Literal["adjustment"], Field(description="What was requested.")]
    state: Annotated[
        ApprovalState,
        Field(
            description="`held`: nobody has decided. `approved`: it was carried out. `expired`: "
            "nobody decided in time."
        ),
    ]
    member_id: MemberId
    points: Annotated[int, Field(description="Points to add; negative: points to take.")]
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
    requested_at: Annotated[datetime, Field(description="When it was requested, in UTC.")]
    expires_at: Annotated[datetime, Field(description="Until when somebody can decide, in UTC.")]
    decided_by: Annotated[
        str | None, Field(description="The subject of the token of who decided; null: nobody.")
    ]
    decided_at: Annotated[datetime | None, Field(description="When it was decided, in UTC.")]
    decision_reason: Annotated[str | None, Field(description="Why it was decided so.")]
    entry_id: Annotated[
        str | None, Field(description="The entry of the adjustment, once it was approved.")
    ]


class ApprovalPage(AnswerPart):
    """A page of approvals, newest first. It may be short although more follow."""

    items: Annotated[list[ApprovalAnswer], Field(description="The approvals of this page.")]
    next_cursor: NextCursor


class AdjustmentHeld(AnswerPart):
    """The adjustment waits: it has as many points that a second manager has to approve it."""

    status: Annotated[Literal["held"], Field(description="It was not carried out yet.")]
    approval: Annotated[ApprovalAnswer, Field(description="What a second manager decides.")]


def approval_answer(approval: Approval, *, now: datetime) -> ApprovalAnswer:
    adjustment, decision = approval.adjustment, approval.decision
    return ApprovalAnswer(
        id=approval.approval_id,
        kind="adjustment",
        state=approval.state_at(now),
        member_id=approval.member_id,
        points=adjustment.points,
        reason=adjustment.why.reason,
        reference=adjustment.why.reference,
        expires_on=adjustment.expiring_on,
        below_zero=adjustment.below_zero,
        requested_by=approval.requested_by,
        requested_at=approval.requested_at,
        expires_at=approval.expires_at,
        decided_by=decision.by if decision else None,
        decided_at=decision.decided_at if decision else None,
        decision_reason=decision.reason if decision else None,
        entry_id=decision.entry_id if decision else None,
    )
