"""Approvals as items. Everything that a list shows is in `about`, because the index carries it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.ledger.approvals import (
    Approval,
    ApprovalDecision,
    Requested,
    RequestedAdjustment,
    RequestedGrant,
)
from loyalty.domain.ledger.entries import Adjustment, RewardGrant
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, maybe_date

if TYPE_CHECKING:
    from loyalty.table.operations import Item

HELD: Final = "held"


def approval_to_item(approval: Approval, program: str) -> Item:
    decision = approval.decision
    about: Item = {
        "request": approval.request_id,
        **_requested_to_item(approval.requested),
        "by": approval.requested_by,
        "expires_at": keys.instant(approval.expires_at),
        "decision": _decision_to_item(decision) if decision else None,
    }
    return {
        "v": VERSION,
        "kind": "approval",
        "state": decision.verdict if decision else HELD,
        "member_id": approval.member_id,
        "points": approval.points,
        "fingerprint": approval.fingerprint,
        "recorded_at": keys.instant(approval.requested_at),
        "about": {name: value for name, value in about.items() if value is not None},
        "history_pk": keys.approvals_partition(program),
        "history_sk": approval_position(approval),
    }


def approval_position(approval: Approval) -> str:
    """Where an approval stands in the list."""
    return f"{keys.instant(approval.requested_at)}#{approval.approval_id}"


def approval_from_item(item: Item) -> Approval:
    """Read an approval; in a list it has no fingerprint."""
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    return Approval(
        request_id=about["request"],
        fingerprint=wire.get("fingerprint", ""),
        member_id=wire["member_id"],
        requested=_requested_from_item(about, points=wire["points"]),
        requested_by=about["by"],
        requested_at=datetime.fromisoformat(wire["recorded_at"]),
        expires_at=datetime.fromisoformat(about["expires_at"]),
        decision=_decision_from_item(about["decision"]) if "decision" in about else None,
    )


def _requested_to_item(requested: Requested) -> Item:
    item: Item = {"reason": requested.why.reason, "reference": requested.why.reference}
    match requested:
        case RequestedAdjustment(expiring_on=last_day):
            item["expiring_on"] = last_day.isoformat() if last_day else None
            item["below_zero"] = requested.below_zero or None
        case RequestedGrant():
            item["reward"] = requested.reward_id
            item["granted_for"] = requested.why.granted_for
    return item


def _requested_from_item(about: dict[str, Any], *, points: int) -> Requested:
    reason, reference = about["reason"], about.get("reference")
    if "reward" in about:
        return RequestedGrant(
            reward_id=about["reward"],
            cost_points=points,
            why=RewardGrant(granted_for=about["granted_for"], reason=reason, reference=reference),
        )
    return RequestedAdjustment(
        points=points,
        why=Adjustment(reason=reason, reference=reference),
        expiring_on=maybe_date(about.get("expiring_on")),
        below_zero=about.get("below_zero", False),
    )


def _decision_to_item(decision: ApprovalDecision) -> Item:
    item: Item = {
        "verdict": decision.verdict,
        "by": decision.by,
        "decided_at": keys.instant(decision.decided_at),
        "reason": decision.reason,
        "entry": decision.entry_id,
    }
    return {name: value for name, value in item.items() if value is not None}


def _decision_from_item(wire: dict[str, Any]) -> ApprovalDecision:
    return ApprovalDecision(
        verdict=wire["verdict"],
        by=wire["by"],
        decided_at=datetime.fromisoformat(wire["decided_at"]),
        reason=wire["reason"],
        entry_id=wire.get("entry"),
    )
