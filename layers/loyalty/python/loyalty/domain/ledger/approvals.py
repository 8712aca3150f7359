"""Approvals: what a person gives or takes that is large, which waits for a second manager."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from loyalty.domain.kernel.errors import SecondManager, WrongState

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Adjustment, RewardGrant

type ApprovalKind = Literal["adjustment", "grant"]
type Verdict = Literal["approved", "refused"]
type ApprovalState = Literal["held", "approved", "refused", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAdjustment:
    """Points to add (positive) or take (negative), and why.

    `expiring_on` is the last day of added points (None: the program's own rule). `below_zero`
    lets a take leave a debt.
    """

    points: int
    why: Adjustment
    expiring_on: date | None = None
    below_zero: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedGrant:
    """A reward to give for no points, and why.

    `cost_points` is what the reward cost when it was requested.
    """

    reward_id: str
    cost_points: int
    why: RewardGrant


type Requested = RequestedAdjustment | RequestedGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecision:
    """What a manager decided, and why; `by` is the subject of their token.

    `entry_id` is the entry of what was approved.
    """

    verdict: Verdict
    by: str
    decided_at: datetime
    reason: str
    entry_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Something that somebody requested and that somebody else has to approve.

    It derives from a request, as the entry of what is requested does, so a request sent again
    finds it. `requested_by` is the subject of the token of who requested it. Without a decision it
    expires.
    """

    request_id: str
    fingerprint: str
    member_id: str
    requested: Requested
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    decision: ApprovalDecision | None = None

    @property
    def approval_id(self) -> str:
        return approval_id(self.request_id, self.kind)

    @property
    def kind(self) -> ApprovalKind:
        return kind_of(self.requested)

    @property
    def points(self) -> int:
        """The points to add or take; of a reward to give, those that it costs."""
        return points_of(self.requested)

    @property
    def people(self) -> tuple[str, ...]:
        """The subjects of who requested it and who decided it."""
        return (self.requested_by, self.decision.by) if self.decision else (self.requested_by,)

    def state_at(self, now: datetime) -> ApprovalState:
        if self.decision is not None:
            return self.decision.verdict
        return "expired" if self.expires_at <= now else "held"


def kind_of(requested: Requested) -> ApprovalKind:
    return "grant" if isinstance(requested, RequestedGrant) else "adjustment"


def points_of(requested: Requested) -> int:
    """The points to add or take; of a reward to give, those that it costs."""
    if isinstance(requested, RequestedGrant):
        return requested.cost_points
    return requested.points


def approval_id(request_id: str, kind: ApprovalKind) -> str:
    """The id of the approval that a request waits for.

    A caller may use one key for an adjustment and a grant: they are two requests.
    """
    return f"apr_{request_id}" if kind == "adjustment" else f"apr_{kind}_{request_id}"


def held(
    request_id: str,
    *,
    fingerprint: str,
    member_id: str,
    requested: Requested,
    by: str,
    now: datetime,
    days: int,
) -> Approval:
    return Approval(
        request_id=request_id,
        fingerprint=fingerprint,
        member_id=member_id,
        requested=requested,
        requested_by=by,
        requested_at=now,
        expires_at=now + timedelta(days=days),
    )


def decided(approval: Approval, decision: ApprovalDecision) -> Approval:
    """The approval with a decision; one that was decided before keeps its own.

    Raises:
        SecondManager: who decides has requested it.
        WrongState: it has expired, or the decision before was another one.
    """
    if decision.by == approval.requested_by:
        raise SecondManager
    if approval.decision is not None:
        if approval.decision.verdict != decision.verdict:
            raise WrongState(f"It was {approval.decision.verdict} before")
        return approval
    if approval.state_at(decision.decided_at) == "expired":
        raise WrongState("It has expired; request it again")
    return replace(approval, decision=decision)
