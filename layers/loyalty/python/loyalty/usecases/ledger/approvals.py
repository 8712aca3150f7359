"""Hold large adjustments until a second manager decides, and carry out what they approve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.errors import IdempotencyConflict, NotFound, WrongState
from loyalty.domain.ledger.approvals import ApprovalDecision, approval_id, decided, held
from loyalty.domain.ledger.entries import RequestCause, entry_id
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import as_settled
from loyalty.usecases.ledger.corrections import (
    adjust,
    adjustment_fingerprint,
    decide_adjustment,
)
from loyalty.usecases.ledger.once import first_time

if TYPE_CHECKING:
    from loyalty.domain.ledger.approvals import Approval, RequestedAdjustment
    from loyalty.usecases.ledger.corrections import Allowance
    from loyalty.usecases.ledger.once import Recorded
    from loyalty.usecases.ports import Desk


class Approvals(Protocol):
    """The approvals of one program."""

    def find(self, approval_id: str) -> Approval | None:
        """Read strongly."""
        ...

    def hold(self, approval: Approval) -> None:
        """Write a new approval.

        Raises:
            Raced: there is one of the same request.
        """
        ...

    def refuse(self, approval: Approval) -> None:
        """Write an approval that was refused.

        Raises:
            Raced: it is not held any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Adjustments of more points than `above` wait up to `days` for a second manager."""

    above: int
    days: int


@until_saved
def adjust_or_hold(
    member_id: str,
    *,
    adjustment: RequestedAdjustment,
    request_id: str,
    by: str,
    allowance: Allowance | None,
    rule: ApprovalRule | None,
    approvals: Approvals,
    desk: Desk,
) -> Recorded | Approval:
    """Adjust a balance, once, or hold the adjustment if the rule says so.

    The same request always has the same outcome, its entry or its approval, also if the rule has
    changed. What would be refused at once is not held.

    Raises:
        NotFound: no such member.
        LimitReached: more than the caller may adjust, or than a balance may hold.
        InsufficientPoints: the account has fewer points than the request takes.
        IdempotencyConflict: the same request was made before with different content.
        TryAgain: other writers were faster too often.
    """
    cause, fingerprint = _cause(request_id), adjustment_fingerprint(member_id, adjustment)
    approval = approvals.find(approval_id(request_id))
    if approval is not None and approval.fingerprint != fingerprint:
        raise IdempotencyConflict("This Idempotency-Key was used with different content")
    exceeds = rule is not None and abs(adjustment.points) > rule.above
    if approval is not None or exceeds:
        recorded = first_time(cause, fingerprint, desk=desk)
        if recorded is not None:
            return recorded
    if approval is not None:
        return approval
    if rule is None or not exceeds:
        return adjust(
            member_id,
            adjustment=adjustment,
            request_id=request_id,
            allowance=allowance,
            desk=desk,
        )
    if allowance is not None:
        allowance.require_room_for(adjustment.points)
    # Decided and thrown away: it is refused now, or it can be approved.
    decide_adjustment(
        member_id, adjustment=adjustment, request_id=request_id, settle=as_settled, desk=desk
    )
    approval = held(
        request_id,
        fingerprint=fingerprint,
        member_id=member_id,
        adjustment=adjustment,
        by=by,
        now=desk.now,
        days=rule.days,
    )
    approvals.hold(approval)
    return approval


@until_saved
def approve(
    approval_id: str, *, by: str, reason: str, approvals: Approvals, desk: Desk
) -> Approval:
    """Approve an adjustment, which carries it out in the same write, once.

    The daily limit of who requested it does not count: two persons want it.

    Raises:
        NotFound: no such approval, or the member was erased.
        SecondManager: who approves has requested it.
        WrongState: it was refused, has expired, or its points would have expired already.
        LimitReached: more than a balance may hold.
        InsufficientPoints: the account has fewer points by now than it takes.
        TryAgain: other writers were faster too often.
    """
    approval = approval_of(approval_id, approvals=approvals)
    decision = ApprovalDecision(
        verdict="approved",
        by=by,
        decided_at=desk.now,
        reason=reason,
        entry_id=entry_id(_cause(approval.request_id)),
    )
    if decided(approval, decision) is approval:
        return approval
    last_day = approval.adjustment.expiring_on
    if last_day is not None and last_day < desk.today:
        raise WrongState("The last day of its points is over; request another one")

    def approving() -> Approval:
        """The approval as this write leaves it, decided again from what is there by then."""
        seen = approval_of(approval_id, approvals=approvals)
        becomes = decided(seen, decision)
        if becomes is seen:
            raise WrongState("It was approved before")
        return becomes

    adjust(
        approval.member_id,
        adjustment=approval.adjustment,
        request_id=approval.request_id,
        allowance=None,
        approving=approving,
        desk=replace(desk, caller=approval.requested_by),
    )
    return approval_of(approval_id, approvals=approvals)


@until_saved
def refuse(approval_id: str, *, by: str, reason: str, approvals: Approvals, desk: Desk) -> Approval:
    """Refuse an adjustment that somebody requested; no points move.

    Raises:
        NotFound: no such approval.
        SecondManager: who refuses has requested it.
        WrongState: it was approved, or has expired.
        TryAgain: other writers were faster too often.
    """
    approval = approval_of(approval_id, approvals=approvals)
    decision = ApprovalDecision(verdict="refused", by=by, decided_at=desk.now, reason=reason)
    refused = decided(approval, decision)
    if refused is not approval:
        approvals.refuse(refused)
    return refused


def approval_of(approval_id: str, *, approvals: Approvals) -> Approval:
    """Find an approval.

    Raises:
        NotFound: there is none with this id.
    """
    approval = approvals.find(approval_id)
    if approval is None:
        raise NotFound("There is no such approval")
    return approval


def _cause(request_id: str) -> RequestCause:
    return RequestCause(request_id, "adjustment")
