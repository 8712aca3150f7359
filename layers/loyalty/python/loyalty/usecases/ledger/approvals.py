"""Hold what is large until a second manager decides, and carry out what they approve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self

from loyalty.domain.kernel.errors import IdempotencyConflict, NotFound, WrongState
from loyalty.domain.ledger.approvals import (
    Approval,
    ApprovalDecision,
    RequestedAdjustment,
    RequestedGrant,
    approval_id,
    decided,
    held,
    kind_of,
    points_of,
)
from loyalty.domain.ledger.entries import RequestCause, entry_id
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import as_settled
from loyalty.usecases.ledger.corrections import (
    adjust,
    adjustment_fingerprint,
    decide_adjustment,
)
from loyalty.usecases.ledger.grants import give_reward, grant_fingerprint, require_grant_possible
from loyalty.usecases.ledger.once import first_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from loyalty.domain.ledger.approvals import Requested
    from loyalty.domain.ledger.entries import RewardGrant
    from loyalty.domain.program.document import AdjustmentRules
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
    """What is worth more points than `above` waits up to `days` for a second manager."""

    above: int
    days: int

    @classmethod
    def of(cls, rules: AdjustmentRules) -> Self | None:
        """The rule of a program; None: nothing waits."""
        above = rules.approval_above
        return None if above is None else cls(above=above, days=rules.approval_days)


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

    def require_possible() -> None:
        if allowance is not None:
            allowance.require_room_for(adjustment.points)
        # Decided and thrown away: it is refused now, or it can be approved.
        decide_adjustment(
            member_id, adjustment=adjustment, request_id=request_id, settle=as_settled, desk=desk
        )

    return _act_or_hold(
        adjustment,
        act=lambda: adjust(
            member_id,
            adjustment=adjustment,
            request_id=request_id,
            allowance=allowance,
            desk=desk,
        ),
        require_possible=require_possible,
        member_id=member_id,
        request_id=request_id,
        fingerprint=adjustment_fingerprint(member_id, adjustment),
        by=by,
        rule=rule,
        approvals=approvals,
        desk=desk,
    )


@until_saved
def give_or_hold(
    member_id: str,
    *,
    reward_id: str,
    why: RewardGrant,
    request_id: str,
    by: str,
    rule: ApprovalRule | None,
    approvals: Approvals,
    desk: Desk,
) -> Recorded | Approval:
    """Give a reward, once, or hold the grant if the reward costs more than the rule lets pass.

    As with an adjustment, a request keeps its outcome, and what would be refused is not held.

    Raises:
        NotFound: no such member or reward.
        RewardUnavailable, OutOfStock, LimitReached: it cannot be given now.
        IdempotencyConflict: the same request was made before with different content.
        TryAgain: other writers were faster too often.
    """
    reward = desk.program.document.reward(reward_id)
    return _act_or_hold(
        RequestedGrant(
            reward_id=reward_id, cost_points=reward.cost_points if reward else 0, why=why
        ),
        act=lambda: give_reward(
            member_id, reward_id=reward_id, why=why, request_id=request_id, desk=desk
        ),
        require_possible=lambda: require_grant_possible(member_id, reward_id=reward_id, desk=desk),
        member_id=member_id,
        request_id=request_id,
        fingerprint=grant_fingerprint(member_id, reward_id, why),
        by=by,
        rule=rule,
        approvals=approvals,
        desk=desk,
    )


def _act_or_hold(
    requested: Requested,
    *,
    act: Callable[[], Recorded],
    require_possible: Callable[[], None],
    member_id: str,
    request_id: str,
    fingerprint: str,
    by: str,
    rule: ApprovalRule | None,
    approvals: Approvals,
    desk: Desk,
) -> Recorded | Approval:
    approval = approvals.find(approval_id(request_id, kind_of(requested)))
    if approval is not None and approval.fingerprint != fingerprint:
        raise IdempotencyConflict("This Idempotency-Key was used with different content")
    exceeds = rule is not None and abs(points_of(requested)) > rule.above
    if approval is not None or exceeds:
        recorded = first_time(_cause(request_id, requested), fingerprint, desk=desk)
        if recorded is not None:
            return recorded
    if approval is not None:
        return approval
    if rule is None or not exceeds:
        return act()
    require_possible()
    approval = held(
        request_id,
        fingerprint=fingerprint,
        member_id=member_id,
        requested=requested,
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
    """Approve what somebody requested, which carries it out in the same write, once.

    The daily limit of who requested it does not count: two persons want it.

    Raises:
        NotFound: no such approval, or the member was erased.
        SecondManager: who approves has requested it.
        WrongState: it was refused, has expired, its points would have expired already, or the
            reward costs something else by now.
        LimitReached: more than a balance may hold, or than a member may get on a day.
        InsufficientPoints: the account has fewer points by now than it takes.
        RewardUnavailable, OutOfStock: the reward cannot be given any more.
        TryAgain: other writers were faster too often.
    """
    approval = approval_of(approval_id, approvals=approvals)
    decision = ApprovalDecision(
        verdict="approved",
        by=by,
        decided_at=desk.now,
        reason=reason,
        entry_id=entry_id(_cause(approval.request_id, approval.requested)),
    )
    if decided(approval, decision) is approval:
        return approval

    def approving() -> Approval:
        """The approval as this write leaves it, decided again from what is there by then."""
        seen = approval_of(approval_id, approvals=approvals)
        becomes = decided(seen, decision)
        if becomes is seen:
            raise WrongState("It was approved before")
        return becomes

    desk = replace(desk, caller=approval.requested_by)
    match approval.requested:
        case RequestedAdjustment() as adjustment:
            _require_still_usable(adjustment, desk)
            adjust(
                approval.member_id,
                adjustment=adjustment,
                request_id=approval.request_id,
                allowance=None,
                approving=approving,
                desk=desk,
            )
        case RequestedGrant() as grant:
            _require_same_cost(grant, desk)
            give_reward(
                approval.member_id,
                reward_id=grant.reward_id,
                why=grant.why,
                request_id=approval.request_id,
                approving=approving,
                desk=desk,
            )
    return approval_of(approval_id, approvals=approvals)


def _require_still_usable(adjustment: RequestedAdjustment, desk: Desk) -> None:
    last_day = adjustment.expiring_on
    if last_day is not None and last_day < desk.today:
        raise WrongState("The last day of its points is over; request another one")


def _require_same_cost(grant: RequestedGrant, desk: Desk) -> None:
    """Whoever approves sees what the reward cost when it was requested."""
    reward = desk.program.document.reward(grant.reward_id)
    if reward is None:
        raise WrongState("The program does not have this reward any more")
    if reward.cost_points != grant.cost_points:
        raise WrongState(f"The reward costs {reward.cost_points} points by now; request it again")


@until_saved
def refuse(approval_id: str, *, by: str, reason: str, approvals: Approvals, desk: Desk) -> Approval:
    """Refuse what somebody requested; nothing is given or taken.

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


def _cause(request_id: str, requested: Requested) -> RequestCause:
    """The cause of the entry that carries out a request."""
    kind = kind_of(requested)
    return RequestCause(request_id, "redemption" if kind == "grant" else "adjustment")
